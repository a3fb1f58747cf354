/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Commands for domains in trouble: cores, triggers, the reset button.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <base/alloc.h>

#include "xm.h"

/* xend has a working directory of its own. */
static char *absolute(const char *path)
{
    char *here = *path == '/' ? NULL : getcwd(NULL, 0);
    char *full = here ? xasprintf("%s/%s", here, path) : xstrdup(path);

    free(here);
    return full;
}

static int dump(const char *domain, const char *path, bool live, bool crash, bool reset)
{
    char *full = path ? absolute(path) : xstrdup("");

    printf("Dumping core of domain: %s ...\n", domain);
    fflush(stdout);
    int rc = ask(NULL, "dump", domain, full, live ? "1" : "0", crash ? "1" : "0",
                 reset ? "1" : "0", NULL);

    free(full);
    return rc;
}

int cmd_dump_core(int argc, char **argv)
{
    static const struct option options[] = {
        { "live", no_argument, NULL, 'L' }, { "crash", no_argument, NULL, 'C' },
        { "reset", no_argument, NULL, 'R' }, { 0 },
    };
    bool live = false, crash = false, reset = false;
    int option;

    optind = 0;
    while ((option = getopt_long(argc, argv, "LCR", options, NULL)) >= 0) {
        switch (option) {
        case 'L': live = true; break;
        case 'C': crash = true; break;
        case 'R': reset = true; break;
        default: return bad_option(argv);
        }
    }
    if (crash && reset)
        return usage_error("You may not specify more than one '-CR' option");
    if (argc - optind < 1 || argc - optind > 2)
        return usage_error("Expects 1 or 2 argument(s)");
    return dump(argv[optind], argc - optind > 1 ? argv[optind + 1] : NULL, live, crash, reset);
}

int cmd_reset(int argc, char **argv)
{
    if (count_is_wrong(argc - 1))
        return 1;
    return ask(NULL, "reset", argv[1], NULL);
}

int cmd_trigger(int argc, char **argv)
{
    if (count_is_wrong(argc - 1))
        return 1;
    return ask(NULL, "trigger", argv[1], argv[2], argc > 3 ? argv[3] : "0", NULL);
}
