/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * FADT, HPET and MCFG: single facts about ports, timers and configuration space.
 *
 * A field behind the end of an older, shorter table reads as 0.
 */
#include <lib/string.h>
#include <xen/printk.h>

#include "private.h"

struct packed fadt {
    struct acpi_header header;
    uint32_t facs, dsdt;
    uint8_t reserved1, profile;
    uint16_t sci;
    uint32_t smi_command;
    uint8_t acpi_enable, acpi_disable, s4bios, pstate;
    uint32_t pm1a_evt, pm1b_evt, pm1a_cnt, pm1b_cnt, pm2_cnt, pm_timer, gpe0, gpe1;
    uint8_t pm1_evt_length, pm1_cnt_length, pm2_cnt_length, pm_timer_length;
    uint8_t gpe0_length, gpe1_length, gpe1_base, cst;
    uint16_t c2_latency, c3_latency, flush_size, flush_stride;
    uint8_t duty_offset, duty_width, day_alarm, month_alarm, century;
    uint16_t boot_arch;
    uint8_t reserved2;
    uint32_t flags;
    struct acpi_address reset;
    uint8_t reset_value;
    uint16_t arm_boot_arch;
    uint8_t minor_version;
    uint64_t x_facs, x_dsdt;
    struct acpi_address x_pm1a_evt, x_pm1b_evt, x_pm1a_cnt, x_pm1b_cnt, x_pm2_cnt, x_pm_timer;
};
_Static_assert(offsetof(struct fadt, boot_arch) == 109, "ACPI 5.2.9");
_Static_assert(offsetof(struct fadt, x_pm_timer) == 208, "ACPI 5.2.9");

#define FADT_TIMER_32BIT    (1u << 8)
#define FADT_RESET          (1u << 10)
#define BOOT_NO_VGA         (1u << 2)
#define BOOT_NO_MSI         (1u << 3)
#define BOOT_NO_CMOS        (1u << 5)

struct packed hpet_table {
    struct acpi_header header;
    uint32_t id;
    struct acpi_address address;
    uint8_t number;
    uint16_t minimum_tick;
    uint8_t protection;
};

struct packed mcfg_table {
    struct acpi_header header;
    uint64_t reserved;
};

struct packed mcfg_entry {
    uint64_t base;
    uint16_t segment;
    uint8_t start, end;
    uint32_t reserved;
};

/* A register block's port: the extended address if it is a port, else the old field. */
static init_text uint16_t port_of(const struct acpi_address *x, uint32_t old)
{
    if (x->space == ACPI_SPACE_IO && x->address && x->address <= UINT16_MAX)
        return (uint16_t)x->address;
    return old <= UINT16_MAX ? (uint16_t)old : 0;
}

static init_text void read_timer(const struct fadt *fadt)
{
    platform.pmtimer_32bit = fadt->flags & FADT_TIMER_32BIT;
    if (fadt->x_pm_timer.space == ACPI_SPACE_MEMORY && fadt->x_pm_timer.address) {
        platform.pmtimer_mmio = fadt->x_pm_timer.address;
        return;
    }
    platform.pmtimer_port = port_of(&fadt->x_pm_timer, fadt->pm_timer);
}

/* Level and active low, unless the MADT wires this ISA interrupt otherwise. */
static init_text void read_sci(const struct fadt *fadt)
{
    platform.sci_gsi = fadt->sci;
    platform.sci_level = true;
    platform.sci_active_low = true;
    if (fadt->sci < 16 && platform.isa_override[fadt->sci].present) {
        const struct platform_override *o = &platform.isa_override[fadt->sci];
        platform.sci_gsi = o->gsi;
        platform.sci_level = o->level;
        platform.sci_active_low = o->active_low;
    }
}

init_text void acpi_read_fadt(void)
{
    const struct acpi_header *table = acpi_table("FACP", 0);
    if (!table) {
        log_warn("acpi: no FADT: no PM timer, no soft power-off\n");
        return;
    }
    struct fadt fadt;
    memset(&fadt, 0, sizeof(fadt));
    memcpy(&fadt, table, table->length < sizeof(fadt) ? table->length : sizeof(fadt));

    platform.pm1a_cnt = port_of(&fadt.x_pm1a_cnt, fadt.pm1a_cnt);
    platform.pm1b_cnt = port_of(&fadt.x_pm1b_cnt, fadt.pm1b_cnt);
    platform.pm1a_evt = port_of(&fadt.x_pm1a_evt, fadt.pm1a_evt);
    platform.pm1b_evt = port_of(&fadt.x_pm1b_evt, fadt.pm1b_evt);
    platform.no_vga = fadt.boot_arch & BOOT_NO_VGA;
    platform.no_msi = fadt.boot_arch & BOOT_NO_MSI;
    platform.no_cmos_rtc = fadt.boot_arch & BOOT_NO_CMOS;
    read_timer(&fadt);
    read_sci(&fadt);

    platform.reset_valid = (fadt.flags & FADT_RESET) && fadt.reset.address &&
                           fadt.reset.space <= ACPI_SPACE_PCI;
    platform.reset_space = fadt.reset.space;
    platform.reset_address = fadt.reset.address;
    platform.reset_value = fadt.reset_value;
}

init_text void acpi_read_hpet(void)
{
    const struct hpet_table *hpet = acpi_table("HPET", 0);
    if (hpet && hpet->header.length >= sizeof(*hpet) &&
        hpet->address.space == ACPI_SPACE_MEMORY) {
        platform.hpet_address = hpet->address.address;
    }
}

init_text void acpi_read_mcfg(void)
{
    const struct mcfg_table *mcfg = acpi_table("MCFG", 0);
    if (!mcfg || mcfg->header.length < sizeof(*mcfg))
        return;
    const struct mcfg_entry *e = (const void *)(mcfg + 1);
    size_t count = (mcfg->header.length - sizeof(*mcfg)) / sizeof(*e);
    for (size_t i = 0; i < count && platform.nr_mcfg < PLATFORM_MAX_MCFG; i++) {
        if (!e[i].base || e[i].end < e[i].start) {
            log_warn("acpi: MCFG: entry %zu makes no sense; ignored\n", i);
            continue;
        }
        platform.mcfg[platform.nr_mcfg++] = (struct platform_mcfg){
            .base = e[i].base, .segment = e[i].segment,
            .bus_start = e[i].start, .bus_end = e[i].end,
        };
    }
}
