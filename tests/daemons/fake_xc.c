/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * As much of libxc as xenstored and xenconsoled use, without a hypervisor.
 *
 * A domain N is a folder $FAKE_XC/N. Its pages are files there (frame or grant M: page-M), which
 * the test maps too. Event channels are datagrams: a byte to $FAKE_XC/N/port-M fires the domain's
 * port M at our side; what we notify arrives at $FAKE_XC/N/socket-M, if that was there before we
 * bound. The hypervisor's console is the file $FAKE_XC/console.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <xc/xc.h>
#include <xen/domctl.h>
#include <xen/xen.h>

#define PORTS 16384

struct xc {
    int unused;
};

struct xc_evtchn {
    int poll_fd;
    int fd[PORTS];              /* 0: not bound */
    bool is_masked[PORTS];
};

static const char *path_of(char path[100], const char *fmt, unsigned int a, unsigned int b)
{
    int n = snprintf(path, 100, "%s/", getenv("FAKE_XC"));

    snprintf(path + n, 100 - n, fmt, a, b);
    return path;
}

static bool exists(uint32_t domid)
{
    char path[100];

    return !domid || !access(path_of(path, "%u", domid, 0), F_OK);
}

/* ---- handle, domains, console ---- */

int xc_open(struct xc **xc)
{
    *xc = calloc(1, sizeof(**xc));
    return getenv("FAKE_XC") ? 0 : -ENOENT;
}

void xc_close(struct xc *xc)
{
    free(xc);
}

int xc_domain_info(struct xc *xc, uint32_t domid, struct xen_domctl_getdomaininfo *info)
{
    (void)xc;
    memset(info, 0, sizeof(*info));
    info->domain = domid;
    return exists(domid) ? 0 : -ESRCH;
}

int xc_domain_list(struct xc *xc, uint32_t first, struct xen_domctl_getdomaininfo *info,
                   unsigned int *count)
{
    unsigned int found = 0;

    for (uint32_t domid = first; domid < 100 && found < *count; domid++) {
        if (!xc_domain_info(xc, domid, &info[found]))
            found++;
    }
    *count = found;
    return 0;
}

int xc_console_read(struct xc *xc, char *text, uint32_t *size, bool clear, bool incremental,
                    uint32_t *index)
{
    char path[100];
    int fd = open(path_of(path, "console", 0, 0), O_RDONLY);

    (void)xc, (void)clear, (void)incremental;
    if (fd < 0)
        return -errno;
    ssize_t n = pread(fd, text, *size, *index);

    close(fd);
    *size = n > 0 ? n : 0;
    *index += *size;
    return 0;
}

/* ---- memory ---- */

static void *map_page(uint32_t domid, unsigned long number)
{
    char path[100];
    int fd = exists(domid) ? open(path_of(path, "%u/page-%u", domid, number), O_RDWR) : -1;

    if (fd < 0)
        return NULL;
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    close(fd);
    return page == MAP_FAILED ? NULL : page;
}

void *xc_map_frames(struct xc *xc, uint32_t domid, int prot, const xen_pfn_t *frames,
                    unsigned int count, int *errors)
{
    (void)xc, (void)prot, (void)errors;
    return count == 1 ? map_page(domid, frames[0]) : NULL;
}

int xc_unmap_frames(void *address, unsigned int count)
{
    return munmap(address, count * 4096);
}

int xc_gnttab_open(struct xc_gnttab **g)
{
    *g = (struct xc_gnttab *)calloc(1, 1);
    return 0;
}

void xc_gnttab_close(struct xc_gnttab *g)
{
    free(g);
}

void *xc_gnttab_map(struct xc_gnttab *g, uint32_t domid, const uint32_t *refs, unsigned int count,
                    int prot)
{
    (void)g, (void)prot;
    return count == 1 ? map_page(domid, refs[0]) : NULL;
}

int xc_gnttab_unmap(struct xc_gnttab *g, void *address, unsigned int count)
{
    (void)g;
    return munmap(address, count * 4096);
}

/* ---- event channels ---- */

int xc_evtchn_open(struct xc_evtchn **e)
{
    *e = calloc(1, sizeof(**e));
    (*e)->poll_fd = epoll_create1(EPOLL_CLOEXEC);
    return (*e)->poll_fd < 0 ? -errno : 0;
}

int xc_evtchn_open_fd(int fd, struct xc_evtchn **e)
{
    (void)fd;
    return xc_evtchn_open(e);
}

void xc_evtchn_close(struct xc_evtchn *e)
{
    for (int port = 0; port < PORTS; port++)
        xc_evtchn_unbind(e, port);
    close(e->poll_fd);
    free(e);
}

int xc_evtchn_fd(const struct xc_evtchn *e)
{
    return e->poll_fd;
}

static int watch_port(struct xc_evtchn *e, uint32_t port, int op)
{
    struct epoll_event ev = { .events = EPOLLIN, .data.u32 = port };

    return epoll_ctl(e->poll_fd, op, e->fd[port], &ev);
}

int xc_evtchn_bind_interdomain(struct xc_evtchn *e, uint32_t domid, uint32_t remote_port)
{
    struct sockaddr_un us = { .sun_family = AF_UNIX }, them = { .sun_family = AF_UNIX };
    uint32_t port = domid * 100 + remote_port;

    if (!exists(domid) || !remote_port || remote_port > 99 || port >= PORTS || e->fd[port])
        return -ESRCH;
    path_of(us.sun_path, "%u/port-%u", domid, remote_port);
    path_of(them.sun_path, "%u/socket-%u", domid, remote_port);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    unlink(us.sun_path);
    if (bind(fd, (struct sockaddr *)&us, sizeof(us))) {
        close(fd);
        return -ESRCH;
    }
    /* A guest that nobody plays hears nothing. */
    (void)!connect(fd, (struct sockaddr *)&them, sizeof(them));
    e->fd[port] = fd;
    e->is_masked[port] = false;
    watch_port(e, port, EPOLL_CTL_ADD);
    return port;
}

int xc_evtchn_bind_virq(struct xc_evtchn *e, unsigned int virq)
{
    (void)e;
    /* That of the console is somebody else's, so that both ways of asking for it are seen. */
    return virq == VIRQ_CON_RING ? -EEXIST : 1;
}

int xc_evtchn_unbind(struct xc_evtchn *e, uint32_t port)
{
    if (port >= PORTS || !e->fd[port])
        return -EINVAL;
    close(e->fd[port]);
    e->fd[port] = 0;
    return 0;
}

int xc_evtchn_notify(struct xc_evtchn *e, uint32_t port)
{
    if (port >= PORTS || !e->fd[port])
        return -EINVAL;
    send(e->fd[port], "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
    return 0;
}

/* Delivered once until it is unmasked, as the device does. */
int xc_evtchn_pending(struct xc_evtchn *e)
{
    struct epoll_event ev;
    char byte[16];

    if (epoll_wait(e->poll_fd, &ev, 1, 0) != 1)
        return -EAGAIN;
    uint32_t port = ev.data.u32;

    while (recv(e->fd[port], byte, sizeof(byte), MSG_DONTWAIT) > 0)
        ;
    e->is_masked[port] = true;
    watch_port(e, port, EPOLL_CTL_DEL);
    return port;
}

int xc_evtchn_unmask(struct xc_evtchn *e, uint32_t port)
{
    if (port >= PORTS || !e->fd[port] || !e->is_masked[port])
        return 0;
    e->is_masked[port] = false;
    return watch_port(e, port, EPOLL_CTL_ADD);
}
