/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The host's side of networking: network-script of the configuration, run at our start. It waits:
 * domains that are started next need its bridge.
 */
#include <stdlib.h>
#include <string.h>

#include <base/log.h>
#include <base/strings.h>

#include "device/device.h"

struct wait {
    struct xend *x;
    const char *action;
};

static void done(void *arg, int status, const char *last)
{
    struct wait *w = arg;

    if (status)
        log_error("network-script %s: exit status %d: %s", w->action, status, last);
    loop_stop(w->x);
}

/* "network-bridge bridge=xenbr1": what follows the name goes into its environment. */
void network_script(struct xend *x, const char *action)
{
    struct strings words = { 0 }, env = { 0 };
    struct wait w = { x, action };

    if (!x->config.network_script || !*x->config.network_script)
        return;
    strings_split(&words, x->config.network_script, ' ');
    for (size_t i = 1; i < words.count; i++) {
        if (strchr(words.item[i], '='))
            strings_add(&env, words.item[i]);
    }
    char *path = script_path(words.item[0]);

    if (script_start(x, path, action, &env, done, &w))
        loop_run(x);
    strings_free(&words);
    strings_free(&env);
    free(path);
}
