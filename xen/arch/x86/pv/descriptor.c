/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest's segment descriptors: GDT and LDT frames, and single entries.
 *
 * A frame of descriptors is made safe in place when it becomes FRAME_KIND_DESCRIPTOR, and each
 * later change goes through update_descriptor, so the processor never meets one with our privilege
 * or of a system type.  The frames appear in the vcpu's window of the per-domain slot; page 14 of
 * each GDT is the CPU's own.
 */
#include <asm/insn.h>
#include <asm/regs.h>
#include <lib/math.h>
#include <x86/cpu.h>
#include <xen/assert.h>
#include <xen/guest_access.h>
#include <xen/hypercall.h>

#include "private.h"

#define DESC_PRESENT    (1UL << 47)
#define DESC_CODE_DATA  (1UL << 44)
#define DESC_DPL3       (3UL << 45)

/* Code and data segments are given ring 3; anything else that is present is refused. */
static bool make_safe(uint64_t *desc)
{
    if (!(*desc & DESC_PRESENT))
        return true;
    if (!(*desc & DESC_CODE_DATA))
        return false;
    *desc |= DESC_DPL3;
    return true;
}

int pv_descriptors_validate(struct frame *f)
{
    uint64_t *desc = frame_to_virt(f);

    for (unsigned int i = 0; i < PAGE_SIZE / sizeof(*desc); i++) {
        uint64_t e = desc[i];
        if (!make_safe(&e))
            return -EINVAL;
        if (e != desc[i])
            desc[i] = e;
    }
    return 0;
}

void pv_drop_gdt(struct vcpu *v)
{
    struct pv_vcpu *pv = &v->arch.pv;

    for (unsigned int i = 0; i < pv->gdt_frames; i++) {
        pv->gdt_ldt_ptes[i] = 0;
        frame_put_and_type(mfn_to_frame(pv->gdt_frame[i]));
        pv->gdt_frame[i] = INVALID_MFN;
    }
    pv->gdt_frames = pv->gdt_entries = 0;
}

bool pv_drop_ldt(struct vcpu *v)
{
    struct pv_vcpu *pv = &v->arch.pv;
    bool any = pv->ldt_mapped;

    for (unsigned int i = 0; pv->ldt_mapped; i++) {
        if (!(pv->ldt_mapped & (1u << i)))
            continue;
        pte_t e = pv->gdt_ldt_ptes[16 + i];
        pv->gdt_ldt_ptes[16 + i] = 0;
        pv->ldt_mapped &= (uint16_t)~(1u << i);
        frame_put_and_type(mfn_to_frame(pte_mfn(e)));
    }
    return any;
}

/* v runs here, or is stopped: the window is only used by the CPU it is loaded on. */
int pv_set_gdt(struct vcpu *v, const uint64_t *frames, unsigned int entries)
{
    struct pv_vcpu *pv = &v->arch.pv;
    unsigned int n = div_round_up(entries, 512u);

    if (n > PV_GDT_FRAMES)
        return -EINVAL;
    for (unsigned int i = 0; i < n; i++) {
        mfn_t mfn = mfn_of(frames[i]);
        if (frame_is_io(mfn) ||
            frame_get_and_type(mfn_to_frame(mfn), v->domain, FRAME_KIND_DESCRIPTOR)) {
            while (i--)
                frame_put_and_type(mfn_to_frame(mfn_of(frames[i])));
            return refuse(v->domain, -EINVAL, "GDT frame %lx refused", mfn.m);
        }
    }
    pv_drop_gdt(v);
    for (unsigned int i = 0; i < n; i++) {
        pv->gdt_frame[i] = mfn_of(frames[i]);
        pv->gdt_ldt_ptes[i] = pte_make(pv->gdt_frame[i], HV_RW);
    }
    pv->gdt_frames = n;
    pv->gdt_entries = entries;
    return 0;
}

long do_set_gdt(uint64_t frame_list, unsigned int entries)
{
    uint64_t frames[PV_GDT_FRAMES];

    if (entries > PV_GDT_FRAMES * 512)
        return refuse(current->domain, -EINVAL, "GDT of %u entries", entries);
    unsigned int n = div_round_up(entries, 512u);
    if (copy_from_guest_va(frames, frame_list, n * sizeof(frames[0])))
        return -EFAULT;
    int rc = pv_set_gdt(current, frames, entries);
    if (!rc)
        tlb_flush_local();
    return rc;
}

long do_update_descriptor(uint64_t gaddr, uint64_t desc)
{
    struct domain *d = current->domain;
    mfn_t mfn = maddr_to_mfn(maddr_of(gaddr));

    if ((gaddr & 7) || !make_safe(&desc))
        return refuse(d, -EINVAL, "descriptor %016lx at %lx", desc, gaddr);
    if (frame_is_io(mfn) || !frame_get(mfn_to_frame(mfn), d))
        return refuse(d, -EINVAL, "descriptor in mfn %lx, which is not its memory", mfn.m);
    struct frame *f = mfn_to_frame(mfn);
    int rc = frame_get_type(f, frame_kind(f) == FRAME_KIND_DESCRIPTOR && frame_type_refs(f)
                                   ? FRAME_KIND_DESCRIPTOR
                                   : FRAME_KIND_WRITABLE);
    if (!rc) {
        __atomic_store_n((uint64_t *)((char *)mfn_to_virt(mfn) + (gaddr & (PAGE_SIZE - 1))), desc,
                         __ATOMIC_RELAXED);
        frame_put_type(f);
    }
    frame_put(f);
    return rc;
}

/* The current vcpu touched an LDT page that is not in the window yet. */
bool pv_map_ldt_page(uint64_t offset, struct cpu_user_regs *regs)
{
    struct vcpu *v = current;
    struct pv_vcpu *pv = &v->arch.pv;
    unsigned int page = (unsigned int)(offset >> PAGE_SHIFT);

    if (offset >= (uint64_t)pv->ldt_entries * 8 || (pv->ldt_mapped & (1u << page)))
        return false;
    pte_t *pe;
    struct frame *table = pv_find_l1(v, pv->ldt_base + offset, &pe);
    if (!table)
        return false;
    pte_t e = *pe;
    pv_release_l1(table);
    mfn_t mfn = pte_mfn(e);
    if (!(e & PTE_PRESENT) || frame_is_io(mfn) ||
        frame_get_and_type(mfn_to_frame(mfn), v->domain, FRAME_KIND_DESCRIPTOR))
        return false;
    pv->gdt_ldt_ptes[16 + page] = pte_make(mfn, HV_RW);
    pv->ldt_mapped |= (uint16_t)(1u << page);
    return true;
}

void pv_load_descriptor_tables(struct vcpu *v)
{
    cpu_set_guest_gdt(v->arch.pv.gdt_ldt_ptes + 14, perdomain_gdt_va(v->vcpu_id));
    cpu_set_ldt(v->arch.pv.ldt_entries ? perdomain_ldt_va(v->vcpu_id) : 0, v->arch.pv.ldt_entries);
}
