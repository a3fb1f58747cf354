/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xen-vncgate: asks for the password that QEMU cannot check, and passes on those who know it.
 *
 *     xen-vncgate ADDRESS FIRST LAST SOCKET PASSWORD-FILE PORT-FILE 3<PIDFD
 *
 * It listens on the first free port of FIRST to LAST, writes its number to PORT-FILE, and joins
 * viewers to QEMU's VNC server on the Unix socket SOCKET. It ends with QEMU, whose pidfd is its
 * descriptor 3; if it cannot listen, it ends QEMU, so that nobody waits for a screen in vain.
 */
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rfb.h"

#define QEMU_FD 3
#define MAX_VIEWERS 16
#define SILENCE_S 30            /* between bytes of a handshake */
#define ADMISSION_S 60          /* for all of it */

static char password[256];

static int fail(const char *what)
{
    fprintf(stderr, "xen-vncgate: %s\n", what);
    syscall(SYS_pidfd_send_signal, QEMU_FD, SIGKILL, NULL, 0);
    return 1;
}

/* -1 if the port is taken. */
static int listen_on(const char *address, unsigned int port)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE }, *list;
    char service[16];
    int one = 1, fd = -1;

    snprintf(service, sizeof(service), "%u", port);
    if (getaddrinfo(address, service, &hints, &list))
        return -1;
    fd = socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (fd >= 0 && (bind(fd, list->ai_addr, list->ai_addrlen) || listen(fd, 4))) {
        close(fd);
        fd = -1;
    }
    freeaddrinfo(list);
    return fd;
}

static bool read_password(const char *path)
{
    FILE *in = fopen(path, "re");
    size_t len = in ? fread(password, 1, sizeof(password) - 1, in) : 0;

    if (in)
        fclose(in);
    password[len] = '\0';
    return len;
}

/* Whole or not at all, for xend reads it at any time. */
static bool write_port(const char *path, unsigned int port)
{
    char temporary[200];

    if (snprintf(temporary, sizeof(temporary), "%s.new", path) >= (int)sizeof(temporary))
        return false;
    FILE *out = fopen(temporary, "we");

    if (!out)
        return false;
    fprintf(out, "%u\n", port);
    return !fclose(out) && !rename(temporary, path);
}

static int connect_to(const char *path)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || strlen(path) >= sizeof(at.sun_path))
        return -1;
    strcpy(at.sun_path, path);
    if (connect(fd, (struct sockaddr *)&at, sizeof(at))) {
        close(fd);
        return -1;
    }
    return fd;
}

static void set_patience(int fd, int seconds)
{
    struct timeval t = { seconds, 0 };

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t));
}

static bool pass_on(int from, int to)
{
    static char block[65536];
    ssize_t n = read(from, block, sizeof(block));

    for (ssize_t done = 0; done < n;) {
        ssize_t sent = send(to, block + done, n - done, MSG_NOSIGNAL);

        if (sent <= 0)
            return false;
        done += sent;
    }
    return n > 0;
}

static void join(int viewer, int qemu)
{
    struct pollfd fds[2] = { { viewer, POLLIN, 0 }, { qemu, POLLIN, 0 } };

    while (poll(fds, 2, -1) >= 0 || errno == EINTR) {
        if ((fds[0].revents && !pass_on(viewer, qemu)) ||
            (fds[1].revents && !pass_on(qemu, viewer)))
            return;
    }
}

static void __attribute__((noreturn)) serve(int viewer, const char *socket_path)
{
    set_patience(viewer, SILENCE_S);
    /* Nor may one keep its place by a byte now and then. */
    alarm(ADMISSION_S);
    if (!rfb_admit(viewer, password))
        _exit(1);
    int qemu = connect_to(socket_path);

    if (qemu < 0)
        _exit(1);
    set_patience(qemu, SILENCE_S);
    if (!rfb_enter(qemu))
        _exit(1);
    alarm(0);
    set_patience(viewer, 0);
    set_patience(qemu, 0);
    join(viewer, qemu);
    _exit(0);
}

/* Each viewer has a process of its own; beyond MAX_VIEWERS they wait. */
static int gate(int listener, const char *socket_path)
{
    struct pollfd fds[2] = { { QEMU_FD, POLLIN, 0 }, { listener, POLLIN, 0 } };
    unsigned int viewers = 0;

    for (;;) {
        while (viewers && waitpid(-1, NULL, WNOHANG) > 0)
            viewers--;
        if (poll(fds, viewers < MAX_VIEWERS ? 2 : 1, 1000) <= 0)
            continue;
        if (fds[0].revents)
            return 0;
        int viewer = fds[1].revents ? accept(listener, NULL, NULL) : -1;

        fds[1].revents = 0;
        if (viewer < 0)
            continue;
        pid_t pid = fork();

        if (!pid)
            serve(viewer, socket_path);
        viewers += pid > 0;
        close(viewer);
    }
}

int main(int argc, char **argv)
{
    int listener = -1;

    if (argc != 7)
        return fail("usage: xen-vncgate ADDRESS FIRST LAST SOCKET PASSWORD-FILE PORT-FILE");
    unsigned int port = strtoul(argv[2], NULL, 10), last = strtoul(argv[3], NULL, 10);

    signal(SIGPIPE, SIG_IGN);
    if (!read_password(argv[5]))
        return fail("the password cannot be read");
    for (; port <= last && port < 65536; port++) {
        listener = listen_on(argv[1], port);
        if (listener >= 0)
            break;
    }
    if (listener < 0)
        return fail("no port is free for VNC");
    if (!write_port(argv[6], port))
        return fail("the port's number cannot be written");
    return gate(listener, argv[4]);
}
