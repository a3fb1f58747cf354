/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The store's and the console's ring with a guest that writes anything into the shared page at any
 * time: never more is moved than asked for, and only inside the rings.
 *
 * sources: tools/xenstored/ring.c
 */
#include <stdlib.h>
#include <string.h>

/* Both rooms have a ring.c; this one joins by inclusion. */
#include <xen/io/console.h>
#include <tools/xenconsoled/ring.c>
#include <tools/xenstored/ring.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct script {
    const uint8_t *at;
    size_t left;
};

static uint32_t number(struct script *s)
{
    uint32_t n = 0;
    size_t len = s->left < sizeof(n) ? s->left : sizeof(n);

    memcpy(&n, s->at, len);
    s->at += len;
    s->left -= len;
    return n;
}

static void expect_at_most(ssize_t n, size_t most)
{
    if (n > (ssize_t)most)
        abort();
}

static void store_step(struct script *s, struct xenstore_domain_interface *page, char *room)
{
    uint32_t *const index[] = { &page->req_prod, &page->req_cons, &page->rsp_prod,
                                &page->rsp_cons };
    uint32_t how = number(s), size = how >> 8 & 0xfff;

    if (how & 4)
        *index[how & 3] = number(s);
    expect_at_most(ring_read(page, room, size), size);
    expect_at_most(ring_write(page, room, size), size);
    if (ring_wants_reset(page))
        ring_reset(page);
}

static void console_step(struct script *s, struct xencons_interface *page, char *room)
{
    XENCONS_RING_IDX *const index[] = { &page->in_prod, &page->in_cons, &page->out_prod,
                                        &page->out_cons };
    uint32_t how = number(s), size = how >> 8 & 0xfff;

    if (how & 4)
        *index[how & 3] = number(s);
    expect_at_most(ring_take(page, room, size), size);
    expect_at_most(ring_give(page, room, size), size);
    expect_at_most(ring_room(page), sizeof(page->in));
    ring_has_output(page);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* Blocks of their very size: the sanitizer sees the first byte beside them. */
    struct xenstore_domain_interface *store_page = calloc(1, sizeof(*store_page));
    struct xencons_interface *console_page = calloc(1, sizeof(*console_page));
    char *room = calloc(1, 4096);
    struct script s = { data, size };

    while (s.left) {
        if (number(&s) & 1)
            store_step(&s, store_page, room);
        else
            console_step(&s, console_page, room);
    }
    free(store_page);
    free(console_page);
    free(room);
    return 0;
}
