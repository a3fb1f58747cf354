/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A domain without privileges makes random calls (lib/chaos.h) from three vCPUs at once, until it
 * is destroyed in the middle of them; meanwhile dom0 pauses it, looks into it, and maps what it
 * grants.  Round after round, each with the next seed.
 *
 * The hypervisor lives; a bystander's memory and what dom0 grants for reading only stay as they
 * were; no page and no grant is lost when the domain is gone.
 *
 * The command line may say seed=, rounds= and calls= (how many a round has, about):
 * `tests/guests/run --guest "seed=7 rounds=500" --timeout 3600 random_calls`.
 *
 * smp: 2
 * options: guest_loglvl=none
 * seconds: 60
 */
#define __XEN_TOOLS__
#include "../lib/chaos.h"
#include "../lib/domain.h"
#include "../lib/grant.h"
#include "../lib/layout.h"
#include <public/sysctl.h>

#define PATTERN_PAGES 64
#define GIVEN         8                 /* granted by dom0: the first half for reading only */
#define FIRST_REF     40
#define FIRST_PORT_MAX 64
#define VCPUS         3

static uint64_t pattern[PATTERN_PAGES][512] __attribute__((aligned(4096)));
static uint64_t *given[GIVEN];
static struct child victim, attacker;
static uint64_t seed = 1, rounds = 12, calls_wanted = 1000, total;
static uint64_t pages_at_start;
static unsigned int round_flags;
static struct chaos own;                /* dom0's own generator */

static uint64_t pattern_word(unsigned int i)
{
    return (i + 1) * 0x9e3779b97f4a7c15;
}

/* ---- As the bystander, as the attacker ------------------------------------------------------- */

static void sleep(void)
{
    for (;;)
        sched_op(SCHEDOP_block, NULL);
}

static void attack_more(void *unused)
{
    chaos_run(0);
}

static void attack(void)
{
    chaos_init(seed, round_flags);
    for (unsigned int i = 1; i < VCPUS; i++)
        vcpu_run(i, attack_more, NULL);
    chaos_run(0);
}

/* ---- As dom0 --------------------------------------------------------------------------------- */

static uint64_t free_pages(void)
{
    static struct xen_sysctl op;

    op.cmd = XEN_SYSCTL_physinfo;
    op.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    REQUIRE_EQ(HYPERCALL_1(sysctl, &op), 0);
    return op.u.physinfo.free_pages;
}

static void fill_pattern(void)
{
    for (unsigned int i = 0; i < PATTERN_PAGES * 512; i++)
        pattern[i / 512][i % 512] = pattern_word(i);
    for (unsigned int i = 0; i < GIVEN; i++) {
        given[i] = page_alloc();
        for (unsigned int k = 0; k < 512; k++)
            given[i][k] = pattern_word(k);
    }
}

static void check_pattern(void)
{
    for (unsigned int page = 0; page < PATTERN_PAGES; page++) {
        const uint64_t *word = child_view(&victim, pattern[page]);

        for (unsigned int k = 0; k < 512; k++)
            if (word[k] != pattern_word(page * 512 + k))
                FAIL("another domain's memory has changed");
    }
    for (unsigned int k = 0; k < GIVEN / 2 * 512; k++)
        if (given[k / 512][k % 512] != pattern_word(k % 512))
            FAIL("what was granted for reading only has changed");
}

/* What the attacker may know of: frames of everybody, our grants, our ports. */
static void choose_targets(void)
{
    for (unsigned int i = 0; i < CHAOS_STRANGERS; i++)
        chaos_target.mfns[i] =
            i < 8 ? victim.frames[i * 20]
                  : i < 12 ? mfn_of(given[i - 8]) : mfn_of(kernel_start + i * 7 * PAGE_SIZE);
    chaos_target.mfns[22] = victim.shared_info_mfn;
    chaos_target.mfns[23] = attacker.shared_info_mfn;
    chaos_target.hypervisors = hypervisor_mfn();
    chaos_target.ids[0] = victim.id;
    chaos_target.ids[1] = attacker.id;
    chaos_target.ids[2] = victim.id;
    chaos_target.ids[3] = attacker.id + 1;
    chaos_target.first_ref = FIRST_REF;
    chaos_target.nr_refs = GIVEN;
    for (unsigned int i = 0; i < GIVEN; i++)
        grant_give(FIRST_REF + i, attacker.id, given[i],
                   GTF_permit_access | (i < GIVEN / 2 ? GTF_readonly : 0));
}

static void offer_ports(void)
{
    chaos_target.nr_ports = 4;
    for (unsigned int i = 0; i < 4; i++) {
        long port = event_alloc_unbound(DOMID_SELF, attacker.id);

        REQUIRE(port > 0);
        if (i == 0)
            chaos_target.first_port = port;
    }
}

/* Those of dead domains, too. */
static void close_ports(void)
{
    for (unsigned int port = 1; port < FIRST_PORT_MAX; port++)
        event_close(port);
}

/* ---- What dom0 does to it meanwhile ---- */

#define HELD 4
static grant_handle_t held[HELD];
static bool holding[HELD];

static void *held_place(unsigned int i)
{
    return GRANT_SPOT + i * PAGE_SIZE;
}

/* A grant of the attacker's, held for a while, at times beyond its end. */
static void hold_or_release(void)
{
    unsigned int i = chaos_below(&own, HELD);
    struct gnttab_map_grant_ref map = {
        .host_addr = (uintptr_t)held_place(i), .dom = attacker.id, .ref = chaos_below(&own, 24),
        .flags = GNTMAP_host_map | (chaos_rarely(&own, 2) ? GNTMAP_readonly : 0), .status = 1,
    };

    if (holding[i]) {
        EXPECT_EQ(grant_unmap(held[i], held_place(i)), GNTST_okay);
        holding[i] = false;
    } else if (!grant_table_op(GNTTABOP_map_grant_ref, &map, 1) && !map.status) {
        held[i] = map.handle;
        holding[i] = true;
    }
}

static void release_all(void)
{
    for (unsigned int i = 0; i < HELD; i++) {
        if (holding[i])
            EXPECT_EQ(grant_unmap(held[i], held_place(i)), GNTST_okay);
        holding[i] = false;
    }
}

static void disturb(void)
{
    static struct vcpu_guest_context context;
    static unsigned int paused;

    switch (chaos_below(&own, 6)) {
    case 0:
        paused += !domctl(XEN_DOMCTL_pausedomain, attacker.id);
        break;
    case 1:
        domctl_args.u.vcpucontext.vcpu = chaos_below(&own, 4);
        set_xen_guest_handle(domctl_args.u.vcpucontext.ctxt, &context);
        domctl(XEN_DOMCTL_getvcpucontext, attacker.id);
        break;
    case 2:
        hold_or_release();
        break;
    case 3:
        event_send(chaos_target.first_port + chaos_below(&own, 4));
        break;
    case 4: {
        struct evtchn_bind_interdomain bind = {
            .remote_dom = attacker.id, .remote_port = chaos_below(&own, 20),
        };

        event_channel_op(EVTCHNOP_bind_interdomain, &bind);
        break;
    }
    default:
        domctl(XEN_DOMCTL_getdomaininfo, attacker.id);
        break;
    }
    for (; paused && chaos_rarely(&own, 2); paused--)
        domctl(XEN_DOMCTL_unpausedomain, attacker.id);
}

/* Pools of small objects keep some pages, more or less of them. */
#define POOLED 24

static void wait_for_pages(void)
{
    uint64_t end = time_now() + 10 * SECOND;

    while (free_pages() + POOLED < pages_at_start && time_now() < end)
        sched_op(SCHEDOP_yield, NULL);
    EXPECT(free_pages() + POOLED >= pages_at_start);
}

static void check_grants(void)
{
    for (unsigned int i = 0; i < GIVEN; i++)
        EXPECT_EQ(GRANT_TABLE[FIRST_REF + i].flags,
                  GTF_permit_access | (i < GIVEN / 2 ? GTF_readonly : 0));
}

static uint64_t calls_made(void)
{
    uint64_t calls = 0;

    for (unsigned int i = 0; i < VCPUS; i++)
        calls += ((const struct chaos *)child_view(&attacker, &chaos_of[i]))->calls;
    return calls;
}

/* All vCPUs may have put themselves to sleep: not for ever. */
static bool is_over(uint64_t wanted, uint64_t end)
{
    return calls_made() >= wanted || time_now() > end ||
           (!domctl(XEN_DOMCTL_getdomaininfo, attacker.id) &&
            domctl_args.u.getdomaininfo.flags & XEN_DOMINF_shutdown);
}

static void play_round(void)
{
    uint64_t wanted;

    /* Every other one may end itself. */
    round_flags = seed % 2 ? CHAOS_FATAL : 0;
    own.state = seed * 0x9e3779b97f4a7c15 + 7;
    child_create(&attacker, VCPUS + 1);
    choose_targets();
    offer_ports();
    child_start(&attacker, attack);
    wanted = 1 + chaos_below(&own, 2 * calls_wanted);
    for (uint64_t end = time_now() + 5 * SECOND; !is_over(wanted, end); ) {
        for (unsigned int i = 0; i < 8; i++)
            disturb();
        time_spin(chaos_below(&own, 100) * US);
    }
    domctl(XEN_DOMCTL_getdomaininfo, attacker.id);
    wanted = calls_made();
    total += wanted;
    printf("  seed %lu: %lu calls, %lu pages free%s\n", seed, wanted, free_pages(),
           domctl_args.u.getdomaininfo.flags & XEN_DOMINF_shutdown ? ", ended itself" : "");
    child_destroy(&attacker);
    release_all();
    close_ports();
    wait_for_pages();
    check_grants();
    check_pattern();
}

TEST("random_calls")
{
    seed = told_number("seed=", seed);
    rounds = told_number("rounds=", rounds);
    calls_wanted = told_number("calls=", calls_wanted);
    grant_init();
    fill_pattern();
    child_create(&victim, 1);
    child_start(&victim, sleep);
    check_pattern();

    section("rounds");
    pages_at_start = free_pages();
    for (uint64_t i = 0; i < rounds; i++, seed++)
        play_round();
    printf("  %lu calls, %lu pages free\n", total, free_pages());
    EXPECT(total > rounds * calls_wanted / 20);
    EXPECT_EQ(domctl(XEN_DOMCTL_getdomaininfo, victim.id), 0);
    EXPECT_EQ(domctl_args.u.getdomaininfo.flags & (XEN_DOMINF_shutdown | XEN_DOMINF_dying), 0);
    child_destroy(&victim);
}
