/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The list of PCI functions.
 *
 * At boot, what can be reached from bus 0 through bridges as the firmware set them up; later what
 * dom0 reports.  An entry stays until dom0 removes it.  Lock: pci_lock.
 */
#include <lib/bitmap.h>
#include <xen/console.h>
#include <xen/domain.h>
#include <xen/heap.h>
#include <xen/printk.h>

#include "private.h"

DEFINE_SPINLOCK(pci_lock, LOCK_PCI);
static LIST_HEAD(devices);              /* ascending by address */

static uint32_t order_of(struct pci_address a)
{
    return (uint32_t)a.segment << 16 | (uint32_t)a.bus << 8 | a.devfn;
}

struct pci_device *pci_device_find(struct pci_address a)
{
    struct pci_device *dev;
    list_for_each_entry(dev, &devices, link) {
        if (order_of(dev->address) == order_of(a))
            return dev;
    }
    return NULL;
}

static bool is_present(struct pci_address a)
{
    uint16_t vendor = pci_read16(a, PCI_VENDOR);
    return vendor != 0xffff && vendor != 0;
}

static void list_insert(struct pci_device *dev)
{
    struct pci_device *next;
    list_for_each_entry(next, &devices, link) {
        if (order_of(next->address) > order_of(dev->address))
            break;
    }
    list_add_tail(&dev->link, &next->link);     /* past the end: next is the head itself */
}

static struct pci_device *device_new(struct pci_address a)
{
    struct pci_device *dev = new(struct pci_device);
    if (!dev)
        return NULL;
    dev->address = a;
    dev->msi = (uint8_t)pci_find_capability(a, PCI_CAP_MSI);
    dev->msix = (uint8_t)pci_find_capability(a, PCI_CAP_MSIX);
    list_init(&dev->msis);
    list_insert(dev);
    return dev;
}

static int add_locked(struct pci_address a, const struct pci_device_info *info)
{
    pci_map_bus(a.segment, a.bus);
    struct pci_device *dev = pci_device_find(a);
    if (!dev) {
        if (!info->is_virtfn && !is_present(a))
            return -ENODEV;
        dev = device_new(a);
        if (!dev)
            return -ENOMEM;
    }
    dev->is_virtfn = info->is_virtfn;
    dev->physfn = info->physfn;
    dev->node = info->node;
    return 0;
}

int pci_device_add(struct pci_address a, const struct pci_device_info *info)
{
    spin_lock(&pci_lock);
    int rc = add_locked(a, info);
    spin_unlock(&pci_lock);
    if (rc)
        log_debug("pci " PCI_FMT ": not added (%d)\n", PCI_ARGS(a), rc);
    return rc;
}

int pci_device_remove(struct pci_address a)
{
    spin_lock(&pci_lock);
    struct pci_device *dev = pci_device_find(a);
    if (dev) {
        msi_device_gone(dev);
        list_del(&dev->link);
    }
    spin_unlock(&pci_lock);
    if (!dev)
        return -ENODEV;
    pool_free(dev);
    return 0;
}

/* ---- Boot ------------------------------------------------------------------------------------ */

/* Buses that a bridge leads to are noted in *todo. */
static init_text void scan_function(struct pci_address a, unsigned long *todo)
{
    static const struct pci_device_info plain;
    if (add_locked(a, &plain))
        return;
    if ((pci_read8(a, PCI_HEADER_TYPE) & 0x7f) == PCI_HEADER_BRIDGE)
        bitmap_set(todo, pci_read8(a, PCI_SECONDARY_BUS));
}

static init_text void scan_slot(unsigned int bus, unsigned int slot, unsigned long *todo)
{
    struct pci_address a = pci_address(0, bus, slot << 3);
    if (!is_present(a))
        return;
    unsigned int functions = pci_read8(a, PCI_HEADER_TYPE) & PCI_HEADER_MULTI ? 8 : 1;
    for (unsigned int fn = 0; fn < functions; fn++) {
        a.devfn = (uint8_t)(slot << 3 | fn);
        if (is_present(a))
            scan_function(a, todo);
    }
}

/* A bridge may lead to a number below its own. */
static init_text unsigned long next_bus(const unsigned long *todo, const unsigned long *done)
{
    DECLARE_BITMAP(left, 256);
    bitmap_andnot(left, todo, done, 256);
    return bitmap_find_first(left, 256);
}

/* Key 'Q'. */
static void dump_devices(unsigned char key)
{
    struct pci_device *dev;
    log_always("==== PCI devices ====\n");
    spin_lock(&pci_lock);
    list_for_each_entry(dev, &devices, link) {
        log_always(PCI_FMT " %04x:%04x d%u node %u%s%s%s\n", PCI_ARGS(dev->address),
                   pci_read16(dev->address, PCI_VENDOR), pci_read16(dev->address, PCI_VENDOR + 2),
                   dev->owner ? dev->owner->id : 0, dev->node, dev->msi ? " MSI" : "",
                   dev->msix ? " MSI-X" : "", dev->is_virtfn ? " VF" : "");
    }
    spin_unlock(&pci_lock);
}

init_text void pci_init(void)
{
    DECLARE_BITMAP(todo, 256) = { 1 };
    DECLARE_BITMAP(done, 256) = { 0 };
    unsigned int count = 0;

    spin_lock(&pci_lock);
    for (unsigned long bus; (bus = next_bus(todo, done)) < 256;) {
        bitmap_set(done, bus);
        for (unsigned int slot = 0; slot < 32; slot++)
            scan_slot((unsigned int)bus, slot, todo);
    }
    struct pci_device *dev;
    list_for_each_entry(dev, &devices, link)
        count++;
    spin_unlock(&pci_lock);
    key_register('Q', dump_devices, "dump PCI devices");
    msi_dump_init();
    log_info("pci: %u functions\n", count);
}
