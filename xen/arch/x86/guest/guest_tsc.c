/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a guest's RDTSC gives: the machine's counter, or one of its own.
 *
 * An emulated counter is system time in ticks of a rate told at creation.  Its scale, which the
 * guest finds in vcpu_time_info, is fixed and the division here its exact inverse, so what guests
 * make of a reading never differs from system time by more than a tick.  It never goes back,
 * whichever vcpu asks.  It traps by CR4.TSD, which pv_vcpu.cr4_in_use has for each vcpu.
 *
 * Set by domctl while the domain is paused.
 */
#include <lib/math.h>
#include <x86/guest.h>
#include <xen/arch.h>
#include <xen/atomic.h>
#include <xen/control.h>
#include <xen/sched.h>
#include <xen/time.h>

#define KHZ_MIN 1000
#define KHZ_MAX 100000000

enum { TSC_MODE_DEFAULT, TSC_MODE_EMULATE, TSC_MODE_NATIVE, TSC_MODE_PVRDTSCP };

/* 2^32 * 10^6 / khz, as a fraction with its highest bit set and a shift. */
static struct tsc_scale scale_of(uint32_t khz, time_ns base)
{
    uint64_t ns = 1000000ull << 32;
    struct tsc_scale s = { .base = base };

    for (; ns / khz >= 1ull << 32; s.shift++)
        ns >>= 1;
    for (; ns / khz < 1ull << 31; s.shift--)
        ns <<= 1;
    s.mul_frac = (uint32_t)(ns / khz);
    return s;
}

uint64_t guest_tsc(struct domain *d)
{
    const struct tsc_scale *s = &d->arch.tsc_scale;
    /* On a CPU whose clock is behind, one that was just set has not begun. */
    uint64_t ns = (uint64_t)max(time_now() - s->base, (time_ns)0);
    uint64_t shifted = muldiv64(ns, 1ull << 32, s->mul_frac);
    uint64_t tsc = s->shift >= 0 ? shifted >> s->shift : shifted << -s->shift;
    uint64_t last = read_once(d->arch.tsc_last);

    while (tsc > last)
        if (atomic_cas(&d->arch.tsc_last, &last, tsc))
            return tsc;
    return last;
}

/* Where counters are not equal, or not as fast as the guest believes, it gets one that is. */
static bool must_emulate(const struct domain *d, uint32_t mode, uint32_t khz)
{
    if (mode == TSC_MODE_DEFAULT && !d->is_privileged)
        return !time_is_stable() || khz != time_cpu_khz();
    return mode == TSC_MODE_EMULATE;
}

static void set_mode(struct domain *d, uint32_t mode, uint32_t khz, uint64_t elapsed_ns)
{
    d->arch.tsc_mode = (uint8_t)mode;
    d->arch.tsc_khz = khz;
    d->arch.tsc_is_emulated = must_emulate(d, mode, khz);
    d->arch.tsc_scale = scale_of(khz, time_now() - (time_ns)elapsed_ns);
    d->arch.tsc_last = 0;
    for_each_vcpu(d, v)
        pv_update_cr4(v);
}

void guest_tsc_init(struct domain *d)
{
    set_mode(d, TSC_MODE_DEFAULT, time_cpu_khz(), 0);
}

int arch_domctl_get_tsc(struct domain *d, struct xen_domctl *op)
{
    bool is_native = d->arch.tsc_mode == TSC_MODE_NATIVE;
    time_ns since = d->arch.tsc_is_emulated ? d->arch.tsc_scale.base : 0;

    op->u.tsc_info = (struct xen_domctl_tsc_info){
        .tsc_mode = d->arch.tsc_mode,
        .incarnation = d->arch.tsc_incarnation,
        .gtsc_khz = is_native ? 0 : d->arch.tsc_khz,
        .elapsed_nsec = is_native ? 0 : (uint64_t)(time_now() - since),
    };
    return 0;
}

int arch_domctl_set_tsc(struct domain *d, struct xen_domctl *op)
{
    const struct xen_domctl_tsc_info *info = &op->u.tsc_info;
    uint32_t khz = info->gtsc_khz ? info->gtsc_khz : time_cpu_khz();

    if (d == current->domain || info->tsc_mode > TSC_MODE_PVRDTSCP || khz < KHZ_MIN ||
        khz > KHZ_MAX || info->elapsed_nsec > INT64_MAX)
        return -EINVAL;
    if (info->tsc_mode == TSC_MODE_PVRDTSCP)
        return -EOPNOTSUPP;             /* the ABI has given it up */
    domain_pause(d);
    guest_unload_everywhere(d);
    set_mode(d, info->tsc_mode, khz, info->elapsed_nsec);
    d->arch.tsc_incarnation = info->incarnation + 1;
    domain_unpause(d);
    return 0;
}
