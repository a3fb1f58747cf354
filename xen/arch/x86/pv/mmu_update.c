/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * HYPERVISOR_mmu_update and update_va_mapping: a guest changes entries of its live page tables.
 *
 * Requests are read from the guest many at a time, and the table that consecutive requests share
 * stays locked between them.  Lock: the table's FRAME_TABLE_LOCK; one table at a time.
 */
#include <lib/math.h>
#include <xen/arch.h>
#include <xen/assert.h>
#include <xen/atomic.h>
#include <xen/guest_access.h>
#include <x86/guest_word.h>
#include <xen/hypercall.h>

#include "l1_entry.h"
#include "private.h"

/* foreigndom: low half names whose frames are mapped, high half (id + 1) whose tables are
 * changed. */
struct update_domains {
    struct domain *table;       /* NULL after a failure */
    struct domain *frames;
    bool put_table, put_frames;
};

static int domains_get(unsigned int foreigndom, struct update_domains *u)
{
    domid_t frames = (domid_t)foreigndom, tables = (domid_t)(foreigndom >> 16);

    *u = (struct update_domains){ .table = current->domain, .frames = current->domain };
    if (likely(foreigndom == DOMID_SELF))
        return 0;
    if (tables) {
        int rc = domain_find_for((domid_t)(tables - 1), &u->table);
        if (rc)
            return rc;
        u->put_table = true;
        u->frames = u->table;
    }
    if (frames == DOMID_SELF)
        return 0;
    /* DOMID_IO: device memory of the caller's; DOMID_XEN: our pages, which only dom0 may name. */
    if (frames == DOMID_IO && current->domain->is_privileged) {
        u->frames = current->domain;
        return 0;
    }
    if (frames == DOMID_XEN && current->domain->is_privileged) {
        u->frames = system_domain_xen;
        return 0;
    }
    int rc = domain_find_for(frames, &u->frames);
    if (!rc)
        u->put_frames = true;
    else if (u->put_table)
        domain_put(u->table);
    return rc;
}

static void domains_put(struct update_domains *u)
{
    if (u->put_frames)
        domain_put(u->frames);
    if (u->put_table)
        domain_put(u->table);
}

static int replace_table_entry(struct update_domains *u, unsigned int level, pte_t *pe, pte_t new,
                               bool preserve_ad)
{
    const pte_t what = PTE_ADDR_MASK | PTE_PRESENT | PTE_PSE;
    pte_t old = *pe;

    if (level == 4 && ((uint64_t)pe >> 3 & 511) >= SLOT_FIRST &&
        ((uint64_t)pe >> 3 & 511) <= SLOT_LAST)
        return refuse(u->table, -EPERM, "writes to our slots of an L4 table");
    if ((new & PTE_PRESENT) && ((old ^ new) & what) == 0) {
        pte_t e = (new | PTE_USER) & ~(pte_t)PTE_GLOBAL;
        if (e >> 59 & 0xf)
            return -EINVAL;
        *pe = preserve_ad ? e | (old & (PTE_ACCESSED | PTE_DIRTY)) : e;
        return 0;
    }
    int rc = pv_entry_get(u->table, u->table, level, &new, true);
    if (rc)
        return rc;
    *pe = new;
    /* When giving back the old subtree is preempted, the request is made again, finds its entry in
     * place, and is done. */
    return old & PTE_PRESENT ? pv_put_table_later(mfn_to_frame(pte_mfn(old))) : 0;
}

static int update_entry(struct update_domains *u, struct frame *f, pte_t *pe, pte_t new,
                        bool preserve_ad)
{
    uint64_t type = read_once(f->type);
    pte_t before;

    if (!(type & FRAME_VALIDATED) || !(type & FRAME_TYPE_REFS_MASK))
        return -EAGAIN;
    switch (frame_kind(f)) {
    case FRAME_KIND_L1:
        return pv_l1_exchange(u->table, u->frames, pe, new, preserve_ad, &before);
    case FRAME_KIND_L2: return replace_table_entry(u, 2, pe, new, preserve_ad);
    case FRAME_KIND_L3: return replace_table_entry(u, 3, pe, new, preserve_ad);
    case FRAME_KIND_L4: return replace_table_entry(u, 4, pe, new, preserve_ad);
    default:
        return -EAGAIN;
    }
}

/* Not (any more) a table: plain memory of the guest's, which the update simply writes. */
static int write_plain(struct frame *f, pte_t *pe, pte_t new)
{
    int rc = frame_get_type(f, FRAME_KIND_WRITABLE);
    if (rc)
        return rc;
    write_once(*pe, new);
    frame_put_type(f);
    return 0;
}

/* The table of the previous request, still locked. */
struct locked_table { struct frame *frame; };

static void release(struct locked_table *t)
{
    if (!t->frame)
        return;
    frame_unlock_table(t->frame);
    frame_put(t->frame);
    t->frame = NULL;
}

static int do_table_request(struct update_domains *u, struct locked_table *t, uint64_t ptr,
                            pte_t val, bool preserve_ad)
{
    mfn_t mfn = maddr_to_mfn(maddr_of(ptr));
    pte_t *pe = (pte_t *)((char *)mfn_to_virt(mfn) + (ptr & (PAGE_SIZE - 1)));

    if (unlikely(ptr & 7))
        return refuse(u->table, -EINVAL, "mmu_update of %lx, which is not aligned", ptr);
    if (unlikely(!t->frame || !mfn_eq(frame_to_mfn(t->frame), mfn))) {
        release(t);
        if (!mfn_valid_inline(mfn) || !frame_get_inline(mfn_to_frame(mfn), u->table))
            return refuse(u->table, -EINVAL, "mmu_update of mfn %lx, which is not its memory",
                          mfn.m);
        struct frame *f = mfn_to_frame(mfn);
        enum frame_kind kind = frame_kind(f);
        if (kind < FRAME_KIND_L1 || kind > FRAME_KIND_L4) {
            int rc = write_plain(f, pe, val);
            frame_put(f);
            return rc;
        }
        frame_lock_table_inline(f);
        t->frame = f;
    }
    int rc = update_entry(u, t->frame, pe, val, preserve_ad);
    if (rc == -EAGAIN) {
        struct frame *f = t->frame;
        frame_unlock_table(f);
        t->frame = NULL;
        rc = write_plain(f, pe, val);
        frame_put(f);
    }
    return rc;
}

static int set_m2p(struct update_domains *u, uint64_t ptr, uint64_t val)
{
    mfn_t mfn = maddr_to_mfn(maddr_of(ptr));

    if (frame_is_io(mfn) || !frame_get(mfn_to_frame(mfn), u->frames))
        return refuse(u->table, -EINVAL, "M2P update of mfn %lx, which is not its memory", mfn.m);
    arch_set_m2p(mfn, val);
    frame_put(mfn_to_frame(mfn));
    return 0;
}

static int do_request(struct update_domains *u, struct locked_table *t, const struct mmu_update *r)
{
    switch (r->ptr & 3) {
    case MMU_NORMAL_PT_UPDATE:
    case MMU_PT_UPDATE_NO_TRANSLATE:            /* nothing is ever translated here */
        return do_table_request(u, t, r->ptr & ~3UL, r->val, false);
    case MMU_PT_UPDATE_PRESERVE_AD:
        return do_table_request(u, t, r->ptr & ~3UL, r->val, true);
    case MMU_MACHPHYS_UPDATE:
        return set_m2p(u, r->ptr, r->val);
    default:
        return -EOPNOTSUPP;
    }
}

/*
 * One entry of one of the caller's own L1 tables: what every page fault asks for.  -EAGAIN:
 * anything else, nothing done.
 */
static long update_one(struct vcpu *v, uint64_t ureq)
{
    struct domain *d = v->domain;
    uint64_t ptr, val;

    if (unlikely(!guest_range_ok(ureq, sizeof(struct mmu_update))))
        return -EAGAIN;
    guest_access_begin();
    bool got = guest_load_word(ureq, &ptr);
    got &= guest_load_word(ureq + 8, &val);
    guest_access_end();
    mfn_t mfn = maddr_to_mfn(maddr_of(ptr));
    unsigned int cmd = ptr & 7;
    if (unlikely(!got) || (cmd != MMU_NORMAL_PT_UPDATE && cmd != MMU_PT_UPDATE_PRESERVE_AD) ||
        !mfn_valid_inline(mfn))
        return -EAGAIN;
    struct frame *f = mfn_to_frame(mfn);
    if (frame_kind(f) != FRAME_KIND_L1 || !frame_get_inline(f, d))
        return -EAGAIN;
    frame_lock_table_inline(f);
    uint64_t type = read_once(f->type);
    long rc = -EAGAIN;
    if (likely((type & (FRAME_TYPE_MASK | FRAME_VALIDATED)) ==
                   (FRAME_TYPE(FRAME_KIND_L1) | FRAME_VALIDATED) &&
               (uint32_t)type)) {
        pte_t before, *pe = (pte_t *)((char *)mfn_to_virt(mfn) + (ptr & (PAGE_SIZE - 8)));
        rc = pv_l1_exchange(d, d, pe, val, cmd == MMU_PT_UPDATE_PRESERVE_AD, &before);
    }
    frame_unlock_table_inline(f);
    frame_put_inline(f);
    return rc;
}

#define BATCH 32

static long update_many(uint64_t ureqs, unsigned int count, uint64_t pdone, unsigned int foreigndom)
{
    struct mmu_update batch[BATCH];
    struct locked_table table = { NULL };
    struct update_domains u;
    unsigned int done = 0, done_before = 0;

    if (unlikely(count & MMU_UPDATE_PREEMPTED)) {
        count &= ~MMU_UPDATE_PREEMPTED;
        if (pdone && copy_arg_from_guest(&done_before, pdone))
            return -EFAULT;
    }
    long rc = domains_get(foreigndom, &u);
    if (rc)
        return rc;
    rc = pv_finish_put(current);

    while (done < count && !rc) {
        unsigned int n = min(count - done, (unsigned int)BATCH);
        if (copy_from_guest_va(batch, ureqs + done * sizeof(batch[0]), n * sizeof(batch[0]))) {
            rc = -EFAULT;
            break;
        }
        for (unsigned int i = 0; i < n && !rc; i++) {
            rc = do_request(&u, &table, &batch[i]);
            if (!rc)
                done++;
        }
        if (!rc && done < count && hypercall_preempt_check())
            rc = -ERESTART;
    }
    release(&table);
    domains_put(&u);

    if (rc == -ERESTART) {
        done_before += done;
        if (pdone && copy_arg_to_guest(pdone, &done_before))
            return -EFAULT;
        return hypercall_continue(__HYPERVISOR_mmu_update, 4, ureqs + done * sizeof(batch[0]),
                                  (unsigned long)((count - done) | MMU_UPDATE_PREEMPTED), pdone,
                                  (unsigned long)foreigndom);
    }
    done_before += done;
    if (pdone && copy_arg_to_guest(pdone, &done_before))
        rc = -EFAULT;
    return rc;
}

long do_mmu_update(uint64_t ureqs, unsigned int count, uint64_t pdone, unsigned int foreigndom)
{
    struct vcpu *v = current;

    if (likely(count == 1 && foreigndom == DOMID_SELF && !pdone && !v->arch.pv.pending_put)) {
        long rc = update_one(v, ureqs);
        if (likely(rc != -EAGAIN))
            return rc;
    }
    return update_many(ureqs, count, pdone, foreigndom);
}

/*
 * The L1 table behind va, with a reference; NULL: none.
 *
 * The tables above it are read without references, while another vcpu may be taking them away.
 * Interrupts are off: whoever gives a table a new use first waits until this CPU has flushed (it is
 * in dirty_cpus, and a flush that came before this walk came after the entry that leads to the
 * table was gone), so what is read here is still a table.
 */
static struct frame *walk_to_l1(struct vcpu *v, uint64_t va)
{
    mfn_t table = v->arch.pv.in_kernel ? v->arch.pv.kernel_table : v->arch.pv.user_table;
    unsigned long flags = irq_save();
    struct frame *f = NULL;

    for (unsigned int level = 4; level > 1; level--) {
        pte_t e = read_once(((pte_t *)mfn_to_virt(table))[pt_index(va, level)]);
        if (!(e & PTE_PRESENT) || (e & PTE_PSE))
            goto out;
        table = pte_mfn(e);
    }
    if (frame_get_inline(mfn_to_frame(table), v->domain))
        f = mfn_to_frame(table);
out:
    irq_restore(flags);
    return f;
}

struct frame *pv_find_l1(struct vcpu *v, uint64_t va, pte_t **pe)
{
    struct frame *f = pv_address_ok(va) ? walk_to_l1(v, va) : NULL;
    if (!f)
        return NULL;
    frame_lock_table_inline(f);
    /* Another vcpu may have taken the table away meanwhile: only what it is now, under the lock,
     * counts. */
    uint64_t type = read_once(f->type);
    if (frame_kind(f) == FRAME_KIND_L1 && (type & FRAME_VALIDATED) &&
        (type & FRAME_TYPE_REFS_MASK)) {
        *pe = (pte_t *)frame_to_virt(f) + pt_index(va, 1);
        return f;
    }
    pv_release_l1(f);
    return NULL;
}

void pv_release_l1(struct frame *table)
{
    frame_unlock_table_inline(table);
    frame_put_inline(table);
}

/* The flush that came with the update: nothing, one page or all, here or on a set of vcpus. */
static long flush_after_update(uint64_t va, unsigned long flags)
{
    struct domain *d = current->domain;
    unsigned long which = flags & ~UVMF_FLUSHTYPE_MASK;

    switch (flags & UVMF_FLUSHTYPE_MASK) {
    case UVMF_TLB_FLUSH:
        if (which == UVMF_LOCAL)
            tlb_flush_local();
        else
            tlb_flush_mask(d->dirty_cpus);
        return 0;
    case UVMF_INVLPG:
        if (which == UVMF_LOCAL)
            invlpg(va);
        else
            tlb_flush_page_mask(d->dirty_cpus, va);
        return 0;
    default:
        return 0;
    }
}

static long update_va(uint64_t va, pte_t val, unsigned long flags, struct domain *frames)
{
    pte_t *pe;
    struct frame *table = pv_find_l1(current, va, &pe);
    if (!table)
        return refuse(current->domain, -EINVAL, "update_va_mapping of %lx, which has no L1 table",
                      va);
    pte_t before;
    long rc = pv_l1_exchange(current->domain, frames, pe, val, false, &before);
    pv_release_l1(table);
    return rc ? rc : flush_after_update(va, flags);
}

long do_update_va_mapping(uint64_t va, uint64_t val, unsigned long flags)
{
    return update_va(va, val, flags, current->domain);
}

long do_update_va_mapping_otherdomain(uint64_t va, uint64_t val, unsigned long flags,
                                      unsigned int domid)
{
    struct update_domains u;
    long rc = domains_get(domid & 0xffff, &u);
    if (rc)
        return rc;
    rc = update_va(va, val, flags, u.frames);
    domains_put(&u);
    return rc;
}
