/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Domains: mapping their rings, hearing their events, noticing their end.
 *
 * A domain has a connection from INTRODUCE until RELEASE or its death. Shutdown is announced once,
 * until RESUME. The event device tells which port fired; ports find their domain by a linear
 * array.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xen/domctl.h>
#include <xen/grant_table.h>

#include <base/alloc.h>
#include <base/log.h>
#include <xc/xc.h>

#include "conn.h"
#include "domain.h"
#include "ring.h"
#include "server.h"
#include "store.h"

#define XSD_KVA  "/proc/xen/xsd_kva"
#define XSD_PORT "/proc/xen/xsd_port"

/* Our kernel's page has no frame number that we know: this stands for it. */
#define KERNEL_GFN (-1l)

struct domain {
    struct conn conn;
    struct list link;               /* domains.list */
    struct domains *owner;
    struct xenstore_domain_interface *page;
    enum { MAP_GRANT, MAP_FOREIGN, MAP_KERNEL } map;
    uint32_t remote_port;
    uint32_t port;                  /* ours */
    long gfn;
    bool is_shut_down;              /* told so already */
    unsigned int failures;          /* so far */
    bool has_failed;                /* broke the protocol; silent until it asks for a reset */
    bool wants_kick;                /* an index moved since the last event */
};

struct domains {
    struct server *server;
    struct xc *xc;
    struct xc_evtchn *evtchn;
    struct xc_gnttab *gnttab;
    struct source src;              /* the event device */
    struct list list;
    struct domain **by_port;
    uint32_t ports;                 /* size of by_port */
    uint32_t virq_port;
};

static struct domain *domain_of(const struct conn *c)
{
    return list_entry(c, struct domain, conn);
}

static struct domain *find(const struct server *s, uint16_t domid)
{
    for_each_list(l, &s->domains->list) {
        struct domain *d = list_entry(l, struct domain, link);

        if (d->conn.who.domid == domid && !d->conn.is_doomed)
            return d;
    }
    return NULL;
}

/* ---- the transport ---- */

static ssize_t domain_read(struct conn *c, char *buf, size_t size)
{
    struct domain *d = domain_of(c);

    if (ring_wants_reset(d->page)) {
        conn_reset(c);
        d->has_failed = false;
        ring_reset(d->page);
        d->wants_kick = true;
        c->transport->settle(c);
        return -EAGAIN;
    }
    if (d->has_failed)
        return -EAGAIN;
    ssize_t n = ring_read(d->page, buf, size);

    if (n == -EPROTO) {
        c->transport->fail(c, XENSTORE_ERROR_RINGIDX);
        return -EAGAIN;
    }
    if (n > 0) {
        d->wants_kick = true;
        if (list_empty(&c->dirty))
            list_add_tail(&c->server->dirty, &c->dirty);
    }
    return n;
}

static ssize_t domain_write(struct conn *c, const char *buf, size_t size)
{
    struct domain *d = domain_of(c);
    ssize_t n = d->has_failed ? -EAGAIN : ring_write(d->page, buf, size);

    if (n == -EPROTO) {
        c->transport->fail(c, XENSTORE_ERROR_RINGIDX);
        return -EAGAIN;
    }
    d->wants_kick |= n > 0;
    return n;
}

static void domain_settle(struct conn *c)
{
    struct domain *d = domain_of(c);

    if (!d->wants_kick)
        return;
    d->wants_kick = false;
    xc_evtchn_notify(d->owner->evtchn, d->port);
}

/* The page stays: the domain may ask for a fresh start. */
static void domain_fail(struct conn *c, uint32_t error)
{
    struct domain *d = domain_of(c);

    /* It may do so as often as it likes: the log is not its to fill. */
    d->failures++;
    if (!(d->failures & (d->failures - 1)))
        log_warn("d%u: store ring stopped, error %u (time %u)", c->who.domid, error, d->failures);
    conn_reset(c);
    d->has_failed = true;
    d->page->error = error;
    xc_evtchn_notify(d->owner->evtchn, d->port);
}

static void unmap(struct domain *d)
{
    if (d->map == MAP_GRANT)
        xc_gnttab_unmap(d->owner->gnttab, d->page, 1);
    else
        munmap(d->page, XC_PAGE_SIZE);
}

static void domain_close(struct conn *c)
{
    struct domain *d = domain_of(c);
    struct domains *ds = d->owner;

    if (d->port && ds->by_port[d->port] == d) {
        ds->by_port[d->port] = NULL;
        xc_evtchn_unbind(ds->evtchn, d->port);
    }
    unmap(d);
    list_remove(&d->link);
    free(d);
}

static const struct transport domain_transport = {
    .read = domain_read,
    .write = domain_write,
    .settle = domain_settle,
    .fail = domain_fail,
    .close = domain_close,
};

/* ---- coming ---- */

static void *map_kernel_page(void)
{
    int fd = open(XSD_KVA, O_RDWR | O_CLOEXEC);

    if (fd < 0)
        return NULL;
    void *page = mmap(NULL, XC_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    close(fd);
    return page == MAP_FAILED ? NULL : page;
}

/* By the reserved grant, or if the builder did not seed it, by frame. */
static int map_page(struct domain *d, uint16_t domid)
{
    struct domains *ds = d->owner;
    uint32_t ref = GNTTAB_RESERVED_XENSTORE;
    xen_pfn_t frame = d->gfn;

    if (d->gfn == KERNEL_GFN) {
        d->map = MAP_KERNEL;
        d->page = map_kernel_page();
        return d->page ? 0 : -errno;
    }
    d->map = MAP_GRANT;
    d->page = xc_gnttab_map(ds->gnttab, domid, &ref, 1, PROT_READ | PROT_WRITE);
    if (d->page)
        return 0;
    d->map = MAP_FOREIGN;
    d->page = xc_map_frames(ds->xc, domid, PROT_READ | PROT_WRITE, &frame, 1, NULL);
    return d->page ? 0 : -errno;
}

static void note_port(struct domains *ds, uint32_t port, struct domain *d)
{
    if (port >= ds->ports) {
        uint32_t ports = ds->ports ? ds->ports : 64;

        while (ports <= port)
            ports *= 2;
        ds->by_port = xrealloc(ds->by_port, ports * sizeof(*ds->by_port));
        memset(ds->by_port + ds->ports, 0, (ports - ds->ports) * sizeof(*ds->by_port));
        ds->ports = ports;
    }
    ds->by_port[port] = d;
}

static int bind_port(struct domain *d, uint16_t domid, uint32_t remote)
{
    int port = xc_evtchn_bind_interdomain(d->owner->evtchn, domid, remote);

    if (port < 0)
        return port;
    d->remote_port = remote;
    d->port = port;
    note_port(d->owner, port, d);
    return 0;
}

static int domain_new(struct server *s, uint16_t domid, long gfn, uint32_t port,
                      struct domain **out)
{
    struct domain *d = xcalloc(1, sizeof(*d));

    d->owner = s->domains;
    d->gfn = gfn;
    int rc = map_page(d, domid);

    if (rc) {
        free(d);
        return rc;
    }
    rc = bind_port(d, domid, port);
    if (rc) {
        unmap(d);
        free(d);
        return rc;
    }
    conn_init(&d->conn, s, &domain_transport, domid);
    list_add_tail(&s->domains->list, &d->link);
    d->page->server_features = XENSTORE_SERVER_FEATURE_RECONNECTION | XENSTORE_SERVER_FEATURE_ERROR;
    conn_wake(&d->conn);
    /* Linux in dom0 waits for a first event to learn that somebody serves the ring. */
    d->wants_kick = true;
    list_add_tail(&s->dirty, &d->conn.dirty);
    *out = d;
    return 0;
}

static bool is_alive(struct server *s, uint16_t domid, bool *is_shut_down)
{
    struct xen_domctl_getdomaininfo info;

    if (xc_domain_info(s->domains->xc, domid, &info) || info.flags & XEN_DOMINF_dying)
        return false;
    *is_shut_down = info.flags & XEN_DOMINF_shutdown;
    return true;
}

/* Introduced a second time: after a resume the domain has a new port, and perhaps a new page. */
static int reintroduce(struct domain *d, long gfn, uint32_t port)
{
    struct domains *ds = d->owner;
    struct domain was = *d;

    if (gfn != d->gfn) {
        d->gfn = gfn;
        int rc = map_page(d, d->conn.who.domid);

        if (rc) {
            *d = was;
            return rc;
        }
        unmap(&was);
    }
    if (d->port) {
        ds->by_port[d->port] = NULL;
        xc_evtchn_unbind(ds->evtchn, d->port);
        d->port = 0;
    }
    int rc = bind_port(d, d->conn.who.domid, port);

    conn_wake(&d->conn);
    return rc;
}

int domain_introduce(struct server *s, uint16_t domid, long gfn, uint32_t port)
{
    bool is_shut_down;

    if (!s->domains)
        return -ENOSYS;
    struct domain *d = find(s, domid);

    if (d && d->map == MAP_KERNEL)
        return -EINVAL;
    if (d)
        return reintroduce(d, gfn, port);
    if (!is_alive(s, domid, &is_shut_down))
        return -ENOENT;
    int rc = domain_new(s, domid, gfn, port, &d);

    if (rc)
        return rc;
    log_info("d%u: introduced, frame %#lx port %u", domid, gfn, port);
    watch_fire_special(s, "@introduceDomain", s->special[SPECIAL_INTRODUCE], domid);
    return 0;
}

int domain_restore(struct server *s, uint16_t domid, long gfn, uint32_t port, struct conn **out)
{
    struct domain *d;

    if (!s->domains)
        return -ENOSYS;
    int rc = domain_new(s, domid, gfn, port, &d);

    if (!rc)
        *out = &d->conn;
    return rc;
}

static int read_number(const char *path, long *value)
{
    char text[32];
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return -errno;
    ssize_t n = read(fd, text, sizeof(text) - 1);

    close(fd);
    if (n <= 0)
        return -EIO;
    text[n] = '\0';
    *value = strtol(text, NULL, 0);
    return 0;
}

int domain_introduce_self(struct server *s)
{
    struct domain *d;
    long port = 0;

    if (find(s, 0))
        return 0;
    int rc = read_number(XSD_PORT, &port);

    if (rc)
        return rc;
    rc = domain_new(s, 0, KERNEL_GFN, port, &d);
    if (!rc)
        watch_fire_special(s, "@introduceDomain", s->special[SPECIAL_INTRODUCE], 0);
    return rc;
}

/* ---- going ---- */

static void retire(struct server *s, struct domain *d)
{
    uint16_t domid = d->conn.who.domid;

    conn_forget(&d->conn);
    conn_doom(&d->conn);
    if (d->port) {
        d->owner->by_port[d->port] = NULL;
        xc_evtchn_unbind(d->owner->evtchn, d->port);
        d->port = 0;
    }
    for_each_list(l, &s->domains->list) {
        struct domain *other = list_entry(l, struct domain, link);

        if (other->conn.who.target == domid)
            other->conn.who.target = NO_DOMID;
    }
}

int domain_release(struct server *s, uint16_t domid)
{
    if (!s->domains)
        return -ENOSYS;
    struct domain *d = find(s, domid);

    if (!d)
        return -ENOENT;
    if (d->map == MAP_KERNEL)
        return -EINVAL;
    retire(s, d);
    log_info("d%u: released", domid);
    watch_fire_special(s, "@releaseDomain", s->special[SPECIAL_RELEASE], domid);
    return 0;
}

void domain_lost(struct server *s, uint16_t domid)
{
    store_remove_owned(s, domid);
    watch_fire_special(s, "@releaseDomain", s->special[SPECIAL_RELEASE], domid);
}

/* Somebody died or shut down: the interrupt does not say who. */
void domains_check(struct server *s)
{
    if (!s->domains)
        return;
    for_each_list_safe(l, &s->domains->list) {
        struct domain *d = list_entry(l, struct domain, link);
        uint16_t domid = d->conn.who.domid;
        bool is_shut_down = false;

        if (!domid || d->conn.is_doomed)
            continue;
        if (!is_alive(s, domid, &is_shut_down)) {
            log_info("d%u: is gone", domid);
            retire(s, d);
            domain_lost(s, domid);
        } else if (is_shut_down && !d->is_shut_down) {
            d->is_shut_down = true;
            watch_fire_special(s, "@releaseDomain", s->special[SPECIAL_RELEASE], domid);
        }
    }
}

int domain_resume(struct server *s, uint16_t domid)
{
    if (!s->domains)
        return -ENOSYS;
    struct domain *d = find(s, domid);

    if (!d)
        return -ENOENT;
    d->is_shut_down = false;
    return 0;
}

int domain_set_target(struct server *s, uint16_t domid, uint16_t target)
{
    if (!s->domains)
        return -ENOSYS;
    struct domain *d = find(s, domid);

    if (!d || !find(s, target))
        return -ENOENT;
    if (!domid || domid == target)
        return -EINVAL;
    d->conn.who.target = target;
    return 0;
}

bool domain_is_introduced(const struct server *s, uint16_t domid)
{
    return s->domains && find(s, domid);
}

/* ---- events ---- */

static void events_ready(struct source *src, uint32_t events)
{
    struct domains *ds = list_entry(src, struct domains, src);

    (void)events;
    for (int port; (port = xc_evtchn_pending(ds->evtchn)) >= 0; ) {
        xc_evtchn_unmask(ds->evtchn, port);
        if ((uint32_t)port == ds->virq_port) {
            domains_check(ds->server);
            continue;
        }
        struct domain *d = (uint32_t)port < ds->ports ? ds->by_port[port] : NULL;

        if (!d)
            continue;
        conn_wake(&d->conn);
        /* It may also have made room for what waits. */
        if (list_empty(&d->conn.dirty))
            list_add_tail(&ds->server->dirty, &d->conn.dirty);
    }
}

static int open_devices(struct domains *ds)
{
    int rc = xc_open(&ds->xc);

    if (!rc)
        rc = xc_evtchn_open(&ds->evtchn);
    if (!rc)
        rc = xc_gnttab_open(&ds->gnttab);
    if (rc)
        return rc;
    int port = xc_evtchn_bind_virq(ds->evtchn, VIRQ_DOM_EXC);

    if (port < 0)
        return port;
    ds->virq_port = port;
    return 0;
}

int domains_init(struct server *s)
{
    struct domains *ds = xcalloc(1, sizeof(*ds));

    list_init(&ds->list);
    ds->server = s;
    s->domains = ds;
    int rc = open_devices(ds);

    if (!rc) {
        ds->src.fd = xc_evtchn_fd(ds->evtchn);
        ds->src.ready = events_ready;
        rc = source_add(s->sources, &ds->src, EPOLLIN);
    }
    if (rc)
        domains_free(s);
    return rc;
}

void domains_free(struct server *s)
{
    struct domains *ds = s->domains;

    if (!ds)
        return;
    xc_gnttab_close(ds->gnttab);
    xc_evtchn_close(ds->evtchn);
    xc_close(ds->xc);
    free(ds->by_port);
    free(ds);
    s->domains = NULL;
}

bool domain_ring_info(const struct conn *c, uint32_t *remote_port, long *gfn)
{
    if (c->transport != &domain_transport)
        return false;
    const struct domain *d = domain_of(c);

    *remote_port = d->remote_port;
    *gfn = d->gfn;
    return true;
}
