/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Looks at what the hypervisor gives, in a guest or in dom0:
 *
 *     observe memory MIB    as many MiB hold their patterns while others come and go:
 *                           "OBSERVED memory ok: N rounds", or what was lost
 *     observe clocks        a thread on each CPU reads the clock; it never goes back, and all
 *                           readings lie on one line over the time stamp counter:
 *                           "OBSERVED clocks: N readings, back N, off N ns"
 *     observe now           "OBSERVED now: TSC MONOTONIC REALTIME", of one moment, in ns
 *
 * The first two go on until SIGTERM.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

#define PAGE 4096UL
#define WORDS (PAGE / 8)
#define CPUS 16
#define SAMPLES 20000
#define SAMPLE_NS 5000000

static volatile sig_atomic_t is_told_to_end;

static void end(int number)
{
    (void)number;
    is_told_to_end = 1;
}

static int64_t clock_ns(clockid_t which)
{
    struct timespec t;

    clock_gettime(which, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 31) * 0x9e3779b97f4a7c15ULL;
    return x ^ x >> 29;
}

/* ---- Memory ---- */

static uint64_t *map(unsigned long pages)
{
    void *p = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (p == MAP_FAILED) {
        printf("OBSERVED memory failed: none\n");
        exit(1);
    }
    return p;
}

static void fill(uint64_t *p, unsigned long pages, uint64_t salt)
{
    for (unsigned long i = 0; i < pages * WORDS; i++)
        p[i] = mix(i + salt);
}

static unsigned long lost(const uint64_t *p, unsigned long pages, uint64_t salt)
{
    unsigned long n = 0;

    for (unsigned long i = 0; i < pages * WORDS; i++)
        n += p[i] != mix(i + salt);
    return n;
}

static int observe_memory(unsigned long mib)
{
    unsigned long pages = mib * 256, some = pages / 8, bad = 0, rounds = 0;
    uint64_t *kept = map(pages);

    fill(kept, pages, 1);
    while (!bad && !is_told_to_end) {
        uint64_t *other = map(some);

        fill(other, some, ++rounds);
        bad = lost(kept, pages, 1) + lost(other, some, rounds);
        munmap(other, some * PAGE);
    }
    if (bad)
        printf("OBSERVED memory failed: %lu words in round %lu\n", bad, rounds);
    else
        printf("OBSERVED memory ok: %lu rounds\n", rounds);
    return bad != 0;
}

/* ---- Clocks ---- */

struct sample {
    uint64_t tsc;
    int64_t ns;
};

struct reader {
    pthread_t thread;
    int cpu;
    unsigned long readings, back, count;
    struct sample *sample;
};

static volatile int64_t latest;             /* of all CPUs */

/* The clock between two looks at the counter, the closest of some. */
static struct sample take(struct reader *r)
{
    struct sample best = { 0 };
    uint64_t width = UINT64_MAX;

    for (int i = 0; i < 8; i++) {
        int64_t before = __atomic_load_n(&latest, __ATOMIC_SEQ_CST);
        uint64_t first = __rdtsc();
        int64_t ns = clock_ns(CLOCK_MONOTONIC_RAW);
        uint64_t last = __rdtsc();

        r->readings++;
        r->back += ns < before;
        /* Another's may be later by now: then his stays. */
        __atomic_compare_exchange_n(&latest, &before, ns, false, __ATOMIC_SEQ_CST,
                                    __ATOMIC_SEQ_CST);
        if (last - first < width) {
            width = last - first;
            best = (struct sample){ first + width / 2, ns };
        }
    }
    return best;
}

static void *read_clocks(void *arg)
{
    struct reader *r = arg;
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(r->cpu, &set);
    sched_setaffinity(0, sizeof(set), &set);
    int64_t next = 0;
    while (!is_told_to_end) {
        struct sample s = take(r);

        if (s.ns >= next && r->count < SAMPLES) {
            r->sample[r->count++] = s;
            next = s.ns + SAMPLE_NS;
        }
    }
    return NULL;
}

/* How far the sample is from the line through the first and the last of its CPU, in ns. */
static double distance(const struct sample *s, const struct sample *a, const struct sample *b)
{
    double slope = (double)(b->ns - a->ns) / (double)(b->tsc - a->tsc);
    double off = (double)(s->ns - a->ns) - slope * (double)(int64_t)(s->tsc - a->tsc);

    return off < 0 ? -off : off;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* The host may take its CPU away between two looks, so the worst hundredth does not count: a jump
 * or another pace would put half of the samples off. */
static double worst_of(const struct reader *r, const struct sample *a, const struct sample *b)
{
    static double off[SAMPLES];

    for (unsigned long i = 0; i < r->count; i++)
        off[i] = distance(&r->sample[i], a, b);
    qsort(off, r->count, sizeof(off[0]), by_size);
    return off[r->count - 1 - r->count / 100];
}

static int observe_clocks(void)
{
    static struct reader reader[CPUS];
    int cpus = (int)sysconf(_SC_NPROCESSORS_ONLN);
    unsigned long readings = 0, back = 0;
    double off = 0;

    cpus = cpus < CPUS ? cpus : CPUS;
    for (int i = 0; i < cpus; i++) {
        reader[i].cpu = i;
        reader[i].sample = calloc(SAMPLES, sizeof(struct sample));
        pthread_create(&reader[i].thread, NULL, read_clocks, &reader[i]);
    }
    for (int i = 0; i < cpus; i++)
        pthread_join(reader[i].thread, NULL);
    /* One line for all: CPUs do not differ. */
    const struct sample *a = reader[0].sample, *b = a + reader[0].count - 1;
    for (int i = 0; i < cpus; i++) {
        double worst = worst_of(&reader[i], a, b);

        readings += reader[i].readings;
        back += reader[i].back;
        off = worst > off ? worst : off;
    }
    printf("OBSERVED clocks: %lu readings, back %lu, off %.0f ns\n", readings, back, off);
    return back != 0;
}

static int observe_now(void)
{
    struct reader r = { 0 };
    struct sample s = take(&r);
    /* Between two looks at the other clock; REALTIME is that one, moved by a constant. */
    int64_t real = 0, width = INT64_MAX;

    for (int i = 0; i < 8; i++) {
        int64_t first = clock_ns(CLOCK_MONOTONIC_RAW), now = clock_ns(CLOCK_REALTIME);
        int64_t last = clock_ns(CLOCK_MONOTONIC_RAW);

        if (last - first < width) {
            width = last - first;
            real = now - (first + width / 2) + s.ns;
        }
    }
    printf("OBSERVED now: %lu %ld %ld\n", s.tsc, s.ns, real);
    return 0;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";

    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGTERM, end);
    if (!strcmp(what, "memory") && argc == 3)
        return observe_memory(atol(argv[2]));
    if (!strcmp(what, "clocks"))
        return observe_clocks();
    return strcmp(what, "now") ? 2 : observe_now();
}
