/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * NMIs that are ours, and the watchdog: a CPU whose timers have not run for watchdog_timeout
 * seconds is stuck, and the machine stops with its registers shown.
 *
 * Two ways to notice.  A performance counter that overflows into an NMI about once a second lets
 * each CPU find itself stuck.  Where no counter counts (emulators), each CPU's timer looks after
 * the next CPU and sends it an NMI when it has stopped; that needs a second CPU.
 */
#include <asm/insn.h>
#include <x86/cpu.h>
#include <lib/string.h>
#include <xen/arch.h>
#include <xen/atomic.h>
#include <xen/options.h>
#include <xen/printk.h>
#include <xen/time.h>

#include "private.h"

DEFINE_PER_CPU(uint32_t, nmi_count);

DEFINE_STATIC_PER_CPU(uint32_t, heartbeat);         /* its timer ran so many times */
DEFINE_STATIC_PER_CPU(struct timer, heartbeat_timer);
DEFINE_STATIC_PER_CPU(uint32_t, seen_heartbeat);    /* by whoever watches this CPU */
DEFINE_STATIC_PER_CPU(uint32_t, silent_ticks);
DEFINE_STATIC_PER_CPU(bool, is_accused);

static bool watchdog_wanted;
static unsigned int watchdog_timeout = 5;
OPTION_UINT(timeout, "watchdog_timeout", watchdog_timeout);

static int parse_watchdog(const char *value)
{
    static const char *const yes[] = { "", "yes", "on", "true", "enable", "1", "force" };
    static const char *const no[] = { "no", "off", "false", "disable", "0" };
    for (unsigned int i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
        if (!strcmp(value, yes[i])) {
            watchdog_wanted = true;
            return 0;
        }
    }
    for (unsigned int i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
        if (!strcmp(value, no[i])) {
            watchdog_wanted = false;
            return 0;
        }
    }
    return -EINVAL;
}
OPTION_CUSTOM(watchdog, "watchdog", parse_watchdog);

/* A counter of unhalted cycles, by its registers. */
struct cycle_counter {
    uint32_t select_msr, count_msr;
    uint64_t select;                    /* event, user and system mode, interrupt, enable */
    bool has_global;                    /* Intel: also a global enable and overflow register */
};

#define SELECT_FLAGS        ((1u << 16) | (1u << 17) | (1u << 20) | (1u << 22))
#define MSR_PERF_GLOBAL_CTRL 0x38f
#define MSR_PERF_GLOBAL_OVF  0x390

static struct cycle_counter counter read_mostly;
static uint64_t counter_period;         /* cycles between NMIs; 0: no counter in use */

static init_text bool counter_describe(void)
{
    struct cpuid_regs perf = cpuid(0, 0).eax >= 0xa ? cpuid(0xa, 0) : (struct cpuid_regs){ 0 };
    if ((perf.eax & 0xff) && (perf.eax >> 8 & 0xff) && !(perf.ebx & 1)) {
        counter = (struct cycle_counter){ 0x186, 0xc1, 0x3c | SELECT_FLAGS,
                                          (perf.eax & 0xff) >= 2 };
        return true;
    }
    if (cpuid(0, 0).ecx == 0x444d4163) {                        /* "cAMD" */
        counter = (struct cycle_counter){ 0xc0010000, 0xc0010004, 0x76 | SELECT_FLAGS, false };
        return true;
    }
    return false;
}

static int counter_rearm(void)
{
    return wrmsr_safe(counter.count_msr, (uint64_t)-(int64_t)counter_period);
}

static int counter_start(void)
{
    int rc = wrmsr_safe(counter.select_msr, 0);
    rc = rc ? rc : counter_rearm();
    rc = rc ? rc : wrmsr_safe(counter.select_msr, counter.select);
    if (!rc && counter.has_global)
        rc = wrmsr_safe(MSR_PERF_GLOBAL_CTRL, 1);
    return rc;
}

/* Virtual machines often accept the registers and never count. */
static init_text bool counter_counts(void)
{
    uint64_t before, after;
    if (!counter_describe())
        return false;
    uint64_t cycles = (uint64_t)time_cpu_khz() * 1000;
    counter_period = cycles < 0x7fffffff ? cycles : 0x7fffffff;
    if (counter_start() || rdmsr_safe(counter.count_msr, &before))
        return false;
    udelay(100);
    return rdmsr_safe(counter.count_msr, &after) == 0 && after != before;
}

static void counter_start_here(void *arg)
{
    if (counter_start() == 0)
        lapic_write(LAPIC_LVT_PERF, LAPIC_LVT_NMI);
}

/* ---- Ticks ----------------------------------------------------------------------------------- */

/* One more look at cpu: true if it has been silent for too long. */
static bool is_stuck(unsigned int cpu)
{
    uint32_t now = read_once(per_cpu(heartbeat, cpu));
    if (now != per_cpu(seen_heartbeat, cpu)) {
        per_cpu(seen_heartbeat, cpu) = now;
        per_cpu(silent_ticks, cpu) = 0;
        return false;
    }
    return ++per_cpu(silent_ticks, cpu) >= watchdog_timeout;
}

static unsigned int next_online(unsigned int cpu)
{
    do {
        cpu = cpu + 1 < cpu_count ? cpu + 1 : 0;
    } while (!cpu_is_online(cpu));
    return cpu;
}

static void heartbeat_tick(void *arg)
{
    this_cpu(heartbeat)++;
    unsigned int ward = next_online(smp_cpu());
    if (!counter_period && ward != smp_cpu() && is_stuck(ward)) {
        per_cpu(is_accused, ward) = true;
        lapic_send(cpu_apic_id[ward], LAPIC_ICR_NMI);
    }
    timer_set(&this_cpu(heartbeat_timer), time_now() + NS_PER_S);
}

static noreturn void stuck_here(const struct cpu_user_regs *regs)
{
    panic("watchdog: CPU %u did nothing for %u s; stuck at %04x:%016lx, sp %016lx\n", smp_cpu(),
          watchdog_timeout, regs->cs, (unsigned long)regs->rip, (unsigned long)regs->rsp);
}

bool nmi_watchdog_tick(struct cpu_user_regs *regs)
{
    if (read_once(this_cpu(is_accused)))
        stuck_here(regs);
    uint64_t count;
    if (!counter_period || rdmsr_safe(counter.count_msr, &count) || (count >> 31 & 1)) {
        return false;                   /* still negative: it has not overflowed */
    }
    if (is_stuck(smp_cpu()))
        stuck_here(regs);
    int rc = counter_rearm();
    if (counter.has_global)
        rc = wrmsr_safe(MSR_PERF_GLOBAL_OVF, 1);
    (void)rc;                           /* they took it at start */
    lapic_write(LAPIC_LVT_PERF, LAPIC_LVT_NMI);     /* Intel masks it on delivery */
    return true;
}

bool irq_handle_nmi(struct cpu_user_regs *regs)
{
    this_cpu(nmi_count)++;
    return ipi_stop_arrived() || cpu_is_parked() || nmi_watchdog_tick(regs);
}

static bool is_on;

void nmi_watchdog_stop_here(void)
{
    if (is_on)
        timer_stop(&this_cpu(heartbeat_timer));
}

void nmi_watchdog_start_here(void)
{
    if (is_on) {
        this_cpu(silent_ticks) = 0;
        timer_set(&this_cpu(heartbeat_timer), time_now() + NS_PER_S);
    }
}

init_text void nmi_watchdog_start(void)
{
    if (!watchdog_wanted)
        return;
    if (!counter_counts()) {
        counter_period = 0;
        if (next_online(0) == 0) {
            log_warn("watchdog: no performance counter counts, and no second CPU could watch\n");
            return;
        }
        log_info("watchdog: no performance counter counts; CPUs watch each other\n");
    }
    for_each_online_cpu(cpu) {
        timer_init(&per_cpu(heartbeat_timer, cpu), heartbeat_tick, NULL, cpu);
        timer_set(&per_cpu(heartbeat_timer, cpu), time_now() + NS_PER_S);
    }
    is_on = true;
    if (counter_period) {
        smp_call_all(counter_start_here, NULL);
        log_info("watchdog: on, by performance counters\n");
    }
}
