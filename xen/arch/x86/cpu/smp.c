/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bringing up the other processors, one at a time.
 *
 * The boot CPU prepares everything a CPU needs, wakes it with INIT and start-up IPIs at the
 * trampoline in low memory, and waits until it says that it is online.  One that does not answer is
 * put back to sleep by INIT, so that it cannot wake up later on a stack given to another.
 */
#include <asm/insn.h>
#include <asm/layout.h>
#include <asm/page.h>
#include <lib/string.h>
#include <x86/cpu.h>
#include <x86/irq.h>
#include <xen/atomic.h>
#include <xen/bitops.h>
#include <xen/options.h>
#include <xen/platform.h>
#include <xen/printk.h>
#include <xen/smp.h>
#include <xen/time.h>

#define STARTUP_TIMEOUT_MS  5000        /* an emulator may be slow */

uint32_t cpu_apic_id[MAX_CPUS];
uint32_t cpu_acpi_id[MAX_CPUS];
static uint8_t cpu_node[MAX_CPUS];
/* How many low bits of an APIC id number threads, and threads and cores together. */
static unsigned int core_shift, socket_shift;

static bool opt_nosmp;
OPTION_BOOL(nosmp, "nosmp", opt_nosmp);
static unsigned int opt_maxcpus = MAX_CPUS;
OPTION_UINT(maxcpus, "maxcpus", opt_maxcpus);

/* CPUID 0xb describes a level after the other: 1 threads, 2 cores; each with its shift. */
static init_text bool topology_by_levels(void)
{
    if (cpuid(0, 0).eax < 0xb || !(cpuid(0xb, 0).ebx & 0xffff))
        return false;
    for (unsigned int level = 0; level < 8; level++) {
        struct cpuid_regs r = cpuid(0xb, level);
        unsigned int type = r.ecx >> 8 & 0xff;
        if (type == 0)
            break;
        if (type == 1)
            core_shift = r.eax & 0x1f;
        socket_shift = r.eax & 0x1f;
    }
    return true;
}

static init_text unsigned int bits_for(unsigned int n)
{
    unsigned int bits = 0;
    while (n > 1u << bits && bits < 31)
        bits++;
    return bits;
}

/* Before leaf 0xb: the number of ids in a package, and of cores in it. */
static init_text void topology_by_counts(void)
{
    unsigned int threads = cpuid(1, 0).edx & (1u << 28) ? cpuid(1, 0).ebx >> 16 & 0xff : 1;
    unsigned int cores = 1;
    if (cpuid(0x80000000, 0).eax >= 0x80000008 && (cpuid(0x80000008, 0).ecx & 0xff)) {
        cores = (cpuid(0x80000008, 0).ecx & 0xff) + 1;          /* AMD */
    } else if (cpuid(0, 0).eax >= 4) {
        cores = (cpuid(4, 0).eax >> 26) + 1;
    }
    socket_shift = bits_for(threads > cores ? threads : cores);
    core_shift = socket_shift - bits_for(cores);
}

unsigned int cpu_core_id(unsigned int cpu)
{
    return (cpu_apic_id[cpu] & ((1u << socket_shift) - 1)) >> core_shift;
}

unsigned int cpu_socket_id(unsigned int cpu)
{
    return cpu_apic_id[cpu] >> socket_shift;
}

unsigned int cpu_node_id(unsigned int cpu)
{
    return cpu_node[cpu];
}

/* An xAPIC id has 8 bits, of which all ones is everybody. */
static init_text bool is_reachable(uint32_t apic_id)
{
    return lapic_is_x2apic || apic_id < 0xff;
}

init_text void smp_prepare(void)
{
    unsigned int limit = opt_nosmp || opt_maxcpus == 0 ? 1 : opt_maxcpus;
    unsigned int n = 0, left_out = 0;
    for (unsigned int i = 0; i < platform.nr_cpus; i++) {
        const struct platform_cpu *p = &platform.cpus[i];
        if (!p->enabled)
            continue;
        if (n == limit || n == MAX_CPUS || !is_reachable(p->apic_id)) {
            left_out++;
            continue;
        }
        cpu_apic_id[n] = p->apic_id;
        cpu_acpi_id[n] = p->acpi_id;
        cpu_node[n] = p->node;
        atomic_set_bit(n++, cpu_present.bits);
    }
    cpu_count = n;
    atomic_set_bit(0, cpu_online.bits);
    if (!topology_by_levels())
        topology_by_counts();
    if (left_out)
        log_info("smp: %u CPUs are left out\n", left_out);
}

void smp_announce(void)
{
    /* Whoever sees the bit sees all that this CPU has set up; atomic_set_bit orders it. */
    atomic_set_bit(smp_cpu(), cpu_online.bits);
}

static bool wait_online(unsigned int cpu, unsigned int us)
{
    for (unsigned int waited = 0; waited < us; waited += 10) {
        if (test_bit(cpu, cpu_online.bits))
            return true;
        udelay(10);
    }
    return test_bit(cpu, cpu_online.bits);
}

/* The second start-up IPI is for those that missed the first (SDM 3A 8.4.4). */
static bool wake(unsigned int cpu)
{
    uint32_t id = cpu_apic_id[cpu];
    uint32_t page = AP_TRAMPOLINE_PHYS >> 12;
    lapic_send(id, LAPIC_ICR_INIT);
    udelay(10000);
    lapic_send(id, LAPIC_ICR_STARTUP | page);
    if (wait_online(cpu, 1000))
        return true;
    lapic_send(id, LAPIC_ICR_STARTUP | page);
    return wait_online(cpu, STARTUP_TIMEOUT_MS * 1000);
}

int smp_boot_cpu(unsigned int cpu)
{
    if (cpu >= cpu_count || cpu_is_online(cpu))
        return cpu < cpu_count ? 0 : -EINVAL;
    int rc = cpu_prepare(cpu);
    if (rc) {
        log_error("smp: CPU %u: no memory for it (%d); stays offline\n", cpu, rc);
        return rc;
    }
    memcpy(maddr_to_virt(maddr_of(AP_TRAMPOLINE_PHYS)), ap_trampoline_start,
           (size_t)(ap_trampoline_end - ap_trampoline_start));
    if (wake(cpu))
        return 0;
    lapic_send(cpu_apic_id[cpu], LAPIC_ICR_INIT);
    log_error("smp: CPU %u (APIC id %u) does not start; stays offline\n", cpu, cpu_apic_id[cpu]);
    return -EIO;
}

init_text void smp_boot_all(void)
{
    unsigned int online = 1;
    for (unsigned int cpu = 1; cpu < cpu_count; cpu++)
        online += smp_boot_cpu(cpu) == 0;
    log_info("Brought up %u CPUs\n", online);
}
