/* SPDX-License-Identifier: GPL-2.0-only */
/* Reading what a Multiboot 2 loader handed over: a list of tags (Multiboot2 Specification 2.0,
 * section 3.6). */
#include <lib/math.h>
#include <lib/string.h>
#include <xen/boot.h>

#include "private.h"

enum {
    TAG_END,
    TAG_CMDLINE,
    TAG_LOADER,
    TAG_MODULE,
    TAG_MMAP = 6,
    TAG_EFI64 = 12,
    TAG_ACPI_OLD = 14,
    TAG_ACPI_NEW = 15
};

struct mb2_tag { uint32_t type, size; };
struct mb2_module { struct mb2_tag tag; uint32_t start, end; char cmdline[]; };
struct mb2_mmap { struct mb2_tag tag; uint32_t entry_size, entry_version; };
struct mb2_mmap_entry { uint64_t base, length; uint32_t type, reserved; };

struct mb2_efi64 { struct mb2_tag tag; uint64_t system_table; };

/* The way to ACPI's tables in UEFI's system table (UEFI Specification 2.10, sections 4.3, 4.6). */
struct efi_system_table { char unused[104]; uint64_t nr_tables, tables; };
struct efi_table { uint8_t guid[16]; uint64_t address; };

#define EFI_MAX_TABLES 128

static const uint8_t acpi2_guid[16] = {
    0x71, 0xe8, 0x68, 0x88, 0xf1, 0xe4, 0xd3, 0x11, 0xbc, 0x22, 0x00, 0x80, 0xc7, 0x3c, 0x88, 0x81
};

/* A tag's string may lack its terminator: copy no more than the tag holds. */
static void copy_string(char *to, size_t size, const char *from, size_t room)
{
    strlcpy(to, from, min(size, strnlen(from, room) + 1));
}

static void read_module(const struct mb2_module *m, struct boot_info *out)
{
    static char cmdline[BOOT_MAX_CMDLINE];
    if (m->tag.size < sizeof(*m))
        return;
    copy_string(cmdline, sizeof(cmdline), m->cmdline, m->tag.size - sizeof(*m));
    boot_add_module(out, m->start, m->end, cmdline);
}

static void read_memory_map(const struct mb2_mmap *map, struct boot_info *out)
{
    if (map->tag.size < sizeof(*map) || map->entry_size < sizeof(struct mb2_mmap_entry))
        return;
    for (uint32_t off = sizeof(*map); off + map->entry_size <= map->tag.size;
         off += map->entry_size) {
        const struct mb2_mmap_entry *e = (const void *)((const char *)map + off);
        boot_add_memory(out, e->base, e->length, e->type);
    }
}

/* The loader's copy of ACPI's root pointer would do for us. dom0 needs to know where the firmware
 * has it, in memory that is nobody's, since there is no BIOS area to search. */
static void read_efi(const struct mb2_efi64 *efi, struct boot_info *out)
{
    if (efi->tag.size < sizeof(*efi) || efi->system_table > UINT32_MAX)
        return;
    const struct efi_system_table *system = boot_phys((uint32_t)efi->system_table);
    if (system->nr_tables > EFI_MAX_TABLES || system->tables > UINT32_MAX)
        return;
    const struct efi_table *table = boot_phys((uint32_t)system->tables);
    for (uint64_t i = 0; i < system->nr_tables; i++)
        if (!memcmp(table[i].guid, acpi2_guid, sizeof(acpi2_guid)))
            out->efi_rsdp = table[i].address;
}

int multiboot2_parse(uint32_t info, struct boot_info *out)
{
    const uint32_t *head = boot_phys(info);
    uint32_t total = head[0];

    out->protocol = "Multiboot 2";
    for (uint32_t off = 8; off + sizeof(struct mb2_tag) <= total; ) {
        const struct mb2_tag *tag = boot_phys(info + off);
        if (tag->type == TAG_END || tag->size < sizeof(*tag) || tag->size > total - off)
            break;
        const char *text = (const char *)(tag + 1);
        size_t room = tag->size - sizeof(*tag);
        switch (tag->type) {
        case TAG_CMDLINE: copy_string(out->cmdline, sizeof(out->cmdline), text, room); break;
        case TAG_LOADER:  copy_string(out->loader, sizeof(out->loader), text, room); break;
        case TAG_MODULE:  read_module((const void *)tag, out); break;
        case TAG_MMAP:    read_memory_map((const void *)tag, out); break;
        case TAG_EFI64:   read_efi((const void *)tag, out); break;
        case TAG_ACPI_OLD:
        case TAG_ACPI_NEW: out->rsdp = (uint64_t)info + off + sizeof(*tag); break;
        }
        off += round_up(tag->size, 8u);
    }
    if (out->efi_rsdp)
        out->rsdp = out->efi_rsdp;
    return out->nr_memory ? 0 : -EINVAL;
}
