/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Finding the firmware's tables.
 *
 * Every table in the directory was mapped whole and passed its checksum; one that does not is left
 * out, with a word.  Runs once, on the boot CPU, before the heap; read-only ever after, so no lock.
 */
#include <lib/string.h>
#include <x86/mm.h>
#include <xen/options.h>
#include <xen/printk.h>

#include "private.h"

#define MAX_TABLES          128
#define MAX_TABLE_LENGTH    (16u << 20)
#define ADDRESS_END         (1ull << 46)    /* what a processor we run on may reach at most */
#define RSDP_LENGTH_V1      20
#define RSDP_LENGTH_V2      36
#define EBDA_POINTER        0x40e       /* real-mode segment of the extended BIOS data area */
#define BIOS_START          0xe0000
#define BIOS_END            0x100000

struct packed acpi_rsdp {
    char signature[8];
    uint8_t checksum;
    char oem_id[6];
    uint8_t revision;
    uint32_t rsdt;
    uint32_t length;                    /* from here on: revision 2 */
    uint64_t xsdt;
    uint8_t extended_checksum;
    uint8_t reserved[3];
};
_Static_assert(sizeof(struct acpi_rsdp) == RSDP_LENGTH_V2, "ACPI 5.2.5.3");

struct platform platform;

static const struct acpi_header *tables[MAX_TABLES];
static unsigned int nr_tables;
static enum acpi_use acpi_use = ACPI_FULL;
static bool acpi_verbose;

static int parse_acpi(const char *value)
{
    static const struct { const char *word; enum acpi_use use; } uses[] = {
        { "off", ACPI_OFF }, { "no", ACPI_OFF }, { "ht", ACPI_CPUS_ONLY }, { "noirq", ACPI_NO_IRQ },
        { "on", ACPI_FULL }, { "force", ACPI_FULL }, { "strict", ACPI_FULL }, { "", ACPI_FULL },
    };
    if (!strcmp(value, "verbose")) {
        acpi_verbose = true;
        return 0;
    }
    for (unsigned int i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
        if (!strcmp(value, uses[i].word)) {
            acpi_use = uses[i].use;
            return 0;
        }
    }
    return -EINVAL;
}
OPTION_CUSTOM(acpi, "acpi", parse_acpi);

static bool sums_to_zero(const void *bytes, size_t length)
{
    const uint8_t *p = bytes;
    uint8_t sum = 0;
    for (size_t i = 0; i < length; i++)
        sum = (uint8_t)(sum + p[i]);
    return sum == 0;
}

static bool rsdp_is_valid(const struct acpi_rsdp *rsdp)
{
    return memcmp(rsdp->signature, "RSD PTR ", 8) == 0 && sums_to_zero(rsdp, RSDP_LENGTH_V1);
}

/* On 16-byte boundaries, as the specification promises. */
static init_text uint64_t rsdp_scan(uint64_t start, uint64_t end)
{
    const uint8_t *area = acpi_map(start, end - start);
    if (!area)
        return 0;
    for (uint64_t i = 0; i + RSDP_LENGTH_V2 <= end - start; i += 16) {
        if (rsdp_is_valid((const struct acpi_rsdp *)(area + i)))
            return start + i;
    }
    return 0;
}

static init_text uint64_t rsdp_find(void)
{
    if (platform.rsdp) {
        const struct acpi_rsdp *given = acpi_map(platform.rsdp, RSDP_LENGTH_V2);
        if (given && rsdp_is_valid(given))
            return platform.rsdp;
        log_warn("acpi: the boot loader's root pointer %#lx is none; searching\n", platform.rsdp);
    }
    uint16_t ebda = 0;
    const void *pointer = acpi_map(EBDA_POINTER, sizeof(ebda));
    if (pointer)
        memcpy(&ebda, pointer, sizeof(ebda));
    uint64_t found = 0;
    if (ebda >= 0x400)
        found = rsdp_scan((uint64_t)ebda << 4, ((uint64_t)ebda << 4) + 1024);
    return found ? found : rsdp_scan(BIOS_START, BIOS_END);
}

/* Map and check one table.  signature NULL: any. */
static init_text const struct acpi_header *table_load(uint64_t address, const char *signature)
{
    bool sensible = address && address < ADDRESS_END;
    const struct acpi_header *header = sensible ? acpi_map(address, sizeof(*header)) : NULL;
    if (!header || (signature && memcmp(header->signature, signature, 4)))
        return NULL;
    uint32_t length = header->length;
    if (length < sizeof(*header) || length > MAX_TABLE_LENGTH) {
        log_warn("acpi: table %.4s at %#lx has length %u; ignored\n", header->signature, address,
                 length);
        return NULL;
    }
    header = acpi_map(address, length);
    if (!header || header->length != length || !sums_to_zero(header, length)) {
        log_warn("acpi: table at %#lx has a wrong checksum; ignored\n", address);
        return NULL;
    }
    return header;
}

static init_text void table_add(uint64_t address)
{
    if (nr_tables == MAX_TABLES)
        return;
    const struct acpi_header *header = table_load(address, NULL);
    if (!header)
        return;
    tables[nr_tables++] = header;
    if (acpi_verbose)
        log_info("acpi: %.4s at %#lx, %u bytes\n", header->signature, address, header->length);
}

/* The root table lists the others' addresses, in 4 or 8 bytes each. */
static init_text void directory_read(const struct acpi_header *root, size_t width)
{
    const uint8_t *entry = (const uint8_t *)(root + 1);
    size_t count = (root->length - sizeof(*root)) / width;
    for (size_t i = 0; i < count; i++) {
        uint64_t address = 0;
        memcpy(&address, entry + i * width, width);
        table_add(address);
    }
}

static init_text bool directory_find(void)
{
    platform.rsdp = rsdp_find();
    const struct acpi_rsdp *rsdp = platform.rsdp ? acpi_map(platform.rsdp, sizeof(*rsdp)) : NULL;
    if (!rsdp)
        return false;
    if (rsdp->revision >= 2 && rsdp->xsdt) {
        const struct acpi_header *xsdt = table_load(rsdp->xsdt, "XSDT");
        if (xsdt) {
            directory_read(xsdt, sizeof(uint64_t));
            return nr_tables != 0;
        }
    }
    const struct acpi_header *rsdt = table_load(rsdp->rsdt, "RSDT");
    if (rsdt)
        directory_read(rsdt, sizeof(uint32_t));
    return nr_tables != 0;
}

const void *acpi_table(const char *signature, unsigned int instance)
{
    for (unsigned int i = 0; i < nr_tables; i++) {
        if (!memcmp(tables[i]->signature, signature, 4) && instance-- == 0)
            return tables[i];
    }
    return NULL;
}

const struct acpi_entry *acpi_entry_next(const struct acpi_header *table, size_t *offset)
{
    if (*offset > table->length || table->length - *offset < sizeof(struct acpi_entry))
        return NULL;
    const struct acpi_entry *entry = (const void *)((const uint8_t *)table + *offset);
    if (entry->length < sizeof(*entry) || entry->length > table->length - *offset) {
        log_warn("acpi: %.4s: entry at %zu is damaged; the rest is ignored\n", table->signature,
                 *offset);
        return NULL;
    }
    *offset += entry->length;
    return entry;
}

init_text void acpi_init(void)
{
    if (acpi_use != ACPI_OFF && !directory_find()) {
        log_warn("acpi: no tables found; one CPU, old interrupt controllers\n");
        acpi_use = ACPI_OFF;
    }
    platform.acpi_enabled = acpi_use == ACPI_FULL || acpi_use == ACPI_NO_IRQ;
    acpi_read_madt(acpi_use);
    if (acpi_use == ACPI_OFF || acpi_use == ACPI_CPUS_ONLY)
        return;
    acpi_read_srat();
    acpi_read_fadt();
    acpi_read_hpet();
    acpi_read_mcfg();
    acpi_prepare_reset();
}
