/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the pv room share. */
#ifndef PV_PRIVATE_H
#define PV_PRIVATE_H

#include <asm/page.h>
#include <x86/mm.h>
#include <x86/pv.h>
#include <xen/bitops.h>
#include <xen/domain.h>
#include <xen/sched.h>

/* In a count of requests: a continuation's mark that *pdone already tells what was done before
 * (ABI: bit 31). */
#define MMU_UPDATE_PREEMPTED (1u << 31)

/* ---- entries of page tables (table_types.c) ---- */

/* What a present entry of `level` needs, taken or given back.  `fd` owns what L1 entries map
 * (usually d itself).  get may adjust *e (see adjust_entry).  Returns 0, -EINVAL, -ERESTART. */
int pv_entry_get(struct domain *d, struct domain *fd, unsigned int level, pte_t *e,
                 bool preemptible) must_check;
int pv_entry_put(struct domain *d, unsigned int level, pte_t e, bool preemptible) must_check;
/* The L1 table that maps va in the current guest's loaded tables: locked, with a reference; *pe is
 * the entry.  NULL: none. */
struct frame *pv_find_l1(struct vcpu *v, uint64_t va, pte_t **pe);
void pv_release_l1(struct frame *table);

/* Give back a table's type and plain reference: 0, or -ERESTART: the current vcpu remembers it, and
 * pv_finish_put() goes on (-ERESTART again, or 0).  The next operation that might remember one
 * finishes first. */
int pv_put_table_later(struct frame *f) must_check;
int pv_finish_put(struct vcpu *v) must_check;

static inline bool frame_is_io(mfn_t mfn)
{
    return !mfn_valid(mfn) || frame_owner_id(mfn_to_frame(mfn)) == DOMID_IO;
}

/* Guest code must not be entered in, nor its stack lie in, our part of the address space. */
static inline bool pv_address_ok(uint64_t va)
{
    return va_is_canonical(va) && !(va >= HYPERVISOR_START && va < HYPERVISOR_END);
}

/* Where the guest's kernel is entered from its user mode; v runs here, or is stopped. */
void pv_set_kernel_stack(struct vcpu *v, uint64_t sp);

/* A guest-supplied selector becomes harmless: ring 3, and not one of ours. */
static inline uint16_t pv_fix_selector(uint16_t sel)
{
    return (sel & ~7) ? sel | 3 : sel;
}

/* ---- privileged instructions: current vcpu only ---- */

/* ports.c: what its IN and OUT do.  False from the first: it may not use the port at all, #GP. */
bool pv_port_permitted(struct vcpu *v, uint16_t port, unsigned int bytes);
uint32_t pv_port_read(struct vcpu *v, uint16_t port, unsigned int bytes);
void pv_port_write(struct vcpu *v, uint16_t port, unsigned int bytes, uint32_t value);
/* guest_msr.c: false: #GP. */
bool pv_guest_rdmsr(struct vcpu *v, uint32_t msr, uint64_t *value);
bool pv_guest_wrmsr(struct vcpu *v, uint32_t msr, uint64_t value);

#endif
