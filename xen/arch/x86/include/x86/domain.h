/* SPDX-License-Identifier: GPL-2.0-only */
/* The processor's part of a domain and of a vcpu. */
#ifndef X86_DOMAIN_H
#define X86_DOMAIN_H

#include <lib/list.h>
#include <lib/rangeset.h>
#include <public/xen.h>
#include <xen/spinlock.h>
#include <xen/time.h>
#include <xen/types.h>

struct cpu_policy;
struct pirq_map;
struct pv_vcpu;
struct frame;

struct arch_domain {
    struct rangeset *ioport_caps;       /* I/O ports it may use */
    struct pirq_map *pirqs;             /* pirq -> line; owned by arch/x86/irq */
    struct spinlock pirq_lock;          /* LOCK_PIRQ */
    uint64_t *perdomain_l3;             /* page table of the per-domain slot */
    struct frame *pirq_eoi_frame;       /* PHYSDEVOP_pirq_eoi_gmfn: bitmap shared with the guest */
    uint64_t *pirq_eoi_map;
    bool auto_unmask;
    uint32_t pci_cf8;                   /* dom0: what it last wrote to port 0xcf8; see pv/ports.c */
    struct guest_memory_map *memory_map;    /* what the toolstack set, or NULL; under d->lock */
    uint64_t nmi_callback;              /* PV: guest's NMI handler */
    bool is_pv32;
    uint32_t time_version;
    /* What RDTSC gives (guest/guest_tsc.c); changes while the domain is paused. */
    uint8_t tsc_mode;                   /* domctl's */
    bool tsc_is_emulated;
    uint32_t tsc_khz, tsc_incarnation;
    struct tsc_scale tsc_scale;         /* the emulated counter's, which is 0 at its base */
    uint64_t tsc_last;                  /* the latest reading of it; atomic */

    bool msr_relaxed;                   /* an unknown MSR reads as 0 */
    /* CPUID as the toolstack wants it, or NULL; changes while no vcpu runs */
    struct cpu_policy *cpu_policy;
};

#include <x86/vcpu.h>

#endif
