/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The two-level ABI: a bit per port in shared_info says pending, another masked, and a selector
 * word per vcpu says which words of pending bits are worth a look.
 *
 * All of this is guest memory: every bit may change at any time, and nothing but the guest
 * depends on it.
 */
#include "private.h"

static void mark_word(struct vcpu *v, uint32_t port)
{
    if (!atomic_test_and_set_bit(port / 64, &v->info->evtchn_pending_sel))
        event_mark_pending(v);
}

/*
 * The pending bit is set by a locked instruction.  Whoever replaces the ABI stores the new one,
 * with a barrier, and then collects pending bits: either it sees ours or we see the new ABI.
 */
static void two_level_set_pending(struct vcpu *v, struct event_port *p)
{
    struct domain *d = v->domain;
    struct shared_info *s = d->shared_info;

    if (atomic_test_and_set_bit(p->port, s->evtchn_pending))
        return;
    if (!test_bit(p->port, s->evtchn_mask))
        mark_word(v, p->port);
    event_check_pollers(d, p);
    if (unlikely(read_once(d->event.abi) != &event_abi_two_level))
        d->event.abi->set_pending(v, p);
}

static void two_level_clear_pending(struct domain *d, struct event_port *p)
{
    atomic_clear_bit(p->port, d->shared_info->evtchn_pending);
}

static bool two_level_is_pending(struct domain *d, const struct event_port *p)
{
    return p->port < EVTCHN_2L_NR_CHANNELS && test_bit(p->port, d->shared_info->evtchn_pending);
}

static bool two_level_is_masked(struct domain *d, const struct event_port *p)
{
    return p->port >= EVTCHN_2L_NR_CHANNELS || test_bit(p->port, d->shared_info->evtchn_mask);
}

static void two_level_unmask(struct vcpu *v, struct event_port *p)
{
    struct domain *d = v->domain;
    if (p->port < EVTCHN_2L_NR_CHANNELS
        && atomic_test_and_clear_bit(p->port, d->shared_info->evtchn_mask)
        && two_level_is_pending(d, p)) {
        mark_word(v, p->port);
    }
}

static bool two_level_is_busy(struct domain *d, const struct event_port *p)
{
    (void)d, (void)p;
    return false;
}

static int two_level_set_priority(struct event_port *p, unsigned int priority)
{
    (void)p, (void)priority;
    return -ENOSYS;
}

const struct event_abi event_abi_two_level = {
    .name = "2-level",
    .max_ports = EVTCHN_2L_NR_CHANNELS,
    .set_pending = two_level_set_pending,
    .clear_pending = two_level_clear_pending,
    .unmask = two_level_unmask,
    .is_pending = two_level_is_pending,
    .is_masked = two_level_is_masked,
    .is_busy = two_level_is_busy,
    .set_priority = two_level_set_priority,
};
