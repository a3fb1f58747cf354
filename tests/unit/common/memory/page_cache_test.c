/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CPUs' caches of free pages, several CPUs played by one thread: the lists are left alone between
 * batches, and yet every free page is counted, claimable, findable and joined with its neighbours.
 *
 * flags: -fno-sanitize=object-size,bounds,pointer-overflow
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "heap_sources.h"

#define PAGES 4096                      /* from 16 to 32 MiB: one block, but for low memory */
#define LOW   256                       /* from 1 to 2 MiB */

static unsigned int settled;            /* calls */
static struct frame *held[PAGES + LOW + 1];     /* what a test has taken */

static void fake_relax(void) { abort(); }

void arch_frames_settle(struct frame *f, unsigned int order)
{
    (void)f, (void)order;
    settled++;
}

static struct page_cache *cache_of(unsigned int cpu) { return &per_cpu(page_cache, cpu); }

static struct frame *take_on(unsigned int cpu, unsigned int flags)
{
    fake_cpu = cpu;
    struct frame *f = heap_alloc(0, flags);
    fake_cpu = 0;
    return f;
}

static void free_on(unsigned int cpu, struct frame *f)
{
    fake_cpu = cpu;
    heap_free(f, 0);
    fake_cpu = 0;
}

/* All is free again, clean, and in as few blocks as at the start. */
static int all_is_back(void **state)
{
    (void)state;
    assert_int_equal(heap_free_pages(), PAGES + LOW);
    while (heap_scrub_idle()) { }
    assert_int_equal(heap_nr_dirty, 0);
    assert_int_equal(nr_closers, 0);
    assert_int_equal(fake_locks_held, 0);
    struct frame *f = heap_alloc(12, 0);
    assert_non_null(f);
    heap_free(f, 12);
    while (heap_scrub_idle()) { }
    return 0;
}

static int start(void **state)
{
    (void)state;
    heap_add(0x100000, 0x200000);
    heap_add(0x1000000, 0x2000000);
    return 0;
}

static void test_batches(void **state)
{
    (void)state;
    const unsigned int nr = 3 * CACHE_PAGES;
    settled = 0;
    for (unsigned int i = 0; i < nr; i++) {
        held[i] = heap_alloc(0, 0);
        assert_non_null(held[i]);
        assert_int_equal(held[i]->count, STATE_ALLOCATED);
        /* In the order of their addresses, a batch from one place. */
        assert_true(i % CACHE_PAGES == 0 || held[i] == held[i - 1] + 1);
        assert_int_equal(PAGES + LOW - heap_nr_free, CACHE_PAGES * (i / CACHE_PAGES + 1));
        assert_int_equal(settled, i / CACHE_PAGES + 1);
    }
    uint64_t listed = heap_nr_free;
    for (unsigned int i = 0; i < nr; i++) {
        heap_free(held[i], 0);
        assert_int_equal(heap_nr_free - listed, (i + 1) / CACHE_PAGES * CACHE_PAGES);
        assert_int_equal(heap_nr_dirty, heap_nr_free - listed);
    }
    assert_int_equal(settled, 3);
}

/* Whoever asks is told exactly, in whatever caches pages are, and idle CPUs keep none back. */
static void test_counts(void **state)
{
    (void)state;
    struct frame *a = take_on(1, 0), *b = take_on(2, 0), *c = take_on(3, 0);
    free_on(2, a);
    assert_int_equal(cache_of(1)->nr_ready, CACHE_PAGES - 1);
    assert_int_equal(cache_of(2)->nr_given, 1);
    assert_int_equal(heap_free_pages(), PAGES + LOW - 2);
    for (unsigned int cpu = 0; cpu < CPUS; cpu++)
        assert_int_equal(cache_of(cpu)->nr_ready + cache_of(cpu)->nr_given, 0);
    free_on(2, b);
    free_on(3, c);
    assert_int_equal(heap_free_pages_below(21), LOW);
    assert_int_equal(heap_node_free_below(0, 0), PAGES + LOW);

    a = take_on(1, 0);
    free_on(2, a);
    fake_cpu = 2;
    assert_true(heap_scrub_idle());
    assert_int_equal(cache_of(2)->nr_given, 0);
    fake_cpu = 0;

    /* Closed, they stay empty. */
    caches_close();
    b = take_on(3, 0);
    assert_int_equal(cache_of(3)->nr_ready, 0);
    free_on(3, b);
    assert_int_equal(cache_of(3)->nr_given, 0);
    assert_int_equal(heap_nr_free, PAGES + LOW);
    caches_open();

    free_on(0, take_on(1, 0));
    cache_rest();
    heap_cpu_parked(1);
    assert_int_equal(cache_of(1)->nr_ready, 0);
    assert_int_equal(heap_nr_free, PAGES + LOW);
}

/* One CPU gets all there is, though others have it in their caches. */
static void test_last_page(void **state)
{
    (void)state;
    uint32_t n = 0;
    for (unsigned int cpu = 1; cpu < CPUS; cpu++)
        held[n++] = take_on(cpu, 0);
    free_on(2, held[--n]);
    while ((held[n] = take_on(0, HEAP_DIRTY_OK)) != NULL)
        n++;
    assert_int_equal(n, PAGES + LOW);
    /* With so few the caches stay empty: nobody's page is out of another's reach. */
    free_on(3, held[--n]);
    free_on(3, held[--n]);
    assert_int_equal(cache_of(3)->nr_given, 2);
    held[n++] = take_on(1, 0);
    assert_int_equal(cache_of(1)->nr_ready, 0);
    held[n++] = take_on(1, 0);
    assert_null(take_on(1, 0));
    while (n > 0) {
        free_on(n % CPUS, held[n - 1]);
        n--;
    }
}

/* A block in whose middle are pages of caches is made whole for who wants it. */
static void test_large(void **state)
{
    (void)state;
    for (unsigned int cpu = 0; cpu < CPUS; cpu++)
        free_on(cpu, take_on(cpu, 0));
    struct frame *f = heap_alloc(12, 0);
    assert_non_null(f);
    assert_null(heap_alloc(12, 0));
    heap_free(f, 12);
}

static void test_claims(void **state)
{
    (void)state;
    struct domain d = { .max_pages = 1u << 20 }, other = { .max_pages = 1u << 20 };
    uint32_t n = 0;
    for (unsigned int cpu = 0; cpu < CPUS; cpu++)
        free_on(cpu, take_on(cpu, 0));
    assert_int_equal(heap_claim(&d, PAGES + LOW + 1), -ENOMEM);
    assert_int_equal(heap_claim(&d, PAGES + LOW), 0);
    for (unsigned int cpu = 0; cpu < CPUS; cpu++)
        assert_null(take_on(cpu, 0));
    while ((held[n] = heap_alloc_for(&d, 0, HEAP_DIRTY_OK)) != NULL)
        n++;
    assert_int_equal(n, PAGES + LOW);
    assert_int_equal(d.outstanding_claim, 0);
    for (uint32_t i = 0; i < n; i++)
        free_on(i % CPUS, held[i]);

    /* Caches take their share of what is not claimed, and no more. */
    assert_int_equal(heap_claim(&d, PAGES + LOW - 20), 0);
    for (n = 0; n < 20; n++) {
        held[n] = take_on(n % CPUS, 0);
        assert_non_null(held[n]);
        assert_true(cache_of(n % CPUS)->nr_ready <= 20 / (2 * CPUS));
        assert_true(heap_nr_free >= heap_claimed_pages());
    }
    assert_null(take_on(1, 0));
    assert_int_equal(heap_claim(&other, 1), -ENOMEM);
    free_on(2, held[--n]);
    assert_int_equal(heap_claim(&other, 1), 0);
    assert_null(take_on(2, 0));
    held[n++] = heap_alloc_for(&other, 0, 0);
    assert_non_null(held[n - 1]);
    heap_claim_drop(&d);
    while (n > 0)
        free_on(1, held[--n]);
}

static void after_panic(void)
{
    for (unsigned int cpu = 0; cpu < CPUS; cpu++)
        cache_of(cpu)->lock.owner = 0;
    heap_lock.owner = 0;
}

static void test_double_free(void **state)
{
    (void)state;
    struct frame *f = take_on(1, 0), *ready = frame_at(cache_of(1)->ready[0]);
    uint64_t as_it_was = ready->count;
    assert_true(fake_panics(free_on(2, ready)));
    after_panic();
    ready->count = as_it_was;
    free_on(1, f);
    assert_true(fake_panics(free_on(2, f)));
    after_panic();
    fake_cpu = 1;
    assert_true(fake_panics(heap_free(f - 1, 1)));
    after_panic();
    fake_cpu = 0;
}

/* What was freed last is not taken next; and it is erased, early or late, but for who says that he
 * does not mind. */
static void test_erased(void **state)
{
    (void)state;
    struct frame *f = take_on(0, 0);
    uint8_t *bytes = frame_to_virt(f);
    memset(bytes, 0x5a, PAGE_SIZE);
    heap_free(f, 0);
    struct frame *next = take_on(0, 0);
    assert_ptr_not_equal(next, f);
    heap_free(next, 0);
    assert_true(heap_scrub_idle());
    assert_int_equal(bytes[77], 0);
    assert_int_equal(heap_free_pages(), PAGES + LOW);

    for (unsigned int round = 0; round < 2; round++) {
        uint32_t n = 0;
        while ((held[n] = take_on(n % CPUS, HEAP_DIRTY_OK)) != NULL)
            n++;
        assert_int_equal(n, PAGES + LOW);
        memset(bytes, 0x5a, PAGE_SIZE);
        while (n > 0) {
            free_on(n % CPUS, held[n - 1]);
            n--;
        }
        while ((held[n] = take_on(n % CPUS, round ? HEAP_DIRTY_OK : HEAP_ANY)) != NULL)
            n++;
        assert_int_equal(bytes[77], round ? 0x5a : 0);
        while (n > 0)
            heap_free(held[--n], 0);
    }
}

/* Low memory comes last, and the reserve of it is in nobody's cache. */
static void test_dma(void **state)
{
    (void)state;
    opt_bits = 21;
    opt_pool = 64 << PAGE_SHIFT;
    dma_init(false);
    bool was_low = false;
    uint32_t n = 0;
    while ((held[n] = take_on(n % CPUS, 0)) != NULL) {
        was_low |= number_of(held[n]) < 0x1000;
        assert_true(was_low || cache_of(n % CPUS)->ready[0] >= 0x1000);
        assert_true(free_below(21) >= 64);
        n++;
    }
    assert_int_equal(n, PAGES + LOW - 64);
    free_on(1, held[--n]);              /* a low one */
    assert_int_equal(heap_reserved_pages(), 64);
    held[n] = take_on(2, 0);
    assert_non_null(held[n++]);
    for (unsigned int i = 0; i < 64; i++) {
        held[n] = take_on(3, HEAP_BITS(21));
        assert_non_null(held[n++]);
    }
    while (n > 0) {
        free_on(n % CPUS, held[n - 1]);
        n--;
    }
    dma_zone = opt_bits = 0;
    dma_reserve = 0;
    opt_pool = UNSET;
}

/* Node 1 begins amid the frames 0x1800 to 0x180f; CPUs 1 and 3 are near it. */
static void test_nodes(void **state)
{
    (void)state;
    struct domain d = { .id = 1 };
    struct vcpu v = { .domain = &d };
    fake_current = &v;
    platform.nr_nodes = 2;
    platform.nr_memory = 2;
    platform.memory[0] = (struct platform_memory){ .start = 0, .end = 0x1808000 };
    platform.memory[1] = (struct platform_memory){ 0x1808000, 0x2000000, .node = 1 };
    free_on(0, take_on(0, 0));
    heap_know_machine();
    uint32_t n = 0;
    for (unsigned int cpu = 0; cpu < CPUS; cpu++) {
        for (unsigned int i = 0; i < 3; i++) {
            struct frame *f = held[n++] = take_on(cpu, 0);
            assert_int_equal(node_of_frame(number_of(f)), cpu % 2);
            f = held[n++] = take_on(cpu, HEAP_NODE(1) | HEAP_EXACT_NODE);
            assert_int_equal(node_of_frame(number_of(f)), 1);
        }
        assert_int_equal(node_of_frame(cache_of(cpu)->ready[0]), cpu % 2);
    }
    while ((held[n] = take_on(2, HEAP_NODE(1) | HEAP_EXACT_NODE)) != NULL)
        assert_int_equal(node_of_frame(number_of(held[n++])), 1);
    assert_int_equal(heap_node_free_below(1, 0), 0);
    held[n] = take_on(1, 0);
    assert_int_equal(node_of_frame(number_of(held[n++])), 0);
    while (n > 0) {
        free_on(n % CPUS, held[n - 1]);
        n--;
    }
    assert_int_equal(heap_node_free_below(1, 0), PAGES / 2 - 8);

    /* Neighbours that go back together, of two nodes. */
    while ((held[n] = take_on(0, 0)) != NULL)
        n += held[n] < frame_at(0x1800) || held[n] >= frame_at(0x1810);
    for (uint32_t nr = 0x1800; nr < 0x1810; nr++)
        heap_free(frame_at(nr), 0);
    assert_int_equal(heap_node_free_below(0, 0), 8);
    assert_int_equal(heap_node_free_below(1, 0), 8);
    while (n > 0)
        heap_free(held[--n], 0);
    assert_int_equal(heap_free_pages(), PAGES + LOW);
}

#define TEST(name) cmocka_unit_test_teardown(name, all_is_back)

int main(void)
{
    heap_fake_start();
    const struct CMUnitTest tests[] = {
        TEST(test_batches), TEST(test_counts), TEST(test_last_page), TEST(test_large),
        TEST(test_claims), TEST(test_erased), TEST(test_dma),
        cmocka_unit_test(test_nodes), cmocka_unit_test(test_double_free),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
