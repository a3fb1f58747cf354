/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Processors leave and come back while the machine runs.
 *
 *     RUNNING --cpu_offline--> WANTED --it idles--> READY --nobody calls it--> PARKED
 *     PARKED --cpu_online--> RETURNING --it is back--> RUNNING
 *
 * Whoever takes a CPU off line first takes away what it has: its place in a pool, and so its vcpus;
 * interrupt lines; then, when it waits at its parking place with interrupts off, its name in
 * cpu_online, its timers and its RCU callbacks.  READY answers calls of other CPUs by looking for
 * them, since the set of online CPUs changes only while no call is under way.  A parked CPU keeps
 * all its settings and halts; NMIs wake it to look around.
 *
 * One CPU at a time changes: `busy`.
 */
#include <asm/insn.h>
#include <x86/cpu.h>
#include <x86/frequency.h>
#include <x86/guest.h>
#include <x86/irq.h>
#include <x86/mm.h>
#include <xen/arch.h>
#include <xen/atomic.h>
#include <xen/bitops.h>
#include <xen/control.h>
#include <xen/event.h>
#include <xen/heap.h>
#include <xen/printk.h>
#include <xen/rcu.h>
#include <xen/sched.h>
#include <xen/time.h>

enum { RUNNING, WANTED, READY, PARKED, RETURNING };

#define PATIENCE_MS 2000                /* an emulator may be slow */

DEFINE_STATIC_PER_CPU(uint32_t, parking);
static unsigned long busy;              /* bit 0 */

/* ---- On the CPU itself ----------------------------------------------------------------------- */

bool cpu_is_parked(void)
{
    return unlikely(read_once(this_cpu(parking)) >= PARKED);
}

/* Interrupts are off, nothing is pending, no vcpu is here. */
bool cpu_park_if_wanted(void)
{
    uint32_t *state = &this_cpu(parking);

    if (likely(read_once(*state) == RUNNING))
        return false;
    guest_unload_idle();
    nmi_watchdog_stop_here();
    time_stop_here();
    uint32_t seen = WANTED;
    if (atomic_cas(state, &seen, READY)) {
        while (load_acquire(state) == READY) {
            ipi_call_arrived();
            cpu_relax();
        }
        ipi_call_arrived();             /* the last, posted before we were told to park */
        while (load_acquire(state) == PARKED)
            hlt();
        smp_announce();
        tlb_flush_here_global();        /* what others did meanwhile, and until they saw us */
        store_release(state, RUNNING);
    }
    time_start_here();
    frequency_start_here();
    nmi_watchdog_start_here();
    return true;
}

/* ---- On another ------------------------------------------------------------------------------ */

static bool wait_for(unsigned int cpu, uint32_t wanted)
{
    for (time_ns end = time_now() + PATIENCE_MS * NS_PER_MS; time_now() < end;) {
        if (load_acquire(&per_cpu(parking, cpu)) == wanted)
            return true;
        udelay(100);
    }
    return false;
}

/* It has no work any more: to its parking place. */
static int park(unsigned int cpu)
{
    uint32_t seen = WANTED;

    write_once(per_cpu(parking, cpu), WANTED);
    smp_kick(cpu);
    if (!wait_for(cpu, READY) && atomic_cas(&per_cpu(parking, cpu), &seen, RUNNING))
        return -EBUSY;
    smp_leave(cpu);
    store_release(&per_cpu(parking, cpu), PARKED);
    sched_cpu_parked(cpu);
    timers_migrate_from(cpu);
    heap_cpu_parked(cpu);
    rcu_offline_cpu(cpu);
    irq_left_cpu(cpu);
    return 0;
}

/* Its vcpus have gone when it has scheduled once more; this one may be among them. */
static int take_off(unsigned int cpu)
{
    int rc = cpupool_cpu_leaves(cpu);
    if (rc)
        return rc;
    if (cpu == smp_cpu())
        return -ERESTART;
    atomic_set_bit(cpu, cpu_leaving.bits);
    rc = irq_leave_cpu(cpu);
    if (!rc) {
        udelay(1000);                   /* what is on its way still arrives */
        rc = park(cpu);
    }
    atomic_clear_bit(cpu, cpu_leaving.bits);
    if (rc)
        cpupool_cpu_returns(cpu);
    return rc;
}

int arch_cpu_offline(unsigned int cpu)
{
    if (cpu == 0 || cpu >= cpu_count || !test_bit(cpu, cpu_present.bits))
        return -EINVAL;
    if (atomic_test_and_set_bit(0, &busy))
        return -EBUSY;
    int rc = cpu_is_online(cpu) ? take_off(cpu) : 0;
    atomic_clear_bit(0, &busy);
    if (!rc) {
        log_info("CPU%u is offline\n", cpu);
        event_send_global_virq(VIRQ_PCPU_STATE);
    }
    return rc;
}

static int bring_back(unsigned int cpu)
{
    /* Never parked: it did not start with the others. */
    if (read_once(per_cpu(parking, cpu)) != PARKED)
        return smp_boot_cpu(cpu);
    store_release(&per_cpu(parking, cpu), RETURNING);
    for (unsigned int i = 0; i < PATIENCE_MS; i++) {
        lapic_send(cpu_apic_id[cpu], LAPIC_ICR_NMI);
        for (unsigned int k = 0; k < 10; k++) {
            if (load_acquire(&per_cpu(parking, cpu)) == RUNNING) {
                cpupool_cpu_returns(cpu);
                return 0;
            }
            udelay(100);
        }
    }
    return -EIO;
}

int arch_cpu_online(unsigned int cpu)
{
    if (cpu >= cpu_count || !test_bit(cpu, cpu_present.bits))
        return -EINVAL;
    if (atomic_test_and_set_bit(0, &busy))
        return -EBUSY;
    int rc = cpu_is_online(cpu) ? 0 : bring_back(cpu);
    atomic_clear_bit(0, &busy);
    if (!rc) {
        log_info("CPU%u is online\n", cpu);
        event_send_global_virq(VIRQ_PCPU_STATE);
    }
    return rc;
}
