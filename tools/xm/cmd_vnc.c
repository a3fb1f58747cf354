/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A viewer for a domain's frame buffer. xend knows where the VNC server listens; it may take a
 * moment after the domain's start until it does.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <base/alloc.h>

#include "xm.h"

#define POLL_US 200000
#define WAIT_S 10
#define FIRST_PORT 5900

/* 0: *vnc tells (vnc (address A) (port N) (password P)). */
static int find_server(const char *domain, struct sxp **vnc)
{
    for (int i = 0; i < WAIT_S * 1000000 / POLL_US; i++) {
        int rc = ask(vnc, "vnc", domain, NULL);

        if (rc || number_of(*vnc, "port", 0))
            return rc;
        sxp_free(*vnc);
        usleep(POLL_US);
    }
    return error("Domain '%s' has no frame buffer that VNC shows", domain);
}

/* The viewer reads the password from where we wrote it. */
static void give_password(const char *password)
{
    int fds[2];

    if (pipe(fds))
        return;
    dprintf(fds[1], "%s\n", password);
    close(fds[1]);
    dup2(fds[0], 0);
    close(fds[0]);
}

int become_viewer(const char *domain, bool autopass)
{
    struct sxp *vnc;
    int rc = find_server(domain, &vnc);

    if (rc)
        return rc;
    const char *address = text_of(vnc, "address", "127.0.0.1");
    bool is_any = !strcmp(address, "0.0.0.0") || !strcmp(address, "::") || !*address;
    char *where = xasprintf("%s:%lld", is_any ? "localhost" : address,
                            number_of(vnc, "port", 0) - FIRST_PORT);
    char *argv[] = { "vncviewer", where, NULL, NULL };

    printf("invoking  vncviewer %s\n", where);
    if (autopass && *text_of(vnc, "password", "")) {
        argv[1] = "-autopass";
        argv[2] = where;
        give_password(text_of(vnc, "password", ""));
    }
    return become("vncviewer", argv);
}

/* Beside us, for a domain that we have just started. */
void start_viewer(const char *domain, bool autopass)
{
    fflush(NULL);
    if (!fork())
        _exit(become_viewer(domain, autopass));
}

int cmd_vncviewer(int argc, char **argv)
{
    static const struct option options[] = {
        { "autopass", no_argument, NULL, 'a' }, { "vncviewer-autopass", no_argument, NULL, 'a' },
        { 0 },
    };
    bool autopass = false;
    int option;

    optind = 0;
    while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
        if (option != 'a')
            return bad_option(argv);
        autopass = true;
    }
    if (count_is_wrong(argc - optind))
        return 1;
    return become_viewer(argv[optind], autopass);
}
