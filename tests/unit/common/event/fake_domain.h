/* SPDX-License-Identifier: GPL-2.0-only */
/* Two or three domains for the tests of events, and what the room asks of others. */
#ifndef FAKE_DOMAIN_H
#define FAKE_DOMAIN_H

#include "fake/machine.h"

#include "xen/common/event/port.c"
#include "xen/common/event/send.c"
#include "xen/common/event/two_level.c"
#include "xen/common/event/fifo.c"
#include "xen/common/event/virq.c"
#include "xen/common/event/event_op.c"

#define DOMAINS 3
#define VCPUS   4

static struct domain domains[DOMAINS];
static struct vcpu vcpus[DOMAINS][VCPUS];
static struct vcpu *vcpu_pointers[DOMAINS][VCPUS];
static struct shared_info shared[DOMAINS];
struct domain *hardware_domain;
static unsigned int kicks, unblocks, pirqs_bound;
static int pirq_rc;

void *alloc_pages(unsigned int order, unsigned int flags)
{
    void *p = aligned_alloc(4096ul << order, 4096ul << order);
    (void)flags;
    return memset(p, 0, 4096ul << order);
}
void free_pages(void *p, unsigned int order) { (void)order; free(p); }
void *pool_zalloc(size_t size) { return calloc(1, size); }
void *pool_zalloc_array(size_t size, size_t n) { return calloc(n, size); }
void pool_free(void *p) { free(p); }

/* Guest frames are the direct map's; the owner is whom count says. */
struct frame *arch_gfn_to_frame(struct domain *d, gfn_t gfn)
{
    struct frame *f = mfn_valid(mfn_of(gfn.g)) ? mfn_to_frame(mfn_of(gfn.g)) : NULL;
    return f && frame_get(f, d) ? f : NULL;
}
bool frame_get(struct frame *f, const struct domain *d)
{
    if (frame_owner_id(f) != d->id)
        return false;
    f->count++;
    return true;
}
void frame_put(struct frame *f) { f->count--; }
int frame_get_and_type(struct frame *f, const struct domain *d, enum frame_kind kind)
{
    if (!frame_get(f, d))
        return -EINVAL;
    if (f->type && frame_kind(f) != kind) {
        frame_put(f);
        return -EINVAL;
    }
    f->type = FRAME_TYPE(kind) | (frame_type_refs(f) + 1);
    return 0;
}
void frame_put_and_type(struct frame *f)
{
    f->type--;
    if (frame_type_refs(f) == 0)
        f->type = 0;
    frame_put(f);
}

void vcpu_unblock(struct vcpu *v) { v->pause_flags &= ~(1u << VPF_BLOCKED); unblocks++; }
void arch_vcpu_kick(struct vcpu *v) { (void)v; kicks++; }
unsigned long copy_from_guest_va(void *to, uint64_t va, size_t n)
{
    return va ? (memcpy(to, (void *)va, n), 0) : n;
}
unsigned long copy_to_guest_va(uint64_t va, const void *from, size_t n)
{
    return va ? (memcpy((void *)va, from, n), 0) : n;
}
int pirq_bind(struct vcpu *v, unsigned int pirq, unsigned int port, bool may_share)
{
    (void)v, (void)pirq, (void)port, (void)may_share;
    pirqs_bound += !pirq_rc;
    return pirq_rc;
}
void pirq_unbind(struct domain *d, unsigned int pirq) { (void)d, (void)pirq; pirqs_bound--; }
void pirq_set_affinity(struct domain *d, unsigned int pirq, struct vcpu *v)
{
    (void)d, (void)pirq, (void)v;
}
unsigned int pirq_count(const struct domain *d) { (void)d; return 32; }
struct domain *domain_find_any(domid_t id)
{
    return id == DOMID_SELF ? current->domain : id < DOMAINS ? &domains[id] : NULL;
}
int domain_find_for(domid_t id, struct domain **out)
{
    *out = domain_find_any(id);
    if (!*out)
        return -ESRCH;
    return *out == current->domain || current->domain->is_privileged ? 0 : -EPERM;
}
bool domain_get(struct domain *d) { d->refs++; return true; }
void domain_put(struct domain *d) { d->refs--; }
struct domain *domain_first(void) { return &domains[0]; }
struct domain *domain_next(struct domain *d) { return d + 1 < domains + DOMAINS ? d + 1 : NULL; }
int refuse(const struct domain *d, int rc, const char *fmt, ...)
{
    (void)d, (void)fmt;
    return rc;
}
static unsigned int preempt_after = ~0u;
bool hypercall_preempt_check(void) { return preempt_after-- == 0; }
long hypercall_continue(unsigned int nr, unsigned int n, ...)
{
    (void)nr, (void)n;
    return -ERESTART;
}

static void domains_make(unsigned int max_port)
{
    memset(domains, 0, sizeof(domains));
    memset(vcpus, 0, sizeof(vcpus));
    memset(shared, 0, sizeof(shared));
    for (unsigned int i = 0; i < DOMAINS; i++) {
        struct domain *d = &domains[i];
        d->id = (domid_t)i;
        d->max_vcpus = VCPUS;
        d->vcpu = vcpu_pointers[i];
        d->shared_info = &shared[i];
        d->is_privileged = i == 0;
        if (event_domain_init(d, max_port))
            abort();
        for (unsigned int k = 0; k < VCPUS; k++) {
            struct vcpu *v = &vcpus[i][k];
            v->domain = d;
            v->vcpu_id = k;
            v->info = &shared[i].vcpu_info[k];
            d->vcpu[k] = v;
            if (event_vcpu_init(v))
                abort();
        }
    }
    hardware_domain = &domains[0];
    fake_current = &vcpus[0][0];
}

static void domains_free(void)
{
    for (unsigned int i = 0; i < DOMAINS; i++) {
        domains[i].dying = DOMAIN_DYING;
        while (event_domain_destroy(&domains[i])) { }
        event_domain_free(&domains[i]);
        for (unsigned int k = 0; k < VCPUS; k++)
            event_vcpu_free(&vcpus[i][k]);
    }
}

/* A page of domain d, and its frame number. */
static inline void *guest_page(unsigned int d, uint64_t nr)
{
    mfn_to_frame(mfn_of(nr))->count = 1 | (uint64_t)d << FRAME_OWNER_SHIFT | FRAME_ALLOCATED;
    return mfn_to_virt(mfn_of(nr));
}

#define OP_CALL(tag, ...) ({                                            \
    struct evtchn_##tag a_ = { __VA_ARGS__ };                           \
    last_rc = do_event_channel_op(EVTCHNOP_##tag, (uint64_t)&a_);       \
    a_; })
static long last_rc;

#endif
