/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "pty.h"

static int make_raw(int fd)
{
    struct termios t;

    if (tcgetattr(fd, &t))
        return -errno;
    cfmakeraw(&t);
    return tcsetattr(fd, TCSANOW, &t) ? -errno : 0;
}

static int open_slave(struct pty *pty)
{
    if (grantpt(pty->master) || unlockpt(pty->master))
        return -errno;
    int rc = ptsname_r(pty->master, pty->name, sizeof(pty->name));

    if (rc)
        return -rc;
    pty->slave = open(pty->name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    return pty->slave < 0 ? -errno : make_raw(pty->slave);
}

int pty_open(struct pty *pty)
{
    pty->slave = -1;
    pty->master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    if (pty->master < 0)
        return -errno;
    int rc = open_slave(pty);

    if (rc)
        pty_close(pty);
    return rc;
}

void pty_close(struct pty *pty)
{
    if (pty->master >= 0)
        close(pty->master);
    if (pty->slave >= 0)
        close(pty->slave);
    pty->master = -1;
    pty->slave = -1;
}
