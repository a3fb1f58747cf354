/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Messages on their way to the ring and a device: levels and limits, prefixes, lines of several
 * CPUs, and the ring as `xm dmesg` reads it.
 *
 * sources: xen/lib/format.c xen/lib/parse.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "xen/common/console/printk.c"
#include "xen/common/console/ring.c"
#include "xen/common/console/output.c"

struct vcpu *fake_current;
unsigned int fake_cpu;
DEFINE_PER_CPU(uint32_t, softirq_pending);
unsigned long percpu_offset[MAX_CPUS];

static time_ns now;
static char out[1 << 20];               /* what the device saw */
static size_t out_len;
static char nmi_text[64];               /* said while the device writes */

unsigned long irq_save(void) { return 0; }
void irq_restore(unsigned long flags) { (void)flags; }
void ticket_wait(struct spinlock *lock, uint16_t ticket) { abort(); }
void spin_locks_ignore(void) { }
time_ns time_now(void) { return now; }
uint64_t time_ticks(void) { return 0x1234; }
void wallclock_get(uint64_t *sec, uint32_t *nsec) { *sec = 1767225600, *nsec = 0; }
void key_register(char key, void (*fn)(unsigned char key), const char *text) { }
void *alloc_pages(unsigned int order, unsigned int flags) { return calloc(4096, 1u << order); }
void console_softirq_init(void) { }
void input_end_boot(void) { }
void assertion_failed(const char *what, const char *file, int line) { abort(); }

unsigned long copy_to_guest_va(uint64_t va, const void *from, size_t n)
{
    memcpy((void *)va, from, n);
    return 0;
}

static void device_write(struct console_device *dev, const char *text, size_t len)
{
    memcpy(out + out_len, text, len);
    out_len += len;
    if (nmi_text[0]) {
        char said[64];
        strcpy(said, nmi_text);
        nmi_text[0] = '\0';
        log_always("%s", said);
    }
}

static struct console_device device = { .name = "com1", .write = device_write };

void console_devices_probe(void) { console_register(&device); }

static void expect(const char *text)
{
    out[out_len] = '\0';
    assert_string_equal(out, text);
    out_len = 0;
}

static int start(void **state)
{
    (void)state;
    out_len = 0;
    fake_cpu = 0;
    parse_loglvl("warning");
    parse_guest_loglvl("none/warning");
    timestamps = TIMESTAMPS_NONE;
    return 0;
}

static void early_text_reaches_later_devices(void **state)
{
    (void)state;
    log_always("early %d", 1);
    assert_int_equal(out_len, 0);
    console_init_early();
    expect("(XEN) early 1\n");
}

static void levels(void **state)
{
    (void)state;
    log_info("no");
    log_warn("yes");
    assert_int_equal(parse_loglvl("all"), 0);
    log_debug("now\n");
    assert_int_equal(parse_loglvl("none"), 0);
    log_error("no");
    log_always("always");
    assert_int_equal(parse_loglvl("loud"), -EINVAL);
    assert_int_equal(parse_loglvl(""), -EINVAL);
    expect("(XEN) yes\n(XEN) now\n(XEN) always\n");
    assert_int_equal(parse_loglvl("error/info"), 0);
    assert_int_equal(host.always, LOG_ERROR + 1);
    assert_int_equal(host.limited, LOG_INFO + 1);
}

static void guests_are_limited(void **state)
{
    (void)state;
    now = 100 * NS_PER_S;
    for (int i = 0; i < 100; i++) {
        glog_warn("w");
        glog_info("i");
    }
    size_t lines = 0;
    for (size_t i = 0; i < out_len; i++)
        lines += out[i] == '\n';
    assert_int_equal(lines, WINDOW_MESSAGES);
    out_len = 0;
    now += 2 * WINDOW;
    glog_warn("again");
    expect("(XEN) printk: 90 messages suppressed\n(XEN) again\n");
}

static void pieces_and_lines(void **state)
{
    (void)state;
    printk(LOG_ALWAYS, "a");
    printk(LOG_ALWAYS, "b\nc");
    printk(LOG_ALWAYS, "\n");
    expect("(XEN) ab\n(XEN) c\n");
    printk(LOG_ALWAYS, "half");
    fake_cpu = 1;
    log_always("other");
    expect("(XEN) half\n(XEN) other\n");
}

static void time_stamps(void **state)
{
    (void)state;
    now = 3723 * NS_PER_S + 45 * NS_PER_MS;
    assert_int_equal(parse_timestamps(""), 0);
    log_always("x");
    assert_int_equal(parse_timestamps("datems"), 0);
    log_always("x");
    assert_int_equal(parse_timestamps("boot"), 0);
    log_always("x");
    assert_int_equal(parse_timestamps("raw"), 0);
    log_always("x");
    assert_int_equal(parse_timestamps("no"), 0);
    assert_int_equal(parse_timestamps("when"), -EINVAL);
    expect("(XEN) [2026-01-01 01:02:03] x\n(XEN) [2026-01-01 01:02:03.045] x\n"
           "(XEN) [ 3723.045000] x\n(XEN) [0000000000001234] x\n");
}

static void nested_text_comes_after(void **state)
{
    (void)state;
    strcpy(nmi_text, "nmi");
    log_always("outer");
    expect("(XEN) outer\n(XEN) nmi\n");
}

static void verbatim(void **state)
{
    (void)state;
    console_write_verbatim("login: ", 7);
    expect("login: ");
    uint64_t end = ring_end();
    console_write_verbatim("x", 1);
    assert_true(ring_end() == end);
    console_to_ring = true;
    console_write_verbatim("y", 1);
    console_to_ring = false;
    assert_true(ring_end() == end + 1);
    expect("xy");
}

static void long_messages_are_cut(void **state)
{
    (void)state;
    char text[3 * MESSAGE_MAX];
    memset(text, 'l', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    log_always("%s", text);
    assert_true(out_len < MESSAGE_MAX + 16 && out[out_len - 1] == '\n');
}

static void reading_the_ring(void **state)
{
    (void)state;
    static char buf[1 << 17];
    for (int i = 0; i < 2000; i++)
        log_always("line %04d", i);
    uint32_t count = sizeof(buf), index = 0;
    assert_int_equal(console_ring_read((uintptr_t)buf, &count, false, false, &index), 0);
    assert_int_equal(count, ring_size());
    assert_memory_equal(buf + count - 16, "(XEN) line 1999\n", 16);

    count = sizeof(buf);
    assert_int_equal(console_ring_read((uintptr_t)buf, &count, false, true, &index), 0);
    assert_int_equal(count, 0);
    log_always("more");
    count = 6;
    assert_int_equal(console_ring_read((uintptr_t)buf, &count, false, true, &index), 0);
    count = sizeof(buf);
    assert_int_equal(console_ring_read((uintptr_t)buf, &count, true, true, &index), 0);
    assert_int_equal(count, 5);
    assert_memory_equal(buf, "more\n", 5);
    count = sizeof(buf), index = 0;
    assert_int_equal(console_ring_read((uintptr_t)buf, &count, false, false, &index), 0);
    assert_int_equal(count, 0);
}

static void a_larger_ring_keeps_the_text(void **state)
{
    static char before[EARLY_SIZE], after[1 << 17];
    (void)state;
    cleared = 0;
    uint32_t n = sizeof(before), m = sizeof(after), index = 0;
    assert_int_equal(console_ring_read((uintptr_t)before, &n, false, false, &index), 0);
    conring_size = 40000;
    parse_loglvl("none");
    console_init_irq();
    assert_int_equal(ring_size(), 65536);
    assert_int_equal(console_ring_read((uintptr_t)after, &m, false, false, &index), 0);
    assert_true(m >= n);
    assert_memory_equal(after + m - n, before, n);
    free(ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(early_text_reaches_later_devices, start),
        cmocka_unit_test_setup(levels, start),
        cmocka_unit_test_setup(guests_are_limited, start),
        cmocka_unit_test_setup(pieces_and_lines, start),
        cmocka_unit_test_setup(time_stamps, start),
        cmocka_unit_test_setup(nested_text_comes_after, start),
        cmocka_unit_test_setup(verbatim, start),
        cmocka_unit_test_setup(long_messages_are_cut, start),
        cmocka_unit_test_setup(reading_the_ring, start),
        cmocka_unit_test_setup(a_larger_ring_keeps_the_text, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
