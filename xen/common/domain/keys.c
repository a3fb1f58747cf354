/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Debug keys about domains: what there are, and where they and the processors stand.
 *
 * Shown without stopping anybody: a line may be old when it is read.
 */
#include <xen/arch.h>
#include <xen/console.h>
#include <xen/current.h>
#include <xen/domain.h>
#include <xen/printk.h>
#include <xen/rcu.h>
#include <xen/sched.h>
#include <xen/smp.h>

#include "private.h"

static void show_vcpu(const struct vcpu *v)
{
    log_always("  d%uv%u: CPU %u%s%s, flags %x, pauses %u, upcall pending %u masked %u",
               v->domain->id, v->vcpu_id, v->processor, v->is_running ? " running" : "",
               v->is_initialised ? "" : " not initialised", v->pause_flags, v->pause_count,
               v->info->evtchn_upcall_pending, v->info->evtchn_upcall_mask);
}

static void show_domain(const struct domain *d)
{
    log_always("Domain %u: %lu pages of at most %lu, %u references, pauses %u%s%s%s", d->id,
               d->tot_pages, d->max_pages, d->refs, d->pause_count, d->dying ? ", dying" : "",
               d->is_shut_down ? ", shut down" : "", d->is_privileged ? ", privileged" : "");
    for (unsigned int i = 0; i < d->max_vcpus; i++) {
        if (d->vcpu[i])
            show_vcpu(d->vcpu[i]);
    }
}

static void key_domains(unsigned char key)
{
    log_always("'%c' pressed -> dumping domain info", key);
    rcu_read_lock();
    for_each_domain(d)
        show_domain(d);
    rcu_read_unlock();
}

/* On the CPU where the vcpu was a moment ago; if it has left, its registers are at rest. */
static void dump_if_here(void *arg)
{
    struct vcpu *v = arg;

    if (v == current)
        arch_dump_vcpu(v);
}

static void key_dom0_registers(unsigned char key)
{
    log_always("'%c' pressed -> dumping Dom0's registers", key);
    rcu_read_lock();
    struct domain *d = domain_by_id_unlocked(0);
    for (unsigned int i = 0; d && i < d->max_vcpus; i++) {
        struct vcpu *v = d->vcpu[i];
        if (v && v->is_running)
            smp_call_one(v->processor, dump_if_here, v);
        else if (v && v->is_initialised)
            arch_dump_vcpu(v);
    }
    rcu_read_unlock();
}

static void dump_cpu(void *arg)
{
    const struct vcpu *v = current;

    (void)arg;
    log_always("*** Dumping CPU%u state: ***", smp_cpu());
    arch_dump_state();
    if (v->is_idle)
        return;
    log_always("*** Dumping CPU%u guest state (d%u:v%u): ***", smp_cpu(), v->domain->id,
               v->vcpu_id);
    arch_dump_vcpu(current);
}

static void key_all_registers(unsigned char key)
{
    log_always("'%c' pressed -> dumping registers", key);
    for_each_online_cpu(cpu)
        smp_call_one(cpu, dump_cpu, NULL);
}

void domain_keys_init(void)
{
    key_register('q', key_domains, "dump domain (and guest debug) info");
    key_register('d', key_all_registers, "dump registers");
    key_register('0', key_dom0_registers, "dump Dom0 registers");
}
