/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory as the processor sees it: our page tables, device mappings, TLBs, the machine-to-phys
 * table. */
#ifndef X86_MM_H
#define X86_MM_H

#include <asm/insn.h>
#include <xen/frame.h>
#include <xen/percpu.h>
#include <xen/smp.h>
#include <xen/types.h>

struct domain;
struct vcpu;

/* ---- our tables (hyper_map.c) ---- */

/* the table without a guest; its slots are copied into every guest's */
extern pte_t *idle_l4;
extern unsigned long idle_cr3;

/* boot: replaces the loader-time tables by idle_l4 */
void paging_init(void);
void paging_use_heap(void);                     /* boot: further tables come from the heap */
/* Map [maddr, maddr+size) at va in our half; flags as HV_RW…; large pages where alignment
 * allows. */
void map_pages(uint64_t va, uint64_t maddr, uint64_t size, uint64_t flags);
void unmap_pages(uint64_t va, uint64_t size);   /* 4 KiB mappings only; caller flushes */
/* Our slots of a guest's L4: copied from idle_l4, plus the domain's own slot. */
void fill_hypervisor_slots(pte_t *l4, const struct domain *d);

/* Device memory, uncached; and firmware tables, cached.  Both are permanent; before paging_init(),
 * only below 1 MiB. */
void *ioremap(uint64_t maddr, size_t size);
void *acpi_map(uint64_t maddr, size_t size);

extern uint64_t max_mfn;                        /* no RAM at or above it */
/* The frame table exists 2 MiB at a time: a bit for each such part, 65536 frames. */
#define FRAME_PART_SHIFT 16
extern uint64_t frame_parts[];
static inline bool frame_table_present(mfn_t mfn)
{
    uint64_t part = mfn.m >> FRAME_PART_SHIFT;
    return (frame_parts[part / 64] >> (part % 64)) & 1;
}
bool memory_is_ram(mfn_t mfn);                  /* usable RAM in the firmware's map */

/* The per-domain slot: 32 pages of window for each vcpu, 16 for its GDT and 16 for its LDT. */
int perdomain_create(struct domain *d) must_check;
int perdomain_add_vcpu(struct vcpu *v) must_check;          /* sets v->arch.pv.gdt_ldt_ptes */
void perdomain_destroy(struct domain *d);
static inline uint64_t perdomain_gdt_va(unsigned int vcpu_id)
{
    return PERDOMAIN_START + ((uint64_t)vcpu_id << 17);
}
static inline uint64_t perdomain_ldt_va(unsigned int vcpu_id)
{
    return perdomain_gdt_va(vcpu_id) + (16 << PAGE_SHIFT);
}

/* ---- TLB (tlb.c) ----
 *
 * A clock that ticks when somebody must flush others.  Each CPU notes the clock when it flushes
 * everything; a frame notes it when it loses a use.  A CPU whose note is later than the frame's
 * cannot hold a stale translation of it.
 */
extern uint32_t tlb_clock;
DECLARE_PER_CPU(uint32_t, tlb_flushed_at);

static inline void tlb_note_flush(void)
{
    this_cpu(tlb_flushed_at) = __atomic_load_n(&tlb_clock, __ATOMIC_SEQ_CST);
}

static inline void load_cr3(unsigned long cr3)
{
    tlb_note_flush();                           /* before the flush: claims less than it does */
    write_cr3(cr3);
}

static inline void frame_stamp(struct frame *f)
{
    __atomic_store_n(&f->tlb_stamp, __atomic_load_n(&tlb_clock, __ATOMIC_RELAXED),
                     __ATOMIC_RELAXED);
}

void tlb_flush_local(void);                                     /* all but global entries */
/* all entries on these CPUs; IRQs on if others are named */
void tlb_flush_mask(const struct cpumask *mask);
void tlb_flush_page_mask(const struct cpumask *mask, uint64_t va);
/* every CPU, global entries too: our own map changed */
void tlb_flush_here_global(void);
void tlb_flush_all_global(void);
/* Before frames get a new use: CPUs of mask (NULL: all) that may hold stale translations of them
 * flush. */
void tlb_flush_for_reuse(const struct frame *f, unsigned int order, const struct cpumask *mask);

/* ---- machine-to-phys ---- */

#define M2P_INVALID (~0UL)
/* our pages seen by guests; see public INVALID_P2M conventions */
#define M2P_SHARED  (~0UL >> 1)
void m2p_share(struct domain *owner);           /* boot: owner's, for who may map owner's frames */
static inline uint64_t *m2p_entry(mfn_t mfn) { return (uint64_t *)M2P_START + mfn.m; }

/* ---- frames' types: what each kind needs checked (pv/table_types.c) ---- */

/* Check the contents of a frame about to become `kind`, taking the references its entries need: 0,
 * -EINVAL, or -ERESTART with f->aux entries done.  Undo is the opposite, from f->aux downwards. */
int pv_table_validate(struct domain *d, struct frame *f, enum frame_kind kind,
                      bool preemptible) must_check;
int pv_table_invalidate(struct domain *d, struct frame *f, enum frame_kind kind,
                        bool preemptible) must_check;
/* The same for a page of descriptors: made safe in place, or -EINVAL. */
int pv_descriptors_validate(struct frame *f) must_check;

/* What an entry of an L1 table holds references to; see pv/table_types.c. */
#define PTE_GRANT   (1UL << 62)                 /* made by a grant: see pv/grant_map.c */

void frame_lock_table(struct frame *f);
void frame_unlock_table(struct frame *f);

#endif
