/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a kernel tells Xen: ELF notes of the name "Xen", or older kernels' text in a section
 * __xen_guest.
 *
 * Reads only ranges that were found to lie inside the file.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xen/elfnote.h>
#include <xen/features.h>

#include "../private.h"

#define NOTE_HEADER 12

static const char *const feature_names[] = {
    [XENFEAT_writable_page_tables] = "writable_page_tables",
    [XENFEAT_writable_descriptor_tables] = "writable_descriptor_tables",
    [XENFEAT_auto_translated_physmap] = "auto_translated_physmap",
    [XENFEAT_supervisor_mode_kernel] = "supervisor_mode_kernel",
    [XENFEAT_pae_pgdir_above_4gb] = "pae_pgdir_above_4gb",
    [XENFEAT_mmu_pt_update_preserve_ad] = "mmu_pt_update_preserve_ad",
    [XENFEAT_highmem_assist] = "highmem_assist",
    [XENFEAT_gnttab_map_avail_bits] = "gnttab_map_avail_bits",
    [XENFEAT_hvm_callback_vector] = "hvm_callback_vector",
    [XENFEAT_hvm_safe_pvclock] = "hvm_safe_pvclock",
    [XENFEAT_hvm_pirqs] = "hvm_pirqs",
    [XENFEAT_dom0] = "dom0",
    [12] = "grant_map_identity",        /* gone from the header, not from kernels */
    [XENFEAT_memory_op_vnode_supported] = "memory_op_vnode_supported",
    [XENFEAT_ARM_SMCCC_supported] = "ARM_SMCCC_supported",
    [XENFEAT_linux_rsdp_unrestricted] = "linux_rsdp_unrestricted",
    [XENFEAT_not_direct_mapped] = "not_direct_mapped",
    [XENFEAT_direct_mapped] = "direct_mapped",
};

#define FEATURE_COUNT (sizeof(feature_names) / sizeof(feature_names[0]))

int guest_feature_number(const char *name, size_t len)
{
    for (unsigned int i = 0; i < FEATURE_COUNT; i++) {
        const char *known = feature_names[i];

        if (known && strlen(known) == len && !memcmp(known, name, len))
            return i;
    }
    return -ENOENT;
}

/* "a|b|!c" */
bool features_parse(const char *text, size_t len, uint64_t *supported, uint64_t *required)
{
    bool unknown = false;
    size_t from = 0;

    for (size_t i = 0; i <= len; i++) {
        if (i < len && text[i] != '|')
            continue;
        bool is_required = from < i && text[from] == '!';
        size_t name = from + is_required;
        int number = guest_feature_number(text + name, i - name);

        if (number >= 0) {
            *supported |= 1ull << number;
            *required |= is_required ? 1ull << number : 0;
        } else if (is_required) {
            unknown = true;
        }
        from = i + 1;
    }
    return unknown;
}

/* The last word counts: what stands before it is for hypervisors older than these notes. */
static enum guest_pae pae_mode(const char *text)
{
    const char *bimodal = strstr(text, "bimodal");

    if (bimodal && !bimodal[strlen("bimodal")])
        return GUEST_PAE_BIMODAL;
    return strncmp(text, "yes", 3) ? GUEST_PAE_NO : GUEST_PAE_YES;
}

static void take_features(struct guest_image_info *info, const char *text, size_t len)
{
    snprintf(info->features, sizeof(info->features), "%.*s", (int)len, text);
    info->requires_unknown |= features_parse(text, len, &info->supported_features,
                                             &info->required_features);
}

static void copy_text(char *to, size_t size, const char *text, size_t len)
{
    snprintf(to, size, "%.*s", (int)min_u64(len, size), text);
}

/* True if the note is one of text. */
static bool take_text(struct guest_image_info *info, uint32_t type, const char *text, size_t len)
{
    char pae[32];

    switch (type) {
    case XEN_ELFNOTE_GUEST_OS:
        copy_text(info->guest_os, sizeof(info->guest_os), text, len);
        return true;
    case XEN_ELFNOTE_GUEST_VERSION:
        copy_text(info->guest_version, sizeof(info->guest_version), text, len);
        return true;
    case XEN_ELFNOTE_XEN_VERSION:
        copy_text(info->xen_version, sizeof(info->xen_version), text, len);
        return true;
    case XEN_ELFNOTE_LOADER:
        copy_text(info->loader, sizeof(info->loader), text, len);
        return true;
    case XEN_ELFNOTE_PAE_MODE:
        copy_text(pae, sizeof(pae), text, len);
        info->pae = pae_mode(pae);
        return true;
    case XEN_ELFNOTE_FEATURES:
        take_features(info, text, len);
        return true;
    default:
        return false;
    }
}

/* True if the note is a number. */
static bool take_number(struct guest_image_info *info, uint32_t type, uint64_t value)
{
    switch (type) {
    case XEN_ELFNOTE_ENTRY: info->entry = value; return true;
    case XEN_ELFNOTE_HYPERCALL_PAGE: info->hypercall_page = value; return true;
    case XEN_ELFNOTE_VIRT_BASE: info->virt_base = value; return true;
    case XEN_ELFNOTE_PADDR_OFFSET: info->paddr_offset = value; return true;
    case XEN_ELFNOTE_HV_START_LOW: info->hv_start_low = value; return true;
    case XEN_ELFNOTE_SUSPEND_CANCEL: info->suspend_cancel = value; return true;
    case XEN_ELFNOTE_INIT_P2M: info->init_p2m = value; return true;
    case XEN_ELFNOTE_MOD_START_PFN: info->mod_start_pfn = value; return true;
    case XEN_ELFNOTE_PHYS32_ENTRY: info->phys32_entry = value; return true;
    case XEN_ELFNOTE_SUPPORTED_FEATURES: info->supported_features |= value; return true;
    default: return false;
    }
}

static int take_note(struct guest_image_info *info, uint32_t type, const uint8_t *value, size_t len)
{
    const char *text = (const char *)value;
    struct guest_image_info unused;

    if (type > XEN_ELFNOTE_MAX)
        return 0;               /* newer than this, or free text: not for us */
    if (take_text(info, type, text, strnlen(text, len))) {
        info->present |= 1u << type;
        return 0;
    }
    if (len != 4 && len != 8)
        return take_number(&unused, type, 0) ? -EINVAL : 0;
    if (take_number(info, type, read_le(value, len)))
        info->present |= 1u << type;
    return 0;
}

/*
 * Walks one run of notes: header, name and value, the latter two padded to 4 bytes. A length that
 * leaves the run ends it: Debian's 32-bit GRUB for Xen has its last note cut.
 */
static int walk(struct guest_image_info *info, const uint8_t *p, uint64_t size, bool *found)
{
    while (size >= NOTE_HEADER) {
        uint64_t name_len = read_le(p, 4), len = read_le(p + 4, 4);
        uint64_t at = NOTE_HEADER + round_up(name_len, 4);

        if (at > size || len > size - at)
            return 0;
        if (name_len == 4 && !memcmp(p + NOTE_HEADER, "Xen", 4)) {
            int rc = take_note(info, read_le(p + 8, 4), p + at, len);

            if (rc)
                return rc;
            *found = true;
        }
        uint64_t step = min_u64(size, at + round_up(len, 4));

        p += step;
        size -= step;
    }
    return 0;
}

static int walk_segments(struct guest_image *image, bool *found)
{
    int rc = 0;

    for (unsigned int i = 0; i < image->program_count && !rc; i++) {
        struct image_segment s;

        elf_segment(image, i, &s);
        if (s.type == SEGMENT_NOTE)
            rc = walk(&image->info, (const uint8_t *)image->data + s.offset, s.file_size, found);
    }
    return rc;
}

static int walk_sections(struct guest_image *image, bool *found)
{
    int rc = 0;

    for (unsigned int i = 0; i < image->section_count && !rc; i++) {
        struct image_section s;

        if (elf_section(image, i, &s) && s.type == SECTION_NOTE)
            rc = walk(&image->info, (const uint8_t *)image->data + s.offset, s.size, found);
    }
    return rc;
}

/* ---- the older text: "KEY=VALUE,KEY=VALUE" ---- */

static const struct {
    const char *key;
    unsigned int note;
} legacy_keys[] = {
    { "GUEST_OS", XEN_ELFNOTE_GUEST_OS },
    { "GUEST_VER", XEN_ELFNOTE_GUEST_VERSION },
    { "XEN_VER", XEN_ELFNOTE_XEN_VERSION },
    { "LOADER", XEN_ELFNOTE_LOADER },
    { "PAE", XEN_ELFNOTE_PAE_MODE },
    { "FEATURES", XEN_ELFNOTE_FEATURES },
    { "VIRT_ENTRY", XEN_ELFNOTE_ENTRY },
    { "VIRT_BASE", XEN_ELFNOTE_VIRT_BASE },
    { "ELF_PADDR_OFFSET", XEN_ELFNOTE_PADDR_OFFSET },
    { "HYPERCALL_PAGE", XEN_ELFNOTE_HYPERCALL_PAGE },
    { "HV_START_LOW", XEN_ELFNOTE_HV_START_LOW },
};

static void take_legacy(struct guest_image_info *info, const char *key, const char *value)
{
    for (unsigned int i = 0; i < sizeof(legacy_keys) / sizeof(legacy_keys[0]); i++) {
        unsigned int note = legacy_keys[i].note;

        if (strcmp(key, legacy_keys[i].key))
            continue;
        info->present |= 1u << note;
        if (!take_text(info, note, value, strlen(value)))
            take_number(info, note, strtoull(value, NULL, 0));
    }
}

/* text is ours to change. */
static void read_legacy(struct guest_image_info *info, char *text)
{
    char *rest = NULL;

    for (char *item = strtok_r(text, ",", &rest); item; item = strtok_r(NULL, ",", &rest)) {
        char *equals = strchr(item, '=');

        if (equals)
            *equals = '\0';
        take_legacy(info, item, equals ? equals + 1 : "");
    }
    /* Where the text differs from the notes that took its place. */
    if (has_note(info, XEN_ELFNOTE_HYPERCALL_PAGE))
        info->hypercall_page = info->virt_base + (info->hypercall_page << PAGE_SHIFT);
    if (!has_note(info, XEN_ELFNOTE_PADDR_OFFSET)) {
        info->paddr_offset = info->virt_base;
        info->present |= 1u << XEN_ELFNOTE_PADDR_OFFSET;
    }
}

static int find_legacy(struct guest_image *image)
{
    struct image_section s;

    for (unsigned int i = 0; i < image->section_count; i++) {
        if (!elf_section(image, i, &s) || strcmp(s.name, "__xen_guest"))
            continue;
        char *text = strndup((const char *)image->data + s.offset, s.size);

        if (!text)
            return -ENOMEM;
        read_legacy(&image->info, text);
        free(text);
        return image->info.present ? 0 : -ENOENT;
    }
    return -ENOENT;
}

int notes_read(struct guest_image *image)
{
    bool found = false;
    int rc = walk_segments(image, &found);

    if (!rc && !found)
        rc = walk_sections(image, &found);
    if (rc || found)
        return rc;
    return find_legacy(image);
}
