/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * watch: prints the path of each change, as it happens.
 */
#include <stdio.h>
#include <stdlib.h>

#include "command.h"

int cmd_watch(struct invocation *in)
{
    for (int i = 0; i < in->argc; i++) {
        int rc = xs_watch(in->xs, in->argv[i], in->argv[i]);

        if (rc)
            return complain("cannot watch", in->argv[i], rc);
    }
    for (int seen = 0; in->count < 0 || seen < in->count; seen++) {
        struct xs_event *event;
        int rc = xs_wait_event(in->xs, -1, &event);

        if (rc)
            return complain("waiting for", in->argv[0], rc);
        puts(event->path);
        fflush(stdout);
        free(event);
    }
    return 0;
}
