/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xenconsoled: guests' consoles, each on a pseudo-terminal and if wanted in a log.
 *
 * Start: options, devices, store; then the loop. The store names each domain's pseudo-terminal in
 * /local/domain/N/console/tty. A restart costs nothing but new pseudo-terminals: all else is read
 * again.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <base/daemon.h>
#include <base/log.h>
#include <xc/xc.h>

#include "console.h"
#include "domain.h"
#include "options.h"
#include "server.h"

#define OWN_LOG_DIR "/var/log/xen"

struct signals {
    struct signal_source source;
    struct server *server;
};

static void __attribute__((noreturn)) fail(const char *what, int rc)
{
    log_error("%s: %s", what, strerror(-rc));
    exit(1);
}

/* ---- signals ---- */

static void signal_taken(struct signal_source *src, int number)
{
    struct signals *g = list_entry(src, struct signals, source);

    if (number != SIGHUP) {
        g->server->stopping = true;
        return;
    }
    log_reopen();
    domains_reopen_logs(g->server);
}

/* ---- event channels ---- */

static void evtchn_ready(struct source *src, uint32_t events)
{
    struct server *s = list_entry(src, struct server, evtchn_source);

    (void)events;
    /* So many, then the others have a turn. */
    for (int turns = 0; turns < 64; turns++) {
        int port = xc_evtchn_pending(s->evtchn);

        if (port < 0)
            return;
        if (port == s->hypervisor_port)
            hypervisor_event(s);
        else if ((size_t)port < s->port_count && s->by_port[port])
            console_event(s->by_port[port]);
    }
}

static void open_devices(struct server *s)
{
    int rc = xc_open(&s->xc);

    if (!rc)
        rc = xc_evtchn_open(&s->evtchn);
    if (rc)
        fail("cannot reach the hypervisor (/dev/xen/privcmd, evtchn)", rc);
    rc = xc_gnttab_open(&s->gnttab);
    if (rc)
        log_warn("no /dev/xen/gntdev (%s): rings are mapped by frame", strerror(-rc));
    s->evtchn_source.fd = xc_evtchn_fd(s->evtchn);
    s->evtchn_source.ready = evtchn_ready;
    rc = source_add(s->sources, &s->evtchn_source, EPOLLIN);
    if (rc)
        fail("epoll", rc);
}

/* ---- start and stop ---- */

static void prepare_logs(const struct options *o)
{
    bool own_file = !o->foreground && !access(OWN_LOG_DIR, W_OK);

    if ((o->log_guests || o->log_hypervisor) && mkdir(o->log_dir, 0750) && errno != EEXIST)
        log_warn("%s: %s", o->log_dir, strerror(errno));
    int rc = log_open(own_file ? OWN_LOG_DIR "/xenconsoled.log" : NULL, "xenconsoled",
                      o->verbose ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO);

    if (rc)
        log_warn(OWN_LOG_DIR "/xenconsoled.log: %s", strerror(-rc));
}

static void start(struct server *s)
{
    struct rlimit limit = { 65536, 65536 };

    if (setrlimit(RLIMIT_NOFILE, &limit))
        log_debug("file limit stays: %s", strerror(errno));
    open_devices(s);
    int rc = store_connect(s);

    if (rc)
        fail("cannot reach xenstored", rc);
    if (s->options.pid_file) {
        rc = daemon_pid_file(s->options.pid_file);
        if (rc == -EWOULDBLOCK)
            log_error("%s is locked: another xenconsoled is running", s->options.pid_file);
        if (rc < 0)
            fail(s->options.pid_file, rc);
    }
    prepare_logs(&s->options);
    hypervisor_start(s);
}

static void stop(struct server *s)
{
    domains_free(s);
    hypervisor_stop(s);
    store_disconnect(s);
    xc_evtchn_close(s->evtchn);
    xc_gnttab_close(s->gnttab);
    xc_close(s->xc);
    free(s->by_port);
    close(s->sources);
    if (s->options.pid_file)
        unlink(s->options.pid_file);
}

int main(int argc, char **argv)
{
    struct server s = { 0 };
    struct signals signals = { .source.taken = signal_taken, .server = &s };
    int ready = -1;

    log_open(NULL, "xenconsoled", LOG_LEVEL_INFO);
    list_init(&s.domains);
    list_init(&s.throttled);
    options_parse(&s.options, argc, argv);
    if (!s.options.foreground) {
        ready = daemon_detach();
        if (ready < 0)
            fail("fork", ready);
    }
    s.sources = sources_open();
    int rc = s.sources < 0 ? s.sources : signals_add(s.sources, &signals.source);

    if (rc)
        fail("signals", rc);
    start(&s);
    if (ready >= 0)
        daemon_ready(ready, 0);
    daemon_notify();
    loop_run(&s);
    stop(&s);
    close(signals.source.src.fd);
    return 0;
}
