/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Saving: the whole state is built in memory and put in place by one rename.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <base/alloc.h>

#include "conn.h"
#include "domain.h"
#include "persist.h"
#include "server.h"
#include "socket.h"
#include "transaction.h"

int persist_boot_id(char *id)
{
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return -errno;
    ssize_t n = read(fd, id, PERSIST_BOOT_ID - 1);

    close(fd);
    id[PERSIST_BOOT_ID - 1] = '\0';
    return n == PERSIST_BOOT_ID - 1 ? 0 : -EIO;
}

/* A record of a fixed part and up to two runs of bytes behind it. */
static void put(struct buffer *out, uint32_t type, const void *fixed, size_t size, const void *a,
                size_t a_len, const void *b, size_t b_len)
{
    static const char zeros[8];
    struct persist_frame frame = { .type = type, .len = size + a_len + b_len };

    buffer_append(out, &frame, sizeof(frame));
    buffer_append(out, fixed, size);
    buffer_append(out, a, a_len);
    buffer_append(out, b, b_len);
    buffer_append(out, zeros, -frame.len & 7);
}

static void put_head(struct buffer *out, const struct server *s, bool keep_fds)
{
    struct persist_head head = { .version = htobe32(PERSIST_VERSION) };
    struct persist_origin origin = { .pid = getpid() };
    struct persist_global global = { -1, -1 };

    memcpy(head.ident, PERSIST_IDENT, sizeof(head.ident));
    buffer_append(out, &head, sizeof(head));
    persist_boot_id(origin.boot_id);
    put(out, PERSIST_ORIGIN, &origin, sizeof(origin), NULL, 0, NULL, 0);
    /* Event channels are bound again: the other side's port waits for that. */
    if (keep_fds && s->listener)
        global.socket_fd = s->listener->fd;
    put(out, PERSIST_GLOBAL, &global, sizeof(global), NULL, 0, NULL, 0);
}

static void put_watch(struct buffer *out, const struct watch *w)
{
    const char *text = watch_text(w);
    struct {
        struct persist_watch watch;
        struct persist_watch_depth more;
    } head = {
        { w->conn->id, strlen(text) + 1, w->token_len }, { w->depth, 0 },
    };

    if (w->depth == WATCH_ANY_DEPTH)
        put(out, PERSIST_WATCH, &head.watch, sizeof(head.watch), text, head.watch.path_len,
            w->token, w->token_len);
    else
        put(out, PERSIST_WATCH_EXTENDED, &head, sizeof(head), text, head.watch.path_len, w->token,
            w->token_len);
}

static void put_connection(struct buffer *out, const struct conn *c, bool keep_fds)
{
    struct persist_ring ring = { .conn_id = c->id };
    struct persist_connection pc = { .conn_id = c->id };
    long gfn;

    if (domain_ring_info(c, &ring.remote_port, &gfn)) {
        ring.gfn = gfn;
        pc.type = PERSIST_TYPE_RING;
        pc.ring.domid = c->who.domid;
        pc.ring.target = c->who.target;
        put(out, PERSIST_RING, &ring, sizeof(ring), NULL, 0, NULL, 0);
    } else if (keep_fds && socket_fd(c) >= 0) {
        pc.type = PERSIST_TYPE_SOCKET;
        pc.socket.fd = socket_fd(c);
        pc.socket.is_read_only = c->is_read_only;
    } else {
        return;
    }
    pc.in_len = c->in.len;
    pc.out_len = c->out.len;
    put(out, PERSIST_CONNECTION, &pc, sizeof(pc), buffer_head(&c->in), c->in.len,
        buffer_head(&c->out), c->out.len);
    for_each_list(l, &c->watches)
        put_watch(out, list_entry(l, struct watch, by_conn));
    for_each_list(l, &c->transactions) {
        struct persist_transaction pt = {
            c->id, list_entry(l, struct transaction, link)->id,
        };

        put(out, PERSIST_TRANSACTION, &pt, sizeof(pt), NULL, 0, NULL, 0);
    }
}

struct saving {
    struct buffer *out;
    struct buffer path, body;
};

static void put_node(struct saving *sv, const struct node *n, const char *path, size_t len)
{
    struct persist_node pn = {
        .path_len = len + 1, .value_len = node_value_len(n), .perm_count = n->perms->count,
    };

    buffer_clear(&sv->body);
    for (uint32_t i = 0; i < n->perms->count; i++) {
        struct persist_perm pp = {
            .letter = perm_letter(n->perms->entry[i].rights), .domid = n->perms->entry[i].domid,
        };

        buffer_append(&sv->body, &pp, sizeof(pp));
    }
    buffer_append(&sv->body, path, len);
    buffer_putc(&sv->body, '\0');
    put(sv->out, PERSIST_NODE, &pn, sizeof(pn), buffer_head(&sv->body), sv->body.len,
        n->value ? n->value->data : NULL, pn.value_len);
}

static int save_node(struct node *n, void *ctx)
{
    struct saving *sv = ctx;
    size_t len = sv->path.len;

    buffer_putc(&sv->path, '/');
    buffer_append(&sv->path, n->name->data, n->name->len);
    put_node(sv, n, buffer_head(&sv->path), sv->path.len);
    node_walk_children(n, save_node, sv);
    sv->path.len = len;
    return 0;
}

static void put_special(struct saving *sv, const struct server *s, enum special which,
                        const char *name)
{
    struct node n = { .perms = s->special[which] };

    put_node(sv, &n, name, strlen(name));
}

static int write_file(const char *path, const struct buffer *out)
{
    char *temporary = xasprintf("%s.new", path);
    FILE *f = fopen(temporary, "we");
    int rc = 0;

    if (!f || fwrite(buffer_head(out), 1, out->len, f) != out->len || fflush(f))
        rc = -errno;
    if (f && fclose(f) && !rc)
        rc = -errno;
    if (!rc && rename(temporary, path))
        rc = -errno;
    if (rc)
        unlink(temporary);
    free(temporary);
    return rc;
}

int persist_save(struct server *s, const char *path, bool keep_fds)
{
    struct buffer out = { 0 };
    struct saving sv = { .out = &out };

    put_head(&out, s, keep_fds);
    put_node(&sv, s->root, "/", 1);
    node_walk_children(s->root, save_node, &sv);
    put_special(&sv, s, SPECIAL_INTRODUCE, "@introduceDomain");
    put_special(&sv, s, SPECIAL_RELEASE, "@releaseDomain");
    /* After the nodes, whose coming back is no news to watchers. */
    for_each_list(l, &s->conns)
        put_connection(&out, list_entry(l, struct conn, link), keep_fds);
    put(&out, PERSIST_END, NULL, 0, NULL, 0, NULL, 0);

    int rc = write_file(path, &out);

    buffer_free(&out);
    buffer_free(&sv.path);
    buffer_free(&sv.body);
    return rc;
}
