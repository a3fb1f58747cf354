/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xend: the only process that changes domains. Start: configuration, hypervisor, store; then what
 * a former life left is taken up or cleaned away; then the socket opens.
 *
 * Workers and scripts inherit no lock and no socket: all descriptors are close-on-exec, and a
 * worker dies with us.
 */
#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <base/daemon.h>
#include <base/log.h>
#include <xc/xc.h>

#include "api/api.h"
#include "daemon.h"
#include "device/device.h"
#include "device/qemu.h"
#include "domain/domain.h"
#include "node/cpupool.h"
#include "store.h"

#define EXIT_NOT_RUNNING 3
#define EXIT_NO_RIGHT 4
#define READY (-1)
#define ANSWER_MS 30000         /* until one that lives answers, or one that was killed is gone */

static int complain(const char *what, int rc)
{
    fprintf(stderr, "xend: %s: %s\n", what, strerror(-rc));
    log_error("%s: %s", what, strerror(-rc));
    return 1;
}

static void on_release(void *arg)
{
    domains_check(arg);
}

static void start_managed(struct xend *x)
{
    for_each_list_safe(l, &x->domains) {
        struct domain *d = list_entry(l, struct domain, link);
        const char *wish = d->config ? sxp_value(d->config, "on_xend_start") : NULL;

        if (d->is_managed && d->phase == DOMAIN_HALTED && wish && !strcmp(wish, "start"))
            domain_start(d, NULL, NULL, NULL);
    }
}

/* dom0-cpus: the others are taken offline. */
static void keep_dom0_cpus(struct xend *x)
{
    struct domain *dom0 = domain_find_id(x, 0);
    int64_t count = x->config.dom0_cpus;
    struct failure f;

    if (count <= 0 || !dom0 || count > (int64_t)dom0->info.max_vcpu_id + 1)
        return;
    if (domain_set_vcpus(dom0, count, &f))
        log_warn("dom0-cpus: %s", f.text);
}

static int open_all(struct xend *x)
{
    int rc = loop_init(x);

    if (rc)
        return complain("event loop", rc);
    rc = xc_open(&x->xc);
    if (rc)
        return complain("cannot reach the hypervisor (is this dom0?)", rc);
    rc = store_open(x);
    if (rc)
        return complain("cannot reach xenstored (is it running?)", rc);
    mkdir(XEND_DIR, 0700);
    rc = unix_listen(x);
    if (rc)
        return complain(x->config.unix_path, rc);
    return 0;
}

/* READY, or the exit status. */
static int prepare(struct xend *x)
{
    if (configure_load(x))
        return 1;
    int rc = daemon_lock();

    if (rc)
        return rc == -EWOULDBLOCK ? 0 : complain("pid file", rc);
    if (open_all(x))
        return 1;
    log_info("xend %s starts", XENITH_VERSION);
    nodes_write_dom0(x);
    network_script(x, "start");
    scripts_settle();
    state_recover(x);
    qemu_sweep(x);
    keep_dom0_cpus(x);
    configure_watch_log(x);
    store_watch(x, "@releaseDomain", on_release, x);
    cpupool_start_managed(x);
    start_managed(x);
    kernels_unpack_ahead(x);
    return READY;
}

static int serve(struct xend *x)
{
    loop_run(x);
    log_info("xend stops; domains stay");
    unix_close(x);
    store_close(x);
    return 0;
}

/* 1: one runs and answers; 0: none runs; or -ETIMEDOUT. */
static int look_for_daemon(void)
{
    struct config_xend c;
    struct config_error e;

    if (!daemon_running())
        return 0;
    if (config_xend_load(NULL, &c, &e))
        return 1;                       /* where it listens nobody knows */
    int rc = 1;

    for (int ms = 0; daemon_running() && !daemon_answers(c.unix_path) && rc > 0; ms += 20) {
        usleep(20000);
        rc = ms < ANSWER_MS ? 1 : -ETIMEDOUT;
    }
    config_xend_free(&c);
    return rc > 0 ? daemon_running() > 0 : rc;
}

static int start(bool foreground)
{
    static struct xend x;
    int found = look_for_daemon();

    if (found)
        return found > 0 ? 0 : complain("a daemon runs, but does not answer", found);
    x.is_foreground = foreground;
    int ready_fd = foreground ? -1 : daemon_detach();

    if (!foreground && ready_fd < 0)
        return complain("fork", ready_fd);
    int status = prepare(&x);

    if (ready_fd >= 0)
        daemon_ready(ready_fd, status == READY ? 0 : status);
    return status == READY ? serve(&x) : status;
}

static int stop(void)
{
    int rc = daemon_stop();

    return rc ? complain("the daemon does not stop", rc) : 0;
}

/* A daemon that could not come back is better left alone. */
static int restart(bool foreground)
{
    struct config_xend c;
    struct config_error e;

    if (config_xend_load(NULL, &c, &e)) {
        config_error_print(&e, stderr);
        return 1;
    }
    config_xend_free(&c);
    return stop() ? 1 : start(foreground);
}

static int usage(void)
{
    fprintf(stderr, "usage: xend {start|stop|reload|restart|status|unpack [KERNEL...]}\n");
    return 1;
}

int main(int argc, char **argv)
{
    const char *verb = argc > 1 ? argv[1] : NULL;
    bool foreground = getenv("XEND_DEBUG") && !strcmp(getenv("XEND_DEBUG"), "1");

    if (!verb)
        return usage();
    if (!strcmp(verb, "status"))
        return daemon_running() ? 0 : EXIT_NOT_RUNNING;
    if (geteuid()) {
        fprintf(stderr, "Xend must be run as root.\n");
        return EXIT_NO_RIGHT;
    }
    if (!strcmp(verb, "start"))
        return start(foreground);
    if (!strcmp(verb, "stop"))
        return stop();
    if (!strcmp(verb, "restart"))
        return restart(foreground);
    if (!strcmp(verb, "reload"))
        return daemon_running() ? kill(daemon_running(), SIGHUP) != 0 : EXIT_NOT_RUNNING;
    if (!strcmp(verb, "unpack"))
        return kernels_unpack((const char *const *)argv + 2);
    fprintf(stderr, "not an option: %s\n", verb);
    return 1;
}
