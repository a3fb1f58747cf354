/* SPDX-License-Identifier: GPL-2.0-only */
/* The processor's part of a vcpu. */
#ifndef X86_VCPU_H
#define X86_VCPU_H

#include <public/xen.h>
#include <xen/page.h>
#include <xen/types.h>

struct xsave_area;

/* Where the guest wants to be entered, for one kind of event. */
struct pv_callback {
    unsigned long eip;
    bool mask_events;               /* entry sets evtchn_upcall_mask */
};

#define PV_GDT_FRAMES 14            /* the ABI reserves page 14 and up of each GDT for us */

struct pv_vcpu {
    /* What the system-call fast path in entry/syscall.S reads, together in two cache lines. */
    /* the stack that entry code pushes to: kernel_sp if that is the guest's, else 0; never ours,
     * whatever slow_entry says at the moment */
    unsigned long entry_sp;
    unsigned long kernel_cr3;       /* page table for guest-kernel mode */
    unsigned long user_cr3;         /* page table for guest-user mode; 0: none set */
    unsigned long syscall_eip;      /* canonical, never ours; 0: none set */
    /* guest-kernel mode; mirrors which page table and GS base are loaded */
    bool in_kernel;
    bool syscall_masks_events;
    bool slow_entry;                /* something unusual (see pv_update_slow_entry): no fast path */
    uint16_t kernel_ss;
    /* guest kernel's stack after a transition from user mode; 16-aligned, may lead anywhere */
    unsigned long kernel_sp;

    struct pv_callback event, failsafe, syscall32, sysenter;
    struct trap_info traps[256];
    unsigned long gs_base_kernel, gs_base_user, fs_base;    /* valid while the vcpu does not run */
    unsigned int iopl;              /* virtual IOPL, 0..3: what PHYSDEVOP_set_iopl said */
    uint64_t iobmp;                 /* guest VA of its I/O permission bitmap, for its user mode */
    unsigned int iobmp_limit;       /* ports in it */

    unsigned long cr0_ts;           /* CR0_TS when the guest asked for it by fpu_taskswitch */
    unsigned long cr4;              /* what the guest believes */
    unsigned long cr4_in_use;       /* the processor's while the vcpu runs; see pv_update_cr4 */
    unsigned long dr[4], dr6, dr7;

    struct frame *pending_put;      /* a table on its way out, preempted; see pv_put_table_later */
    /* L4 frames, each with a reference and a type reference; INVALID_MFN: none */
    mfn_t kernel_table, user_table;
    mfn_t gdt_frame[PV_GDT_FRAMES];
    unsigned int gdt_entries, gdt_frames;
    unsigned long ldt_base;         /* guest VA, page-aligned */
    unsigned int ldt_entries;
    uint16_t ldt_mapped;            /* which of the 16 LDT pages hold a descriptor-type reference */
    /* 32 entries of this vcpu in the per-domain slot: 16 GDT, 16 LDT */
    pte_t *gdt_ldt_ptes;
};

struct arch_vcpu {
    struct cpu_user_regs regs;      /* while it does not run */
    unsigned int loaded_on;         /* CPU that last loaded its tables; see guest/switch.c */
    struct pv_vcpu pv;
    struct xsave_area *xsave;
    uint64_t xcr0;
    uint64_t tsc_aux;
    /* an NMI or machine check waits: look before entering the guest */
    bool async_pending;
    bool nmi_pending, nmi_masked;
    uint64_t time_area;             /* guest VA of a secondary vcpu_time_info, or 0 */
};

#endif
