/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * SRAT: which processors and which memory are near each other; SLIT: how near.
 *
 * Firmware's proximity domains are arbitrary numbers; nodes are 0, 1, 2… in order of appearance.
 */
#include <lib/string.h>
#include <xen/options.h>
#include <xen/printk.h>

#include "private.h"

enum srat_type { SRAT_CPU = 0, SRAT_MEMORY = 1, SRAT_X2APIC = 2 };

#define SRAT_ENABLED    0x1
#define SRAT_HOTPLUG    0x2
#define MAX_NODES       64
#define DISTANCE_LOCAL  10
#define DISTANCE_REMOTE 20

struct packed srat {
    struct acpi_header header;
    uint32_t reserved1;
    uint64_t reserved2;
};

struct packed srat_cpu {
    struct acpi_entry entry;
    uint8_t domain_low, apic_id;
    uint32_t flags;
    uint8_t sapic_eid, domain_high[3];
    uint32_t clock;
};

struct packed srat_memory {
    struct acpi_entry entry;
    uint32_t domain;
    uint16_t reserved1;
    uint64_t base, length;
    uint32_t reserved2, flags;
    uint64_t reserved3;
};

struct packed srat_x2apic {
    struct acpi_entry entry;
    uint16_t reserved1;
    uint32_t domain, apic_id, flags, clock, reserved2;
};

/* Distances, a row for each proximity domain. */
struct packed slit {
    struct acpi_header header;
    uint64_t localities;
    uint8_t distance[];
};

static const struct slit *slit;
static uint32_t node_domain[MAX_NODES];     /* index: node */
static unsigned int nr_nodes;
static bool numa_enabled = true;

static int parse_numa(const char *value)
{
    if (!strcmp(value, "off") || !strcmp(value, "no") || !strcmp(value, "noacpi")) {
        numa_enabled = false;
        return 0;
    }
    return strcmp(value, "on") && *value ? -EINVAL : 0;
}
OPTION_CUSTOM(numa, "numa", parse_numa);

unsigned int acpi_node_of(uint32_t domain)
{
    for (unsigned int i = 0; i < nr_nodes; i++) {
        if (node_domain[i] == domain)
            return i;
    }
    return 0;
}

uint8_t acpi_node_distance(unsigned int from, unsigned int to)
{
    uint64_t row = node_domain[from], column = node_domain[to];
    if (from == to)
        return DISTANCE_LOCAL;
    if (slit == NULL || row >= slit->localities || column >= slit->localities)
        return DISTANCE_REMOTE;
    uint8_t d = slit->distance[row * slit->localities + column];
    return d >= DISTANCE_LOCAL ? d : DISTANCE_REMOTE;
}

/* One node too many shares the first. */
static init_text uint8_t node_of(uint32_t domain)
{
    for (unsigned int i = 0; i < nr_nodes; i++) {
        if (node_domain[i] == domain)
            return (uint8_t)i;
    }
    if (nr_nodes == MAX_NODES)
        return 0;
    node_domain[nr_nodes] = domain;
    return (uint8_t)nr_nodes++;
}

static init_text void cpu_place(uint32_t apic_id, uint32_t domain, uint32_t flags)
{
    if (!(flags & SRAT_ENABLED))
        return;
    uint8_t node = node_of(domain);
    for (unsigned int i = 0; i < platform.nr_cpus; i++) {
        if (platform.cpus[i].apic_id == apic_id)
            platform.cpus[i].node = node;
    }
}

static init_text void memory_place(const struct srat_memory *e)
{
    uint64_t end = e->base + e->length;
    if (!(e->flags & SRAT_ENABLED) || end <= e->base)
        return;
    if (platform.nr_memory == PLATFORM_MAX_MEM_AFFINITY) {
        log_warn("acpi: SRAT: memory from %#lx is one range too many\n", e->base);
        return;
    }
    platform.memory[platform.nr_memory++] = (struct platform_memory){
        .start = e->base, .end = end, .node = node_of(e->domain),
        .hotplug = e->flags & SRAT_HOTPLUG,
    };
}

static init_text void read_entry(const struct acpi_entry *entry, unsigned int revision)
{
    if (entry->type == SRAT_CPU && entry->length >= sizeof(struct srat_cpu)) {
        const struct srat_cpu *e = (const void *)entry;
        uint32_t domain = e->domain_low;
        if (revision >= 2) {
            domain |= (uint32_t)e->domain_high[0] << 8 | (uint32_t)e->domain_high[1] << 16 |
                      (uint32_t)e->domain_high[2] << 24;
        }
        cpu_place(e->apic_id, domain, e->flags);
    } else if (entry->type == SRAT_MEMORY && entry->length >= sizeof(struct srat_memory)) {
        memory_place((const void *)entry);
    } else if (entry->type == SRAT_X2APIC && entry->length >= sizeof(struct srat_x2apic)) {
        const struct srat_x2apic *e = (const void *)entry;
        cpu_place(e->apic_id, e->domain, e->flags);
    }
}

static init_text bool slit_is_sound(const struct slit *s)
{
    return s->header.length >= sizeof(*s) && s->localities <= UINT16_MAX &&
           s->localities * s->localities <= s->header.length - sizeof(*s);
}

init_text void acpi_read_srat(void)
{
    const struct srat *srat = acpi_table("SRAT", 0);
    if (!numa_enabled || !srat || srat->header.length < sizeof(*srat))
        return;
    size_t offset = sizeof(*srat);
    for (const struct acpi_entry *e; (e = acpi_entry_next(&srat->header, &offset)) != NULL;)
        read_entry(e, srat->header.revision);
    platform.nr_nodes = nr_nodes;
    log_info("acpi: SRAT: %u nodes\n", nr_nodes);
    slit = acpi_table("SLIT", 0);
    if (slit && !slit_is_sound(slit)) {
        log_warn("acpi: SLIT: it is too short; ignored\n");
        slit = NULL;
    }
}
