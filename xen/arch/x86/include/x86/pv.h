/* SPDX-License-Identifier: GPL-2.0-only */
/* Paravirtualized guests: what entry code, traps and the vcpu switch ask of the pv room. */
#ifndef X86_PV_H
#define X86_PV_H

#include <public/xen.h>
#include <asm/insn.h>
#include <xen/types.h>

struct domain;
struct vcpu;
struct boot_module;

/* ---- entering the guest (bounce.c) ---- */

/* An exception of the current guest becomes its kernel's business; error codes are pushed where the
 * vector has one. */
void pv_inject_exception(struct cpu_user_regs *regs, unsigned int vector, uint32_t error_code);
void pv_inject_page_fault(struct cpu_user_regs *regs, uint32_t error_code, uint64_t address);
/* Called on the way out, IRQs off: NMI, machine check, event upcall, in this order. */
void pv_deliver_pending(struct cpu_user_regs *regs);
/* SYSCALL from guest-user mode that the fast path refused. */
void pv_syscall_from_user(struct cpu_user_regs *regs);
void pv_syscall32_from_user(struct cpu_user_regs *regs);        /* SYSCALL in 32-bit code */
void pv_sysenter_from_user(struct cpu_user_regs *regs);         /* SYSENTER, wherever it was */
/* IRET to the guest or loading its segments faulted. */
void pv_failsafe(struct cpu_user_regs *regs);
void pv_nmi_send(struct vcpu *v);

/* ---- guest mode (domain.c) ---- */

/* Between guest-kernel and guest-user mode: page table and GS base change with it.  Current vcpu
 * only. */
void pv_toggle_mode(struct vcpu *v);
/* Recompute v->arch.pv.slow_entry after anything it depends on changed. */
void pv_update_slow_entry(struct vcpu *v);
void pv_set_iopl(struct vcpu *v, unsigned int iopl);
int pv_set_iobitmap(struct vcpu *v, uint64_t bitmap_va, unsigned int nr_ports) must_check;
/* Recompute v->arch.pv.cr4_in_use after anything it depends on changed. */
void pv_update_cr4(struct vcpu *v);
int pv_vcpu_create(struct vcpu *v) must_check;
int pv_vcpu_set_context(struct vcpu *v, const struct vcpu_guest_context *c) must_check;
void pv_vcpu_get_context(struct vcpu *v, struct vcpu_guest_context *c);
/* What a context has no room for; v does not run. */
struct xen_domctl_ext_vcpucontext;
void pv_vcpu_get_ext_context(const struct vcpu *v, struct xen_domctl_ext_vcpucontext *x);
int pv_vcpu_set_ext_context(struct vcpu *v, const struct xen_domctl_ext_vcpucontext *x) must_check;
/* -ERESTART; gives up page and descriptor tables */
int pv_vcpu_drop_tables(struct vcpu *v) must_check;
int pv_domain_relinquish(struct domain *d) must_check;     /* -ERESTART */

/* ---- memory (mmu_update.c, ptwr.c) ---- */

/* A write fault on a page table that the guest maps read-only: true when it was performed. */
bool pv_emulate_table_write(struct cpu_user_regs *regs, uint64_t address);
/* New top-level table for the current vcpu's kernel or user mode. */
int pv_set_base(struct vcpu *v, mfn_t mfn, bool user) must_check;
void pv_load_cr3(struct vcpu *v);
/* A fault in the per-domain window: the LDT page was not mapped yet.  True: mapped, try again. */
bool pv_map_ldt_page(uint64_t offset, struct cpu_user_regs *regs);
void pv_load_descriptor_tables(struct vcpu *v);             /* GDTR and LDTR of this CPU */
int pv_set_gdt(struct vcpu *v, const uint64_t *frames, unsigned int entries) must_check;
void pv_drop_gdt(struct vcpu *v);
bool pv_drop_ldt(struct vcpu *v);                           /* true if anything was mapped */

/* ---- privileged instructions (privileged.c) ---- */

/* #GP or #UD of the guest: true when the instruction was performed for it. */
bool pv_emulate_privileged(struct cpu_user_regs *regs);
bool pv_emulate_forced_cpuid(struct cpu_user_regs *regs);
void pv_cpuid(const struct vcpu *v, uint32_t leaf, uint32_t subleaf, struct cpuid_regs *r);
/* What a domain other than dom0 is shown if its toolstack says nothing about it. */
void pv_cpuid_default(uint32_t leaf, uint32_t subleaf, struct cpuid_regs *r);

/* ---- construction (build.c) ---- */

void hypercall_page_fill(void *page);
/* Makes a PV kernel image into a domain ready to run: 0, or -Exxx with a message said. */
struct pv_image {
    const void *kernel;
    size_t kernel_size;
    uint64_t initrd_maddr, initrd_size;
    const char *cmdline;
};
int pv_build_dom0(struct domain *d, const struct pv_image *image, uint64_t nr_pages) must_check;

#include <x86/domain.h>

#endif
