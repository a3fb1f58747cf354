/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <base/alloc.h>
#include <base/buffer.h>
#include <base/log.h>
#include <xc/xc.h>

#include "daemon.h"
#include "worker.h"

struct worker {
    pid_t pid;
    int fd;
    struct event *event;
    struct buffer in;
    worker_done_fn *done;
    void *done_arg;
};

struct report {
    struct failure f;
    alignas(16) char result[WORKER_RESULT_MAX];     /* any structure may be put there */
};

static void free_worker(struct worker *w)
{
    event_free(w->event);
    close(w->fd);
    buffer_free(&w->in);
    free(w);
}

static void finish(struct worker *w)
{
    struct report report;
    int status = 0;

    while (waitpid(w->pid, &status, 0) < 0 && errno == EINTR)
        ;
    memset(&report, 0, sizeof(report));
    if (w->in.len == sizeof(report))
        memcpy(&report, buffer_head(&w->in), sizeof(report));
    else if (WIFSIGNALED(status))
        fail(&report.f, -EIO, "the worker was killed by signal %d%s", WTERMSIG(status),
             WTERMSIG(status) == SIGKILL ? ": dom0 may be out of memory" : "");
    else
        fail(&report.f, -EIO, "the worker ended without an answer");
    w->done(w->done_arg, report.f.rc, report.result, &report.f);
    free_worker(w);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct worker *w = arg;
    ssize_t n = read(fd, buffer_room(&w->in, sizeof(struct report)), sizeof(struct report));

    (void)what;
    if (n > 0) {
        buffer_grow(&w->in, n);
        return;
    }
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    finish(w);
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
    int fds[2];

    if (pipe2(fds, O_CLOEXEC))
        return NULL;
    pid_t pid = fork();

    if (pid < 0) {
        close(fds[0]);
        close(fds[1]);
        return NULL;
    }
    if (!pid)
        be_worker(fds[1], fn, fn_arg);
    close(fds[1]);
    struct worker *w = xcalloc(1, sizeof(*w));

    w->pid = pid;
    w->fd = fds[0];
    w->done = done;
    w->done_arg = done_arg;
    w->event = event_new(x->base, w->fd, EV_READ | EV_PERSIST, on_readable, w);
    event_add(w->event, NULL);
    return w;
}

void worker_kill(struct worker **worker)
{
    struct worker *w = *worker;

    if (!w)
        return;
    *worker = NULL;
    kill(w->pid, SIGKILL);
    while (waitpid(w->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    free_worker(w);
}
