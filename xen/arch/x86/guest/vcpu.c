/* SPDX-License-Identifier: GPL-2.0-only */
/* The arch contract for vcpus: made, set up from outside, kicked, taken apart. */
#include <lib/string.h>
#include <x86/cpu.h>
#include <x86/guest.h>
#include <x86/mm.h>
#include <x86/pv.h>
#include <xen/arch.h>
#include <xen/assert.h>
#include <xen/atomic.h>
#include <xen/bitops.h>
#include <xen/domain.h>
#include <xen/guest_access.h>
#include <xen/heap.h>
#include <xen/sched.h>

int arch_vcpu_create(struct vcpu *v)
{
    if (v->is_idle)
        return 0;
    int rc = xstate_vcpu_create(v);
    if (!rc)
        rc = pv_vcpu_create(v);
    if (rc)
        xstate_vcpu_free(v);
    return rc;
}

void arch_vcpu_free(struct vcpu *v)
{
    vcpu_unmap_info(v);
    xstate_vcpu_free(v);
}

int arch_vcpu_reset(struct vcpu *v)
{
    /* First of all: without tables, or with half of them, it must not run nor be brought up. */
    __atomic_store_n(&v->is_initialised, false, __ATOMIC_RELEASE);
    atomic_set_bit(VPF_DOWN, &v->pause_flags);
    guest_unload_vcpu(v);
    return pv_vcpu_drop_tables(v);
}

/* A context is 5 KiB: too much for the stack. */
int arch_vcpu_set_context(struct vcpu *v, uint64_t guest_context_va)
{
    struct vcpu_guest_context *c = pool_alloc(sizeof(*c));
    int rc = -ENOMEM;

    if (!c)
        return rc;
    rc = copy_arg_from_guest(c, guest_context_va) ? -EFAULT : pv_vcpu_set_context(v, c);
    if (!rc && (c->flags & VGCF_i387_valid))
        xstate_set_fpu(v, &c->fpu_ctxt);
    if (!rc && (c->flags & VGCF_online))
        atomic_clear_bit(VPF_DOWN, &v->pause_flags);
    else if (!rc)
        atomic_set_bit(VPF_DOWN, &v->pause_flags);
    /* Last of all: another vcpu may bring it up from now on. */
    if (!rc)
        __atomic_store_n(&v->is_initialised, true, __ATOMIC_RELEASE);
    pool_free(c);
    return rc;
}

int arch_vcpu_get_context(struct vcpu *v, uint64_t caller_va)
{
    struct vcpu_guest_context *c = pool_alloc(sizeof(*c));

    if (!c)
        return -ENOMEM;
    pv_vcpu_get_context(v, c);
    xstate_get_fpu(v, &c->fpu_ctxt);
    int rc = copy_arg_to_guest(caller_va, c) ? -EFAULT : 0;
    pool_free(c);
    return rc;
}

/* Always through an interrupt when it runs elsewhere: the fast ways back to a guest look at nothing
 * else. */
void arch_vcpu_kick(struct vcpu *v)
{
    smp_mb();
    if (read_once(v->is_running) && v != current)
        smp_kick(v->processor);
}

int arch_vcpu_set_time_area(struct vcpu *v, uint64_t va)
{
    if (!guest_va_ok(va, sizeof(struct vcpu_time_info)))
        return -EFAULT;
    v->arch.time_area = va;
    if (v == current && va && copy_to_guest_va(va, &v->info->time, sizeof(v->info->time)))
        return -EFAULT;
    return 0;
}

uint64_t arch_vcpu_physid(const struct vcpu *v)
{
    return (uint64_t)cpu_acpi_id[v->processor] << 32 | cpu_apic_id[v->processor];
}

void arch_vcpu_send_nmi(struct vcpu *v)
{
    pv_nmi_send(v);
}

void arch_vm_assist_changed(struct domain *d)
{
    for_each_vcpu(d, v)
        pv_update_slow_entry(v);
}

void arch_frames_settle(struct frame *f, unsigned int order)
{
    tlb_flush_for_reuse(f, order, NULL);
}

/* ---- vcpu_info: in the shared page, or in a page of the guest's ---- */

void vcpu_map_default_info(struct vcpu *v)
{
    v->info = v->vcpu_id < XEN_LEGACY_MAX_VCPUS && v->domain->shared_info
                  ? &v->domain->shared_info->vcpu_info[v->vcpu_id]
                  : &v->early_info;
    v->early_info.evtchn_upcall_mask = 1;
    v->info_frame = NULL;
}

int arch_vcpu_map_info(struct vcpu *v, uint64_t mfn, uint32_t offset)
{
    if (offset > PAGE_SIZE - sizeof(struct vcpu_info) || (offset & 7))
        return refuse(v->domain, -ENXIO, "vcpu_info at offset %x", offset);
    struct frame *f = arch_gfn_to_frame(v->domain, gfn_of(mfn));
    if (!f)
        return -EINVAL;
    int rc = frame_get_type(f, FRAME_KIND_WRITABLE);
    if (rc) {
        frame_put(f);
        return rc;
    }
    struct vcpu_info *info = (struct vcpu_info *)((char *)frame_to_virt(f) + offset);
    /* Two vcpus may do this for a third, and only one of them has its page taken. */
    spin_lock(&v->domain->lock);
    if (v->info_frame || (v != current && !test_bit(VPF_DOWN, &v->pause_flags))) {
        spin_unlock(&v->domain->lock);
        frame_put_and_type(f);
        return -EINVAL;
    }
    memcpy(info, v->info, sizeof(*info));
    v->info = info;
    v->info_frame = f;
    spin_unlock(&v->domain->lock);
    arch_vcpu_time_update(v);           /* v is the caller or down: nobody else writes there */
    /* An event may have hit the old place in between: everything counts as pending once. */
    smp_mb();
    info->evtchn_upcall_pending = 1;
    for (unsigned int i = 0; i < 64; i++)
        atomic_set_bit(i, &info->evtchn_pending_sel);
    return 0;
}

void vcpu_unmap_info(struct vcpu *v)
{
    struct frame *f = v->info_frame;
    if (!f)
        return;
    vcpu_map_default_info(v);
    frame_put_and_type(f);
}
