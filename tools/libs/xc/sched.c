/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Scheduling: which policy, and its parameters per domain and pool.
 */
#include <string.h>

#include <xen/sched_params.h>

#include "private.h"

int xc_sched_id(struct xc *xc, unsigned int *id)
{
    struct xen_sysctl op;

    memset(&op, 0, sizeof(op));
    op.cmd = XEN_SYSCTL_sched_id;
    int rc = xc_sysctl(xc, &op);

    if (!rc)
        *id = op.u.sched_id.sched_id;
    return rc;
}

static int domain_op(struct xc *xc, uint32_t domid, unsigned int sched_id, unsigned int cmd,
                     struct xen_domctl_scheduler_op *params)
{
    struct xen_domctl op;

    memset(&op, 0, sizeof(op));
    op.cmd = XEN_DOMCTL_scheduler_op;
    op.domain = domid;
    op.u.scheduler_op = *params;
    op.u.scheduler_op.sched_id = sched_id;
    op.u.scheduler_op.cmd = cmd;
    int rc = xc_domctl(xc, &op);

    if (!rc)
        *params = op.u.scheduler_op;
    return rc;
}

int xc_sched_credit_get(struct xc *xc, uint32_t domid, unsigned int *weight, unsigned int *cap)
{
    struct xen_domctl_scheduler_op op = { 0 };
    int rc = domain_op(xc, domid, XEN_SCHEDULER_CREDIT, XEN_DOMCTL_SCHEDOP_getinfo, &op);

    if (!rc) {
        *weight = op.u.credit.weight;
        *cap = op.u.credit.cap;
    }
    return rc;
}

int xc_sched_credit_set(struct xc *xc, uint32_t domid, unsigned int weight, unsigned int cap)
{
    struct xen_domctl_scheduler_op op = { 0 };

    op.u.credit.weight = weight;
    op.u.credit.cap = cap;
    return domain_op(xc, domid, XEN_SCHEDULER_CREDIT, XEN_DOMCTL_SCHEDOP_putinfo, &op);
}

int xc_sched_credit2_get(struct xc *xc, uint32_t domid, unsigned int *weight, unsigned int *cap)
{
    struct xen_domctl_scheduler_op op = { 0 };
    int rc = domain_op(xc, domid, XEN_SCHEDULER_CREDIT2, XEN_DOMCTL_SCHEDOP_getinfo, &op);

    if (!rc) {
        *weight = op.u.credit2.weight;
        *cap = op.u.credit2.cap;
    }
    return rc;
}

int xc_sched_credit2_set(struct xc *xc, uint32_t domid, unsigned int weight, unsigned int cap)
{
    struct xen_domctl_scheduler_op op = { 0 };

    op.u.credit2.weight = weight;
    op.u.credit2.cap = cap;
    return domain_op(xc, domid, XEN_SCHEDULER_CREDIT2, XEN_DOMCTL_SCHEDOP_putinfo, &op);
}

/* Schedulers that newer interfaces do not know: other arguments in the same place. */
static int old_op(struct xc *xc, uint32_t domid, unsigned int sched_id, unsigned int cmd,
                  struct xen_domctl_sched_params *params)
{
    struct xen_domctl op;

    memset(&op, 0, sizeof(op));
    op.cmd = XEN_DOMCTL_scheduler_op;
    op.domain = domid;
    params->sched_id = sched_id;
    params->cmd = cmd;
    memcpy(&op.u, params, sizeof(*params));
    int rc = xc_domctl(xc, &op);

    if (!rc)
        memcpy(params, &op.u, sizeof(*params));
    return rc;
}

int xc_sched_sedf_get(struct xc *xc, uint32_t domid, struct xen_domctl_sched_sedf *sedf)
{
    struct xen_domctl_sched_params op = { 0 };
    int rc = old_op(xc, domid, XEN_SCHEDULER_SEDF, XEN_DOMCTL_SCHEDOP_getinfo, &op);

    if (!rc)
        *sedf = op.u.sedf;
    return rc;
}

int xc_sched_sedf_set(struct xc *xc, uint32_t domid, const struct xen_domctl_sched_sedf *sedf)
{
    struct xen_domctl_sched_params op = { .u.sedf = *sedf };

    return old_op(xc, domid, XEN_SCHEDULER_SEDF, XEN_DOMCTL_SCHEDOP_putinfo, &op);
}

int xc_sched_bvt_get(struct xc *xc, uint32_t domid, struct xen_domctl_sched_bvt *bvt)
{
    struct xen_domctl_sched_params op = { 0 };
    int rc = old_op(xc, domid, XEN_SCHEDULER_BVT, XEN_DOMCTL_SCHEDOP_getinfo, &op);

    if (!rc)
        *bvt = op.u.bvt;
    return rc;
}

int xc_sched_bvt_set(struct xc *xc, uint32_t domid, const struct xen_domctl_sched_bvt *bvt)
{
    struct xen_domctl_sched_params op = { .u.bvt = *bvt };

    return old_op(xc, domid, XEN_SCHEDULER_BVT, XEN_DOMCTL_SCHEDOP_putinfo, &op);
}

static int pool_op(struct xc *xc, uint32_t pool, unsigned int cmd, unsigned int *tslice_ms,
                   unsigned int *ratelimit_us)
{
    struct xen_sysctl op;
    struct xen_sysctl_credit_schedule *s = &op.u.scheduler_op.u.sched_credit;

    memset(&op, 0, sizeof(op));
    op.cmd = XEN_SYSCTL_scheduler_op;
    op.u.scheduler_op.cpupool_id = pool;
    op.u.scheduler_op.sched_id = XEN_SCHEDULER_CREDIT;
    op.u.scheduler_op.cmd = cmd;
    s->tslice_ms = *tslice_ms;
    s->ratelimit_us = *ratelimit_us;
    int rc = xc_sysctl(xc, &op);

    if (!rc) {
        *tslice_ms = s->tslice_ms;
        *ratelimit_us = s->ratelimit_us;
    }
    return rc;
}

int xc_sched_credit_params_get(struct xc *xc, uint32_t pool, unsigned int *tslice_ms,
                               unsigned int *ratelimit_us)
{
    *tslice_ms = *ratelimit_us = 0;
    return pool_op(xc, pool, XEN_SYSCTL_SCHEDOP_getinfo, tslice_ms, ratelimit_us);
}

int xc_sched_credit_params_set(struct xc *xc, uint32_t pool, unsigned int tslice_ms,
                               unsigned int ratelimit_us)
{
    return pool_op(xc, pool, XEN_SYSCTL_SCHEDOP_putinfo, &tslice_ms, &ratelimit_us);
}
