/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Destroying a domain, step by step; each step may be preempted and is then entered again, finding
 * what it left.
 *
 *   1. dying: nothing new is given to it; every vcpu is stopped
 *   2. what it mapped of others goes back (grants)
 *   3. ports are closed
 *   4. page tables and pages
 *   5. dead: nothing left but references; the last one frees it
 */
#include <xen/arch.h>
#include <xen/assert.h>
#include <xen/grant.h>
#include <xen/heap.h>
#include <xen/sched.h>
#include <xen/trace.h>

#include "private.h"

int domain_kill(struct domain *d)
{
    int rc;

    if (d == current->domain || d == hardware_domain)
        return -EINVAL;
    spin_lock(&d->lock);
    if (d->dying == DOMAIN_DEAD) {
        spin_unlock(&d->lock);
        return 0;
    }
    bool first = d->dying == DOMAIN_ALIVE;
    d->dying = DOMAIN_DYING;
    spin_unlock(&d->lock);
    if (first) {
        domain_pause(d);
        for (unsigned int i = 0; i < 2; i++)
            timer_kill(&d->watchdog[i]);
        heap_claim_drop(d);
        trace_1(TRC_SCHED_DOM_REM, d->id);
        trace_1(TRC_DOM0_DOM_REM, d->id);
    }
    for_each_vcpu(d, v)
        vcpu_sleep_sync(v);

    rc = grant_table_release_mappings(d);
    if (!rc)
        rc = event_domain_destroy(d);
    if (!rc)
        rc = arch_domain_relinquish(d);
    if (rc)
        return rc;

    spin_lock(&d->lock);
    bool mine = d->dying == DOMAIN_DYING;
    d->dying = DOMAIN_DEAD;
    spin_unlock(&d->lock);
    event_send_global_virq(VIRQ_DOM_EXC);
    if (mine)
        domain_put(d);              /* the reference it was born with */
    return 0;
}
