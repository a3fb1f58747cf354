/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an operation costs when all CPUs do it at once, each vcpu with its own things: bench/sched
 * runs this under icount with 1, 2, 4 and 8 CPUs, where TSC ticks are the instructions of all CPUs
 * together, those spent at locks among them.  As a test it is a race of all these paths.
 *
 * Rows: "scale_OPERATION", ticks for one operation; on a hypervisor that counts (perfc=y) also, for
 * a thousand operations, "waits_OPERATION": locks found taken, "spins_OPERATION": turns waited for
 * a lock, "calls_OPERATION": turns waited for other CPUs to do what they were asked.
 *
 * smp: 2
 * options: dom0_vcpus_pin
 * slow: yes
 * seconds: 120
 */
#define __XEN_TOOLS__
#include <public/sysctl.h>
#include "../lib/guest.h"
#include "../lib/grant.h"

#define OPS 1000                        /* as a test much less */
#define WARM 50

static unsigned int cpus, ops;
static bool is_counted, is_threaded;    /* by instructions; with a host's thread for each CPU */
static volatile unsigned int ready, done;
static volatile bool go;

/* A vcpu's own: nothing here is shared on purpose. */
static struct own {
    evtchn_port_t port;
    uint8_t *page, *table;
    grant_ref_t ref;
    xen_pfn_t pfn;
} __attribute__((aligned(64))) own[MAX_VCPUS];

/* ---- Operations ---- */

static void send(struct own *o)
{
    event_send(o->port);
}

static void map_grant(struct own *o)
{
    grant_handle_t handle;
    const uint8_t *where = GRANT_SPOT + (o - own) * PAGE_SIZE;

    EXPECT_EQ(grant_map(o->ref, where, GNTMAP_host_map, &handle), GNTST_okay);
    EXPECT_EQ(grant_unmap(handle, where), GNTST_okay);
}

static void change_type(struct own *o)
{
    EXPECT_EQ(mmuext_mfn(MMUEXT_PIN_L1_TABLE, mfn_of(o->table)), 0);
    EXPECT_EQ(mmuext_mfn(MMUEXT_UNPIN_TABLE, mfn_of(o->table)), 0);
}

static void change_heap(struct own *o)
{
    xen_pfn_t frame = pfn_to_mfn(o->pfn);
    struct xen_memory_reservation r = { .nr_extents = 1, .domid = DOMID_SELF };

    set_xen_guest_handle(r.extent_start, &frame);
    EXPECT_EQ(memory_op(XENMEM_decrease_reservation, &r), 1);
    frame = o->pfn;
    EXPECT_EQ(memory_op(XENMEM_populate_physmap, &r), 1);
    p2m_set(o->pfn, frame);
}

static void set_timer(struct own *o)
{
    set_timer_op(time_now() + SECOND);
}

static void yield(struct own *o)
{
    sched_op(SCHEDOP_yield, NULL);
}

static const struct {
    const char *name;
    void (*run)(struct own *o);
} operations[] = {
    { "event_send", send }, { "grant_map", map_grant }, { "page_type", change_type },
    { "timer", set_timer }, { "schedule", yield },
    { "heap", change_heap },            /* last: what it frees is erased when CPUs idle */
};

/* ---- The hypervisor's counters ---- */

#define COUNTERS 64

static struct xen_sysctl_perfc_desc descs[COUNTERS];
static uint32_t values[4096];
static struct xen_sysctl sysctl;
static bool is_counting;

static long counters_op(uint32_t cmd)
{
    sysctl.cmd = XEN_SYSCTL_perfc_op;
    sysctl.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    sysctl.u.perfc_op.cmd = cmd;
    return HYPERCALL_1(sysctl, &sysctl);
}

/* First how many there are, then names and values, if there is room. */
static void counters_init(void)
{
    is_counting = !counters_op(XEN_SYSCTL_PERFCOP_reset) &&
                  sysctl.u.perfc_op.nr_counters <= COUNTERS &&
                  sysctl.u.perfc_op.nr_vals <= ARRAY_SIZE(values);
    set_xen_guest_handle(sysctl.u.perfc_op.desc, descs);
    set_xen_guest_handle(sysctl.u.perfc_op.val, values);
}

/* The sum of all that are named so, for a thousand operations; and what it is made of. */
static void print_counter(const char *row, const char *operation, const char *name)
{
    uint64_t sum = 0, all = ops * cpus;
    const uint32_t *value = values;

    for (unsigned int i = 0; i < sysctl.u.perfc_op.nr_counters; i++) {
        for (unsigned int k = 0; k < descs[i].nr_vals; k++, value++) {
            if (!strstr_in(descs[i].name, name))
                continue;
            sum += *value;
            if (*value)
                printf("  %s, %u: %u\n", descs[i].name, k, *value);
        }
    }
    printf("ROW %s_%s %lu\n", row, operation, sum * 1000 / all);
}

static void counters_print(const char *operation)
{
    if (!is_counting || counters_op(XEN_SYSCTL_PERFCOP_query))
        return;
    print_counter("waits", operation, "locks: found taken");
    print_counter("spins", operation, "locks: spins");
    print_counter("calls", operation, "calls of other CPUs: spins");
}

/* ---- All at once ---- */

static void (*volatile operation)(struct own *o);

/* CPUs that idle erase free memory first: not while we count. */
static void let_erase(void)
{
    struct sched_poll poll = { .timeout = time_now() + 3 * SECOND };

    sched_op(SCHEDOP_poll, &poll);
}

static void do_all(struct own *o, unsigned int count)
{
    for (unsigned int i = 0; i < count; i++)
        operation(o);
}

static void worker(void *arg)
{
    struct own *o = &own[current()->id];

    do_all(o, WARM);
    __atomic_fetch_add(&ready, 1, __ATOMIC_SEQ_CST);
    while (!go)
        cpu_relax();
    do_all(o, ops);
    __atomic_fetch_add(&done, 1, __ATOMIC_SEQ_CST);
}

static void measure(const char *name, void (*run)(struct own *o))
{
    /* Where CPUs wait for each other, and the host has fewer, each time takes milliseconds. */
    ops = is_counted || (is_threaded && run != change_heap) ? OPS : OPS / 20;
    operation = run;
    ready = done = 0;
    go = false;
    for (unsigned int id = 1; id < cpus; id++)
        vcpu_run(id, worker, NULL);
    do_all(&own[0], WARM);
    while (ready < cpus - 1)
        cpu_relax();
    if (is_counting)
        REQUIRE_EQ(counters_op(XEN_SYSCTL_PERFCOP_reset), 0);
    uint64_t start = rdtsc();
    go = true;
    do_all(&own[0], ops);
    while (done < cpus - 1)
        cpu_relax();
    printf("ROW scale_%s %lu\n", name, (rdtsc() - start) / ops / cpus);
    counters_print(name);
    for (unsigned int id = 1; id < cpus; id++)
        vcpu_join(id);
}

TEST("bench_scale")
{
    cpus = vcpu_count();
    is_counted = told("guest=cpus");
    is_threaded = told("guest=threads");
    grant_init();
    counters_init();
    for (unsigned int id = 0; id < cpus; id++) {
        struct own *o = &own[id];

        o->port = event_bind_ipi(id);
        o->page = page_alloc();
        o->table = table_alloc();
        o->ref = 8 + id;
        grant_give(o->ref, 0, o->page, GTF_permit_access);
        /* A page without a mapping, to give away and take anew. */
        uint8_t *spare = page_alloc();
        o->pfn = pfn_of(spare);
        REQUIRE_EQ(update_va_mapping(spare, 0, UVMF_INVLPG | UVMF_ALL), 0);
    }
    let_erase();
    for (unsigned int i = 0; i < ARRAY_SIZE(operations); i++)
        measure(operations[i].name, operations[i].run);
}
