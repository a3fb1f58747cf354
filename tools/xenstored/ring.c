/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ring page. Producer and consumer indices run freely and are masked on use.
 *
 * Acquire on the other side's index pairs with its barrier between data and index; release on ours
 * with its read of the index before the data.
 */
#include <errno.h>
#include <string.h>

#include "ring.h"

static uint32_t load(const uint32_t *index)
{
    return __atomic_load_n(index, __ATOMIC_ACQUIRE);
}

static void store(uint32_t *index, uint32_t value)
{
    __atomic_store_n(index, value, __ATOMIC_RELEASE);
}

/* One or two runs of a ring, out of it or into it. */
static void copy_out(char *to, const char *ring, uint32_t from, size_t len)
{
    size_t offset = MASK_XENSTORE_IDX(from), first = XENSTORE_RING_SIZE - offset;

    if (first > len)
        first = len;
    memcpy(to, ring + offset, first);
    memcpy(to + first, ring, len - first);
}

static void copy_in(char *ring, uint32_t at, const char *from, size_t len)
{
    size_t offset = MASK_XENSTORE_IDX(at), first = XENSTORE_RING_SIZE - offset;

    if (first > len)
        first = len;
    memcpy(ring + offset, from, first);
    memcpy(ring, from + first, len - first);
}

ssize_t ring_read(struct xenstore_domain_interface *page, char *buf, size_t size)
{
    uint32_t cons = load(&page->req_cons), prod = load(&page->req_prod);
    size_t len = prod - cons;

    if (len > XENSTORE_RING_SIZE)
        return -EPROTO;
    if (!len)
        return -EAGAIN;
    if (len > size)
        len = size;
    copy_out(buf, page->req, cons, len);
    store(&page->req_cons, cons + len);
    return len;
}

ssize_t ring_write(struct xenstore_domain_interface *page, const char *buf, size_t size)
{
    uint32_t prod = load(&page->rsp_prod), cons = load(&page->rsp_cons);
    size_t used = prod - cons;

    if (used > XENSTORE_RING_SIZE)
        return -EPROTO;
    size_t len = XENSTORE_RING_SIZE - used;

    if (!len)
        return -EAGAIN;
    if (len > size)
        len = size;
    copy_in(page->rsp, prod, buf, len);
    store(&page->rsp_prod, prod + len);
    return len;
}

int ring_wants_reset(const struct xenstore_domain_interface *page)
{
    return load(&page->connection) == XENSTORE_RECONNECT;
}

void ring_reset(struct xenstore_domain_interface *page)
{
    page->req_cons = page->req_prod = 0;
    page->rsp_cons = page->rsp_prod = 0;
    page->error = XENSTORE_ERROR_NONE;
    store(&page->connection, XENSTORE_CONNECTED);
}
