/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xenconsole: attaches a terminal to a domain's console. CTRL-] detaches.
 *
 * Which pseudo-terminal that is, the store says. It may say so only later (the domain is being
 * made), and say another one (xenconsoled was restarted): then we wait, and follow.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <base/alloc.h>
#include <base/clock.h>
#include <base/strings.h>
#include <xs/xs.h>

#include "terminal.h"

#define TOKEN_TTY "tty"

#define WAIT_FIRST_MS 25000     /* for a console to appear */
#define WAIT_AGAIN_MS 5000      /* for it to come back */

struct attachment {
    struct xs *xs;
    unsigned int domid;
    const char *type;           /* NULL: the domain decides */
    unsigned int number;
    int notify_fd;              /* -1, or told once that we are attached */
    char *node;                 /* where the store names the pseudo-terminal */
};

static const char usage[] =
    "usage: xenconsole [OPTION]... DOMID\n"
    "Attaches to a domain's console; CTRL-] detaches.\n"
    "  -n, --num N               console number N (0)\n"
    "  -t, --type pv|serial|vuart\n"
    "      --start-notify-fd N   write a zero byte to descriptor N when attached\n"
    "  -h, --help                this text\n";

enum { OPTION_NOTIFY = 256 };

static const struct option long_options[] = {
    { "num", required_argument, NULL, 'n' },
    { "type", required_argument, NULL, 't' },
    { "start-notify-fd", required_argument, NULL, OPTION_NOTIFY },
    { "help", no_argument, NULL, 'h' },
    { 0 },
};

static void __attribute__((noreturn, format(printf, 1, 2))) fail(const char *fmt, ...)
{
    va_list args;

    terminal_restore();
    fputs("xenconsole: ", stderr);
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fputc('\n', stderr);
    exit(1);
}

static unsigned int number_of(const char *what, const char *text, unsigned int max)
{
    unsigned long long value;

    if (!parse_number(text, max, &value)) {
        fprintf(stderr, "xenconsole: %s: not a number from 0 to %u: %s\n", what, max, text);
        exit(2);
    }
    return value;
}

static void parse(struct attachment *a, int argc, char **argv)
{
    int c;

    while ((c = getopt_long(argc, argv, "n:t:h", long_options, NULL)) >= 0) {
        switch (c) {
        case 'n': a->number = number_of("--num", optarg, 65535); break;
        case 't': a->type = optarg; break;
        case OPTION_NOTIFY: a->notify_fd = number_of("--start-notify-fd", optarg, 65535); break;
        case 'h': fputs(usage, stdout); exit(0);
        default: fputs("Try 'xenconsole --help'.\n", stderr); exit(2);
        }
    }
    if (optind != argc - 1) {
        fputs(usage, stderr);
        exit(2);
    }
    a->domid = number_of("DOMID", argv[optind], 65535);
    if (a->type && strcmp(a->type, "pv") && strcmp(a->type, "serial") && strcmp(a->type, "vuart")) {
        fprintf(stderr, "xenconsole: --type: pv, serial or vuart: %s\n", a->type);
        exit(2);
    }
}

/* ---- the store ---- */

static bool domain_exists(const struct attachment *a)
{
    char path[64];

    snprintf(path, sizeof(path), "/local/domain/%u", a->domid);
    return xs_exists(a->xs, XS_NO_TX, path);
}

/* A domain with an emulated serial line talks there rather than on a PV console. */
static const char *default_type(const struct attachment *a)
{
    char path[64];

    snprintf(path, sizeof(path), "/local/domain/%u/serial/0/tty", a->domid);
    return xs_exists(a->xs, XS_NO_TX, path) ? "serial" : "pv";
}

static void find_node(struct attachment *a)
{
    const char *type = a->type ? a->type : default_type(a);

    if (strcmp(type, "pv"))
        a->node = xasprintf("/local/domain/%u/%s/%u/tty", a->domid, type, a->number);
    else if (a->number)
        a->node = xasprintf("/local/domain/%u/device/console/%u/tty", a->domid, a->number);
    else
        a->node = xasprintf("/local/domain/%u/console/tty", a->domid);
}

/* Throws away what was told until now: only later news count. */
static void drop_events(struct attachment *a)
{
    struct xs_event *event;

    while (!xs_next_event(a->xs, &event))
        free(event);
}

/*
 * The node's value once there is one; NULL if the time or the domain is over. The terminal that we
 * had (NULL: none) counts again only if it is written from now on: it may be somebody else's.
 */
static char *wait_tty(struct attachment *a, const char *had, int timeout_ms)
{
    int64_t end = monotonic_ms() + timeout_ms;
    bool is_news = !had;

    while (domain_exists(a)) {
        struct xs_event *event;
        char *tty = NULL;

        if (!xs_read(a->xs, XS_NO_TX, a->node, &tty, NULL) && *tty &&
            (is_news || strcmp(tty, had)))
            return tty;
        free(tty);
        int64_t left = end - monotonic_ms();

        if (left <= 0 || xs_wait_event(a->xs, left, &event))
            return NULL;
        is_news |= !strcmp(event->token, TOKEN_TTY);
        free(event);
    }
    return NULL;
}

/* ---- the line ---- */

/* The store's word is checked: the node may be the guest's to write. */
static int open_tty(const char *tty)
{
    if (strncmp(tty, "/dev/pts/", 9) || strchr(tty + 9, '/'))
        fail("%s: not a pseudo-terminal", tty);
    int fd = open(tty, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return -errno;
    if (!isatty(fd))
        fail("%s: not a terminal", tty);
    if (flock(fd, LOCK_EX | LOCK_NB))
        fail("another xenconsole is attached to %s", tty);
    return fd;
}

static void notify_parent(struct attachment *a)
{
    if (a->notify_fd < 0)
        return;
    if (write(a->notify_fd, "", 1) != 1)
        fail("descriptor %d: %s", a->notify_fd, strerror(errno));
    close(a->notify_fd);
    a->notify_fd = -1;
}

static enum end attach(struct attachment *a, const char *tty)
{
    int fd = open_tty(tty);

    if (fd < 0)
        return END_HANGUP;      /* its daemon just went: another follows, or none */
    notify_parent(a);
    terminal_raw();
    enum end end = terminal_join(fd);

    close(fd);
    return end;
}

int main(int argc, char **argv)
{
    struct attachment a = { .notify_fd = -1 };

    parse(&a, argc, argv);
    int rc = xs_open(0, &a.xs);

    if (rc)
        fail("cannot reach xenstored: %s", strerror(-rc));
    if (!domain_exists(&a))
        fail("domain %u does not exist", a.domid);
    find_node(&a);
    rc = xs_watch(a.xs, a.node, TOKEN_TTY);
    if (!rc)
        rc = xs_watch(a.xs, "@releaseDomain", "release");
    if (rc)
        fail("%s: %s", a.node, strerror(-rc));
    char *tty = wait_tty(&a, NULL, WAIT_FIRST_MS);

    if (!tty)
        fail("domain %u has no console (is xenconsoled running?)", a.domid);
    while (tty && attach(&a, tty) == END_HANGUP) {
        char *had = tty;

        drop_events(&a);
        tty = wait_tty(&a, had, WAIT_AGAIN_MS);
        free(had);
    }
    terminal_restore();
    if (isatty(STDOUT_FILENO))
        puts("");               /* the shell's prompt stands on a line of its own */
    free(tty);
    free(a.node);
    xs_close(a.xs);
    return 0;
}
