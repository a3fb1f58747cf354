/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The reader of firmware tables, with good tables and with hostile ones.
 *
 * Memory is an array; what acpi_map() hands out is an exact copy on the heap, so that the address
 * sanitizer sees a read one byte past what was asked for.
 *
 * sources: xen/lib/sort.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "fake/machine.h"

#include "xen/drivers/acpi/tables.c"
#include "xen/drivers/acpi/madt.c"
#include "xen/drivers/acpi/srat.c"
#include "xen/drivers/acpi/facts.c"
#include "xen/drivers/acpi/power.c"

#define RAM_SIZE    (2u << 20)
#define MAX_MAPS    4096

static uint8_t ram[RAM_SIZE];
static void *maps[MAX_MAPS];
static unsigned int nr_maps;
static uint32_t at;                     /* where the next table is put */
static uint32_t directory[32];
static unsigned int nr_directory;

void *acpi_map(uint64_t maddr, size_t size)
{
    if (maddr > RAM_SIZE || size > RAM_SIZE - maddr || nr_maps == MAX_MAPS)
        return NULL;
    void *copy = malloc(size);
    maps[nr_maps++] = copy;
    return memcpy(copy, ram + maddr, size);
}

void *ioremap(uint64_t maddr, size_t size) { return acpi_map(maddr, size); }
void udelay(unsigned int us) { (void)us; }
void pci_write8(struct pci_address a, unsigned int reg, uint8_t v) { (void)a, (void)reg, (void)v; }

static int setup(void **state)
{
    (void)state;
    memset(ram, 0, sizeof(ram));
    memset(&platform, 0, sizeof(platform));
    memset(cpus, 0, sizeof(cpus));
    nr_tables = nr_nodes = nr_directory = 0;
    acpi_use = ACPI_FULL;
    skip_timer_override = false;
    numa_enabled = true;
    at = 0x100000;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    while (nr_maps)
        free(maps[--nr_maps]);
    return 0;
}

static void fix_sum(uint8_t *p, size_t length, size_t at_byte)
{
    uint8_t sum = 0;
    p[at_byte] = 0;
    for (size_t i = 0; i < length; i++)
        sum = (uint8_t)(sum + p[i]);
    p[at_byte] = (uint8_t)-sum;
}

static struct acpi_header *table_begin(const char *signature)
{
    struct acpi_header *h = (void *)(ram + at);
    memset(h, 0, sizeof(*h));
    memcpy(h->signature, signature, 4);
    h->length = sizeof(*h);
    h->revision = 3;
    return h;
}

static void put(struct acpi_header *h, const void *bytes, size_t n)
{
    memcpy((uint8_t *)h + h->length, bytes, n);
    h->length += (uint32_t)n;
}

static uint32_t table_end(struct acpi_header *h)
{
    uint32_t address = at;
    fix_sum((void *)h, h->length, offsetof(struct acpi_header, checksum));
    at += (h->length + 63) & ~63u;
    return address;
}

static void listed(struct acpi_header *h) { directory[nr_directory++] = table_end(h); }

/* The root pointer at `where`, an XSDT or an RSDT with all that is listed. */
static void root(uint32_t where, bool extended)
{
    struct acpi_header *h = table_begin(extended ? "XSDT" : "RSDT");
    for (unsigned int i = 0; i < nr_directory; i++) {
        uint64_t address = directory[i];
        put(h, &address, extended ? 8 : 4);
    }
    struct acpi_rsdp *rsdp = (void *)(ram + where);
    memcpy(rsdp->signature, "RSD PTR ", 8);
    rsdp->revision = extended ? 2 : 0;
    rsdp->length = sizeof(*rsdp);
    uint32_t address = table_end(h);
    if (extended)
        rsdp->xsdt = address;
    else
        rsdp->rsdt = address;
    fix_sum((void *)rsdp, RSDP_LENGTH_V1, offsetof(struct acpi_rsdp, checksum));
}

static struct acpi_header *madt_begin(void)
{
    struct acpi_header *h = table_begin("APIC");
    put(h, &(uint32_t[]){ 0xfee00000, 1 }, 8);
    return h;
}

static void put_x2apic(struct acpi_header *h, uint32_t id, uint32_t flags)
{
    struct madt_x2apic e = { { MADT_X2APIC, sizeof(e) }, 0, id, flags, id + 1000 };
    put(h, &e, sizeof(e));
}

static void good_madt(void)
{
    struct acpi_header *h = madt_begin();
    put_x2apic(h, 0x12345, CPU_ENABLED);
    put_x2apic(h, acpi_boot_apic_id(), CPU_ENABLED);
    put_x2apic(h, 0x777, CPU_ENABLED);
    put_x2apic(h, 0x777, CPU_ENABLED);          /* twice: once counts */
    put_x2apic(h, 0x888, 0);                    /* not there */
    put(h, &(struct madt_ioapic){ { MADT_IOAPIC, 12 }, 4, 0, 0xfec00000, 0 }, 12);
    put(h, &(struct madt_override){ { MADT_OVERRIDE, 10 }, 0, 0, 2, 0 }, 10);
    put(h, &(struct madt_override){ { MADT_OVERRIDE, 10 }, 0, 9, 9, 0xd }, 10);
    put(h, &(struct madt_override){ { MADT_OVERRIDE, 10 }, 0, 16, 9, 0xd }, 10);
    put(h, &(struct madt_lapic_nmi){ { MADT_LAPIC_NMI, 6 }, 0xff, 0, 1 }, 6);
    put(h, &(struct madt_lapic_nmi){ { MADT_LAPIC_NMI, 6 }, 0xff, 0, 40 }, 6);
    listed(h);
}

static void good_facts(void)
{
    struct fadt fadt = { .header.length = 0 };
    fadt.sci = 9;
    fadt.pm1a_cnt = 0x604;
    fadt.pm_timer = 0x608;
    fadt.flags = FADT_TIMER_32BIT | FADT_RESET;
    fadt.reset = (struct acpi_address){ ACPI_SPACE_IO, 8, 0, 1, 0xcf9 };
    fadt.reset_value = 6;
    struct acpi_header *h = table_begin("FACP");
    put(h, (uint8_t *)&fadt + sizeof(*h), sizeof(fadt) - sizeof(*h));
    listed(h);

    struct hpet_table hpet = { .address = { ACPI_SPACE_MEMORY, 64, 0, 0, 0xfed00000 } };
    h = table_begin("HPET");
    put(h, (uint8_t *)&hpet + sizeof(*h), sizeof(hpet) - sizeof(*h));
    listed(h);

    h = table_begin("MCFG");
    put(h, &(uint64_t){ 0 }, 8);
    put(h, &(struct mcfg_entry){ 0xb0000000, 0, 0, 255, 0 }, 16);
    put(h, &(struct mcfg_entry){ 0xc0000000, 1, 9, 3, 0 }, 16);     /* backwards */
    listed(h);

    h = table_begin("SRAT");
    put(h, &(uint8_t[12]){ 0 }, 12);
    put(h, &(struct srat_x2apic){ { SRAT_X2APIC, 24 }, 0, 70, 0x12345, 1, 0, 0 }, 24);
    put(h, &(struct srat_x2apic){ { SRAT_X2APIC, 24 }, 0, 80, 0x777, 1, 0, 0 }, 24);
    struct srat_memory memory = { { SRAT_MEMORY, 40 }, 80, 0, 0x1000, 0x2000, 0, 1, 0 };
    put(h, &memory, sizeof(memory));
    memory.length = ~0ull;                      /* wraps */
    put(h, &memory, sizeof(memory));
    listed(h);
}

static void check_good(void)
{
    assert_int_equal(platform.nr_cpus, 3);
    assert_int_equal(platform.cpus[0].apic_id, acpi_boot_apic_id());
    /* Depth first, whatever order the firmware has. */
    assert_int_equal(platform.cpus[1].apic_id, 0x777);
    assert_int_equal(platform.cpus[1].acpi_id, 0x777 + 1000);
    assert_int_equal(platform.cpus[2].apic_id, 0x12345);
    assert_int_equal(platform.nr_ioapics, 1);
    assert_int_equal(platform.isa_override[0].gsi, 2);
    assert_true(platform.isa_override[9].level);
    assert_false(platform.isa_override[9].active_low);
    assert_int_equal(platform.lapic_nmi_lint, 2);
    assert_true(platform.has_8259);
}

static void test_good(void **state)
{
    (void)state;
    good_madt();
    good_facts();
    root(0xf0010, true);
    acpi_init();
    check_good();
    assert_true(platform.acpi_enabled);
    assert_int_equal(platform.sci_gsi, 9);
    assert_true(platform.sci_level);
    assert_int_equal(platform.pm1a_cnt, 0x604);
    assert_int_equal(platform.pmtimer_port, 0x608);
    assert_true(platform.pmtimer_32bit);
    assert_true(platform.reset_valid);
    assert_int_equal(platform.reset_address, 0xcf9);
    assert_int_equal(platform.hpet_address, 0xfed00000);
    assert_int_equal(platform.nr_mcfg, 1);
    assert_int_equal(platform.cpus[1].node, 1);
    assert_int_equal(platform.cpus[2].node, 0);
    assert_int_equal(platform.nr_memory, 1);
    assert_int_equal(platform.memory[0].end, 0x3000);
    assert_int_equal(acpi_node_of(80), 1);
}

static void test_rsdt(void **state)
{
    (void)state;
    good_madt();
    root(0xe0000, false);
    acpi_init();
    check_good();
}

static void test_ebda(void **state)
{
    (void)state;
    good_madt();
    memcpy(ram + EBDA_POINTER, &(uint16_t){ 0x9fc0 }, 2);
    root(0x9fc10, true);
    acpi_init();
    check_good();
}

static void test_preset_root(void **state)
{
    (void)state;
    good_madt();
    root(0x50003, true);                        /* nobody would find it there */
    platform.rsdp = 0x50003;
    acpi_init();
    check_good();
}

static void test_options(void **state)
{
    (void)state;
    good_madt();
    good_facts();
    root(0xe0000, true);
    assert_int_equal(parse_acpi("off"), 0);
    assert_int_equal(parse_acpi("perhaps"), -EINVAL);
    acpi_init();
    assert_false(platform.acpi_enabled);
    assert_int_equal(platform.nr_cpus, 1);
    assert_int_equal(platform.nr_ioapics, 0);
    assert_int_equal(platform.hpet_address, 0);

    setup(state);
    good_madt();
    root(0xe0000, true);
    assert_int_equal(parse_acpi("ht"), 0);
    acpi_init();
    assert_int_equal(platform.nr_cpus, 3);
    assert_int_equal(platform.nr_ioapics, 0);
    assert_false(platform.acpi_enabled);

    setup(state);
    good_madt();
    root(0xe0000, true);
    skip_timer_override = true;
    acpi_init();
    assert_false(platform.isa_override[0].present);
    assert_true(platform.isa_override[9].present);
}

static void test_nothing(void **state)
{
    (void)state;
    acpi_init();
    assert_int_equal(platform.nr_cpus, 1);
    assert_int_equal(platform.cpus[0].apic_id, acpi_boot_apic_id());
    assert_false(platform.acpi_enabled);
}

static void test_bad_checksum(void **state)
{
    (void)state;
    good_madt();
    ram[directory[0] + 40] ^= 1;
    good_facts();
    root(0xe0000, true);
    acpi_init();
    assert_int_equal(platform.nr_cpus, 1);      /* without the MADT */
    assert_int_equal(platform.hpet_address, 0xfed00000);
}

static void test_bad_lengths(void **state)
{
    static const uint32_t lengths[] = { 0, 1, 35, RAM_SIZE, MAX_TABLE_LENGTH, ~0u };
    for (unsigned int i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        setup(state);
        good_madt();
        ((struct acpi_header *)(ram + directory[0]))->length = lengths[i];
        directory[nr_directory++] = RAM_SIZE - 8;       /* a header that runs out of memory */
        directory[nr_directory++] = 0;
        root(0xe0000, true);
        acpi_init();
        assert_int_equal(platform.nr_cpus, 1);
        teardown(state);
    }
}

/* The list ends where an entry's length cannot be; what came before counts. */
static void test_bad_entries(void **state)
{
    static const uint8_t lengths[] = { 0, 1, 200, 255 };
    for (unsigned int i = 0; i < sizeof(lengths); i++) {
        setup(state);
        struct acpi_header *h = madt_begin();
        put_x2apic(h, 0x777, CPU_ENABLED);
        put(h, &(uint8_t[]){ MADT_X2APIC, lengths[i] }, 2);
        put_x2apic(h, 0x778, CPU_ENABLED);
        listed(h);
        root(0xe0000, true);
        acpi_init();
        assert_int_equal(platform.nr_cpus, 2);
        teardown(state);
    }
}

/* Entries too short for what they claim to be; one byte left over at the end. */
static void test_short_entries(void **state)
{
    (void)state;
    struct acpi_header *h = madt_begin();
    for (uint8_t type = 0; type < 16; type++)
        put(h, &(uint8_t[]){ type, 3, 0xff }, 3);
    put(h, "x", 1);
    listed(h);
    root(0xe0000, true);
    acpi_init();
    assert_int_equal(platform.nr_cpus, 1);
    assert_int_equal(platform.nr_ioapics, 0);
}

static void test_too_many(void **state)
{
    (void)state;
    struct acpi_header *h = madt_begin();
    for (uint32_t i = 0; i < MAX_CPUS + 500; i++)
        put_x2apic(h, 0x10000 + i, CPU_ENABLED);
    for (uint32_t i = 0; i < PLATFORM_MAX_IOAPICS + 5; i++)
        put(h, &(struct madt_ioapic){ { MADT_IOAPIC, 12 }, 4, 0, 0xfec00000, i }, 12);
    listed(h);
    h = table_begin("MCFG");
    put(h, &(uint64_t){ 0 }, 8);
    for (uint16_t i = 0; i < PLATFORM_MAX_MCFG + 5; i++)
        put(h, &(struct mcfg_entry){ 0xb0000000, i, 0, 255, 0 }, 16);
    listed(h);
    root(0xe0000, true);
    acpi_init();
    assert_int_equal(platform.nr_cpus, MAX_CPUS);
    assert_int_equal(platform.cpus[0].apic_id, acpi_boot_apic_id());
    assert_int_equal(platform.cpus[1].apic_id, 0x10000);
    assert_int_equal(platform.nr_ioapics, PLATFORM_MAX_IOAPICS);
    assert_int_equal(platform.nr_mcfg, PLATFORM_MAX_MCFG);
}

static uint32_t random_state = 1;

static uint32_t random32(void)
{
    random_state = random_state * 1664525 + 1013904223;
    return random_state >> 8;
}

/* Any damage at all, with checksums made right again. */
static void test_noise(void **state)
{
    for (unsigned int round = 0; round < 3000; round++) {
        setup(state);
        good_madt();
        good_facts();
        root(0xe0000, round & 1);
        for (unsigned int i = 0; i < 1 + round % 8; i++)
            ram[0x100000 + random32() % (at - 0x100000)] = (uint8_t)random32();
        for (unsigned int i = 0; i < nr_directory; i++) {
            struct acpi_header *h = (void *)(ram + directory[i]);
            if (h->length >= sizeof(*h) && h->length < RAM_SIZE - directory[i])
                fix_sum((void *)h, h->length, offsetof(struct acpi_header, checksum));
        }
        acpi_init();
        assert_in_range(platform.nr_cpus, 1, MAX_CPUS);
        teardown(state);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_good, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rsdt, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ebda, setup, teardown),
        cmocka_unit_test_setup_teardown(test_preset_root, setup, teardown),
        cmocka_unit_test_setup_teardown(test_options, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bad_checksum, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bad_lengths, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bad_entries, setup, teardown),
        cmocka_unit_test_setup_teardown(test_short_entries, setup, teardown),
        cmocka_unit_test_setup_teardown(test_too_many, setup, teardown),
        cmocka_unit_test_setup_teardown(test_noise, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
