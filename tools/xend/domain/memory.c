/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory for a new domain: what is free, less what other starts have in mind; if that is too
 * little, dom0 is asked to shrink, never below dom0-min-mem.  What was found is claimed of the
 * hypervisor before the first page is taken: nobody else gets it then, not by ballooning either.
 */
#include <errno.h>
#include <string.h>

#include <base/log.h>
#include <xc/xc.h>
#include <xen/sysctl.h>

#include "domain/domain.h"
#include "store.h"

#define ROUNDS 100      /* without dom0 giving anything; the caller waits 100 ms between two */

static uint64_t pending_of_others(const struct domain *self)
{
    uint64_t kib = 0;

    for_each_list(l, &self->x->domains) {
        struct domain *d = list_entry(l, struct domain, link);

        if (d != self)
            kib += start_pending_kib(d);
    }
    return kib;
}

static int available(struct domain *d, uint64_t *kib)
{
    struct xen_sysctl_physinfo info;
    int rc = xc_physinfo(d->x->xc, &info);

    if (rc)
        return rc;
    uint64_t is_free = (info.free_pages + info.scrub_pages - info.outstanding_pages) * 4;
    uint64_t pending = pending_of_others(d);

    *kib = is_free > pending ? is_free - pending : 0;
    return 0;
}

static int shrink_dom0(struct domain *d, uint64_t need, uint64_t have, struct memory_asked *asked,
                       struct failure *f)
{
    struct xend *x = d->x;
    uint64_t floor = (uint64_t)x->config.dom0_min_mem << 10;
    long pages = xc_memory_current(x->xc, 0);

    if (pages < 0)
        return fail(f, pages, "cannot ask for dom0's memory: %s", strerror(-pages));
    uint64_t dom0 = (uint64_t)pages * 4, target = dom0 > need - have ? dom0 - (need - have) : 0;

    if (target < floor)
        return fail(f, -ENOMEM, "I need %llu KiB, but dom0_min_mem is %llu and shrinking to %llu "
                    "KiB would leave only %llu KiB free.", (unsigned long long)need,
                    (unsigned long long)floor, (unsigned long long)floor,
                    (unsigned long long)(have + (dom0 > floor ? dom0 - floor : 0)));
    if (!asked->target_kib || dom0 < asked->least_kib) {
        asked->least_kib = dom0;
        asked->rounds = 0;
    } else if (++asked->rounds > ROUNDS) {
        return fail(f, -ENOMEM,
                    "Not enough memory is available, and dom0 cannot be shrunk any further");
    }
    if (!asked->target_kib || target < asked->target_kib) {
        log_info("asking dom0 to shrink to %llu KiB", (unsigned long long)target);
        asked->target_kib = target;
        xs_printf(x->xs, XS_NO_TX, "/local/domain/0/memory/target", "%llu",
                  (unsigned long long)target);
    }
    return -EAGAIN;
}

int memory_find(struct domain *d, uint64_t kib, struct memory_asked *asked, struct failure *f)
{
    const struct config_xend *c = &d->x->config;
    uint64_t have;
    int rc = available(d, &have);

    if (rc)
        return fail(f, rc, "cannot ask for free memory: %s", strerror(-rc));
    if (have >= kib)
        return 0;
    if (!c->dom0_ballooning || c->dom0_min_mem <= 0)
        return fail(f, -ENOMEM, "Not enough free memory and enable-dom0-ballooning is False, so I "
                    "cannot release any more.  I need %llu KiB but only have %llu.",
                    (unsigned long long)kib, (unsigned long long)have);
    return shrink_dom0(d, kib, have, asked, f);
}

int memory_claim(struct domain *d, uint64_t kib, struct failure *f)
{
    uint64_t have = 0;
    int rc = xc_domain_set_max_mem(d->x->xc, d->domid, kib);

    if (rc)
        return fail(f, rc, "cannot set its memory limit: %s", strerror(-rc));
    rc = xc_memory_claim(d->x->xc, d->domid, kib >> 2);
    if (rc != -ENOMEM)
        return rc ? fail(f, rc, "cannot claim its memory: %s", strerror(-rc)) : 0;
    available(d, &have);
    return fail(f, rc, "I need %llu KiB but only have %llu.", (unsigned long long)kib,
                (unsigned long long)have);
}
