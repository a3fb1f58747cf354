/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon.h"

#define PID_FILE "/var/run/xend.pid"
#define STOP_MS 80000          /* domains with on_xend_stop=shutdown go down first */

static int ready_fd = -1;       /* to the parent that waits */
static int lock_fd = -1;        /* open as long as we live */

pid_t daemon_running(void)
{
    int fd = open(PID_FILE, O_RDONLY | O_CLOEXEC);
    char text[24] = "";
    pid_t pid = 0;

    if (fd < 0)
        return 0;
    if (flock(fd, LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK && read(fd, text, 23) > 0)
        pid = atoi(text);
    close(fd);
    return pid;
}

bool daemon_answers(const char *socket_path)
{
    static const char request[] = "(ping)";     /* that there is no such method is an answer */
    const struct timeval patience = { .tv_sec = 5 };
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    char byte;

    if (strlen(socket_path) >= sizeof(address.sun_path))
        return false;
    strcpy(address.sun_path, socket_path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return false;
    bool answers = !setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) &&
                   !connect(fd, (struct sockaddr *)&address, sizeof(address)) &&
                   send(fd, request, sizeof(request), MSG_NOSIGNAL) == sizeof(request) &&
                   recv(fd, &byte, 1, 0) == 1;

    close(fd);
    return answers;
}

int daemon_lock(void)
{
    int fd = open(PID_FILE, O_RDWR | O_CREAT | O_CLOEXEC, 0644);

    if (fd < 0)
        return -errno;
    if (flock(fd, LOCK_EX | LOCK_NB)) {
        close(fd);
        return errno == EWOULDBLOCK ? -EEXIST : -errno;
    }
    lock_fd = fd;
    if (ftruncate(fd, 0) || dprintf(fd, "%d\n", getpid()) < 0)
        return -errno;
    return 0;
}

void daemon_leave_lock(void)
{
    if (lock_fd >= 0)
        close(lock_fd);
    lock_fd = -1;
}

int daemon_detach(void)
{
    unsigned char status = 1;
    int fds[2];

    if (pipe2(fds, O_CLOEXEC))
        return 1;
    pid_t pid = fork();

    if (pid < 0)
        return 1;
    if (pid) {
        close(fds[1]);
        if (read(fds[0], &status, 1) != 1)
            status = 1;
        return status;
    }
    close(fds[0]);
    ready_fd = fds[1];
    setsid();
    umask(022);
    return chdir("/") ? 1 : -1;
}

void daemon_ready(int status)
{
    unsigned char byte = status;

    if (ready_fd < 0)
        return;
    if (!status) {
        int null = open("/dev/null", O_RDWR);

        for (int fd = 0; fd < 3; fd++)
            dup2(null, fd);
        if (null > 2)
            close(null);
    }
    if (write(ready_fd, &byte, 1) != 1)
        _exit(1);
    close(ready_fd);
    ready_fd = -1;
}

int daemon_stop(void)
{
    pid_t pid = daemon_running();

    if (pid <= 0)
        return 0;
    kill(pid, SIGTERM);
    for (int ms = 0; ms < STOP_MS; ms += 20) {
        if (!daemon_running())
            return 0;
        usleep(20000);
    }
    return -ETIMEDOUT;
}
