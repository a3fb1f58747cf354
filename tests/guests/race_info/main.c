/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two vcpus register a place for the vcpu_info of a third at the same moment: one of them is
 * refused, and its page is free to be given back; as the reservation tells.
 *
 * smp: 2
 * options: dom0_max_vcpus=128
 */
#include "../lib/guest.h"

#define TARGETS 126                     /* vcpus 2 and up, each good for one attempt */

static uint8_t *pages[2];
static volatile unsigned int gate[2], finished[2];
static volatile long result[2];

static void attempt(unsigned int who, unsigned int target)
{
    struct vcpu_register_vcpu_info info = { .mfn = mfn_of(pages[who]) };

    gate[who] = target;
    while (gate[!who] != target)
        cpu_relax();
    result[who] = vcpu_op(VCPUOP_register_vcpu_info, target, &info);
    finished[who] = target;
}

static void second(void *unused)
{
    for (unsigned int target = 2; target < 2 + TARGETS; target++) {
        attempt(1, target);
        while (gate[0] == target)
            cpu_relax();
    }
}

/* It goes, and nothing is left of it. */
static void expect_free(uint8_t *page)
{
    static xen_pfn_t frame;
    struct xen_memory_domain self = { .domid = DOMID_SELF };
    struct xen_memory_reservation r = { .nr_extents = 1, .domid = DOMID_SELF };
    long before = memory_op(XENMEM_current_reservation, &self);

    frame = mfn_of(page);
    set_xen_guest_handle(r.extent_start, &frame);
    REQUIRE_EQ(update_va_mapping(page, 0, UVMF_INVLPG), 0);
    EXPECT_EQ(memory_op(XENMEM_decrease_reservation, &r), 1);
    EXPECT_EQ(memory_op(XENMEM_current_reservation, &self), before - 1);
}

TEST("race_info")
{
    pages[0] = page_alloc();
    pages[1] = page_alloc();
    vcpu_run(1, second, NULL);
    for (unsigned int target = 2; target < 2 + TARGETS; target++) {
        section("at once");
        attempt(0, target);
        while (finished[1] != target)
            cpu_relax();
        EXPECT_EQ(result[0] + result[1], -XEN_EINVAL);
        expect_free(pages[result[0] ? 0 : 1]);
        pages[0] = page_alloc();
        pages[1] = page_alloc();
        gate[0] = 0;
    }
    vcpu_join(1);
}
