/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <signal.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <base/alloc.h>
#include <xc/xc.h>

#include "child.h"
#include "daemon.h"
#include "worker.h"

struct worker {
    struct child child;
    worker_done_fn *done;
    void *done_arg;
};

struct report {
    struct failure f;
    alignas(16) char result[WORKER_RESULT_MAX];     /* any structure may be put there */
};

static void ended(void *owner, int status)
{
    struct worker *w = owner;
    struct buffer *in = &w->child.in;
    struct report report;

    memset(&report, 0, sizeof(report));
    if (in->len == sizeof(report))
        memcpy(&report, buffer_head(in), sizeof(report));
    else if (status > 128)
        fail(&report.f, -EIO, "the worker was killed by signal %d%s", status - 128,
             status - 128 == SIGKILL ? ": dom0 may be out of memory" : "");
    else
        fail(&report.f, -EIO, "the worker ended without an answer");
    w->done(w->done_arg, report.f.rc, report.result, &report.f);
    child_close(&w->child);
    free(w);
}

static void __attribute__((noreturn)) be_worker(int fd, worker_fn *fn, const void *arg)
{
    static struct report report;
    struct xc *xc;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    /* Killed in a long hypercall we outlive our parent by a moment, in which its successor must
     * not think that it lives. */
    daemon_leave_lock();
    signal(SIGTERM, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
    int rc = xc_open(&xc);

    if (rc)
        fail(&report.f, rc, "cannot reach the hypervisor: %s", strerror(-rc));
    else
        rc = fn(xc, arg, report.result, &report.f);
    report.f.rc = rc;
    for (size_t done = 0; done < sizeof(report);) {
        ssize_t n = write(fd, (char *)&report + done, sizeof(report) - done);

        if (n <= 0)
            break;
        done += n;
    }
    _exit(rc ? 1 : 0);
}

struct worker *worker_start(struct xend *x, worker_fn *fn, const void *fn_arg,
                            worker_done_fn *done, void *done_arg)
{
    static const struct child_ops ops = { .ended = ended };
    struct worker *w = xcalloc(1, sizeof(*w));
    int out;
    pid_t pid = child_fork(&w->child, &out);

    if (pid < 0) {
        free(w);
        return NULL;
    }
    if (!pid)
        be_worker(out, fn, fn_arg);
    w->done = done;
    w->done_arg = done_arg;
    child_watch(&w->child, x, &ops, w);
    return w;
}

void worker_kill(struct worker **worker)
{
    struct worker *w = *worker;

    if (!w)
        return;
    *worker = NULL;
    child_kill(&w->child);
    free(w);
}
