/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The per-domain slot: a window in which each vcpu's GDT and LDT frames appear at fixed addresses,
 * so that descriptor table registers can point there whatever the guest does with its own mappings.
 *
 * One L3 table per domain, reached from each of its L4 tables; 128 KiB of window a vcpu, made with
 * the vcpu.
 */
#include <lib/string.h>
#include <x86/mm.h>
#include <xen/domain.h>
#include <xen/heap.h>

#define TABLE_FLAGS (PTE_PRESENT | PTE_WRITE | PTE_ACCESSED | PTE_DIRTY)

int perdomain_create(struct domain *d)
{
    d->arch.perdomain_l3 = alloc_pages(0, HEAP_ZERO);
    return d->arch.perdomain_l3 ? 0 : -ENOMEM;
}

static pte_t *next_table(pte_t *e)
{
    if (!(*e & PTE_PRESENT)) {
        void *t = alloc_pages(0, HEAP_ZERO);
        if (!t)
            return NULL;
        *e = pte_make(virt_to_mfn(t), TABLE_FLAGS);
    }
    return mfn_to_virt(pte_mfn(*e));
}

int perdomain_add_vcpu(struct vcpu *v)
{
    uint64_t va = perdomain_gdt_va(v->vcpu_id);
    pte_t *l2 = next_table(&v->domain->arch.perdomain_l3[pt_index(va, 3)]);
    pte_t *l1 = l2 ? next_table(&l2[pt_index(va, 2)]) : NULL;
    if (!l1)
        return -ENOMEM;
    v->arch.pv.gdt_ldt_ptes = &l1[pt_index(va, 1)];
    return 0;
}

void perdomain_destroy(struct domain *d)
{
    pte_t *l3 = d->arch.perdomain_l3;
    for (unsigned int i = 0; l3 && i < 512; i++) {
        if (!(l3[i] & PTE_PRESENT))
            continue;
        pte_t *l2 = mfn_to_virt(pte_mfn(l3[i]));
        for (unsigned int j = 0; j < 512; j++)
            if (l2[j] & PTE_PRESENT)
                free_pages(mfn_to_virt(pte_mfn(l2[j])), 0);
        free_pages(l2, 0);
    }
    if (l3)
        free_pages(l3, 0);
    d->arch.perdomain_l3 = NULL;
}
