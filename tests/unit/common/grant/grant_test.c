/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Grant tables: maps, copies, transfers,
     versions.  After each test no frame has a reference or a type too many, no
 * domain either, and the granter sees its entries let go.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "fake/machine.h"

#include "xen/lib/parse.c"
#include "xen/common/grant/table.c"
#include "xen/common/grant/version2.c"
#include "xen/common/grant/map.c"
#include "xen/common/grant/copy.c"
#include "xen/common/grant/transfer.c"
#include "xen/common/grant/grant_op.c"

#define DOMAINS 3
#define PAGES   16                      /* d's own: frames 100 * (d + 1) .. */

static struct domain domains[DOMAINS];
static struct vcpu vcpus[DOMAINS];
static unsigned int flushes, ptes, heap_pages, freed_pages;
static uint32_t heap_next;
static int map_rc, unmap_rc, assign_rc;
static bool pte_used;
static unsigned int preempt_after = ~0u;

/* ---- The rest of the world ------------------------------------------------------------------- */

void *alloc_pages(unsigned int order, unsigned int flags)
{
    (void)flags;
    uint32_t nr = heap_next;
    heap_next += 1u << order;
    heap_pages += 1u << order;
    for (uint32_t i = 0; i < 1u << order; i++)
        *mfn_to_frame(mfn_of(nr + i)) = (struct frame){ .count = FRAME_ALLOCATED };
    return memset(mfn_to_virt(mfn_of(nr)), 0, 4096ul << order);
}
void free_pages(void *p, unsigned int order) { (void)p; heap_pages -= 1u << order; }
void *pool_zalloc(size_t size) { return calloc(1, size); }
void *pool_zalloc_array(size_t size, size_t n) { return calloc(n, size); }
void pool_free(void *p) { free(p); }
void heap_free_domain_page(struct frame *f) { f->count = 0; freed_pages++; }
void rwlock_init(struct rwlock *lock, enum lock_rank rank)
{
    *lock = (struct rwlock)RWLOCK_INIT(rank);
}
void read_lock(struct rwlock *lock) { check(lock->state == 0); lock->state = 1; fake_locks_held++; }
void read_unlock(struct rwlock *lock)
{
    check(lock->state == 1);
    lock->state = 0;
    fake_locks_held--;
}
void write_lock(struct rwlock *lock)
{
    check(lock->state == 0);
    lock->state = 2;
    fake_locks_held++;
}
void write_unlock(struct rwlock *lock)
{
    check(lock->state == 2);
    lock->state = 0;
    fake_locks_held--;
}

struct frame *arch_gfn_to_frame(struct domain *d, gfn_t gfn)
{
    return mfn_valid(mfn_of(gfn.g)) && frame_get(mfn_to_frame(mfn_of(gfn.g)), d)
           ? mfn_to_frame(mfn_of(gfn.g)) : NULL;
}
bool frame_get(struct frame *f, const struct domain *d)
{
    if (!frame_refs(f) || frame_owner_id(f) != d->id)
        return false;
    f->count++;
    return true;
}
void frame_put(struct frame *f) { check(frame_refs(f)); f->count--; }
int frame_get_type(struct frame *f, enum frame_kind kind)
{
    if (frame_type_refs(f) && frame_kind(f) != kind)
        return -EINVAL;
    f->type = FRAME_TYPE(kind) | (frame_type_refs(f) + 1);
    return 0;
}
void frame_put_type(struct frame *f) { check(frame_type_refs(f)); f->type--; }
int frame_get_and_type(struct frame *f, const struct domain *d, enum frame_kind kind)
{
    if (!frame_get(f, d))
        return -EINVAL;
    int rc = frame_get_type(f, kind);
    if (rc)
        frame_put(f);
    return rc;
}
void frame_put_and_type(struct frame *f) { frame_put_type(f); frame_put(f); }
void frame_share_with(struct frame *f, struct domain *d, bool ro)
{
    (void)ro;
    f->count = FRAME_HYPERVISOR | (uint64_t)d->id << FRAME_OWNER_SHIFT | 1;
}
int frame_unshare(struct frame *f) { return frame_refs(f) == 1 ? 0 : -EBUSY; }
void frame_abandon(struct frame *f)
{
    assert_int_equal(frame_unshare(f), 0);
    free_pages(frame_to_virt(f), 0);
}
void arch_set_m2p(mfn_t mfn, uint64_t pfn) { (void)mfn, (void)pfn; }
void arch_frames_settle(struct frame *f, unsigned int order) { (void)f, (void)order; }
void arch_mark_dirty(struct domain *d, mfn_t mfn) { (void)d, (void)mfn; }
void arch_flush_domain_tlb(struct domain *d) { (void)d; flushes++; }
int arch_grant_map(uint64_t addr, mfn_t frame, unsigned int flags, unsigned int cache)
{
    (void)addr, (void)frame, (void)flags, (void)cache;
    assert_int_equal(fake_locks_held, 0);
    ptes += !map_rc;
    return map_rc;
}
int arch_grant_unmap(uint64_t addr, mfn_t frame, uint64_t new_addr, unsigned int flags,
                     bool *was_used)
{
    (void)addr, (void)frame, (void)new_addr, (void)flags;
    *was_used = pte_used;
    ptes -= !unmap_rc;
    return unmap_rc;
}
int domain_steal_frame(struct domain *d, struct frame *f)
{
    if (frame_refs(f) != 2 || frame_type_refs(f))
        return -EINVAL;
    (void)d;
    f->count = FRAME_ALLOCATED | (uint64_t)DOMID_INVALID << FRAME_OWNER_SHIFT | 1;
    return 0;
}
int domain_assign_frame(struct domain *d, struct frame *f, unsigned int order)
{
    (void)order;
    if (!assign_rc)
        f->count = FRAME_ALLOCATED | (uint64_t)d->id << FRAME_OWNER_SHIFT | 1;
    return assign_rc;
}
unsigned long copy_from_guest_va(void *to, uint64_t va, size_t n)
{
    return va ? (memcpy(to, (void *)va, n), 0) : n;
}
unsigned long copy_to_guest_va(uint64_t va, const void *from, size_t n)
{
    return va ? (memcpy((void *)va, from, n), 0) : n;
}
bool domain_get(struct domain *d) { d->refs++; return true; }
void domain_put(struct domain *d) { check(d->refs > 1); d->refs--; }
struct domain *domain_find(domid_t id)
{
    return id < DOMAINS && domain_get(&domains[id]) ? &domains[id] : NULL;
}
struct domain *domain_find_any(domid_t id)
{
    return domain_find(id == DOMID_SELF ? current->domain->id : id);
}
int domain_find_for(domid_t id, struct domain **out)
{
    struct domain *d = domain_find_any(id);
    if (!d)
        return -ESRCH;
    if (d != current->domain && !current->domain->is_privileged) {
        domain_put(d);
        return -EPERM;
    }
    *out = d;
    return 0;
}
struct domain *domain_first(void) { return &domains[0]; }
struct domain *domain_next(struct domain *d) { return d + 1 < domains + DOMAINS ? d + 1 : NULL; }
int refuse(const struct domain *d, int rc, const char *fmt, ...)
{
    (void)d, (void)fmt;
    return rc;
}
bool hypercall_preempt_check(void) { return preempt_after-- == 0; }
static unsigned long continued[3];
long hypercall_continue(unsigned int nr, unsigned int n, ...)
{
    va_list args;
    (void)nr;
    va_start(args, n);
    for (unsigned int i = 0; i < n; i++)
        continued[i] = va_arg(args, unsigned long);
    va_end(args);
    return -ERESTART;
}

/* ---- Stage ----------------------------------------------------------------------------------- */

static uint64_t gfn(unsigned int d, unsigned int i) { return 100 * (d + 1) + i; }
static struct frame *page(unsigned int d, unsigned int i)
{
    return mfn_to_frame(mfn_of(gfn(d, i)));
}
static char *bytes(unsigned int d, unsigned int i) { return frame_to_virt(page(d, i)); }
static void as(unsigned int d) { fake_current = &vcpus[d]; }

static int setup(void **state)
{
    (void)state;
    memset(domains, 0, sizeof(domains));
    heap_next = 1000;
    flushes = ptes = heap_pages = freed_pages = 0;
    map_rc = unmap_rc = assign_rc = 0;
    pte_used = true;
    preempt_after = ~0u;
    for (unsigned int i = 0; i < DOMAINS; i++) {
        domains[i].id = (domid_t)i;
        domains[i].refs = 1;
        domains[i].is_privileged = i == 0;
        vcpus[i].domain = &domains[i];
        vcpus[i].vcpu_id = i;
        assert_int_equal(grant_table_create(&domains[i], 4, 2), 0);
        for (unsigned int k = 0; k < PAGES; k++) {
            *page(i, k) = (struct frame){
                .count = FRAME_ALLOCATED | (uint64_t)i << FRAME_OWNER_SHIFT | 1 };
            memset(bytes(i, k), (int)(16 * i + k), PAGE_SIZE);
        }
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    assert_int_equal(fake_locks_held, 0);
    for (unsigned int i = 0; i < DOMAINS; i++) {
        assert_int_equal(domains[i].refs, 1);
        for (grant_ref_t ref = 0; ref < grant_nr_entries(domains[i].grant); ref++) {
            struct grant_active *act = active_of(domains[i].grant, ref);
            assert_int_equal(act->readers + act->writers, 0);
        }
        grant_table_destroy(&domains[i]);
        for (unsigned int k = 0; k < PAGES; k++) {
            assert_true(frame_refs(page(i, k)) <= 1);
            assert_int_equal(frame_type_refs(page(i, k)), 0);
        }
    }
    assert_int_equal(heap_pages, 0);
    return 0;
}

static struct grant_entry_v1 *e1(unsigned int d, grant_ref_t ref)
{
    return v1_entry(domains[d].grant, ref);
}

static void grant1(unsigned int d, grant_ref_t ref, unsigned int to, unsigned int i, uint16_t flags)
{
    *e1(d, ref) = (struct grant_entry_v1){ .flags = GTF_permit_access | flags, .domid = (domid_t)to,
                                           .frame = (uint32_t)gfn(d, i) };
}

static struct gnttab_map_grant_ref map(unsigned int d, grant_ref_t ref, uint32_t flags)
{
    struct gnttab_map_grant_ref op = { .host_addr = 0x1000, .flags = flags, .ref = ref,
                                       .dom = (domid_t)d };
    assert_int_equal(do_grant_table_op(GNTTABOP_map_grant_ref, (uint64_t)&op, 1), 0);
    return op;
}

static int unmap(grant_handle_t handle, uint64_t host, uint64_t dev)
{
    struct gnttab_unmap_grant_ref op = { .host_addr = host, .dev_bus_addr = dev, .handle = handle };
    assert_int_equal(do_grant_table_op(GNTTABOP_unmap_grant_ref, (uint64_t)&op, 1), 0);
    return op.status;
}

static struct gnttab_copy_ptr by_ref(unsigned int d, grant_ref_t ref, uint16_t offset)
{
    return (struct gnttab_copy_ptr){ .u.ref = ref, .domid = (domid_t)d, .offset = offset };
}

static struct gnttab_copy_ptr own(unsigned int d, unsigned int i, uint16_t offset)
{
    return (struct gnttab_copy_ptr){ .u.gmfn = gfn(d, i), .domid = DOMID_SELF, .offset = offset };
}

static int copy(struct gnttab_copy_ptr from, struct gnttab_copy_ptr to, uint16_t len,
    uint16_t flags)
{
    struct gnttab_copy op = { .source = from, .dest = to, .len = len, .flags = flags };
    assert_int_equal(do_grant_table_op(GNTTABOP_copy, (uint64_t)&op, 1), 0);
    return op.status;
}

/* ---- Maps ------------------------------------------------------------------------------------ */

static void test_map(void **state)
{
    (void)state;
    grant1(1, 9, 2, 3, 0);
    as(2);
    struct gnttab_map_grant_ref a = map(1, 9, GNTMAP_host_map);
    assert_int_equal(a.status, GNTST_okay);
    assert_int_equal(a.dev_bus_addr, gfn(1, 3) << 12);
    assert_int_equal(e1(1, 9)->flags, GTF_permit_access | GTF_reading | GTF_writing);
    assert_int_equal(frame_type_refs(page(1, 3)), 1);
    assert_int_equal(domains[1].refs, 2);
    struct gnttab_map_grant_ref b = map(1, 9,
        GNTMAP_host_map | GNTMAP_device_map | GNTMAP_readonly);
    assert_int_equal(b.status, GNTST_okay);
    assert_int_not_equal(a.handle, b.handle);
    assert_int_equal(frame_refs(page(1, 3)), 1 + 1 + 2);

    assert_int_equal(unmap(a.handle, 0x1000, 0), GNTST_okay);
    assert_int_equal(flushes, 1);
    assert_int_equal(e1(1, 9)->flags, GTF_permit_access | GTF_reading);
    assert_int_equal(unmap(a.handle, 0x1000, 0), GNTST_bad_handle);
    pte_used = false;                           /* no TLB can know it */
    assert_int_equal(unmap(b.handle, 0x1000, 0), GNTST_okay);
    assert_int_equal(flushes, 1);
    assert_int_equal(unmap(b.handle, 0x1000, 0), GNTST_okay);           /* that half is gone */
    assert_int_equal(unmap(b.handle, 0, 0x5000), GNTST_bad_dev_addr);
    assert_int_equal(unmap(b.handle, 0, b.dev_bus_addr), GNTST_okay);
    assert_int_equal(unmap(b.handle, 0, b.dev_bus_addr), GNTST_bad_handle);
    assert_int_equal(e1(1, 9)->flags, GTF_permit_access);
    assert_int_equal(ptes, 0);
}

static void test_map_refused(void **state)
{
    (void)state;
    as(2);
    assert_int_equal(map(1, 9, GNTMAP_host_map).status, GNTST_general_error);
    grant1(1, 9, 0, 3, 0);
    assert_int_equal(map(1, 9, GNTMAP_host_map).status, GNTST_general_error);
    grant1(1, 9, 2, 3, GTF_readonly);
    assert_int_equal(map(1, 9, GNTMAP_host_map).status, GNTST_general_error);
    assert_int_equal(e1(1, 9)->flags, GTF_permit_access | GTF_readonly);
    assert_int_equal(map(1, 9, GNTMAP_readonly).status, GNTST_bad_gntref);
    assert_int_equal(map(1, 2048, GNTMAP_host_map).status, GNTST_bad_gntref);
    assert_int_equal(map(7, 9, GNTMAP_host_map).status, GNTST_bad_domain);
    grant1(1, 9, 2, 3, GTF_PCD);
    assert_int_equal(map(1, 9, GNTMAP_host_map).status, GNTST_general_error);
    assert_int_equal(e1(1, 9)->flags, GTF_permit_access | GTF_PCD);
    grant1(1, 9, 2, 3, 0);
    e1(1, 9)->frame = (uint32_t)gfn(0, 0);              /* not d1's to give */
    assert_int_equal(map(1, 9, GNTMAP_host_map).status, GNTST_bad_page);
    e1(1, 9)->frame = 0xffffffff;
    assert_int_equal(map(1, 9, GNTMAP_host_map).status, GNTST_bad_page);
    assert_int_equal(e1(1, 9)->flags, GTF_permit_access);
    grant1(1, 9, 2, 3, 0);
    map_rc = GNTST_bad_virt_addr;
    assert_int_equal(map(1, 9, GNTMAP_host_map | GNTMAP_device_map).status, GNTST_bad_virt_addr);
    map_rc = 0;
    /* a page table is never mapped for writing */
    page(1, 3)->type = FRAME_TYPE(FRAME_KIND_L1) | 1;
    assert_int_equal(map(1, 9, GNTMAP_host_map).status, GNTST_general_error);
    page(1, 3)->type = 0;
    *e1(1, 10) = (struct grant_entry_v1){ .flags = GTF_accept_transfer | GTF_transfer_completed,
                                          .domid = 2 };
    assert_int_equal(map(1, 10, GNTMAP_host_map).status, GNTST_general_error);
    assert_int_equal(e1(1, 10)->flags, GTF_accept_transfer | GTF_transfer_completed);

    struct gnttab_map_grant_ref a = map(1, 9, GNTMAP_host_map);
    unmap_rc = GNTST_general_error;
    assert_int_equal(unmap(a.handle, 0x1000, 0), GNTST_general_error);
    unmap_rc = 0;
    assert_int_equal(unmap(a.handle + 1, 0x1000, 0), GNTST_bad_handle);
    assert_int_equal(unmap(~0u, 0x1000, 0), GNTST_bad_handle);
    assert_int_equal(unmap(a.handle, 0x1000, 0), GNTST_okay);
}

static void test_handles_run_out(void **state)
{
    (void)state;
    static struct gnttab_map_grant_ref ops[1100];
    static struct gnttab_unmap_grant_ref undo[1024];
    grant1(1, 9, 2, 3, GTF_readonly);
    as(2);
    for (int i = 0; i < 1100; i++) {
        ops[i] = (struct gnttab_map_grant_ref){ .host_addr = 0x1000, .ref = 9, .dom = 1,
                                                .flags = GNTMAP_host_map | GNTMAP_readonly };
    }
    preempt_after = 700;
    assert_int_equal(do_grant_table_op(GNTTABOP_map_grant_ref, (uint64_t)ops, 1100), -ERESTART);
    assert_int_equal(continued[1], (uint64_t)&ops[701]);
    assert_int_equal(continued[2], 1100 - 701);
    assert_int_equal(do_grant_table_op((unsigned)continued[0], continued[1],
                     (unsigned)continued[2]), 0);
    for (int i = 0; i < 1100; i++)
        assert_int_equal(ops[i].status, i < 1024 ? GNTST_okay : GNTST_no_space);
    for (int i = 0; i < 1024; i++)
        undo[i] = (struct gnttab_unmap_grant_ref){ .host_addr = 0x1000, .handle = ops[i].handle };
    assert_int_equal(do_grant_table_op(GNTTABOP_unmap_grant_ref, (uint64_t)undo, 1024), 0);
    assert_int_equal(flushes, 1024 / UNMAP_BATCH);
    assert_int_equal(ptes, 0);
    assert_int_equal(e1(1, 9)->flags, GTF_permit_access | GTF_readonly);
}

static void test_release(void **state)
{
    (void)state;
    grant1(1, 9, 2, 3, 0);
    as(2);
    for (int i = 0; i < 200; i++)
        assert_int_equal(map(1, 9, GNTMAP_host_map | GNTMAP_device_map).status, GNTST_okay);
    as(0);
    domains[2].dying = DOMAIN_DYING;
    int rc, calls = 0;
    while ((rc = grant_table_release_mappings(&domains[2])) == -ERESTART)
        calls++;
    assert_int_equal(rc, 0);
    assert_true(calls > 1);
    for (int i = 0; i < 200; i++) {
        frame_put_and_type(page(1, 3));                 /* as the page tables' end does */
    }
    assert_int_equal(e1(1, 9)->flags, GTF_permit_access);
}

/* ---- Copies ---------------------------------------------------------------------------------- */

static void test_copy(void **state)
{
    (void)state;
    grant1(1, 9, 2, 3, GTF_readonly);
    grant1(1, 10, 2, 4, 0);
    as(2);
    assert_int_equal(copy(by_ref(1, 9, 10), own(2, 5, 100), 50, GNTCOPY_source_gref), GNTST_okay);
    assert_int_equal(bytes(2, 5)[99], 0x25);
    assert_int_equal(bytes(2, 5)[100], 0x13);
    assert_int_equal(bytes(2, 5)[149], 0x13);
    assert_int_equal(bytes(2, 5)[150], 0x25);
    assert_int_equal(copy(own(2, 6, 0), by_ref(1, 10, 0), 4096, GNTCOPY_dest_gref), GNTST_okay);
    assert_int_equal(bytes(1, 4)[4095], 0x26);
    assert_int_equal(copy(own(2, 6, 0), by_ref(1, 9, 0), 1, GNTCOPY_dest_gref),
                     GNTST_general_error);
    assert_int_equal(copy(own(2, 6, 1), own(2, 7, 0), 4096, 0), GNTST_bad_copy_arg);
    assert_int_equal(copy(own(2, 6, 0), own(2, 7, 0xffff), 0xffff, 0), GNTST_bad_copy_arg);
    struct gnttab_copy_ptr foreign = own(1, 1, 0);
    assert_int_equal(copy(foreign, own(2, 7, 0), 1, 0), GNTST_bad_page);
    foreign.domid = 1;
    assert_int_equal(copy(foreign, own(2, 7, 0), 1, 0), GNTST_permission_denied);
    page(2, 7)->type = FRAME_TYPE(FRAME_KIND_L4) | 1;
    assert_int_equal(copy(own(2, 6, 0), own(2, 7, 0), 1, 0), GNTST_general_error);
    page(2, 7)->type = 0;
    grant1(1, 11, 2, 7, 0);
    page(1, 7)->type = FRAME_TYPE(FRAME_KIND_L4) | 1;
    assert_int_equal(copy(own(2, 6, 0), by_ref(1, 11, 0), 1, GNTCOPY_dest_gref),
                     GNTST_general_error);
    page(1, 7)->type = 0;
    assert_int_equal(e1(1, 11)->flags, GTF_permit_access);
    assert_int_equal(e1(1, 10)->flags, GTF_permit_access);
    /* overlaps itself */
    assert_int_equal(copy(own(2, 6, 0), own(2, 6, 8), 100, 0), GNTST_okay);
}

static void test_copy_batch(void **state)
{
    (void)state;
    struct gnttab_copy ops[8];
    grant1(1, 9, 2, 3, 0);
    as(2);
    for (uint16_t i = 0; i < 8; i++) {
        ops[i] = (struct gnttab_copy){ .source = own(2, i, 0), .dest = by_ref(1, 9, 16 * i),
            .len = 16,
                                       .flags = GNTCOPY_dest_gref };
    }
    ops[4].dest.u.ref = 99999;
    assert_int_equal(do_grant_table_op(GNTTABOP_copy, (uint64_t)ops, 8), 0);
    for (int i = 0; i < 8; i++) {
        assert_int_equal(ops[i].status, i == 4 ? GNTST_bad_gntref : GNTST_okay);
        assert_int_equal(bytes(1, 3)[16 * i + 3], i == 4 ? 0x13 : 0x20 + i);
    }
    assert_int_equal(e1(1, 9)->flags, GTF_permit_access);
}

/* ---- Version 2 ------------------------------------------------------------------------------- */

static long set_version(uint32_t version)
{
    struct gnttab_set_version op = { .version = version };
    return do_grant_table_op(GNTTABOP_set_version, (uint64_t)&op, 1);
}

static union grant_entry_v2 *e2(unsigned int d, grant_ref_t ref)
{
    return v2_entry(domains[d].grant, ref);
}

static void test_version(void **state)
{
    (void)state;
    grant1(1, 1, 0, 2, 0);
    grant1(1, 9, 2, 3, 0);
    as(0);
    /* a reserved entry, in use */
    struct gnttab_map_grant_ref store = map(1, 1, GNTMAP_host_map);
    as(2);
    struct gnttab_map_grant_ref other = map(1, 9, GNTMAP_host_map);
    as(1);
    assert_int_equal(set_version(3), -EINVAL);
    assert_int_equal(set_version(2), -EBUSY);
    as(2);
    unmap(other.handle, 0x1000, 0);
    as(1);
    assert_int_equal(set_version(2), 0);
    assert_int_equal(e2(1, 1)->full_page.frame, gfn(1, 2));
    assert_int_equal(e2(1, 1)->hdr.flags, GTF_permit_access);
    assert_int_equal(e2(1, 9)->hdr.flags, 0);
    assert_int_equal(domains[1].grant->status[0][1], GTF_reading | GTF_writing);

    uint64_t list[4] = { 0 };
    struct gnttab_get_status_frames st = { .nr_frames = 1, .dom = DOMID_SELF,
        .frame_list = { list } };
    assert_int_equal(do_grant_table_op(GNTTABOP_get_status_frames, (uint64_t)&st, 1), 0);
    assert_int_equal(st.status, GNTST_okay);
    assert_int_equal(list[0], mfn_nr(virt_to_mfn(domains[1].grant->status[0])));

    as(0);
    assert_int_equal(unmap(store.handle, 0x1000, 0), GNTST_okay);
    assert_int_equal(domains[1].grant->status[0][1], 0);
    as(1);
    e2(1, 0)->full_page.frame = 1ull << 40;
    assert_int_equal(set_version(1), -ERANGE);
    e2(1, 0)->full_page.frame = 0;
    assert_int_equal(set_version(1), 0);
    assert_int_equal(e1(1, 1)->frame, gfn(1, 2));
    assert_int_equal(set_version(2), 0);
    struct gnttab_get_version v = { .dom = DOMID_SELF };
    assert_int_equal(do_grant_table_op(GNTTABOP_get_version, (uint64_t)&v, 1), 0);
    assert_int_equal(v.version, 2);
}

static void test_v2_grants(void **state)
{
    (void)state;
    as(1);
    assert_int_equal(set_version(2), 0);
    as(0);
    assert_int_equal(set_version(2), 0);
    *e2(1, 20) = (union grant_entry_v2){ .full_page = { { GTF_permit_access, 2 }, 0, gfn(1, 3) } };
    *e2(1, 21) = (union grant_entry_v2){ .sub_page = { { GTF_permit_access | GTF_sub_page, 2 },
                                                       100, 50, gfn(1, 4) } };
    *e2(1, 22) = (union grant_entry_v2){ .sub_page = { { GTF_permit_access | GTF_sub_page, 2 },
                                                       4000, 200, gfn(1, 4) } };
    /* d0 lets d2 see what d1 grants to d0. */
    *e2(1, 23) = (union grant_entry_v2){ .full_page = { { GTF_permit_access, 0 }, 0, gfn(1, 5) } };
    *e2(0, 30) = (union grant_entry_v2){ .transitive = { { GTF_transitive, 2 }, 1, 0, 23 } };
    *e2(0, 31) = (union grant_entry_v2){ .transitive = { { GTF_transitive, 2 }, 0, 0, 30 } };
    as(2);
    struct gnttab_map_grant_ref a = map(1, 20, GNTMAP_host_map);
    assert_int_equal(a.status, GNTST_okay);
    assert_int_equal(domains[1].grant->status[0][20], GTF_reading | GTF_writing);
    assert_int_equal(e2(1, 20)->hdr.flags, GTF_permit_access);
    assert_int_equal(unmap(a.handle, 0x1000, 0), GNTST_okay);
    assert_int_equal(domains[1].grant->status[0][20], 0);

    assert_int_equal(map(1, 21, GNTMAP_host_map | GNTMAP_readonly).status, GNTST_general_error);
    assert_int_equal(map(0, 30, GNTMAP_host_map | GNTMAP_readonly).status, GNTST_general_error);
    assert_int_equal(copy(by_ref(1, 21, 100), own(2, 5, 0), 50, GNTCOPY_source_gref), GNTST_okay);
    assert_int_equal(bytes(2, 5)[49], 0x14);
    assert_int_equal(copy(by_ref(1, 21, 100), own(2, 5, 0), 51, GNTCOPY_source_gref),
                     GNTST_general_error);
    assert_int_equal(copy(by_ref(1, 21, 99), own(2, 5, 0), 2, GNTCOPY_source_gref),
                     GNTST_general_error);
    assert_int_equal(copy(by_ref(1, 22, 4000), own(2, 5, 0), 2, GNTCOPY_source_gref),
                     GNTST_general_error);
    assert_int_equal(copy(by_ref(0, 30, 0), own(2, 6, 0), 4096, GNTCOPY_source_gref), GNTST_okay);
    assert_int_equal(bytes(2, 6)[4095], 0x15);
    assert_int_equal(copy(by_ref(0, 31, 0), own(2, 6, 0), 1, GNTCOPY_source_gref),
                     GNTST_general_error);
    grant_allow_transitive = false;
    assert_int_equal(copy(by_ref(0, 30, 0), own(2, 6, 0), 1, GNTCOPY_source_gref),
                     GNTST_general_error);
    grant_allow_transitive = true;
    for (int i = 20; i < 32; i++) {
        assert_int_equal(domains[1].grant->status[0][i], 0);
        assert_int_equal(domains[0].grant->status[0][i], 0);
    }
}

/* ---- The rest -------------------------------------------------------------------------------- */

static int transfer_to(unsigned int d, grant_ref_t ref, uint64_t mfn)
{
    struct gnttab_transfer op = { .mfn = mfn, .domid = (domid_t)d, .ref = ref };
    assert_int_equal(do_grant_table_op(GNTTABOP_transfer, (uint64_t)&op, 1), 0);
    return op.status;
}

static void test_transfer(void **state)
{
    (void)state;
    *e1(1, 9) = (struct grant_entry_v1){ .flags = GTF_accept_transfer, .domid = 2 };
    *e1(1, 10) = (struct grant_entry_v1){ .flags = GTF_accept_transfer, .domid = 2 };
    as(2);
    assert_int_equal(transfer_to(1, 9, gfn(1, 1)), GNTST_bad_page);
    assert_int_equal(transfer_to(6, 9, gfn(2, 1)), GNTST_bad_domain);
    page(2, 1)->count++;
    assert_int_equal(transfer_to(1, 9, gfn(2, 1)), GNTST_bad_page);
    page(2, 1)->count--;
    assert_int_equal(transfer_to(1, 9, gfn(2, 1)), GNTST_okay);
    assert_int_equal(frame_owner_id(page(2, 1)), 1);
    assert_int_equal(e1(1, 9)->frame, gfn(2, 1));
    assert_int_equal(e1(1, 9)->flags,
                     GTF_accept_transfer | GTF_transfer_committed | GTF_transfer_completed);
    assert_int_equal(transfer_to(1, 9, gfn(2, 2)), GNTST_general_error);        /* lost */
    assert_int_equal(freed_pages, 1);
    assign_rc = -ENOMEM;
    assert_int_equal(transfer_to(1, 10, gfn(2, 3)), GNTST_general_error);
    assert_int_equal(e1(1, 10)->flags, GTF_accept_transfer);
    assert_int_equal(freed_pages, 2);
}

static void test_tables(void **state)
{
    (void)state;
    uint64_t list[8] = { 0 };
    as(1);
    struct gnttab_setup_table s = { .dom = DOMID_SELF, .nr_frames = 3, .frame_list = { list } };
    assert_int_equal(do_grant_table_op(GNTTABOP_setup_table, (uint64_t)&s, 1), 0);
    assert_int_equal(s.status, GNTST_okay);
    assert_int_equal(list[2], mfn_nr(virt_to_mfn(domains[1].grant->shared[2])));
    s.nr_frames = 5;
    do_grant_table_op(GNTTABOP_setup_table, (uint64_t)&s, 1);
    assert_int_equal(s.status, GNTST_general_error);
    s.dom = 2;
    do_grant_table_op(GNTTABOP_setup_table, (uint64_t)&s, 1);
    assert_int_equal(s.status, GNTST_permission_denied);
    assert_int_equal(do_grant_table_op(GNTTABOP_setup_table, (uint64_t)&s, 2), -EINVAL);
    assert_int_equal(do_grant_table_op(GNTTABOP_setup_table, 0, 1), -EFAULT);
    assert_int_equal(do_grant_table_op(GNTTABOP_map_grant_ref, 0, 1), -EFAULT);
    assert_int_equal(do_grant_table_op(GNTTABOP_map_grant_ref, 0, 0), 0);
    assert_int_equal(do_grant_table_op(GNTTABOP_map_grant_ref, 0, ~0u), -EINVAL);
    assert_int_equal(do_grant_table_op(77, 0, 1), -ENOSYS);
    struct gnttab_query_size q = { .dom = DOMID_SELF };
    do_grant_table_op(GNTTABOP_query_size, (uint64_t)&q, 1);
    assert_int_equal(q.nr_frames, 3);
    assert_int_equal(q.max_nr_frames, 4);
    mfn_t mfn;
    assert_int_equal(grant_table_frame(&domains[1], 3, &mfn), 0);
    assert_int_equal(domains[1].grant->nr_frames, 4);
    assert_int_equal(grant_table_frame(&domains[1], 4, &mfn), -EINVAL);
    assert_int_equal(grant_table_frame(&domains[1], GRANT_STATUS_FRAME, &mfn), -EINVAL);

    grant1(1, 9, 2, 3, 0);
    grant1(1, 10, 0, 4, GTF_readonly);
    struct gnttab_swap_grant_ref w = { .ref_a = 9, .ref_b = 10 };
    do_grant_table_op(GNTTABOP_swap_grant_ref, (uint64_t)&w, 1);
    assert_int_equal(w.status, GNTST_okay);
    assert_int_equal(e1(1, 10)->domid, 2);
    assert_int_equal(e1(1, 9)->frame, gfn(1, 4));
    as(2);
    struct gnttab_map_grant_ref m = map(1, 10, GNTMAP_host_map);
    as(1);
    do_grant_table_op(GNTTABOP_swap_grant_ref, (uint64_t)&w, 1);
    assert_int_equal(w.status, GNTST_eagain);
    as(2);
    unmap(m.handle, 0x1000, 0);
}

static void test_options(void **state)
{
    (void)state;
    assert_int_equal(parse_gnttab("max-ver:1,transitive=0"), 0);
    assert_int_equal(grant_max_version, 1);
    assert_false(grant_allow_transitive);
    as(1);
    assert_int_equal(set_version(2), -ENOSYS);
    assert_int_equal(parse_gnttab("max-ver:2,transitive"), 0);
    assert_int_equal(parse_gnttab("max-ver:3"), -EINVAL);
}

int main(void)
{
    fake_machine_start();
#define T(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(map), T(map_refused), T(handles_run_out), T(release), T(copy), T(copy_batch), T(version),
        T(v2_grants), T(transfer), T(tables), T(options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
