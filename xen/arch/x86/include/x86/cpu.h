/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Processors: their numbers, how they come up, what is where.
 *
 * CPUs are numbered in the MADT's order, the boot CPU first.  A number is present if the firmware
 * enabled it and `maxcpus` leaves it; online from smp_announce() on.
 */
#ifndef X86_CPU_H
#define X86_CPU_H

#include <xen/percpu.h>
#include <xen/types.h>

extern uint32_t cpu_apic_id[MAX_CPUS];      /* index: CPU */
extern uint32_t cpu_acpi_id[MAX_CPUS];

/* boot/ap_start.S: copied to AP_TRAMPOLINE_PHYS; jumps to cpu_start_secondary() on ap_stack_top. */
extern const char ap_trampoline_start[], ap_trampoline_end[];
extern unsigned long ap_stack_top;

/* Everything CPU `cpu` needs before its first instruction: stack, per-CPU data, GDT, TSS. */
int cpu_prepare(unsigned int cpu) must_check;
/* The new CPU's C entry; ends in the idle loop. */
noreturn void cpu_start_secondary(void);

/* ---- smp.c ----------------------------------------------------------------------------------- */

void smp_prepare(void);             /* after lapic_init_boot_cpu(): numbers the CPUs */
int smp_boot_cpu(unsigned int cpu) must_check;      /* 0 when it is online; -EIO, -ENOMEM */
void smp_boot_all(void);            /* after interrupts, time and heap */
void smp_announce(void);            /* by the new CPU, when it can take interrupts: it is online */

/* Where a CPU sits, for sysctl. */
unsigned int cpu_core_id(unsigned int cpu);
unsigned int cpu_socket_id(unsigned int cpu);
unsigned int cpu_node_id(unsigned int cpu);

#endif
