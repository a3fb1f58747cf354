/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The page allocator under fire: threads as CPUs take and free, erase, count and claim until memory
 * is out, and look that no frame has two owners, nor an old one's contents or TLB entries; that a
 * claim is kept to its last page; and that all is there, and in large blocks, when all is quiet.
 *
 * flags: -pthread -fno-sanitize=object-size,bounds,pointer-overflow
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>

#define FAKE_THREADS
#include "heap_sources.h"

#define PAGES   2048                    /* from 16 to 24 MiB: one block */
#define STEPS   20000
#define HELD    700                     /* all CPUs want more than there is */

static uint8_t is_owned[FAKE_FRAMES];

static void fake_relax(void) { sched_yield(); }

/* A stamp is 1 from when the owner lets go until all TLBs have forgotten. */
void arch_frames_settle(struct frame *f, unsigned int order)
{
    for (uint32_t i = 0; i < 1u << order; i++)
        write_once(f[i].tlb_stamp, 0);
}

struct held { struct frame *f; unsigned int order; };

struct cpu {
    pthread_t thread;
    unsigned int id, seed, nr_held, nr_failed, nr_claims;
    struct held held[HELD];
    struct domain d;
};

static unsigned int dice(struct cpu *c, unsigned int n)
{
    return (unsigned int)rand_r(&c->seed) % n;
}

static void owned(struct cpu *c, struct frame *f, unsigned int order, unsigned int flags)
{
    for (uint32_t i = 0; i < 1u << order; i++) {
        uint8_t *mine = &is_owned[number_of(&f[i])];
        uint32_t *words = frame_to_virt(&f[i]);
        check(!atomic_xchg(mine, 1));
        check(f[i].count == STATE_ALLOCATED && f[i].tlb_stamp == 0);
        check((flags & HEAP_DIRTY_OK) || words[dice(c, 1024)] == 0);
        words[dice(c, 1024)] = 0x5a5a5a5a;
    }
    c->held[c->nr_held++] = (struct held){ f, order };
}

static void take(struct cpu *c)
{
    unsigned int order = dice(c, 10) ? 0 : dice(c, 6);
    unsigned int flags = dice(c, 2) ? HEAP_DIRTY_OK : HEAP_ANY;
    struct frame *f = heap_alloc(order, flags);
    if (f)
        owned(c, f, order, flags);
    else
        c->nr_failed++;
}

static void give(struct cpu *c)
{
    struct held *h = &c->held[dice(c, c->nr_held)], gone = *h;
    *h = c->held[--c->nr_held];
    for (uint32_t i = 0; i < 1u << gone.order; i++) {
        check(atomic_xchg(&is_owned[number_of(&gone.f[i])], 0));
        gone.f[i].tlb_stamp = 1;
    }
    heap_free(gone.f, gone.order);
}

/* What was promised is there, whatever the others do. */
static void claim(struct cpu *c)
{
    unsigned int n = 1 + dice(c, 60);
    if (n + c->nr_held > HELD || heap_claim(&c->d, c->d.tot_pages + n))
        return;
    c->nr_claims++;
    unsigned int used = dice(c, 4) ? n : dice(c, n);
    for (unsigned int i = 0; i < used; i++) {
        struct frame *f = heap_alloc_for(&c->d, 0, HEAP_ANY);
        check(f);
        owned(c, f, 0, HEAP_ANY);
    }
    heap_claim_drop(&c->d);
    check(c->d.outstanding_claim == 0);
}

static void *run(void *arg)
{
    struct cpu *c = arg;
    fake_cpu = c->id;
    for (int step = 0; step < STEPS; step++) {
        switch (dice(c, 64)) {
        case 0: claim(c); break;
        case 1: check(heap_free_pages() <= PAGES); break;
        case 2 ... 5: heap_scrub_idle(); break;
        case 6 ... 36: if (c->nr_held) { give(c); } break;
        default: if (c->nr_held < HELD) { take(c); } break;
        }
    }
    while (c->nr_held)
        give(c);
    return NULL;
}

static void test_race(void **state)
{
    (void)state;
    static struct cpu cpus[CPUS];
    unsigned int nr_failed = 0, nr_claims = 0;
    heap_add(0x1000000, 0x1800000);
    for (unsigned int i = 0; i < CPUS; i++) {
        cpus[i].id = i;
        cpus[i].seed = i + 1;
        cpus[i].d.max_pages = PAGES;
        pthread_create(&cpus[i].thread, NULL, run, &cpus[i]);
    }
    for (unsigned int i = 0; i < CPUS; i++) {
        pthread_join(cpus[i].thread, NULL);
        nr_failed += cpus[i].nr_failed;
        nr_claims += cpus[i].nr_claims;
    }
    /* Memory was out at times, and claims were had. */
    assert_int_not_equal(nr_failed, 0);
    assert_int_not_equal(nr_claims, 0);
    assert_int_equal(heap_claimed_pages(), 0);
    assert_int_equal(heap_free_pages(), PAGES);
    while (heap_scrub_idle()) { }
    assert_int_equal(heap_nr_dirty, 0);
    struct frame *f = heap_alloc(11, 0);
    assert_non_null(f);
    assert_int_equal(heap_free_pages(), 0);
    heap_free(f, 11);
}

int main(void)
{
    heap_fake_start();
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_race) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
