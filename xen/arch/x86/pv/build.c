/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Making dom0: a PV kernel image, its memory, its first page tables and its start_info.
 *
 * The first mapping runs, from the kernel's VIRT_BASE up: kernel | initrd (unless the kernel takes
 * it unmapped) | p2m list (unless it names another place) | start_info | page tables | boot stack |
 * at least 512 KiB, to a 4 MiB boundary.  Pseudo-physical frames are numbered in the same order;
 * what is not mapped follows.  The page tables are plain pages until the end, when loading them
 * makes the ordinary machinery validate them, like any guest's.
 */
#include <asm/regs.h>
#include <lib/elf.h>
#include <lib/math.h>
#include <lib/string.h>
#include <public/elfnote.h>
#include <public/features.h>
#include <xen/arch.h>
#include <xen/assert.h>
#include <xen/boot.h>
#include <xen/console.h>
#include <xen/heap.h>
#include <xen/printk.h>

#include "private.h"

void hypercall_page_fill(void *page)
{
    uint8_t *p = page;

    memset(p, 0xcc, PAGE_SIZE);
    for (unsigned int nr = 0; nr < PAGE_SIZE / 32; nr++, p += 32) {
        /* push rcx; push r11; mov $nr, eax; syscall; pop r11; pop rcx; ret */
        static const uint8_t call[] = { 0x51, 0x41, 0x53, 0xb8, 0,    0,    0,
                                        0,    0x0f, 0x05, 0x41, 0x5b, 0x59, 0xc3 };
        /* iret never returns, and its frame begins with rax. */
        static const uint8_t iret[] = { 0x51, 0x41, 0x53, 0x50, 0xb8, 0, 0, 0, 0, 0x0f, 0x05 };
        if (nr == __HYPERVISOR_iret) {
            memcpy(p, iret, sizeof(iret));
            p[5] = (uint8_t)nr;
        } else {
            memcpy(p, call, sizeof(call));
            p[4] = (uint8_t)nr;
        }
    }
}

struct layout {
    uint64_t virt_base, load_offset;            /* load address 0 of the image is at virt_base */
    uint64_t kernel_end;                        /* virtual addresses, all page-aligned */
    uint64_t initrd, initrd_pages;
    uint64_t p2m, p2m_pages;
    uint64_t start_info, tables, stack, end;
    uint64_t table_pages;
    uint64_t mapped_pages;                      /* virt_base..end */
    uint64_t initrd_pfn;
    uint64_t p2m_pfn, p2m_table_pages;          /* when it has a place of its own */
    bool initrd_unmapped, p2m_elsewhere;
};

struct builder {
    struct domain *d;
    const struct pv_image *image;
    struct elf_image elf;
    struct elf_notes notes;
    struct layout l;
    uint64_t nr_pages;
    uint64_t *p2m;                              /* ours while building; copied at the end */
};

static uint64_t pages(uint64_t bytes) { return (bytes + PAGE_SIZE - 1) >> PAGE_SHIFT; }

/* L1, L2, L3 tables that a range needs. */
static uint64_t tables_for(uint64_t start, uint64_t end)
{
    uint64_t n = 0;
    for (unsigned int level = 1; level <= 3; level++) {
        unsigned int shift = PAGE_SHIFT + 9 * level;
        n += ((end - 1) >> shift) - (start >> shift) + 1;
    }
    return n;
}

static int plan(struct builder *b)
{
    struct layout *l = &b->l;
    struct elf_span span;
    int rc = elf_load_span(&b->elf, &span);
    if (rc)
        return rc;

    l->virt_base = elf_has_note(&b->notes, ELF_NOTE_VIRT_BASE) ? b->notes.virt_base : 0;
    l->initrd_unmapped = elf_has_note(&b->notes, ELF_NOTE_MOD_START_PFN) && b->notes.mod_start_pfn;
    l->p2m_elsewhere = elf_has_note(&b->notes, ELF_NOTE_INIT_P2M);
    /* Physical addresses say where things load: virtual ones may lie (Linux links its per-CPU data
     * at 0). */
    l->load_offset = elf_has_note(&b->notes, ELF_NOTE_PADDR_OFFSET) ? b->notes.paddr_offset : 0;
    uint64_t size = span.phys_end - l->load_offset;
    if (size > b->nr_pages << PAGE_SHIFT) {
        log_error("dom0: %lu MiB is too little: its kernel fills %lx..%lx\n", b->nr_pages >> 8,
                  span.phys_start, span.phys_end);
        return -ENOMEM;
    }
    if ((l->virt_base & (PAGE_SIZE - 1)) || span.phys_start < l->load_offset ||
        !pv_address_ok(l->virt_base) || !pv_address_ok(l->virt_base + size) ||
        l->virt_base + size < size) {
        log_error("dom0: its kernel wants to be at %lx..%lx, base %lx: not possible with %lu MiB\n",
                  span.phys_start, span.phys_end, l->virt_base, b->nr_pages >> 8);
        return -EINVAL;
    }
    l->initrd_pages = pages(b->image->initrd_size);
    l->p2m_pages = pages(b->nr_pages * sizeof(uint64_t));

    l->kernel_end = round_up(l->virt_base + size, PAGE_SIZE);
    l->initrd = l->kernel_end;
    l->p2m = l->initrd + (l->initrd_unmapped ? 0 : l->initrd_pages << PAGE_SHIFT);
    l->start_info = l->p2m + (l->p2m_elsewhere ? 0 : l->p2m_pages << PAGE_SHIFT);
    l->tables = l->start_info + PAGE_SIZE;
    for (l->table_pages = 4; ; l->table_pages++) {
        l->stack = l->tables + (l->table_pages << PAGE_SHIFT);
        l->end = round_up(l->stack + PAGE_SIZE + (512UL << 10), 4UL << 20);
        if (tables_for(l->virt_base, l->end) + 1 <= l->table_pages)
            break;
    }
    l->mapped_pages = (l->end - l->virt_base) >> PAGE_SHIFT;

    uint64_t next = l->mapped_pages;
    l->initrd_pfn = l->initrd_unmapped ? next : (l->initrd - l->virt_base) >> PAGE_SHIFT;
    if (l->initrd_unmapped)
        next += l->initrd_pages;
    l->p2m_pfn = next;
    if (l->p2m_elsewhere) {
        if (b->notes.init_p2m & ((1UL << 39) - 1) || b->notes.init_p2m >> 47 ||
            l->p2m_pages > 1UL << 27 ||
            pt_index(b->notes.init_p2m, 4) == pt_index(l->virt_base, 4)) {
            log_error("dom0: its kernel wants the p2m list at %lx: not possible\n",
                      b->notes.init_p2m);
            return -EINVAL;
        }
        l->p2m = b->notes.init_p2m;
        l->p2m_table_pages = tables_for(l->p2m, l->p2m + (l->p2m_pages << PAGE_SHIFT));
        next += l->p2m_pages + l->p2m_table_pages;
    }
    if (next > b->nr_pages) {
        log_error("dom0: needs at least %lu MiB for its kernel, initrd and tables, but dom0_mem "
                  "gives it %lu MiB\n",
                  (next >> 8) + 1, b->nr_pages >> 8);
        return -ENOMEM;
    }
    return 0;
}

/* All of dom0's memory, in as large pieces as there are: what it maps at first wants to be together
 * for DMA. */
static int allocate(struct builder *b)
{
    uint64_t done = 0;
    unsigned int order = 18;

    b->p2m = alloc_pages(ilog2_up(pages(b->nr_pages * 8)), HEAP_ANY);
    if (!b->p2m)
        return -ENOMEM;
    while (done < b->nr_pages) {
        while (order && (1UL << order) > b->nr_pages - done)
            order--;
        struct frame *f = domain_alloc_frame(b->d, order, HEAP_ANY);
        if (!f) {
            if (!order)
                return -ENOMEM;
            order--;
            continue;
        }
        for (uint64_t i = 0; i < 1UL << order; i++) {
            mfn_t mfn = mfn_add(frame_to_mfn(f), i);
            b->p2m[done + i] = mfn.m;
            arch_set_m2p(mfn, done + i);
        }
        done += 1UL << order;
    }
    return 0;
}

static void *pfn_to_virt(const struct builder *b, uint64_t pfn)
{
    return mfn_to_virt(mfn_of(b->p2m[pfn]));
}
static uint64_t va_to_pfn(const struct builder *b, uint64_t va)
{
    return (va - b->l.virt_base) >> PAGE_SHIFT;
}

/* Frames need not be contiguous, so copies go page by page.  from NULL: zeroes. */
static void copy_in(const struct builder *b, uint64_t byte, const void *from, uint64_t n)
{
    while (n) {
        uint64_t off = byte & (PAGE_SIZE - 1), part = min(n, PAGE_SIZE - off);
        char *to = (char *)pfn_to_virt(b, byte >> PAGE_SHIFT) + off;
        if (from) {
            memcpy(to, from, part);
            from = (const char *)from + part;
        } else {
            memset(to, 0, part);
        }
        byte += part;
        n -= part;
    }
}

static int place_segment(void *context, const struct elf_segment *s, const void *bytes)
{
    struct builder *b = context;
    uint64_t at = s->paddr - b->l.load_offset;

    copy_in(b, at, bytes, s->filesz);
    copy_in(b, at + s->filesz, NULL, s->memsz - s->filesz);
    return 0;
}

/* A table being filled: pages are taken from a run of pfns. */
struct table_run { uint64_t next_pfn, end_pfn; };

static pte_t *descend(const struct builder *b, pte_t *t, unsigned int index, struct table_run *run)
{
    if (!(t[index] & PTE_PRESENT)) {
        check(run->next_pfn < run->end_pfn);
        uint64_t pfn = run->next_pfn++;
        memset(pfn_to_virt(b, pfn), 0, PAGE_SIZE);
        t[index] = pte_make(mfn_of(b->p2m[pfn]), PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_ACCESSED);
    }
    return mfn_to_virt(pte_mfn(t[index]));
}

static void map_range(const struct builder *b, pte_t *l4, struct table_run *run, uint64_t va,
                      uint64_t pfn, uint64_t n, uint64_t ro_start, uint64_t ro_end)
{
    for (; n--; va += PAGE_SIZE, pfn++) {
        pte_t *l3 = descend(b, l4, pt_index(va, 4), run);
        pte_t *l2 = descend(b, l3, pt_index(va, 3), run);
        pte_t *l1 = descend(b, l2, pt_index(va, 2), run);
        uint64_t rw = pfn >= ro_start && pfn < ro_end ? 0 : PTE_WRITE | PTE_DIRTY;
        l1[pt_index(va, 1)] =
            pte_make(mfn_of(b->p2m[pfn]), PTE_PRESENT | PTE_USER | PTE_ACCESSED | rw);
    }
}

/* Returns the L4's mfn. */
static mfn_t build_tables(const struct builder *b)
{
    const struct layout *l = &b->l;
    uint64_t first = va_to_pfn(b, l->tables);
    struct table_run run = { first + 1, first + l->table_pages };
    pte_t *l4 = pfn_to_virt(b, first);

    for (uint64_t i = 0; i < l->table_pages; i++)
        memset(pfn_to_virt(b, first + i), 0, PAGE_SIZE);
    map_range(b, l4, &run, l->virt_base, 0, l->mapped_pages, first, first + l->table_pages);
    if (l->p2m_elsewhere) {
        uint64_t tables = l->p2m_pfn + l->p2m_pages;
        struct table_run p2m_run = { tables, tables + l->p2m_table_pages };
        map_range(b, l4, &p2m_run, l->p2m, l->p2m_pfn, l->p2m_pages, 0, 0);
    }
    return mfn_of(b->p2m[first]);
}

/* UEFI leaves no text screen behind. A frame buffer without an address makes Linux wait for the
 * card's driver, instead of writing to VGA's memory, which is slow and shown nowhere. */
static void describe_screen(struct dom0_vga_console_info *vga)
{
    if (boot_info.efi_rsdp) {
        vga->video_type = XEN_VGATYPE_EFI_LFB;
        return;
    }
    struct vga_screen screen;
    console_screen(&screen);
    vga->video_type = XEN_VGATYPE_TEXT_MODE_3;
    vga->u.text_mode_3.font_height = (uint16_t)screen.font_height;
    vga->u.text_mode_3.rows = (uint16_t)screen.rows;
    vga->u.text_mode_3.columns = 80;
}

static void fill_start_info(const struct builder *b)
{
    const struct layout *l = &b->l;
    struct start_info *si = pfn_to_virt(b, va_to_pfn(b, l->start_info));

    memset(si, 0, PAGE_SIZE);
    strlcpy(si->magic, "xen-3.0-x86_64", sizeof(si->magic));
    si->nr_pages = b->nr_pages;
    si->shared_info = virt_to_maddr(b->d->shared_info).a;
    si->flags = SIF_PRIVILEGED | SIF_INITDOMAIN;
    si->pt_base = l->tables;
    si->nr_pt_frames = l->table_pages;
    si->mfn_list = l->p2m;
    if (l->p2m_elsewhere) {
        si->first_p2m_pfn = l->p2m_pfn;
        si->nr_p2m_frames = l->p2m_pages + l->p2m_table_pages;
    }
    if (l->initrd_pages) {
        si->mod_start = l->initrd_unmapped ? l->initrd_pfn : l->initrd;
        si->mod_len = b->image->initrd_size;
        if (l->initrd_unmapped)
            si->flags |= SIF_MOD_START_PFN;
    }
    strlcpy((char *)si->cmd_line, b->image->cmdline, sizeof(si->cmd_line));

    struct dom0_vga_console_info *vga = (struct dom0_vga_console_info *)(si + 1);
    si->console.dom0.info_off = sizeof(*si);
    si->console.dom0.info_size = sizeof(*vga);
    describe_screen(vga);
}

static int start_vcpu(const struct builder *b, mfn_t l4)
{
    struct vcpu *v = b->d->vcpu[0];
    struct vcpu_guest_context *c = pool_zalloc(sizeof(*c));

    if (!c)
        return -ENOMEM;
    c->flags = VGCF_in_kernel | VGCF_online;
    c->user_regs.rip = b->notes.entry;
    c->user_regs.rsp = b->l.stack + PAGE_SIZE;
    c->user_regs.rsi = b->l.start_info;
    c->user_regs.cs = FLAT_KERNEL_CS;
    c->user_regs.ss = FLAT_KERNEL_SS;
    c->user_regs.rflags = FLAGS_IF;
    c->kernel_ss = FLAT_KERNEL_SS;
    c->kernel_sp = c->user_regs.rsp;
    c->ctrlreg[3] = mfn_to_maddr(l4).a;
    int rc;
    /* Nobody waits for this CPU yet, whatever says so. */
    do
        rc = pv_vcpu_set_context(v, c);
    while (rc == -ERESTART);
    pool_free(c);
    if (rc)
        return rc;
    v->is_initialised = true;
    /* The first L4 is pinned by the ABI: the kernel unpins it when it has tables of its own. */
    struct frame *f = mfn_to_frame(l4);
    rc = frame_get_and_type(f, b->d, FRAME_KIND_L4);
    if (!rc)
        f->type |= FRAME_PINNED;
    return rc;
}

static int check_features(const struct builder *b)
{
    /* Page tables are "writable" in the old sense of the word, which is the one kernels require:
     * writes are emulated. */
    const uint64_t ours = 1UL << XENFEAT_writable_page_tables | 1UL << XENFEAT_pae_pgdir_above_4gb |
                          1UL << XENFEAT_mmu_pt_update_preserve_ad |
                          1UL << XENFEAT_gnttab_map_avail_bits | 1UL << XENFEAT_dom0;
    if (b->notes.required_features & ~ours || b->notes.requires_unknown) {
        log_error("dom0: its kernel requires features that a PV domain does not have here (%lx)\n",
                  b->notes.required_features & ~ours);
        return -EINVAL;
    }
    if (elf_has_note(&b->notes, ELF_NOTE_SUPPORTED_FEATURES) &&
        !(b->notes.supported_features & 1UL << XENFEAT_dom0)) {
        log_error("dom0: its kernel says that it cannot be dom0\n");
        return -EINVAL;
    }
    return 0;
}

static int open_image(struct builder *b)
{
    int rc = elf_open(&b->elf, b->image->kernel, b->image->kernel_size);
    if (rc) {
        log_error("dom0: module 1 is not a kernel: %s\n", rc == -ENOEXEC
                                                              ? "neither a bzImage nor an ELF file"
                                                              : "its ELF headers are damaged");
        return rc;
    }
    if (!b->elf.is_64) {
        log_error("dom0: its kernel is a 32-bit one; only 64-bit PV kernels can be dom0\n");
        return -ENOEXEC;
    }
    rc = elf_read_notes(&b->elf, &b->notes);
    if (rc || !b->notes.present) {
        log_error("dom0: the kernel is not a PV kernel: it has no Xen ELF notes\n");
        return -ENOEXEC;
    }
    log_info("dom0: kernel for %s, loader %s\n",
             b->notes.guest_os[0] ? b->notes.guest_os : "(unnamed)",
             b->notes.loader[0] ? b->notes.loader : "(none named)");
    if (!elf_has_note(&b->notes, ELF_NOTE_ENTRY))
        b->notes.entry = b->elf.entry;
    if (!pv_address_ok(b->notes.entry))
        return -EINVAL;
    return check_features(b);
}

int pv_build_dom0(struct domain *d, const struct pv_image *image, uint64_t nr_pages)
{
    struct builder b = { .d = d, .image = image, .nr_pages = nr_pages };
    int rc = open_image(&b);
    if (!rc)
        rc = plan(&b);
    if (!rc)
        rc = allocate(&b);
    if (rc) {
        if (rc == -ENOMEM)
            log_error("dom0: not enough memory (%lu MiB are free)\n", heap_free_pages() >> 8);
        return rc;
    }

    rc = elf_load(&b.elf, place_segment, &b);
    if (rc)
        return rc;
    copy_in(&b, b.l.initrd_pfn << PAGE_SHIFT, maddr_to_virt(maddr_of(image->initrd_maddr)),
            image->initrd_size);
    if (elf_has_note(&b.notes, ELF_NOTE_HYPERCALL_PAGE)) {
        if (b.notes.hypercall_page < b.l.virt_base || b.notes.hypercall_page >= b.l.kernel_end ||
            (b.notes.hypercall_page & (PAGE_SIZE - 1)))
            return -EINVAL;
        hypercall_page_fill(pfn_to_virt(&b, va_to_pfn(&b, b.notes.hypercall_page)));
    }
    fill_start_info(&b);
    mfn_t l4 = build_tables(&b);
    uint64_t p2m_pfn = b.l.p2m_elsewhere ? b.l.p2m_pfn : va_to_pfn(&b, b.l.p2m);
    copy_in(&b, p2m_pfn << PAGE_SHIFT, b.p2m, nr_pages * sizeof(uint64_t));
    rc = start_vcpu(&b, l4);
    free_pages(b.p2m, ilog2_up(pages(nr_pages * 8)));

    log_info("dom0: kernel %016lx->%016lx, start info %016lx, page tables %016lx (%lu), stack "
             "%016lx, end %016lx\n",
             b.l.virt_base, b.l.kernel_end, b.l.start_info, b.l.tables, b.l.table_pages, b.l.stack,
             b.l.end);
    log_info("dom0: entry %016lx, %lu MiB, initrd %lu KiB at pfn %lx\n", b.notes.entry,
             nr_pages >> 8, image->initrd_size >> 10, b.l.initrd_pfn);
    return rc;
}
