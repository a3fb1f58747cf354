/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Event channels in the FIFO ABI: control block, event array, queues by priority and in order, the
 * mask, and a guest that writes nonsense into words and heads.
 */
#include "../lib/guest.h"

static struct evtchn_fifo_control_block *control;
static event_word_t *words;
static uint32_t heads[EVTCHN_FIFO_MAX_QUEUES];

static long init_control(unsigned long gfn, unsigned int offset, unsigned int vcpu)
{
    struct evtchn_init_control arg = { .control_gfn = gfn, .offset = offset, .vcpu = vcpu };
    long rc = event_channel_op(EVTCHNOP_init_control, &arg);

    if (!rc)
        EXPECT_EQ(arg.link_bits, EVTCHN_FIFO_LINK_BITS);
    return rc;
}

static long expand_array(unsigned long gfn)
{
    struct evtchn_expand_array arg = { .array_gfn = gfn };

    return event_channel_op(EVTCHNOP_expand_array, &arg);
}

static long set_priority(evtchn_port_t port, unsigned int priority)
{
    struct evtchn_set_priority arg = { .port = port, .priority = priority };

    return event_channel_op(EVTCHNOP_set_priority, &arg);
}

static bool word_bit(evtchn_port_t port, unsigned int bit)
{
    return READ_ONCE(words[port]) >> bit & 1;
}

static void word_set(evtchn_port_t port, unsigned int bit)
{
    __atomic_fetch_or(&words[port], 1u << bit, __ATOMIC_SEQ_CST);
}

static void word_clear(evtchn_port_t port, unsigned int bit)
{
    __atomic_fetch_and(&words[port], ~(1u << bit), __ATOMIC_SEQ_CST);
}

/* Take the next port off the queues, 0 if there is none. As the ABI wants it of a guest. */
static evtchn_port_t take_next(unsigned int *priority)
{
    uint32_t ready = READ_ONCE(control->ready);
    unsigned int q;
    uint32_t head, word, new;

    if (!ready)
        return 0;
    q = __builtin_ctz(ready);
    head = heads[q] ? heads[q] : READ_ONCE(control->head[q]);
    if (!head) {
        __atomic_fetch_and(&control->ready, ~(1u << q), __ATOMIC_SEQ_CST);
        return 0;
    }
    do {
        word = READ_ONCE(words[head]);
        new = word & ~(1u << EVTCHN_FIFO_LINKED | EVTCHN_FIFO_LINK_MASK);
    } while (!__atomic_compare_exchange_n(&words[head], &word, new, false, __ATOMIC_SEQ_CST,
                                          __ATOMIC_SEQ_CST));
    heads[q] = word & EVTCHN_FIFO_LINK_MASK;
    if (!heads[q])
        __atomic_fetch_and(&control->ready, ~(1u << q), __ATOMIC_SEQ_CST);
    *priority = q;
    if (word_bit(head, EVTCHN_FIFO_PENDING))
        word_clear(head, EVTCHN_FIFO_PENDING);
    return head;
}

static void check_setup(void)
{
    uint8_t *page = page_alloc(), *array = page_alloc();

    section("before there is a control block");
    EXPECT_ERROR(expand_array(mfn_of(array)));

    section("bad control blocks");
    EXPECT_ERROR(init_control(mfn_of(page), 4, 0));
    EXPECT_ERROR(init_control(mfn_of(page), PAGE_SIZE - 8, 0));
    EXPECT_ERROR(init_control(mfn_of(page), ~7u, 0));
    EXPECT_ERROR(init_control(~0UL, 0, 0));
    EXPECT_ERROR(init_control(hypervisor_mfn(), 0, 0));
    EXPECT_ERROR(init_control(mfn_of(kernel_root()), 0, 0));
    EXPECT_ERROR(init_control(mfn_of(page), 0, 4711));

    section("a control block, once");
    EXPECT_EQ(init_control(mfn_of(page), 64, 0), 0);
    EXPECT_ERROR(init_control(mfn_of(page), 64, 0));
    control = (void *)(page + 64);
    EXPECT_ERROR(page_remap(page, 0) ? -1 : mmuext_mfn(MMUEXT_PIN_L1_TABLE, mfn_of(page)));
    EXPECT_EQ(page_remap(page, PTE_RW), 0);

    section("the array");
    EXPECT_ERROR(expand_array(~0UL));
    EXPECT_ERROR(expand_array(hypervisor_mfn()));
    EXPECT_ERROR(expand_array(mfn_of(kernel_root())));
    EXPECT_EQ(expand_array(mfn_of(array)), 0);
    words = (event_word_t *)array;
}

static evtchn_port_t ports[8];

static void check_order(void)
{
    unsigned int priority;

    section("queue in order of sending");
    for (unsigned int i = 0; i < ARRAY_SIZE(ports); i++) {
        ports[i] = event_bind_ipi(0);
        REQUIRE((long)ports[i] > 0 && ports[i] < 1024);
        word_clear(ports[i], EVTCHN_FIFO_MASKED);
    }
    for (unsigned int i = ARRAY_SIZE(ports); i > 0; i--)
        EXPECT_EQ(event_send(ports[i - 1]), 0);
    EXPECT_EQ(control->ready, 1u << EVTCHN_FIFO_PRIORITY_DEFAULT);
    for (unsigned int i = ARRAY_SIZE(ports); i > 0; i--) {
        EXPECT(word_bit(ports[i - 1], EVTCHN_FIFO_PENDING));
        EXPECT_EQ(take_next(&priority), ports[i - 1]);
        EXPECT_EQ(priority, EVTCHN_FIFO_PRIORITY_DEFAULT);
    }
    EXPECT_EQ(take_next(&priority), 0);
    EXPECT_EQ(control->ready, 0);

    section("one event however often it is sent");
    EXPECT_EQ(event_send(ports[0]), 0);
    EXPECT_EQ(event_send(ports[0]), 0);
    EXPECT_EQ(take_next(&priority), ports[0]);
    EXPECT_EQ(take_next(&priority), 0);
}

static void check_priorities(void)
{
    unsigned int priority;

    section("priorities");
    EXPECT_EQ(set_priority(ports[1], EVTCHN_FIFO_PRIORITY_MAX), 0);
    EXPECT_EQ(set_priority(ports[2], EVTCHN_FIFO_PRIORITY_MIN), 0);
    EXPECT_EQ(set_priority(ports[2], EVTCHN_FIFO_PRIORITY_MIN + 1), -XEN_EINVAL);
    EXPECT_EQ(set_priority(ports[2], ~0u), -XEN_EINVAL);
    EXPECT_EQ(set_priority(4000, 1), -XEN_EINVAL);
    EXPECT_EQ(event_send(ports[2]), 0);
    EXPECT_EQ(event_send(ports[0]), 0);
    EXPECT_EQ(event_send(ports[1]), 0);
    EXPECT_EQ(take_next(&priority), ports[1]);
    EXPECT_EQ(priority, EVTCHN_FIFO_PRIORITY_MAX);
    EXPECT_EQ(take_next(&priority), ports[0]);
    EXPECT_EQ(take_next(&priority), ports[2]);
    EXPECT_EQ(priority, EVTCHN_FIFO_PRIORITY_MIN);

    section("a priority that changes while the port is queued");
    EXPECT_EQ(event_send(ports[0]), 0);
    EXPECT_EQ(set_priority(ports[0], 3), 0);
    EXPECT_EQ(event_send(ports[0]), 0);
    EXPECT_EQ(take_next(&priority), ports[0]);
    EXPECT_EQ(take_next(&priority), 0);
    EXPECT_EQ(event_send(ports[0]), 0);
    EXPECT_EQ(take_next(&priority), ports[0]);
    EXPECT_EQ(priority, 3);
}

static void check_masks(void)
{
    struct evtchn_unmask unmask = { .port = ports[0] };
    unsigned int priority, before = upcall_count;

    section("masked ports are pending and not queued");
    word_set(ports[0], EVTCHN_FIFO_MASKED);
    EXPECT_EQ(event_send(ports[0]), 0);
    EXPECT(word_bit(ports[0], EVTCHN_FIFO_PENDING));
    EXPECT_EQ(control->ready, 0);
    EXPECT_EQ(event_channel_op(EVTCHNOP_unmask, &unmask), 0);
    EXPECT(!word_bit(ports[0], EVTCHN_FIFO_MASKED));
    EXPECT(word_bit(ports[0], EVTCHN_FIFO_LINKED));
    EXPECT(vcpu_info()->evtchn_upcall_pending);
    EXPECT_EQ(upcall_count, before);
    EXPECT_EQ(take_next(&priority), ports[0]);
    vcpu_info()->evtchn_upcall_pending = 0;
}

static void check_abuse(void)
{
    unsigned int priority;

    section("a guest that writes nonsense into the words and the control block");
    for (unsigned int i = 0; i < ARRAY_SIZE(ports); i++)
        EXPECT_EQ(event_send(ports[i]), 0);
    for (unsigned int i = 0; i < 1024; i++)
        words[i] |= EVTCHN_FIFO_LINK_MASK;
    memset(control, 0xff, sizeof(*control));
    for (unsigned int n = 0; n < 100; n++) {
        for (unsigned int i = 0; i < ARRAY_SIZE(ports); i++) {
            event_send(ports[i]);
            words[ports[i]] = 0xffffffff >> n % 32;
            event_send(ports[i]);
            words[ports[i]] = 1u << n % 32;
        }
    }

    section("and who then puts things in order");
    for (unsigned int i = 0; i < 1024; i++)
        words[i] = 0;
    memset(control, 0, sizeof(*control));
    memset(heads, 0, sizeof(heads));
    for (unsigned int i = 0; i < ARRAY_SIZE(ports); i++)
        EXPECT_EQ(event_close(ports[i]), 0);

    evtchn_port_t port = event_bind_ipi(0);

    word_clear(port, EVTCHN_FIFO_MASKED);
    EXPECT_EQ(event_send(port), 0);
    EXPECT(word_bit(port, EVTCHN_FIFO_PENDING));
    take_next(&priority);
    EXPECT_EQ(event_close(port), 0);
}

static void check_growth(void)
{
    event_word_t *second = page_alloc();
    unsigned int n = 0;
    long port, peer;

    section("ports without a word, sent to all the same");
    do
        port = event_alloc_unbound(DOMID_SELF, DOMID_SELF);
    while (port > 0 && port < 1030 && n++ < 1100);
    REQUIRE_EQ(port, 1030);
    peer = event_bind_interdomain(DOMID_SELF, port);
    REQUIRE_EQ(peer, 1031);
    EXPECT_EQ(event_send(port), 0);
    EXPECT_EQ(event_send(peer), 0);

    section("more words");
    EXPECT_EQ(expand_array(mfn_of(second)), 0);
    second[port - 1024] = 0;
    EXPECT_EQ(event_send(peer), 0);
    EXPECT(second[port - 1024] & 1u << EVTCHN_FIFO_PENDING);
    EXPECT_EQ(set_priority(port, 1), 0);

    section("a port that is none");
    EXPECT_EQ(set_priority(5000, 1), -XEN_EINVAL);
}

static void check_reset(void)
{
    struct evtchn_reset reset = { .dom = DOMID_SELF };
    long port;

    section("reset returns to two levels");
    EXPECT_EQ(event_channel_op(EVTCHNOP_reset, &reset), 0);
    EXPECT_EQ(mmuext(MMUEXT_TLB_FLUSH_LOCAL, 0, 0), 0);
    port = event_bind_ipi(0);
    REQUIRE(port > 0);
    EXPECT_EQ(event_send(port), 0);
    EXPECT(event_take(port));
    EXPECT_EQ(table_pin((void *)words, 1), 0);
    EXPECT_EQ(table_unpin((void *)words), 0);
}

TEST("events_fifo")
{
    check_setup();
    check_order();
    check_priorities();
    check_masks();
    check_abuse();
    check_growth();
    memset(words, 0, PAGE_SIZE);
    check_reset();
}
