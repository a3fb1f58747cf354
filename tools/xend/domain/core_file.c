/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The file of a domain's core: an ELF core without program headers, whose sections are described
 * in Xen's dump-core-format.txt, version 0.1.
 *
 *     header | section headers | .note.Xen | .xen_prstatus | .xen_shared_info | .shstrtab |
 *     .xen_p2m (or .xen_pfn) | at the next page: .xen_pages
 *
 * All sizes are known before anything is written, so it is written from front to end, to any file.
 */
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <base/alloc.h>
#include <base/buffer.h>
#include <xen/elfnote.h>

#include "domain/core_file.h"

#define MAGIC_PV 0xf00febed
#define MAGIC_HVM 0xf00febee
#define FORMAT_VERSION 1        /* 0.1 */
#define SECTIONS 7              /* with the empty first one */

struct writer {
    int fd;
    uint64_t at;
    int rc;
};

static void put(struct writer *w, const void *bytes, size_t size)
{
    const char *p = bytes;

    while (size && !w->rc) {
        ssize_t n = write(w->fd, p, size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            w->rc = n ? -errno : -EIO;
            return;
        }
        p += n;
        size -= n;
        w->at += n;
    }
}

static void pad_to(struct writer *w, uint64_t offset)
{
    static const char zero[CORE_PAGE_SIZE];

    while (w->at < offset && !w->rc)
        put(w, zero, offset - w->at < sizeof(zero) ? offset - w->at : sizeof(zero));
}

/* ---- notes ---- */

static void add_note(struct buffer *out, uint32_t type, const void *bytes, size_t size)
{
    Elf64_Nhdr note = { .n_namesz = 4, .n_descsz = size, .n_type = type };

    buffer_append(out, &note, sizeof(note));
    buffer_append(out, "Xen", 4);
    buffer_append(out, bytes, size);
}

static void add_notes(struct buffer *out, const struct core *c)
{
    uint64_t header[4] = {
        c->is_hvm ? MAGIC_HVM : MAGIC_PV, c->vcpus, c->page_count, CORE_PAGE_SIZE,
    };
    uint64_t version = FORMAT_VERSION;

    add_note(out, XEN_ELFNOTE_DUMPCORE_NONE, NULL, 0);
    add_note(out, XEN_ELFNOTE_DUMPCORE_HEADER, header, sizeof(header));
    add_note(out, XEN_ELFNOTE_DUMPCORE_XEN_VERSION, &c->version, sizeof(c->version));
    add_note(out, XEN_ELFNOTE_DUMPCORE_FORMAT_VERSION, &version, sizeof(version));
}

/* ---- sections ---- */

struct plan {
    Elf64_Shdr section[SECTIONS];
    unsigned int count;
    struct buffer names;
    uint64_t end;
};

static void plan_section(struct plan *p, const char *name, uint32_t type, uint64_t size,
                         uint64_t entry, uint64_t align)
{
    Elf64_Shdr *s = &p->section[p->count++];

    p->end = (p->end + align - 1) / align * align;
    *s = (Elf64_Shdr){
        .sh_name = p->names.len, .sh_type = type, .sh_offset = p->end, .sh_size = size,
        .sh_addralign = align, .sh_entsize = entry,
    };
    buffer_append(&p->names, name, strlen(name) + 1);
    p->end += size;
}

/* Returns the index of the section of names. */
static unsigned int make_plan(struct plan *p, const struct core *c, uint64_t notes)
{
    static const char strings[] = "\0.note.Xen\0.xen_prstatus\0.xen_shared_info\0.shstrtab\0"
                                  ".xen_p2m\0.xen_pages";
    unsigned int of_names;

    buffer_putc(&p->names, '\0');
    p->count = 1;
    p->end = sizeof(Elf64_Ehdr) + SECTIONS * sizeof(Elf64_Shdr);
    plan_section(p, ".note.Xen", SHT_NOTE, notes, 0, 8);
    plan_section(p, ".xen_prstatus", SHT_PROGBITS, c->vcpus * c->context_size, c->context_size, 8);
    plan_section(p, ".xen_shared_info", SHT_PROGBITS, c->shared_info ? CORE_PAGE_SIZE : 0,
                 CORE_PAGE_SIZE, 8);
    of_names = p->count;
    plan_section(p, ".shstrtab", SHT_STRTAB, sizeof(strings), 0, 1);
    if (c->is_hvm)
        plan_section(p, ".xen_pfn", SHT_PROGBITS, c->page_count * 8, 8, 8);
    else
        plan_section(p, ".xen_p2m", SHT_PROGBITS, c->page_count * 16, 16, 8);
    plan_section(p, ".xen_pages", SHT_PROGBITS, c->page_count * CORE_PAGE_SIZE, CORE_PAGE_SIZE,
                 CORE_PAGE_SIZE);
    return of_names;
}

static void put_header(struct writer *w, const struct core *c, unsigned int of_names)
{
    Elf64_Ehdr h = {
        .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT,
                     ELFOSABI_SYSV },
        .e_type = ET_CORE, .e_machine = c->is_32bit ? EM_386 : EM_X86_64, .e_version = EV_CURRENT,
        .e_shoff = sizeof(h), .e_ehsize = sizeof(h), .e_shentsize = sizeof(Elf64_Shdr),
        .e_shnum = SECTIONS, .e_shstrndx = of_names,
    };

    put(w, &h, sizeof(h));
}

static void put_frames(struct writer *w, const struct core *c)
{
    for (uint64_t i = 0; i < c->page_count && !w->rc; i++) {
        if (c->is_hvm)
            put(w, &c->page[i].pfn, sizeof(c->page[i].pfn));
        else
            put(w, &c->page[i], sizeof(c->page[i]));
    }
}

int core_file_begin(int fd, const struct core *c)
{
    struct writer w = { .fd = fd };
    struct plan p = { .count = 0 };
    struct buffer notes = { 0 };

    add_notes(&notes, c);
    unsigned int of_names = make_plan(&p, c, notes.len);
    const Elf64_Shdr *s = p.section + 1;

    put_header(&w, c, of_names);
    put(&w, p.section, sizeof(p.section));
    pad_to(&w, s->sh_offset);
    put(&w, buffer_head(&notes), notes.len);
    pad_to(&w, (++s)->sh_offset);
    put(&w, c->context, c->vcpus * c->context_size);
    pad_to(&w, (++s)->sh_offset);
    if (c->shared_info)
        put(&w, c->shared_info, CORE_PAGE_SIZE);
    pad_to(&w, (++s)->sh_offset);
    put(&w, buffer_head(&p.names), p.names.len);
    pad_to(&w, (++s)->sh_offset);
    put_frames(&w, c);
    pad_to(&w, (++s)->sh_offset);
    buffer_free(&notes);
    buffer_free(&p.names);
    return w.rc;
}

int core_file_add(int fd, const void *pages, uint64_t count)
{
    struct writer w = { .fd = fd };

    put(&w, pages, count * CORE_PAGE_SIZE);
    return w.rc;
}
