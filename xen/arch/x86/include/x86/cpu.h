/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Processors: their numbers, how they come up, what is where.
 *
 * CPUs are numbered in the MADT's order, the boot CPU first.  A number is present if the firmware
 * enabled it and `maxcpus` leaves it; online from smp_announce() on.
 */
#ifndef X86_CPU_H
#define X86_CPU_H

#include <asm/insn.h>
#include <asm/page.h>
#include <asm/regs.h>
#include <asm/smap.h>
#include <xen/assert.h>
#include <xen/percpu.h>
#include <xen/types.h>

struct vcpu;

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

void idle_init(void);               /* boot: how idle CPUs wait */

/* hotplug.c: an idle CPU with interrupts off and nothing to do stops here if somebody wants it
 * offline; true when it was. */
bool cpu_park_if_wanted(void);
bool cpu_is_parked(void);           /* this one: an NMI is only meant to wake it */

/* Where a CPU sits, for sysctl. */
unsigned int cpu_core_id(unsigned int cpu);
unsigned int cpu_socket_id(unsigned int cpu);
unsigned int cpu_node_id(unsigned int cpu);

/* ---- tables.c: descriptor tables, stacks, system-call entry
 * ------------------------------------ */

void cpu_init_boot_tables(void);    /* first of all: the boot CPU's GDT, TSS and the IDT */
/* boot CPU, after paging_init(): from the image's stack area to its mapped one */
void cpu_enter_own_stack(void);
void cpu_load_tables(void);         /* each CPU, on itself */
/* Point GDTR at a guest's window (whose entry 14 becomes this CPU's page), or back at the CPU's own
 * page alone. */
void cpu_set_guest_gdt(pte_t *own_page_slot, uint64_t gdt_va);
void cpu_set_own_gdt(void);
void cpu_set_ldt(uint64_t va, unsigned int entries);

/* ---- features.c ------------------------------------------------------------------------------ */

struct cpu_features {
    uint32_t leaf1_ecx, leaf1_edx, leaf7_ebx, leaf7_ecx, leaf7_edx, ext1_ecx, ext1_edx;
    bool amd, intel;                /* vendor, or one that follows it */
    bool under_tcg;                 /* QEMU's TCG: see the quirks where this is read */
    bool smap, smep, fsgsbase, xsave, xsaveopt, rdtscp, x2apic, arat;
    unsigned int phys_bits;
    char vendor[13], model[49];
    uint8_t family, stepping;
    uint8_t model_nr;
};
extern struct cpu_features cpu_features;
void cpu_detect(void);              /* boot CPU */
void cpu_init_features(void);       /* each CPU: control registers */
extern unsigned long cpu_base_cr4;  /* what CR4 holds while any guest or nobody runs */

/* What AC allowed whom we interrupted is not for us. */
static inline void assert_guest_access_closed(void)
{
    assert(!cpu_features.smap || !(read_flags() & FLAGS_AC));
}

/* ---- state.c: segments and FPU of the vcpu that runs
 * ------------------------------------------- */

void cpu_write_gs_base(unsigned long base);
/* selector of the inactive GS; 0 if it cannot be loaded */
void cpu_load_user_gs(uint16_t selector);
void cpu_read_data_selectors(uint64_t sel[4]);      /* ds es fs gs */
void cpu_save_segments(struct vcpu *v);
void cpu_load_segments(struct vcpu *v);

void xstate_init(void);
int xstate_vcpu_create(struct vcpu *v) must_check;
void xstate_vcpu_free(struct vcpu *v);
void xstate_save(struct vcpu *v);
void xstate_load(struct vcpu *v);
/* current; -EINVAL: not a legal set */
int xstate_set_xcr0(struct vcpu *v, uint64_t value) must_check;
#define XSAVE_HEADER_END 576        /* the legacy area and the header, which every XSAVE area has */
uint32_t xstate_area_size(void);    /* bytes, for all of xstate_mask */
/* v does not run: components not in their initial state; its FPU and SSE as FXSAVE writes them; all
 * of it (area has the full size and is tidied; -EINVAL). */
uint64_t xstate_in_use(const struct vcpu *v);
void xstate_get_fpu(const struct vcpu *v, void *fxsave);
void xstate_set_fpu(struct vcpu *v, const void *fxsave);
int xstate_replace(struct vcpu *v, uint64_t xcr0, void *area) must_check;
extern uint64_t xstate_mask;        /* what XCR0 may hold */

/* ---- guest/cpu_policy.c
 * ----------------------------------------------------------------------- */

struct domain;
/* r is what d may be shown of a leaf: less what its toolstack takes away. */
void cpu_policy_apply(const struct domain *d, uint32_t leaf, uint32_t subleaf,
                      struct cpuid_regs *r);
void cpu_policy_free(struct domain *d);

/* ---- mce.c, msr.c ---------------------------------------------------------------------------- */
void mce_init_cpu(void);
void mce_handle(struct cpu_user_regs *regs);

#endif
