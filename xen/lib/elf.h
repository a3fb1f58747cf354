/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reading ELF kernels, 64- and 32-bit, little-endian x86.
 *
 * elf_open() checks the headers and every program header once; what it accepted can be read
 * without leaving the file. The image's bytes are borrowed and must stay unchanged while the
 * structure is used.
 */
#ifndef LIB_ELF_H
#define LIB_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ELF_PT_LOAD     1
#define ELF_PT_NOTE     4

#define ELF_PF_X        1
#define ELF_PF_W        2
#define ELF_PF_R        4

struct elf_image {
    const uint8_t *data;
    size_t size;
    bool is_64;             /* class 64 and x86-64, else class 32 and i386 */
    uint64_t entry;
    uint64_t phoff;         /* program headers, all inside the file */
    unsigned int phnum;
    unsigned int phentsize;
    uint64_t shoff;         /* section headers; shnum is 0 where they are missing or damaged */
    unsigned int shnum;
    unsigned int shentsize;
    unsigned int shstrndx;
};

struct elf_segment {
    uint32_t type;
    uint32_t flags;
    uint64_t offset;        /* in the file */
    uint64_t vaddr;
    uint64_t paddr;
    uint64_t filesz;        /* <= memsz for PT_LOAD; the rest is to be zero */
    uint64_t memsz;
};

struct elf_section {
    const char *name;       /* "" where it cannot be read */
    uint32_t type;
    uint64_t addr;
    uint64_t offset;
    uint64_t size;
};

/* Half-open: [start, end). */
struct elf_span {
    uint64_t virt_start, virt_end;
    uint64_t phys_start, phys_end;
};

/* -ENOEXEC: not an ELF of ours. -EINVAL: one, but its headers contradict themselves or the size. */
int elf_open(struct elf_image *elf, const void *data, size_t size);

/* Segment i < phnum; cannot fail. */
void elf_segment(const struct elf_image *elf, unsigned int i, struct elf_segment *segment);

/* Section i < shnum. False if its bytes are not all in the file. */
bool elf_section(const struct elf_image *elf, unsigned int i, struct elf_section *section);

/* What the PT_LOAD segments cover together. -ENOEXEC if there is nothing to load. */
int elf_load_span(const struct elf_image *elf, struct elf_span *span);

/*
 * Calls place() for each PT_LOAD segment of non-zero size; 'bytes' are its filesz bytes. Stops at
 * the first non-zero result and returns it.
 */
int elf_load(const struct elf_image *elf,
             int (*place)(void *context, const struct elf_segment *segment, const void *bytes),
             void *context);

/* What a kernel says of itself to Xen. Numbers are the ABI's note types. */
enum elf_note {
    ELF_NOTE_INFO = 0,
    ELF_NOTE_ENTRY = 1,
    ELF_NOTE_HYPERCALL_PAGE = 2,
    ELF_NOTE_VIRT_BASE = 3,
    ELF_NOTE_PADDR_OFFSET = 4,
    ELF_NOTE_XEN_VERSION = 5,
    ELF_NOTE_GUEST_OS = 6,
    ELF_NOTE_GUEST_VERSION = 7,
    ELF_NOTE_LOADER = 8,
    ELF_NOTE_PAE_MODE = 9,
    ELF_NOTE_FEATURES = 10,
    ELF_NOTE_BSD_SYMTAB = 11,
    ELF_NOTE_HV_START_LOW = 12,
    ELF_NOTE_L1_MFN_VALID = 13,
    ELF_NOTE_SUSPEND_CANCEL = 14,
    ELF_NOTE_INIT_P2M = 15,
    ELF_NOTE_MOD_START_PFN = 16,
    ELF_NOTE_SUPPORTED_FEATURES = 17,
    ELF_NOTE_PHYS32_ENTRY = 18,
    ELF_NOTE_COUNT
};

enum elf_pae_mode { ELF_PAE_NO, ELF_PAE_YES, ELF_PAE_BIMODAL };

struct elf_notes {
    uint32_t present;               /* bit per enum elf_note: what was found */
    bool is_legacy;                 /* from a __xen_guest section, not from notes */

    char guest_os[32];              /* texts are copies, cut to fit, "" where absent */
    char guest_version[32];
    char xen_version[32];
    char loader[32];
    char features[512];
    enum elf_pae_mode pae;
    bool bsd_symtab;

    uint64_t entry;                 /* numbers are 0 where absent; see 'present' */
    uint64_t hypercall_page;        /* virtual address, also for legacy images */
    uint64_t virt_base;
    uint64_t paddr_offset;
    uint64_t hv_start_low;
    uint64_t l1_mfn_mask;           /* the first pair of L1_MFN_VALID */
    uint64_t l1_mfn_value;
    uint64_t suspend_cancel;
    uint64_t init_p2m;
    uint64_t mod_start_pfn;
    uint64_t phys32_entry;

    uint64_t supported_features;    /* bit per XENFEAT_: the number's set joined with the text's */
    uint64_t required_features;     /* those with '!' in the text */
    bool requires_unknown;          /* a '!' feature whose name is not known here */
};

static inline bool elf_has_note(const struct elf_notes *notes, enum elf_note note)
{
    return (notes->present >> note) & 1;
}

/*
 * Notes of PT_NOTE segments, or if they hold none for Xen of SHT_NOTE sections, or if those hold
 * none either the older __xen_guest text. -ENOENT: nothing for Xen. -EINVAL: a note is damaged.
 */
int elf_read_notes(const struct elf_image *elf, struct elf_notes *notes);

#endif
