/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Requests. The table says who may send which and what it needs; a handler decodes its strings,
 * does the work, and leaves the reply's payload in r->reply (nothing: "OK").
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <base/clock.h>
#include <base/log.h>
#include <base/strings.h>

#include "conn.h"
#include "domain.h"
#include "protocol.h"
#include "server.h"
#include "store.h"
#include "transaction.h"
#include "watch.h"

/* ---- decoding ---- */

const char *request_string(const struct request *r, unsigned int n)
{
    const char *pos = r->payload, *end = r->payload + r->len;

    for (;;) {
        const char *nul = memchr(pos, '\0', end - pos);

        if (!nul)
            return NULL;
        if (!n--)
            return pos;
        pos = nul + 1;
    }
}

/* What follows the first string. */
static const char *rest_of(const struct request *r, size_t *len)
{
    const char *rest = r->payload + strlen(r->payload) + 1;

    *len = r->payload + r->len - rest;
    return rest;
}

static int get_domid(const struct request *r, unsigned int n, uint16_t *domid)
{
    const char *text = request_string(r, n);
    unsigned long long value;

    if (!text || !parse_number(text, UINT16_MAX, &value))
        return -EINVAL;
    *domid = value;
    return 0;
}

static int get_path(const struct request *r, struct path *path)
{
    const char *text = request_string(r, 0);

    /* Sockets are dom0's: toolstacks do rely on relative paths from there. */
    return text ? path_resolve(path, text, r->conn->who.domid) : -EINVAL;
}

static struct view view_of(const struct request *r)
{
    return (struct view){ .server = r->conn->server, .tx = r->tx, .who = &r->conn->who };
}

static int get_node(struct request *r, unsigned int parts, struct node **node)
{
    struct view v = view_of(r);
    struct path path;
    int rc = get_path(r, &path);

    return rc ? rc : store_get(&v, &path, RIGHT_READ, parts, node);
}

/* ---- nodes ---- */

static int append_name(struct node *child, void *ctx)
{
    buffer_append(ctx, child->name->data, child->name->len + 1);
    return 0;
}

/* An empty list is an empty payload, which is why these say themselves that they replied. */
static void reply_now(struct request *r)
{
    conn_send(r->conn, r->hdr, r->hdr->type, r->reply->len ? buffer_head(r->reply) : "",
              r->reply->len);
}

#define REPLIED 1

static int do_directory(struct request *r)
{
    struct node *n;
    int rc = get_node(r, PART_CHILDREN, &n);

    if (rc)
        return rc;
    if (n->child_bytes > XENSTORE_PAYLOAD_MAX)
        return -E2BIG;
    node_walk_children(n, append_name, r->reply);
    reply_now(r);
    return REPLIED;
}

/* Names from an offset on, as many whole or cut as fit; an empty name tells the end. */
struct part {
    struct buffer *out;
    size_t skip;
};

static int append_part(struct node *child, void *ctx)
{
    struct part *p = ctx;
    size_t size = child->name->len + 1;

    if (p->skip >= size) {
        p->skip -= size;
        return 0;
    }
    size_t len = size - p->skip, room = XENSTORE_PAYLOAD_MAX - p->out->len;

    buffer_append(p->out, child->name->data + p->skip, len < room ? len : room);
    p->skip = 0;
    return len >= room;
}

static int do_directory_part(struct request *r)
{
    struct node *n;
    const char *text = request_string(r, 1);
    unsigned long long offset;

    if (!text || !parse_number(text, UINT32_MAX, &offset))
        return -EINVAL;
    int rc = get_node(r, PART_CHILDREN, &n);

    if (rc)
        return rc;
    struct part p = { .out = r->reply, .skip = offset };

    buffer_printf(r->reply, "%" PRIu64, n->children_gen);
    buffer_putc(r->reply, '\0');
    if (!node_walk_children(n, append_part, &p))
        buffer_putc(r->reply, '\0');
    return 0;
}

static int do_read(struct request *r)
{
    struct node *n;
    int rc = get_node(r, PART_VALUE, &n);

    if (rc)
        return rc;
    conn_send(r->conn, r->hdr, XS_READ, n->value ? n->value->data : "", node_value_len(n));
    return REPLIED;
}

static int do_write(struct request *r)
{
    struct view v = view_of(r);
    struct path path;
    size_t len;
    int rc = get_path(r, &path);

    if (rc)
        return rc;
    const char *data = rest_of(r, &len);
    struct blob *value = len ? blob_new(data, len) : NULL;

    rc = store_write(&v, &path, value);
    blob_put(value);
    return rc;
}

static int do_mkdir(struct request *r)
{
    struct view v = view_of(r);
    struct path path;
    int rc = get_path(r, &path);

    return rc ? rc : store_mkdir(&v, &path);
}

static int do_rm(struct request *r)
{
    struct view v = view_of(r);
    struct path path;
    int rc = get_path(r, &path);

    return rc ? rc : store_remove(&v, &path);
}

/*
 * The permissions of a special path; NULL if text is none. Those about one domain have none of
 * their own.
 */
static struct perms **special_perms(const struct request *r, const char *text)
{
    struct server *s = r->conn->server;

    if (!strcmp(text, "@introduceDomain"))
        return &s->special[SPECIAL_INTRODUCE];
    return strcmp(text, "@releaseDomain") ? NULL : &s->special[SPECIAL_RELEASE];
}

static int do_get_perms(struct request *r)
{
    const char *text = request_string(r, 0);
    struct perms **special = text ? special_perms(r, text) : NULL;
    struct node *n;

    if (special) {
        if (!(perms_rights(*special, &r->conn->who) & RIGHT_READ))
            return -EACCES;
        perms_print(r->reply, *special);
        return 0;
    }
    int rc = get_node(r, PART_PERMS, &n);

    if (!rc)
        perms_print(r->reply, n->perms);
    return rc;
}

static int set_special_perms(struct request *r, struct perms **special, struct perms *perms)
{
    if (!r->conn->who.is_privileged)
        return -EACCES;
    perms_put(*special);
    *special = perms_get(perms);
    return 0;
}

static int do_set_perms(struct request *r)
{
    struct view v = view_of(r);
    const char *text = request_string(r, 0);
    struct perms *perms;
    struct path path;
    size_t len;

    if (!text)
        return -EINVAL;
    const char *list = rest_of(r, &len);
    int rc = perms_parse(list, len, &perms);

    if (rc)
        return rc;
    struct perms **special = special_perms(r, text);

    if (special)
        rc = set_special_perms(r, special, perms);
    else
        rc = get_path(r, &path);
    if (!rc && !special)
        rc = store_set_perms(&v, &path, perms);
    perms_put(perms);
    return rc;
}

/* ---- watches ---- */

static int get_depth(const struct request *r, unsigned int *depth)
{
    const char *text = request_string(r, 2);
    unsigned long long value;

    *depth = WATCH_ANY_DEPTH;
    if (!text || !*text)
        return 0;
    if (!parse_number(text, WATCH_ANY_DEPTH - 1, &value))
        return -EINVAL;
    *depth = value;
    return 0;
}

static int do_watch(struct request *r)
{
    const char *path = request_string(r, 0), *token = request_string(r, 1);
    unsigned int depth;
    int rc = path && token ? get_depth(r, &depth) : -EINVAL;

    return rc ? rc : watch_add(r->conn, path, token, depth, &r->fire);
}

static int do_unwatch(struct request *r)
{
    const char *path = request_string(r, 0), *token = request_string(r, 1);

    return path && token ? watch_remove(r->conn, path, token) : -EINVAL;
}

static int do_reset_watches(struct request *r)
{
    conn_forget(r->conn);
    return 0;
}

/* ---- transactions ---- */

static int do_transaction_start(struct request *r)
{
    uint32_t id;

    if (r->hdr->tx_id)
        return -EBUSY;
    int rc = transaction_start(r->conn, &id);

    if (rc)
        return rc;
    buffer_printf(r->reply, "%" PRIu32, id);
    buffer_putc(r->reply, '\0');
    return 0;
}

static int do_transaction_end(struct request *r)
{
    const char *text = request_string(r, 0);

    if (!text || (strcmp(text, "T") && strcmp(text, "F")))
        return -EINVAL;
    if (!r->tx)
        return -ENOENT;
    if (*text == 'T')
        return transaction_commit(r->tx);
    transaction_abort(r->tx);
    return 0;
}

/* ---- domains ---- */

static int do_introduce(struct request *r)
{
    const char *frame = request_string(r, 1), *port = request_string(r, 2);
    unsigned long long n;
    uint16_t domid;
    char *end;

    if (get_domid(r, 0, &domid) || !frame || !port || !parse_number(port, UINT32_MAX, &n))
        return -EINVAL;
    long gfn = strtol(frame, &end, 10);

    if (end == frame || *end)
        return -EINVAL;
    return domain_introduce(r->conn->server, domid, gfn, n);
}

static int do_release(struct request *r)
{
    uint16_t domid;

    return get_domid(r, 0, &domid) ? -EINVAL : domain_release(r->conn->server, domid);
}

static int do_resume(struct request *r)
{
    uint16_t domid;

    return get_domid(r, 0, &domid) ? -EINVAL : domain_resume(r->conn->server, domid);
}

static int do_set_target(struct request *r)
{
    uint16_t domid, target;

    if (get_domid(r, 0, &domid) || get_domid(r, 1, &target))
        return -EINVAL;
    return domain_set_target(r->conn->server, domid, target);
}

static int do_get_domain_path(struct request *r)
{
    uint16_t domid;

    if (get_domid(r, 0, &domid))
        return -EINVAL;
    buffer_printf(r->reply, "/local/domain/%u", domid);
    buffer_putc(r->reply, '\0');
    return 0;
}

static int do_is_introduced(struct request *r)
{
    uint16_t domid;

    if (get_domid(r, 0, &domid))
        return -EINVAL;
    buffer_append(r->reply, domain_is_introduced(r->conn->server, domid) ? "T" : "F", 2);
    return 0;
}

/* ---- the table ---- */

#define USES_TX    1u   /* hdr.tx_id names the transaction it works in */
#define CHANGES    2u   /* the current tree, if outside of a transaction */
#define PRIVILEGED 4u

static const struct {
    const char *name;
    int (*handle)(struct request *r);
    unsigned int flags;
} table[XS_TYPE_COUNT] = {
    [XS_CONTROL]              = { "control", control_request, PRIVILEGED | CHANGES },
    [XS_DIRECTORY]            = { "directory", do_directory, USES_TX },
    [XS_DIRECTORY_PART]       = { "directory_part", do_directory_part, USES_TX },
    [XS_READ]                 = { "read", do_read, USES_TX },
    [XS_WRITE]                = { "write", do_write, USES_TX | CHANGES },
    [XS_MKDIR]                = { "mkdir", do_mkdir, USES_TX | CHANGES },
    [XS_RM]                   = { "rm", do_rm, USES_TX | CHANGES },
    [XS_GET_PERMS]            = { "get_perms", do_get_perms, USES_TX },
    [XS_SET_PERMS]            = { "set_perms", do_set_perms, USES_TX | CHANGES },
    [XS_WATCH]                = { "watch", do_watch, 0 },
    [XS_UNWATCH]              = { "unwatch", do_unwatch, 0 },
    [XS_RESET_WATCHES]        = { "reset_watches", do_reset_watches, 0 },
    [XS_TRANSACTION_START]    = { "transaction_start", do_transaction_start, 0 },
    [XS_TRANSACTION_END]      = { "transaction_end", do_transaction_end, USES_TX | CHANGES },
    [XS_INTRODUCE]            = { "introduce", do_introduce, PRIVILEGED | CHANGES },
    [XS_RELEASE]              = { "release", do_release, PRIVILEGED | CHANGES },
    [XS_RESUME]               = { "resume", do_resume, PRIVILEGED | CHANGES },
    [XS_SET_TARGET]           = { "set_target", do_set_target, PRIVILEGED | CHANGES },
    [XS_GET_DOMAIN_PATH]      = { "get_domain_path", do_get_domain_path, 0 },
    [XS_IS_DOMAIN_INTRODUCED] = { "is_domain_introduced", do_is_introduced, 0 },
};

static const char *error_name(int rc)
{
    for (size_t i = 0; i < sizeof(xsd_errors) / sizeof(xsd_errors[0]); i++) {
        if (xsd_errors[i].errnum == -rc)
            return xsd_errors[i].errstring;
    }
    return "EINVAL";
}

static int dispatch(struct request *r)
{
    struct conn *c = r->conn;
    uint32_t type = r->hdr->type;

    if (type >= XS_TYPE_COUNT || !table[type].handle)
        return -ENOSYS;
    unsigned int flags = table[type].flags;

    if (c->is_read_only && flags & CHANGES && type != XS_TRANSACTION_END)
        return -EROFS;
    if (flags & PRIVILEGED && !c->who.is_privileged)
        return -EACCES;
    if (flags & USES_TX && r->hdr->tx_id) {
        r->tx = transaction_find(c, r->hdr->tx_id);
        if (!r->tx)
            return -ENOENT;
    }
    return table[type].handle(r);
}

/* Somebody who had to start over too often is in a transaction: others' changes wait a little. */
static bool must_wait(const struct conn *c, const struct xsd_sockmsg *hdr)
{
    const struct server *s = c->server;

    if (!s->protector || s->protector == c || hdr->type >= XS_TYPE_COUNT)
        return false;
    if (!(table[hdr->type].flags & CHANGES))
        return false;
    if (hdr->tx_id && hdr->type != XS_TRANSACTION_END)
        return false;
    return monotonic_ms() < s->protect_until;
}

static void trace(const struct request *r, int rc)
{
    const char *name = r->hdr->type < XS_TYPE_COUNT ? table[r->hdr->type].name : NULL;
    const char *first = request_string(r, 0);

    log_debug("d%u c%u tx %u: %s %s -> %s", r->conn->who.domid, r->conn->id, r->hdr->tx_id,
              name ? name : "?", first ? first : "", rc < 0 ? error_name(rc) : "ok");
}

bool protocol_request(struct conn *c, const struct xsd_sockmsg *hdr, const char *payload)
{
    struct request r = {
        .conn = c, .hdr = hdr, .payload = payload, .len = hdr->len, .reply = &c->server->scratch,
    };

    if (must_wait(c, hdr))
        return false;
    buffer_clear(r.reply);
    int rc = dispatch(&r);

    if (c->server->trace)
        trace(&r, rc);
    if (rc < 0)
        conn_send(c, hdr, XS_ERROR, error_name(rc), strlen(error_name(rc)) + 1);
    else if (rc != REPLIED && r.reply->len)
        reply_now(&r);
    else if (rc != REPLIED)
        conn_send(c, hdr, hdr->type, "OK", 3);
    if (r.fire)
        watch_fire_self(r.fire);
    return true;
}
