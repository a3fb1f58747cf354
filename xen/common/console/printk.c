/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Messages: which are heard (levels, rate limit), and how a line begins.
 *
 * A message is formatted on the stack, goes to the ring line by line, each with its prefix, and
 * is then carried to the devices.  The state of the line being written is under the ring's lock.
 */
#include <lib/format.h>
#include <lib/math.h>
#include <lib/parse.h>
#include <lib/string.h>
#include <xen/console.h>
#include <xen/options.h>
#include <xen/percpu.h>
#include <xen/printk.h>
#include <xen/softirq.h>
#include <xen/time.h>

#include "private.h"

#define MESSAGE_MAX 1024                /* longer ones are cut: IST stacks are a page */

/*
 * Messages up to `always` are said, those up to `limited` too but not too often, others not.  On
 * this scale a message counts as its level + 1; LOG_ALWAYS passes everywhere.
 */
struct threshold {
    unsigned int always, limited;
    time_ns window_start;
    unsigned int in_window, suppressed;
};

#define WINDOW          (5 * NS_PER_S)
#define WINDOW_MESSAGES 10

static const char *const level_names[] = { "none", "error", "warning", "info", "debug" };
#define LEVEL_ALL ARRAY_SIZE(level_names)

#if defined(XEN_VERBOSE)
static struct threshold host = { .always = LEVEL_ALL, .limited = LEVEL_ALL };
static struct threshold guest = { .always = LEVEL_ALL, .limited = LEVEL_ALL };
#elif !defined(NDEBUG)
static struct threshold host = { .always = LOG_INFO + 1, .limited = LOG_INFO + 1 };
static struct threshold guest = { .always = 1, .limited = LOG_WARNING + 1 };
#else
static struct threshold host = { .always = LOG_WARNING + 1, .limited = LOG_WARNING + 1 };
static struct threshold guest = { .always = 1, .limited = LOG_WARNING + 1 };
#endif

static int parse_level(const char *text, size_t len, unsigned int *out)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(level_names); i++) {
        if (parse_is(text, len, level_names[i])) {
            *out = i + 1;
            return 0;
        }
    }
    if (parse_is(text, len, "all")) {
        *out = LEVEL_ALL;
        return 0;
    }
    return -EINVAL;
}

/* LEVEL[/LIMITED]; the second never below the first. */
static int parse_threshold(const char *value, struct threshold *t)
{
    const char *cursor = value, *item;
    size_t len;
    unsigned int always, limited;

    if (!parse_item(&cursor, '/', &item, &len) || parse_level(item, len, &always) != 0)
        return -EINVAL;
    limited = always;
    if (parse_item(&cursor, '/', &item, &len) && parse_level(item, len, &limited) != 0)
        return -EINVAL;
    t->always = always;
    t->limited = max(always, limited);
    return 0;
}

static int parse_loglvl(const char *value) { return parse_threshold(value, &host); }
static int parse_guest_loglvl(const char *value) { return parse_threshold(value, &guest); }
OPTION_CUSTOM(loglvl, "loglvl", parse_loglvl);
OPTION_CUSTOM(guest_loglvl, "guest_loglvl", parse_guest_loglvl);

enum timestamps {
    TIMESTAMPS_NONE, TIMESTAMPS_DATE, TIMESTAMPS_DATEMS, TIMESTAMPS_BOOT, TIMESTAMPS_RAW
};
static enum timestamps timestamps;

static int parse_timestamps(const char *value)
{
    static const char *const names[] = { "none", "date", "datems", "boot", "raw" };
    for (unsigned int i = 0; i < ARRAY_SIZE(names); i++) {
        if (strcmp(value, names[i]) == 0) {
            timestamps = (enum timestamps)i;
            return 0;
        }
    }
    int on = *value == '\0' ? 1 : parse_bool(value, strlen(value));
    if (on < 0)
        return -EINVAL;
    timestamps = on ? TIMESTAMPS_DATE : TIMESTAMPS_NONE;
    return 0;
}
OPTION_CUSTOM(console_timestamps, "console_timestamps", parse_timestamps);

/* Ten in five seconds.  Races between CPUs let a message more or less through, no matter. */
static bool within_rate(struct threshold *t)
{
    time_ns now = time_now();
    if (now - t->window_start > WINDOW) {
        unsigned int suppressed = t->suppressed;
        t->window_start = now;
        t->in_window = 0;
        t->suppressed = 0;
        if (suppressed != 0)
            log_always("printk: %u messages suppressed", suppressed);
    }
    if (t->in_window >= WINDOW_MESSAGES) {
        t->suppressed++;
        return false;
    }
    t->in_window++;
    return true;
}

static bool is_heard(struct threshold *t, enum log_level level)
{
    unsigned int n = (unsigned int)level + 1;
    return level == LOG_ALWAYS || n <= t->always || (n <= t->limited && within_rate(t));
}

bool printk_guest_enabled(enum log_level level)
{
    return level == LOG_ALWAYS || (unsigned int)level + 1 <= guest.limited;
}

/* Days since 1970 as a date: years begin in March here, so that leap days come last. */
static int format_date(char *buf, size_t room, uint64_t sec, uint32_t nsec, bool with_ms)
{
    uint64_t days = sec / 86400 + 719468, rest = sec % 86400;
    uint64_t era = days / 146097, day = days % 146097;
    uint64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    uint64_t yday = day - (365 * year + year / 4 - year / 100);
    uint64_t month = (5 * yday + 2) / 153;
    uint64_t mday = yday - (153 * month + 2) / 5 + 1;

    month += month < 10 ? 3 : -9;
    year += era * 400 + (month <= 2);
    int n = format(buf, room, "[%lu-%02lu-%02lu %02lu:%02lu:%02lu", year, month, mday, rest / 3600,
                   rest / 60 % 60, rest % 60);
    return n + (with_ms ? format(buf + n, room - (size_t)n, ".%03u] ", nsec / 1000000)
                        : format(buf + n, room - (size_t)n, "] "));
}

static int format_timestamp(char *buf, size_t room)
{
    uint64_t sec, ns = (uint64_t)time_now();
    uint32_t nsec;

    switch (timestamps) {
    case TIMESTAMPS_DATE:
    case TIMESTAMPS_DATEMS:
        wallclock_get(&sec, &nsec);
        if (sec != 0) {
            ns += nsec;
            return format_date(buf, room, sec + ns / NS_PER_S, (uint32_t)(ns % NS_PER_S),
                               timestamps == TIMESTAMPS_DATEMS);
        }
        /* fall through: the date is not known yet */
        __attribute__((fallthrough));
    case TIMESTAMPS_BOOT:
        return format(buf, room, "[%5lu.%06lu] ", ns / NS_PER_S, ns % NS_PER_S / NS_PER_US);
    case TIMESTAMPS_RAW:
        return format(buf, room, "[%016lx] ", time_ticks());
    default:
        return 0;
    }
}

/* The line being written, and by which CPU; another CPU's text does not continue it. */
static bool in_line;
static unsigned int line_cpu;

static void line_begin(void)
{
    char prefix[64] = "(XEN) ";
    int n = 6 + format_timestamp(prefix + 6, sizeof(prefix) - 6);
    ring_append(prefix, (size_t)n);
    in_line = true;
    line_cpu = smp_cpu();
}

void printk_raw(const char *text, size_t len)
{
    unsigned long flags = ring_lock_enter();
    if (in_line && line_cpu != smp_cpu()) {
        ring_append("\n", 1);
        in_line = false;
    }
    while (len != 0) {
        if (!in_line)
            line_begin();
        const char *newline = memchr(text, '\n', len);
        size_t n = newline ? (size_t)(newline - text) + 1 : len;
        ring_append(text, n);
        in_line = newline == NULL;
        text += n;
        len -= n;
    }
    ring_lock_exit(flags);
    if (console_has_events())
        softirq_raise(SOFTIRQ_CONSOLE);
    console_drain();
}

static void say(const char *fmt, va_list args, bool is_line)
{
    char text[MESSAGE_MAX];
    size_t len = (size_t)vformat(text, sizeof(text) - 1, fmt, args);

    len = min(len, sizeof(text) - 2);
    if (is_line && (len == 0 || text[len - 1] != '\n'))
        text[len++] = '\n';
    printk_raw(text, len);
}

void vprintk(enum log_level level, const char *fmt, va_list args)
{
    if (is_heard(&host, level))
        say(fmt, args, false);
}

void printk(enum log_level level, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vprintk(level, fmt, args);
    va_end(args);
}

void printk_line(enum log_level level, const char *fmt, ...)
{
    if (!is_heard(&host, level))
        return;
    va_list args;
    va_start(args, fmt);
    say(fmt, args, true);
    va_end(args);
}

void vprintk_guest(enum log_level level, const char *fmt, va_list args)
{
    if (is_heard(&guest, level))
        say(fmt, args, true);
}

void printk_guest(enum log_level level, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vprintk_guest(level, fmt, args);
    va_end(args);
}

/* Keys + and - move one of the two thresholds, G says which. */
static bool keys_move_guest;

static struct threshold *moved_threshold(void)
{
    return keys_move_guest ? &guest : &host;
}

static void say_threshold(unsigned char key)
{
    const struct threshold *t = moved_threshold();
    log_always("'%c' pressed -> %s log level: %s (rate limited %s)", key,
               keys_move_guest ? "guest" : "standard",
               t->always == LEVEL_ALL ? "all" : level_names[t->always - 1],
               t->limited == LEVEL_ALL ? "all" : level_names[t->limited - 1]);
}

static void key_move(unsigned char key)
{
    struct threshold *t = moved_threshold();
    if (key == '+' && t->always < LEVEL_ALL)
        t->always++;
    else if (key == '-' && t->always > 1)
        t->always--;
    t->limited = max(t->limited, t->always);
    say_threshold(key);
}

static void key_switch(unsigned char key)
{
    keys_move_guest = !keys_move_guest;
    say_threshold(key);
}

void printk_register_keys(void)
{
    key_register('+', key_move, "increase log level threshold");
    key_register('-', key_move, "decrease log level threshold");
    key_register('G', key_switch, "toggle host/guest log level adjustment");
}
