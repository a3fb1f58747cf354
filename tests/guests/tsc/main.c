/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tsc_mode: an emulated time stamp counter.
 *
 * dom0 makes domains, says what their counters are, and lets them look: the rate they were told,
 * one clock with what vcpu_time_info says, in kernel and user mode, by RDTSC, RDTSCP and RDMSR,
 * never back from one vcpu to the other.  Native ones read the machine's.
 *
 * smp: 2
 * seconds: 60
 */
#include "../lib/domain.h"

#define KHZ 1234567

static volatile uint64_t posted[2];     /* in the child: what each vcpu read last */
static volatile bool stop;
static struct child child;

USER_CODE_OF(user_rdtsc, "rdtsc; syscall; ud2");
USER_CODE_OF(user_rdtscp, "rdtscp; mov %rcx, %rbx; syscall; ud2");

static uint64_t plain_rdtsc(void)
{
    uint32_t low, high;

    asm volatile("rdtsc" : "=a"(low), "=d"(high) :: "memory");
    return (uint64_t)high << 32 | low;
}

static uint64_t msr_tsc(void)
{
    uint32_t low, high;

    asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(0x10) : "memory");
    return (uint64_t)high << 32 | low;
}

/* ---- In the child ---- */

static void check_rate(uint64_t khz)
{
    uint64_t ticks = plain_rdtsc(), ns = time_now();

    time_spin(20 * MS);
    ticks = plain_rdtsc() - ticks;
    ns = time_now() - ns;
    /* Between the two readings of a pair the host may stop us. */
    uint64_t expected = ns * khz / 1000000, off = ticks > expected ? ticks - expected
                                                                   : expected - ticks;

    printf("  %lu ticks in %lu ns\n", ticks, ns);
    EXPECT(off < expected / 20);
}

static uint64_t user_reads(const void *code)
{
    struct trap_frame frame = user_frame(code);
    struct trap t = user_run(&frame);

    EXPECT_EQ(t.vector, VECTOR_SYSCALL);
    return (t.frame.rdx << 32) | (uint32_t)t.frame.rax;
}

/* Each way to read comes after the one before. */
static void check_ways(void)
{
    bool has_rdtscp = cpuid(0x80000001, 0).d & 1u << 27;
    uint64_t a = plain_rdtsc(), b = msr_tsc(), c = user_reads(user_rdtsc);
    uint64_t d = has_rdtscp ? user_reads(user_rdtscp) : c, e = plain_rdtsc();

    EXPECT(a <= b && b <= c && c <= d && d <= e);
}

static void second(void *arg)
{
    while (!stop) {
        uint64_t other = posted[0];

        if (!EXPECT((posted[1] = plain_rdtsc()) >= other))
            return;
    }
}

static void check_monotonic(void)
{
    vcpu_run(1, second, NULL);
    for (unsigned int i = 0; i < 20000; i++) {
        uint64_t other = posted[1];

        if (!EXPECT((posted[0] = plain_rdtsc()) >= other))
            break;
    }
    stop = true;
    vcpu_join(1);
}

static void look_emulated(void)
{
    user_init();
    EXPECT(vcpu_info()->time.flags & XEN_PVCLOCK_TSC_STABLE_BIT);
    check_rate(KHZ);
    check_ways();
    check_monotonic();
    /* What the kernel forbids its programs stays forbidden. */
    asm volatile("mov %%cr4, %%rax; or $4, %%rax; mov %%rax, %%cr4" ::: "rax", "memory");

    struct trap_frame frame = user_frame(user_rdtsc);

    EXPECT_EQ(user_run(&frame).vector, X86_GP);
    EXPECT(plain_rdtsc() > 0);
}

static void look_native(void)
{
    user_init();
    check_ways();
}

/* ---- dom0 ---- */

static long set_tsc(domid_t id, uint32_t mode, uint32_t khz, uint64_t elapsed)
{
    memset(&domctl_args.u, 0, sizeof(domctl_args.u));
    domctl_args.u.tsc_info.tsc_mode = mode;
    domctl_args.u.tsc_info.gtsc_khz = khz;
    domctl_args.u.tsc_info.elapsed_nsec = elapsed;
    return domctl(XEN_DOMCTL_settscinfo, id);
}

static void check_child(const char *what, uint32_t mode, uint32_t khz, void (*look)(void))
{
    section(what);
    child_create(&child, 2);
    EXPECT_EQ(set_tsc(child.id, mode, khz, 0), 0);
    EXPECT_EQ(domctl(XEN_DOMCTL_gettscinfo, child.id), 0);
    EXPECT_EQ(domctl_args.u.tsc_info.tsc_mode, mode);
    EXPECT_EQ(domctl_args.u.tsc_info.gtsc_khz, mode == 2 ? 0 : khz);
    child_start(&child, look);
    EXPECT(child_wait(&child));
    child_destroy(&child);
}

static void check_refusals(void)
{
    section("what is refused");
    child_create(&child, 1);
    EXPECT_ERROR(set_tsc(child.id, 3, 0, 0));           /* given up by the ABI */
    EXPECT_ERROR(set_tsc(child.id, 4, 0, 0));
    EXPECT_EQ(set_tsc(DOMID_SELF, 1, 0, 0), -XEN_ESRCH);
    EXPECT_EQ(set_tsc(0, 1, 0, 0), -XEN_EINVAL);

    section("what was counted elsewhere goes on from there");
    EXPECT_EQ(set_tsc(child.id, 1, KHZ, 1000 * SECOND), 0);
    EXPECT_EQ(domctl(XEN_DOMCTL_gettscinfo, child.id), 0);
    EXPECT(domctl_args.u.tsc_info.elapsed_nsec - 1000 * SECOND < 20 * SECOND);
    child_destroy(&child);
}

TEST("tsc")
{
    check_child("emulated: always", 1, KHZ, look_emulated);
    check_child("emulated: the default, for a rate that is not the machine's", 0, KHZ,
                look_emulated);
    check_child("native", 2, 0, look_native);
    check_refusals();
}
