/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Domains come and go at the toolstack's word.
 *
 * Its pauses are counted apart from ours: it can only take back its own.  All under the domctl
 * lock, except descriptions.
 */
#include <lib/string.h>
#include <xen/arch.h>
#include <xen/assert.h>
#include <xen/bitops.h>
#include <xen/control.h>
#include <xen/printk.h>
#include <xen/rcu.h>
#include <xen/sched.h>
#include <xen/xsm.h>

#include "private.h"

#define CREATE_FLAGS_PV (XEN_DOMCTL_CDF_xs_domain)
#define CREATE_FLAGS    (XEN_DOMCTL_CDF_MAX | (XEN_DOMCTL_CDF_MAX - 1))
#define MAX_PAUSES      255

static domid_t last_id;                 /* last given out: numbers are not used again soon */

static int choose_id(domid_t *id)
{
    for (unsigned int i = 0; i < DOMID_FIRST_RESERVED; i++) {
        last_id = last_id < DOMID_FIRST_RESERVED - 1 ? (domid_t)(last_id + 1) : 1;
        if (!domain_by_id_unlocked(last_id)) {
            *id = last_id;
            return 0;
        }
    }
    return -ENOMEM;
}

static int check_config(const struct xen_domctl_createdomain *c)
{
    unsigned int grant_version = XEN_DOMCTL_GRANT_version(c->grant_opts);

    if (c->flags & ~CREATE_FLAGS)
        return refuse(current->domain, -EINVAL, "creates a domain with unknown flags %x", c->flags);
    if (c->flags & ~CREATE_FLAGS_PV)
        return refuse(current->domain, -EOPNOTSUPP,
                      "creates a domain with flags %x: only PV without IOMMU", c->flags);
    if (c->iommu_opts || c->vmtrace_size || c->grant_opts & ~XEN_DOMCTL_GRANT_version_mask ||
        grant_version > 2)
        return refuse(current->domain, -EINVAL, "creates a domain with options we do not have");
    return arch_domain_check_config(c);
}

/* It has nothing yet that could take long to give back. */
static void unmake(struct domain *d)
{
    while (domain_kill(d) == -ERESTART)
        ;
}

int domctl_create(struct domain *none, struct xen_domctl *op)
{
    const struct xen_domctl_createdomain *c = &op->u.createdomain;
    struct domain *d;
    domid_t id = op->domain;

    (void)none;
    int rc = xsm_domain_create(current->domain, c->ssidref);
    if (!rc)
        rc = check_config(c);
    if (rc)
        return rc;
    if (!id || id >= DOMID_FIRST_RESERVED)
        rc = choose_id(&id);
    else if (domain_by_id_unlocked(id))
        rc = -EEXIST;
    if (rc)
        return rc;
    /* Negative limits are the defaults, which the rooms know as ~0u. */
    struct domain_config config = {
        .flags = c->flags,
        .ssidref = c->ssidref,
        .max_vcpus = c->max_vcpus,
        .max_event_port = c->max_evtchn_port,
        .max_grant_frames = c->max_grant_frames < 0 ? ~0u : (unsigned int)c->max_grant_frames,
        .max_maptrack_frames =
            c->max_maptrack_frames < 0 ? ~0u : (unsigned int)c->max_maptrack_frames,
        .arch_flags = c->arch.misc_flags,
    };
    memcpy(config.handle, c->handle, sizeof(config.handle));
    rc = domain_create(id, &config, &d);
    if (rc)
        return rc;
    rc = domain_join_cpupool(d, c->cpupool_id);
    if (rc) {
        unmake(d);
        return rc;
    }
    d->controller_pause_count = 1;      /* it is born paused, and the toolstack lets it go */
    d->max_pages = 0;                   /* until max_mem */
    op->domain = id;
    return 0;
}

int domctl_destroy(struct domain *d, struct xen_domctl *op)
{
    (void)op;
    return domain_kill(d);
}

int domctl_pause(struct domain *d, struct xen_domctl *op)
{
    (void)op;
    if (d == current->domain)
        return -EINVAL;
    if (d->controller_pause_count == MAX_PAUSES)
        return -EUSERS;
    d->controller_pause_count++;
    domain_pause(d);
    return 0;
}

int domctl_unpause(struct domain *d, struct xen_domctl *op)
{
    (void)op;
    if (!d->controller_pause_count)
        return -EINVAL;
    d->controller_pause_count--;
    domain_unpause(d);
    return 0;
}

int domctl_resume(struct domain *d, struct xen_domctl *op)
{
    (void)op;
    if (d == current->domain)
        return -EINVAL;
    domain_resume(d);
    return 0;
}

int domctl_set_handle(struct domain *d, struct xen_domctl *op)
{
    memcpy(d->handle, op->u.setdomainhandle.handle, sizeof(d->handle));
    return 0;
}

int domctl_set_debugging(struct domain *d, struct xen_domctl *op)
{
    if (d == current->domain)
        return -EINVAL;
    domain_pause(d);
    d->is_debugged = op->u.setdebugging.enable;
    domain_unpause(d);
    return 0;
}

int domctl_set_time_offset(struct domain *d, struct xen_domctl *op)
{
    d->time_offset_seconds = op->u.settimeoffset.time_offset_seconds;
    /* all domains' shared pages are written anew, this one's differently */
    arch_wallclock_changed();
    return 0;
}

/* ---- Descriptions ---------------------------------------------------------------------------- */

static uint32_t state_flags(const struct domain *d)
{
    bool running = false, blocked = true, online = false;

    for_each_vcpu(d, v) {
        if (test_bit(VPF_DOWN, &v->pause_flags))
            continue;
        online = true;
        running |= v->is_running;
        blocked &= test_bit(VPF_BLOCKED, &v->pause_flags);
    }
    return (d->dying ? XEN_DOMINF_dying : 0) | (d->is_hvm ? XEN_DOMINF_hvm_guest : 0) |
           (d->is_shut_down ? XEN_DOMINF_shutdown : 0) |
           (d->controller_pause_count ? XEN_DOMINF_paused : 0) |
           (online && blocked ? XEN_DOMINF_blocked : 0) | (running ? XEN_DOMINF_running : 0) |
           (d->is_debugged ? XEN_DOMINF_debugged : 0) |
           (d->create_flags & XEN_DOMCTL_CDF_xs_domain ? XEN_DOMINF_xs_domain : 0) |
           (d->shutdown_code & XEN_DOMINF_shutdownmask) << XEN_DOMINF_shutdownshift;
}

void domain_describe(const struct domain *d, struct xen_domctl_getdomaininfo *info)
{
    *info = (struct xen_domctl_getdomaininfo){
        .domain = d->id, .flags = state_flags(d), .tot_pages = d->tot_pages,
        /* The format's makers never had more than 32 bits, and tools print "no limit" for this. */
        .max_pages = d->max_pages < UINT32_MAX ? d->max_pages : UINT32_MAX,
        .outstanding_pages = d->outstanding_claim, .cpu_time = domain_cpu_time(d),
        .max_vcpu_id = XEN_INVALID_MAX_VCPU_ID, .ssidref = d->ssidref,
    };
    for_each_vcpu(d, v) {
        info->max_vcpu_id = v->vcpu_id;
        info->nr_online_vcpus += !test_bit(VPF_DOWN, &v->pause_flags);
    }
    info->cpupool = domain_cpupool(d);
    memcpy(info->handle, d->handle, sizeof(info->handle));
    arch_domain_describe(d, info);
}

/* The domain of this number, or the next one the caller may know of. */
int domctl_info(struct domain *none, struct xen_domctl *op)
{
    int rc = -ESRCH;

    (void)none;
    rcu_read_lock();
    for_each_domain(d) {
        if (d->id < op->domain || xsm_domain_info(current->domain, d))
            continue;
        domain_describe(d, &op->u.getdomaininfo);
        op->domain = d->id;
        rc = 0;
        break;
    }
    rcu_read_unlock();
    return rc;
}
