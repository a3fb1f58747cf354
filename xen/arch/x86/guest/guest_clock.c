/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Time as guests read it without asking: each vcpu's scale from TSC to nanoseconds, and the wall
 * clock in the shared page.  Both carry a version that is odd while they change (public/xen.h).
 */
#include <asm/insn.h>
#include <x86/cpu.h>
#include <xen/arch.h>
#include <xen/atomic.h>
#include <xen/bitops.h>
#include <xen/domain.h>
#include <xen/guest_access.h>
#include <xen/rcu.h>
#include <xen/sched.h>
#include <xen/time.h>

static inline bool is_told(const struct vcpu_time_info *t, const struct tsc_scale *s)
{
    return t->tsc_timestamp == s->tsc_stamp && t->system_time == (uint64_t)s->base &&
           t->tsc_to_system_mul == s->mul_frac && t->tsc_shift == s->shift;
}

void arch_vcpu_time_update(struct vcpu *v)
{
    struct vcpu_time_info *t = &v->info->time;
    struct tsc_scale s = time_scale();

    if (is_told(t, &s))
        return;
    bool is_emulated = v->domain->arch.tsc_is_emulated;
    if (unlikely(is_emulated)) {
        s = v->domain->arch.tsc_scale;
        if (is_told(t, &s))
            return;
    }
    uint32_t version = t->version | 1;
    write_once(t->version, version);
    smp_wmb();
    t->tsc_timestamp = s.tsc_stamp;
    t->system_time = (uint64_t)s.base;
    t->tsc_to_system_mul = s.mul_frac;
    t->tsc_shift = s.shift;
    t->flags = is_emulated || time_is_stable() ? XEN_PVCLOCK_TSC_STABLE_BIT : 0;
    smp_wmb();
    write_once(t->version, version + 1);

    if (v->arch.time_area && v == current) {
        struct vcpu_time_info copy = *t;
        if (copy_to_guest_va(v->arch.time_area, &copy, sizeof(copy)))
            v->arch.time_area = 0;
    }
}

void domain_update_wallclock(struct domain *d)
{
    struct shared_info *s = d->shared_info;
    uint64_t sec;
    uint32_t nsec;

    wallclock_get(&sec, &nsec);
    sec += (uint64_t)d->time_offset_seconds;
    uint32_t version = s->wc_version | 1;
    write_once(s->wc_version, version);
    smp_wmb();
    s->wc_sec = (uint32_t)sec;
    s->wc_nsec = nsec;
    s->wc_sec_hi = (uint32_t)(sec >> 32);
    smp_wmb();
    write_once(s->wc_version, version + 1);
}

void arch_wallclock_changed(void)
{
    rcu_read_lock();
    for_each_domain(d)
        domain_update_wallclock(d);
    rcu_read_unlock();
}

/* The guest's copy of its vcpu's runstate, with the update flag while it changes if the guest asked
 * for that. */
void arch_runstate_update(struct vcpu *v)
{
    if (!v->runstate_guest || v != current)
        return;
    struct vcpu_runstate_info r;
    vcpu_runstate_get(v, &r);
    if (test_bit(VMASST_TYPE_runstate_update_flag, &v->domain->vm_assist)) {
        uint64_t at = v->runstate_guest + offsetof(struct vcpu_runstate_info, state_entry_time);
        uint64_t entry = r.state_entry_time | XEN_RUNSTATE_UPDATE;
        if (copy_to_guest_va(at, &entry, sizeof(entry)))
            return;
        smp_wmb();
        entry = r.state_entry_time;
        r.state_entry_time |= XEN_RUNSTATE_UPDATE;
        if (copy_to_guest_va(v->runstate_guest, &r, sizeof(r)))
            return;
        smp_wmb();
        if (copy_to_guest_va(at, &entry, sizeof(entry)))
            return;
        return;
    }
    if (copy_to_guest_va(v->runstate_guest, &r, sizeof(r)))
        return;
}
