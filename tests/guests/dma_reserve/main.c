/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The reserve for DMA: however much dom0 takes for ordinary use, pages of low address are left for
 * who asks for such, by populate and by exchange.
 *
 * options: dom0_mem=128M,max:1G dma_bits=27 dma_emergency_pool=4M
 * memory: 256
 */
#define __XEN_TOOLS__
#include "../lib/guest.h"
#include <public/sysctl.h>

#define DMA_BITS 27
#define RESERVE  1024UL

static xen_pfn_t frames[1024];

static struct xen_memory_reservation reservation(xen_pfn_t *list, unsigned long n,
                                                 unsigned int bits)
{
    struct xen_memory_reservation r = {
        .nr_extents = n, .domid = DOMID_SELF, .mem_flags = XENMEMF_address_bits(bits),
    };

    set_xen_guest_handle(r.extent_start, list);
    return r;
}

static unsigned long free_below(unsigned int bits)
{
    static struct xen_sysctl op;

    op.cmd = XEN_SYSCTL_availheap;
    op.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    op.u.availheap.node = -1;
    op.u.availheap.min_bitwidth = 0;
    op.u.availheap.max_bitwidth = bits;
    REQUIRE_EQ(HYPERCALL_1(sysctl, &op), 0);
    return op.u.availheap.avail_bytes >> PAGE_SHIFT;
}

/* As many as there are, in lists; the last one is left in frames[0..*last). */
static unsigned long take_all(unsigned int bits, unsigned long limit, unsigned long *last)
{
    unsigned long got = 0;

    for (*last = 0; got < limit; ) {
        struct xen_memory_reservation r = reservation(frames, ARRAY_SIZE(frames), bits);
        long n = memory_op(XENMEM_increase_reservation, &r);

        if (n > 0) {
            got += n;
            *last = n;
        }
        if (n < (long)ARRAY_SIZE(frames))
            break;
    }
    return got;
}

static unsigned long count_high(unsigned long n)
{
    unsigned long high = 0;

    for (unsigned long i = 0; i < n; i++)
        high += frames[i] >= 1UL << (DMA_BITS - PAGE_SHIFT);
    return high;
}

TEST("dma_reserve")
{
    static xen_pfn_t in[1], out[1];
    struct xen_memory_exchange x;
    unsigned long last;

    section("ordinary memory, to the last page: the reserve is left");
    EXPECT(free_below(DMA_BITS) >= RESERVE);
    EXPECT(take_all(0, 1UL << 20, &last) > 0);
    EXPECT_EQ(free_below(64), free_below(DMA_BITS));
    EXPECT_EQ(free_below(DMA_BITS), RESERVE);
    EXPECT_EQ(take_all(DMA_BITS + 1, 1, &last), 0);

    section("a page for a page of low address");
    void *page = page_alloc();

    in[0] = mfn_of(page);
    out[0] = pfn_of(page);
    REQUIRE_EQ(update_va_mapping(page, 0, UVMF_INVLPG), 0);
    x = (struct xen_memory_exchange){ .in = reservation(in, 1, 0),
                                      .out = reservation(out, 1, DMA_BITS) };
    EXPECT_EQ(memory_op(XENMEM_exchange, &x), 0);
    EXPECT(out[0] < 1UL << (DMA_BITS - PAGE_SHIFT));
    p2m_set(pfn_of(page), out[0]);
    EXPECT_EQ(page_remap(page, PTE_RW), 0);

    section("and by a reservation with a limit, all there is");
    unsigned long there = free_below(DMA_BITS);

    EXPECT_EQ(take_all(DMA_BITS, 1UL << 20, &last), there);
    EXPECT_EQ(count_high(last), 0);
    EXPECT_EQ(free_below(DMA_BITS), 0);
}
