/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <base/daemon.h>
#include <base/log.h>

int daemon_detach(void)
{
    unsigned char status = 1;
    int pipe_fd[2];

    if (pipe2(pipe_fd, O_CLOEXEC))
        return -errno;
    pid_t pid = fork();

    if (pid < 0)
        return -errno;
    if (pid) {
        close(pipe_fd[1]);
        _exit(read(pipe_fd[0], &status, 1) == 1 ? status : 1);
    }
    close(pipe_fd[0]);
    setsid();
    umask(022);
    return chdir("/") ? -errno : pipe_fd[1];
}

static void quiet_stdio(void)
{
    int fd = open("/dev/null", O_RDWR);

    for (int i = 0; i < 3 && fd >= 0; i++)
        dup2(fd, i);
    if (fd > 2)
        close(fd);
}

void daemon_ready(int fd, int status)
{
    unsigned char byte = status;

    if (!status)
        quiet_stdio();
    if (write(fd, &byte, 1) != 1)
        log_debug("nobody waited for the start");
    close(fd);
}

static int write_pid(int fd)
{
    if (flock(fd, LOCK_EX | LOCK_NB) || ftruncate(fd, 0))
        return -errno;
    return dprintf(fd, "%d\n", (int)getpid()) < 0 ? -errno : 0;
}

int daemon_pid_file(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);

    if (fd < 0)
        return -errno;
    int rc = write_pid(fd);

    if (!rc)
        return fd;
    close(fd);
    return rc;
}

void daemon_notify(void)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    if (!path || (*path != '/' && *path != '@') || strlen(path) >= sizeof(address.sun_path))
        return;
    strcpy(address.sun_path, path);
    if (*path == '@')
        address.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return;
    if (sendto(fd, "READY=1", 7, MSG_NOSIGNAL, (struct sockaddr *)&address,
               offsetof(struct sockaddr_un, sun_path) + strlen(path)) < 0)
        log_warn("service manager not told: %s", strerror(errno));
    close(fd);
}
