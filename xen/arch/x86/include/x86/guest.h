/* SPDX-License-Identifier: GPL-2.0-only */
/* What PV and HVM guests share: their arch state's life, and what dom0 is given of the machine. */
#ifndef X86_GUEST_H
#define X86_GUEST_H

#include <public/xen.h>
#include <x86/pv.h>
#include <xen/frame.h>
#include <xen/types.h>

struct domain;
struct vcpu;

/* its page tables leave every CPU; no vcpu of it runs */
void guest_unload_everywhere(struct domain *d);
/* v is paused: its tables leave the CPU that has them */
void guest_unload_vcpu(struct vcpu *v);
/* An idle CPU: whatever guest's tables are loaded here leave; false if there were none, or it is
 * not idle.  IRQs off. */
bool guest_unload_idle(void);
/* This top-level table leaves CR3 of every idle CPU, before it is taken apart.  IRQs on. */
void guest_unload_table(mfn_t l4);
void vcpu_unmap_info(struct vcpu *v);
void domain_update_wallclock(struct domain *d);
void guest_tsc_init(struct domain *d);
uint64_t guest_tsc(struct domain *d);   /* of a domain whose counter is emulated */
/* From the boot modules; rest_of_our_line: options behind "--" on our line, or NULL.  Says what is
 * wrong. */
int dom0_build(const char *rest_of_our_line) must_check;
int dom0_grant_capabilities(struct domain *d) must_check;

#endif
