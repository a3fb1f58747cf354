/* SPDX-License-Identifier: GPL-2.0-only */
/* What the firmware says about the machine: filled in by drivers/acpi, read by everybody. */
#ifndef XEN_PLATFORM_H
#define XEN_PLATFORM_H

#include <xen/types.h>

#define PLATFORM_MAX_IOAPICS 64
#define PLATFORM_MAX_MCFG 16
#define PLATFORM_MAX_MEM_AFFINITY 64

struct platform_cpu { uint32_t apic_id, acpi_id; bool enabled; uint8_t node; };
struct platform_ioapic { uint8_t id; uint32_t gsi_base; uint64_t address; };
struct platform_override { bool present; uint32_t gsi; bool active_low, level; };
struct platform_mcfg { uint64_t base; uint16_t segment; uint8_t bus_start, bus_end; };
struct platform_memory { uint64_t start, end; uint8_t node; bool hotplug; };

struct platform {
    uint64_t rsdp;                              /* machine address, 0: no ACPI */
    bool acpi_enabled;                          /* acpi=off clears it */
    unsigned int nr_cpus;
    /* MADT order, boot CPU moved first; nr_cpus entries (static array) */
    struct platform_cpu *cpus;
    uint64_t lapic_address;
    bool has_8259;
    unsigned int nr_ioapics;
    struct platform_ioapic ioapics[PLATFORM_MAX_IOAPICS];
    struct platform_override isa_override[16];  /* index: ISA IRQ */
    uint32_t lapic_nmi_lint;                    /* bit per LINT that is NMI */
    uint64_t hpet_address;
    uint16_t pmtimer_port; bool pmtimer_32bit;
    uint64_t pmtimer_mmio;
    uint32_t sci_gsi; bool sci_active_low, sci_level;
    uint16_t pm1a_cnt, pm1b_cnt, pm1a_evt, pm1b_evt;
    /* from dom0 (platform_op enter_acpi_sleep carries the values) */
    bool s5_valid; uint8_t s5_a, s5_b;
    bool reset_valid; uint8_t reset_space, reset_value; uint64_t reset_address;
    bool no_cmos_rtc, no_vga, no_msi;
    unsigned int nr_mcfg;
    struct platform_mcfg mcfg[PLATFORM_MAX_MCFG];
    unsigned int nr_nodes;                      /* of SRAT; 0: it says nothing */
    unsigned int nr_memory;
    struct platform_memory memory[PLATFORM_MAX_MEM_AFFINITY];
};

extern struct platform platform;

/* How far nodes are from each other, in tenths of the distance to oneself; at most 254. */
uint8_t acpi_node_distance(unsigned int from, unsigned int to);
/* The node of one of the firmware's proximity domains; 0 if it never named it. */
unsigned int acpi_node_of(uint32_t domain);
void acpi_init(void);                   /* find and read the tables; needs acpi_map() from arch */
/* A table by signature (4 characters), mapped for good; NULL if absent.  instance counts from 0. */
const void *acpi_table(const char *signature, unsigned int instance);
/* S5: does not return on success */
int acpi_enter_sleep(unsigned int state, uint16_t pm1a_value, uint16_t pm1b_value);
bool acpi_reset(void);                  /* FADT reset register; returns if it did not work */

#endif
