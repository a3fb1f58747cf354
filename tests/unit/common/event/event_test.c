/* SPDX-License-Identifier: GPL-2.0-only */
/* Event channels: the states of ports, errors, and what each ABI shows to a guest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "fake_domain.h"

static int setup(void **state)
{
    (void)state;
    kicks = unblocks = 0;
    preempt_after = ~0u;
    domains_make(8191);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    domains_free();
    assert_int_equal(fake_locks_held, 0);
    assert_int_equal(pirqs_bound, 0);
    for (int i = 0; i < DOMAINS; i++)
        assert_int_equal((int)domains[i].refs <= 0, 1);
    return 0;
}

static void as(unsigned int d, unsigned int v) { fake_current = &vcpus[d][v]; }

static bool pending(unsigned int d, uint32_t port)
{
    return event_port_is_pending(&domains[d], port);
}

/* d1 and d2 share a channel: d1's port, d2's port. */
static void channel(uint32_t *a, uint32_t *b)
{
    as(1, 0);
    *a = OP_CALL(alloc_unbound, .dom = DOMID_SELF, .remote_dom = 2).port;
    assert_int_equal(last_rc, 0);
    as(2, 0);
    *b = OP_CALL(bind_interdomain, .remote_dom = 1, .remote_port = *a).local_port;
    assert_int_equal(last_rc, 0);
}

static void test_interdomain(void **state)
{
    (void)state;
    uint32_t a, b;
    channel(&a, &b);
    assert_int_equal(a, 1);
    assert_true(pending(2, b));                     /* from the start */
    assert_true(vcpus[2][0].info->evtchn_upcall_pending);
    assert_int_equal(vcpus[2][0].info->evtchn_pending_sel, 1);

    OP_CALL(send, .port = b);
    assert_int_equal(last_rc, 0);
    assert_true(pending(1, a));
    assert_true(vcpus[1][0].info->evtchn_upcall_pending);
    unsigned int before = kicks;
    OP_CALL(send, .port = b);                       /* pending already: no kick */
    assert_int_equal(kicks, before);

    struct evtchn_status s = OP_CALL(status, .dom = DOMID_SELF, .port = b);
    assert_int_equal(s.status, EVTCHNSTAT_interdomain);
    assert_int_equal(s.u.interdomain.dom, 1);
    assert_int_equal(s.u.interdomain.port, a);

    OP_CALL(close, .port = b);
    assert_int_equal(last_rc, 0);
    as(1, 0);
    s = OP_CALL(status, .dom = DOMID_SELF, .port = a);
    assert_int_equal(s.status, EVTCHNSTAT_unbound);
    assert_int_equal(s.u.unbound.dom, 2);
    OP_CALL(send, .port = a);
    assert_int_equal(last_rc, 0);                   /* nobody listens: not an error */
    as(2, 0);
    OP_CALL(send, .port = b);
    assert_int_equal(last_rc, -EINVAL);
    assert_false(pending(2, b));
}

static void test_refusals(void **state)
{
    (void)state;
    as(1, 0);
    uint32_t a = OP_CALL(alloc_unbound, .dom = DOMID_SELF, .remote_dom = 2).port;
    as(0, 0);
    OP_CALL(bind_interdomain, .remote_dom = 1, .remote_port = a);
    assert_int_equal(last_rc, -EINVAL);             /* it waits for d2 */
    OP_CALL(bind_interdomain, .remote_dom = 9, .remote_port = a);
    assert_int_equal(last_rc, -ESRCH);
    OP_CALL(bind_interdomain, .remote_dom = 1, .remote_port = 1u << 30);
    assert_int_equal(last_rc, -EINVAL);
    OP_CALL(bind_interdomain, .remote_dom = DOMID_SELF, .remote_port = 1);
    assert_int_equal(last_rc, -EINVAL);             /* the very port it is about to get */
    as(2, 0);
    OP_CALL(alloc_unbound, .dom = 1, .remote_dom = 2);
    assert_int_equal(last_rc, -EPERM);
    OP_CALL(bind_virq, .virq = VIRQ_CONSOLE, .vcpu = 0);
    assert_int_equal(last_rc, -EPERM);
    OP_CALL(bind_virq, .virq = NR_VIRQS, .vcpu = 0);
    assert_int_equal(last_rc, -EINVAL);
    OP_CALL(bind_virq, .virq = VIRQ_ARGO, .vcpu = 1);
    assert_int_equal(last_rc, -EINVAL);
    OP_CALL(bind_virq, .virq = VIRQ_TIMER, .vcpu = 77);
    assert_int_equal(last_rc, -ENOENT);
    OP_CALL(bind_ipi, .vcpu = VCPUS);
    assert_int_equal(last_rc, -ENOENT);
    OP_CALL(bind_pirq, .pirq = 32);
    assert_int_equal(last_rc, -EINVAL);
    OP_CALL(close, .port = 0);
    assert_int_equal(last_rc, -EINVAL);
    OP_CALL(close, .port = 5);
    assert_int_equal(last_rc, -EINVAL);
    OP_CALL(close, .port = ~0u);
    assert_int_equal(last_rc, -EINVAL);
    OP_CALL(set_priority, .port = 1, .priority = 3);
    assert_int_equal(last_rc, -ENOSYS);
    OP_CALL(expand_array, .array_gfn = 5);
    assert_int_equal(last_rc, -EOPNOTSUPP);
    assert_int_equal(do_event_channel_op(EVTCHNOP_send, 0), -EFAULT);
    assert_int_equal(do_event_channel_op(EVTCHNOP_bind_ipi, 0), -EFAULT);
    assert_int_equal(do_event_channel_op(-1, 0), -ENOSYS);
    assert_int_equal(do_event_channel_op(99, 0), -ENOSYS);
    pirq_rc = -EBUSY;
    OP_CALL(bind_pirq, .pirq = 3);
    assert_int_equal(last_rc, -EBUSY);
    pirq_rc = 0;
    assert_int_equal(domains[2].event.nr_active, 0);
}

static void test_virq_ipi_pirq(void **state)
{
    (void)state;
    as(0, 0);
    uint32_t timer = OP_CALL(bind_virq, .virq = VIRQ_TIMER, .vcpu = 2).port;
    uint32_t console = OP_CALL(bind_virq, .virq = VIRQ_CONSOLE, .vcpu = 0).port;
    OP_CALL(bind_virq, .virq = VIRQ_CONSOLE, .vcpu = 0);
    assert_int_equal(last_rc, -EEXIST);
    OP_CALL(bind_vcpu, .port = timer, .vcpu = 0);
    assert_int_equal(last_rc, -EINVAL);
    OP_CALL(bind_vcpu, .port = console, .vcpu = 3);
    assert_int_equal(last_rc, 0);
    OP_CALL(bind_vcpu, .port = console, .vcpu = 9);
    assert_int_equal(last_rc, -ENOENT);

    event_send_virq(&vcpus[0][1], VIRQ_TIMER);
    assert_false(pending(0, timer));
    event_send_virq(&vcpus[0][2], VIRQ_TIMER);
    assert_true(pending(0, timer));
    assert_true(vcpus[0][2].info->evtchn_upcall_pending);
    event_send_global_virq(VIRQ_CONSOLE);
    assert_true(pending(0, console));
    assert_true(vcpus[0][3].info->evtchn_upcall_pending);
    OP_CALL(close, .port = console);
    event_send_global_virq(VIRQ_CONSOLE);
    assert_false(pending(0, console));

    uint32_t ipi = OP_CALL(bind_ipi, .vcpu = 1).port;
    OP_CALL(bind_vcpu, .port = ipi, .vcpu = 0);
    assert_int_equal(last_rc, -EINVAL);
    OP_CALL(send, .port = ipi);
    assert_true(pending(0, ipi) && vcpus[0][1].info->evtchn_upcall_pending);
    OP_CALL(send, .port = timer);
    assert_int_equal(last_rc, -EINVAL);

    uint32_t pirq = OP_CALL(bind_pirq, .pirq = 4, .flags = BIND_PIRQ__WILL_SHARE).port;
    event_send_pirq(&domains[0], pirq);
    assert_true(pending(0, pirq));
    assert_int_equal(OP_CALL(status, .dom = 0, .port = pirq).u.pirq, 4);

    assert_int_equal(event_set_virq_handler(&domains[2], VIRQ_DOM_EXC), 0);
    assert_int_equal(event_set_virq_handler(&domains[2], VIRQ_TIMER), -EINVAL);
    assert_int_equal(domains[2].refs, 1);
}

static void test_mask(void **state)
{
    (void)state;
    as(1, 0);
    uint32_t ipi = OP_CALL(bind_ipi, .vcpu = 1).port;
    shared[1].evtchn_mask[0] = 1ul << ipi;
    OP_CALL(send, .port = ipi);
    assert_true(pending(1, ipi));
    assert_true(event_port_is_masked(&domains[1], ipi));
    assert_int_equal(kicks, 0);
    OP_CALL(unmask, .port = ipi);
    assert_int_equal(last_rc, 0);
    assert_int_equal(kicks, 1);
    assert_int_equal(vcpus[1][1].info->evtchn_pending_sel, 1);
    assert_false(event_port_is_masked(&domains[1], ipi));
}

static void test_poll(void **state)
{
    (void)state;
    as(1, 0);
    uint32_t ipi = OP_CALL(bind_ipi, .vcpu = 1).port;
    shared[1].evtchn_mask[0] = ~0ul;
    struct vcpu *v = &vcpus[1][3];
    uint32_t other = OP_CALL(bind_ipi, .vcpu = 1).port, both[] = { other, ipi }, bad = 1u << 16;
    assert_int_equal(event_poll_begin(v, &bad, 1), -EINVAL);
    assert_int_equal(v->poll_port, 0);
    assert_int_equal(event_poll_begin(v, &other, 1), 0);
    v->pause_flags = 1u << VPF_BLOCKED;
    OP_CALL(send, .port = ipi);
    assert_int_equal(unblocks, 0);
    shared[1].evtchn_pending[0] = 0;
    assert_int_equal(event_poll_begin(v, &ipi, 1), 0);
    OP_CALL(send, .port = ipi);
    assert_int_equal(unblocks, 1);
    assert_int_equal(v->poll_port, 0);
    event_poll_end(v);
    shared[1].evtchn_pending[0] = 0;
    v->pause_flags = 1u << VPF_BLOCKED;
    assert_int_equal(event_poll_begin(v, both, 2), 0);
    OP_CALL(send, .port = ipi);
    assert_int_equal(unblocks, 2);
    /* Woken by one of them, it is asked for no more at the other. */
    OP_CALL(send, .port = other);
    assert_int_equal(unblocks, 2);
}

static void test_blocked(void **state)
{
    (void)state;
    as(1, 0);
    uint32_t ipi = OP_CALL(bind_ipi, .vcpu = 1).port;
    vcpus[1][1].pause_flags = 1u << VPF_BLOCKED;
    OP_CALL(send, .port = ipi);
    assert_int_equal(unblocks, 1);
    assert_int_equal(vcpus[1][1].pause_flags, 0);
}

static unsigned int consumer_calls;
static void consumer(struct vcpu *v, unsigned int port)
{
    consumer_calls += v == &vcpus[1][2] && port > 0;
}

static void test_xen_port(void **state)
{
    (void)state;
    int port = event_alloc_xen_port(&domains[1], 2, 0, consumer);
    assert_true(port > 0);
    as(0, 0);
    uint32_t local = OP_CALL(bind_interdomain, .remote_dom = 1,
                             .remote_port = (uint32_t)port).local_port;
    assert_int_equal(last_rc, 0);
    OP_CALL(send, .port = local);
    assert_int_equal(consumer_calls, 1);
    assert_false(pending(1, (uint32_t)port));
    shared[0].evtchn_pending[0] = 0;
    event_notify_via_xen_port(&domains[1], (unsigned)port);
    assert_true(pending(0, local));
    as(1, 0);
    OP_CALL(close, .port = (uint32_t)port);
    assert_int_equal(last_rc, -EINVAL);
    OP_CALL(bind_vcpu, .port = (uint32_t)port, .vcpu = 0);
    assert_int_equal(last_rc, -EINVAL);
    event_free_xen_port(&domains[1], (unsigned)port);
    assert_int_equal(domains[1].event.nr_active, 0);
}

static void test_limits(void **state)
{
    (void)state;
    as(1, 0);
    for (unsigned int i = 1; i < EVTCHN_2L_NR_CHANNELS; i++) {
        assert_int_equal(OP_CALL(bind_ipi, .vcpu = 0).port, i);
        assert_int_equal(last_rc, 0);
    }
    OP_CALL(bind_ipi, .vcpu = 0);
    assert_int_equal(last_rc, -ENOSPC);
    OP_CALL(close, .port = 17);
    assert_int_equal(OP_CALL(bind_ipi, .vcpu = 0).port, 17);

    preempt_after = 3;
    OP_CALL(reset, .dom = DOMID_SELF);
    assert_int_equal(last_rc, -ERESTART);
    assert_true(domains[1].event.nr_active > 3000);
    struct evtchn_reset again = { .dom = DOMID_SELF };
    assert_int_equal(do_event_channel_op(EVTCHNOP_reset_cont, (uint64_t)&again), 0);
    assert_int_equal(domains[1].event.nr_active, 0);
    as(0, 0);
    OP_CALL(reset, .dom = 1);
    assert_int_equal(last_rc, -EINVAL);             /* it runs */
}

/* ---- FIFO: the guest's side ------------------------------------------------------------------ */

static struct evtchn_fifo_control_block *control[VCPUS];
static event_word_t *words;                         /* two pages in a row */
/* the guest's own notion of each queue's head */
static uint32_t heads[VCPUS][16];

static void fifo_start(unsigned int d, unsigned int nr_vcpus)
{
    memset(heads, 0, sizeof(heads));
    for (unsigned int v = 0; v < nr_vcpus; v++) {
        char *page = guest_page(d, 100 + v);
        memset(page, 0, PAGE_SIZE);
        control[v] = (void *)(page + 8 * v);
        OP_CALL(init_control, .control_gfn = 100 + v, .offset = 8 * v, .vcpu = v);
        assert_int_equal(last_rc, 0);
    }
    words = guest_page(d, 200);
    guest_page(d, 201);
    memset(words, 0, 2 * PAGE_SIZE);
}

static void fifo_words(void)
{
    OP_CALL(expand_array, .array_gfn = 200);
    assert_int_equal(last_rc, 0);
    OP_CALL(expand_array, .array_gfn = 201);
    assert_int_equal(last_rc, 0);
}

/* Takes one event off vcpu v's queues as a guest does; 0 if there is none that is to be handled. */
static uint32_t fifo_take(unsigned int v)
{
    while (control[v]->ready) {
        unsigned int q = first_bit(control[v]->ready);
        if (!heads[v][q])
            heads[v][q] = control[v]->head[q];
        uint32_t port = heads[v][q];
        uint32_t old = word_clear(&words[port], LINKED | LINK_MASK);
        heads[v][q] = old & LINK_MASK;
        if (!heads[v][q])
            control[v]->ready &= ~(1u << q);
        if ((old & PENDING) && !(old & MASKED)) {
            word_clear(&words[port], PENDING);
            return port;
        }
    }
    return 0;
}

static void test_fifo_order(void **state)
{
    (void)state;
    uint32_t port[8];
    as(1, 0);
    fifo_start(1, 2);
    fifo_words();
    for (int i = 0; i < 8; i++)
        port[i] = OP_CALL(bind_ipi, .vcpu = 1).port;
    OP_CALL(set_priority, .port = port[6], .priority = 0);
    assert_int_equal(last_rc, 0);
    OP_CALL(set_priority, .port = port[6], .priority = 16);
    assert_int_equal(last_rc, -EINVAL);
    for (int i = 0; i < 8; i++) {
        OP_CALL(send, .port = port[i]);
        OP_CALL(send, .port = port[i]);
    }
    assert_int_equal(kicks, 1);
    assert_int_equal(fifo_take(1), port[6]);
    assert_int_equal(fifo_take(1), port[0]);
    assert_int_equal(fifo_take(1), port[1]);
    OP_CALL(send, .port = port[0]);                 /* again, behind the others */
    for (int i = 2; i < 6; i++)
        assert_int_equal(fifo_take(1), port[i]);
    assert_int_equal(fifo_take(1), port[7]);
    assert_int_equal(fifo_take(1), port[0]);
    assert_int_equal(fifo_take(1), 0);
    /* it was the tail: must not be linked to itself */
    OP_CALL(send, .port = port[0]);
    assert_int_equal(words[port[0]] & LINK_MASK, 0);
    assert_int_equal(fifo_take(1), port[0]);
    assert_int_equal(fifo_take(0), 0);
}

static void test_fifo_mask_and_move(void **state)
{
    (void)state;
    uint32_t a, b;
    as(1, 0);
    fifo_start(1, 3);
    fifo_words();
    channel(&b, &a);                                /* d2 has a, d1 has b */
    uint32_t c = (as(1, 0), OP_CALL(bind_ipi, .vcpu = 0).port);
    words[b] |= MASKED;
    as(2, 0);
    OP_CALL(send, .port = a);
    assert_int_equal(fifo_take(0), 0);
    assert_true(pending(1, b));
    as(1, 0);
    OP_CALL(unmask, .port = b);
    assert_int_equal(fifo_take(0), b);

    /* The old queue's tail goes to another queue; the old one must start afresh. */
    as(2, 0);
    OP_CALL(send, .port = a);
    as(1, 0);
    assert_int_equal(fifo_take(0), b);
    OP_CALL(bind_vcpu, .port = b, .vcpu = 2);
    as(2, 0);
    OP_CALL(send, .port = a);
    as(1, 0);
    OP_CALL(send, .port = c);
    assert_int_equal(words[b] & LINK_MASK, 0);
    assert_int_equal(fifo_take(0), c);
    assert_int_equal(fifo_take(2), b);

    /* A closed port that the guest still has in its queue is not given out. */
    OP_CALL(send, .port = c);
    OP_CALL(close, .port = c);
    assert_int_not_equal(OP_CALL(bind_ipi, .vcpu = 0).port, c);
    assert_int_equal(fifo_take(0), 0);
    assert_int_equal(OP_CALL(bind_ipi, .vcpu = 0).port, c);
}

/* Events that came before the guest chose FIFO, had words, or gave the vcpu its control block. */
static void test_fifo_early(void **state)
{
    (void)state;
    as(1, 0);
    uint32_t old = OP_CALL(bind_ipi, .vcpu = 0).port, later = OP_CALL(bind_ipi, .vcpu = 1).port;
    uint32_t none = OP_CALL(bind_ipi, .vcpu = 2).port;
    OP_CALL(send, .port = old);
    fifo_start(1, 2);
    assert_true(pending(1, old));
    OP_CALL(send, .port = later);
    fifo_words();
    assert_int_equal(fifo_take(0), old);
    assert_int_equal(fifo_take(1), later);
    OP_CALL(send, .port = none);
    assert_int_equal(words[none], PENDING);
    memset(guest_page(1, 300), 0, PAGE_SIZE);
    control[2] = mfn_to_virt(mfn_of(300));
    OP_CALL(init_control, .control_gfn = 300, .offset = 0, .vcpu = 2);
    assert_int_equal(fifo_take(2), none);
}

static void test_fifo_refusals(void **state)
{
    (void)state;
    as(1, 0);
    guest_page(1, 100);
    guest_page(2, 101);
    OP_CALL(init_control, .control_gfn = 100, .offset = 4, .vcpu = 0);
    assert_int_equal(last_rc, -EINVAL);
    OP_CALL(init_control, .control_gfn = 100, .offset = PAGE_SIZE - 64, .vcpu = 0);
    assert_int_equal(last_rc, -EINVAL);
    OP_CALL(init_control, .control_gfn = 100, .offset = 0, .vcpu = VCPUS);
    assert_int_equal(last_rc, -ENOENT);
    OP_CALL(init_control, .control_gfn = 101, .offset = 0, .vcpu = 0);
    assert_int_equal(last_rc, -EINVAL);
    assert_null(domains[1].event.fifo);
    struct evtchn_init_control c = OP_CALL(init_control, .control_gfn = 100, .offset = 0,
        .vcpu = 0);
    assert_int_equal(last_rc, 0);
    assert_int_equal(c.link_bits, 17);
    OP_CALL(init_control, .control_gfn = 100, .offset = 128, .vcpu = 0);
    assert_int_equal(last_rc, -EINVAL);
    OP_CALL(expand_array, .array_gfn = 101);
    assert_int_equal(last_rc, -EINVAL);
    for (int i = 0; i < 8; i++) {
        guest_page(1, 110 + (unsigned)i);
        OP_CALL(expand_array, .array_gfn = 110 + (unsigned)i);
        assert_int_equal(last_rc, 0);
    }
    OP_CALL(expand_array, .array_gfn = 100);
    assert_int_equal(last_rc, -ENOSPC);             /* the toolstack's limit */
    for (unsigned int i = 1; i < 8192; i++) {
        OP_CALL(bind_ipi, .vcpu = 0);
        assert_int_equal(last_rc, 0);
    }
    OP_CALL(bind_ipi, .vcpu = 0);
    assert_int_equal(last_rc, -ENOSPC);
    OP_CALL(reset, .dom = DOMID_SELF);
    assert_int_equal(last_rc, 0);
    assert_null(domains[1].event.fifo);
    assert_ptr_equal(domains[1].event.abi, &event_abi_two_level);
    assert_int_equal(mfn_to_frame(mfn_of(110))->type, 0);
    assert_int_equal(frame_refs(mfn_to_frame(mfn_of(110))), 1);
    assert_int_equal(frame_refs(mfn_to_frame(mfn_of(100))), 1);
}

/* A guest that writes nonsense hurts nobody else and does not keep us. */
static void test_fifo_hostile(void **state)
{
    (void)state;
    as(1, 0);
    fifo_start(1, 2);
    fifo_words();
    uint32_t port[4];
    for (int i = 0; i < 4; i++)
        port[i] = OP_CALL(bind_ipi, .vcpu = (unsigned)i % 2).port;
    srand(5);
    for (int step = 0; step < 20000; step++) {
        words[port[rand() % 4]] = (uint32_t)rand() * 2u;
        control[0]->head[rand() % 16] = (uint32_t)rand();
        control[1]->ready = (uint32_t)rand();
        OP_CALL(send, .port = port[rand() % 4]);
        assert_int_equal(last_rc, 0);
        OP_CALL(unmask, .port = port[rand() % 4]);
        OP_CALL(set_priority, .port = port[rand() % 4], .priority = (unsigned)rand() % 16);
    }
}

int main(void)
{
    fake_machine_start();
#define T(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(interdomain), T(refusals), T(virq_ipi_pirq), T(mask), T(poll), T(blocked), T(xen_port),
        T(limits),
        T(fifo_order), T(fifo_mask_and_move), T(fifo_early), T(fifo_refusals), T(fifo_hostile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
