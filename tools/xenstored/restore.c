/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Restoring a saved state. The file is ours, but may be cut short, stale or damaged: every length
 * is checked, and a file of another boot is refused as a whole.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <base/alloc.h>
#include <base/log.h>
#include <base/map.h>

#include "conn.h"
#include "domain.h"
#include "persist.h"
#include "server.h"
#include "socket.h"
#include "store.h"
#include "transaction.h"

struct restoring {
    struct server *server;
    int socket_fd;
    struct buffer lost;             /* domids of rings that could not be had again */
    struct persist_ring ring;       /* the last one read */
    struct conn *conn;              /* the last one restored; NULL if that failed */
    uint32_t conn_id;
    bool same_process;
};

static int read_file(const char *path, struct buffer *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = 0;

    if (fd < 0)
        return -errno;
    do {
        buffer_grow(out, n);
        n = read(fd, buffer_room(out, 1 << 16), 1 << 16);
    } while (n > 0);
    int rc = n < 0 ? -errno : 0;

    close(fd);
    return rc;
}

/* The fixed part of a body, zero beyond its end. */
static bool take(void *to, size_t size, const char *body, size_t len)
{
    memset(to, 0, size);
    memcpy(to, body, len < size ? len : size);
    return len >= size;
}

static int get_origin(struct restoring *r, const char *body, size_t len)
{
    struct persist_origin origin;
    char boot_id[PERSIST_BOOT_ID];

    if (!take(&origin, sizeof(origin), body, len) || persist_boot_id(boot_id))
        return -EINVAL;
    if (memcmp(origin.boot_id, boot_id, sizeof(boot_id)))
        return -ESTALE;
    r->same_process = origin.pid == (uint32_t)getpid();
    return 0;
}

static int get_global(struct restoring *r, const char *body, size_t len)
{
    struct persist_global global;

    if (!take(&global, sizeof(global), body, len))
        return -EINVAL;
    if (r->same_process)
        r->socket_fd = global.socket_fd;
    return 0;
}

static int get_ring(struct restoring *r, const char *body, size_t len)
{
    return take(&r->ring, sizeof(r->ring), body, len) ? 0 : -EINVAL;
}

static struct conn *make_connection(struct restoring *r, const struct persist_connection *pc)
{
    struct conn *c = NULL;

    if (pc->type == PERSIST_TYPE_SOCKET)
        return r->same_process ? socket_accept(r->server, pc->socket.fd, pc->socket.is_read_only)
                               : NULL;
    if (pc->type != PERSIST_TYPE_RING || r->ring.conn_id != pc->conn_id)
        return NULL;
    int rc = domain_restore(r->server, pc->ring.domid, r->ring.gfn, r->ring.remote_port, &c);

    if (rc) {
        log_warn("d%u: connection not restored: %s", pc->ring.domid, strerror(-rc));
        buffer_append(&r->lost, &pc->ring.domid, sizeof(pc->ring.domid));
        return NULL;
    }
    c->who.target = pc->ring.target;
    return c;
}

static int get_connection(struct restoring *r, const char *body, size_t len)
{
    struct persist_connection pc;

    if (!take(&pc, sizeof(pc), body, len) || len - sizeof(pc) < (size_t)pc.in_len + pc.out_len)
        return -EINVAL;
    r->conn = make_connection(r, &pc);
    r->conn_id = pc.conn_id;
    if (!r->conn)
        return 0;
    body += sizeof(pc);
    buffer_append(&r->conn->in, body, pc.in_len);
    buffer_append(&r->conn->out, body + pc.in_len, pc.out_len);
    conn_wake(r->conn);
    list_remove(&r->conn->dirty);
    list_add_tail(&r->server->dirty, &r->conn->dirty);
    return 0;
}

static int get_watch_with(struct restoring *r, const char *body, size_t len, bool has_depth)
{
    struct persist_watch pw;
    struct persist_watch_depth more = { .depth = WATCH_ANY_DEPTH };
    size_t fixed = sizeof(pw) + (has_depth ? sizeof(more) : 0);
    struct watch *w;

    if (!take(&pw, sizeof(pw), body, len) || len < fixed ||
        len - fixed < (size_t)pw.path_len + pw.token_len || !pw.path_len || !pw.token_len)
        return -EINVAL;
    if (has_depth)
        memcpy(&more, body + sizeof(pw), sizeof(more));
    const char *path = body + fixed, *token = path + pw.path_len;

    if (path[pw.path_len - 1] || token[pw.token_len - 1])
        return -EINVAL;
    if (r->conn && r->conn_id == pw.conn_id)
        watch_add(r->conn, path, token, more.depth, &w);
    return 0;
}

static int get_watch(struct restoring *r, const char *body, size_t len)
{
    return get_watch_with(r, body, len, false);
}

static int get_watch_extended(struct restoring *r, const char *body, size_t len)
{
    return get_watch_with(r, body, len, true);
}

static int get_transaction(struct restoring *r, const char *body, size_t len)
{
    struct persist_transaction pt;

    if (!take(&pt, sizeof(pt), body, len))
        return -EINVAL;
    if (r->conn && r->conn_id == pt.conn_id)
        transaction_restore(r->conn, pt.id);
    return 0;
}

static int place_node(struct server *s, const char *text, struct blob *value, struct perms *perms)
{
    static const struct identity dom0 = { .target = NO_DOMID, .is_privileged = true };
    struct view v = { .server = s, .who = &dom0, .is_replay = true };
    struct path path;

    if (text[0] == '@') {
        enum special which = strcmp(text, "@introduceDomain") ? SPECIAL_RELEASE : SPECIAL_INTRODUCE;

        perms_put(s->special[which]);
        s->special[which] = perms_get(perms);
        return 0;
    }
    int rc = path_resolve(&path, text, NO_DOMID);

    if (!rc)
        rc = store_write(&v, &path, value);
    return rc ? rc : store_set_perms(&v, &path, perms);
}

static int get_node(struct restoring *r, const char *body, size_t len)
{
    struct persist_node pn;
    struct persist_perm pp;
    struct buffer text = { 0 };
    struct perms *perms;

    if (!take(&pn, sizeof(pn), body, len))
        return -EINVAL;
    size_t perms_size = pn.perm_count * sizeof(pp);

    if (!pn.perm_count || !pn.path_len ||
        len - sizeof(pn) < perms_size + pn.path_len + pn.value_len)
        return -EINVAL;
    const char *list = body + sizeof(pn), *path = list + perms_size, *value = path + pn.path_len;

    if (path[pn.path_len - 1])
        return -EINVAL;
    for (unsigned int i = 0; i < pn.perm_count; i++) {
        memcpy(&pp, list + i * sizeof(pp), sizeof(pp));
        buffer_printf(&text, "%c%u", pp.letter, pp.domid);
        buffer_putc(&text, '\0');
    }
    int rc = perms_parse(buffer_head(&text), text.len, &perms);

    buffer_free(&text);
    if (rc)
        return rc;
    struct blob *blob = pn.value_len ? blob_new(value, pn.value_len) : NULL;

    /* What belongs to a transaction is not taken over: it will have to start again. */
    if (!pn.conn_id)
        rc = place_node(r->server, path, blob, perms);
    blob_put(blob);
    perms_put(perms);
    return rc;
}

static const struct {
    uint32_t type;
    int (*get)(struct restoring *r, const char *body, size_t len);
} table[] = {
    { PERSIST_ORIGIN, get_origin },
    { PERSIST_GLOBAL, get_global },
    { PERSIST_RING, get_ring },
    { PERSIST_CONNECTION, get_connection },
    { PERSIST_WATCH, get_watch },
    { PERSIST_WATCH_EXTENDED, get_watch_extended },
    { PERSIST_TRANSACTION, get_transaction },
    { PERSIST_NODE, get_node },
};

/* Records of kinds unknown here are passed over. */
static int get_record(struct restoring *r, uint32_t type, const char *body, size_t len)
{
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (table[i].type == type)
            return table[i].get(r, body, len);
    }
    return 0;
}

static int walk_records(struct restoring *r, const struct buffer *file)
{
    const char *pos = buffer_head(file);
    size_t left = file->len;
    struct persist_head head;
    struct persist_frame frame;
    bool has_origin = false;

    if (!take(&head, sizeof(head), pos, left) || memcmp(head.ident, PERSIST_IDENT, 8) ||
        be32toh(head.version) != PERSIST_VERSION || head.flags)
        return -EINVAL;
    for (size_t size = sizeof(head); ; size = (sizeof(frame) + frame.len + 7) & ~7ul) {
        pos += size;
        left -= size;
        if (!take(&frame, sizeof(frame), pos, left))
            return -EINVAL;
        if (frame.type == PERSIST_END)
            return has_origin ? 0 : -EINVAL;
        if (((sizeof(frame) + frame.len + 7ul) & ~7ul) > left)
            return -EINVAL;
        has_origin |= frame.type == PERSIST_ORIGIN;
        if (!has_origin)
            return -EINVAL;
        int rc = get_record(r, frame.type, pos + sizeof(frame), frame.len);

        if (rc)
            return rc;
    }
}

int persist_restore(struct server *s, const char *path, int *socket_fd)
{
    struct restoring r = { .server = s, .socket_fd = -1 };
    struct buffer file = { 0 };
    uint16_t domid;
    int rc = read_file(path, &file);

    if (!rc)
        rc = walk_records(&r, &file);
    for (; r.lost.len; buffer_take(&r.lost, sizeof(domid))) {
        memcpy(&domid, buffer_head(&r.lost), sizeof(domid));
        domain_lost(s, domid);
    }
    buffer_free(&r.lost);
    buffer_free(&file);
    *socket_fd = r.socket_fd;
    return rc;
}
