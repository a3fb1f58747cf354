/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xend's own configuration and its log, at the start and again on SIGHUP.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <base/alloc.h>
#include <base/log.h>

#include "api/api.h"

#define LOG_CHECK_MS 60000
#define LOG_SIZE_MAX (1 << 20)
#define LOGS_KEPT 5

static enum log_level level_of(const char *name)
{
    static const struct {
        const char *name;
        enum log_level level;
    } known[] = {
        { "TRACE", LOG_LEVEL_DEBUG }, { "DEBUG", LOG_LEVEL_DEBUG }, { "INFO", LOG_LEVEL_INFO },
        { "WARNING", LOG_LEVEL_WARN }, { "ERROR", LOG_LEVEL_ERROR },
        { "CRITICAL", LOG_LEVEL_ERROR },
    };

    for (size_t i = 0; name && i < sizeof(known) / sizeof(known[0]); i++) {
        if (!strcasecmp(known[i].name, name))
            return known[i].level;
    }
    return LOG_LEVEL_DEBUG;
}

static int open_log(const struct xend *x, const struct config_xend *c)
{
    mkdir("/var/log/xen", 0755);
    return log_open(x->is_foreground ? NULL : c->logfile, "xend", level_of(c->loglevel));
}

/* Doors that older daemons had. Who asks for one is not left to wonder why nobody answers. */
static void add_missing_doors(struct config_xend *c)
{
    const struct {
        const char *key;
        bool is_wanted;
    } doors[] = {
        { "xend-http-server", c->http_server == 1 },
        { "xend-unix-server", c->unix_server == 1 },
        { "xend-tcp-xmlrpc-server", c->tcp_xmlrpc_server == 1 },
        { "xend-relocation-server", c->relocation_server == 1 },
        { "xend-relocation-ssl-server", c->relocation_ssl_server == 1 },
        { "xend-udev-event-server", c->udev_event_server == 1 },
        { "xen-api-server", c->xen_api_server },
    };

    for (size_t i = 0; i < sizeof(doors) / sizeof(doors[0]); i++) {
        if (doors[i].is_wanted)
            strings_give(&c->warnings, xasprintf("%s: this xend has no such server",
                                                 doors[i].key));
    }
}

static void log_warnings(const struct config_xend *c)
{
    for (size_t i = 0; i < c->warnings.count; i++)
        log_warn("%s", c->warnings.item[i]);
}

int configure_load(struct xend *x)
{
    struct config_error e;

    if (config_xend_load(NULL, &x->config, &e)) {
        config_error_print(&e, stderr);
        return 1;
    }
    add_missing_doors(&x->config);
    for (size_t i = 0; i < x->config.warnings.count; i++)
        fprintf(stderr, "xend: Warning: %s\n", x->config.warnings.item[i]);
    int rc = open_log(x, &x->config);

    if (rc) {
        fprintf(stderr, "xend: %s: %s\n", x->config.logfile, strerror(-rc));
        return 1;
    }
    log_warnings(&x->config);
    return 0;
}

/* A file that is not good changes nothing. */
void configure_again(struct xend *x)
{
    struct config_xend next;
    struct config_error e;
    char text[800];

    log_reopen();
    if (config_xend_load(NULL, &next, &e)) {
        config_error_format(&e, text, sizeof(text));
        log_error("the configuration stays as it was: %s", text);
        return;
    }
    bool moves = strcmp(next.unix_path, x->config.unix_path);

    if (strcmp(next.domains_path, x->config.domains_path)) {
        log_warn("xend-domains-path takes effect at the next start");
        free(next.domains_path);
        next.domains_path = xstrdup(x->config.domains_path);
    }
    if (open_log(x, &next))
        log_error("%s: cannot be opened", next.logfile);
    log_info("configuration read again");
    add_missing_doors(&next);
    log_warnings(&next);
    if (moves)
        unix_close(x);
    config_xend_free(&x->config);
    x->config = next;
    if (moves && unix_listen(x))
        log_error("%s: cannot listen", x->config.unix_path);
}

/* ---- the log's size ---- */

static void rotate(const char *path)
{
    for (unsigned int i = LOGS_KEPT; i-- > 0;) {
        char *from = i ? xasprintf("%s.%u", path, i) : xstrdup(path);
        char *to = xasprintf("%s.%u", path, i + 1);

        rename(from, to);
        free(from);
        free(to);
    }
    log_reopen();
}

static void check_log(void *arg)
{
    static struct event *timer;
    struct xend *x = arg;
    struct stat st;

    if (!x->is_foreground && !stat(x->config.logfile, &st) && st.st_size > LOG_SIZE_MAX)
        rotate(x->config.logfile);
    loop_after(x, &timer, LOG_CHECK_MS, check_log, x);
}

void configure_watch_log(struct xend *x)
{
    check_log(x);
}
