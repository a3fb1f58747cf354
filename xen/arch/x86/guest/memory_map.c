/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory maps as guests ask for them: the machine's (dom0), the one a toolstack gave a domain, and
 * where the machine-to-phys table is.
 *
 * A domain's map is replaced whole, under d->lock.
 */
#include <lib/math.h>
#include <lib/string.h>
#include <public/memory.h>
#include <x86/guest.h>
#include <x86/mm.h>
#include <xen/arch.h>
#include <xen/boot.h>
#include <xen/domain.h>
#include <xen/guest_access.h>
#include <xen/heap.h>

/* As the BIOS function returns it: 20 bytes. */
struct packed e820_entry {
    uint64_t address, size;
    uint32_t type;
};
_Static_assert(sizeof(struct e820_entry) == 20, "ABI");

#define MAP_MAX 128

struct guest_memory_map {
    unsigned int nr;
    struct e820_entry entry[MAP_MAX];
};

/* The firmware's map as it came: what dom0 makes of RAM is only its own numbering. */
static long machine_map(uint64_t arg)
{
    struct xen_memory_map m;

    if (!current->domain->is_privileged)
        return -EPERM;
    if (copy_arg_from_guest(&m, arg))
        return -EFAULT;
    unsigned int n = min(m.nr_entries, boot_info.nr_memory);
    for (unsigned int i = 0; i < n; i++) {
        const struct boot_memory *b = &boot_info.memory[i];
        struct e820_entry e = { b->start, b->end - b->start, b->type };
        if (copy_to_guest_va((uint64_t)m.buffer.p + i * sizeof(e), &e, sizeof(e)))
            return -EFAULT;
    }
    bool fits = m.nr_entries >= boot_info.nr_memory;
    m.nr_entries = n;
    if (copy_arg_to_guest(arg, &m))
        return -EFAULT;
    return fits ? 0 : -EINVAL;
}

static long own_map(uint64_t arg)
{
    struct domain *d = current->domain;
    struct guest_memory_map map = { 0 };
    struct xen_memory_map m;

    spin_lock(&d->lock);
    bool have = d->arch.memory_map;
    if (have)
        map = *d->arch.memory_map;
    spin_unlock(&d->lock);
    if (!have)
        return -ENOSYS;         /* the guest then makes one from its size */
    if (copy_arg_from_guest(&m, arg))
        return -EFAULT;
    m.nr_entries = min(m.nr_entries, map.nr);
    if (copy_to_guest_va((uint64_t)m.buffer.p, map.entry, m.nr_entries * sizeof(map.entry[0])) ||
        copy_arg_to_guest(arg, &m))
        return -EFAULT;
    return 0;
}

static long replace_map(struct domain *d, const struct xen_memory_map *m)
{
    if (m->nr_entries > MAP_MAX)
        return -EINVAL;
    struct guest_memory_map *new = pool_zalloc(sizeof(*new));
    if (!new)
        return -ENOMEM;
    new->nr = m->nr_entries;
    if (copy_from_guest_va(new->entry, (uint64_t)m->buffer.p, new->nr * sizeof(new->entry[0]))) {
        pool_free(new);
        return -EFAULT;
    }
    spin_lock(&d->lock);
    struct guest_memory_map *old = d->arch.memory_map;
    d->arch.memory_map = new;
    spin_unlock(&d->lock);
    pool_free(old);
    return 0;
}

static long set_map(uint64_t arg)
{
    struct xen_foreign_memory_map f;
    struct domain *d;

    if (copy_arg_from_guest(&f, arg))
        return -EFAULT;
    int rc = domain_find_for(f.domid, &d);
    if (rc)
        return rc;
    long result = replace_map(d, &f.map);
    domain_put(d);
    return result;
}

static long machphys_mapping(uint64_t arg)
{
    struct xen_machphys_mapping m = {
        .v_start = M2P_RO_START, .v_end = M2P_RO_END,
        .max_mfn = (M2P_RO_END - M2P_RO_START) / sizeof(uint64_t) - 1,
    };
    return copy_arg_to_guest(arg, &m) ? -EFAULT : 0;
}

/* The frame that holds 2 MiB of the table from va on, or 0 where there is no RAM to tell of. */
static uint64_t table_frame(uint64_t va)
{
    const pte_t *t = idle_l4;
    for (unsigned int level = 4; level > 2; level--) {
        pte_t e = t[pt_index(va, level)];
        if (!(e & PTE_PRESENT))
            return 0;
        t = mfn_to_virt(pte_mfn(e));
    }
    pte_t e = t[pt_index(va, 2)];
    return e & PTE_PRESENT ? pte_mfn(e).m : 0;
}

/* For tools that map the table piece by piece; holes repeat the piece before them. */
static long machphys_list(uint64_t arg)
{
    struct xen_machphys_mfn_list list;
    uint64_t pieces = div_round_up(max_mfn * sizeof(uint64_t), 1UL << 21), last = 0;

    if (!current->domain->is_privileged)
        return -EPERM;
    if (copy_arg_from_guest(&list, arg))
        return -EFAULT;
    unsigned int i;
    for (i = 0; i < list.max_extents && i < pieces; i++) {
        uint64_t mfn = table_frame(M2P_RO_START + ((uint64_t)i << 21));
        last = mfn ? mfn : last;
        if (copy_to_guest_offset(list.extent_start, i, &last, 1))
            return -EFAULT;
    }
    list.nr_extents = i;
    return copy_arg_to_guest(arg, &list) ? -EFAULT : 0;
}

long arch_memory_op(unsigned int op, uint64_t arg)
{
    switch (op) {
    case XENMEM_maximum_ram_page: return (long)max_mfn;
    case XENMEM_memory_map: return own_map(arg);
    case XENMEM_set_memory_map: return set_map(arg);
    case XENMEM_machine_memory_map: return machine_map(arg);
    case XENMEM_machphys_mapping: return machphys_mapping(arg);
    case XENMEM_machphys_mfn_list: return machphys_list(arg);
    default: return -ENOSYS;
    }
}

void domain_free_memory_map(struct domain *d)
{
    pool_free(d->arch.memory_map);
    d->arch.memory_map = NULL;
}
