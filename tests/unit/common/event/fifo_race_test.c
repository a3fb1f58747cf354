/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The FIFO ABI under fire: threads send to ports of one domain and move the ports between queues,
 * while a guest takes, masks and unmasks.  When all is quiet no event may be left: each that was
 * sent has been seen since.
 *
 * flags: -pthread
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>

#define FAKE_THREADS
#include "fake_domain.h"

#define PORTS 12
#define SENDS 150000

static struct evtchn_fifo_control_block *control;
static event_word_t *words;
static uint32_t port[PORTS];
static unsigned int sent[PORTS + 2], seen[PORTS + 2], senders;

static void *sender(void *arg)
{
    unsigned int seed = (unsigned int)(uintptr_t)arg;
    for (int i = 0; i < SENDS; i++) {
        unsigned int k = (unsigned int)rand_r(&seed) % PORTS;
        struct event_port *p = event_port_get(&domains[1], port[k]);
        if (rand_r(&seed) % 64 == 0)
            event_abi_fifo.set_priority(p, (unsigned int)rand_r(&seed) % 3);
        atomic_add(&sent[port[k]], 1);
        event_send_pirq(&domains[1], port[k]);
    }
    atomic_sub(&senders, 1);
    return NULL;
}

/* A guest's mask and unmask, as documented: unmasking asks us only if the event is pending. */
static void guest_unmask(uint32_t nr)
{
    uint32_t w = read_once(words[nr]);
    do {
        if (!(w & MASKED))
            return;
        if (w & PENDING) {
            struct evtchn_unmask args = { .port = nr };
            (void)do_event_channel_op(EVTCHNOP_unmask, (uint64_t)&args);
            return;
        }
        w &= ~BUSY;
    } while (!atomic_cas(&words[nr], &w, w & ~MASKED));
}

static uint32_t heads[16];

static bool guest_take(unsigned int *seed)
{
    static uint32_t ready;
    ready |= atomic_xchg(&control->ready, 0);
    if (!ready)
        return false;
    unsigned int q = (unsigned int)__builtin_ctz(ready);
    if (!heads[q])
        heads[q] = read_once(control->head[q]);
    uint32_t nr = heads[q];
    assert_in_range(nr, 1, PORTS + 1);
    uint32_t old = word_clear(&words[nr], LINKED | LINK_MASK);
    heads[q] = old & LINK_MASK;
    if (!heads[q])
        ready &= ~(1u << q);
    if ((old & PENDING) && !(old & MASKED)) {
        word_clear(&words[nr], PENDING);
        atomic_xchg(&seen[nr], read_once(sent[nr]));
    }
    if (rand_r(seed) % 8 == 0)
        word_set(&words[nr], MASKED);
    if (rand_r(seed) % 4 == 0)
        guest_unmask(port[(unsigned int)rand_r(seed) % PORTS]);
    return true;
}

static void test_race(void **state)
{
    (void)state;
    fake_current = &vcpus[1][0];
    guest_page(1, 100);
    control = mfn_to_virt(mfn_of(100));
    words = guest_page(1, 200);
    OP_CALL(init_control, .control_gfn = 100, .offset = 0, .vcpu = 0);
    OP_CALL(expand_array, .array_gfn = 200);
    assert_int_equal(last_rc, 0);
    for (unsigned int i = 0; i < PORTS; i++)
        port[i] = OP_CALL(bind_ipi, .vcpu = 0).port;

    pthread_t thread[3];
    unsigned int seed = 1;
    senders = 3;
    for (uintptr_t i = 0; i < 3; i++)
        pthread_create(&thread[i], NULL, sender, (void *)(i + 7));
    while (read_once(senders))
        guest_take(&seed);
    for (int i = 0; i < 3; i++)
        pthread_join(thread[i], NULL);
    for (int quiet = 0; quiet < 3; quiet++) {
        for (unsigned int i = 0; i < PORTS; i++)
            guest_unmask(port[i]);
        while (guest_take(&seed))
            quiet = 0;
    }
    for (unsigned int i = 0; i < PORTS; i++) {
        assert_int_equal(words[port[i]] & (PENDING | LINKED | BUSY), 0);
        assert_int_equal(seen[port[i]], sent[port[i]]);
    }
}

int main(void)
{
    fake_machine_start();
    domains_make(1023);
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_race) };
    int rc = cmocka_run_group_tests(tests, NULL, NULL);
    domains_free();
    return rc;
}
