/* SPDX-License-Identifier: GPL-2.0-only */
/* The grammar of random arguments, and the arena of pages they are about. */
#include "chaos.h"
#include "grant.h"
#include "layout.h"

struct chaos_target chaos_target;
uint8_t *arena[ARENA_PAGES];
uint64_t *arena_l1[ARENA_L1], *arena_l2[2], *arena_l3, *arena_root;

static const uint8_t read_only[2 * PAGE_SIZE] __attribute__((aligned(4096))) = { 1 };

/* xorshift64*, so that a seed tells everything one vCPU does. */
uint64_t chaos_random(struct chaos *c)
{
    c->state ^= c->state >> 12;
    c->state ^= c->state << 25;
    c->state ^= c->state >> 27;
    return c->state * 0x2545f4914f6cdd1d;
}

static void link_tables(void)
{
    uint64_t *root = kernel_root();

    REQUIRE_EQ(pt_write(&root[table_index(CHAOS_WINDOW, 4)], pte_of(arena_l3, PTE_TAB)), 0);
    REQUIRE_EQ(pt_write(&arena_l3[table_index(CHAOS_WINDOW, 3)], pte_of(arena_l2[0], PTE_TAB)), 0);
    for (unsigned int i = 0; i < 2; i++)
        REQUIRE_EQ(pt_write(&arena_l2[0][i], pte_of(arena_l1[i], PTE_TAB)), 0);
    for (unsigned int i = 0; i < 8; i++)
        REQUIRE_EQ(pt_write(&arena_l1[0][i], pte_of(arena[i], PTE_RO)), 0);
    REQUIRE_EQ(pt_write(&arena_l1[0][8], start_info->shared_info | PTE_RO), 0);
}

/* A second root that shows the same, so that it can be loaded. */
static void make_root(void)
{
    uint64_t *copy = page_alloc();

    for (unsigned int i = 0; i < 512; i++)
        copy[i] = i >= 256 && i < 272 ? 0 : kernel_root()[i];
    REQUIRE_EQ(table_pin(copy, 4), 0);
    arena_root = copy;
}

void chaos_values_init(void)
{
    for (unsigned int i = 0; i < ARENA_PAGES; i++)
        arena[i] = page_alloc();
    for (unsigned int i = 0; i < ARENA_L1; i++)
        arena_l1[i] = table_alloc();
    for (unsigned int i = 0; i < 2; i++)
        arena_l2[i] = table_alloc();
    arena_l3 = table_alloc();
    REQUIRE_EQ(page_remap(read_only, PTE_RO), 0);
    REQUIRE_EQ(page_remap(read_only + PAGE_SIZE, PTE_RO), 0);
    link_tables();
    make_root();
}

/* The arena, its tables and everybody's scratch pages were taken one after the other. */
bool chaos_may_touch(uint64_t va)
{
    return va < (uint64_t)kernel_start || va >= (uint64_t)kernel_end ||
           (va >= (uint64_t)arena[0] && va < (uint64_t)arena_root + PAGE_SIZE);
}

/* No argument may lead to the kernel's own image by chance. */
static uint64_t harmless(struct chaos *c, uint64_t value)
{
    return chaos_may_touch(value) ? value : (uint64_t)arena[chaos_below(c, ARENA_PAGES)];
}

static void *any_table(struct chaos *c)
{
    unsigned int i = chaos_below(c, ARENA_L1 + 4);

    void *const upper[] = { arena_l2[0], arena_l2[1], arena_l3, arena_root };

    return i < ARENA_L1 ? arena_l1[i] : upper[i - ARENA_L1];
}

uint64_t chaos_own_mfn(struct chaos *c)
{
    /* Few pages are chosen often, so that calls meet on them. */
    return mfn_of(arena[chaos_below(c, chaos_rarely(c, 2) ? 6 : ARENA_PAGES)]);
}

/* The machine-to-physical table, which the library believes, keeps its value where it matters. */
uint64_t chaos_pfn(uint64_t mfn)
{
    for (const uint8_t *page = arena[0]; page <= (uint8_t *)arena_root; page += PAGE_SIZE)
        if (mfn_of(page) == mfn)
            return pfn_of(page);
    return mfn == mfn_of(kernel_root()) ? pfn_of(kernel_root()) : mfn;
}

uint64_t chaos_mfn(struct chaos *c)
{
    switch (chaos_below(c, 24)) {
    case 0 ... 11: return chaos_own_mfn(c);
    case 12 ... 15: return mfn_of(any_table(c));
    case 16: return mfn_of(kernel_root());
    case 17:
        /* What is written there stops the clock. */
        return c->flags & CHAOS_FATAL ? start_info->shared_info >> PAGE_SHIFT : chaos_own_mfn(c);
    case 18:
        return (*pt_entry(kernel_root(), GRANT_TABLE, 1) & PTE_MFN) >> PAGE_SHIFT;
    case 19: return chaos_target.mfns[chaos_below(c, CHAOS_STRANGERS)];
    case 20: return chaos_target.hypervisors + chaos_below(c, 64) - 32;
    case 21: return chaos_below(c, 4096);
    case 22: return (uint64_t[]){ 0xb8, 0xfee00, 0xfec00, 0xf0, 0x9f, 0x100, 0 }[chaos_below(c, 7)];
    default: return ~0UL >> chaos_below(c, 64);
    }
}

uint64_t chaos_count(struct chaos *c)
{
    static const uint64_t odd[] = {
        31, 32, 33, 63, 64, 65, 511, 512, 513, 4096, 0x7fffffff, 0x80000000, 0x80000001,
        0xffffffff, 0x100000000, 1UL << 61, 1UL << 63, ~0UL,
    };

    return chaos_rarely(c, 8) ? odd[chaos_below(c, ARRAY_SIZE(odd))] : chaos_below(c, 6);
}

domid_t chaos_domid(struct chaos *c)
{
    static const domid_t special[] = {
        0, 1, DOMID_IO, DOMID_XEN, DOMID_COW, DOMID_INVALID, DOMID_IDLE, 4711, 0xffff,
    };

    switch (chaos_below(c, 4)) {
    case 0: return special[chaos_below(c, ARRAY_SIZE(special))];
    case 1: return chaos_target.ids[chaos_below(c, ARRAY_SIZE(chaos_target.ids))];
    default: return DOMID_SELF;
    }
}

uint64_t chaos_va(struct chaos *c)
{
    static const uint64_t odd[] = {
        0, 0x600000000000, HYPERVISOR_VIRT_START, HYPERVISOR_VIRT_START - PAGE_SIZE,
        HYPERVISOR_VIRT_END, MACH2PHYS_VIRT_START, 0x800000000000, 0xffff7ffffffff000, ~0UL,
        ~0UL - 4095, 0xffff830000000000,
    };

    switch (chaos_below(c, 8)) {
    case 0: return odd[chaos_below(c, ARRAY_SIZE(odd))];
    case 1: return (uint64_t)arena[chaos_below(c, ARENA_PAGES)];
    case 2: return (uint64_t)CHAOS_WINDOW + chaos_below(c, CHAOS_WINDOW_PAGES + 8) * PAGE_SIZE;
    default: return (uint64_t)CHAOS_WINDOW + chaos_below(c, 16) * PAGE_SIZE;
    }
}

void *chaos_pointer(struct chaos *c)
{
    uint64_t p;

    switch (chaos_below(c, 6)) {
    case 0: return (void *)(read_only + chaos_below(c, PAGE_SIZE));
    case 1: case 2: return (char *)any_table(c) + chaos_below(c, PAGE_SIZE);
    case 3: p = chaos_va(c) + chaos_below(c, 2 * PAGE_SIZE) - PAGE_SIZE; break;
    case 4: return (char *)GRANT_TABLE + chaos_below(c, 2 * PAGE_SIZE);
    default: p = (uint64_t)arena[chaos_below(c, ARENA_PAGES)] + chaos_below(c, PAGE_SIZE); break;
    }
    return (void *)harmless(c, p);
}

uint64_t chaos_pte(struct chaos *c)
{
    static const uint64_t flags[] = {
        PTE_RO, PTE_RW, PTE_RW, PTE_TAB, PTE_TAB, PTE_RX, PTE_RWX, PTE_P, PTE_P | PTE_W,
        PTE_P | PTE_W | PTE_G, PTE_RW | PTE_PSE, PTE_TAB | PTE_PSE, PTE_RO | PTE_PCD | PTE_PWT,
        PTE_RW | 1UL << 62, PTE_RO | 1UL << 59, PTE_RW | PTE_AVL, PTE_RW | 1UL << 51,
    };

    if (chaos_rarely(c, 4))
        return chaos_rarely(c, 4) ? chaos_random(c) : 0;
    return chaos_mfn(c) << PAGE_SHIFT | flags[chaos_below(c, ARRAY_SIZE(flags))];
}

uint64_t *chaos_entry(struct chaos *c)
{
    uint64_t *table = any_table(c);

    if (chaos_rarely(c, 8))
        table = (uint64_t *)arena[chaos_below(c, 6)];
    /* The kernel's own slots of the spare root stay as they are. */
    return &table[table == arena_root ? chaos_below(c, 300)
                                      : chaos_below(c, chaos_rarely(c, 2) ? 8 : 512)];
}

uint64_t chaos_value(struct chaos *c)
{
    switch (chaos_below(c, 9)) {
    case 0: return chaos_below(c, 16);
    case 1: return chaos_count(c);
    case 2: return chaos_mfn(c);
    case 3: return (uint64_t)chaos_pointer(c);
    case 4: return chaos_domid(c);
    case 5: return (1UL << chaos_below(c, 64)) + chaos_below(c, 3) - 1;
    case 6: return chaos_va(c);
    case 7: return 0;
    default: return harmless(c, chaos_random(c));
    }
}

void chaos_fill(struct chaos *c, void *to, size_t bytes)
{
    uint32_t *word = to;

    for (size_t i = 0; i + 1 < bytes / 4; i += 2) {
        uint64_t value = chaos_value(c);

        if (chaos_rarely(c, 2))
            value = harmless(c, (uint32_t)value | chaos_value(c) << 32);
        memcpy(&word[i], &value, sizeof(value));
    }
    if (bytes & 7)
        memset((char *)to + (bytes & ~7UL), chaos_below(c, 4), bytes & 7);
}

void *chaos_place(struct chaos *c, size_t bytes)
{
    if (chaos_rarely(c, 8))
        return c->scratch + PAGE_SIZE - chaos_below(c, bytes);
    return c->scratch + chaos_below(c, 32) * 8;
}

const void *chaos_args(struct chaos *c, const void *args)
{
    return chaos_rarely(c, 32) ? chaos_pointer(c) : args;
}
