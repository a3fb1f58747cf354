/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Microbenchmarks, run as the first process of a stock Linux.
 *
 * One static program for every system under test.  Time is the TSC; under QEMU's icount one tick is
 * one instruction, so a row is a count and not a measurement with noise.  Each row runs several
 * rounds and reports the median, which drops those that a timer tick has inflated.
 *
 * Prints "ROW <name> <instructions per operation>" lines, then powers the machine off.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096UL
#define ROUNDS 7
#define REGION_PAGES 512

static uint64_t tsc(void)
{
    uint32_t lo, hi;

    asm volatile("rdtsc" : "=a"(lo), "=d"(hi) : : "memory");
    return (uint64_t)hi << 32 | lo;
}

/* Rows are kept and printed at the end: the console costs far more than what is measured. */
static struct {
    const char *name;
    double value;
} rows[48];
static int row_count;

static void row_add(const char *name, double value)
{
    rows[row_count].name = name;
    rows[row_count].value = value;
    row_count++;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *samples)
{
    qsort(samples, ROUNDS, sizeof(*samples), compare_doubles);
    return samples[ROUNDS / 2];
}

/* The median over ROUNDS of `count` calls of `operation`, per call. */
static double measure(void (*operation)(void), int count)
{
    double samples[ROUNDS];

    operation();
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t start = tsc();
        for (int i = 0; i < count; i++)
            operation();
        samples[round] = (double)(tsc() - start) / count;
    }
    return median(samples);
}

static void must(int ok, const char *what)
{
    if (ok)
        return;
    printf("BENCH failed: %s: %s\n", what, strerror(errno));
    fflush(stdout);
    reboot(RB_POWER_OFF);
    _exit(1);
}

static char *pages_map(size_t pages, int protection)
{
    char *p = mmap(NULL, pages * PAGE, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    must(p != MAP_FAILED, "mmap");
    madvise(p, pages * PAGE, MADV_NOHUGEPAGE);
    return p;
}

static void op_syscall(void)
{
    syscall(SYS_getppid);
}

/* Fault in a region page by page, then unmap it: two rows from one loop. */
static void measure_faults(void)
{
    double fault[ROUNDS], unmap[ROUNDS];

    for (int round = -1; round < ROUNDS; round++) {
        char *p = pages_map(REGION_PAGES, PROT_READ | PROT_WRITE);
        uint64_t start = tsc();
        for (size_t i = 0; i < REGION_PAGES; i++)
            *(volatile char *)(p + i * PAGE) = 1;
        uint64_t middle = tsc();
        munmap(p, REGION_PAGES * PAGE);
        uint64_t end = tsc();
        if (round < 0)
            continue;
        fault[round] = (double)(middle - start) / REGION_PAGES;
        unmap[round] = (double)(end - middle) / REGION_PAGES;
    }
    row_add("page_fault", median(fault));
    row_add("munmap_page", median(unmap));
}

static char *mprotect_region;

static void op_mprotect16(void)
{
    mprotect(mprotect_region, 16 * PAGE, PROT_READ);
    mprotect(mprotect_region, 16 * PAGE, PROT_READ | PROT_WRITE);
}

static void measure_mprotect(void)
{
    mprotect_region = pages_map(16, PROT_READ | PROT_WRITE);
    memset(mprotect_region, 1, 16 * PAGE);
    row_add("mprotect16", measure(op_mprotect16, 200));
}

static char *signal_page;

static void on_segv(int sig, siginfo_t *info, void *context)
{
    (void)sig;
    (void)context;
    char *page = (char *)((uintptr_t)info->si_addr & ~(PAGE - 1));
    mprotect(page, PAGE, PROT_READ | PROT_WRITE);
}

static void op_segv(void)
{
    mprotect(signal_page, PAGE, PROT_READ);
    *(volatile char *)signal_page = 2;
}

static void measure_signal(void)
{
    struct sigaction action = { .sa_sigaction = on_segv, .sa_flags = SA_SIGINFO };

    sigaction(SIGSEGV, &action, NULL);
    signal_page = pages_map(1, PROT_READ | PROT_WRITE);
    *signal_page = 1;
    row_add("segv_mprotect", measure(op_segv, 200));
    signal(SIGSEGV, SIG_DFL);
}

static void op_fork_exit(void)
{
    pid_t pid = fork();

    if (pid == 0)
        _exit(0);
    waitpid(pid, NULL, 0);
}

static const char *own_path;           /* "/init", or what rdinit= names */

static void op_fork_exec(void)
{
    pid_t pid = fork();

    if (pid == 0) {
        char *argv[] = { (char *)own_path, "exit", NULL };
        execv(own_path, argv);
        _exit(1);
    }
    waitpid(pid, NULL, 0);
}

static int pipe_out[2], pipe_back[2];

static void op_ping(void)
{
    char byte = 0;

    if (write(pipe_out[1], &byte, 1) != 1 || read(pipe_back[0], &byte, 1) != 1)
        must(0, "ping-pong");
}

static void pipe_echo(void)
{
    char byte;

    close(pipe_out[1]);
    while (read(pipe_out[0], &byte, 1) == 1)
        if (write(pipe_back[1], &byte, 1) != 1)
            break;
    _exit(0);
}

static void measure_pipe(void)
{
    must(pipe(pipe_out) == 0 && pipe(pipe_back) == 0, "pipe");
    pid_t pid = fork();
    if (pid == 0)
        pipe_echo();
    row_add("pipe_pingpong", measure(op_ping, 500));
    close(pipe_out[1]);
    waitpid(pid, NULL, 0);
}

static void op_sleep(void)
{
    struct timespec t = { .tv_nsec = 50000 };

    nanosleep(&t, NULL);
}

/* Map, fill and unmap 64 pages in two calls: page tables in batches. */
static void op_mmap_populate(void)
{
    char *p = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

    munmap(p, 64 * PAGE);
}

/* ---- Rows that need Xen's devices ---- */

struct privcmd_hypercall {
    uint64_t op;
    uint64_t arg[5];
};

#define IOCTL_PRIVCMD_HYPERCALL _IOC(_IOC_NONE, 'P', 0, sizeof(struct privcmd_hypercall))
#define HYPERCALL_XEN_VERSION 17

static int privcmd_fd;
static struct privcmd_hypercall version_call = { .op = HYPERCALL_XEN_VERSION };

static void op_bad_ioctl(void)
{
    ioctl(privcmd_fd, _IOC(_IOC_NONE, 'P', 0x7f, 0), &version_call);
}

static void op_hypercall(void)
{
    ioctl(privcmd_fd, IOCTL_PRIVCMD_HYPERCALL, &version_call);
}

/* Kernels may refuse it to programs in an unprivileged domain. */
static void measure_hypercall(void)
{
    privcmd_fd = open("/dev/xen/privcmd", O_RDWR | O_CLOEXEC);
    if (privcmd_fd < 0)
        return;
    int version = ioctl(privcmd_fd, IOCTL_PRIVCMD_HYPERCALL, &version_call);
    if (version < 0 && errno == EPERM) {
        close(privcmd_fd);
        return;
    }
    must(version >= 0x40000, "xen_version");
    double base = measure(op_bad_ioctl, 1000);
    double call = measure(op_hypercall, 1000);
    row_add("hypercall", call - base);
    close(privcmd_fd);
}

struct evtchn_bind_interdomain {
    uint32_t remote_domain;
    uint32_t remote_port;
};

#define IOCTL_EVTCHN_BIND_INTERDOMAIN \
    _IOC(_IOC_NONE, 'E', 1, sizeof(struct evtchn_bind_interdomain))
#define IOCTL_EVTCHN_BIND_UNBOUND_PORT _IOC(_IOC_NONE, 'E', 2, sizeof(uint32_t))
#define IOCTL_EVTCHN_NOTIFY _IOC(_IOC_NONE, 'E', 4, sizeof(uint32_t))

static int event_near, event_far;
static uint32_t port_near, port_far;

/* Notify, see it arrive, unmask it: one event through the hypervisor and back into this process. */
static void op_event(void)
{
    uint32_t port;

    ioctl(event_near, IOCTL_EVTCHN_NOTIFY, &port_near);
    if (read(event_far, &port, sizeof(port)) != sizeof(port) || port != port_far)
        must(0, "event read");
    if (write(event_far, &port, sizeof(port)) != sizeof(port))
        must(0, "event unmask");
}

#define DOMID_SELF 0x7ff0

static void measure_event(void)
{
    event_near = open("/dev/xen/evtchn", O_RDWR | O_CLOEXEC);
    event_far = open("/dev/xen/evtchn", O_RDWR | O_CLOEXEC);
    if (event_near < 0 || event_far < 0)
        return;
    uint32_t self = DOMID_SELF;
    port_far = ioctl(event_far, IOCTL_EVTCHN_BIND_UNBOUND_PORT, &self);
    struct evtchn_bind_interdomain bind = { .remote_domain = self, .remote_port = port_far };
    port_near = ioctl(event_near, IOCTL_EVTCHN_BIND_INTERDOMAIN, &bind);
    must((int)port_far > 0 && (int)port_near > 0, "event bind");
    uint32_t port;
    fcntl(event_far, F_SETFL, O_NONBLOCK);      /* a new port may or may not start pending */
    while (read(event_far, &port, sizeof(port)) > 0)
        if (write(event_far, &port, sizeof(port)) < 0)
            break;
    fcntl(event_far, F_SETFL, 0);
    row_add("event_roundtrip", measure(op_event, 300));
    close(event_near);
    close(event_far);
}

struct gntalloc_alloc {
    uint16_t domid;
    uint16_t flags;
    uint32_t count;
    uint64_t index;
    uint32_t refs[1];
};

struct gntdev_map {
    uint32_t count;
    uint32_t pad;
    uint64_t index;
    uint32_t domid;
    uint32_t ref;
};

struct gntdev_unmap {
    uint64_t index;
    uint32_t count;
    uint32_t pad;
};

struct gntdev_copy_segment {
    union {
        void *virt;
        struct {
            uint32_t ref;
            uint16_t offset;
            uint16_t domid;
        } foreign;
    } source, dest;
    uint16_t len;
    uint16_t flags;
    int16_t status;
};

struct gntdev_copy {
    unsigned int count;
    struct gntdev_copy_segment *segments;
};

#define IOCTL_GNTALLOC_ALLOC _IOC(_IOC_NONE, 'G', 5, sizeof(struct gntalloc_alloc))
#define IOCTL_GNTDEV_MAP _IOC(_IOC_NONE, 'G', 0, sizeof(struct gntdev_map))
#define IOCTL_GNTDEV_UNMAP _IOC(_IOC_NONE, 'G', 1, sizeof(struct gntdev_unmap))
#define IOCTL_GNTDEV_COPY _IOC(_IOC_NONE, 'G', 8, sizeof(struct gntdev_copy))
#define GNTALLOC_WRITABLE 1
#define COPY_SOURCE_IS_GRANT 1

static int gntdev_fd;
static uint32_t own_grant;
static char *copy_target;

static int grant_copy(void)
{
    struct gntdev_copy_segment segment = {
        .source.foreign = { .ref = own_grant },
        .dest.virt = copy_target,
        .len = PAGE,
        .flags = COPY_SOURCE_IS_GRANT,
    };
    struct gntdev_copy copy = { .count = 1, .segments = &segment };

    return ioctl(gntdev_fd, IOCTL_GNTDEV_COPY, &copy) == 0 && segment.status == 0;
}

static void op_grant_copy(void)
{
    must(grant_copy(), "grant copy");
}

static void op_grant_map(void)
{
    struct gntdev_map map = { .count = 1, .ref = own_grant };

    if (ioctl(gntdev_fd, IOCTL_GNTDEV_MAP, &map) != 0)
        must(0, "grant map");
    char *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, gntdev_fd, map.index);
    must(p != MAP_FAILED, "grant mmap");
    munmap(p, PAGE);
    struct gntdev_unmap unmap = { .index = map.index, .count = 1 };
    ioctl(gntdev_fd, IOCTL_GNTDEV_UNMAP, &unmap);
}

/*
 * Domain 0 grants a page to itself: both ends of map and copy without a second domain.  Others do
 * not know their number, and have no such rows.
 */
static void measure_grants(void)
{
    int gntalloc_fd = open("/dev/xen/gntalloc", O_RDWR | O_CLOEXEC);
    gntdev_fd = open("/dev/xen/gntdev", O_RDWR | O_CLOEXEC);
    if (gntalloc_fd < 0 || gntdev_fd < 0)
        return;
    struct gntalloc_alloc alloc = { .flags = GNTALLOC_WRITABLE, .count = 1 };
    if (ioctl(gntalloc_fd, IOCTL_GNTALLOC_ALLOC, &alloc) != 0)
        return;
    own_grant = alloc.refs[0];
    copy_target = pages_map(1, PROT_READ | PROT_WRITE);
    *copy_target = 1;
    if (grant_copy()) {
        row_add("grant_copy_page", measure(op_grant_copy, 300));
        row_add("grant_map_unmap", measure(op_grant_map, 100));
    }
    close(gntdev_fd);
    close(gntalloc_fd);
}

static void modules_load(void)
{
    FILE *list = fopen("/modules.list", "r");
    char path[256];

    while (list && fgets(path, sizeof(path), list)) {
        path[strcspn(path, "\n")] = 0;
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd >= 0) {
            syscall(SYS_finit_module, fd, "", 0);
            close(fd);
        }
    }
    if (list)
        fclose(list);
}

/* The clock Linux keeps against the TSC: if it is not near 1, ticks are not instructions. */
static void measure_clock(void)
{
    struct timespec a, b;

    clock_gettime(CLOCK_MONOTONIC_RAW, &a);
    uint64_t start = tsc();
    while (tsc() - start < 20000000)
        ;
    clock_gettime(CLOCK_MONOTONIC_RAW, &b);
    uint64_t ticks = tsc() - start;
    row_add("clock_ratio", ((b.tv_sec - a.tv_sec) * 1e9 + (b.tv_nsec - a.tv_nsec)) / ticks);
}

static void measure_all(void)
{
    row_add("syscall", measure(op_syscall, 2000));
    measure_faults();
    measure_mprotect();
    measure_signal();
    row_add("mmap_populate64", measure(op_mmap_populate, 50));
    row_add("fork_exit", measure(op_fork_exit, 20));
    row_add("fork_exec_exit", measure(op_fork_exec, 10));
    measure_pipe();
    row_add("nanosleep_50us", measure(op_sleep, 200));
    measure_hypercall();
    measure_event();
    measure_grants();
    measure_clock();
}

int main(int argc, char **argv)
{
    uint64_t at_init = tsc();
    struct timespec uptime;

    clock_gettime(CLOCK_MONOTONIC, &uptime);
    if (argc > 1 && strcmp(argv[1], "exit") == 0)
        return 0;
    own_path = argv[0];
    setvbuf(stdout, NULL, _IOLBF, 0);
    mkdir("/dev", 0755);
    mount("dev", "/dev", "devtmpfs", 0, NULL);
    row_add("init_uptime", uptime.tv_sec + uptime.tv_nsec / 1e9);
    row_add("init_from_reset", at_init / 1e9);
    modules_load();
    printf("BENCH begin\n");
    measure_all();
    for (int i = 0; i < row_count; i++)
        printf("ROW %s %.4f\n", rows[i].name, rows[i].value);
    printf("BENCH end\n");
    fflush(stdout);
    sync();
    reboot(RB_POWER_OFF);
    return 0;
}
