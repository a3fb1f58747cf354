/* SPDX-License-Identifier: GPL-2.0-only */
/* HYPERVISOR_mmuext_op: pinning and loading page tables, flushing, and whole-page operations. */
#include <asm/insn.h>
#include <lib/bitmap.h>
#include <lib/math.h>
#include <lib/string.h>
#include <x86/guest_word.h>
#include <xen/arch.h>
#include <xen/assert.h>
#include <xen/atomic.h>
#include <xen/guest_access.h>
#include <xen/hypercall.h>

#include "private.h"

static struct frame *own_frame(struct domain *d, uint64_t mfn)
{
    if (frame_is_io(mfn_of(mfn)) || !frame_get(mfn_to_frame(mfn_of(mfn)), d))
        return NULL;
    return mfn_to_frame(mfn_of(mfn));
}

static int pin(struct domain *d, uint64_t mfn, enum frame_kind kind)
{
    struct frame *f = own_frame(d, mfn);
    if (!f)
        return refuse(d, -EINVAL, "pins mfn %lx, which is not its memory", mfn);
    int rc = frame_get_type_preemptible(f, kind);
    if (!rc) {
        /* The pin keeps both references; a second pin has nothing to keep. */
        uint64_t old = read_once(f->type);
        do {
            if (old & FRAME_PINNED)
                rc = -EINVAL;
        } while (!rc && !atomic_cas(&f->type, &old, old | FRAME_PINNED));
        if (!rc)
            return 0;
        /* Meanwhile it may have become the last one to hold the table. */
        int later = pv_put_table_later(f);
        (void)later;
        return refuse(d, rc, "pins mfn %lx twice", mfn);
    }
    frame_put(f);
    return rc;
}

static int unpin(struct domain *d, uint64_t mfn)
{
    struct frame *f = own_frame(d, mfn);
    if (!f)
        return refuse(d, -EINVAL, "unpins mfn %lx, which is not its memory", mfn);
    int rc = -EINVAL;
    uint64_t old = read_once(f->type);
    while ((old & FRAME_PINNED) && rc)
        if (atomic_cas(&f->type, &old, old & ~FRAME_PINNED))
            rc = 0;
    frame_put(f);
    if (rc)
        return refuse(d, rc, "unpins mfn %lx, which is not pinned", mfn);
    /* The pin is gone now; giving back what it held may take until later, but is not the guest's to
     * ask for again. */
    rc = pv_put_table_later(f);
    return rc == -ERESTART ? 0 : rc;
}

/* Copy of a guest's set of vcpus -> the CPUs that have their tables loaded. */
static int vcpus_to_cpus(struct domain *d, uint64_t bitmap_va, struct cpumask *cpus)
{
    bitmap_zero(cpus->bits, cpu_count);
    for (unsigned int base = 0; base < d->max_vcpus; base += 64) {
        uint64_t bits = 0;
        size_t bytes = min((d->max_vcpus - base + 7) / 8, 8u);
        if (copy_from_guest_va(&bits, bitmap_va + base / 8, bytes))
            return -EFAULT;
        for (; bits; bits &= bits - 1) {
            unsigned int id = base + first_bit(bits);
            if (id >= d->max_vcpus || !d->vcpu[id])
                continue;
            unsigned int cpu = read_once(d->vcpu[id]->arch.loaded_on);
            cpus->bits[cpu / 64] |= 1UL << (cpu % 64);
        }
    }
    bitmap_and(cpus->bits, cpus->bits, d->dirty_cpus->bits, cpu_count);
    return 0;
}

static int flush_some(struct domain *d, uint64_t bitmap_va, bool page, uint64_t va)
{
    struct cpumask cpus;
    int rc = vcpus_to_cpus(d, bitmap_va, &cpus);
    if (rc)
        return rc;
    if (page)
        tlb_flush_page_mask(&cpus, va);
    else
        tlb_flush_mask(&cpus);
    return 0;
}

static int set_ldt(struct vcpu *v, uint64_t base, uint32_t entries)
{
    if ((base & (PAGE_SIZE - 1)) || entries > 8192 || (entries && !pv_address_ok(base)))
        return refuse(v->domain, -EINVAL, "LDT at %lx with %u entries", base, entries);
    if (v->arch.pv.ldt_base == base && v->arch.pv.ldt_entries == entries)
        return 0;
    if (pv_drop_ldt(v))
        tlb_flush_local();
    v->arch.pv.ldt_base = base;
    v->arch.pv.ldt_entries = entries;
    pv_load_descriptor_tables(v);
    return 0;
}

/* Writes to a frame of the guest's that is not a live table: clear and copy. */
static int clear_frame(struct domain *d, uint64_t mfn)
{
    struct frame *f = own_frame(d, mfn);
    if (!f)
        return -EINVAL;
    int rc = frame_get_type(f, FRAME_KIND_WRITABLE);
    if (!rc) {
        memset(frame_to_virt(f), 0, PAGE_SIZE);
        frame_put_type(f);
    }
    frame_put(f);
    return rc;
}

static int copy_frame(struct domain *d, uint64_t to_mfn, uint64_t from_mfn)
{
    struct frame *from = own_frame(d, from_mfn);
    if (!from)
        return -EINVAL;
    struct frame *to = own_frame(d, to_mfn);
    int rc = to ? frame_get_type(to, FRAME_KIND_WRITABLE) : -EINVAL;
    if (!rc) {
        memcpy(frame_to_virt(to), frame_to_virt(from), PAGE_SIZE);
        frame_put_type(to);
    }
    if (to)
        frame_put(to);
    frame_put(from);
    return rc;
}

static int do_op(struct domain *d, const struct mmuext_op *op)
{
    struct vcpu *v = current;
    bool own = d == v->domain;

    switch (op->cmd) {
    case MMUEXT_PIN_L1_TABLE: return pin(d, op->arg1.mfn, FRAME_KIND_L1);
    case MMUEXT_PIN_L2_TABLE: return pin(d, op->arg1.mfn, FRAME_KIND_L2);
    case MMUEXT_PIN_L3_TABLE: return pin(d, op->arg1.mfn, FRAME_KIND_L3);
    case MMUEXT_PIN_L4_TABLE: return pin(d, op->arg1.mfn, FRAME_KIND_L4);
    case MMUEXT_UNPIN_TABLE: return unpin(d, op->arg1.mfn);
    case MMUEXT_CLEAR_PAGE: return clear_frame(d, op->arg1.mfn);
    case MMUEXT_COPY_PAGE: return copy_frame(d, op->arg1.mfn, op->arg2.src_mfn);
    }
    if (!own)
        return -EPERM;
    switch (op->cmd) {
    case MMUEXT_NEW_BASEPTR: return pv_set_base(v, mfn_of(op->arg1.mfn), false);
    case MMUEXT_NEW_USER_BASEPTR: return pv_set_base(v, mfn_of(op->arg1.mfn), true);
    case MMUEXT_TLB_FLUSH_LOCAL: tlb_flush_local(); return 0;
    case MMUEXT_INVLPG_LOCAL:
        if (pv_address_ok(op->arg1.linear_addr))
            invlpg(op->arg1.linear_addr);
        return 0;
    case MMUEXT_TLB_FLUSH_MULTI: return flush_some(d, (uint64_t)op->arg2.vcpumask.p, false, 0);
    case MMUEXT_INVLPG_MULTI:
        return flush_some(d, (uint64_t)op->arg2.vcpumask.p, true, op->arg1.linear_addr);
    case MMUEXT_TLB_FLUSH_ALL: tlb_flush_mask(d->dirty_cpus); return 0;
    case MMUEXT_INVLPG_ALL: tlb_flush_page_mask(d->dirty_cpus, op->arg1.linear_addr); return 0;
    case MMUEXT_FLUSH_CACHE:
    case MMUEXT_FLUSH_CACHE_GLOBAL:
        if (!d->is_privileged && rangeset_is_empty(d->iomem_caps))
            return refuse(d, -EACCES, "flushes caches without having a device");
        wbinvd();
        return 0;
    case MMUEXT_SET_LDT: return set_ldt(v, op->arg1.linear_addr, op->arg2.nr_ents);
    default: return -ENOSYS;
    }
}

#define BATCH 16

static long do_ops(uint64_t uops, unsigned int count, uint64_t pdone, unsigned int foreigndom)
{
    struct mmuext_op batch[BATCH];
    struct domain *d = current->domain;
    unsigned int done = 0, done_before = 0;
    bool put = false;
    long rc = 0;

    if (count & MMU_UPDATE_PREEMPTED) {
        count &= ~MMU_UPDATE_PREEMPTED;
        if (pdone && copy_arg_from_guest(&done_before, pdone))
            return -EFAULT;
    }
    if (foreigndom != DOMID_SELF) {
        rc = domain_find_for((domid_t)foreigndom, &d);
        if (rc)
            return rc;
        put = true;
    }
    /* Even when no operation is left: the last one may be what a put is left of. */
    rc = pv_finish_put(current);
    while (done < count && !rc) {
        unsigned int n = min(count - done, (unsigned int)BATCH);
        if (copy_from_guest_va(batch, uops + done * sizeof(batch[0]), n * sizeof(batch[0]))) {
            rc = -EFAULT;
            break;
        }
        for (unsigned int i = 0; i < n && !rc; i++) {
            rc = do_op(d, &batch[i]);
            if (rc)
                break;
            done++;
            rc = pv_finish_put(current);
        }
        if (!rc && done < count && hypercall_preempt_check())
            rc = -ERESTART;
    }
    if (put)
        domain_put(d);

    done_before += done;
    if (pdone && copy_arg_to_guest(pdone, &done_before))
        return -EFAULT;
    if (rc != -ERESTART)
        return rc;
    return hypercall_continue(__HYPERVISOR_mmuext_op, 4, uops + done * sizeof(batch[0]),
                              (unsigned long)((count - done) | MMU_UPDATE_PREEMPTED), pdone,
                              (unsigned long)foreigndom);
}

long do_mmuext_op(uint64_t uops, unsigned int count, uint64_t pdone, unsigned int foreigndom)
{
    struct vcpu *v = current;
    struct mmuext_op op;

    /* One operation on oneself: what flushing a page or switching tasks asks for. */
    if (likely(count == 1 && foreigndom == DOMID_SELF && !pdone && !v->arch.pv.pending_put &&
               guest_range_ok(uops, sizeof(op)))) {
        guest_access_begin();
        uint64_t *word = (uint64_t *)&op;
        bool got = guest_load_word(uops, &word[0]) && guest_load_word(uops + 8, &word[1]) &&
                   guest_load_word(uops + 16, &word[2]);
        guest_access_end();
        long rc = got ? do_op(v->domain, &op) : -EFAULT;
        if (likely(rc != -ERESTART && (rc || !v->arch.pv.pending_put)))
            return rc;
        /* Preempted: the operation again, or only what a put has left to do. */
        if (rc != -ERESTART) {
            uops += sizeof(op);
            count = 0;
        }
    }
    return do_ops(uops, count, pdone, foreigndom);
}
