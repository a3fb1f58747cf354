/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whose the wall clock is: dom0 sets it, all domains see it at once in their shared page, to the
 * nanosecond and with a version that is even; another domain sees it moved by the offset that the
 * toolstack gave it, and cannot set it.
 *
 * options: dom0_max_vcpus=1
 * seconds: 60
 */
#include "../lib/domain.h"

#define OFFSET 7200

static struct child child;
static struct xen_platform_op op;

/* In the child's memory: what it saw last. */
static volatile uint64_t seen_ns, rounds;
static volatile long set_result;

/* ns of 1970 at system time 0. */
static uint64_t read_wall_clock(void)
{
    const volatile struct shared_info *s = shared_info;
    uint32_t version;
    uint64_t ns;

    do {
        version = s->wc_version;
        barrier();
        ns = ((uint64_t)s->wc_sec_hi << 32 | s->wc_sec) * SECOND + s->wc_nsec;
        barrier();
    } while ((version & 1) || s->wc_version != version);
    return ns;
}

static long set_wall_clock(uint64_t ns, uint64_t at)
{
    memset(&op, 0, sizeof(op));
    op.cmd = XENPF_settime64;
    op.interface_version = XENPF_INTERFACE_VERSION;
    op.u.settime64.secs = ns / SECOND;
    op.u.settime64.nsecs = ns % SECOND;
    op.u.settime64.system_time = at;
    return platform_op(&op);
}

static void watch(void)
{
    set_result = set_wall_clock(5 * SECOND, 0);
    for (;;) {
        seen_ns = read_wall_clock();
        rounds++;
        sched_op(SCHEDOP_yield, NULL);
    }
}

/* What the child sees after two more looks. */
static uint64_t seen_by_child(void)
{
    uint64_t start = *(const volatile uint64_t *)child_view(&child, (const void *)&rounds);

    for (uint64_t end = time_now() + 20 * SECOND; time_now() < end;) {
        sched_op(SCHEDOP_yield, NULL);
        if (*(const volatile uint64_t *)child_view(&child, (const void *)&rounds) > start + 2)
            break;
    }
    return *(const volatile uint64_t *)child_view(&child, (const void *)&seen_ns);
}

static void set_offset(int64_t seconds)
{
    domctl_args.u.settimeoffset.time_offset_seconds = seconds;
    EXPECT_EQ(domctl(XEN_DOMCTL_settimeoffset, child.id), 0);
}

TEST("wallclock")
{
    static const uint64_t times[] = { 1900000000 * SECOND + 123456789, 86400 * SECOND + 999999999,
                                      5000000000 * SECOND + 1 };
    uint64_t start = read_wall_clock();

    child_create(&child, 1);
    child_start(&child, watch);
    section("another domain sees the same, and cannot set it");
    EXPECT_EQ(seen_by_child(), start);
    EXPECT_EQ(*(const long *)child_view(&child, (const void *)&set_result), -XEN_EPERM);
    EXPECT_EQ(read_wall_clock(), start);

    section("what dom0 sets, all see");
    for (unsigned int i = 0; i < ARRAY_SIZE(times); i++) {
        uint64_t at = time_now();

        EXPECT_EQ(set_wall_clock(times[i] + at, at), 0);
        EXPECT_EQ(read_wall_clock(), times[i]);
        EXPECT_EQ(seen_by_child(), times[i]);
    }

    section("with the domain's offset");
    set_offset(OFFSET);
    EXPECT_EQ(seen_by_child(), times[2] + OFFSET * SECOND);
    EXPECT_EQ(read_wall_clock(), times[2]);
    set_offset(-OFFSET);
    EXPECT_EQ(set_wall_clock(times[0] + SECOND, SECOND), 0);
    EXPECT_EQ(seen_by_child(), times[0] - OFFSET * SECOND);

    section("times that make no sense");
    EXPECT_EQ(set_wall_clock(times[1], time_now()), 0);
    op.u.settime64.nsecs = 1000000000;
    EXPECT_EQ(platform_op(&op), -XEN_EINVAL);
    op.u.settime64.nsecs = 0;
    op.u.settime64.mbz = 1;
    EXPECT_EQ(platform_op(&op), -XEN_EINVAL);
    child_destroy(&child);
}
