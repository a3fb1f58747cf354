/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

#include "ring.h"

static uint32_t load(const XENCONS_RING_IDX *index)
{
    /* Acquire: what the index speaks of is read or overwritten only after it. */
    return __atomic_load_n(index, __ATOMIC_ACQUIRE);
}

static void store(XENCONS_RING_IDX *index, uint32_t value)
{
    /* Full: the other side looks at the index, and we at its, before either sleeps. */
    __atomic_store_n(index, value, __ATOMIC_SEQ_CST);
}

/* Indexes further apart than the ring is long mean nothing: then it is taken as empty. */
static uint32_t used(const XENCONS_RING_IDX *prod, const XENCONS_RING_IDX *cons, uint32_t *from,
                     uint32_t *to, uint32_t size)
{
    *to = load(prod);
    *from = load(cons);
    return *to - *from > size ? 0 : *to - *from;
}

static size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t ring_take(struct xencons_interface *ring, char *to, size_t size)
{
    uint32_t prod, cons;
    size_t n = min_size(size, used(&ring->out_prod, &ring->out_cons, &cons, &prod,
                                   sizeof(ring->out)));
    size_t at = MASK_XENCONS_IDX(cons, ring->out);
    size_t first = min_size(n, sizeof(ring->out) - at);

    if (!n)
        return 0;
    memcpy(to, ring->out + at, first);
    memcpy(to + first, ring->out, n - first);
    store(&ring->out_cons, cons + n);
    return n;
}

bool ring_has_output(const struct xencons_interface *ring)
{
    uint32_t prod, cons;

    return used(&ring->out_prod, &ring->out_cons, &cons, &prod, sizeof(ring->out)) > 0;
}

static size_t input_room(const struct xencons_interface *ring, uint32_t *prod)
{
    uint32_t cons;
    uint32_t n = load(&ring->in_prod) - (cons = load(&ring->in_cons));

    /* A nonsensical distance leaves no room: nobody reads there. */
    *prod = cons + n;
    return n > sizeof(ring->in) ? 0 : sizeof(ring->in) - n;
}

size_t ring_room(const struct xencons_interface *ring)
{
    uint32_t prod;

    return input_room(ring, &prod);
}

size_t ring_give(struct xencons_interface *ring, const char *from, size_t size)
{
    uint32_t prod;
    size_t n = min_size(size, input_room(ring, &prod));
    size_t at = MASK_XENCONS_IDX(prod, ring->in);
    size_t first = min_size(n, sizeof(ring->in) - at);

    if (!n)
        return 0;
    memcpy(ring->in + at, from, first);
    memcpy(ring->in, from + first, n - first);
    store(&ring->in_prod, prod + n);
    return n;
}
