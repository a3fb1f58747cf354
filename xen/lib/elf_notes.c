/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a kernel image tells Xen: ELF notes named "Xen", or the older text in section __xen_guest.
 *
 * Reads only ranges that elf_open() or elf_section() found to lie inside the file.
 */
#include <lib/elf.h>

#include <lib/errno.h>
#include <lib/math.h>
#include <lib/parse.h>
#include <lib/string.h>

enum { SECTION_NOTE = 7, NOTE_HEADER = 12 };

/* A run of bytes that is not terminated. */
struct text {
    const char *start;
    size_t len;
};

static bool text_is(struct text t, const char *word)
{
    return t.len == strlen(word) && memcmp(t.start, word, t.len) == 0;
}

static void text_copy(char *to, size_t size, struct text from)
{
    size_t n = min(from.len, size - 1);
    memcpy(to, from.start, n);
    to[n] = '\0';
}

#define TEXT_COPY(array, from) text_copy(array, sizeof(array), from)

static void mark(struct elf_notes *notes, enum elf_note note)
{
    notes->present |= 1u << note;
}

/* Names of XENFEAT_ bits, as the features text spells them. */
static const char *const feature_names[] = {
    [0] = "writable_page_tables",
    [1] = "writable_descriptor_tables",
    [2] = "auto_translated_physmap",
    [3] = "supervisor_mode_kernel",
    [4] = "pae_pgdir_above_4gb",
    [5] = "mmu_pt_update_preserve_ad",
    [6] = "highmem_assist",
    [7] = "gnttab_map_avail_bits",
    [8] = "hvm_callback_vector",
    [9] = "hvm_safe_pvclock",
    [10] = "hvm_pirqs",
    [11] = "dom0",
    [12] = "grant_map_identity",
    [13] = "memory_op_vnode_supported",
    [14] = "ARM_SMCCC_supported",
    [15] = "linux_rsdp_unrestricted",
    [16] = "not_direct_mapped",
    [17] = "direct_mapped",
};

static int feature_number(struct text name)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(feature_names); i++) {
        if (feature_names[i] != NULL && text_is(name, feature_names[i]))
            return (int)i;
    }
    return -ENOENT;
}

static void take_feature(struct elf_notes *notes, struct text name)
{
    bool is_required = name.len > 0 && name.start[0] == '!';

    if (is_required) {
        name.start++;
        name.len--;
    }
    if (name.len == 0)
        return;
    int number = feature_number(name);
    if (number < 0) {
        notes->requires_unknown |= is_required;
        return;
    }
    notes->supported_features |= 1ull << number;
    if (is_required)
        notes->required_features |= 1ull << number;
}

/* "a|b|!c" */
static void take_features(struct elf_notes *notes, struct text list)
{
    size_t from = 0;

    for (size_t i = 0; i <= list.len; i++) {
        if (i == list.len || list.start[i] == '|') {
            take_feature(notes, (struct text){ list.start + from, i - from });
            from = i + 1;
        }
    }
}

/*
 * "yes", "no", "bimodal", and with a bracket or a second word what older hypervisors wanted to
 * see.
 */
static enum elf_pae_mode pae_mode(struct text value)
{
    static const char bimodal[] = "bimodal";
    size_t n = sizeof(bimodal) - 1;

    if (value.len >= n && memcmp(value.start + value.len - n, bimodal, n) == 0)
        return ELF_PAE_BIMODAL;
    return value.len >= 3 && memcmp(value.start, "yes", 3) == 0 ? ELF_PAE_YES : ELF_PAE_NO;
}

static void take_text(struct elf_notes *notes, enum elf_note note, struct text value)
{
    mark(notes, note);
    switch (note) {
    case ELF_NOTE_GUEST_OS: TEXT_COPY(notes->guest_os, value); break;
    case ELF_NOTE_GUEST_VERSION: TEXT_COPY(notes->guest_version, value); break;
    case ELF_NOTE_XEN_VERSION: TEXT_COPY(notes->xen_version, value); break;
    case ELF_NOTE_LOADER: TEXT_COPY(notes->loader, value); break;
    case ELF_NOTE_PAE_MODE: notes->pae = pae_mode(value); break;
    case ELF_NOTE_BSD_SYMTAB: notes->bsd_symtab = text_is(value, "yes"); break;
    case ELF_NOTE_FEATURES:
        TEXT_COPY(notes->features, value);
        take_features(notes, value);
        break;
    default: break;
    }
}

static void take_number(struct elf_notes *notes, enum elf_note note, uint64_t value)
{
    mark(notes, note);
    switch (note) {
    case ELF_NOTE_ENTRY: notes->entry = value; break;
    case ELF_NOTE_HYPERCALL_PAGE: notes->hypercall_page = value; break;
    case ELF_NOTE_VIRT_BASE: notes->virt_base = value; break;
    case ELF_NOTE_PADDR_OFFSET: notes->paddr_offset = value; break;
    case ELF_NOTE_HV_START_LOW: notes->hv_start_low = value; break;
    case ELF_NOTE_SUSPEND_CANCEL: notes->suspend_cancel = value; break;
    case ELF_NOTE_INIT_P2M: notes->init_p2m = value; break;
    case ELF_NOTE_MOD_START_PFN: notes->mod_start_pfn = value; break;
    case ELF_NOTE_PHYS32_ENTRY: notes->phys32_entry = value; break;
    case ELF_NOTE_SUPPORTED_FEATURES: notes->supported_features |= value; break;
    default: break;
    }
}

static uint64_t read_number(const uint8_t *p, size_t bytes)
{
    uint64_t value = 0;

    for (size_t i = 0; i < bytes; i++)
        value |= (uint64_t)p[i] << (8 * i);
    return value;
}

/* Mask and value are of the size of the kernel's own page-table entries. */
static int take_l1_mfn_valid(struct elf_notes *notes, const uint8_t *desc, size_t len)
{
    size_t bytes = len % 16 == 0 ? 8 : 4;

    if (len < 2 * bytes || len % (2 * bytes) != 0)
        return -EINVAL;
    notes->l1_mfn_mask = read_number(desc, bytes);
    notes->l1_mfn_value = read_number(desc + bytes, bytes);
    mark(notes, ELF_NOTE_L1_MFN_VALID);
    return 0;
}

static int take_note(struct elf_notes *notes, uint32_t type, const uint8_t *desc, size_t len)
{
    switch (type) {
    case ELF_NOTE_XEN_VERSION:
    case ELF_NOTE_GUEST_OS:
    case ELF_NOTE_GUEST_VERSION:
    case ELF_NOTE_LOADER:
    case ELF_NOTE_PAE_MODE:
    case ELF_NOTE_FEATURES:
    case ELF_NOTE_BSD_SYMTAB: {
        const char *text = (const char *)desc;
        size_t n = strnlen(text, len);
        take_text(notes, (enum elf_note)type, (struct text){ text, n });
        return 0;
    }
    case ELF_NOTE_ENTRY:
    case ELF_NOTE_HYPERCALL_PAGE:
    case ELF_NOTE_VIRT_BASE:
    case ELF_NOTE_PADDR_OFFSET:
    case ELF_NOTE_HV_START_LOW:
    case ELF_NOTE_SUSPEND_CANCEL:
    case ELF_NOTE_INIT_P2M:
    case ELF_NOTE_MOD_START_PFN:
    case ELF_NOTE_SUPPORTED_FEATURES:
    case ELF_NOTE_PHYS32_ENTRY:
        if (len != 4 && len != 8)
            return -EINVAL;
        take_number(notes, (enum elf_note)type, read_number(desc, len));
        return 0;
    case ELF_NOTE_L1_MFN_VALID:
        return take_l1_mfn_valid(notes, desc, len);
    default:
        return 0;               /* a newer note, or free text: not for us */
    }
}

/*
 * Walks one run of notes: header, name and descriptor, each padded to 4 bytes. Other owners'
 * notes are passed over; a length that leaves the run ends it, which is an error only once
 * something of Xen's was seen in it.
 */
static int walk_notes(struct elf_notes *notes, const uint8_t *p, uint64_t size, bool *found)
{
    while (size >= NOTE_HEADER) {
        uint64_t name_len = read_number(p, 4);
        uint64_t desc_len = read_number(p + 4, 4);
        uint32_t type = (uint32_t)read_number(p + 8, 4);
        uint64_t desc_at = NOTE_HEADER + round_up(name_len, 4);

        if (desc_at > size || desc_len > size - desc_at)
            return *found ? -EINVAL : 0;
        if (name_len == 4 && memcmp(p + NOTE_HEADER, "Xen", 4) == 0) {
            *found = true;
            int rc = take_note(notes, type, p + desc_at, desc_len);
            if (rc != 0)
                return rc;
        }
        uint64_t step = min(size, desc_at + round_up(desc_len, 4));
        p += step;
        size -= step;
    }
    return 0;
}

static int notes_of_segments(const struct elf_image *elf, struct elf_notes *notes, bool *found)
{
    for (unsigned int i = 0; i < elf->phnum; i++) {
        struct elf_segment s;
        elf_segment(elf, i, &s);
        if (s.type != ELF_PT_NOTE)
            continue;
        int rc = walk_notes(notes, elf->data + s.offset, s.filesz, found);
        if (rc != 0)
            return rc;
    }
    return 0;
}

static int notes_of_sections(const struct elf_image *elf, struct elf_notes *notes, bool *found)
{
    for (unsigned int i = 0; i < elf->shnum; i++) {
        struct elf_section s;
        if (!elf_section(elf, i, &s) || s.type != SECTION_NOTE)
            continue;
        int rc = walk_notes(notes, elf->data + s.offset, s.size, found);
        if (rc != 0)
            return rc;
    }
    return 0;
}

/* Keys of the older text. Numbers are hexadecimal with 0x or decimal. */
static const struct {
    const char *key;
    enum elf_note note;
    bool is_number;
} legacy_keys[] = {
    { "GUEST_OS", ELF_NOTE_GUEST_OS, false },
    { "GUEST_VER", ELF_NOTE_GUEST_VERSION, false },
    { "XEN_VER", ELF_NOTE_XEN_VERSION, false },
    { "LOADER", ELF_NOTE_LOADER, false },
    { "PAE", ELF_NOTE_PAE_MODE, false },
    { "FEATURES", ELF_NOTE_FEATURES, false },
    { "VIRT_ENTRY", ELF_NOTE_ENTRY, true },
    { "VIRT_BASE", ELF_NOTE_VIRT_BASE, true },
    { "ELF_PADDR_OFFSET", ELF_NOTE_PADDR_OFFSET, true },
    { "HYPERCALL_PAGE", ELF_NOTE_HYPERCALL_PAGE, true },
    { "HV_START_LOW", ELF_NOTE_HV_START_LOW, true },
};

static int take_legacy(struct elf_notes *notes, struct text key, struct text value)
{
    if (text_is(key, "BSD_SYMTAB")) {
        mark(notes, ELF_NOTE_BSD_SYMTAB);
        notes->bsd_symtab = true;
        return 0;
    }
    for (unsigned int i = 0; i < ARRAY_SIZE(legacy_keys); i++) {
        if (!text_is(key, legacy_keys[i].key))
            continue;
        if (!legacy_keys[i].is_number) {
            take_text(notes, legacy_keys[i].note, value);
            return 0;
        }
        uint64_t number;
        if (parse_uint(value.start, value.len, &number) != 0)
            return -EINVAL;
        take_number(notes, legacy_keys[i].note, number);
        return 0;
    }
    return 0;
}

/* One "KEY=VALUE" or "KEY". */
static int take_legacy_item(struct elf_notes *notes, struct text item)
{
    const char *equals = memchr(item.start, '=', item.len);
    size_t key_len = equals != NULL ? (size_t)(equals - item.start) : item.len;
    size_t value_at = equals != NULL ? key_len + 1 : item.len;

    return take_legacy(notes, (struct text){ item.start, key_len },
                       (struct text){ item.start + value_at, item.len - value_at });
}

/* Where the old text differs from the notes that replaced it. */
static void finish_legacy(struct elf_notes *notes)
{
    notes->is_legacy = true;
    if (elf_has_note(notes, ELF_NOTE_HYPERCALL_PAGE))
        notes->hypercall_page = notes->virt_base + (notes->hypercall_page << 12);
    if (!elf_has_note(notes, ELF_NOTE_PADDR_OFFSET))
        take_number(notes, ELF_NOTE_PADDR_OFFSET, notes->virt_base);
}

static int read_legacy(struct elf_notes *notes, struct text all)
{
    size_t from = 0;

    all.len = strnlen(all.start, all.len);
    for (size_t i = 0; i <= all.len; i++) {
        if (i < all.len && all.start[i] != ',')
            continue;
        int rc = take_legacy_item(notes, (struct text){ all.start + from, i - from });
        if (rc != 0)
            return rc;
        from = i + 1;
    }
    finish_legacy(notes);
    return 0;
}

static int find_legacy(const struct elf_image *elf, struct elf_notes *notes)
{
    for (unsigned int i = 0; i < elf->shnum; i++) {
        struct elf_section s;
        if (elf_section(elf, i, &s) && s.size > 0 && strcmp(s.name, "__xen_guest") == 0)
            return read_legacy(notes, (struct text){ (const char *)elf->data + s.offset, s.size });
    }
    return -ENOENT;
}

int elf_read_notes(const struct elf_image *elf, struct elf_notes *notes)
{
    bool found = false;

    memset(notes, 0, sizeof(*notes));
    int rc = notes_of_segments(elf, notes, &found);
    if (rc == 0 && !found)
        rc = notes_of_sections(elf, notes, &found);
    if (rc != 0 || found)
        return rc;
    return find_legacy(elf, notes);
}
