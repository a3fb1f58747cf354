/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A PV guest's vcpus: modes, top-level tables, context, and giving all of it up.
 *
 * A vcpu always has a kernel page table once it is initialised; each of its two tables holds a
 * reference and a type reference.  in_kernel says which one, and which GS base, a running vcpu has
 * loaded.
 */
#include <asm/insn.h>
#include <asm/regs.h>
#include <lib/string.h>
#include <public/domctl.h>
#include <x86/cpu.h>
#include <xen/arch.h>
#include <xen/assert.h>
#include <xen/atomic.h>
#include <xen/hypercall.h>

#include "private.h"

void pv_update_slow_entry(struct vcpu *v)
{
    const struct pv_vcpu *pv = &v->arch.pv;
    v->arch.pv.slow_entry = !pv->syscall_eip || !pv->syscall_masks_events || !pv->entry_sp ||
                            v->arch.async_pending || v->arch.nmi_masked ||
                            test_bit(VMASST_TYPE_architectural_iopl, &v->domain->vm_assist);
}

/* Another vcpu may compute slow_entry at the same time and miss what is set here: what entry code
 * uses without a look is therefore safe by itself. */
void pv_set_kernel_stack(struct vcpu *v, uint64_t sp)
{
    sp &= ~15UL;
    v->arch.pv.kernel_sp = sp;
    write_once(v->arch.pv.entry_sp, pv_address_ok(sp) && pv_address_ok(sp - 64) ? sp : 0);
    pv_update_slow_entry(v);
}

int pv_put_table_later(struct frame *f)
{
    int rc = frame_put_type_preemptible(f);
    if (rc == -ERESTART) {
        assert(!current->arch.pv.pending_put);
        current->arch.pv.pending_put = f;
        return rc;
    }
    frame_put(f);
    return 0;
}

int pv_finish_put(struct vcpu *v)
{
    struct frame *f = v->arch.pv.pending_put;
    if (likely(!f))
        return 0;
    int rc = frame_put_type_preemptible(f);
    if (!rc) {
        v->arch.pv.pending_put = NULL;
        frame_put(f);
    }
    return rc;
}

void pv_load_cr3(struct vcpu *v)
{
    load_cr3(v->arch.pv.in_kernel ? v->arch.pv.kernel_cr3 : v->arch.pv.user_cr3);
}

void pv_toggle_mode(struct vcpu *v)
{
    assert(v == current);
    v->arch.pv.in_kernel = !v->arch.pv.in_kernel;
    swapgs();
    pv_load_cr3(v);
}

static void set_table(struct vcpu *v, mfn_t mfn, bool user)
{
    unsigned long cr3 = mfn_eq(mfn, INVALID_MFN) ? 0 : mfn_to_maddr(mfn).a;
    if (user) {
        v->arch.pv.user_table = mfn;
        v->arch.pv.user_cr3 = cr3;
    } else {
        v->arch.pv.kernel_table = mfn;
        v->arch.pv.kernel_cr3 = cr3;
    }
}

int pv_set_base(struct vcpu *v, mfn_t mfn, bool user)
{
    mfn_t old = user ? v->arch.pv.user_table : v->arch.pv.kernel_table;

    if (mfn_eq(mfn, INVALID_MFN))
        return refuse(v->domain, -EINVAL, "loads page table mfn %lx, which is not its memory",
                      mfn.m);
    if (user && !mfn.m)
        mfn = INVALID_MFN;
    if (mfn_eq(mfn, old)) {
        if (!user)
            tlb_flush_local();
        return 0;
    }
    if (!mfn_eq(mfn, INVALID_MFN)) {
        if (frame_is_io(mfn) || !frame_get(mfn_to_frame(mfn), v->domain))
            return refuse(v->domain, -EINVAL, "loads page table mfn %lx, which is not its memory",
                          mfn.m);
        int rc = frame_get_type_preemptible(mfn_to_frame(mfn), FRAME_KIND_L4);
        if (rc) {
            frame_put(mfn_to_frame(mfn));
            return rc == -ERESTART ? rc
                                   : refuse(v->domain, rc, "mfn %lx cannot be an L4 table", mfn.m);
        }
    }
    set_table(v, mfn, user);
    if (!user) {
        if (pv_drop_ldt(v))
            pv_load_descriptor_tables(v);
        pv_load_cr3(v);
    }
    if (mfn_eq(old, INVALID_MFN))
        return 0;
    int rc = pv_put_table_later(mfn_to_frame(old));
    return rc == -ERESTART ? 0 : rc;
}

void pv_set_iopl(struct vcpu *v, unsigned int iopl)
{
    v->arch.pv.iopl = iopl & 3;
}

int pv_set_iobitmap(struct vcpu *v, uint64_t bitmap_va, unsigned int nr_ports)
{
    if (nr_ports > 65536 || !pv_address_ok(bitmap_va))
        return -EINVAL;
    v->arch.pv.iobmp = bitmap_va;
    v->arch.pv.iobmp_limit = nr_ports;
    return 0;
}

int pv_vcpu_create(struct vcpu *v)
{
    struct pv_vcpu *pv = &v->arch.pv;
    pv->kernel_table = pv->user_table = INVALID_MFN;
    for (unsigned int i = 0; i < PV_GDT_FRAMES; i++)
        pv->gdt_frame[i] = INVALID_MFN;
    pv->cr4 = CR4_PAE | CR4_PGE;
    pv_update_cr4(v);
    pv->slow_entry = true;
    return perdomain_add_vcpu(v);
}

/* ---- context from the outside ---- */

static int drop_table(struct vcpu *v, bool user)
{
    mfn_t mfn = user ? v->arch.pv.user_table : v->arch.pv.kernel_table;
    if (mfn_eq(mfn, INVALID_MFN))
        return 0;
    /* Once it has begun to be taken apart it is nobody's table any more. */
    set_table(v, INVALID_MFN, user);
    assert(!v->arch.pv.pending_put);
    v->arch.pv.pending_put = mfn_to_frame(mfn);
    return pv_finish_put(v);
}

/* -ERESTART: the same again.  An attempt that did not come to its end may have left a table. */
static int take_table(struct vcpu *v, uint64_t cr3, bool user)
{
    mfn_t mfn = mfn_of(cr3 >> PAGE_SHIFT);
    mfn_t left = user ? v->arch.pv.user_table : v->arch.pv.kernel_table;
    bool none = user && !cr3;

    if (!none && frame_is_io(mfn))
        return -EINVAL;
    int rc = pv_finish_put(v);
    if (rc || (!none && mfn_eq(mfn, left)))
        return rc;
    rc = drop_table(v, user);
    if (rc || none)
        return rc;
    struct frame *f = mfn_to_frame(mfn);
    if (!frame_get(f, v->domain))
        return -EINVAL;
    rc = frame_get_type_preemptible(f, FRAME_KIND_L4);
    if (rc)
        frame_put(f);
    else
        set_table(v, mfn, user);
    return rc;
}

static bool callbacks_ok(const struct vcpu_guest_context *c)
{
    for (unsigned int i = 0; i < 256; i++)
        if (!pv_address_ok(c->trap_ctxt[i].address))
            return false;
    return va_is_canonical(c->user_regs.rip) && pv_address_ok(c->event_callback_eip) &&
           pv_address_ok(c->failsafe_callback_eip) && pv_address_ok(c->syscall_callback_eip);
}

int pv_vcpu_set_context(struct vcpu *v, const struct vcpu_guest_context *c)
{
    struct pv_vcpu *pv = &v->arch.pv;

    if (!callbacks_ok(c) || c->gdt_ents > PV_GDT_FRAMES * 512 || c->ldt_ents > 8192 ||
        (c->ldt_ents && ((c->ldt_base & (PAGE_SIZE - 1)) || !pv_address_ok(c->ldt_base))))
        return refuse(v->domain, -EINVAL, "vcpu %u: context with addresses it must not have",
                      v->vcpu_id);
    /* First what can fail. */
    int rc = take_table(v, c->ctrlreg[3], false);
    /* ctrlreg[1] carries the user table with bit 0 set as "valid", as for CR3 in the compat
     * format. */
    if (!rc)
        rc = take_table(v, c->ctrlreg[1] & ~1UL, true);
    if (rc == -ERESTART)
        return rc;
    if (!rc && !(c->flags & VGCF_in_kernel) && !pv->user_cr3)
        rc = -EINVAL;           /* user mode, and nothing to run it on */
    uint64_t frames[PV_GDT_FRAMES];
    for (unsigned int i = 0; i < PV_GDT_FRAMES; i++)
        frames[i] = c->gdt_frames[i];
    if (!rc)
        rc = pv_set_gdt(v, frames, (unsigned int)c->gdt_ents);
    if (rc) {
        int drop = pv_vcpu_drop_tables(v);
        (void)drop;             /* what preemption left goes with the next context or the domain */
        return refuse(v->domain, rc, "vcpu %u: tables %lx, %lx or GDT refused", v->vcpu_id,
                      c->ctrlreg[3], c->ctrlreg[1]);
    }

    v->arch.regs = c->user_regs;
    struct cpu_user_regs *r = &v->arch.regs;
    r->rflags = (r->rflags & ~(FLAGS_IOPL | FLAGS_VM | FLAGS_NT | FLAGS_VIF | FLAGS_VIP)) |
                FLAGS_IF | FLAGS_MBS;
    r->cs = pv_fix_selector(r->cs);
    r->ss = pv_fix_selector(r->ss);
    r->entry_vector = 0;
    pv->in_kernel = c->flags & VGCF_in_kernel;
    pv->iopl = (c->user_regs.rflags & FLAGS_IOPL) >> 12;
    memcpy(pv->traps, c->trap_ctxt, sizeof(pv->traps));
    pv->ldt_base = c->ldt_base;
    pv->ldt_entries = (unsigned int)c->ldt_ents;
    pv->kernel_ss = (uint16_t)c->kernel_ss;
    pv_set_kernel_stack(v, c->kernel_sp);
    pv->event = (struct pv_callback){ c->event_callback_eip, true };
    pv->failsafe = (struct pv_callback){ c->failsafe_callback_eip,
                                         (c->flags & VGCF_failsafe_disables_events) != 0 };
    pv->syscall_eip = c->syscall_callback_eip;
    pv->syscall_masks_events = (c->flags & VGCF_syscall_disables_events) != 0;
    pv->fs_base = va_is_canonical(c->fs_base) ? c->fs_base : 0;
    pv->gs_base_kernel = va_is_canonical(c->gs_base_kernel) ? c->gs_base_kernel : 0;
    pv->gs_base_user = va_is_canonical(c->gs_base_user) ? c->gs_base_user : 0;
    pv->cr0_ts = c->ctrlreg[0] & CR0_TS;
    pv->cr4 = CR4_PAE | CR4_PGE;
    pv_update_cr4(v);
    memset(pv->dr, 0, sizeof(pv->dr));
    pv->dr7 = 0;
    domain_set_vm_assist(v->domain, c->vm_assist);
    pv_update_slow_entry(v);
    return 0;
}

void pv_vcpu_get_context(struct vcpu *v, struct vcpu_guest_context *c)
{
    const struct pv_vcpu *pv = &v->arch.pv;

    memset(c, 0, sizeof(*c));
    c->user_regs = v->arch.regs;
    c->user_regs.rflags |= (uint64_t)pv->iopl << 12;
    memcpy(c->trap_ctxt, pv->traps, sizeof(c->trap_ctxt));
    c->flags = (pv->in_kernel ? VGCF_in_kernel : 0) | VGCF_i387_valid |
               (pv->failsafe.mask_events ? VGCF_failsafe_disables_events : 0) |
               (pv->syscall_masks_events ? VGCF_syscall_disables_events : 0) |
               (test_bit(VPF_DOWN, &v->pause_flags) ? 0 : VGCF_online);
    c->ldt_base = pv->ldt_base;
    c->ldt_ents = pv->ldt_entries;
    for (unsigned int i = 0; i < pv->gdt_frames; i++)
        c->gdt_frames[i] = pv->gdt_frame[i].m;
    c->gdt_ents = pv->gdt_entries;
    c->kernel_ss = pv->kernel_ss;
    c->kernel_sp = pv->kernel_sp;
    c->event_callback_eip = pv->event.eip;
    c->failsafe_callback_eip = pv->failsafe.eip;
    c->syscall_callback_eip = pv->syscall_eip;
    c->fs_base = pv->fs_base;
    c->gs_base_kernel = pv->gs_base_kernel;
    c->gs_base_user = pv->gs_base_user;
    c->ctrlreg[0] = CR0_PE | CR0_PG | CR0_WP | CR0_NE | CR0_ET | CR0_MP | pv->cr0_ts;
    c->ctrlreg[3] = pv->kernel_cr3;
    c->ctrlreg[1] = pv->user_cr3 ? pv->user_cr3 | 1 : 0;
    c->ctrlreg[4] = pv->cr4;
    for (unsigned int i = 0; i < 4; i++)
        c->debugreg[i] = pv->dr[i];
    c->debugreg[6] = pv->dr6;
    c->debugreg[7] = pv->dr7;
    c->vm_assist = v->domain->vm_assist;
}

void pv_vcpu_get_ext_context(const struct vcpu *v, struct xen_domctl_ext_vcpucontext *x)
{
    x->syscall32_callback_eip = v->arch.pv.syscall32.eip;
    x->syscall32_disables_events = v->arch.pv.syscall32.mask_events;
    x->sysenter_callback_eip = v->arch.pv.sysenter.eip;
    x->sysenter_disables_events = v->arch.pv.sysenter.mask_events;
}

int pv_vcpu_set_ext_context(struct vcpu *v, const struct xen_domctl_ext_vcpucontext *x)
{
    if (!pv_address_ok(x->syscall32_callback_eip) || !pv_address_ok(x->sysenter_callback_eip))
        return -EINVAL;
    v->arch.pv.syscall32 =
        (struct pv_callback){ x->syscall32_callback_eip, x->syscall32_disables_events };
    v->arch.pv.sysenter =
        (struct pv_callback){ x->sysenter_callback_eip, x->sysenter_disables_events };
    return 0;
}

/* ---- the end ---- */

int pv_vcpu_drop_tables(struct vcpu *v)
{
    pv_drop_gdt(v);
    pv_drop_ldt(v);
    int rc = pv_finish_put(v);
    if (!rc)
        rc = drop_table(v, false);
    if (!rc)
        rc = drop_table(v, true);
    return rc;
}

/* Pins and abandoned validations of a dying domain.  No vcpu runs and no CPU has its tables
 * loaded. */
int pv_domain_relinquish(struct domain *d)
{
    for_each_vcpu(d, v) {
        int rc = pv_vcpu_drop_tables(v);
        if (rc)
            return rc;
    }
    return 0;
}
