/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hypervisor's own page tables, as asm/layout.h draws them.
 *
 * All L3 tables of our slots exist from the start, so a guest's L4 only ever needs sixteen entries
 * copied, and a later mapping is seen by all.  Our mappings are global: they survive a change of
 * CR3.  Nothing of ours is both writable and executable.
 */
#include <asm/insn.h>
#include <asm/regs.h>
#include <lib/math.h>
#include <lib/string.h>
#include <public/arch-x86/xen.h>
#include <x86/cpu.h>
#include <x86/mm.h>
#include <xen/assert.h>
#include <xen/boot.h>
#include <xen/domain.h>
#include <xen/heap.h>
#include <xen/printk.h>

pte_t *idle_l4;
unsigned long idle_cr3;
uint64_t max_mfn;
uint64_t
    frame_parts[((DIRECTMAP_END - DIRECTMAP_START) >> (PAGE_SHIFT + FRAME_PART_SHIFT)) / 64 + 1];

static bool heap_is_up;
static bool have_1gib_pages;
static uint64_t ioremap_next = IOREMAP_START;

extern const char image_start[], text_end[], rodata_end[], init_start[], init_text_end[],
    init_end[], image_end[];
extern const char data_start[], boot_stack[];

static pte_t *new_table(void)
{
    void *p = heap_is_up ? alloc_pages(0, HEAP_ZERO) : boot_alloc_pages(PAGE_SIZE, PAGE_SIZE);
    if (!p)
        panic("mm: no memory for a page table of our own\n");
    return p;
}

static pte_t *table_of(pte_t e) { return mfn_to_virt(pte_mfn(e)); }

/* The entry for va at `level`, making tables on the way.  A large page on the way is a bug of
 * ours. */
static pte_t *walk_to(uint64_t va, unsigned int level)
{
    pte_t *t = idle_l4;
    for (unsigned int l = 4; l > level; l--) {
        pte_t *e = &t[pt_index(va, l)];
        if (!(*e & PTE_PRESENT))
            *e = pte_make(virt_to_mfn(new_table()),
                          PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_ACCESSED | PTE_DIRTY);
        check(!(*e & PTE_PSE) || l == 4);
        t = table_of(*e);
    }
    return &t[pt_index(va, level)];
}

void map_pages(uint64_t va, uint64_t maddr, uint64_t size, uint64_t flags)
{
    assert(va >= HYPERVISOR_START && va + size <= HYPERVISOR_END);
    while (size) {
        unsigned int level = 1;
        if (!((va | maddr) & ((1UL << 30) - 1)) && size >= 1UL << 30 && have_1gib_pages)
            level = 3;
        else if (!((va | maddr) & ((1UL << 21) - 1)) && size >= 1UL << 21)
            level = 2;
        uint64_t step = 1UL << (PAGE_SHIFT + 9 * (level - 1));
        *walk_to(va, level) =
            pte_make(maddr_to_mfn(maddr_of(maddr)), flags | PTE_GLOBAL | (level > 1 ? PTE_PSE : 0));
        va += step;
        maddr += step;
        size -= min(size, step);
    }
}

void unmap_pages(uint64_t va, uint64_t size)
{
    for (; size; va += PAGE_SIZE, size -= PAGE_SIZE)
        *walk_to(va, 1) = 0;
}

void fill_hypervisor_slots(pte_t *l4, const struct domain *d)
{
    memcpy(&l4[SLOT_FIRST], &idle_l4[SLOT_FIRST], (SLOT_LAST - SLOT_FIRST + 1) * sizeof(pte_t));
    l4[SLOT_PERDOMAIN] = pte_make(virt_to_mfn(d->arch.perdomain_l3),
                                  PTE_PRESENT | PTE_WRITE | PTE_ACCESSED | PTE_DIRTY | PTE_NX);
}

/* The first megabyte is in the direct map from the start, and the MTRRs know what is a device
 * there. */
static void *map_for_good(uint64_t maddr, size_t size, uint64_t flags)
{
    if (maddr + size <= 1 << 20)
        return maddr_to_virt(maddr_of(maddr));
    uint64_t start = round_down(maddr, (uint64_t)PAGE_SIZE);
    uint64_t len = round_up(maddr + size, (uint64_t)PAGE_SIZE) - start;
    uint64_t va = ioremap_next;

    check(va + len <= IOREMAP_END);
    ioremap_next += len;
    for (uint64_t off = 0; off < len; off += PAGE_SIZE)
        map_pages(va + off, start + off, PAGE_SIZE, flags);
    return (void *)(va + (maddr - start));
}

void *ioremap(uint64_t maddr, size_t size)
{
    return map_for_good(maddr, size, HV_UC);
}

void *acpi_map(uint64_t maddr, size_t size)
{
    return map_for_good(maddr, size, HV_RO);
}

bool memory_is_ram(mfn_t mfn)
{
    uint64_t a = mfn_to_maddr(mfn).a;
    for (unsigned int i = 0; i < boot_info.nr_memory; i++)
        if (boot_info.memory[i].type == BOOT_MEMORY_RAM &&
            boot_info.memory[i].start <= a && a + PAGE_SIZE <= boot_info.memory[i].end)
            return true;
    return false;
}

static void init_text map_image(void)
{
    struct { const char *start, *end; uint64_t flags; } part[] = {
        { image_start, text_end, HV_RX },
        { text_end, rodata_end, HV_RO },
        { init_start, init_text_end, HV_RX },
        { init_text_end, init_end, HV_RW },
        { data_start, image_end, HV_RW },
    };
    for (unsigned int i = 0; i < ARRAY_SIZE(part); i++)
        map_pages((uint64_t)part[i].start, image_to_maddr(part[i].start).a,
                  (uint64_t)(part[i].end - part[i].start), part[i].flags);
}

/* The direct map covers RAM and what firmware left in it, in whole pages. */
static void init_text map_direct(void)
{
    for (unsigned int i = 0; i < boot_info.nr_memory; i++) {
        const struct boot_memory *m = &boot_info.memory[i];
        bool memory =
            m->type == BOOT_MEMORY_RAM || m->type == BOOT_MEMORY_ACPI || m->type == BOOT_MEMORY_NVS;
        if (!memory)
            continue;
        uint64_t start = round_down(m->start, (uint64_t)PAGE_SIZE),
                 end = round_up(m->end, (uint64_t)PAGE_SIZE);
        if (end > DIRECTMAP_END - DIRECTMAP_START) {
            log_warn("memory above %lu GiB is not used\n", (DIRECTMAP_END - DIRECTMAP_START) >> 30);
            end = DIRECTMAP_END - DIRECTMAP_START;
        }
        /* Large pages need both ends aligned alike, which the direct map gives; ragged ends go page
         * by page. */
        uint64_t big = min(round_up(start, 1UL << 21), end),
                 tail = max(round_down(end, 1UL << 21), big);
        map_pages(DIRECTMAP_START + start, start, big - start, HV_RW);
        map_pages(DIRECTMAP_START + big, big, tail - big, HV_RW);
        map_pages(DIRECTMAP_START + tail, tail, end - tail, HV_RW);
    }
    /* The BIOS's first megabyte: tables, the EBDA, the AP trampoline. */
    for (uint64_t a = 0; a < 1 << 20; a += PAGE_SIZE)
        if (!(*walk_to(DIRECTMAP_START + a, 1) & PTE_PRESENT))
            map_pages(DIRECTMAP_START + a, a, PAGE_SIZE, HV_RW);
}

/* Parts of the frame table and of the M2P table exist where there is RAM: 2 MiB of each at a
 * time. */
static void init_text map_tables_for(uint64_t first_mfn, uint64_t last_mfn)
{
    const uint64_t chunk = 1UL << 21;

    uint64_t va = round_down(FRAME_TABLE_START + first_mfn * sizeof(struct frame), chunk);
    for (; va < FRAME_TABLE_START + (last_mfn + 1) * sizeof(struct frame); va += chunk) {
        if (*walk_to(va, 2) & PTE_PRESENT)
            continue;
        void *p = boot_alloc_pages(chunk, chunk);
        if (!p)
            panic("mm: no memory for the frame table\n");
        map_pages(va, virt_to_maddr(p).a, chunk, HV_RW);
        uint64_t part = (va - FRAME_TABLE_START) / chunk;
        frame_parts[part / 64] |= 1UL << (part % 64);
        /* Until proven RAM, a frame belongs to nobody but the machine. */
        struct frame *f = p;
        for (uint64_t i = 0; i < chunk / sizeof(*f); i++)
            f[i].count = (uint64_t)DOMID_IO << FRAME_OWNER_SHIFT;
    }
    va = round_down(M2P_START + first_mfn * 8, chunk);
    for (; va < M2P_START + (last_mfn + 1) * 8; va += chunk) {
        if (*walk_to(va, 2) & PTE_PRESENT)
            continue;
        void *p = boot_alloc_pages(chunk, chunk);
        if (!p)
            panic("mm: no memory for the machine-to-phys table\n");
        memset(p, 0xff, chunk);
        map_pages(va, virt_to_maddr(p).a, chunk, HV_RW);
        map_pages(va - M2P_START + M2P_RO_START, virt_to_maddr(p).a, chunk, HV_RO | PTE_USER);
    }
}

/* Toolstacks map the machine-to-phys table like foreign memory, of DOMID_XEN: they may read it. */
void init_text m2p_share(struct domain *owner)
{
    for (uint64_t va = M2P_START; va < M2P_START + max_mfn * 8; va += 1UL << 21) {
        pte_t *e = walk_to(va, 2);
        if (!(*e & PTE_PRESENT))
            continue;
        struct frame *f = mfn_to_frame(pte_mfn(*e));
        for (unsigned int i = 0; i < 512; i++)
            frame_share_with(&f[i], owner, true);
    }
}

void init_text paging_init(void)
{
    have_1gib_pages =
        cpuid(0x80000000, 0).eax >= 0x80000001 && (cpuid(0x80000001, 0).edx & (1u << 26));

    idle_l4 = new_table();
    idle_cr3 = virt_to_maddr(idle_l4).a;
    for (unsigned int slot = SLOT_FIRST; slot <= SLOT_LAST; slot++)
        idle_l4[slot] = pte_make(virt_to_mfn(new_table()),
                                 PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_ACCESSED | PTE_DIRTY);
    idle_l4[SLOT_PERDOMAIN] = 0;

    map_image();
    map_direct();
    for (unsigned int i = 0; i < boot_info.nr_memory; i++) {
        const struct boot_memory *m = &boot_info.memory[i];
        if (m->type != BOOT_MEMORY_RAM || m->end >> PAGE_SHIFT == m->start >> PAGE_SHIFT)
            continue;
        map_tables_for(m->start >> PAGE_SHIFT, (m->end >> PAGE_SHIFT) - 1);
        max_mfn = max(max_mfn, m->end >> PAGE_SHIFT);
    }
    /* The first megabyte has frames too, even where it is not RAM. */
    map_tables_for(0, 255);
    write_cr4(read_cr4() | CR4_PGE);
    load_cr3(idle_cr3);
}

void init_text paging_use_heap(void)
{
    heap_is_up = true;
}
