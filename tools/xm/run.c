/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Programs that xm hands over to.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
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

/* A console beside us, while xend still works at the domain. */
static pid_t console;

void start_console(const char *domid)
{
    fflush(NULL);
    if (!console)
        console = fork();
    if (console)
        return;
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    _exit(become_console(domid, "0"));
}

static int end_of_console(void)
{
    int status = 0;

    while (waitpid(console, &status, 0) < 0 && errno == EINTR)
        ;
    console = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

void stop_console(void)
{
    if (console <= 0)
        return;
    kill(console, SIGTERM);
    end_of_console();
}

bool console_is_open(void)
{
    return console > 0;
}

int stay_at_console(const char *domid)
{
    return console > 0 ? end_of_console() : become_console(domid, "0");
}
