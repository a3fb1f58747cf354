/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <base/daemon.h>

#include "daemon.h"

#define PID_FILE "/var/run/xend.pid"
#define STOP_MS 80000          /* domains with on_xend_stop=shutdown go down first */

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
    lock_fd = daemon_pid_file(PID_FILE);
    return lock_fd < 0 ? lock_fd : 0;
}

void daemon_leave_lock(void)
{
    if (lock_fd >= 0)
        close(lock_fd);
    lock_fd = -1;
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
