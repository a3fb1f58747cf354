/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From the ring to the devices.
 *
 * Nobody waits for a slow device on another's behalf: printk appends to the ring and tries the
 * console lock; who has it carries all text that is there, and looks again after letting go, so
 * nothing stays behind.  Only when half the ring is waiting does the next one queue for the lock.
 * dom0's own output passes the ring by and takes the lock.
 */
#include <lib/parse.h>
#include <lib/string.h>
#include <xen/console.h>
#include <xen/options.h>
#include <xen/percpu.h>
#include <xen/printk.h>
#include <xen/softirq.h>
#include <xen/spinlock.h>

#include "private.h"

static DEFINE_SPINLOCK(console_lock, LOCK_CONSOLE);
DEFINE_STATIC_PER_CPU(bool, in_console);    /* this CPU waits for or has the lock */

static struct console_device *devices;
static uint64_t drained;                    /* ring position; under console_lock */
static uint32_t sync_users;                 /* atomic */
static bool is_ready;                       /* devices were probed */
static bool events_on;
static uint32_t ring_news;                  /* for VIRQ_CON_RING */

static char console_names[64] = "com1,vga";
OPTION_STRING(console, "console", console_names);

static bool sync_console;
OPTION_BOOL(sync_console, "sync_console", sync_console);

static bool console_to_ring;
OPTION_BOOL(console_to_ring, "console_to_ring", console_to_ring);

/* "com1" of console= may be followed by H or L: half of a shared wire. */
static bool name_matches(const struct console_device *dev, const char *item, size_t len, char *half)
{
    *half = 0;
    if (len > 1 && strlen(dev->name) == len - 1 && (item[len - 1] == 'H' || item[len - 1] == 'L'))
        *half = item[--len];
    return parse_is(item, len, dev->name);
}

void console_register(struct console_device *dev)
{
    const char *cursor = console_names, *item;
    size_t len;
    char half;

    while (parse_list(&cursor, &item, &len)) {
        if (name_matches(dev, item, len, &half)) {
            dev->half = half;
            dev->enabled = true;
        }
    }
    dev->next = devices;
    devices = dev;
}

#define for_each_enabled(dev) \
    for (struct console_device *dev = devices; dev; dev = dev->next) \
        if (dev->enabled)

static void devices_write(const char *text, size_t len)
{
    for_each_enabled(dev)
        dev->write(dev, text, len);
}

static void drain_locked(void)
{
    const char *text;
    for (;;) {
        size_t n = ring_peek(&drained, &text);
        if (n == 0)
            return;
        devices_write(text, n);
        drained += n;
    }
}

static void lock_enter(void)
{
    this_cpu(in_console) = true;
    ticket_lock(&console_lock);
}

static void lock_exit(void)
{
    ticket_unlock(&console_lock);
    this_cpu(in_console) = false;
    smp_mb();       /* with the failed trylock of who appended: one of us sees the other */
}

static bool try_enter(void)
{
    this_cpu(in_console) = true;
    if (ticket_trylock(&console_lock))
        return true;
    this_cpu(in_console) = false;
    return false;
}

void console_drain(void)
{
    if (!read_once(is_ready) || this_cpu(in_console))
        return;
    unsigned long flags = irq_save();
    while (read_once(drained) != ring_end()) {
        if (!try_enter()) {
            if (ring_end() - read_once(drained) < ring_size() / 2 && read_once(sync_users) == 0)
                break;
            lock_enter();
        }
        drain_locked();
        lock_exit();
    }
    irq_restore(flags);
}

void console_write_verbatim(const char *text, size_t len)
{
    if (console_to_ring) {
        unsigned long ring_flags = ring_lock_enter();
        ring_append(text, len);
        ring_lock_exit(ring_flags);
        console_drain();
        return;
    }
    unsigned long flags = irq_save();
    lock_enter();
    drain_locked();
    devices_write(text, len);
    lock_exit();
    irq_restore(flags);
    console_drain();
}

void console_replay(void)
{
    unsigned long flags = irq_save();
    lock_enter();
    drained = 0;
    drain_locked();
    lock_exit();
    irq_restore(flags);
}

void console_flush(void)
{
    console_drain();
    for_each_enabled(dev) {
        if (dev->flush)
            dev->flush(dev);
    }
}

static void devices_set_sync(bool sync)
{
    for_each_enabled(dev) {
        if (dev->set_sync)
            dev->set_sync(dev, sync);
    }
}

void console_start_sync(void)
{
    if (atomic_add_return(&sync_users, 1) == 1)
        devices_set_sync(true);
}

void console_end_sync(void)
{
    if (atomic_sub_return(&sync_users, 1) == 0)
        devices_set_sync(false);
}

void console_force_unlock(void)
{
    spin_locks_ignore();
    ring_force_unlock();
    this_cpu(in_console) = false;
    console_start_sync();
}

bool console_has_events(void)
{
    write_once(ring_news, 1);
    return read_once(events_on);
}

bool output_pending_virq(void)
{
    return atomic_xchg(&ring_news, 0) != 0;
}

void console_init_early(void)
{
    console_devices_probe();
    if (sync_console)
        console_start_sync();
    write_once(is_ready, true);
    console_drain();
}

void console_init_irq(void)
{
    console_softirq_init();
    ring_grow();
    for_each_enabled(dev) {
        if (dev->start_irq)
            dev->start_irq(dev);
    }
}

void console_end_boot(void)
{
    for_each_enabled(dev) {
        if (dev->end_boot)
            dev->end_boot(dev);
    }
    input_end_boot();
    if (sync_console) {
        log_warn("console: sync_console slows the machine down; for debugging only");
    }
    write_once(events_on, true);
}
