/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A mixed load for dom0: load SECONDS [DISK [ADDRESS PORT]]
 *
 * Workers compute, fork, map and protect memory, read and write the disk, fetch by network and
 * watch the clock, each checking what it gets.  Every worker counts its rounds in shared memory;
 * the parent looks once a second and calls a worker stalled if it made none for STALL_SECONDS.
 * Prints one line for each worker and "LOAD ok" or "LOAD failed: why".
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096UL
#define STALL_SECONDS 30
#define MEMORY_PAGES 512UL
#define DISK_BLOCK (64 * 1024UL)
#define DISK_BLOCKS 64

struct worker {
    const char *name;
    void (*round)(struct worker *w);
    pid_t pid;
    volatile uint64_t rounds;
    volatile uint64_t seen;         /* by the parent, with the time it saw it */
    volatile uint64_t seen_at;
    uint64_t longest;               /* milliseconds without a round */
    char failure[120];
};

static const char *disk, *address;
static int port;

static uint64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000ULL + t.tv_nsec / 1000000;
}

static void fail(struct worker *w, const char *why)
{
    snprintf(w->failure, sizeof(w->failure), "%s (%s)", why, strerror(errno));
    _exit(1);
}

static uint64_t mix(uint64_t x)
{
    x ^= x >> 33;
    x *= 0xff51afd7ed558ccdULL;
    x ^= x >> 33;
    return x;
}

/* Integer and vector registers through the same sum: a lost register state shows as two answers. */
static void round_compute(struct worker *w)
{
    uint64_t sum[2] = { 0, 0 };

    for (int pass = 0; pass < 2; pass++) {
        double real = 1.0;
        for (uint64_t i = 0; i < 300000; i++) {
            sum[pass] += mix(i);
            real = real * 1.0000001 + (double)(i & 7);
        }
        sum[pass] += (uint64_t)real;
    }
    if (sum[0] != sum[1])
        fail(w, "two sums differ");
}

static void round_fork(struct worker *w)
{
    int status;
    pid_t pid = fork();

    if (pid == 0)
        _exit(42);
    if (pid < 0 || waitpid(pid, &status, 0) != pid || WEXITSTATUS(status) != 42)
        fail(w, "fork and wait");
    pid = fork();
    if (pid == 0) {
        execl("/bin/busybox", "true", NULL);
        _exit(1);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
        fail(w, "fork and exec");
}

static void round_memory(struct worker *w)
{
    uint64_t salt = w->rounds;
    uint64_t *p = mmap(NULL, MEMORY_PAGES * PAGE, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (p == MAP_FAILED)
        fail(w, "mmap");
    for (uint64_t i = 0; i < MEMORY_PAGES; i++)
        p[i * PAGE / 8 + i % 512] = mix(i + salt);
    pid_t pid = fork();             /* the child's copies must not reach us */
    if (pid == 0) {
        for (uint64_t i = 0; i < MEMORY_PAGES; i += 2)
            p[i * PAGE / 8 + i % 512] = 0;
        _exit(0);
    }
    mprotect(p, MEMORY_PAGES * PAGE / 2, PROT_READ);
    for (uint64_t i = 0; i < MEMORY_PAGES; i++)
        if (p[i * PAGE / 8 + i % 512] != mix(i + salt))
            fail(w, "memory changed");
    waitpid(pid, NULL, 0);
    munmap(p, MEMORY_PAGES * PAGE);
}

static void round_disk(struct worker *w)
{
    static int fd = -1;
    static uint64_t *buffer;

    if (fd < 0) {
        fd = open(disk, O_RDWR | O_DIRECT | O_CLOEXEC);
        if (fd < 0 || posix_memalign((void **)&buffer, PAGE, DISK_BLOCK) != 0)
            fail(w, "open disk");
    }
    off_t offset = (off_t)(mix(w->rounds) % DISK_BLOCKS) * DISK_BLOCK;
    for (uint64_t i = 0; i < DISK_BLOCK / 8; i++)
        buffer[i] = i ^ w->rounds;
    if (pwrite(fd, buffer, DISK_BLOCK, offset) != (ssize_t)DISK_BLOCK)
        fail(w, "disk write");
    memset(buffer, 0, DISK_BLOCK);
    if (pread(fd, buffer, DISK_BLOCK, offset) != (ssize_t)DISK_BLOCK)
        fail(w, "disk read");
    for (uint64_t i = 0; i < DISK_BLOCK / 8; i++)
        if (buffer[i] != (i ^ w->rounds))
            fail(w, "disk data differ");
}

/* The other side sends 1 MiB whose bytes are their index modulo 251, then closes. */
static void round_network(struct worker *w)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };
    unsigned char data[8192];
    size_t total = 0;
    ssize_t got;

    inet_pton(AF_INET, address, &to.sin_addr);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0)
        fail(w, "connect");
    while ((got = read(fd, data, sizeof(data))) > 0) {
        for (ssize_t i = 0; i < got; i++)
            if (data[i] != (total + i) % 251)
                fail(w, "network data differ");
        total += got;
    }
    if (got < 0 || total != 1 << 20)
        fail(w, "network transfer cut short");
    close(fd);
}

static volatile int64_t *clock_latest;

/* Two of these run: neither may see a time earlier than one the other has already published. */
static void round_clock(struct worker *w)
{
    struct timespec t;

    for (int i = 0; i < 20000; i++) {
        int64_t before = __atomic_load_n(clock_latest, __ATOMIC_SEQ_CST);
        clock_gettime(CLOCK_MONOTONIC, &t);
        int64_t now = t.tv_sec * 1000000000LL + t.tv_nsec;
        if (now < before)
            fail(w, "the clock went back");
        __atomic_store_n(clock_latest, now, __ATOMIC_SEQ_CST);
    }
    usleep(20000);
}

static void worker_start(struct worker *w)
{
    w->seen_at = now_ms();
    pid_t pid = fork();
    if (pid != 0) {
        w->pid = pid;               /* by the parent alone: the structure is shared */
        return;
    }
    for (;;) {
        w->round(w);
        w->rounds++;
    }
}

static const char *worker_check(struct worker *w)
{
    static char why[200];
    uint64_t now = now_ms();

    if (w->rounds != w->seen) {
        w->seen = w->rounds;
        w->seen_at = now;
    }
    if (now - w->seen_at > w->longest)
        w->longest = now - w->seen_at;
    if (w->failure[0] || waitpid(w->pid, NULL, WNOHANG) != 0)
        snprintf(why, sizeof(why), "%s: %s", w->name, w->failure[0] ? w->failure : "died");
    else if (now - w->seen_at > STALL_SECONDS * 1000)
        snprintf(why, sizeof(why), "%s: stalled", w->name);
    else
        return NULL;
    return why;
}

/* On a slow host the time may be over before everyone had a turn: then it goes on, up to a
 * stall. */
static bool all_had_a_turn(const struct worker *w, int count)
{
    for (int i = 0; i < count; i++)
        if (w[i].rounds == 0)
            return false;
    return true;
}

int main(int argc, char **argv)
{
    struct worker *w = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int count = 0;
    const char *why = NULL;

    if (argc < 2)
        return 2;
    clock_latest = (volatile int64_t *)((char *)w + PAGE - 8);
    w[count++] = (struct worker){ .name = "compute", .round = round_compute };
    w[count++] = (struct worker){ .name = "fork", .round = round_fork };
    w[count++] = (struct worker){ .name = "memory", .round = round_memory };
    w[count++] = (struct worker){ .name = "clock-1", .round = round_clock };
    w[count++] = (struct worker){ .name = "clock-2", .round = round_clock };
    if (argc > 2) {
        disk = argv[2];
        w[count++] = (struct worker){ .name = "disk", .round = round_disk };
    }
    if (argc > 4) {
        address = argv[3];
        port = atoi(argv[4]);
        w[count++] = (struct worker){ .name = "network", .round = round_network };
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    uint64_t end = now_ms() + strtoul(argv[1], NULL, 10) * 1000;
    for (int i = 0; i < count; i++)
        worker_start(&w[i]);
    while (!why && (now_ms() < end || !all_had_a_turn(w, count))) {
        sleep(1);
        for (int i = 0; i < count && !why; i++)
            why = worker_check(&w[i]);
    }
    for (int i = 0; i < count; i++)
        if (w[i].pid > 0)
            kill(w[i].pid, SIGKILL);
    while (wait(NULL) > 0)
        ;
    for (int i = 0; i < count; i++)
        printf("LOAD %s: %lu rounds, longest gap %lu ms\n", w[i].name, w[i].rounds, w[i].longest);
    if (why)
        printf("LOAD failed: %s\n", why);
    else
        printf("LOAD ok\n");
    return why != NULL;
}
