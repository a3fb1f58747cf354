/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A small fuzzer for LLVMFuzzerTestOneInput(), without clang.
 *
 *     fuzz_X SECONDS CORPUS [SEED]     mutates the files of CORPUS; the same seed, the same inputs
 *     fuzz_X FILE                      one input, to look at what it does
 *
 * gcc's -fsanitize-coverage=trace-pc reports each piece of code that is reached; an input that
 * reaches a new one is kept and mutated further. Whatever ends the program (a sanitizer, abort(),
 * exit(), an input that takes ten seconds) leaves its input in FUZZ_CRASH, or ./crash. Single
 * thread: nothing here is locked.
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define INPUT_MAX   (64u << 10)
#define KEPT_MAX    4096
#define SECONDS_MAX 30          /* for one input */
#define EDGES       (1u << 18)

struct input {
    uint8_t *bytes;
    size_t size;
};

static struct input kept[KEPT_MAX];
static unsigned int kept_count;
static uint8_t edges[EDGES];            /* reached by any input so far */
static unsigned int edge_count;
static const uint8_t *current;          /* under way; NULL: none */
static size_t current_size;
static uint64_t state;
static uint8_t room[INPUT_MAX];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
void __sanitizer_cov_trace_pc(void);
void __sanitizer_set_death_callback(void (*callback)(void));
int __lsan_do_recoverable_leak_check(void);
extern const char __executable_start[];

void __sanitizer_cov_trace_pc(void)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0) - (uintptr_t)__executable_start;
    uint8_t *edge = &edges[(pc ^ pc >> 18) % EDGES];

    edge_count += !*edge;
    *edge = 1;
}

/* ---- the end ---- */

static void keep_crash(void)
{
    const char *path = getenv("FUZZ_CRASH");
    int fd = current ? open(path ? path : "crash", O_WRONLY | O_CREAT | O_TRUNC, 0644) : -1;

    if (fd < 0)
        return;
    if (write(fd, current, current_size) == (ssize_t)current_size)
        dprintf(2, "the input is in %s\n", path ? path : "crash");
    close(fd);
    current = NULL;
}

static void on_signal(int sig)
{
    if (sig == SIGALRM)
        dprintf(2, "an input took more than %d s\n", SECONDS_MAX);
    keep_crash();
    signal(sig, SIG_DFL);
    raise(sig);
}

/* A target that calls exit() gave up on its input too. */
static void on_exit_called(void)
{
    if (!current)
        return;
    keep_crash();
    _exit(1);
}

/* ---- inputs ---- */

static uint64_t random64(void)
{
    /* xorshift64* */
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * 0x2545f4914f6cdd1dull;
}

static size_t below(size_t n)
{
    return n ? random64() % n : 0;
}

/* In a block of its very size, so that reading one byte too far is seen. */
static void try_input(const uint8_t *bytes, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);

    memcpy(copy, bytes, size);
    current = copy;
    current_size = size;
    alarm(SECONDS_MAX);
    LLVMFuzzerTestOneInput(copy, size);
    alarm(0);
    current = NULL;
    free(copy);
}

static void keep(const uint8_t *bytes, size_t size)
{
    if (kept_count == KEPT_MAX)
        return;
    struct input *in = &kept[kept_count++];

    in->bytes = malloc(size ? size : 1);
    in->size = size;
    memcpy(in->bytes, bytes, size);
}

/* Keeps it if it reached anything new; a leak it made shows now, while it is known. */
static void judge_input(const uint8_t *bytes, size_t size)
{
    unsigned int before = edge_count;

    try_input(bytes, size);
    if (edge_count == before)
        return;
    keep(bytes, size);
    if (kept_count % 16)
        return;
    current = bytes;
    current_size = size;
    if (__lsan_do_recoverable_leak_check())
        exit(1);
    current = NULL;
}

static size_t read_file(const char *path, uint8_t *to)
{
    FILE *f = fopen(path, "rb");

    if (!f)
        return 0;
    size_t n = fread(to, 1, INPUT_MAX, f);

    fclose(f);
    return n;
}

static int is_file(const struct dirent *d)
{
    return d->d_name[0] != '.';
}

static void read_corpus(const char *folder)
{
    struct dirent **names;
    int count = scandir(folder, &names, is_file, alphasort);

    for (int i = 0; i < count; i++) {
        char path[4096];

        snprintf(path, sizeof(path), "%s/%s", folder, names[i]->d_name);
        size_t size = read_file(path, room);

        try_input(room, size);
        keep(room, size);
        free(names[i]);
    }
    if (count > 0)
        free(names);
    if (!kept_count)
        keep((const uint8_t *)"", 0);
}

/* ---- mutations: each changes in (size bytes, room for INPUT_MAX), returns the new size ---- */

static size_t flip_bit(uint8_t *in, size_t size)
{
    if (size)
        in[below(size)] ^= 1u << below(8);
    return size;
}

static size_t set_byte(uint8_t *in, size_t size)
{
    static const uint8_t odd[] = { 0, 1, 0x7f, 0x80, 0xff, '\n', '"', '\'', '(', ')', '[', ']', '=',
                                   ',', ':', '/', ' ', '\\', '0', '9', '-', '%' };

    if (size)
        in[below(size)] = below(2) ? odd[below(sizeof(odd))] : random64();
    return size;
}

/* A number of 2, 4 or 8 bytes becomes one that breaks sums. */
static size_t set_number(uint8_t *in, size_t size)
{
    static const uint64_t odd[] = { 0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x10000,
                                    4095, 4096, 4097, 0x7fffffff, 0x80000000, 0xffffffff,
                                    0x100000000, INT64_MAX, 1ull << 63, UINT64_MAX,
                                    UINT64_MAX - 7 };
    size_t width = 2u << below(3);
    uint64_t value = odd[below(sizeof(odd) / sizeof(odd[0]))];

    if (size < width)
        return size;
    size_t at = below(size - width + 1);

    if (below(3) == 0) {
        memcpy(&value, in + at, width);
        value += below(33) - 16;
    }
    memcpy(in + at, &value, width);
    return size;
}

static size_t cut(uint8_t *in, size_t size)
{
    size_t at = below(size), n = below(size - at < 64 || !below(8) ? size - at + 1 : 64);

    memmove(in + at, in + at + n, size - at - n);
    return size - n;
}

static size_t truncate_input(uint8_t *in, size_t size)
{
    (void)in;
    return below(size + 1);
}

/* A piece of any kept input goes in between, or over what is there. */
static size_t insert(uint8_t *in, size_t size)
{
    const struct input *from = &kept[below(kept_count)];
    size_t start = below(from->size), most = from->size - start;
    size_t n = below(most < 64 || !below(8) ? most + 1 : 64), at = below(size + 1);

    if (below(2)) {
        if (n > size - at)
            n = size - at;
        memmove(in + at, from->bytes + start, n);
        return size;
    }
    if (n > INPUT_MAX - size)
        return size;
    memmove(in + at + n, in + at, size - at);
    memcpy(in + at, from->bytes + start, n);
    return size + n;
}

/* The same again, many times: depth and length. */
static size_t repeat(uint8_t *in, size_t size)
{
    size_t at = below(size), n = below(size - at < 16 ? size - at + 1 : 16);
    size_t times = 1 + below(below(16) ? 8 : 2000);

    if (!n || n * times > INPUT_MAX - size)
        return size;
    memmove(in + at + n * times, in + at, size - at);
    for (size_t i = 1; i < times; i++)
        memmove(in + at + n * i, in + at, n);
    return size + n * times;
}

static size_t mutate(uint8_t *in, size_t size)
{
    static size_t (*const ways[])(uint8_t *in, size_t size) = {
        flip_bit, set_byte, set_byte, set_number, cut, truncate_input, insert, insert, repeat,
    };

    for (size_t n = 1 + below(below(4) ? 4 : 16); n; n--)
        size = ways[below(sizeof(ways) / sizeof(ways[0]))](in, size);
    return size;
}

/* ---- the run ---- */

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static void run(double seconds, const char *corpus)
{
    unsigned long long tried = 0;
    double end = now() + seconds;

    read_corpus(corpus);
    do {
        /* What came last is the most promising. */
        size_t from = below(2) ? below(kept_count) : kept_count - 1 - below(1 + kept_count / 8);
        size_t size = kept[from].size;

        memcpy(room, kept[from].bytes, size);
        size = mutate(room, size);
        judge_input(room, size);
        tried++;
    } while (now() < end);
    if (__lsan_do_recoverable_leak_check())
        exit(1);
    printf("%llu inputs, %u kept, %u places in the code reached\n", tried, kept_count, edge_count);
}

int main(int argc, char **argv)
{
    struct stat st;

    if (argc < 2 || argc > 4) {
        fprintf(stderr, "usage: %s SECONDS CORPUS [SEED]\n       %s FILE\n", argv[0], argv[0]);
        return 2;
    }
    atexit(on_exit_called);
    __sanitizer_set_death_callback(keep_crash);
    signal(SIGABRT, on_signal);
    signal(SIGALRM, on_signal);
    if (argc == 2) {
        if (stat(argv[1], &st)) {
            perror(argv[1]);
            return 2;
        }
        try_input(room, read_file(argv[1], room));
        return 0;
    }
    state = 0x9e3779b97f4a7c15ull ^ (argc > 3 ? strtoull(argv[3], NULL, 0) : 1);
    run(strtod(argv[1], NULL), argv[2]);
    return 0;
}
