/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory that devices with few address lines can reach (dma_bits=).
 *
 * Zones up to dma_zone are given to ordinary allocations only when the others are empty, and the
 * last dma_reserve pages of them never are: those wait for who asks for addresses of so few bits.
 * Set once at boot.  Lock: heap_lock, for the numbers of free pages.
 */
#include <lib/math.h>
#include <xen/heap.h>
#include <xen/options.h>
#include <xen/page.h>
#include <xen/printk.h>

#include "private.h"

#define DEFAULT_RESERVE ((64ul << 20) >> PAGE_SHIFT)
#define UNSET           UINT64_MAX

unsigned int dma_zone;
static uint64_t dma_reserve;

static unsigned int opt_bits;
static uint64_t opt_pool = UNSET;
OPTION_UINT(dma_bits, "dma_bits", opt_bits);
OPTION_SIZE(dma_emergency_pool, "dma_emergency_pool", opt_pool);

static uint64_t low_free(void)
{
    return free_below(dma_zone + PAGE_SHIFT);
}

bool dma_spares(uint64_t pages)
{
    return dma_reserve == 0 || low_free() >= dma_reserve + pages;
}

uint64_t dma_kept(void)
{
    return dma_reserve ? min(dma_reserve, low_free()) : 0;
}

/* With several nodes a near page of low address would often win over a far one: unless told
 * otherwise, what lies below 4 GiB is then spared. */
void dma_init(bool several_nodes)
{
    if (opt_bits && opt_bits <= PAGE_SHIFT) {
        log_warn("dma_bits=%u: no page has such an address; ignored", opt_bits);
        opt_bits = 0;
    }
    unsigned int bits = opt_bits ? opt_bits : several_nodes ? 32 : 0;
    if (opt_pool != UNSET && opt_pool && !bits)
        bits = 30;
    if (bits == 0)
        return;
    dma_zone = zone_below(bits);
    uint64_t there = low_free();
    if (opt_pool != UNSET)
        dma_reserve = min(opt_pool >> PAGE_SHIFT, there);
    else if (opt_bits)
        dma_reserve = min(there / 8, DEFAULT_RESERVE);
    log_info("heap: %lu MiB of the %lu MiB below 2^%u are kept for DMA",
             dma_reserve >> (20 - PAGE_SHIFT), there >> (20 - PAGE_SHIFT), bits);
}
