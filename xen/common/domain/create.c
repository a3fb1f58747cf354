/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Making domains and vcpus, and unmaking what was half made.
 *
 * A new domain is paused by its maker and unknown to everybody until it is complete.
 */
#include <lib/string.h>
#include <xen/arch.h>
#include <xen/assert.h>
#include <xen/bitops.h>
#include <xen/frame.h>
#include <xen/grant.h>
#include <xen/heap.h>
#include <xen/sched.h>
#include <xen/trace.h>

#include "private.h"

/* Steps, so that a failure undoes exactly what was done. */
enum { MADE_EVENTS = 1, MADE_GRANTS = 2, MADE_SCHED = 4, MADE_ARCH = 8 };

static void undo(struct domain *d, unsigned int made)
{
    if (made & MADE_SCHED)
        sched_domain_free(d);
    if (made & MADE_GRANTS)
        grant_table_destroy(d);
    if (made & MADE_EVENTS)
        event_domain_free(d);
    if (made & MADE_ARCH)
        arch_domain_free(d);
    rangeset_destroy(d->iomem_caps);
    rangeset_destroy(d->irq_caps);
    pool_free(d->vcpu);
    pool_free(d->dirty_cpus);
    pool_free(d);
}

static bool is_system(domid_t id) { return id >= DOMID_FIRST_RESERVED; }

/* A system domain owns frames or idle vcpus and is otherwise nothing: no events, no grants, in no
 * list. */
static int make_parts(struct domain *d, const struct domain_config *config, unsigned int *made)
{
    int rc = arch_domain_create(d, config);
    if (rc)
        return rc;
    *made |= MADE_ARCH;
    rc = sched_domain_init(d);
    if (rc)
        return rc;
    *made |= MADE_SCHED;
    if (is_system(d->id))
        return 0;
    rc = event_domain_init(d, config->max_event_port);
    if (rc)
        return rc;
    *made |= MADE_EVENTS;
    rc = grant_table_create(d, config->max_grant_frames, config->max_maptrack_frames);
    if (rc)
        return rc;
    *made |= MADE_GRANTS;
    return 0;
}

int domain_create(domid_t id, const struct domain_config *config, struct domain **out)
{
    if (!is_system(id) && (!config->max_vcpus || config->max_vcpus > MAX_CPUS))
        return -EINVAL;
    struct domain *d = new(struct domain);
    if (!d)
        return -ENOMEM;
    d->id = id;
    d->refs = 1;
    d->pause_count = 1;
    d->is_privileged = config->is_privileged;
    d->create_flags = config->flags;
    d->ssidref = config->ssidref;
    d->shutdown_code = ~0u;
    d->max_vcpus = config->max_vcpus;
    d->max_pages = UINT64_MAX;
    d->page_list = d->relinquish_list = FRAME_NONE;
    memcpy(d->handle, config->handle, sizeof(d->handle));
    spin_lock_init(&d->lock, LOCK_DOMAIN);
    spin_lock_init(&d->page_lock, LOCK_DOMAIN_PAGES);
    for (unsigned int i = 0; i < 2; i++)
        timer_init(&d->watchdog[i], domain_watchdog_expired, d, smp_cpu());

    unsigned int made = 0;
    if (id == DOMID_IDLE)
        idle_domain = d;
    d->vcpu = new_array(struct vcpu *, config->max_vcpus ? config->max_vcpus : 1);
    d->dirty_cpus = new(struct cpumask);
    d->iomem_caps = rangeset_create(&pool_allocator);
    d->irq_caps = rangeset_create(&pool_allocator);
    int rc = d->vcpu && d->dirty_cpus && d->iomem_caps && d->irq_caps ? make_parts(d, config, &made)
                                                                      : -ENOMEM;
    if (!rc && !is_system(id) && domain_by_id_unlocked(id))
        rc = -EEXIST;
    if (rc) {
        undo(d, made);
        return rc;
    }
    if (!is_system(id))
        domain_list_add(d);
    trace_1(TRC_SCHED_DOM_ADD, id);
    trace_1(TRC_DOM0_DOM_ADD, id);
    *out = d;
    return 0;
}

int vcpu_create(struct domain *d, unsigned int vcpu_id, unsigned int cpu)
{
    if (vcpu_id >= d->max_vcpus || d->vcpu[vcpu_id])
        return -EINVAL;
    struct vcpu *v = new(struct vcpu);
    if (!v)
        return -ENOMEM;
    v->domain = d;
    v->vcpu_id = vcpu_id;
    v->processor = cpu;
    v->is_idle = d == idle_domain;
    v->pause_flags = v->is_idle ? 0 : 1u << VPF_DOWN;
    vcpu_map_default_info(v);
    timer_init(&v->poll_timer, vcpu_poll_timeout, v, cpu);

    int rc = arch_vcpu_create(v);
    if (rc)
        goto fail;
    rc = v->is_idle ? 0 : event_vcpu_init(v);
    if (rc)
        goto fail_arch;
    rc = sched_vcpu_init(v, cpu);
    if (rc)
        goto fail_event;
    __atomic_store_n(&d->vcpu[vcpu_id], v, __ATOMIC_RELEASE);
    return 0;

fail_event:
    if (!v->is_idle)
        event_vcpu_free(v);
fail_arch:
    if (!v->is_idle)
        arch_vcpu_free(v);
fail:
    pool_free(v);
    return rc;
}

void vcpu_free(struct vcpu *v)
{
    timer_kill(&v->poll_timer);
    sched_vcpu_free(v);
    event_vcpu_free(v);
    arch_vcpu_free(v);
    pool_free(v);
}

static void free_after_readers(struct rcu_head *head)
{
    struct domain *d = container_of(head, struct domain, rcu);

    for (unsigned int i = d->max_vcpus; i-- > 0; )
        if (d->vcpu[i])
            vcpu_free(d->vcpu[i]);
    undo(d, MADE_EVENTS | MADE_GRANTS | MADE_SCHED | MADE_ARCH);
}

void domain_free(struct domain *d)
{
    assert(d->dying == DOMAIN_DEAD);
    domain_list_remove(d);
    event_send_global_virq(VIRQ_DOM_EXC);
    rcu_call(&d->rcu, free_after_readers);
}
