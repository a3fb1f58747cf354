/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * XEN_DOMCTL_scheduler_op for the schedulers that level 4.17 of the interface no longer knows: sedf
 * and bvt.
 *
 * The command is the same, and so are sched_id and cmd; what follows them in the argument is as
 * below.
 */
#ifndef XEN_PUBLIC_SCHED_PARAMS_H
#define XEN_PUBLIC_SCHED_PARAMS_H

#include "xen.h"

#define XEN_SCHEDULER_BVT   2
#define XEN_SCHEDULER_SEDF  4

#ifndef __ASSEMBLY__

/* Times in ns.  A slice in every period is guaranteed; extra time is what others leave, shared by
 * weight. */
struct xen_domctl_sched_sedf {
    uint64_t period, slice;
    /* if not 0: the first period after waking is only so long, with its part of the slice */
    uint64_t latency;
    uint32_t is_extra;
    uint32_t weight;            /* 1..65535 */
};

struct xen_domctl_sched_bvt {
    uint32_t weight;            /* 1..65535 */
    uint32_t warp_us;           /* how far ahead of its time it may run; at most a second */
    uint32_t warp_limit_us;     /* for how long; 0: no limit */
    uint32_t unwarp_us;         /* and after that for how long not */
};

/* In place of xen_domctl.u.scheduler_op. */
struct xen_domctl_sched_params {
    uint32_t sched_id;          /* XEN_SCHEDULER_SEDF or _BVT */
    uint32_t cmd;               /* XEN_DOMCTL_SCHEDOP_putinfo or _getinfo */
    union {
        struct xen_domctl_sched_sedf sedf;
        struct xen_domctl_sched_bvt bvt;
    } u;
};

#endif /* !__ASSEMBLY__ */

#endif
