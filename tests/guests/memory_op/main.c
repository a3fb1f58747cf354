/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * memory_op: giving memory back and taking it, exchanging it, asking about it; limits, and requests
 * that make no sense.
 *
 * A frame given back belongs to somebody else at once: it must not be in use, and what comes in its
 * place must be clean.
 *
 * options: dom0_mem=128M,max:130M
 */
#include "../lib/guest.h"

static xen_pfn_t frames[1024];

static struct xen_memory_reservation reservation(xen_pfn_t *list, unsigned long n,
                                                 unsigned int order)
{
    struct xen_memory_reservation r = {
        .nr_extents = n, .extent_order = order, .domid = DOMID_SELF,
    };

    set_xen_guest_handle(r.extent_start, list);
    return r;
}

static long current_pages(void)
{
    struct xen_memory_domain d = { .domid = DOMID_SELF };

    return memory_op(XENMEM_current_reservation, &d);
}

/* Take a page out of the kernel's mapping, give it back; tells the frame it had. */
static unsigned long give_back(void *page)
{
    unsigned long mfn = mfn_of(page);
    struct xen_memory_reservation r = reservation(frames, 1, 0);

    frames[0] = mfn;
    REQUIRE_EQ(update_va_mapping(page, 0, UVMF_INVLPG), 0);
    EXPECT_EQ(memory_op(XENMEM_decrease_reservation, &r), 1);
    return mfn;
}

/* Populate the guest frame of a pool page and map it again. */
static bool take(void *page)
{
    struct xen_memory_reservation r = reservation(frames, 1, 0);

    frames[0] = pfn_of(page);
    if (memory_op(XENMEM_populate_physmap, &r) != 1)
        return false;
    EXPECT_EQ(mfn_to_pfn(frames[0]), pfn_of(page));
    p2m_set(pfn_of(page), frames[0]);
    EXPECT_EQ(page_remap(page, PTE_RW), 0);
    return true;
}

static void check_numbers(void)
{
    struct xen_memory_domain d = { .domid = DOMID_SELF };
    long pages = current_pages();

    section("questions");
    EXPECT(pages >= (long)start_info->nr_pages);
    EXPECT(memory_op(XENMEM_maximum_reservation, &d) >= pages);
    EXPECT(memory_op(XENMEM_maximum_ram_page, NULL) > pages);
    EXPECT(memory_op(XENMEM_maximum_gpfn, &d) >= 0);
    d.domid = 1234;
    EXPECT_EQ(memory_op(XENMEM_current_reservation, &d), -XEN_ESRCH);
    EXPECT_EQ(memory_op(XENMEM_current_reservation, (void *)HYPERVISOR_VIRT_START), -XEN_EFAULT);
    EXPECT_EQ(memory_op(63, &d), -XEN_ENOSYS);
}

static void check_out_and_in(void)
{
    uint8_t *page = page_alloc();
    long before = current_pages();
    unsigned long mfn;

    section("a page out, a page in");
    mfn = give_back(page);
    EXPECT_EQ(current_pages(), before - 1);

    section("what was given back is not mapped again");
    EXPECT_ERROR(update_va_mapping(page, mfn << PAGE_SHIFT | PTE_RW, UVMF_INVLPG));
    frames[0] = mfn;
    struct xen_memory_reservation r = reservation(frames, 1, 0);
    EXPECT_EQ(memory_op(XENMEM_decrease_reservation, &r), 0);

    REQUIRE(take(page));
    EXPECT_EQ(current_pages(), before);
    memset(page, 0x99, PAGE_SIZE);
    page_free(page);
}

/* Whatever the domain is given next, it is not this frame. */
static void expect_not_reused(unsigned long mfn)
{
    struct xen_memory_reservation r = reservation(frames, 1, 0);

    for (unsigned int i = 0; i < 64; i++) {
        frames[0] = 0;
        if (memory_op(XENMEM_increase_reservation, &r) != 1)
            return;
        EXPECT(frames[0] != mfn);
        EXPECT_EQ(memory_op(XENMEM_decrease_reservation, &r), 1);
    }
}

static void check_in_use(void)
{
    struct xen_memory_reservation r = reservation(frames, 1, 0);
    uint64_t *table = table_alloc();
    uint8_t *page = page_alloc();

    section("a page given back while in use is nobody else's until it is free");
    frames[0] = mfn_of(table);
    EXPECT_EQ(table_pin(table, 1), 0);
    EXPECT_ANY(memory_op(XENMEM_decrease_reservation, &r), 0, 1);
    expect_not_reused(mfn_of(table));
    EXPECT_EQ(table_unpin(table), 0);

    *page = 0x42;
    frames[0] = mfn_of(page);
    EXPECT_ANY(memory_op(XENMEM_decrease_reservation, &r), 0, 1);
    expect_not_reused(mfn_of(page));
    EXPECT_EQ(*page, 0x42);
    EXPECT_EQ(update_va_mapping(page, 0, UVMF_INVLPG), 0);

    section("frames that are not ours");
    long before = current_pages();

    frames[0] = hypervisor_mfn();
    EXPECT_EQ(memory_op(XENMEM_decrease_reservation, &r), 0);
    frames[0] = 0xb8;
    EXPECT_EQ(memory_op(XENMEM_decrease_reservation, &r), 0);
    frames[0] = ~0UL;
    EXPECT_EQ(memory_op(XENMEM_decrease_reservation, &r), 0);
    EXPECT_EQ(current_pages(), before);
}

static void check_lists(void)
{
    static void *pages[16];
    struct xen_memory_reservation r = reservation(frames, 16, 0);
    long before;

    section("lists: as far as they are good");
    for (unsigned int i = 0; i < 16; i++) {
        pages[i] = page_alloc();
        frames[i] = mfn_of(pages[i]);
        REQUIRE_EQ(update_va_mapping(pages[i], 0, UVMF_INVLPG), 0);
    }
    before = current_pages();
    frames[10] = hypervisor_mfn();
    EXPECT_EQ(memory_op(XENMEM_decrease_reservation, &r), 10);
    EXPECT_EQ(current_pages(), before - 10);
    for (unsigned int i = 0; i < 10; i++)
        EXPECT(take(pages[i]));
    frames[0] = mfn_of(pages[10]);
    for (unsigned int i = 10; i < 16; i++)
        EXPECT_EQ(page_remap(pages[i], PTE_RW), 0);
    EXPECT_EQ(current_pages(), before);

    section("empty lists, lists nowhere, lists too long");
    r = reservation(frames, 0, 0);
    EXPECT_EQ(memory_op(XENMEM_decrease_reservation, &r), 0);
    r = reservation((void *)HYPERVISOR_VIRT_START, 4, 0);
    EXPECT_ANY(memory_op(XENMEM_decrease_reservation, &r), 0, -XEN_EFAULT);
    EXPECT_ANY(memory_op(XENMEM_populate_physmap, &r), 0, -XEN_EFAULT);
    EXPECT_ANY(memory_op(XENMEM_increase_reservation, &r), 0, -XEN_EFAULT);
    EXPECT_EQ(current_pages(), before);
    r = reservation(frames, ~0UL, 0);
    EXPECT_ANY(memory_op(XENMEM_decrease_reservation, &r), 0, -XEN_EFAULT, -XEN_EINVAL);
    EXPECT_ANY(memory_op(XENMEM_decrease_reservation, (void *)HYPERVISOR_VIRT_START), 0,
               -XEN_EFAULT);
    r = reservation(frames, 1, 0);
    r.domid = 1234;
    EXPECT_ANY(memory_op(XENMEM_decrease_reservation, &r), 0, -XEN_ESRCH);
    EXPECT_EQ(current_pages(), before);
}

static void check_limits(void)
{
    struct xen_memory_reservation r;
    struct xen_memory_domain d = { .domid = DOMID_SELF };
    long before = current_pages(), max = memory_op(XENMEM_maximum_reservation, &d), got = 0, rc;

    section("orders");
    r = reservation(frames, 1, 40);
    EXPECT_ANY(memory_op(XENMEM_increase_reservation, &r), 0, -XEN_EINVAL, -XEN_EPERM);
    r = reservation(frames, 1, ~0u);
    EXPECT_ANY(memory_op(XENMEM_increase_reservation, &r), 0, -XEN_EINVAL, -XEN_EPERM);
    r = reservation(frames, 1, 64);
    EXPECT_ANY(memory_op(XENMEM_populate_physmap, &r), 0, -XEN_EINVAL, -XEN_EPERM);
    EXPECT_EQ(current_pages(), before);

    section("up to the domain's limit and not beyond");
    do {
        r = reservation(frames, ARRAY_SIZE(frames), 0);
        rc = memory_op(XENMEM_increase_reservation, &r);
        if (rc <= 0)
            break;
        got += rc;
        EXPECT_EQ(current_pages(), before + got);
        r = reservation(frames, rc, 0);
    } while (got < 100000 && rc == ARRAY_SIZE(frames));
    EXPECT(before + got <= max);
    EXPECT_ANY(before + got, max);
    r = reservation(frames, 1, 0);
    EXPECT_EQ(memory_op(XENMEM_increase_reservation, &r), 0);
}

static void check_exchange(void)
{
    static xen_pfn_t in[4], out[4];
    uint8_t *pages[4];
    struct xen_memory_exchange x;
    long before = current_pages();

    section("exchange");
    for (unsigned int i = 0; i < 4; i++) {
        pages[i] = page_alloc();
        in[i] = mfn_of(pages[i]);
        out[i] = pfn_of(pages[i]);
        REQUIRE_EQ(update_va_mapping(pages[i], 0, UVMF_INVLPG), 0);
    }
    x = (struct xen_memory_exchange){ .in = reservation(in, 4, 0), .out = reservation(out, 4, 0) };
    EXPECT_EQ(memory_op(XENMEM_exchange, &x), 0);
    EXPECT_EQ(x.nr_exchanged, 4);
    EXPECT_EQ(current_pages(), before);
    for (unsigned int i = 0; i < 4; i++) {
        EXPECT_EQ(mfn_to_pfn(out[i]), pfn_of(pages[i]));
        p2m_set(pfn_of(pages[i]), out[i]);
        EXPECT_EQ(page_remap(pages[i], PTE_RW), 0);
    }
    for (unsigned int i = 0; i < 4; i++) {
        bool reused = false;

        for (unsigned int k = 0; k < 4; k++)
            reused = reused || out[k] == in[i];
        if (!reused)
            EXPECT_ERROR(update_va_mapping(pages[i], in[i] << PAGE_SHIFT | PTE_RW, 0));
    }

    section("exchange below an address");
    for (unsigned int i = 0; i < 4; i++) {
        in[i] = mfn_of(pages[i]);
        out[i] = pfn_of(pages[0]);
        REQUIRE_EQ(update_va_mapping(pages[i], 0, UVMF_INVLPG), 0);
    }
    x = (struct xen_memory_exchange){ .in = reservation(in, 4, 0), .out = reservation(out, 1, 2) };
    x.out.mem_flags = XENMEMF_address_bits(28);
    EXPECT_EQ(memory_op(XENMEM_exchange, &x), 0);
    EXPECT_EQ(out[0] & 3, 0);
    EXPECT(out[0] + 3 < 1UL << (28 - PAGE_SHIFT));
    for (unsigned int i = 0; i < 4; i++) {
        p2m_set(pfn_of(pages[i]), out[0] + i);
        EXPECT_EQ(mfn_to_pfn(out[0] + i), pfn_of(pages[0]) + i);
        EXPECT_EQ(page_remap(pages[i], PTE_RW), 0);
    }

    section("exchanges that do not add up, or of what is in use");
    x = (struct xen_memory_exchange){ .in = reservation(in, 4, 0), .out = reservation(out, 1, 0) };
    EXPECT_EQ(memory_op(XENMEM_exchange, &x), -XEN_EINVAL);
    x = (struct xen_memory_exchange){ .in = reservation(in, 4, 62),
                                      .out = reservation(out, 4, 62) };
    EXPECT_ERROR(memory_op(XENMEM_exchange, &x));
    in[0] = mfn_of(kernel_root());
    x = (struct xen_memory_exchange){ .in = reservation(in, 1, 0), .out = reservation(out, 1, 0) };
    EXPECT_ERROR(memory_op(XENMEM_exchange, &x));
    EXPECT_EQ(x.nr_exchanged, 0);
    in[0] = hypervisor_mfn();
    x = (struct xen_memory_exchange){ .in = reservation(in, 1, 0), .out = reservation(out, 1, 0) };
    EXPECT_ERROR(memory_op(XENMEM_exchange, &x));
    in[0] = mfn_of(pages[0]);
    out[0] = pfn_of(pages[0]);
    REQUIRE_EQ(update_va_mapping(pages[0], 0, UVMF_INVLPG), 0);
    x = (struct xen_memory_exchange){
        .in = reservation(in, 1, 0), .out = reservation((void *)HYPERVISOR_VIRT_START, 1, 0),
    };
    EXPECT_ERROR(memory_op(XENMEM_exchange, &x));
    EXPECT_ERROR(memory_op(XENMEM_exchange, (void *)HYPERVISOR_VIRT_START));
    EXPECT_EQ(current_pages(), before);
}

static void check_maps(void)
{
    static struct { uint64_t addr, size; uint32_t type; } __attribute__((packed)) e820[128];
    struct xen_memory_map map = { .nr_entries = ARRAY_SIZE(e820) };
    struct xen_machphys_mapping mapping;
    bool ram = false;

    section("the machine's memory map");
    set_xen_guest_handle(map.buffer, (void *)e820);
    EXPECT_EQ(memory_op(XENMEM_machine_memory_map, &map), 0);
    EXPECT(map.nr_entries > 2 && map.nr_entries < ARRAY_SIZE(e820));
    for (unsigned int i = 0; i < map.nr_entries; i++) {
        ram = ram || e820[i].type == 1;
        if (i)
            EXPECT(e820[i].addr >= e820[i - 1].addr + e820[i - 1].size);
    }
    EXPECT(ram);
    map.nr_entries = ARRAY_SIZE(e820);
    EXPECT_ANY(memory_op(XENMEM_memory_map, &map), 0, -XEN_ENOSYS);
    EXPECT_ANY(memory_op(XENMEM_machine_memory_map, (void *)HYPERVISOR_VIRT_START), -XEN_EFAULT);

    section("where the machine-to-physical table is");
    EXPECT_EQ(memory_op(XENMEM_machphys_mapping, &mapping), 0);
    EXPECT_EQ(mapping.v_start, MACH2PHYS_VIRT_START);
    EXPECT_EQ(mapping.v_end, MACH2PHYS_VIRT_END);
    EXPECT(mapping.max_mfn > 0);
}

TEST("memory_op")
{
    check_numbers();
    check_out_and_in();
    check_in_use();
    check_lists();
    check_exchange();
    check_maps();
    check_limits();
}
