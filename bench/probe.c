/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The measuring program of the toolstack bench, static, in dom0 and in guests.
 *
 *     probe run ROW N COMMAND...          milliseconds of each of N runs
 *     probe until ROW FILE TEXT COMMAND…  from starting COMMAND until TEXT stands in FILE
 *     probe gone ROW DOMID COMMAND…       from starting COMMAND until the domain is no more
 *     probe disk PREFIX DEVICE            sequential and 4 KiB random, read and written
 *     probe serve                         the other end of the next one
 *     probe net PREFIX ADDRESS            TCP throughput both ways, requests per second
 *     probe memory PID...                 KiB of memory that these use together (PSS)
 *
 * Prints "ROW name value"; ms where smaller is better, others say so in their names (MBps, ps).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <xc/xc.h>
#include <xen/domctl.h>

#define PORT       5001
#define CHUNK      (256u << 10)
#define NET_BYTES  (8u << 20)
#define DISK_BYTES (32u << 20)
#define DISK_PASSES 8u                  /* one is too short: its first milliseconds count */
#define RANDOM_OPS 1000
#define REQUESTS   500
#define PATIENCE   200.0        /* seconds until something is given up */

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static void die(const char *what)
{
    printf("PROBE failed: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void row(const char *prefix, const char *name, double value)
{
    printf("ROW %s%s %.3f\n", prefix, name, value);
    fflush(stdout);
}

static void nap(void)
{
    nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
}

static pid_t start(char **command)
{
    pid_t pid = fork();

    if (pid)
        return pid;
    int null = open("/dev/null", O_WRONLY);

    dup2(null, 1);
    execvp(command[0], command);
    _exit(127);
}

static void expect_good(pid_t pid, const char *name)
{
    int status;

    if (waitpid(pid, &status, 0) != pid || status) {
        printf("PROBE failed: %s: exit status %x\n", name, status);
        exit(1);
    }
}

static void run(const char *name, unsigned int count, char **command)
{
    double began = now();

    for (unsigned int i = 0; i < count; i++)
        expect_good(start(command), name);
    row(name, "", (now() - began) * 1e3 / count);
}

static bool file_says(const char *path, const char *text)
{
    static char content[1 << 18];
    int fd = open(path, O_RDONLY);

    if (fd < 0)
        return false;
    ssize_t n = read(fd, content, sizeof(content));

    close(fd);
    return n > 0 && memmem(content, n, text, strlen(text));
}

static void until(const char *name, const char *path, const char *text, char **command)
{
    double began = now();
    pid_t pid = start(command);

    while (!file_says(path, text)) {
        if (now() - began > PATIENCE)
            die(name);
        nap();
    }
    row(name, "", (now() - began) * 1e3);
    expect_good(pid, name);
}

static void gone(const char *name, uint32_t domid, char **command)
{
    struct xen_domctl_getdomaininfo info;
    struct xc *xc;
    int rc = xc_open(&xc);

    if (rc || xc_domain_info(xc, domid, &info))
        die(name);
    double began = now();
    pid_t pid = start(command);

    while (!xc_domain_info(xc, domid, &info)) {
        if (now() - began > PATIENCE)
            die(name);
        nap();
    }
    row(name, "", (now() - began) * 1e3);
    expect_good(pid, name);
    xc_close(xc);
}

/* ---- disks ---- */

static void disk_stream(const char *prefix, const char *name, int fd, char *buf, bool is_write)
{
    double began = now();

    for (size_t done = 0; done < DISK_PASSES * DISK_BYTES; done += CHUNK) {
        off_t at = (off_t)(done % DISK_BYTES);
        ssize_t n = is_write ? pwrite(fd, buf, CHUNK, at) : pread(fd, buf, CHUNK, at);

        if (n != (ssize_t)CHUNK)
            die(name);
    }
    if (is_write)
        fdatasync(fd);
    row(prefix, name, DISK_PASSES * (DISK_BYTES / 1e6) / (now() - began));
}

static void disk_random(const char *prefix, const char *name, int fd, char *buf, bool is_write)
{
    uint32_t at = 1;
    double began = now();

    for (int i = 0; i < RANDOM_OPS; i++) {
        at = at * 1103515245 + 12345;
        off_t offset = (off_t)(at >> 8) % (DISK_BYTES / 4096) * 4096;
        ssize_t n = is_write ? pwrite(fd, buf, 4096, offset) : pread(fd, buf, 4096, offset);

        if (n != 4096)
            die(name);
    }
    row(prefix, name, RANDOM_OPS / (now() - began));
}

static void disk(const char *prefix, const char *device)
{
    int fd = open(device, O_RDWR | O_DIRECT);
    char *buf = aligned_alloc(4096, CHUNK);

    if (fd < 0)
        die(device);
    memset(buf, 0x5a, CHUNK);
    disk_stream(prefix, "_write_MBps", fd, buf, true);
    disk_stream(prefix, "_read_MBps", fd, buf, false);
    disk_random(prefix, "_random_read_ps", fd, buf, false);
    disk_random(prefix, "_random_write_ps", fd, buf, true);
    close(fd);
}

/* ---- network: a connection begins with a byte for what it is ---- */

static bool read_all(int fd, char *buf, size_t len)
{
    while (len) {
        ssize_t n = read(fd, buf, len < CHUNK ? len : CHUNK);

        if (n <= 0)
            return false;
        len -= n;
    }
    return true;
}

static void write_all(int fd, const char *buf, size_t len)
{
    while (len) {
        ssize_t n = write(fd, buf, len < CHUNK ? len : CHUNK);

        if (n <= 0)
            die("write");
        len -= n;
    }
}

static void no_delay(int fd)
{
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
}

static void serve_one(int fd, char *buf)
{
    char what;

    no_delay(fd);
    if (read(fd, &what, 1) != 1)
        return;
    if (what == 'u' && read_all(fd, buf, NET_BYTES))
        write_all(fd, "k", 1);
    if (what == 'd')
        write_all(fd, buf, NET_BYTES);
    while (what == 'r' && read(fd, buf, 1) == 1)
        write_all(fd, buf, 1);
    close(fd);
}

static void serve(void)
{
    struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons(PORT) };
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    char *buf = calloc(1, CHUNK);

    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
    if (bind(listener, (struct sockaddr *)&any, sizeof(any)) || listen(listener, 5))
        die("listen");
    for (;;)
        serve_one(accept(listener, NULL, NULL), buf);
}

static int dial(const char *address, char what)
{
    struct sockaddr_in there = { .sin_family = AF_INET, .sin_port = htons(PORT) };
    double began = now();
    int fd;

    inet_aton(address, &there.sin_addr);
    for (;;) {
        fd = socket(AF_INET, SOCK_STREAM, 0);
        if (!connect(fd, (struct sockaddr *)&there, sizeof(there)))
            break;
        close(fd);
        if (now() - began > PATIENCE)
            die("connect");
        usleep(100000);
    }
    no_delay(fd);
    write_all(fd, &what, 1);
    return fd;
}

static void net(const char *prefix, const char *address)
{
    char *buf = calloc(1, CHUNK);
    int fd = dial(address, 'u');
    double began = now();

    write_all(fd, buf, NET_BYTES);
    read_all(fd, buf, 1);
    row(prefix, "_send_MBps", NET_BYTES / 1e6 / (now() - began));
    close(fd);
    fd = dial(address, 'd');
    began = now();
    read_all(fd, buf, NET_BYTES);
    row(prefix, "_receive_MBps", NET_BYTES / 1e6 / (now() - began));
    close(fd);
    fd = dial(address, 'r');
    began = now();
    for (int i = 0; i < REQUESTS; i++) {
        write_all(fd, "q", 1);
        read_all(fd, buf, 1);
    }
    row(prefix, "_requests_ps", REQUESTS / (now() - began));
    close(fd);
}

/* ---- memory ---- */

static void memory(int count, char **pids)
{
    unsigned long sum = 0, kib;
    char path[64], line[200];

    for (int i = 0; i < count; i++) {
        snprintf(path, sizeof(path), "/proc/%s/smaps_rollup", pids[i]);
        FILE *f = fopen(path, "r");

        if (!f)
            die(path);
        while (fgets(line, sizeof(line), f)) {
            if (sscanf(line, "Pss: %lu", &kib) == 1)
                sum += kib;
        }
        fclose(f);
    }
    row("daemons_memory_KiB", "", sum);
}

int main(int argc, char **argv)
{
    const char *verb = argc > 1 ? argv[1] : "";

    signal(SIGPIPE, SIG_IGN);
    if (!strcmp(verb, "run") && argc > 4)
        run(argv[2], atoi(argv[3]), argv + 4);
    else if (!strcmp(verb, "until") && argc > 5)
        until(argv[2], argv[3], argv[4], argv + 5);
    else if (!strcmp(verb, "gone") && argc > 4)
        gone(argv[2], atoi(argv[3]), argv + 4);
    else if (!strcmp(verb, "disk") && argc > 3)
        disk(argv[2], argv[3]);
    else if (!strcmp(verb, "serve"))
        serve();
    else if (!strcmp(verb, "net") && argc > 3)
        net(argv[2], argv[3]);
    else if (!strcmp(verb, "memory"))
        memory(argc - 2, argv + 2);
    else
        return 2;
    return 0;
}
