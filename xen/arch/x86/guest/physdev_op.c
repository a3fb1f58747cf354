/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * physdev_op: interrupts and PCI devices as domains ask for them.
 *
 * An argument is copied in once, checked, and used from the copy.  What touches hardware or another
 * domain is dom0's alone; a guest may answer and ask about the pirqs it has, and set its own I/O
 * privilege.
 */
#include <public/physdev.h>
#include <x86/irq.h>
#include <x86/pv.h>
#include <xen/domain.h>
#include <xen/event.h>
#include <xen/guest_access.h>
#include <xen/hypercall.h>
#include <xen/irq.h>
#include <xen/pci.h>
#include <xen/platform.h>

static bool may_use_irq(const struct domain *d, unsigned int irq)
{
    return d->irq_caps && rangeset_contains(d->irq_caps, irq, irq);
}

/* ---- Pirqs the caller has -------------------------------------------------------------------- */

static long op_eoi(uint64_t arg)
{
    struct physdev_eoi eoi;
    if (copy_arg_from_guest(&eoi, arg))
        return -EFAULT;
    struct domain *d = current->domain;
    if (d->arch.auto_unmask) {
        unsigned int port = pirq_port(d, eoi.irq);
        if (port)
            event_port_unmask(d, port);
    }
    return pirq_guest_eoi(d, eoi.irq);
}

static long op_eoi_page(uint64_t arg, bool auto_unmask)
{
    struct physdev_pirq_eoi_gmfn page;
    if (copy_arg_from_guest(&page, arg))
        return -EFAULT;
    return pirq_set_eoi_page(current->domain, page.gmfn, auto_unmask);
}

static long op_status_query(uint64_t arg)
{
    struct physdev_irq_status_query query;
    struct domain *d = current->domain;
    if (copy_arg_from_guest(&query, arg))
        return -EFAULT;
    if (query.irq >= pirq_count(d))
        return -EINVAL;
    query.flags = (pirq_needs_eoi(d, query.irq) ? XENIRQSTAT_needs_eoi : 0) |
                  (pirq_is_shared(d, query.irq) ? XENIRQSTAT_shared : 0);
    return copy_arg_to_guest(arg, &query) ? -EFAULT : 0;
}

static long op_get_free_pirq(uint64_t arg)
{
    struct physdev_get_free_pirq want;
    if (copy_arg_from_guest(&want, arg))
        return -EFAULT;
    if (want.type != MAP_PIRQ_TYPE_MSI && want.type != MAP_PIRQ_TYPE_GSI)
        return -EINVAL;
    int pirq = pirq_alloc_free(current->domain);
    if (pirq < 0)
        return pirq;
    want.pirq = (uint32_t)pirq;
    return copy_arg_to_guest(arg, &want) ? -EFAULT : 0;
}

/* ---- Mapping --------------------------------------------------------------------------------- */

static int map_gsi(struct domain *d, const struct physdev_map_pirq *map)
{
    if (map->index < 0 || (unsigned int)map->index >= irq_gsi_count)
        return refuse(d, -EINVAL, "no GSI %d", map->index);
    if (!may_use_irq(current->domain, (unsigned int)map->index))
        return refuse(d, -EPERM, "GSI %d is not the caller's to give", map->index);
    return pirq_map_lines(d, map->pirq, (unsigned int)map->index, 1);
}

static unsigned int power_of_two_above(unsigned int n)
{
    unsigned int p = 1;
    while (p < n)
        p *= 2;
    return p;
}

static int msi_request_from(const struct physdev_map_pirq *map, struct msi_request *request)
{
    unsigned int segment = map->type == MAP_PIRQ_TYPE_MSI ? 0 : (unsigned int)map->bus >> 16;
    if (map->devfn < 0 || map->devfn > 0xff || (map->bus & 0xff00) ||
        (map->type == MAP_PIRQ_TYPE_MSI && map->bus >> 8)) {
        return -EINVAL;
    }
    request->address = pci_address(segment, map->bus & 0xff, (unsigned int)map->devfn);
    request->table = map->table_base;
    request->count = 1;
    if (map->type == MAP_PIRQ_TYPE_MULTI_MSI) {
        if (map->entry_nr <= 0 || map->entry_nr > 32)
            return -EINVAL;
        request->entry = -1;
        request->count = power_of_two_above((unsigned int)map->entry_nr);
        return 0;
    }
    if (map->table_base && (map->entry_nr < 0 || map->entry_nr > 2047))
        return -EINVAL;
    request->entry = map->table_base ? map->entry_nr : -1;
    return 0;
}

/* `count` becomes how many came: all of a group, or -Exxx and nothing. */
static int map_msi(struct domain *d, const struct physdev_map_pirq *map, int *count)
{
    struct msi_request request;
    if (!current->domain->is_privileged)
        return -EPERM;
    int rc = msi_request_from(map, &request);
    if (rc)
        return rc;
    int irq = msi_alloc(&request);
    if (irq < 0) {
        return refuse(d, irq, "MSI of " PCI_FMT " entry %d x %u", PCI_ARGS(request.address),
                      request.entry, request.count);
    }
    int pirq = pirq_map_lines(d, map->pirq, (unsigned int)irq, request.count);
    if (pirq < 0) {
        msi_free((unsigned int)irq);
        return pirq;
    }
    *count = (int)request.count;
    return pirq;
}

static int map_for(struct domain *d, struct physdev_map_pirq *map)
{
    int pirq, count = map->entry_nr;
    switch (map->type) {
    case MAP_PIRQ_TYPE_GSI:
        pirq = map_gsi(d, map);
        break;
    case MAP_PIRQ_TYPE_MSI:
    case MAP_PIRQ_TYPE_MSI_SEG:
        pirq = map_msi(d, map, &count);
        count = map->entry_nr;
        break;
    case MAP_PIRQ_TYPE_MULTI_MSI:
        pirq = map_msi(d, map, &count);
        break;
    default:
        return -EINVAL;
    }
    if (pirq < 0)
        return pirq;
    map->pirq = pirq;
    map->entry_nr = count;
    return 0;
}

static long op_map_pirq(uint64_t arg)
{
    struct physdev_map_pirq map;
    struct domain *d;
    if (copy_arg_from_guest(&map, arg))
        return -EFAULT;
    int rc = domain_find_for(map.domid, &d);
    if (rc)
        return rc;
    rc = map_for(d, &map);
    if (!rc && copy_arg_to_guest(arg, &map)) {
        rc = pirq_unmap(d, (unsigned int)map.pirq);
        rc = rc ? rc : -EFAULT;
    }
    domain_put(d);
    return rc;
}

static long op_unmap_pirq(uint64_t arg)
{
    struct physdev_unmap_pirq unmap;
    struct domain *d;
    if (copy_arg_from_guest(&unmap, arg))
        return -EFAULT;
    int rc = domain_find_for(unmap.domid, &d);
    if (rc)
        return rc;
    int irq = unmap.pirq < 0 ? -EINVAL : pirq_to_irq(d, (unsigned int)unmap.pirq);
    if (irq >= (int)irq_gsi_count && !current->domain->is_privileged) {
        rc = -EPERM;                    /* whoever mapped an MSI takes it back */
    } else {
        rc = unmap.pirq < 0 ? -EINVAL : pirq_unmap(d, (unsigned int)unmap.pirq);
    }
    domain_put(d);
    return rc;
}

/* ---- I/O privilege --------------------------------------------------------------------------- */

static long op_set_iopl(uint64_t arg)
{
    struct physdev_set_iopl iopl;
    if (copy_arg_from_guest(&iopl, arg))
        return -EFAULT;
    if (iopl.iopl > 3)
        return -EINVAL;
    pv_set_iopl(current, iopl.iopl);
    return 0;
}

static long op_set_iobitmap(uint64_t arg)
{
    struct physdev_set_iobitmap map;
    if (copy_arg_from_guest(&map, arg))
        return -EFAULT;
    if (map.nr_ports > 65536)
        return -EINVAL;
    return pv_set_iobitmap(current, (uint64_t)map.bitmap.p, map.nr_ports);
}

/* ---- dom0 and the interrupt controllers ------------------------------------------------------ */

static long op_apic_read(uint64_t arg)
{
    struct physdev_apic apic;
    if (copy_arg_from_guest(&apic, arg))
        return -EFAULT;
    int rc = ioapic_guest_read(apic.apic_physbase, apic.reg, &apic.value);
    if (rc)
        return rc;
    return copy_arg_to_guest(arg, &apic) ? -EFAULT : 0;
}

static long op_apic_write(uint64_t arg)
{
    struct physdev_apic apic;
    if (copy_arg_from_guest(&apic, arg))
        return -EFAULT;
    return ioapic_guest_write(apic.apic_physbase, apic.reg, apic.value);
}

/* Old kernels stop here, without map_pirq: so it maps the GSI as the pirq of the same number. */
static long op_alloc_irq_vector(uint64_t arg)
{
    struct physdev_irq op;
    struct domain *d = current->domain;
    if (copy_arg_from_guest(&op, arg))
        return -EFAULT;
    struct irq_desc *desc = op.irq < irq_gsi_count ? irq_to_desc(op.irq) : NULL;
    if (!desc || !desc->chip || !may_use_irq(d, op.irq))
        return -EINVAL;
    spin_lock_irq(&desc->lock);
    int rc = irq_assign_vector(desc);
    op.vector = desc->vector;
    spin_unlock_irq(&desc->lock);
    if (rc)
        return rc;
    rc = pirq_map_lines(d, (int)op.irq, op.irq, 1);
    if (rc < 0)
        return rc;
    return copy_arg_to_guest(arg, &op) ? -EFAULT : 0;
}

static long op_setup_gsi(uint64_t arg)
{
    struct physdev_setup_gsi gsi;
    if (copy_arg_from_guest(&gsi, arg))
        return -EFAULT;
    if (gsi.gsi < 0 || (unsigned int)gsi.gsi >= irq_gsi_count || gsi.triggering > 1 ||
        gsi.polarity > 1) {
        return -EINVAL;
    }
    if (!may_use_irq(current->domain, (unsigned int)gsi.gsi))
        return -EPERM;
    return irq_setup_gsi((unsigned int)gsi.gsi, gsi.triggering, gsi.polarity);
}

/* ---- dom0 reports devices -------------------------------------------------------------------- */

static long op_manage_pci(uint64_t arg, bool add)
{
    static const struct pci_device_info plain;
    struct physdev_manage_pci op;
    if (copy_arg_from_guest(&op, arg))
        return -EFAULT;
    struct pci_address a = pci_address(0, op.bus, op.devfn);
    return add ? pci_device_add(a, &plain) : pci_device_remove(a);
}

static long op_manage_pci_add_ext(uint64_t arg)
{
    struct physdev_manage_pci_ext op;
    if (copy_arg_from_guest(&op, arg))
        return -EFAULT;
    if (op.is_extfn > 1 || op.is_virtfn > 1)
        return -EINVAL;
    struct pci_device_info info = {
        .is_virtfn = op.is_virtfn, .physfn = pci_address(0, op.physfn.bus, op.physfn.devfn),
    };
    return pci_device_add(pci_address(0, op.bus, op.devfn), &info);
}

static long op_pci_device_add(uint64_t arg)
{
    struct physdev_pci_device_add op;
    uint32_t pxm = 0;
    if (copy_arg_from_guest(&op, arg))
        return -EFAULT;
    if ((op.flags & XEN_PCI_DEV_PXM) &&
        copy_from_guest_va(&pxm, arg + offsetof(struct physdev_pci_device_add, optarr),
                           sizeof(pxm))) {
        return -EFAULT;
    }
    struct pci_device_info info = {
        .is_virtfn = op.flags & XEN_PCI_DEV_VIRTFN,
        .physfn = pci_address(op.seg, op.physfn.bus, op.physfn.devfn),
        .node = op.flags & XEN_PCI_DEV_PXM ? (uint8_t)acpi_node_of(pxm) : 0,
    };
    return pci_device_add(pci_address(op.seg, op.bus, op.devfn), &info);
}

static long op_pci_device(uint64_t arg, int (*fn)(struct pci_address a))
{
    struct physdev_pci_device op;
    if (copy_arg_from_guest(&op, arg))
        return -EFAULT;
    return fn(pci_address(op.seg, op.bus, op.devfn));
}

static int prepare_msix(struct pci_address a)
{
    return msi_prepare(a, true);
}

static int release_msix(struct pci_address a)
{
    return msi_prepare(a, false);
}

static long op_restore_msi(uint64_t arg)
{
    struct physdev_restore_msi op;
    if (copy_arg_from_guest(&op, arg))
        return -EFAULT;
    return msi_restore(pci_address(0, op.bus, op.devfn));
}

static long op_mmcfg_reserved(uint64_t arg)
{
    struct physdev_pci_mmcfg_reserved op;
    if (copy_arg_from_guest(&op, arg))
        return -EFAULT;
    return pci_mmcfg_reserve(op.address, op.segment, op.start_bus, op.end_bus,
                             op.flags & XEN_PCI_MMCFG_RESERVED);
}

/* We have no console on a USB debug port that a reset could disturb. */
static long op_dbgp(uint64_t arg)
{
    struct physdev_dbgp_op op;
    if (copy_arg_from_guest(&op, arg))
        return -EFAULT;
    bool known = op.op == PHYSDEVOP_DBGP_RESET_PREPARE || op.op == PHYSDEVOP_DBGP_RESET_DONE;
    return known ? 0 : -EINVAL;
}

/* ---- The table ------------------------------------------------------------------------------- */

static long hardware_op(int cmd, uint64_t arg)
{
    switch (cmd) {
    case PHYSDEVOP_apic_read:           return op_apic_read(arg);
    case PHYSDEVOP_apic_write:          return op_apic_write(arg);
    case PHYSDEVOP_alloc_irq_vector:    return op_alloc_irq_vector(arg);
    case PHYSDEVOP_setup_gsi:           return op_setup_gsi(arg);
    case PHYSDEVOP_manage_pci_add:      return op_manage_pci(arg, true);
    case PHYSDEVOP_manage_pci_remove:   return op_manage_pci(arg, false);
    case PHYSDEVOP_manage_pci_add_ext:  return op_manage_pci_add_ext(arg);
    case PHYSDEVOP_pci_device_add:      return op_pci_device_add(arg);
    case PHYSDEVOP_pci_device_remove:   return op_pci_device(arg, pci_device_remove);
    case PHYSDEVOP_prepare_msix:        return op_pci_device(arg, prepare_msix);
    case PHYSDEVOP_release_msix:        return op_pci_device(arg, release_msix);
    case PHYSDEVOP_restore_msi:         return op_restore_msi(arg);
    case PHYSDEVOP_restore_msi_ext:     return op_pci_device(arg, msi_restore);
    case PHYSDEVOP_pci_mmcfg_reserved:  return op_mmcfg_reserved(arg);
    case PHYSDEVOP_dbgp_op:             return op_dbgp(arg);
    default:                            return -ENOSYS;
    }
}

long do_physdev_op(int cmd, uint64_t arg)
{
    switch (cmd) {
    case PHYSDEVOP_eoi:                 return op_eoi(arg);
    case PHYSDEVOP_pirq_eoi_gmfn_v1:    return op_eoi_page(arg, true);
    case PHYSDEVOP_pirq_eoi_gmfn_v2:    return op_eoi_page(arg, false);
    case PHYSDEVOP_irq_status_query:    return op_status_query(arg);
    case PHYSDEVOP_get_free_pirq:       return op_get_free_pirq(arg);
    case PHYSDEVOP_map_pirq:            return op_map_pirq(arg);
    case PHYSDEVOP_unmap_pirq:          return op_unmap_pirq(arg);
    case PHYSDEVOP_set_iopl:            return op_set_iopl(arg);
    case PHYSDEVOP_set_iobitmap:        return op_set_iobitmap(arg);
    }
    return current->domain->is_privileged ? hardware_op(cmd, arg) : -EPERM;
}

/* The first form of the call: command and argument in one structure. */
long do_physdev_op_compat(uint64_t uop)
{
    uint32_t cmd;

    if (copy_arg_from_guest(&cmd, uop))
        return -EFAULT;
    return do_physdev_op((int)cmd, uop + offsetof(struct physdev_op, u));
}
