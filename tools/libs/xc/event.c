/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Event channels: our own through Linux's device, other domains' by hypercall.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <xen/event_channel.h>

#include "private.h"

struct xc_evtchn {
    int fd;
};

int xc_evtchn_open_fd(int fd, struct xc_evtchn **out)
{
    struct xc_evtchn *e = malloc(sizeof(*e));

    if (!e)
        return -ENOMEM;
    e->fd = fd;
    *out = e;
    return 0;
}

int xc_evtchn_open(struct xc_evtchn **out)
{
    int fd = open(DEVICE_EVTCHN, O_RDWR | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return -errno;
    int rc = xc_evtchn_open_fd(fd, out);

    if (rc)
        close(fd);
    return rc;
}

void xc_evtchn_close(struct xc_evtchn *e)
{
    if (!e)
        return;
    close(e->fd);
    free(e);
}

int xc_evtchn_fd(const struct xc_evtchn *e)
{
    return e->fd;
}

static int request(struct xc_evtchn *e, unsigned long number, void *arg)
{
    int rc = ioctl(e->fd, number, arg);

    return rc < 0 ? -errno : rc;
}

int xc_evtchn_bind_interdomain(struct xc_evtchn *e, uint32_t domid, uint32_t remote_port)
{
    struct linux_bind_interdomain bind = { domid, remote_port };

    return request(e, LINUX_BIND_INTERDOMAIN, &bind);
}

int xc_evtchn_bind_virq(struct xc_evtchn *e, unsigned int virq)
{
    uint32_t arg = virq;

    return request(e, LINUX_BIND_VIRQ, &arg);
}

int xc_evtchn_bind_unbound(struct xc_evtchn *e, uint32_t domid)
{
    return request(e, LINUX_BIND_UNBOUND, &domid);
}

int xc_evtchn_unbind(struct xc_evtchn *e, uint32_t port)
{
    return request(e, LINUX_UNBIND, &port);
}

int xc_evtchn_notify(struct xc_evtchn *e, uint32_t port)
{
    return request(e, LINUX_NOTIFY, &port);
}

int xc_evtchn_pending(struct xc_evtchn *e)
{
    uint32_t port;
    ssize_t n = read(e->fd, &port, sizeof(port));

    if (n == sizeof(port))
        return port;
    return n < 0 ? -errno : -EIO;
}

int xc_evtchn_unmask(struct xc_evtchn *e, uint32_t port)
{
    ssize_t n = write(e->fd, &port, sizeof(port));

    if (n == sizeof(port))
        return 0;
    return n < 0 ? -errno : -EIO;
}

int xc_evtchn_alloc_unbound(struct xc *xc, uint32_t domid, uint32_t remote)
{
    struct evtchn_alloc_unbound op = { .dom = domid, .remote_dom = remote };
    long rc = xc_call_struct(xc, __HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound, &op,
                             sizeof(op));

    return rc < 0 ? rc : (int)op.port;
}

int xc_evtchn_reset(struct xc *xc, uint32_t domid)
{
    struct evtchn_reset op = { .dom = domid };

    return xc_call_struct(xc, __HYPERVISOR_event_channel_op, EVTCHNOP_reset, &op, sizeof(op));
}

int xc_evtchn_status(struct xc *xc, struct evtchn_status *status)
{
    return xc_call_struct(xc, __HYPERVISOR_event_channel_op, EVTCHNOP_status, status,
                          sizeof(*status));
}
