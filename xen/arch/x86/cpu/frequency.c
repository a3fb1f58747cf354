/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Choosing and setting processors' frequencies.
 *
 * Each CPU sets its own, in its timer's function: at once when a policy changes, and again and
 * again under ondemand, which needs to see how busy the CPU is.  The register is the processor's or
 * an I/O port; where it is neither, or cpufreq= is not "xen", states are only kept.
 *
 * Lock: the frequency's own.  An entry is made once for a CPU and stays.
 */
#include <asm/insn.h>
#include <asm/io.h>
#include <asm/msr.h>
#include <lib/math.h>
#include <lib/string.h>
#include <x86/cpu.h>
#include <x86/frequency.h>
#include <xen/atomic.h>
#include <xen/domain.h>
#include <xen/heap.h>
#include <xen/options.h>
#include <xen/printk.h>
#include <xen/sched.h>
#include <xen/smp.h>

#define SPACE_SYSTEM_IO     1
#define SPACE_FIXED         0x7f        /* the processor's own register */
#define CPUID1_ECX_EST      (1u << 7)
#define CPUID_APM_EDX_PSTATE (1u << 7)
#define MSR_PERF_CTL        0x199
#define MSR_AMD_PSTATE_CTL  0xc0010062
#define KHZ_MAX             100000000   /* nobody's is 100 GHz */

#define SAMPLING_US         20000
#define UP_THRESHOLD        80

static char opt_cpufreq[32] = "xen";
OPTION_STRING(cpufreq, "cpufreq", opt_cpufreq);

static struct frequency *frequencies[MAX_CPUS];

/* cpufreq=xen[:GOVERNOR]; anything else leaves frequencies to firmware and hardware. */
static int governor_option(void)
{
    if (strncmp(opt_cpufreq, "xen", 3) != 0)
        return -1;
    if (opt_cpufreq[3] != ':')
        return opt_cpufreq[3] ? -1 : GOVERNOR_PERFORMANCE;
    int governor = governor_by_name(opt_cpufreq + 4);
    if (governor < 0)
        log_warn("cpufreq=%s: no such governor, frequencies stay as they are", opt_cpufreq);
    return governor;
}

/* ---- The register ---------------------------------------------------------------------------- */

static bool has_own_register(void)
{
    if (cpu_features.intel)
        return cpu_features.leaf1_ecx & CPUID1_ECX_EST;
    return cpu_features.amd && cpuid(0x80000000, 0).eax >= 0x80000007 &&
           (cpuid(0x80000007, 0).edx & CPUID_APM_EDX_PSTATE);
}

static bool can_write(const struct xen_pct_register *r)
{
    if (r->space_id == SPACE_FIXED)
        return has_own_register();
    return r->space_id == SPACE_SYSTEM_IO && r->address <= 0xffff &&
           (r->bit_width == 8 || r->bit_width == 16 || r->bit_width == 32);
}

static void write_msr(uint32_t value)
{
    uint64_t now;

    if (cpu_features.amd)
        (void)wrmsr_safe(MSR_AMD_PSTATE_CTL, value);
    else if (!rdmsr_safe(MSR_PERF_CTL, &now))
        (void)wrmsr_safe(MSR_PERF_CTL, (now & ~0xffffULL) | (value & 0xffff));
}

static void write_control(const struct frequency *f, uint32_t state)
{
    uint32_t value = f->control_value[state];
    uint16_t port = (uint16_t)f->control.address;

    if (f->control.space_id == SPACE_FIXED) {
        write_msr(value);
        return;
    }
    switch (f->control.bit_width) {
    case 8: outb((uint8_t)value, port); break;
    case 16: outw((uint16_t)value, port); break;
    default: outl(value, port); break;
    }
}

/* ---- On the CPU itself ----------------------------------------------------------------------- */

static void account(struct frequency *f, time_ns now)
{
    f->residency[f->policy.state] += (uint64_t)(now - f->since);
    f->since = now;
}

static uint32_t busy_percent(struct frequency *f, time_ns now)
{
    uint64_t idle = vcpu_cpu_time(idle_domain->vcpu[f->cpu]), passed = (uint64_t)(now - f->sampled);
    uint64_t idled = min(idle - f->idle, passed);

    f->idle = idle;
    f->sampled = now;
    return passed ? (uint32_t)(100 - idled * 100 / passed) : 0;
}

static void set_state(struct frequency *f, uint32_t state, time_ns now)
{
    uint32_t old = f->policy.state;

    if (state == old && f->is_set)
        return;
    account(f, now);
    f->entered[state]++;
    f->moves[old][state] += f->is_set;
    f->last = old;
    f->policy.state = state;
    f->is_set = true;
    write_control(f, state);
}

static void choose(void *arg)
{
    struct frequency *f = arg;
    time_ns now = time_now();

    spin_lock(&f->lock);
    /* Its timer moved elsewhere when the CPU went offline: it will begin anew. */
    if (f->cpu == smp_cpu() && f->is_driven && f->policy.count) {
        set_state(f, governor_choose(&f->policy, busy_percent(f, now)), now);
        if (f->policy.governor == GOVERNOR_ONDEMAND)
            timer_set(&f->timer, now + f->sampling_us * NS_PER_US);
    }
    spin_unlock(&f->lock);
}

/* With the lock. */
static void choose_soon(struct frequency *f)
{
    if (!f->is_driven || !cpu_is_online(f->cpu))
        return;
    timer_migrate(&f->timer, f->cpu);
    timer_set(&f->timer, time_now());
}

void frequency_start_here(void)
{
    struct frequency *f = load_acquire(&frequencies[smp_cpu()]);

    if (!f)
        return;
    spin_lock(&f->lock);
    choose_soon(f);
    spin_unlock(&f->lock);
}

/* ---- Changes --------------------------------------------------------------------------------- */

static struct frequency *entry_of(unsigned int cpu)
{
    struct frequency *f = load_acquire(&frequencies[cpu]), *none = NULL;

    if (f)
        return f;
    f = new(struct frequency);
    if (!f)
        return NULL;
    spin_lock_init(&f->lock, LOCK_TIME);
    f->cpu = cpu;
    f->sampling_us = SAMPLING_US;
    f->policy.up_threshold = UP_THRESHOLD;
    timer_init(&f->timer, choose, f, cpu);
    if (atomic_cas(&frequencies[cpu], &none, f))
        return f;
    pool_free(f);
    return none;
}

static bool makes_sense(const struct xen_processor_px *px, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint64_t mhz = px[i].core_frequency;
        if (!mhz || mhz > KHZ_MAX / 1000 || (i && mhz > px[i - 1].core_frequency))
            return false;
    }
    return true;
}

static void forget_use(struct frequency *f)
{
    f->since = time_now();
    memset(f->residency, 0, sizeof(f->residency));
    memset(f->entered, 0, sizeof(f->entered));
    memset(f->moves, 0, sizeof(f->moves));
}

static void take_states(struct frequency *f, const struct xen_processor_px *px, uint32_t count)
{
    struct governor_policy *p = &f->policy;

    p->count = count;
    p->state = f->last = 0;
    for (uint32_t i = 0; i < count; i++) {
        p->khz[i] = (uint32_t)px[i].core_frequency * 1000;
        f->control_value[i] = (uint32_t)px[i].control;
    }
    p->max_khz = p->khz[0];
    p->min_khz = p->khz[count - 1];
    p->wanted_khz = p->khz[0];
    f->is_set = false;
    f->sampled = time_now();
    forget_use(f);
}

int frequency_tell(unsigned int cpu, const struct xen_processor_performance *perf,
                   const struct xen_processor_px *px)
{
    bool has_states = perf->flags & XEN_PX_PSS;
    int governor = governor_option();

    if (has_states && (!perf->state_count || perf->state_count > GOVERNOR_STATES ||
                       !makes_sense(px, perf->state_count)))
        return -EINVAL;
    struct frequency *f = entry_of(cpu);
    if (!f)
        return -ENOMEM;
    spin_lock(&f->lock);
    if (perf->flags & XEN_PX_PCT) {
        f->control = perf->control_register;
        f->is_driven = governor >= 0 && can_write(&f->control);
    }
    if (has_states) {
        take_states(f, px, perf->state_count);
        f->policy.governor = (enum governor)max(governor, 0);
    }
    if (perf->flags & XEN_PX_PPC)
        f->policy.fastest = perf->platform_limit;
    choose_soon(f);
    spin_unlock(&f->lock);
    return 0;
}

int frequency_get(unsigned int cpu, struct frequency *copy)
{
    struct frequency *f = load_acquire(&frequencies[cpu]);

    if (!f)
        return -ENODEV;
    spin_lock(&f->lock);
    if (f->policy.count)
        account(f, time_now());
    *copy = *f;
    spin_unlock(&f->lock);
    return copy->policy.count ? 0 : -ENODEV;
}

int frequency_change(unsigned int cpu, int (*fn)(struct frequency *f, uint64_t arg), uint64_t arg)
{
    struct frequency *f = load_acquire(&frequencies[cpu]);
    int rc = -ENODEV;

    if (!f)
        return rc;
    spin_lock(&f->lock);
    if (f->is_driven && f->policy.count)
        rc = fn(f, arg);
    if (!rc)
        choose_soon(f);
    spin_unlock(&f->lock);
    return rc;
}

void frequency_forget_use(unsigned int cpu)
{
    struct frequency *f = load_acquire(&frequencies[cpu]);

    if (!f)
        return;
    spin_lock(&f->lock);
    forget_use(f);
    spin_unlock(&f->lock);
}
