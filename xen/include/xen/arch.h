/* SPDX-License-Identifier: GPL-2.0-only */
/* What common code needs of the processor.  Each function is declared once, here, with what common
 * expects. */
#ifndef XEN_ARCH_H
#define XEN_ARCH_H

#include <xen/types.h>

struct cpu_user_regs;
struct domain;
struct frame;
struct vcpu;
struct domain_config;

/* Domains.  Called with d->lock not held; on failure everything is undone by arch itself. */
int arch_domain_create(struct domain *d, const struct domain_config *config) must_check;
/* give memory back; -ERESTART to be called again */
int arch_domain_relinquish(struct domain *d) must_check;
void arch_domain_free(struct domain *d);
int arch_vcpu_create(struct vcpu *v) must_check;
void arch_vcpu_free(struct vcpu *v);
/* Back to "not initialised", and down; v is paused.  -ERESTART: the same again. */
int arch_vcpu_reset(struct vcpu *v) must_check;
/* VCPUOP_initialise and domctl: from the caller's memory; v goes up or down as the context's flags
 * say. */
int arch_vcpu_set_context(struct vcpu *v, uint64_t guest_context_va) must_check;
/* The opposite, v being paused: its context to the caller's memory. */
int arch_vcpu_get_context(struct vcpu *v, uint64_t caller_va) must_check;
/* VCPUOP_register_vcpu_info */
int arch_vcpu_map_info(struct vcpu *v, uint64_t mfn, uint32_t offset) must_check;
/* second copy of its time info; 0: none */
int arch_vcpu_set_time_area(struct vcpu *v, uint64_t va) must_check;
/* ACPI id << 32 | APIC id of its processor */
uint64_t arch_vcpu_physid(const struct vcpu *v);
void arch_vcpu_send_nmi(struct vcpu *v);
/* v->info: its place in shared_info, if it has one */
void vcpu_map_default_info(struct vcpu *v);
void arch_vm_assist_changed(struct domain *d);
/* before they get a new use: no TLB knows them any more.  IRQs on */
void arch_frames_settle(struct frame *f, unsigned int order);
/* its owner gave it up: TLBs may know it until settled */
void arch_frame_left(struct frame *f);
/* registers and stack, to the console */
void arch_dump_vcpu(struct vcpu *v);

/* Scheduling.  prev's state leaves this CPU, next's enters; does not return to its caller: the
 * stack is reset and next continues towards its guest (or the idle loop).  IRQs off. */
noreturn void arch_switch_to(struct vcpu *prev, struct vcpu *next);
/* v notices events soon, wherever it runs; unblocks are not done here */
void arch_vcpu_kick(struct vcpu *v);
void arch_vcpu_time_update(struct vcpu *v);     /* refresh its vcpu_time_info */
/* copy v->runstate to the guest's registered area (current's only) */
void arch_runstate_update(struct vcpu *v);
/* wait for an interrupt; IRQs off on entry, on when it returns */
void arch_idle(void);
bool arch_irqs_enabled(void);
unsigned long arch_irq_save(void);
void arch_irq_restore(unsigned long flags);
void arch_irq_disable(void);
void arch_irq_enable(void);

/* Machine. */
void arch_dump_state(void);                     /* registers, symbolised stack: of a panic */
void arch_wallclock_changed(void);              /* tell all domains: wallclock_get() has news */
/* Ask for timers_interrupt() on this CPU at `deadline`; IRQs off.  False: that has passed. */
bool arch_timer_arm(int64_t deadline) must_check;
uint64_t arch_wallclock_read(void);             /* the battery clock: seconds of 1970, or 0 */
noreturn void arch_machine_restart(unsigned int delay_ms);
noreturn void arch_machine_halt(void);
noreturn void arch_machine_power_off(void);

/* Guest frames (PV: gfn == mfn).  p2m_get_frame returns a frame with a reference, or NULL. */
struct frame *arch_gfn_to_frame(struct domain *d, gfn_t gfn);
mfn_t arch_gfn_to_mfn(struct domain *d, gfn_t gfn);
void arch_set_m2p(mfn_t mfn, uint64_t pfn);                     /* machine-to-phys table entry */
uint64_t arch_get_m2p(mfn_t mfn);

/* XENMEM_*: the machine's memory map, the domain's own, the machine-to-phys table. */
long arch_memory_op(unsigned int op, uint64_t arg);

/* Grant mappings in the current domain.  addr: host virtual address, or with GNTMAP_contains_pte
 * the machine address of a PTE.  The caller holds the frame and type references that the mapping
 * will own.  0 or GNTST_general_error. */
int arch_grant_map(uint64_t addr, mfn_t frame, unsigned int map_flags,
                   unsigned int cache_flags) must_check;
/* *was_used: a TLB may know the mapping; otherwise it need not be told. */
int arch_grant_unmap(uint64_t addr, mfn_t frame, uint64_t new_addr, unsigned int map_flags,
                     bool *was_used) must_check;
/* Writes by this domain reach a page: HVM log-dirty. */
void arch_mark_dirty(struct domain *d, mfn_t mfn);
/* TLBs of the CPUs the domain has run on forget what they know of it. */
void arch_flush_domain_tlb(struct domain *d);

#endif
