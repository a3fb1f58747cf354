/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Programs that xm hands over to.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "xm.h"

static const char *const folders[] = { "/usr/sbin", "/usr/bin", "/usr/lib/xen/bin" };

int become(const char *program, char *const *argv)
{
    char path[256];

    fflush(NULL);
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", folders[i], program);
        execv(path, argv);
    }
    execvp(program, argv);
    return error("cannot run %s: %s", program, strerror(errno));
}

int become_console(const char *domid, const char *number)
{
    char *argv[] = { "xenconsole", (char *)domid, "--num", (char *)number, NULL };

    return become("xenconsole", argv);
}
