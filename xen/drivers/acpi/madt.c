/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * MADT: processors, I/O APICs, and how ISA interrupts are wired.
 *
 * After this platform.cpus[0] is the processor we run on, whatever the table said.
 */
#include <asm/insn.h>
#include <lib/sort.h>
#include <lib/string.h>
#include <xen/options.h>
#include <xen/percpu.h>
#include <xen/printk.h>

#include "private.h"

enum madt_type {
    MADT_LAPIC = 0,
    MADT_IOAPIC = 1,
    MADT_OVERRIDE = 2,
    MADT_LAPIC_NMI = 4,
    MADT_LAPIC_ADDRESS = 5,
    MADT_X2APIC = 9,
    MADT_X2APIC_NMI = 10,
};

#define CPU_ENABLED         0x1
#define CPU_ONLINE_CAPABLE  0x2

#define POLARITY_MASK       0x3
#define POLARITY_LOW        0x3
#define TRIGGER_MASK        0xc
#define TRIGGER_LEVEL       0xc

struct packed madt {
    struct acpi_header header;
    uint32_t lapic_address;
    uint32_t flags;                     /* bit 0: there are 8259s */
};

struct packed madt_lapic { struct acpi_entry entry; uint8_t acpi_id, apic_id; uint32_t flags; };

struct packed madt_x2apic {
    struct acpi_entry entry;
    uint16_t reserved;
    uint32_t apic_id, flags, acpi_id;
};

struct packed madt_ioapic {
    struct acpi_entry entry;
    uint8_t id, reserved;
    uint32_t address, gsi_base;
};

struct packed madt_override {
    struct acpi_entry entry;
    uint8_t bus, source;
    uint32_t gsi;
    uint16_t flags;
};

struct packed madt_lapic_nmi {
    struct acpi_entry entry;
    uint8_t acpi_id;
    uint16_t flags;
    uint8_t lint;
};

struct packed madt_x2apic_nmi {
    struct acpi_entry entry;
    uint16_t flags;
    uint32_t acpi_id;
    uint8_t lint;
    uint8_t reserved[3];
};

struct packed madt_address { struct acpi_entry entry; uint16_t reserved; uint64_t address; };

static struct platform_cpu cpus[MAX_CPUS];
static unsigned int acpi_apic_instance;
OPTION_UINT(instance, "acpi_apic_instance", acpi_apic_instance);
static bool skip_timer_override;
OPTION_BOOL(skip_timer, "acpi_skip_timer_override", skip_timer_override);

uint32_t acpi_boot_apic_id(void)
{
    if (cpuid(0, 0).eax >= 0xb && (cpuid(0xb, 0).ebx & 0xffff))
        return cpuid(0xb, 0).edx;
    return cpuid(1, 0).ebx >> 24;
}

static init_text void cpu_add(uint32_t apic_id, uint32_t acpi_id, uint32_t flags)
{
    if (!(flags & (CPU_ENABLED | CPU_ONLINE_CAPABLE)) || platform.nr_cpus == MAX_CPUS)
        return;
    for (unsigned int i = 0; i < platform.nr_cpus; i++) {
        if (cpus[i].apic_id == apic_id) {
            return;                     /* listed both as APIC and as x2APIC */
        }
    }
    cpus[platform.nr_cpus++] = (struct platform_cpu){
        .apic_id = apic_id, .acpi_id = acpi_id, .enabled = flags & CPU_ENABLED,
    };
}

static init_text int by_apic_id(const void *a, const void *b)
{
    const struct platform_cpu *x = a, *y = b;
    return (x->apic_id > y->apic_id) - (x->apic_id < y->apic_id);
}

/*
 * The boot CPU to the front, the others depth first: the threads of a core side by side, then the
 * cores of a socket, then sockets.  That is the order of APIC ids; firmware lists first threads
 * first.
 */
static init_text void order_cpus(void)
{
    uint32_t self = acpi_boot_apic_id();
    unsigned int at = 0;
    while (at < platform.nr_cpus && cpus[at].apic_id != self)
        at++;
    struct platform_cpu boot = { .apic_id = self, .enabled = true };
    if (at < platform.nr_cpus)
        boot.acpi_id = cpus[at].acpi_id;
    else if (platform.nr_cpus < MAX_CPUS)
        platform.nr_cpus++;
    else
        at--;
    memmove(cpus + 1, cpus, at * sizeof(cpus[0]));
    cpus[0] = boot;
    sort(cpus + 1, platform.nr_cpus - 1, sizeof(cpus[0]), by_apic_id);
}

static init_text void ioapic_add(const struct madt_ioapic *e)
{
    if (platform.nr_ioapics == PLATFORM_MAX_IOAPICS || !e->address) {
        log_warn("acpi: I/O APIC %u at %#x is ignored\n", e->id, e->address);
        return;
    }
    platform.ioapics[platform.nr_ioapics++] = (struct platform_ioapic){
        .id = e->id, .gsi_base = e->gsi_base, .address = e->address,
    };
}

static init_text void override_add(const struct madt_override *e)
{
    if (e->bus != 0 || e->source >= 16) {
        log_warn("acpi: override of bus %u IRQ %u is ignored\n", e->bus, e->source);
        return;
    }
    if (e->source == 0 && e->gsi == 2 && skip_timer_override)
        return;
    platform.isa_override[e->source] = (struct platform_override){
        .present = true, .gsi = e->gsi,
        .active_low = (e->flags & POLARITY_MASK) == POLARITY_LOW,
        .level = (e->flags & TRIGGER_MASK) == TRIGGER_LEVEL,
    };
}

static init_text void lint_add(uint8_t lint)
{
    if (lint < 2)
        platform.lapic_nmi_lint |= 1u << lint;
}

#define AS(type, e) ((e)->length >= sizeof(type) ? (const type *)(e) : NULL)

static init_text void read_cpu_entry(const struct acpi_entry *entry)
{
    const struct madt_lapic *lapic = AS(struct madt_lapic, entry);
    const struct madt_x2apic *x2apic = AS(struct madt_x2apic, entry);
    if (entry->type == MADT_LAPIC && lapic && lapic->apic_id != 0xff)
        cpu_add(lapic->apic_id, lapic->acpi_id, lapic->flags);
    if (entry->type == MADT_X2APIC && x2apic && x2apic->apic_id != UINT32_MAX)
        cpu_add(x2apic->apic_id, x2apic->acpi_id, x2apic->flags);
}

static init_text void read_irq_entry(const struct acpi_entry *entry)
{
    const struct madt_ioapic *ioapic = AS(struct madt_ioapic, entry);
    const struct madt_override *override = AS(struct madt_override, entry);
    const struct madt_lapic_nmi *nmi = AS(struct madt_lapic_nmi, entry);
    const struct madt_x2apic_nmi *x2nmi = AS(struct madt_x2apic_nmi, entry);
    if (entry->type == MADT_IOAPIC && ioapic)
        ioapic_add(ioapic);
    else if (entry->type == MADT_OVERRIDE && override)
        override_add(override);
    else if (entry->type == MADT_LAPIC_NMI && nmi)
        lint_add(nmi->lint);
    else if (entry->type == MADT_X2APIC_NMI && x2nmi)
        lint_add(x2nmi->lint);
}

static init_text void read_entries(const struct madt *madt, bool irqs)
{
    size_t offset = sizeof(*madt);
    for (const struct acpi_entry *e; (e = acpi_entry_next(&madt->header, &offset)) != NULL;) {
        const struct madt_address *address = AS(struct madt_address, e);
        if (e->type == MADT_LAPIC_ADDRESS && address && address->address)
            platform.lapic_address = address->address;
        read_cpu_entry(e);
        if (irqs)
            read_irq_entry(e);
    }
}

init_text void acpi_read_madt(enum acpi_use use)
{
    platform.cpus = cpus;
    platform.lapic_address = 0xfee00000;
    platform.has_8259 = true;
    const struct madt *madt = use == ACPI_OFF ? NULL : acpi_table("APIC", acpi_apic_instance);
    if (madt && madt->header.length >= sizeof(*madt)) {
        platform.lapic_address = madt->lapic_address;
        platform.has_8259 = madt->flags & 1;
        read_entries(madt, use == ACPI_FULL);
    } else if (use != ACPI_OFF) {
        log_warn("acpi: no MADT; one CPU, old interrupt controllers\n");
    }
    order_cpus();
}
