/* SPDX-License-Identifier: GPL-2.0-only */
/* HYPERVISOR_sched_op and set_timer_op: a guest gives up its processor, waits, or stops. */
#include <public/sched.h>
#include <xen/arch.h>
#include <xen/atomic.h>
#include <xen/bitops.h>
#include <xen/guest_access.h>
#include <xen/hypercall.h>
#include <xen/printk.h>
#include <xen/softirq.h>
#include <xen/trace.h>

#include "policy.h"

#define POLL_MAX 128

void vcpu_poll_timeout(void *arg)
{
    struct vcpu *v = arg;

    /* Whoever polls no more may block for another reason now. */
    if (read_once(v->poll_port)) {
        event_poll_end(v);
        vcpu_unblock(v);
    }
}

static long poll_ports(const uint32_t *ports, unsigned int n, uint64_t timeout)
{
    struct vcpu *v = current;

    int rc = event_poll_begin(v, ports, n);
    if (rc)
        return rc;
    atomic_set_bit(VPF_BLOCKED, &v->pause_flags);
    smp_mb();
    bool awake = !read_once(v->poll_port) || vcpu_event_pending(v);
    for (unsigned int i = 0; i < n && !awake; i++)
        awake = event_port_is_pending(v->domain, ports[i]);
    if (awake) {
        event_poll_end(v);
        atomic_clear_bit(VPF_BLOCKED, &v->pause_flags);
        return 0;
    }
    trace_vcpu(TRC_SCHED_BLOCK, v);
    if (timeout)
        timer_set(&v->poll_timer, (time_ns)timeout);
    softirq_raise(SOFTIRQ_SCHEDULE);
    return 0;
}

static long poll(uint64_t arg)
{
    struct sched_poll p;
    uint32_t ports[POLL_MAX];

    if (copy_arg_from_guest(&p, arg))
        return -EFAULT;
    if (p.nr_ports > POLL_MAX)
        return -EINVAL;
    if (copy_from_guest(ports, p.ports, p.nr_ports))
        return -EFAULT;
    timer_stop(&current->poll_timer);
    event_poll_end(current);
    return poll_ports(ports, p.nr_ports, p.timeout);
}

static long shutdown(uint64_t arg)
{
    struct sched_shutdown s;
    if (copy_arg_from_guest(&s, arg))
        return -EFAULT;
    trace_3(TRC_SCHED_SHUTDOWN, current->domain->id, current->vcpu_id, s.reason);
    domain_shutdown(current->domain, (uint8_t)s.reason);
    return 0;
}

static long set_shutdown_code(uint64_t arg)
{
    struct sched_shutdown s;
    struct domain *d = current->domain;

    if (copy_arg_from_guest(&s, arg))
        return -EFAULT;
    spin_lock(&d->lock);
    long rc = d->is_shutting_down ? -EINVAL : 0;
    trace_3(TRC_SCHED_SHUTDOWN_CODE, d->id, current->vcpu_id, s.reason);
    if (!rc)
        d->shutdown_code = (uint8_t)s.reason;
    spin_unlock(&d->lock);
    return rc;
}

static long remote_shutdown(uint64_t arg)
{
    struct sched_remote_shutdown s;
    struct domain *d;

    if (copy_arg_from_guest(&s, arg))
        return -EFAULT;
    if (!current->domain->is_privileged)
        return -EPERM;
    long rc = domain_find_for(s.domain_id, &d);
    if (rc)
        return rc;
    domain_shutdown(d, (uint8_t)s.reason);
    domain_put(d);
    return 0;
}

static long watchdog(uint64_t arg)
{
    struct sched_watchdog w;
    struct domain *d = current->domain;
    long rc;

    if (copy_arg_from_guest(&w, arg))
        return -EFAULT;
    if (w.id > 2)
        return -EINVAL;
    spin_lock(&d->lock);
    if (!w.id) {
        unsigned int free = first_bit(~(unsigned long)d->watchdog_inuse);
        rc = free >= 2 ? -ENOSPC : !w.timeout ? -EINVAL : (long)free + 1;
        if (rc > 0) {
            d->watchdog_inuse |= 1u << free;
            timer_set(&d->watchdog[free], time_now() + w.timeout * NS_PER_S);
        }
    } else if (!(d->watchdog_inuse & (1u << (w.id - 1)))) {
        rc = -EINVAL;
    } else {
        rc = 0;
        if (w.timeout) {
            timer_set(&d->watchdog[w.id - 1], time_now() + w.timeout * NS_PER_S);
        } else {
            timer_stop(&d->watchdog[w.id - 1]);
            d->watchdog_inuse &= ~(1u << (w.id - 1));
        }
    }
    spin_unlock(&d->lock);
    return rc;
}

static long pin_override(uint64_t arg)
{
    struct sched_pin_override p;
    struct cpumask mask = { { 0 } };

    if (!current->domain->is_privileged)
        return -EPERM;
    if (copy_arg_from_guest(&p, arg))
        return -EFAULT;
    if (p.pcpu < 0) {
        for (unsigned int i = 0; i < sizeof(mask.bits) / sizeof(mask.bits[0]); i++)
            mask.bits[i] = ~0UL;
    } else if ((unsigned int)p.pcpu >= cpu_count) {
        return -EINVAL;
    } else {
        mask.bits[p.pcpu / 64] = 1UL << (p.pcpu % 64);
    }
    return vcpu_set_hard_affinity(current, &mask);
}

static void block(void)
{
    /* The guest asks with events masked, having looked; blocking unmasks, as part of the same
     * step. */
    current->info->evtchn_upcall_mask = 0;
    vcpu_block();
}

long do_sched_op(int cmd, uint64_t arg)
{
    switch (cmd) {
    case SCHEDOP_yield: vcpu_yield(); return 0;
    case SCHEDOP_block: block(); return 0;
    case SCHEDOP_shutdown: return shutdown(arg);
    case SCHEDOP_poll: return poll(arg);
    case SCHEDOP_remote_shutdown: return remote_shutdown(arg);
    case SCHEDOP_shutdown_code: return set_shutdown_code(arg);
    case SCHEDOP_watchdog: return watchdog(arg);
    case SCHEDOP_pin_override: return pin_override(arg);
    default: return -ENOSYS;
    }
}

/* The first form of the call: arguments by value, no poll. */
long do_sched_op_compat(int cmd, unsigned long arg)
{
    switch (cmd) {
    case SCHEDOP_yield: vcpu_yield(); return 0;
    case SCHEDOP_block: block(); return 0;
    case SCHEDOP_shutdown: domain_shutdown(current->domain, (uint8_t)arg); return 0;
    default: return -ENOSYS;
    }
}

long do_set_timer_op(int64_t timeout)
{
    return sched_set_timer(current, timeout);
}
