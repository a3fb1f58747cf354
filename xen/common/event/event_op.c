/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * event_channel_op: what a guest can ask of its ports.
 *
 * Each operation copies its argument, checks, does it, and copies back what it says.  A result
 * that cannot be written back is -EFAULT and stands: the guest's port is then lost to the guest,
 * until it resets.
 */
#include <lib/math.h>
#include <xen/assert.h>
#include <xen/console.h>
#include <xen/guest_access.h>
#include <xen/hypercall.h>
#include <xen/irq.h>
#include <xen/printk.h>

#include "private.h"

static struct vcpu *vcpu_of(const struct domain *d, uint32_t id)
{
    return id < d->max_vcpus ? d->vcpu[index_nospec(id, d->max_vcpus)] : NULL;
}

/* ---- Binding --------------------------------------------------------------------------------- */

static int alloc_unbound(struct domain *d, domid_t remote, uint32_t *port)
{
    struct event_port *p;
    spin_lock(&d->event.lock);
    int rc = event_port_reserve(d, &p);
    if (!rc) {
        p->u.unbound_to = remote == DOMID_SELF ? current->domain->id : remote;
        event_port_bind(p, EVENT_UNBOUND, 0);
        *port = p->port;
    }
    spin_unlock(&d->event.lock);
    return rc;
}

static int op_alloc_unbound(struct domain *caller, void *arg)
{
    struct evtchn_alloc_unbound *args = arg;
    struct domain *d;
    (void)caller;
    int rc = domain_find_for(args->dom, &d);
    if (rc)
        return rc;
    rc = alloc_unbound(d, args->remote_dom, &args->port);
    domain_put(d);
    return rc;
}

/* Both port locks are held. */
static int pair_bind(struct domain *d, struct event_port *p, struct domain *rd,
                     struct event_port *rp)
{
    if (rp->state != EVENT_UNBOUND || rp->u.unbound_to != d->id)
        return refuse(d, -EINVAL, "event port %u of d%u does not wait for it", rp->port, rd->id);
    p->u.pair.domain = rd;
    p->u.pair.port = rp;
    event_port_bind(p, EVENT_INTERDOMAIN, 0);
    rp->u.pair.domain = d;
    rp->u.pair.port = p;
    event_port_bind(rp, EVENT_INTERDOMAIN, rp->notify_vcpu);
    /* What the other end sent before it had somebody to send to. */
    event_set_pending(d, p);
    return 0;
}

static int bind_interdomain(struct domain *d, struct domain *rd, uint32_t remote_port,
                            uint32_t *port)
{
    struct event_port *p, *rp = event_port_get(rd, remote_port);
    if (!rp)
        return -EINVAL;
    spin_lock(&d->event.lock);
    int rc = event_port_reserve(d, &p);
    if (!rc && p == rp) {
        event_port_release(d, p);
        rc = -EINVAL;
    }
    if (!rc) {
        spin_lock(&min(p, rp)->lock);
        spin_lock_nested(&max(p, rp)->lock);
        rc = pair_bind(d, p, rd, rp);
        spin_unlock(&max(p, rp)->lock);
        spin_unlock(&min(p, rp)->lock);
        if (rc)
            event_port_release(d, p);
        *port = p->port;
    }
    spin_unlock(&d->event.lock);
    return rc;
}

static int op_bind_interdomain(struct domain *d, void *arg)
{
    struct evtchn_bind_interdomain *args = arg;
    struct domain *rd = domain_find_any(args->remote_dom);
    if (!rd)
        return -ESRCH;
    int rc = bind_interdomain(d, rd, args->remote_port, &args->local_port);
    domain_put(rd);
    return rc;
}

static int virq_check(const struct domain *d, uint32_t virq, uint32_t vcpu)
{
    if (virq >= NR_VIRQS)
        return -EINVAL;
    if (virq_is_global(virq)) {
        if (virq != VIRQ_ARGO && !d->is_privileged)
            return refuse(d, -EPERM, "VIRQ %u is for control domains", virq);
        if (vcpu != 0)
            return -EINVAL;
    }
    return vcpu_of(d, vcpu) ? 0 : -ENOENT;
}

static int op_bind_virq(struct domain *d, void *arg)
{
    struct evtchn_bind_virq *args = arg;
    int rc = virq_check(d, args->virq, args->vcpu);
    if (rc)
        return rc;
    struct event_vcpu *ev = &d->vcpu[args->vcpu]->event;
    struct event_port *p;

    spin_lock(&d->event.lock);
    rc = ev->virq_port[args->virq] ? -EEXIST : event_port_reserve(d, &p);
    if (!rc) {
        p->u.virq = args->virq;
        event_port_bind(p, EVENT_VIRQ, args->vcpu);
        args->port = p->port;
        spin_lock_irq(&ev->virq_lock);
        ev->virq_port[args->virq] = p->port;
        spin_unlock_irq(&ev->virq_lock);
    }
    spin_unlock(&d->event.lock);
    return rc;
}

static int op_bind_ipi(struct domain *d, void *arg)
{
    struct evtchn_bind_ipi *args = arg;
    if (!vcpu_of(d, args->vcpu))
        return -ENOENT;
    struct event_port *p;
    spin_lock(&d->event.lock);
    int rc = event_port_reserve(d, &p);
    if (!rc) {
        event_port_bind(p, EVENT_IPI, args->vcpu);
        args->port = p->port;
    }
    spin_unlock(&d->event.lock);
    return rc;
}

static int op_bind_pirq(struct domain *d, void *arg)
{
    struct evtchn_bind_pirq *args = arg;
    if (args->pirq >= pirq_count(d))
        return -EINVAL;
    struct event_port *p;
    spin_lock(&d->event.lock);
    int rc = event_port_reserve(d, &p);
    if (!rc) {
        /* The interrupt may fire before pirq_bind returns. */
        p->u.pirq = args->pirq;
        event_port_bind(p, EVENT_PIRQ, 0);
        args->port = p->port;
        rc = pirq_bind(d->vcpu[0], args->pirq, p->port, args->flags & BIND_PIRQ__WILL_SHARE);
        if (rc) {
            p->state = EVENT_RESERVED;
            event_port_release(d, p);
        }
    }
    spin_unlock(&d->event.lock);
    return rc;
}

/* ---- The rest -------------------------------------------------------------------------------- */

static int event_close(struct domain *d, uint32_t port, bool by_guest)
{
    struct event_port *p = event_port_get(d, port);
    if (!p)
        return -EINVAL;
    spin_lock(&d->event.lock);
    int rc = event_port_close(d, p, by_guest);
    spin_unlock(&d->event.lock);
    return rc;
}

static int op_close(struct domain *d, void *arg)
{
    struct evtchn_close *args = arg;
    return event_close(d, args->port, true);
}

static void port_status(const struct event_port *p, struct evtchn_status *args)
{
    args->vcpu = p->notify_vcpu;
    switch ((enum event_state)p->state) {
    case EVENT_FREE: case EVENT_RESERVED:
        args->status = EVTCHNSTAT_closed;
        break;
    case EVENT_UNBOUND:
        args->status = EVTCHNSTAT_unbound;
        args->u.unbound.dom = p->u.unbound_to;
        break;
    case EVENT_INTERDOMAIN:
        args->status = EVTCHNSTAT_interdomain;
        args->u.interdomain.dom = p->u.pair.domain->id;
        args->u.interdomain.port = p->u.pair.port->port;
        break;
    case EVENT_PIRQ:
        args->status = EVTCHNSTAT_pirq;
        args->u.pirq = p->u.pirq;
        break;
    case EVENT_VIRQ:
        args->status = EVTCHNSTAT_virq;
        args->u.virq = p->u.virq;
        break;
    case EVENT_IPI:
        args->status = EVTCHNSTAT_ipi;
        break;
    }
}

static int op_status(struct domain *caller, void *arg)
{
    struct evtchn_status *args = arg;
    struct domain *d;
    (void)caller;
    int rc = domain_find_for(args->dom, &d);
    if (rc)
        return rc;
    struct event_port *p = event_port_get(d, args->port);
    if (p) {
        spin_lock(&d->event.lock);
        spin_lock(&p->lock);
        port_status(p, args);
        spin_unlock(&p->lock);
        spin_unlock(&d->event.lock);
    }
    domain_put(d);
    return p ? 0 : -EINVAL;
}

/* Under the port's lock. */
static int port_set_vcpu(struct domain *d, struct event_port *p, struct vcpu *v)
{
    if (p->fn)
        return -EINVAL;
    switch ((enum event_state)p->state) {
    case EVENT_VIRQ:
        if (!virq_is_global(p->u.virq))
            return -EINVAL;
        break;
    case EVENT_PIRQ:
        pirq_set_affinity(d, p->u.pirq, v);
        break;
    case EVENT_UNBOUND: case EVENT_INTERDOMAIN:
        break;
    case EVENT_FREE: case EVENT_RESERVED: case EVENT_IPI:
        return -EINVAL;
    }
    write_once(p->notify_vcpu, v->vcpu_id);
    return 0;
}

static int op_bind_vcpu(struct domain *d, void *arg)
{
    struct evtchn_bind_vcpu *args = arg;
    struct vcpu *v = vcpu_of(d, args->vcpu);
    struct event_port *p = event_port_get(d, args->port);
    if (!v || !p)
        return v ? -EINVAL : -ENOENT;
    spin_lock(&d->event.lock);
    spin_lock(&p->lock);
    int rc = port_set_vcpu(d, p, v);
    spin_unlock(&p->lock);
    spin_unlock(&d->event.lock);
    return rc;
}

static int op_unmask(struct domain *d, void *arg)
{
    struct evtchn_unmask *args = arg;
    struct event_port *p = event_port_get(d, args->port);
    if (!p)
        return -EINVAL;
    spin_lock(&p->lock);
    if (p->state > EVENT_RESERVED)
        d->event.abi->unmask(d->vcpu[read_once(p->notify_vcpu)], p);
    spin_unlock(&p->lock);
    return 0;
}

static int op_set_priority(struct domain *d, void *arg)
{
    struct evtchn_set_priority *args = arg;
    struct event_port *p = event_port_get(d, args->port);
    if (!p)
        return -EINVAL;
    spin_lock(&p->lock);
    int rc = d->event.abi->set_priority(p, args->priority);
    spin_unlock(&p->lock);
    return rc;
}

static int op_init_control(struct domain *d, void *arg)
{
    struct evtchn_init_control *args = arg;
    return (int)event_fifo_init_control(d, args);
}

static int op_expand_array(struct domain *d, void *arg)
{
    struct evtchn_expand_array *args = arg;
    return event_fifo_expand(d, args->array_gfn);
}

/* Close what the guest can close, from where the last call stopped; then back to two levels. */
static int event_reset(struct domain *d, bool resume)
{
    int rc = 0;
    spin_lock(&d->event.lock);
    if (!resume)
        d->event.reset_next = 1;
    for (unsigned int n = 1; d->event.reset_next < d->event.nr_ports; d->event.reset_next++, n++) {
        struct event_port *p = event_port_of(d, d->event.reset_next);
        if (p->state > EVENT_RESERVED && !p->fn) {
            rc = event_port_close(d, p, true);
            assert(rc == 0);
        }
        if (n % 64 == 0 && hypercall_preempt_check()) {
            spin_unlock(&d->event.lock);
            return -ERESTART;
        }
    }
    d->event.reset_next = 1;
    if (d->event.nr_active) {
        rc = -ERESTART;                 /* another vcpu has bound one behind our back */
    } else if (d->event.fifo) {
        event_fifo_destroy(d);
    }
    spin_unlock(&d->event.lock);
    return rc;
}

static long op_reset(uint64_t arg, bool resume)
{
    struct evtchn_reset args;
    struct domain *d;
    if (copy_arg_from_guest(&args, arg))
        return -EFAULT;
    int rc = domain_find_for(args.dom, &d);
    if (rc)
        return rc;
    if (d != current->domain && !d->controller_pause_count)
        rc = refuse(d, -EINVAL, "its events cannot be reset while it runs");
    else
        rc = event_reset(d, resume);
    domain_put(d);
    if (rc == -ERESTART)
        return hypercall_continue(__HYPERVISOR_event_channel_op, 2, EVTCHNOP_reset_cont, arg);
    return rc;
}

/* ---- Dispatch -------------------------------------------------------------------------------- */

union op_args {
    struct evtchn_alloc_unbound alloc_unbound;
    struct evtchn_status status;
    struct evtchn_init_control init_control;
};

/* A command: its argument's size, and whether the argument goes back with what there is to say. */
struct op {
    int (*fn)(struct domain *d, void *arg);
    uint16_t size;
    bool out;
};
#define OP(tag, goes_back) \
    { .fn = op_##tag, .size = sizeof(struct evtchn_##tag), .out = goes_back }

static const struct op ops[] = {
    [EVTCHNOP_bind_interdomain] = OP(bind_interdomain, true),
    [EVTCHNOP_bind_virq]        = OP(bind_virq, true),
    [EVTCHNOP_bind_pirq]        = OP(bind_pirq, true),
    [EVTCHNOP_close]            = OP(close, false),
    [EVTCHNOP_status]           = OP(status, true),
    [EVTCHNOP_alloc_unbound]    = OP(alloc_unbound, true),
    [EVTCHNOP_bind_ipi]         = OP(bind_ipi, true),
    [EVTCHNOP_bind_vcpu]        = OP(bind_vcpu, false),
    [EVTCHNOP_unmask]           = OP(unmask, false),
    [EVTCHNOP_init_control]     = OP(init_control, true),
    [EVTCHNOP_expand_array]     = OP(expand_array, false),
    [EVTCHNOP_set_priority]     = OP(set_priority, false),
};

static long op_run(const struct op *op, uint64_t arg)
{
    union op_args args;
    assert(op->size <= sizeof(args));
    if (copy_from_guest_va(&args, arg, op->size))
        return -EFAULT;
    int rc = op->fn(current->domain, &args);
    if (rc || !op->out)
        return rc;
    return copy_to_guest_va(arg, &args, op->size) ? -EFAULT : 0;
}

long do_event_channel_op(int cmd, uint64_t arg)
{
    if (likely(cmd == EVTCHNOP_send)) {
        struct evtchn_send args;
        return copy_arg_from_guest(&args, arg) ? -EFAULT : event_send(current->domain, args.port);
    }
    if (cmd == EVTCHNOP_reset || cmd == EVTCHNOP_reset_cont)
        return op_reset(arg, cmd == EVTCHNOP_reset_cont);
    if (cmd < 0 || (unsigned int)cmd >= ARRAY_SIZE(ops) || !ops[cmd].fn)
        return -ENOSYS;
    return op_run(&ops[cmd], arg);
}

/* The first form: command and argument in one structure. */
long do_event_channel_op_compat(uint64_t uop)
{
    uint32_t cmd;
    if (copy_arg_from_guest(&cmd, uop))
        return -EFAULT;
    if (cmd > EVTCHNOP_unmask)
        return -ENOSYS;
    return do_event_channel_op((int)cmd, uop + offsetof(struct evtchn_op, u));
}

/* ---- Ports of ours, and the debug key -------------------------------------------------------- */

int event_alloc_xen_port(struct domain *d, unsigned int vcpu, domid_t remote,
                         void (*fn)(struct vcpu *v, unsigned int port))
{
    if (!vcpu_of(d, vcpu))
        return -EINVAL;
    struct event_port *p;
    spin_lock(&d->event.lock);
    int rc = event_port_reserve(d, &p);
    if (!rc) {
        p->fn = fn;
        p->u.unbound_to = remote;
        d->event.nr_active--;
        event_port_bind(p, EVENT_UNBOUND, vcpu);
        rc = (int)p->port;
    }
    spin_unlock(&d->event.lock);
    return rc;
}

void event_free_xen_port(struct domain *d, unsigned int port)
{
    int rc = event_close(d, port, false);
    assert(rc == 0 || d->dying);
    (void)rc;
}

static void port_dump(struct domain *d, const struct event_port *p)
{
    const struct event_abi *abi = d->event.abi;
    char pending = abi->is_pending(d, p) ? 'p' : '-', masked = abi->is_masked(d, p) ? 'm' : '-';
    struct evtchn_status s = { 0 };
    static const char *const what[] = { "closed", "unbound", "interdomain", "pirq", "virq", "ipi" };

    port_status(p, &s);
    uint32_t a = s.status == EVTCHNSTAT_interdomain ? s.u.interdomain.port : p->u.virq;
    log_always("d%u: port %4u %c%c vcpu %u %s", d->id, p->port, pending, masked, s.vcpu,
               what[s.status]);
    if (s.status == EVTCHNSTAT_unbound || s.status == EVTCHNSTAT_interdomain) {
        log_always("         d%u port %d%s", s.u.interdomain.dom,
                   s.status == EVTCHNSTAT_unbound ? -1 : (int)a, p->fn ? ", hypervisor" : "");
    } else if (s.status != EVTCHNSTAT_ipi) {
        log_always("         number %u", a);
    }
}

void event_dump_domain(struct domain *d)
{
    log_always("d%u: events: %s, %u ports open", d->id, d->event.abi->name, d->event.nr_active);
    for (uint32_t port = 1; port < d->event.nr_ports; port++) {
        struct event_port *p = event_port_of(d, port);
        spin_lock(&p->lock);
        if (p->state > EVENT_RESERVED)
            port_dump(d, p);
        spin_unlock(&p->lock);
    }
}

static void dump_all(unsigned char key)
{
    (void)key;
    rcu_read_lock();
    for_each_domain(d)
        event_dump_domain(d);
    rcu_read_unlock();
}

void event_init(void)
{
    key_register('e', dump_all, "event channels: each domain's open ports");
}
