/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Message-signalled interrupts.
 *
 * We write address, data and mask bits; whether a device uses MSI at all (the enable bits) is up to
 * its driver in dom0.  A struct msi_desc lives from msi_alloc to msi_free, also when its device is
 * removed meanwhile; then `dev` is NULL and nothing is written any more.
 * Lock: pci_lock for lists and allocation; the line's lock for its registers.
 */
#include <asm/io.h>
#include <x86/irq.h>
#include <x86/mm.h>
#include <xen/atomic.h>
#include <xen/console.h>
#include <xen/heap.h>
#include <xen/platform.h>
#include <xen/printk.h>

#include "private.h"

#define MSI_CONTROL         2
#define MSI_CONTROL_ENABLE  0x0001
#define MSI_CONTROL_MULTI_SHIFT 4       /* enabled vectors, as a power of two */
#define MSI_CONTROL_MULTI_MASK 0x0070
#define MSI_CONTROL_CAPABLE_SHIFT 1
#define MSI_CONTROL_64BIT   0x0080
#define MSI_CONTROL_MASK    0x0100      /* has mask bits */
#define MSI_ADDRESS         4
#define MSI_ADDRESS_HIGH    8
#define MSI_DATA(is64)      ((is64) ? 12 : 8)
#define MSI_MASK_BITS(is64) ((is64) ? 16 : 12)

#define MSIX_CONTROL        2
#define MSIX_CONTROL_SIZE   0x07ff      /* entries - 1 */
#define MSIX_TABLE          4
#define MSIX_TABLE_BIR      0x7
#define MSIX_ENTRY_SIZE     16
#define MSIX_ENTRY_ADDRESS  0
#define MSIX_ENTRY_ADDRESS_HIGH 4
#define MSIX_ENTRY_DATA     8
#define MSIX_ENTRY_CONTROL  12
#define MSIX_ENTRY_MASKED   1

#define BAR_IO              0x1
#define BAR_TYPE_64         0x4
#define BAR_TYPE_MASK       0x6
#define BAR_ADDRESS_MASK    (~0xfu)

#define MESSAGE_ADDRESS     0xfee00000u

struct msi_desc {
    struct list_head link;              /* in dev->msis */
    struct pci_device *dev;             /* NULL: it was removed */
    struct pci_address address;
    int entry;                          /* MSI-X entry, -1: MSI */
    unsigned int first_irq, count;
    unsigned int cap;                   /* MSI: its capability */
    bool is_64bit, is_maskable;
    uint32_t mask_bits;                 /* MSI: as written; atomic, lines of a group share it */
    volatile uint8_t *table_entry;      /* MSI-X */
};

static uint32_t message_address(unsigned int cpu)
{
    return MESSAGE_ADDRESS | lapic_id_of(cpu) << 12;
}

/* ---- MSI-X entries --------------------------------------------------------------------------- */

/* The read makes sure that the write has arrived. */
static void msix_write_control(const struct msi_desc *msi, uint32_t v)
{
    if (msi->dev) {
        mmio_write32(msi->table_entry + MSIX_ENTRY_CONTROL, v);
        mmio_read32(msi->table_entry + MSIX_ENTRY_CONTROL);
    }
}

static void msix_mask(struct irq_desc *desc)
{
    desc->masked = true;
    msix_write_control(desc->msi, MSIX_ENTRY_MASKED);
}

static void msix_unmask(struct irq_desc *desc)
{
    desc->masked = false;
    msix_write_control(desc->msi, 0);
}

static void msi_ack(struct irq_desc *desc)
{
    lapic_eoi();
}

static void msix_write_message(struct irq_desc *desc)
{
    const struct msi_desc *msi = desc->msi;
    if (!msi->dev)
        return;
    msix_write_control(msi, MSIX_ENTRY_MASKED);
    mmio_write32(msi->table_entry + MSIX_ENTRY_ADDRESS, message_address(desc->cpu));
    mmio_write32(msi->table_entry + MSIX_ENTRY_ADDRESS_HIGH, 0);
    mmio_write32(msi->table_entry + MSIX_ENTRY_DATA, desc->vector);
    if (!desc->masked)
        msix_write_control(msi, 0);
}

static bool msix_retarget(struct irq_desc *desc, unsigned int cpu, uint8_t vector)
{
    desc->cpu = cpu;
    desc->vector = vector;
    msix_write_message(desc);
    return true;
}

static const struct irq_chip msix_chip = {
    .name = "MSI-X",
    .mask = msix_mask,
    .unmask = msix_unmask,
    .ack = msi_ack,
    .retarget = msix_retarget,
};

/* ---- MSI ------------------------------------------------------------------------------------- */

/* Two lines of a group may do this at once: who writes last has seen the other's bit. */
static void msi_flush_mask(struct msi_desc *msi)
{
    uint32_t bits;
    do {
        bits = read_once(msi->mask_bits);
        pci_write32(msi->address, msi->cap + MSI_MASK_BITS(msi->is_64bit), bits);
        smp_mb();
    } while (bits != read_once(msi->mask_bits));
}

static void msi_set_masked(struct irq_desc *desc, bool masked)
{
    struct msi_desc *msi = desc->msi;
    uint32_t bit = 1u << (desc->irq - msi->first_irq);
    desc->masked = masked;
    if (!msi->is_maskable || !msi->dev)
        return;
    if (masked)
        atomic_or(&msi->mask_bits, bit);
    else
        atomic_and(&msi->mask_bits, ~bit);
    msi_flush_mask(msi);
}

static void msi_mask(struct irq_desc *desc)
{
    msi_set_masked(desc, true);
}

static void msi_unmask(struct irq_desc *desc)
{
    msi_set_masked(desc, false);
}

/* One message for the group: the device puts the line's number into the data's low bits. */
static void msi_write_message(const struct irq_desc *first)
{
    const struct msi_desc *msi = first->msi;
    if (!msi->dev)
        return;
    pci_write32(msi->address, msi->cap + MSI_ADDRESS, message_address(first->cpu));
    if (msi->is_64bit)
        pci_write32(msi->address, msi->cap + MSI_ADDRESS_HIGH, 0);
    pci_write16(msi->address, msi->cap + MSI_DATA(msi->is_64bit), first->vector);
}

/* Address and data are two writes; in between the device must be silent or the data the same. */
static bool msi_retarget(struct irq_desc *desc, unsigned int cpu, uint8_t vector)
{
    struct msi_desc *msi = desc->msi;
    bool was_masked = desc->masked;
    if (msi->count > 1 || (!msi->is_maskable && vector != desc->vector))
        return false;
    msi_set_masked(desc, true);
    desc->cpu = cpu;
    desc->vector = vector;
    msi_write_message(desc);
    msi_set_masked(desc, was_masked);
    return true;
}

static const struct irq_chip msi_chip = {
    .name = "MSI",
    .mask = msi_mask,
    .unmask = msi_unmask,
    .ack = msi_ack,
    .retarget = msi_retarget,
};

/* ---- Where the MSI-X table is ---------------------------------------------------------------- */

/* By the device's own registers; a virtual function has none, there dom0's word counts. */
static uint64_t table_address(const struct pci_device *dev, uint64_t bar_by_dom0)
{
    uint32_t where = pci_read32(dev->address, dev->msix + MSIX_TABLE);
    unsigned int bir = where & MSIX_TABLE_BIR;
    uint64_t offset = where & ~MSIX_TABLE_BIR;
    if (dev->is_virtfn)
        return bar_by_dom0 ? bar_by_dom0 + offset : 0;
    if (bir > 5)
        return 0;
    uint32_t low = pci_read32(dev->address, PCI_BAR(bir));
    if (low & BAR_IO)
        return 0;
    uint64_t base = low & BAR_ADDRESS_MASK;
    if ((low & BAR_TYPE_MASK) == BAR_TYPE_64 && bir < 5)
        base |= (uint64_t)pci_read32(dev->address, PCI_BAR(bir + 1)) << 32;
    return base ? base + offset : 0;
}

/* Mappings are for good; a table that moved (dom0 reassigned the BAR) costs another one. */
static int table_map(struct pci_device *dev, uint64_t bar_by_dom0)
{
    uint64_t address = table_address(dev, bar_by_dom0);
    bool decodes = dev->is_virtfn || (pci_read16(dev->address, PCI_COMMAND) & PCI_COMMAND_MEMORY);
    unsigned int entries = (pci_read16(dev->address, dev->msix + MSIX_CONTROL) &
                            MSIX_CONTROL_SIZE) + 1;
    if (!address || !decodes)
        return -ENXIO;
    uint64_t last = address + entries * MSIX_ENTRY_SIZE - 1;
    if (last < address || last >> 52 || memory_is_ram(maddr_to_mfn(maddr_of(address))) ||
        memory_is_ram(maddr_to_mfn(maddr_of(last)))) {
        return -EINVAL;
    }
    if (!dev->msix_table || dev->msix_table_address != address) {
        if (!list_empty(&dev->msis))
            return -EBUSY;
        dev->msix_table = ioremap(address, entries * MSIX_ENTRY_SIZE);
        dev->msix_table_address = address;
    }
    return dev->msix_table ? 0 : -ENOMEM;
}

/* ---- Allocation ------------------------------------------------------------------------------ */

static bool is_used(const struct pci_device *dev, int entry)
{
    struct msi_desc *msi;
    list_for_each_entry(msi, &dev->msis, link) {
        if (msi->entry == entry || msi->entry < 0 || entry < 0) {
            return true;                /* the same entry, or MSI beside MSI-X */
        }
    }
    return false;
}

static int check_msi(const struct pci_device *dev, const struct msi_request *request)
{
    if (!dev->msi)
        return -ENODEV;
    unsigned int log = pci_read16(dev->address, dev->msi + MSI_CONTROL) >>
                       MSI_CONTROL_CAPABLE_SHIFT & 7;
    unsigned int n = request->count;
    return n == 0 || n > 32 || (n & (n - 1)) || n > 1u << log ? -EINVAL : 0;
}

static int check_msix(struct pci_device *dev, const struct msi_request *request)
{
    if (!dev->msix)
        return -ENODEV;
    unsigned int last = pci_read16(dev->address, dev->msix + MSIX_CONTROL) & MSIX_CONTROL_SIZE;
    if ((unsigned int)request->entry > last || request->count != 1)
        return -EINVAL;
    return table_map(dev, request->table);
}

static struct msi_desc *desc_new(struct pci_device *dev, const struct msi_request *request)
{
    struct msi_desc *msi = new(struct msi_desc);
    if (!msi)
        return NULL;
    msi->dev = dev;
    msi->address = dev->address;
    msi->entry = request->entry;
    msi->count = request->count;
    if (request->entry >= 0) {
        msi->table_entry = dev->msix_table + (unsigned int)request->entry * MSIX_ENTRY_SIZE;
        return msi;
    }
    uint16_t control = pci_read16(dev->address, dev->msi + MSI_CONTROL);
    msi->cap = dev->msi;
    msi->is_64bit = control & MSI_CONTROL_64BIT;
    msi->is_maskable = control & MSI_CONTROL_MASK;
    msi->mask_bits = msi->count == 32 ? UINT32_MAX : (1u << msi->count) - 1;
    return msi;
}

static void msi_program(struct msi_desc *msi)
{
    unsigned int log = (unsigned int)__builtin_ctz(msi->count);
    uint16_t control = pci_read16(msi->address, msi->cap + MSI_CONTROL);
    control = (uint16_t)((control & ~MSI_CONTROL_MULTI_MASK) | log << MSI_CONTROL_MULTI_SHIFT);
    if (msi->is_maskable)
        msi_flush_mask(msi);
    msi_write_message(irq_to_desc(msi->first_irq));
    pci_write16(msi->address, msi->cap + MSI_CONTROL, control);
}

static void program(struct msi_desc *msi)
{
    struct irq_desc *first = irq_to_desc(msi->first_irq);
    unsigned long flags = spin_lock_irqsave(&first->lock);
    if (msi->entry >= 0)
        msix_write_message(first);
    else
        msi_program(msi);
    spin_unlock_irqrestore(&first->lock, flags);
}

static int alloc_locked(const struct msi_request *request)
{
    struct pci_device *dev = pci_device_find(request->address);
    if (!dev || platform.no_msi)
        return -ENODEV;
    if (is_used(dev, request->entry))
        return -EEXIST;
    int rc = request->entry < 0 ? check_msi(dev, request) : check_msix(dev, request);
    struct msi_desc *msi = rc ? NULL : desc_new(dev, request);
    if (!msi)
        return rc ? rc : -ENOMEM;
    rc = irq_alloc_msi_lines(msi->count, request->entry < 0 ? &msi_chip : &msix_chip);
    if (rc < 0) {
        pool_free(msi);
        return rc;
    }
    msi->first_irq = (unsigned int)rc;
    for (unsigned int i = 0; i < msi->count; i++) {
        irq_to_desc(msi->first_irq + i)->msi = msi;     /* nobody knows these lines yet */
    }
    list_add_tail(&msi->link, &dev->msis);
    program(msi);
    return rc;
}

int msi_alloc(const struct msi_request *request)
{
    spin_lock(&pci_lock);
    int rc = alloc_locked(request);
    spin_unlock(&pci_lock);
    return rc;
}

/* Silence for good: MSI without mask bits can only be switched off. */
static void quieten(struct msi_desc *msi)
{
    if (!msi->dev)
        return;
    list_del(&msi->link);
    if (msi->entry >= 0) {
        msix_write_control(msi, MSIX_ENTRY_MASKED);
        return;
    }
    uint16_t control = pci_read16(msi->address, msi->cap + MSI_CONTROL);
    if (control != 0xffff && (control & MSI_CONTROL_ENABLE)) {
        pci_write16(msi->address, msi->cap + MSI_CONTROL,
                    (uint16_t)(control & ~MSI_CONTROL_ENABLE));
    }
}

void msi_free(unsigned int first_irq)
{
    struct msi_desc *msi = irq_to_desc(first_irq)->msi;
    spin_lock(&pci_lock);
    quieten(msi);
    irq_free_msi_lines(msi->first_irq, msi->count);
    spin_unlock(&pci_lock);
    pool_free(msi);
}

unsigned int msi_group(unsigned int irq, unsigned int *count)
{
    const struct msi_desc *msi = irq_to_desc(irq)->msi;
    *count = msi->count;
    return msi->first_irq;
}

/* Lines may be used at this moment: each desc's lock keeps its functions off msi->dev. */
void msi_device_gone(struct pci_device *dev)
{
    while (!list_empty(&dev->msis)) {
        struct msi_desc *msi = list_first_entry(&dev->msis, struct msi_desc, link);
        quieten(msi);
        write_once(msi->dev, NULL);
    }
}

int msi_restore(struct pci_address a)
{
    struct msi_desc *msi;
    spin_lock(&pci_lock);
    struct pci_device *dev = pci_device_find(a);
    if (dev) {
        list_for_each_entry(msi, &dev->msis, link)
            program(msi);
    }
    spin_unlock(&pci_lock);
    return dev ? 0 : -ENODEV;
}

int msi_prepare(struct pci_address a, bool prepare)
{
    int rc = 0;
    spin_lock(&pci_lock);
    struct pci_device *dev = pci_device_find(a);
    if (!dev || !dev->msix)
        rc = -ENODEV;
    else if (!list_empty(&dev->msis))
        rc = -EBUSY;
    else
        dev->msix_prepared = prepare;
    spin_unlock(&pci_lock);
    return rc;
}

/* ---- Key 'M' --------------------------------------------------------------------------------- */

static void dump_msis(unsigned char key)
{
    log_always("MSI information:\n");
    for (unsigned int irq = irq_gsi_count; irq < irq_line_count; irq++) {
        struct irq_desc *desc = irq_to_desc(irq);
        spin_lock_irq(&desc->lock);
        if (desc->chip && desc->msi) {
            log_always(" %-5s %4u vec %02x cpu %u entry %d " PCI_FMT "%s\n", desc->chip->name, irq,
                       desc->vector, desc->cpu, desc->msi->entry, PCI_ARGS(desc->msi->address),
                       desc->masked ? " masked" : "");
        }
        spin_unlock_irq(&desc->lock);
    }
}

init_text void msi_dump_init(void)
{
    key_register('M', dump_msis, "dump MSI state");
}
