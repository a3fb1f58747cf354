/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Making a domain out of the running kernel.
 *
 * Page by page the image is copied into the new domain's memory, at the same guest frames; page
 * tables for it follow behind the image.  The copy finds itself in vcpu_main(), as a secondary vCPU
 * would.
 */
#include "domain.h"

#define TABLES_MAX 16

extern char kernel_start[], kernel_end[];

struct xen_domctl domctl_args;
domid_t child_id;

static struct start_info child_info;            /* in the child: its start_info */
static unsigned long child_p2m[4096];
static unsigned int child_failures;             /* in the child, at its end */
static bool child_ended;
static void (*child_function)(void);
static uint8_t window[PAGE_SIZE] __attribute__((aligned(4096)));
static struct vcpu_guest_context context;

long domctl(unsigned int cmd, unsigned int domid)
{
    domctl_args.cmd = cmd;
    domctl_args.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    domctl_args.domain = domid;
    return HYPERCALL_1(domctl, &domctl_args);
}

/* ---- In the child ---------------------------------------------------------------------------- */

static void child_main(void *unused)
{
    start_info = &child_info;
    event_init();
    child_function();
    child_failures = test_failures();
    child_ended = true;
    shutdown(SHUTDOWN_poweroff);
}

/* ---- In the parent --------------------------------------------------------------------------- */

static void window_open(const struct child *c, unsigned long mfn)
{
    REQUIRE_EQ(HYPERCALL_4(update_va_mapping_otherdomain, window, mfn << PAGE_SHIFT | PTE_RW,
                           UVMF_INVLPG, c->id), 0);
}

static void window_close(void)
{
    REQUIRE_EQ(page_remap(window, PTE_RW), 0);
}

static unsigned long first_pfn(void)
{
    return pfn_of(kernel_start);
}

static unsigned int image_pages(void)
{
    return (kernel_end - kernel_start) >> PAGE_SHIFT;
}

void child_create(struct child *c, unsigned int vcpus)
{
    memset(&domctl_args, 0, sizeof(domctl_args));
    domctl_args.u.createdomain = (struct xen_domctl_createdomain){
        .max_vcpus = vcpus, .max_evtchn_port = -1, .max_grant_frames = 4, .max_maptrack_frames = 4,
        .grant_opts = XEN_DOMCTL_GRANT_version(1),
    };
    REQUIRE_EQ(domctl(XEN_DOMCTL_createdomain, 0), 0);
    c->id = domctl_args.domain;
    child_id = c->id;
    domctl_args.u.max_vcpus.max = vcpus;
    REQUIRE_EQ(domctl(XEN_DOMCTL_max_vcpus, c->id), 0);
    domctl_args.u.max_mem.max_memkb = CHILD_PAGES * 4;
    REQUIRE_EQ(domctl(XEN_DOMCTL_max_mem, c->id), 0);
    REQUIRE_EQ(domctl(XEN_DOMCTL_getdomaininfo, c->id), 0);
    c->shared_info_mfn = domctl_args.u.getdomaininfo.shared_info_frame;
    c->nr_pages = image_pages() + TABLES_MAX;
    REQUIRE(c->nr_pages <= CHILD_PAGES);
    REQUIRE(first_pfn() + c->nr_pages < ARRAY_SIZE(child_p2m));
}

static void take_memory(struct child *c)
{
    struct xen_memory_reservation r = { .nr_extents = c->nr_pages, .domid = c->id };

    for (unsigned int i = 0; i < c->nr_pages; i++)
        c->frames[i] = first_pfn() + i;
    set_xen_guest_handle(r.extent_start, c->frames);
    REQUIRE_EQ(memory_op(XENMEM_populate_physmap, &r), c->nr_pages);
    for (unsigned int i = 0; i < c->nr_pages; i++)
        child_p2m[first_pfn() + i] = c->frames[i];
}

static uint64_t child_entry(const struct child *c, unsigned int page)
{
    bool is_shared_info = first_pfn() + page == pfn_of(shared_info);
    uint64_t mfn = is_shared_info ? c->shared_info_mfn : c->frames[page];

    return mfn << PAGE_SHIFT | (page < image_pages() ? PTE_RWX : PTE_RO);
}

/* The L4 is the first behind the image, L3 and L2 follow, then L1s for image and tables. */
static unsigned long make_tables(const struct child *c)
{
    unsigned int n = image_pages(), l1_base = first_pfn() / 512;
    unsigned int nr_l1 = (first_pfn() + c->nr_pages - 1) / 512 - l1_base + 1;
    uint64_t *entry = (uint64_t *)window;
    const void *va = kernel_start;

    REQUIRE(3 + nr_l1 <= TABLES_MAX);
    for (unsigned int table = 0; table < 3 + nr_l1; table++) {
        window_open(c, c->frames[n + table]);
        memset(window, 0, PAGE_SIZE);
        if (table < 2)
            entry[table_index(va, 4 - table)] = c->frames[n + table + 1] << PAGE_SHIFT | PTE_TAB;
        for (unsigned int i = 0; table == 2 && i < nr_l1; i++)
            entry[l1_base + i] = c->frames[n + 3 + i] << PAGE_SHIFT | PTE_TAB;
        for (unsigned int i = 0; table > 2 && i < 512; i++) {
            unsigned long pfn = (l1_base + table - 3) * 512 + i;

            if (pfn >= first_pfn() && pfn < first_pfn() + c->nr_pages)
                entry[i] = child_entry(c, pfn - first_pfn());
        }
    }
    window_close();
    return c->frames[n];
}

static void prepare_copy(const struct child *c, void (*function)(void))
{
    child_function = function;
    child_ended = false;
    child_info = *start_info;
    child_info.nr_pages = c->nr_pages;
    child_info.shared_info = c->shared_info_mfn << PAGE_SHIFT;
    child_info.flags = 0;
    child_info.pt_base = (unsigned long)kernel_end;
    child_info.mfn_list = (unsigned long)child_p2m;
}

static void set_first_vcpu(const struct child *c)
{
    unsigned long offset = (char *)&vcpu_blocks[0] - kernel_start;
    struct vcpu *v = (struct vcpu *)window;

    window_open(c, c->frames[offset >> PAGE_SHIFT]);
    memset(v, 0, sizeof(*v));
    v->function = child_main;
    window_close();
}

void child_build(struct child *c, void (*function)(void))
{
    take_memory(c);
    prepare_copy(c, function);
    for (unsigned int i = 0; i < image_pages(); i++) {
        if (kernel_start + i * PAGE_SIZE == (char *)window)
            continue;
        window_open(c, c->frames[i]);
        /* Pages that the test has taken out of its own mapping have nothing to copy. */
        const uint64_t *entry = pt_entry(kernel_root(), kernel_start + i * PAGE_SIZE, 1);

        if (*entry & PTE_P)
            memcpy(window, kernel_start + i * PAGE_SIZE, PAGE_SIZE);
    }
    set_first_vcpu(c);

    unsigned long root = make_tables(c);

    vcpu_context(0, &context);
    context.flags |= VGCF_online;
    context.ctrlreg[3] = xen_pfn_to_cr3(root);
    domctl_args.u.vcpucontext.vcpu = 0;
    set_xen_guest_handle(domctl_args.u.vcpucontext.ctxt, &context);
    REQUIRE_EQ(domctl(XEN_DOMCTL_setvcpucontext, c->id), 0);
}

void child_start(struct child *c, void (*function)(void))
{
    child_build(c, function);
    REQUIRE_EQ(domctl(XEN_DOMCTL_unpausedomain, c->id), 0);
}

bool child_wait(struct child *c)
{
    unsigned int flags = 0;

    for (uint64_t end = time_now() + 20 * SECOND; time_now() < end;) {
        if (domctl(XEN_DOMCTL_getdomaininfo, c->id) || domctl_args.domain != c->id)
            return false;
        flags = domctl_args.u.getdomaininfo.flags;
        if (flags & XEN_DOMINF_shutdown)
            break;
        sched_op(SCHEDOP_yield, NULL);
    }
    unsigned int reason = flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask;
    bool ended = (flags & XEN_DOMINF_shutdown) && reason == SHUTDOWN_poweroff &&
                 *(const bool *)child_view(c, &child_ended);
    unsigned int failures = ended ? *(const unsigned int *)child_view(c, &child_failures) : 0;

    if (!ended || failures)
        printf("  child: flags 0x%lx, %lu failures\n", (long)flags, (long)failures);
    window_close();
    return ended && !failures;
}

const void *child_view(const struct child *c, const void *ours)
{
    unsigned long offset = (const char *)ours - kernel_start;

    window_open(c, c->frames[offset >> PAGE_SHIFT]);
    return window + (offset & ~PAGE_MASK);
}

void child_destroy(struct child *c)
{
    window_close();
    REQUIRE_EQ(domctl(XEN_DOMCTL_destroydomain, c->id), 0);
}
