/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The console ring: the last text that was printed, for `xm dmesg` and for devices that come later.
 *
 * It is static at first, so that it takes text before anything is initialised.  Its lock is a
 * bare ticket lock with interrupts off; an NMI or fault that hits this CPU inside it writes past
 * it, which can garble text and nothing else: positions are masked on every use.
 */
#include <lib/math.h>
#include <lib/string.h>
#include <xen/console.h>
#include <xen/guest_access.h>
#include <xen/heap.h>
#include <xen/options.h>
#include <xen/page.h>
#include <xen/percpu.h>
#include <xen/printk.h>
#include <xen/spinlock.h>

#include "private.h"

#define EARLY_SIZE  16384
#define SIZE_MAX_KB (16u << 10)

static char early_ring[EARLY_SIZE];
static char *ring = early_ring;
static uint32_t size = EARLY_SIZE;      /* a power of two */
static uint64_t produced;
static uint64_t cleared;                /* readconsole does not show what is before */

static DEFINE_SPINLOCK(ring_lock, LOCK_CONSOLE);
DEFINE_STATIC_PER_CPU(unsigned int, ring_depth);

static uint64_t conring_size = EARLY_SIZE;
OPTION_SIZE(conring_size, "conring_size", conring_size);

/* The depth is counted before the lock is waited for, so that an NMI in between does not wait. */
unsigned long ring_lock_enter(void)
{
    unsigned long flags = irq_save();
    if (this_cpu(ring_depth)++ == 0)
        ticket_lock(&ring_lock);
    return flags;
}

void ring_lock_exit(unsigned long flags)
{
    if (this_cpu(ring_depth) == 1)
        ticket_unlock(&ring_lock);
    this_cpu(ring_depth)--;
    irq_restore(flags);
}

void ring_force_unlock(void)
{
    this_cpu(ring_depth) = 0;
}

uint64_t ring_end(void)
{
    return read_once(produced);
}

uint32_t ring_size(void)
{
    return size;
}

void ring_append(const char *text, size_t len)
{
    while (len != 0) {
        uint32_t at = (uint32_t)produced & (size - 1);
        size_t n = min_t(size_t, len, size - at);
        memcpy(ring + at, text, n);
        text += n;
        len -= n;
        write_once(produced, produced + n);
    }
}

static uint64_t oldest(uint64_t end)
{
    return end > size ? end - size : 0;
}

size_t ring_peek(uint64_t *pos, const char **text)
{
    uint64_t end = ring_end();
    if (*pos < oldest(end))
        *pos = oldest(end);
    uint32_t at = (uint32_t)*pos & (size - 1);
    *text = ring + at;
    return min_t(uint64_t, end - *pos, size - at);
}

/* Positions stay; only the place of the last bytes changes. */
void ring_grow(void)
{
    uint64_t wanted = min_t(uint64_t, max_t(uint64_t, conring_size, EARLY_SIZE), SIZE_MAX_KB << 10);
    uint32_t new_size = 1u << ilog2_up(wanted);
    if (new_size <= size)
        return;
    char *new_ring = alloc_pages(ilog2(new_size / PAGE_SIZE), HEAP_ZERO);
    if (new_ring == NULL) {
        log_warn("console: no memory for a ring of %u KiB", new_size >> 10);
        return;
    }
    unsigned long flags = ring_lock_enter();
    for (uint64_t pos = oldest(produced); pos < produced; pos++)
        new_ring[pos & (new_size - 1)] = ring[pos & (size - 1)];
    ring = new_ring;
    size = new_size;
    ring_lock_exit(flags);
    log_info("console: ring of %u KiB", new_size >> 10);
}

/* The caller's index is the low half of a position at or behind the newest text. */
static uint64_t position_of(uint32_t index, uint64_t end)
{
    return end - (uint32_t)((uint32_t)end - index);
}

long console_ring_read(uint64_t guest_va, uint32_t *count, bool clear, bool incremental,
                       uint32_t *index)
{
    uint64_t end = ring_end();
    uint64_t pos = max(oldest(end), read_once(cleared));
    if (incremental && (uint32_t)((uint32_t)end - *index) <= end - pos)
        pos = position_of(*index, end);
    uint32_t copied = 0;
    while (copied < *count && pos < end) {
        const char *text;
        size_t n = ring_peek(&pos, &text);
        n = min_t(size_t, min_t(size_t, n, *count - copied), pos < end ? end - pos : 0);
        if (copy_to_guest_va(guest_va + copied, text, n) != 0)
            return -EFAULT;
        copied += (uint32_t)n;
        pos += n;
    }
    if (clear)
        write_once(cleared, end);
    *count = copied;
    *index = (uint32_t)pos;
    return 0;
}
