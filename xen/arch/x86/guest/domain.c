/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The arch contract for domains.
 *
 * Giving a domain back goes in steps, each preemptible and each leaving nothing of its kind: page
 * tables of vcpus, then pages; a page that others still map goes when their last reference does.
 */
#include <lib/string.h>
#include <x86/cpu.h>
#include <x86/guest.h>
#include <x86/mm.h>
#include <x86/pv.h>
#include <xen/arch.h>
#include <xen/assert.h>
#include <xen/atomic.h>
#include <xen/domain.h>
#include <xen/heap.h>
#include <xen/hypercall.h>
#include <xen/irq.h>

#include "private.h"

int arch_domain_create(struct domain *d, const struct domain_config *config)
{
    spin_lock_init(&d->arch.pirq_lock, LOCK_PIRQ);
    if (d == idle_domain)
        return 0;
    d->arch.msr_relaxed = config->arch_flags & XEN_X86_MSR_RELAXED;
    int rc = perdomain_create(d);
    if (rc)
        return rc;
    d->shared_info = alloc_pages(0, HEAP_ZERO);
    d->arch.ioport_caps = rangeset_create(&pool_allocator);
    if (!d->shared_info || !d->arch.ioport_caps) {
        arch_domain_free(d);
        return -ENOMEM;
    }
    frame_share_with(virt_to_frame(d->shared_info), d, false);
    arch_set_m2p(virt_to_mfn(d->shared_info), M2P_SHARED);
    for (unsigned int i = 0; i < XEN_LEGACY_MAX_VCPUS; i++)
        d->shared_info->vcpu_info[i].evtchn_upcall_mask = 1;
    domain_update_wallclock(d);
    guest_tsc_init(d);
    return 0;
}

void arch_domain_free(struct domain *d)
{
    perdomain_destroy(d);
    domain_free_memory_map(d);
    cpu_policy_free(d);
    rangeset_destroy(d->arch.ioport_caps);
    d->arch.ioport_caps = NULL;
    if (d->shared_info)
        frame_abandon(virt_to_frame(d->shared_info));       /* a toolstack may still look at it */
    d->shared_info = NULL;
}

/* One page of a dying domain: its pin and what a preempted validation left.  -ERESTART: not
 * finished with it. */
static int relinquish_frame(struct frame *f)
{
    uint64_t old = read_once(f->type);

    while (old & FRAME_PINNED) {
        if (!atomic_cas(&f->type, &old, old & ~FRAME_PINNED))
            continue;
        int rc = frame_put_type_preemptible(f);
        if (rc) {
            atomic_or(&f->type, FRAME_PINNED);
            return rc;
        }
        frame_put(f);
        break;
    }
    int rc = frame_drop_partial(f);
    if (rc)
        return rc;
    /* The allocation's own reference. */
    old = read_once(f->count);
    while (old & FRAME_ALLOCATED)
        if (atomic_cas(&f->count, &old, old & ~FRAME_ALLOCATED)) {
            frame_put(f);
            break;
        }
    return 0;
}

int arch_domain_relinquish(struct domain *d)
{
    guest_unload_everywhere(d);
    int rc = pv_domain_relinquish(d);
    if (rc)
        return rc;
    pirq_domain_destroy(d);
    for_each_vcpu(d, v)
        vcpu_unmap_info(v);

    /* Each page in turn moves from the list to the ones that others may keep a while. */
    unsigned int steps = 0;
    struct frame *f;
    while ((f = domain_next_page_to_relinquish(d))) {
        rc = relinquish_frame(f);
        if (rc) {
            domain_requeue_page(d, f);
            return rc;
        }
        frame_put(f);
        if (!(++steps & 63) && hypercall_preempt_check())
            return -ERESTART;
    }
    return 0;
}
