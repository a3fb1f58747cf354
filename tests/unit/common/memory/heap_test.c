/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The page allocator against an oracle that knows who owns each frame: no frame is handed out
 * twice, limits of width hold, freed memory merges back to what it was, nobody reads another's
 * leavings, claims are kept.
 *
 * flags: -fno-sanitize=object-size,bounds,pointer-overflow
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "heap_sources.h"

static void (*while_waiting)(void);

/* Called with the block off its list, by who allocates it and by who erases it. */
static void (*while_off_list)(void);
void arch_frames_settle(struct frame *f, unsigned int order)
{
    (void)f, (void)order;
    if (while_off_list) {
        void (*f_once)(void) = while_off_list;
        while_off_list = NULL;
        f_once();
    }
}

static void fake_relax(void)
{
    assert_non_null(while_waiting);
    while_waiting();
}

/* Memory with holes: 4..8 MiB, 16..64 MiB + 3 pages, 1 GiB..1 GiB + 32 MiB. */
static const uint64_t ram[][2] = {
    { 0x400000, 0x800000 }, { 0x1000000, 0x4003000 }, { 0x40000000, 0x42000000 },
};

static uint8_t owner[FAKE_FRAMES];      /* 0: not ours to give, 1: in the heap, 2: handed out */
static uint64_t oracle_free;

static void oracle_take(const struct frame *f, unsigned int order, unsigned int bits)
{
    uint64_t nr = mfn_nr(frame_to_mfn(f));
    assert_int_equal(nr & ((1u << order) - 1), 0);
    for (uint64_t i = nr; i < nr + (1u << order); i++) {
        assert_int_equal(owner[i], 1);
        owner[i] = 2;
        assert_int_equal(mfn_to_frame(mfn_of(i))->count, STATE_ALLOCATED);
        assert_true(bits == 0 || i < 1ull << (bits - PAGE_SHIFT));
    }
    oracle_free -= 1u << order;
    assert_int_equal(heap_free_pages(), oracle_free);
}

static void oracle_give(const struct frame *f, unsigned int order)
{
    memset(&owner[mfn_nr(frame_to_mfn(f))], 1, 1u << order);
    oracle_free += 1u << order;
}

static int start(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(ram); i++) {
        heap_add(ram[i][0], ram[i][1]);
        memset(&owner[ram[i][0] >> 12], 1, (ram[i][1] - ram[i][0]) >> 12);
        oracle_free += (ram[i][1] - ram[i][0]) >> 12;
    }
    assert_int_equal(heap_free_pages(), oracle_free);
    assert_int_equal(heap_total_pages(), oracle_free);
    return 0;
}

/* The number of free blocks, and that every list agrees with the frames on it. */
static unsigned int blocks_count(void)
{
    assert_int_not_equal(heap_free_pages(), UINT64_MAX);        /* empties the caches */
    unsigned int blocks = 0;
    uint64_t pages = 0;
    for_each_zone(zone) {
        for (unsigned int o = 0; o <= HEAP_MAX_ORDER; o++) {
            uint32_t prev = FRAME_NONE, nr;
            for (nr = zone->list[o].first; nr != FRAME_NONE; nr = frame_at(nr)->next) {
                assert_int_equal(frame_at(nr)->prev, prev);
                assert_int_equal(frame_at(nr)->aux & BLOCK_ORDER, o);
                assert_ptr_equal(zone_at(nr), zone);
                assert_true(node_is_same(nr, nr + (1u << o) - 1));
                blocks++;
                pages += 1ull << o;
                prev = nr;
            }
            assert_int_equal(zone->list[o].last, prev);
        }
    }
    assert_int_equal(pages, heap_nr_free);
    return blocks;
}

static void test_random(void **state)
{
    (void)state;
    struct { struct frame *f; unsigned int order; } held[400];
    while (heap_scrub_idle()) { }
    unsigned int nr_held = 0, blocks = blocks_count();
    srand(7);

    for (int step = 0; step < 60000; step++) {
        if (nr_held < ARRAY_SIZE(held) && rand() % 100 < 52) {
            unsigned int order = rand() % 40 ? (unsigned)rand() % 4 : (unsigned)rand() % 12;
            unsigned int bits = rand() % 8 ? 0 : 22 + (unsigned)rand() % 10;
            struct frame *f = heap_alloc(order, HEAP_BITS(bits) | (rand() % 2 ? HEAP_DIRTY_OK : 0));
            if (!f)
                continue;
            oracle_take(f, order, bits);
            held[nr_held].f = f;
            held[nr_held++].order = order;
        } else if (nr_held) {
            unsigned int i = (unsigned)rand() % nr_held;
            oracle_give(held[i].f, held[i].order);
            heap_free(held[i].f, held[i].order);
            held[i] = held[--nr_held];
        }
        if (step % 97 == 0)
            heap_scrub_idle();
        if (step % 4096 == 0)
            blocks_count();
    }
    while (nr_held) {
        nr_held--;
        oracle_give(held[nr_held].f, held[nr_held].order);
        heap_free(held[nr_held].f, held[nr_held].order);
    }
    assert_int_equal(fake_locks_held, 0);
    while (heap_scrub_idle()) { }
    assert_int_equal(heap_nr_dirty, 0);
    assert_int_equal(blocks_count(), blocks);
}

static void test_zones(void **state)
{
    (void)state;
    struct frame *high = heap_alloc(0, 0), *low = heap_alloc(0, HEAP_BITS(24));
    assert_true(mfn_nr(frame_to_mfn(high)) >= 0x40000);
    assert_true(mfn_nr(frame_to_mfn(low)) < 0x1000);
    assert_null(heap_alloc(0, HEAP_BITS(12)));
    assert_null(heap_alloc(0, HEAP_BITS(22)));
    assert_null(heap_alloc(HEAP_MAX_ORDER, 0));
    assert_null(heap_alloc(HEAP_MAX_ORDER + 1, 0));
    assert_int_equal(heap_free_pages_below(23), 0x400 - 1);
    assert_int_equal(heap_free_pages_below(0), heap_free_pages());
    heap_free(high, 0);
    heap_free(low, 0);
}

/* Allocates until it is f's turn, then returns the others. */
static void take_this(struct frame *f, unsigned int order, unsigned int flags)
{
    static struct frame *others[20000];
    unsigned int n = 0;
    while ((others[n] = heap_alloc(order, flags | HEAP_DIRTY_OK)) != f) {
        assert_non_null(others[n]);
        n++;
        assert_true(n < ARRAY_SIZE(others));
    }
    heap_free(f, order);
    while (n)
        heap_free(others[--n], order);
    /* Now all is dirty, and the front of its list is nothing but f's turn away. */
    while ((others[n] = heap_alloc(order, flags)) != f)
        n++;
    while (n)
        heap_free(others[--n], order);
}

static void test_erased(void **state)
{
    (void)state;
    struct frame *f = heap_alloc(3, 0);
    memset(frame_to_virt(f), 0x5a, 8 * PAGE_SIZE);
    f[5].tlb_stamp = 77;
    heap_free(f, 3);
    struct frame *g = f;
    take_this(f, 3, HEAP_DIRTY_OK);
    assert_int_equal(*(uint8_t *)frame_to_virt(g), 0x5a);
    for (int i = 0; i < 8; i++)
        heap_free_domain_page(&g[i]);
    take_this(f, 3, 0);
    assert_int_equal(g[5].tlb_stamp, 77);
    for (int i = 0; i < 8 * PAGE_SIZE; i++)
        assert_int_equal(((uint8_t *)frame_to_virt(g))[i], 0);
    memset(frame_to_virt(f), 0x5a, 8 * PAGE_SIZE);
    heap_free(g, 3);
    while (heap_scrub_idle()) { }
    assert_int_equal(((uint8_t *)frame_to_virt(g))[3 * PAGE_SIZE + 1], 0);
}

static struct frame *spare;

static void give_spare(void)
{
    heap_free(spare, 0);
}

static void take_while_erasing(void)
{
    assert_int_equal(heap_free_pages(), 1);
    assert_null(heap_alloc(1, 0));
    while_waiting = give_spare;
    assert_ptr_equal(heap_alloc(0, 0), spare);
    while_waiting = NULL;
}

/* Memory that is being erased counts as free, and who needs the very last page gets it. */
static void test_last_page(void **state)
{
    (void)state;
    static struct frame *all[24000];
    uint32_t n = 0;
    uint64_t free_before = heap_free_pages();
    while ((all[n] = heap_alloc(0, HEAP_DIRTY_OK))) {
        n++;
        assert_true(n < ARRAY_SIZE(all));
    }
    assert_int_equal(heap_free_pages(), 0);

    spare = all[--n];
    heap_free(all[--n], 0);
    while_off_list = take_while_erasing;
    assert_true(heap_scrub_idle());
    assert_null(while_off_list);
    assert_int_equal(heap_free_pages(), 1);

    heap_free(spare, 0);
    while (n)
        heap_free(all[--n], 0);
    assert_int_equal(heap_free_pages(), free_before);
    while (heap_scrub_idle()) { }
    blocks_count();
}

static void test_double_free(void **state)
{
    (void)state;
    struct frame *f = heap_alloc(2, 0), *other = heap_alloc(0, 0);
    heap_free(f, 2);
    assert_true(fake_panics(heap_free(f, 2)));
    heap_lock.owner = 0;
    assert_true(fake_panics(heap_free(&f[3], 0)));
    heap_lock.owner = 0;
    heap_free(other, 0);
}

static void test_broken(void **state)
{
    (void)state;
    assert_int_equal(parse_badpage("0x60001,393219-0x60004"), 0);
    assert_int_equal(parse_badpage("5-4"), -EINVAL);
    assert_int_equal(parse_badpage("x"), -EINVAL);
    assert_int_equal(nr_bad_ranges, 2);
    uint64_t before = heap_free_pages();
    heap_add(0x60000800, 0x60008000);
    assert_int_equal(heap_free_pages() - before, 7 - 3);
    struct frame *f = mfn_to_frame(mfn_of(0x60003));
    assert_true(f->count & FRAME_BROKEN);
    struct frame *g = heap_alloc(1, 0);
    g[1].count |= FRAME_BROKEN;
    heap_free(g, 1);
    assert_true(fake_locks_held == 0);
    blocks_count();
}

static void test_claims(void **state)
{
    (void)state;
    struct domain a = { .max_pages = 1u << 20, .tot_pages = 10 }, b = { .max_pages = 1u << 20 };
    uint64_t free = heap_free_pages();

    assert_int_equal(heap_claim(&a, 5), -EINVAL);
    assert_int_equal(heap_claim(&a, free + 11), -ENOMEM);
    assert_int_equal(heap_claim(&a, free + 10), 0);
    assert_int_equal(heap_claimed_pages(), free);
    assert_int_equal(heap_claim(&a, free), -EINVAL);
    assert_int_equal(heap_claim(&b, 1), -ENOMEM);
    assert_null(heap_alloc_for(&b, 0, 0));
    assert_null(heap_alloc(0, 0));
    struct frame *f = heap_alloc_for(&a, 2, 0);
    assert_non_null(f);
    assert_int_equal(a.outstanding_claim, free - 4);
    heap_free(f, 2);
    struct frame *g = heap_alloc_for(&b, 2, 0);
    assert_non_null(g);
    assert_null(heap_alloc_for(&b, 0, 0));
    heap_free(g, 2);
    assert_int_equal(heap_claim(&a, 0), 0);
    assert_int_equal(heap_claimed_pages(), 0);
}

/* Ordinary allocations leave the reserve; those with a limit get it to the last page. */
static void test_dma(void **state)
{
    (void)state;
    static struct frame *held[60000];
    size_t n = 0, ordinary;
    uint64_t low = heap_free_pages_below(26);

    opt_bits = 26;
    opt_pool = 1 << 20;
    dma_init(false);
    assert_int_equal(heap_reserved_pages(), 256);
    struct domain a = { .max_pages = 1u << 20 };
    assert_int_equal(heap_claim(&a, heap_free_pages() - 255), -ENOMEM);
    assert_int_equal(heap_claim(&a, heap_free_pages() - 256), 0);
    assert_int_equal(heap_claim(&a, 0), 0);

    /* The high pages first, then the low ones down to the reserve. */
    bool was_low = false;
    while ((held[n] = heap_alloc(0, HEAP_BITS(n % 2 ? 0 : 40))) != NULL) {
        bool is_low = mfn_nr(frame_to_mfn(held[n])) < 1 << (26 - PAGE_SHIFT);
        assert_true(is_low || !was_low);
        was_low = is_low;
        n++;
    }
    ordinary = n;
    assert_int_equal(heap_free_pages(), 256);
    assert_null(heap_alloc(3, 0));
    while ((held[n] = heap_alloc(0, HEAP_BITS(26))) != NULL)
        n++;
    assert_int_equal(n - ordinary, 256);
    assert_int_equal(heap_reserved_pages(), 0);
    while (n)
        heap_free(held[--n], 0);
    assert_int_equal(heap_free_pages_below(26), low);
    dma_zone = opt_bits = 0;
    dma_reserve = 0;
    opt_pool = UNSET;
}

static unsigned int node_taken(struct domain *d, unsigned int order, unsigned int flags)
{
    struct frame *f = heap_alloc_for(d, order, flags);
    if (f == NULL)
        return 99;
    unsigned int node = node_of_frame(mfn_nr(frame_to_mfn(f)));
    assert_int_equal(node, mfn_nr(frame_to_mfn(f)) >= 0x1800 && mfn_nr(frame_to_mfn(f)) < 0x50000);
    heap_free(f, order);
    return node;
}

/* Node 0 is below 24 MiB and above 1.25 GiB, node 1 between; the border cuts a block in two. */
static void test_nodes(void **state)
{
    (void)state;
    uint64_t free = heap_free_pages();
    struct domain self = { .id = 0 }, other = { .id = 1 };
    struct vcpu v = { .domain = &self };
    fake_current = &v;

    platform.nr_nodes = 2;
    platform.nr_memory = 3;
    platform.memory[0] = (struct platform_memory){ .start = 0x50000000, .end = 0x80000000 };
    platform.memory[1] = (struct platform_memory){ .start = 0, .end = 0x1800000 };
    platform.memory[2] = (struct platform_memory){ 0x1800000, 0x50000000, .node = 1 };
    heap_know_machine();
    assert_int_equal(heap_nr_nodes, 2);
    assert_int_equal(heap_free_pages(), free);
    assert_int_equal(heap_node_free_below(0, 0) + heap_node_free_below(1, 0), free);
    assert_int_equal(heap_node_free_below(0, 24) + heap_node_free_below(1, 24),
                     heap_free_pages_below(24));
    blocks_count();

    assert_int_equal(node_taken(NULL, 0, 0), 0);
    assert_int_equal(node_taken(&self, 0, 0), 0);
    fake_cpu = 1;
    assert_int_equal(node_taken(&self, 0, 0), 1);
    assert_int_equal(node_taken(&other, 0, 0), 1);              /* it has more */
    assert_int_equal(domain_set_nodes(&other, 4), -EINVAL);
    assert_int_equal(domain_set_nodes(&other, 1), 0);
    assert_int_equal(domain_nodes(&other), 1);
    assert_int_equal(node_taken(&other, 2, 0), 0);
    assert_int_equal(node_taken(&other, 2, HEAP_NODE(1)), 1);
    assert_int_equal(node_taken(&other, 2, HEAP_NODE(7)), 0);
    assert_int_equal(node_taken(&other, 13, 0), 1);             /* only there is one so large */
    assert_int_equal(node_taken(&other, 13, HEAP_NODE(0) | HEAP_EXACT_NODE), 99);
    assert_int_equal(node_taken(&other, 0, HEAP_NODE(1) | HEAP_BITS(24)), 0);

    /* Where its vcpus may run. */
    struct cpumask hard = { { 2 } }, soft = { { 3 } };
    struct vcpu of_other = { .domain = &other, .hard_affinity = &hard, .soft_affinity = &soft };
    other.vcpu = (struct vcpu *[]){ &of_other };
    other.max_vcpus = 1;
    domain_follow_vcpus(&other);
    assert_int_equal(domain_nodes(&other), 1);
    assert_int_equal(domain_set_nodes(&other, 3), 0);
    assert_int_equal(domain_nodes(&other), 2);
    hard.bits[0] = 3;
    soft.bits[0] = 1;
    domain_follow_vcpus(&other);
    assert_int_equal(domain_nodes(&other), 1);

    /* One node full: the other helps, unless exactly that one was meant. */
    static struct frame *held[60000];
    size_t n = 0;
    while ((held[n] = heap_alloc(0, HEAP_NODE(0) | HEAP_EXACT_NODE | HEAP_DIRTY_OK)) != NULL)
        n++;
    assert_int_equal(heap_node_free_below(0, 0), 0);
    assert_int_equal(node_taken(&other, 0, 0), 1);
    while (n)
        heap_free(held[--n], 0);
    while (heap_scrub_idle()) { }
    assert_int_equal(heap_nr_dirty, 0);
    assert_int_equal(heap_free_pages(), free);
    blocks_count();
    fake_cpu = 0;
}

int main(void)
{
    heap_fake_start();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_zones), cmocka_unit_test(test_random), cmocka_unit_test(test_erased),
 cmocka_unit_test(test_last_page),
        cmocka_unit_test(test_claims), cmocka_unit_test(test_dma), cmocka_unit_test(test_broken),
        cmocka_unit_test(test_nodes),
        cmocka_unit_test(test_double_free),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
