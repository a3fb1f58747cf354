/* SPDX-License-Identifier: GPL-2.0-only */
/* HYPERVISOR_vcpu_op: a guest brings its vcpus up and down, and says where it wants to read about
 * them. */
#include <public/sched.h>
#include <public/vcpu.h>
#include <xen/arch.h>
#include <xen/bitops.h>
#include <xen/guest_access.h>
#include <xen/hypercall.h>
#include <xen/printk.h>
#include <xen/sched.h>

#include "private.h"

static long initialise(struct vcpu *v, unsigned int vcpuid, uint64_t arg)
{
    /* It could never unmask its events. */
    if (v->info == &v->early_info)
        return refuse(v->domain, -EINVAL, "vcpu %u without a vcpu_info", vcpuid);
    /* Two callers at once both build a context: the flag decides who may. */
    if (atomic_test_and_set_bit(0, &v->init_busy))
        return -EBUSY;
    long rc = v->is_initialised ? -EEXIST : arch_vcpu_set_context(v, arg);
    atomic_clear_bit(0, &v->init_busy);
    if (rc == -ERESTART)
        return hypercall_continue(__HYPERVISOR_vcpu_op, 3, (unsigned long)VCPUOP_initialise,
                                  (unsigned long)vcpuid, (unsigned long)arg);
    return rc;
}

static long up(struct vcpu *v)
{
    if (!__atomic_load_n(&v->is_initialised, __ATOMIC_ACQUIRE))
        return -EINVAL;
    if (atomic_test_and_clear_bit(VPF_DOWN, &v->pause_flags))
        vcpu_wake(v);
    return 0;
}

static long down(struct vcpu *v)
{
    struct domain *d = v->domain;
    bool others = false;

    for_each_vcpu(d, other)
        others |= other != v && !test_bit(VPF_DOWN, &other->pause_flags);
    /* The last one going down is the domain shutting down without a word. */
    if (!others) {
        domain_shutdown(d, SHUTDOWN_poweroff);
        return 0;
    }
    if (!atomic_test_and_set_bit(VPF_DOWN, &v->pause_flags))
        vcpu_sleep_nosync(v);
    return 0;
}

static long set_singleshot(struct vcpu *v, uint64_t arg)
{
    struct vcpu_set_singleshot_timer t;

    if (v != current)
        return -EINVAL;
    if (copy_arg_from_guest(&t, arg))
        return -EFAULT;
    if ((t.flags & VCPU_SSHOTTMR_future) && (int64_t)t.timeout_abs_ns < time_now())
        return -ETIME;
    return sched_set_timer(v, (time_ns)t.timeout_abs_ns);
}

static long set_periodic(struct vcpu *v, uint64_t arg)
{
    struct vcpu_set_periodic_timer t;

    if (copy_arg_from_guest(&t, arg))
        return -EFAULT;
    if (t.period_ns < (uint64_t)NS_PER_MS || t.period_ns > INT64_MAX)
        return -EINVAL;
    sched_periodic_timer_set(v, (time_ns)t.period_ns);
    return 0;
}

static long register_runstate(struct vcpu *v, uint64_t arg)
{
    struct vcpu_register_runstate_memory_area area;
    struct vcpu_runstate_info now;

    if (copy_arg_from_guest(&area, arg))
        return -EFAULT;
    uint64_t va = (uint64_t)area.addr.h.p;
    vcpu_runstate_get(v, &now);
    if (v == current) {
        if (va && copy_arg_to_guest(va, &now))
            return -EFAULT;
    } else if (va && !guest_va_ok(va, sizeof(now))) {
        return -EFAULT;
    }
    v->runstate_guest = va;
    return 0;
}

static long get_runstate(struct vcpu *v, uint64_t arg)
{
    struct vcpu_runstate_info now;
    vcpu_runstate_get(v, &now);
    return copy_arg_to_guest(arg, &now) ? -EFAULT : 0;
}

static long register_info(struct vcpu *v, uint64_t arg)
{
    struct vcpu_register_vcpu_info info;

    if (copy_arg_from_guest(&info, arg))
        return -EFAULT;
    return arch_vcpu_map_info(v, info.mfn, info.offset);
}

static long register_time(struct vcpu *v, uint64_t arg)
{
    struct vcpu_register_time_memory_area area;

    if (copy_arg_from_guest(&area, arg))
        return -EFAULT;
    uint64_t va = (uint64_t)area.addr.h.p;
    return arch_vcpu_set_time_area(v, va);
}

static long get_physid(struct vcpu *v, uint64_t arg)
{
    /* Only who is pinned to CPUs has a use for their names. */
    if (!v->domain->is_privileged)
        return -EINVAL;
    struct vcpu_get_physid id = { .phys_id = arch_vcpu_physid(v) };
    return copy_arg_to_guest(arg, &id) ? -EFAULT : 0;
}

static long send_nmi(struct vcpu *v)
{
    arch_vcpu_send_nmi(v);
    return 0;
}

long do_vcpu_op(int cmd, unsigned int vcpuid, uint64_t arg)
{
    struct domain *d = current->domain;

    struct vcpu *v = vcpuid < d->max_vcpus ? d->vcpu[index_nospec(vcpuid, d->max_vcpus)] : NULL;
    if (!v)
        return -ENOENT;

    switch (cmd) {
    case VCPUOP_initialise: return initialise(v, vcpuid, arg);
    case VCPUOP_up: return up(v);
    case VCPUOP_down: return down(v);
    case VCPUOP_is_up: return !test_bit(VPF_DOWN, &v->pause_flags);
    case VCPUOP_get_runstate_info: return get_runstate(v, arg);
    case VCPUOP_set_periodic_timer: return set_periodic(v, arg);
    case VCPUOP_stop_periodic_timer: sched_periodic_timer_set(v, 0); return 0;
    case VCPUOP_set_singleshot_timer: return set_singleshot(v, arg);
    case VCPUOP_stop_singleshot_timer: return v == current ? sched_set_timer(v, 0) : -EINVAL;
    case VCPUOP_register_runstate_memory_area: return register_runstate(v, arg);
    case VCPUOP_register_vcpu_info: return register_info(v, arg);
    case VCPUOP_register_vcpu_time_memory_area: return register_time(v, arg);
    case VCPUOP_get_physid: return get_physid(v, arg);
    case VCPUOP_send_nmi: return send_nmi(v);
    default: return -ENOSYS;
    }
}
