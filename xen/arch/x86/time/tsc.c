/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * System time from the processor's time stamp counter.
 *
 * Each CPU has its own scale, changed by itself with interrupts off, so that reading needs no
 * lock. Where counters are known to be even and equal, all CPUs have the boot CPU's scale for
 * good; elsewhere each one starts from the platform's clock and is steered after it once a
 * second.
 */
#include <asm/insn.h>
#include <asm/io.h>
#include <lib/string.h>
#include <xen/arch.h>
#include <xen/assert.h>
#include <xen/console.h>
#include <xen/domain.h>
#include <xen/options.h>
#include <xen/percpu.h>
#include <xen/printk.h>
#include <xen/smp.h>

#include "private.h"

#define STEER_INTERVAL  NS_PER_S
#define STEP_MIN        (10 * NS_PER_MS)    /* behind by more: jump forward */
#define SKEW_MAX        NS_PER_MS           /* another CPU's counter off by more is not equal */
#define REFINE_MIN      10                  /* windows of the first calibration */
#define REFINE_MAX_PPM  1000

DEFINE_PER_CPU(struct cpu_time, cpu_time);

/* Steering: the end of the last interval. */
struct steering {
    struct timer timer;
    uint64_t tsc;
    time_ns master;
};
DEFINE_STATIC_PER_CPU(struct steering, steering);

uint64_t tsc_hz read_mostly;
static struct moment calibrated;            /* the end of the first calibration */
static bool is_reliable read_mostly;        /* even on each CPU */
static bool is_equal read_mostly;           /* and the same on all */
static char tsc_option[16];
OPTION_STRING(tsc, "tsc", tsc_option);

static inline time_ns scale(const struct cpu_time *c, uint64_t tsc)
{
    return c->base + (time_ns)mul_u64_u64_shr(tsc - c->stamp, c->mul, 32);
}

time_ns time_now(void)
{
    return scale(&this_cpu(cpu_time), rdtsc());
}

time_ns time_of_tsc(uint64_t tsc)
{
    return scale(&this_cpu(cpu_time), tsc);
}

uint64_t time_ticks(void)
{
    return rdtsc();
}

bool time_is_stable(void)
{
    return is_reliable && is_equal;
}

uint32_t time_cpu_khz(void)
{
    return (uint32_t)((tsc_hz + 500) / 1000);
}

/* Guests get the same number as a 32-bit fraction and a shift; round_mul() made that exact. */
struct tsc_scale time_scale(void)
{
    const struct cpu_time *c = &this_cpu(cpu_time);
    int shift = (int)ilog2(c->mul) - 31;
    uint32_t frac = (uint32_t)(shift >= 0 ? c->mul >> shift : c->mul << -shift);
    return (struct tsc_scale){
        .tsc_stamp = c->stamp, .base = c->base, .mul_frac = frac, .shift = (int8_t)shift,
    };
}

static uint64_t round_mul(uint64_t mul)
{
    int shift = (int)ilog2(mul) - 31;
    return shift > 0 ? mul & ~((1ULL << shift) - 1) : mul;
}

static void scale_set(struct cpu_time *c, uint64_t stamp, time_ns base, uint64_t mul)
{
    unsigned long flags = irq_save();
    c->stamp = stamp;
    c->base = base;
    c->mul = round_mul(mul);
    c->inverse = (uint64_t)-1 / c->mul;         /* 2^64 / mul: ticks per ns, 32.32 */
    irq_restore(flags);
}

/* Before the TSC's rate is known, a port that takes about a microsecond. */
void udelay(unsigned int us)
{
    if (tsc_hz == 0) {
        for (unsigned int i = 0; i < us; i++)
            (void)inb(0x80);
        return;
    }
    uint64_t start = rdtsc(), ticks = muldiv64(us, tsc_hz, 1000000);
    while (rdtsc() - start < ticks)
        cpu_relax();
}

static bool is_emulated_by_tcg(void)
{
    if ((cpuid(1, 0).ecx & (1u << 31)) == 0)
        return false;
    struct cpuid_regs r = cpuid(0x40000000, 0);
    return r.ebx == 0x54474354 && r.ecx == 0x43544743 && r.edx == 0x47435447;   /* TCGTCGTCGTCG */
}

/* The processor promises it, or QEMU's emulation, which counts for all CPUs alike. */
static bool tsc_is_invariant(void)
{
    bool promised = cpuid(0x80000000, 0).eax >= 0x80000007 &&
                    (cpuid(0x80000007, 0).edx & (1u << 8)) != 0;
    return promised || is_emulated_by_tcg();
}

/* The rate over the last interval, and a bit more or less, to meet the platform's clock. */
static uint64_t steered_mul(const struct cpu_time *c, uint64_t ticks, time_ns passed, time_ns error)
{
    if (ticks == 0 || passed <= 0)
        return c->mul;
    uint64_t rate = ratio_32_32((uint64_t)passed, ticks);
    int64_t most = STEER_INTERVAL / 8;
    error = clamp(error, -most, most);
    return rate + (uint64_t)((__int128)rate * error / (1 << 30));  /* about STEER_INTERVAL */
}

static void steer(void *arg)
{
    struct cpu_time *c = &this_cpu(cpu_time);
    struct steering *s = &this_cpu(steering);

    unsigned long flags = irq_save();
    time_ns master = platform_time();
    uint64_t tsc = rdtsc();
    time_ns local = scale(c, tsc), error = master - local;
    uint64_t mul = steered_mul(c, tsc - s->tsc, master - s->master, error);
    scale_set(c, tsc, error > STEP_MIN ? master : local, mul);
    s->tsc = tsc;
    s->master = master;
    irq_restore(flags);

    if (!current->is_idle)
        arch_vcpu_time_update(current);
    timer_set(&s->timer, local + STEER_INTERVAL);
}

static void steering_start(void)
{
    struct steering *s = &this_cpu(steering);
    if (is_reliable || platform_max_gap() < 2 * STEER_INTERVAL)
        return;
    s->tsc = rdtsc();
    s->master = platform_time();
    timer_init(&s->timer, steer, NULL, smp_cpu());
    timer_set(&s->timer, time_now() + STEER_INTERVAL);
}

void time_stop_here(void)
{
    if (!is_reliable)
        timer_stop(&this_cpu(steering).timer);
}

void time_start_here(void)
{
    steering_start();
}

/*
 * Key 't': every CPU's clock, read as nearly at once as an IPI allows; where counters are equal,
 * also what the boot CPU's scale makes of the same reading, which is exact.
 */
static struct { uint64_t tsc; time_ns now, boot; } readings[64];

static void take_reading(void *arg)
{
    unsigned int cpu = smp_cpu();
    if (cpu < ARRAY_SIZE(readings)) {
        readings[cpu].tsc = rdtsc();
        readings[cpu].now = time_of_tsc(readings[cpu].tsc);
        readings[cpu].boot = scale(&per_cpu(cpu_time, 0), readings[cpu].tsc);
    }
}

/* How far we are ahead of the platform's clock, which may have turned round unseen: by the quickest
 * of some looks, since a host may stop a virtual machine between two clocks. */
static time_ns platform_drift(void)
{
    time_ns gap = platform_max_gap(), drift = 0, best = TIME_NEVER;

    unsigned long flags = irq_save();
    for (unsigned int i = 0; i < 5; i++) {
        time_ns before = time_now(), master = platform_time(), took = time_now() - before;
        if (took < best) {
            best = took;
            drift = before + took / 2 - master;
        }
    }
    irq_restore(flags);
    drift %= gap;
    return drift > gap / 2 ? drift - gap : drift < -gap / 2 ? drift + gap : drift;
}

static void show_drift(time_ns apart)
{
    time_ns drift = platform_drift(), now = time_now();
    uint64_t size = (uint64_t)(drift < 0 ? -drift : drift);
    uint64_t ppb = muldiv64(size, NS_PER_S, (uint64_t)now);

    log_always("CPU clocks: at most %ld ns apart; against %s %s%lu us in %ld s, %lu.%03lu ppm",
               apart, platform_clock()->name, drift < 0 ? "-" : "+", size / NS_PER_US,
               now / NS_PER_S, ppb / 1000, ppb % 1000);
}

static void key_clocks(unsigned char key)
{
    uint64_t tsc_min = UINT64_MAX, tsc_max = 0;
    time_ns now_min = TIME_NEVER, now_max = 0, apart = 0;

    log_always("'%c' pressed -> dumping clock info", key);
    smp_call_all(take_reading, NULL);
    for_each_online_cpu(cpu) {
        if (cpu < ARRAY_SIZE(readings)) {
            time_ns ahead = readings[cpu].now - readings[cpu].boot;
            apart = max(apart, ahead < 0 ? -ahead : ahead);
            tsc_min = min(tsc_min, readings[cpu].tsc);
            tsc_max = max(tsc_max, readings[cpu].tsc);
            now_min = min(now_min, readings[cpu].now);
            now_max = max(now_max, readings[cpu].now);
        }
    }
    log_always("Min stime skew: max-min %ldns; max-min cycles %lu", now_max - now_min,
               tsc_max - tsc_min);
    show_drift(is_equal ? apart : now_max - now_min);
    log_always("TSC %s, %u kHz; platform clock %s; timer %s; now=%ldus",
               is_equal ? "reliable" : is_reliable ? "reliable but skewed" : "unreliable",
               time_cpu_khz(), platform_clock()->name, deadline_name(), time_now() / NS_PER_US);
}

void time_init(void)
{
    uint64_t lapic_hz, start = rdtsc();

    platform_clock_init();
    tsc_hz = calibrate(&lapic_hz, &calibrated);
    is_reliable = tsc_is_invariant() && strcmp(tsc_option, "unstable") != 0;
    is_equal = is_reliable && strcmp(tsc_option, "skewed") != 0;
    scale_set(&this_cpu(cpu_time), start, 0, ratio_32_32(NS_PER_S, tsc_hz));
    platform_clock_start();
    deadline_init(lapic_hz);
    steering_start();
    key_register('t', key_clocks, "display multi-cpu clock info");
    log_info("Platform timer is %lu.%03luMHz %s", platform_clock()->hz / 1000000,
             platform_clock()->hz / 1000 % 1000, platform_clock()->name);
    log_always("Detected %lu.%03lu MHz processor.", tsc_hz / 1000000, tsc_hz / 1000 % 1000);
}

/* ---- Once more, over all the time that booting took ------------------------------------------ */

struct refined {
    struct cpu_time old, new;               /* the boot CPU's */
};

/* Who has the boot CPU's scale keeps it to the bit; a corrected one goes on from where it is. */
static void take_refined(void *arg)
{
    const struct refined *r = arg;
    struct cpu_time *c = &this_cpu(cpu_time);
    uint64_t tsc = rdtsc();

    if (c->stamp == r->old.stamp && c->base == r->old.base)
        scale_set(c, r->new.stamp, r->new.base, r->new.mul);
    else
        scale_set(c, tsc, scale(c, tsc), r->new.mul);
}

/* The counter may have turned round: how often is known well enough. */
static uint64_t refined_hz(void)
{
    const struct clock_source *clock = platform_clock();
    struct moment m = moment_take(clock);
    uint64_t passed = m.tsc - calibrated.tsc, expected = muldiv64(passed, clock->hz, tsc_hz);
    uint64_t ticks = (m.ticks - calibrated.ticks) & clock->mask, turn = clock->mask + 1;

    if (turn != 0)
        ticks += (expected + turn / 2 - ticks) / turn * turn;
    return ticks < clock->hz / WINDOW_PER_S * REFINE_MIN ? tsc_hz
                                                         : muldiv64(passed, clock->hz, ticks);
}

void time_refine(void)
{
    struct refined r = { .old = per_cpu(cpu_time, 0) };

    if (!is_equal || tsc_hz_told() == tsc_hz) {
        return;                             /* steered, or exact */
    }
    uint64_t hz = refined_hz(), off = hz > tsc_hz ? hz - tsc_hz : tsc_hz - hz;
    if (off > tsc_hz / 1000000 * REFINE_MAX_PPM) {
        log_warn("time: the TSC and %s do not agree any more", platform_clock()->name);
        return;
    }
    tsc_hz = hz;
    r.new.stamp = rdtsc();
    r.new.base = scale(&r.old, r.new.stamp);
    r.new.mul = ratio_32_32(NS_PER_S, hz);
    smp_call_all(take_refined, &r);
    log_info("time: the TSC counts %lu Hz", hz);
}

/* Equal counters take the boot CPU's scale, unless the platform's clock says that they are not. */
void time_init_cpu(void)
{
    const struct cpu_time *boot = &per_cpu(cpu_time, 0);
    struct cpu_time *c = &this_cpu(cpu_time);

    *c = *boot;
    time_ns master = platform_time();
    uint64_t tsc = rdtsc();
    time_ns error = scale(boot, tsc) - master;
    bool is_off = tsc < boot->stamp || error > SKEW_MAX || error < -SKEW_MAX;
    if (is_equal && is_off && scale(boot, tsc) < platform_max_gap() / 2) {
        log_warn("CPU%u: TSC is %ldus off, corrected", smp_cpu(), error / NS_PER_US);
        scale_set(c, tsc, master, boot->mul);
    } else if (!is_equal) {
        scale_set(c, tsc, master, boot->mul);
    }
    deadline_init_cpu();
    steering_start();
}
