/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <base/list.h>
#include <base/source.h>

#define MOST 64

int sources_open(void)
{
    int set = epoll_create1(EPOLL_CLOEXEC);

    return set < 0 ? -errno : set;
}

static int control(int set, int op, struct source *src, uint32_t events)
{
    struct epoll_event ev = { .events = events, .data.ptr = src };

    return epoll_ctl(set, op, src->fd, &ev) ? -errno : 0;
}

int source_add(int set, struct source *src, uint32_t events)
{
    return control(set, EPOLL_CTL_ADD, src, events);
}

int source_change(int set, struct source *src, uint32_t events)
{
    return control(set, EPOLL_CTL_MOD, src, events);
}

void source_remove(int set, struct source *src)
{
    control(set, EPOLL_CTL_DEL, src, 0);
}

void sources_serve(int set, int most, int timeout_ms)
{
    struct epoll_event ev[MOST];
    int n = epoll_wait(set, ev, most < MOST ? most : MOST, timeout_ms);

    for (int i = 0; i < n; i++) {
        struct source *src = ev[i].data.ptr;

        src->ready(src, ev[i].events);
    }
}

static void signals_ready(struct source *src, uint32_t events)
{
    struct signal_source *s = list_entry(src, struct signal_source, src);
    struct signalfd_siginfo info;

    (void)events;
    while (read(src->fd, &info, sizeof(info)) == sizeof(info))
        s->taken(s, info.ssi_signo);
}

int signals_add(int set, struct signal_source *s)
{
    sigset_t taken;

    sigemptyset(&taken);
    sigaddset(&taken, SIGTERM);
    sigaddset(&taken, SIGINT);
    sigaddset(&taken, SIGHUP);
    sigprocmask(SIG_BLOCK, &taken, NULL);
    signal(SIGPIPE, SIG_IGN);
    s->src.fd = signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK);
    s->src.ready = signals_ready;
    return s->src.fd < 0 ? -errno : source_add(set, &s->src, EPOLLIN);
}
