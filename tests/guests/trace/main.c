/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Trace buffers as dom0's tools use them: made by sysctl, found through a page of DOMID_XEN's,
 * mapped, read.  We see our own hypercalls, traps, page faults and sleeps; masks hold; nothing is
 * written when nobody asked; a full buffer loses records and counts them; a reader that writes
 * nonsense harms nobody but itself.
 */
#define __XEN_TOOLS__
#include "../lib/guest.h"
#include <public/sysctl.h>
#include <public/trace.h>

#define PAGES 4
#define INFO_SPOT ((uint8_t *)0x0000200000000000UL)
#define RING_SPOT ((uint8_t *)0x0000200000100000UL)
#define DATA (PAGES * PAGE_SIZE - sizeof(struct t_buf))

static struct xen_sysctl op;

static long tbuf(unsigned int cmd)
{
    op.cmd = XEN_SYSCTL_tbuf_op;
    op.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    op.u.tbuf_op.cmd = cmd;
    return HYPERCALL_1(sysctl, &op);
}

static long set_mask(uint32_t mask)
{
    op.u.tbuf_op.evt_mask = mask;
    return tbuf(XEN_SYSCTL_TBUFOP_set_evt_mask);
}

/* The table entry for a spot: its page is mapped once so that there are tables, then replaced. */
static long map_xen(uint8_t *spot, unsigned long mfn, uint64_t flags)
{
    static void *page;

    if (!page)
        page = page_alloc();
    REQUIRE_EQ(map_page(kernel_root(), spot, pte_of(page, PTE_RO)), 0);
    uint64_t *entry = pt_entry(kernel_root(), spot, 1);
    struct mmu_update update = { .ptr = maddr_of(entry) | MMU_NORMAL_PT_UPDATE,
                                 .val = mfn << PAGE_SHIFT | flags };
    return mmu_update(&update, 1, NULL, DOMID_XEN);
}

static volatile struct t_info *info;
static volatile struct t_buf *ring;

static void check_setup(void)
{
    section("no buffers yet");
    EXPECT_EQ(tbuf(XEN_SYSCTL_TBUFOP_get_info), 0);
    EXPECT_EQ(op.u.tbuf_op.size, 0);
    EXPECT_ERROR(tbuf(XEN_SYSCTL_TBUFOP_enable));
    op.u.tbuf_op.size = 0;
    EXPECT_ERROR(tbuf(XEN_SYSCTL_TBUFOP_set_size));
    op.u.tbuf_op.size = 1u << 31;
    EXPECT_ERROR(tbuf(XEN_SYSCTL_TBUFOP_set_size));
    EXPECT_ERROR(tbuf(77));

    section("buffers are made once");
    op.u.tbuf_op.size = PAGES;
    REQUIRE_EQ(tbuf(XEN_SYSCTL_TBUFOP_set_size), 0);
    op.u.tbuf_op.size = PAGES + 1;
    EXPECT_ERROR(tbuf(XEN_SYSCTL_TBUFOP_set_size));
    REQUIRE_EQ(tbuf(XEN_SYSCTL_TBUFOP_get_info), 0);
    EXPECT(op.u.tbuf_op.size >= PAGE_SIZE && op.u.tbuf_op.size % PAGE_SIZE == 0);
    EXPECT_EQ(op.u.tbuf_op.evt_mask, TRC_ALL);
    unsigned long mfn = op.u.tbuf_op.buffer_mfn;

    section("mapped");
    EXPECT_ERROR(map_xen(INFO_SPOT, mfn, PTE_RW));
    REQUIRE_EQ(map_xen(INFO_SPOT, mfn, PTE_RO), 0);
    info = (void *)INFO_SPOT;
    REQUIRE_EQ(info->tbuf_size, PAGES);
    REQUIRE(info->mfn_offset[0] > 0 && info->mfn_offset[0] < PAGE_SIZE / 4);
    const volatile uint32_t *mfns = (const volatile uint32_t *)INFO_SPOT + info->mfn_offset[0];
    for (unsigned int i = 0; i < PAGES; i++)
        REQUIRE_EQ(map_xen(RING_SPOT + i * PAGE_SIZE, mfns[i], PTE_RW), 0);
    ring = (void *)RING_SPOT;
    EXPECT(ring->prod < 2 * DATA);
    EXPECT_EQ(ring->cons, 0);
}

/* ---- Reading ---- */

struct record {
    uint32_t event;
    bool stamped;
    uint64_t stamp;
    unsigned int words;
    uint32_t data[7];
};

static uint32_t word_at(uint32_t at)
{
    REQUIRE(at % DATA + 4 <= DATA);
    return *(volatile uint32_t *)(RING_SPOT + sizeof(struct t_buf) + at % DATA);
}

/* The next record, if there is one. */
static bool take(struct record *r)
{
    if (ring->cons == ring->prod)
        return false;
    uint32_t at = ring->cons, head = word_at(at);
    at += 4;
    *r = (struct record){ .event = TRC_HD_TO_EVENT(head), .words = TRC_HD_EXTRA(head),
                          .stamped = TRC_HD_INCLUDES_CYCLE_COUNT(head) };
    if (r->stamped) {
        r->stamp = word_at(at) | (uint64_t)word_at(at + 4) << 32;
        at += 8;
    }
    for (unsigned int i = 0; i < r->words; i++, at += 4)
        r->data[i] = word_at(at);
    ring->cons = at % (2 * DATA);
    return true;
}

static bool find(uint32_t event, struct record *r)
{
    while (take(r))
        if (r->event == event)
            return true;
    return false;
}

static void drain(void)
{
    ring->cons = ring->prod;
}

static void check_hypercalls(void)
{
    struct record r;

    section("our hypercalls");
    REQUIRE_EQ(set_mask(TRC_PV), 0);
    REQUIRE_EQ(tbuf(XEN_SYSCTL_TBUFOP_enable), 0);
    uint64_t before = rdtsc();
    HYPERCALL_2(xen_version, XENVER_version, 0);
    uint64_t after = rdtsc();
    do
        REQUIRE(find(TRC_PV_HYPERCALL_V2, &r));
    while ((r.data[0] & 0xfffff) != __HYPERVISOR_xen_version);
    EXPECT(r.stamped && r.stamp >= before && r.stamp <= after);
    /* Which arguments are recorded is the hypervisor's choice. */
    bool has_first = r.data[0] & TRC_PV_HYPERCALL_V2_ARG_32(0);
    EXPECT_EQ(r.words, has_first ? 2 : 1);
    EXPECT(!has_first || r.data[1] == XENVER_version);

    section("calls inside a multicall");
    struct multicall_entry calls[2] = {
        { .op = __HYPERVISOR_xen_version },
        { .op = __HYPERVISOR_sched_op, .args = { SCHEDOP_yield } },
    };
    REQUIRE_EQ(HYPERCALL_2(multicall, calls, 2), 0);
    REQUIRE(find(TRC_PV_HYPERCALL_SUBCALL, &r));
    EXPECT_EQ(r.data[0] & 0xfffff, __HYPERVISOR_xen_version);
    REQUIRE(find(TRC_PV_HYPERCALL_SUBCALL, &r));
    EXPECT_EQ(r.data[0] & 0xfffff, __HYPERVISOR_sched_op);

    section("traps and page faults");
    EXPECT_EQ(TRAP_OF("ud2", :).vector, X86_UD);
    REQUIRE(find(TRC_PV_TRAP | TRC_64_FLAG, &r));
    EXPECT_EQ(r.words, 3);
    EXPECT_EQ(r.data[2] & 0xffff, X86_UD);      /* above it an error code that it has not */
    EXPECT_EQ(TRAP_OF("mov (%0), %%al", :: "r"(0x123456789000UL) : "rax").vector, X86_PF);
    REQUIRE(find(TRC_PV_PAGE_FAULT | TRC_64_FLAG, &r));
    EXPECT_EQ(r.words, 5);
    EXPECT_EQ(r.data[2] | (uint64_t)r.data[3] << 32, 0x123456789000UL);
    EXPECT(r.data[1] == 0xffffffff);
}

static void check_memory(void)
{
    struct record r;
    uint64_t *table = page_alloc();
    unsigned long pfn = pfn_of(table), mfn = mfn_of(table);

    section("the reservation");
    REQUIRE_EQ(set_mask(TRC_MEM), 0);
    drain();
    REQUIRE_EQ(page_remap(table, 0), 0);
    struct xen_memory_reservation res = { .nr_extents = 1, .domid = DOMID_SELF };
    set_xen_guest_handle(res.extent_start, &mfn);
    REQUIRE_EQ(HYPERCALL_2(memory_op, XENMEM_decrease_reservation, &res), 1);
    EXPECT(find(TRC_MEM_DECREASE_RESERVATION, &r));
    EXPECT_EQ(r.data[0], mfn);
    EXPECT_EQ(r.data[2], 0);
    unsigned long frame = pfn;
    set_xen_guest_handle(res.extent_start, &frame);
    REQUIRE_EQ(HYPERCALL_2(memory_op, XENMEM_populate_physmap, &res), 1);
    EXPECT(find(TRC_MEM_SET_P2M_ENTRY, &r));
    EXPECT_EQ(r.data[0], pfn);
    EXPECT_EQ(r.data[2], frame);
    p2m_set(pfn, frame);
    EXPECT(!take(&r));
}

static uint32_t change(uint32_t from, uint32_t to)
{
    return TRC_SCHED_RUNSTATE_CHANGE + (from << 8) + (to << 4);
}

static void check_scheduling(void)
{
    struct record r;

    section("a sleep: from running to blocked and back");
    REQUIRE_EQ(set_mask(TRC_SCHED), 0);
    /* On a busy machine a short sleep may be over before it began. */
    bool slept = false;
    for (unsigned int i = 0; !slept && i < 50; i++) {
        drain();
        struct sched_poll poll = { .timeout = time_now() + SECOND / 20 };
        EXPECT_EQ(HYPERCALL_2(sched_op, SCHEDOP_poll, &poll), 0);
        slept = find(TRC_SCHED_BLOCK, &r) && find(TRC_SCHED_SWITCH_INFPREV, &r);
    }
    REQUIRE(slept);
    EXPECT_EQ(r.data[0], 0);
    REQUIRE(find(change(RUNSTATE_running, RUNSTATE_blocked), &r));
    EXPECT_EQ(r.data[0], 0);
    uint64_t since = r.stamp;
    REQUIRE(find(TRC_SCHED_WAKE, &r));
    REQUIRE(find(change(RUNSTATE_blocked, RUNSTATE_runnable), &r));
    EXPECT(r.stamp > since);
    REQUIRE(find(change(RUNSTATE_runnable, RUNSTATE_running), &r));
    EXPECT_EQ(r.data[0], 0);
}

static void check_masks(void)
{
    struct record r;
    static uint8_t cpus[1];

    section("masks");
    REQUIRE_EQ(set_mask(TRC_PV_ENTRY), 0);
    drain();
    struct multicall_entry call = { .op = __HYPERVISOR_xen_version };
    EXPECT_EQ(HYPERCALL_2(multicall, &call, 1), 0);
    EXPECT(!find(TRC_PV_HYPERCALL_SUBCALL, &r));
    op.u.tbuf_op.cpu_mask.nr_bits = 8;
    set_xen_guest_handle(op.u.tbuf_op.cpu_mask.bitmap, cpus);
    REQUIRE_EQ(tbuf(XEN_SYSCTL_TBUFOP_set_cpu_mask), 0);
    drain();
    EXPECT_EQ(HYPERCALL_2(xen_version, XENVER_version, 0) >> 16, 4);
    EXPECT(!take(&r));
    cpus[0] = 0xff;
    REQUIRE_EQ(tbuf(XEN_SYSCTL_TBUFOP_set_cpu_mask), 0);
    set_xen_guest_handle(op.u.tbuf_op.cpu_mask.bitmap, (void *)HYPERVISOR_VIRT_START);
    EXPECT_EQ(tbuf(XEN_SYSCTL_TBUFOP_set_cpu_mask), -XEN_EFAULT);
    op.u.tbuf_op.cpu_mask.nr_bits = 8;
    set_xen_guest_handle(op.u.tbuf_op.cpu_mask.bitmap, cpus);
    REQUIRE_EQ(tbuf(XEN_SYSCTL_TBUFOP_set_cpu_mask), 0);
}

/* Many times the ring's size. */
static void make_noise(void)
{
    for (unsigned int i = 0; i < 3 * DATA / 20; i++)
        HYPERCALL_2(xen_version, XENVER_version, 0);
}

static void check_overflow(void)
{
    struct record r;
    unsigned int n = 0;

    section("half full: an event; full: records are counted");
    long port = event_bind_virq(VIRQ_TBUF, 0);
    REQUIRE(port > 0);
    drain();
    EXPECT(!event_pending(port));
    make_noise();
    EXPECT(event_take(port));
    uint32_t used = (ring->prod + 2 * DATA - ring->cons) % (2 * DATA);
    EXPECT(used > DATA - 64 && used <= DATA);
    while (take(&r))
        n++;
    EXPECT(n > DATA / 40);
    HYPERCALL_2(xen_version, XENVER_version, 0);
    REQUIRE(take(&r));
    EXPECT_EQ(r.event, TRC_LOST_RECORDS);
    EXPECT_EQ(r.words, 4);
    EXPECT(r.data[0] > 2 * DATA / 20 / 2);

    section("around and around");
    for (unsigned int i = 0; i < 2000; i++) {
        HYPERCALL_2(xen_version, XENVER_version, 0);
        n = 0;
        while (take(&r)) {
            EXPECT(r.event == TRC_PV_HYPERCALL_V2 || r.event == TRC_TRACE_WRAP_BUFFER);
            n++;
        }
        REQUIRE(n >= 1);
    }

    section("a reader that lies");
    static const uint32_t lies[] = { 0xffffffff, 2 * DATA, 2 * DATA + 4, 1, 3, 0x80000000 };
    uint32_t end = ring->prod;
    for (unsigned int i = 0; i < ARRAY_SIZE(lies); i++) {
        ring->cons = lies[i];
        ring->prod = lies[i];
        make_noise();
    }
    ring->cons = end;
    ring->prod = end;
    HYPERCALL_2(xen_version, XENVER_version, 0);
    REQUIRE(take(&r));
    EXPECT_EQ(r.event, TRC_LOST_RECORDS);
    EXPECT_EQ(event_close(port), 0);
}

static long perfc(unsigned int cmd)
{
    op.cmd = XEN_SYSCTL_perfc_op;
    op.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    op.u.perfc_op.cmd = cmd;
    return HYPERCALL_1(sysctl, &op);
}

/* In hypervisors that count; others say so. */
static void check_counters(void)
{
    static struct xen_sysctl_perfc_desc desc[100];
    static uint32_t values[1000];

    section("performance counters");
    memset(&op, 0, sizeof(op));
    if (perfc(XEN_SYSCTL_PERFCOP_reset) == -XEN_ENOSYS)
        return;
    for (unsigned int i = 0; i < 10; i++)
        HYPERCALL_2(xen_version, XENVER_version, 0);
    REQUIRE_EQ(perfc(XEN_SYSCTL_PERFCOP_query), 0);
    unsigned int counters = op.u.perfc_op.nr_counters, all = op.u.perfc_op.nr_vals, sum = 0;
    REQUIRE(counters > 0 && counters <= 100 && all >= counters && all <= 1000);
    set_xen_guest_handle(op.u.perfc_op.desc, desc);
    set_xen_guest_handle(op.u.perfc_op.val, values);
    REQUIRE_EQ(perfc(XEN_SYSCTL_PERFCOP_query), 0);
    for (unsigned int i = 0; i < counters; i++) {
        if (!strcmp(desc[i].name, "hypercalls") && desc[i].nr_vals == 64)
            EXPECT(values[sum + __HYPERVISOR_xen_version] >= 10);
        sum += desc[i].nr_vals;
    }
    EXPECT_EQ(sum, all);
    EXPECT_ERROR(perfc(99));
    set_xen_guest_handle(op.u.perfc_op.val, (void *)HYPERVISOR_VIRT_START);
    EXPECT_EQ(perfc(XEN_SYSCTL_PERFCOP_query), -XEN_EFAULT);
}

TEST("trace")
{
    struct record r;

    check_counters();
    memset(&op, 0, sizeof(op));
    check_setup();
    check_hypercalls();
    check_memory();
    check_scheduling();
    check_masks();
    check_overflow();

    section("off");
    REQUIRE_EQ(tbuf(XEN_SYSCTL_TBUFOP_disable), 0);
    drain();
    HYPERCALL_2(xen_version, XENVER_version, 0);
    EXPECT(!take(&r));
}
