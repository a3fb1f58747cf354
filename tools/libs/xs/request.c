/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The requests, one function each: nodes, permissions, transactions, domains.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xs/private.h>

static struct iovec string_part(const char *s)
{
    return (struct iovec){ (char *)s, strlen(s) + 1 };
}

int xs_read(struct xs *xs, uint32_t tx, const char *path, char **value, size_t *len)
{
    struct iovec part = string_part(path);

    return xs_request(xs, XS_READ, tx, &part, 1, value, len);
}

int xs_read_uint(struct xs *xs, uint32_t tx, const char *path, unsigned long long *value)
{
    char *text, *end;
    int rc = xs_read(xs, tx, path, &text, NULL);

    if (rc)
        return rc;
    errno = 0;
    unsigned long long n = strtoull(text, &end, 0);

    if (errno || end == text || *end || *text == '-')
        rc = -EINVAL;
    else
        *value = n;
    free(text);
    return rc;
}

int xs_write(struct xs *xs, uint32_t tx, const char *path, const void *value, size_t len)
{
    struct iovec parts[] = { string_part(path), { (void *)value, len } };

    return xs_request(xs, XS_WRITE, tx, parts, 2, NULL, NULL);
}

int xs_write_string(struct xs *xs, uint32_t tx, const char *path, const char *value)
{
    return xs_write(xs, tx, path, value, strlen(value));
}

int xs_printf(struct xs *xs, uint32_t tx, const char *path, const char *fmt, ...)
{
    char value[XENSTORE_PAYLOAD_MAX];
    va_list args;

    va_start(args, fmt);
    int n = vsnprintf(value, sizeof(value), fmt, args);
    va_end(args);
    if (n < 0 || (size_t)n >= sizeof(value))
        return -E2BIG;
    return xs_write(xs, tx, path, value, n);
}

int xs_mkdir(struct xs *xs, uint32_t tx, const char *path)
{
    return xs_request_string(xs, XS_MKDIR, tx, path);
}

int xs_remove(struct xs *xs, uint32_t tx, const char *path)
{
    return xs_request_string(xs, XS_RM, tx, path);
}

bool xs_exists(struct xs *xs, uint32_t tx, const char *path)
{
    char *value;

    if (xs_read(xs, tx, path, &value, NULL))
        return false;
    free(value);
    return true;
}

/* Takes over text, len bytes of NUL-terminated names. */
static int split_names(char *text, size_t len, char ***names, size_t *count)
{
    size_t n = 0;

    if (len && text[len - 1]) {
        free(text);
        return -EPROTO;
    }
    for (size_t i = 0; i < len; i++)
        n += !text[i];
    char **list = malloc((n + 1) * sizeof(*list) + len);

    if (!list) {
        free(text);
        return -ENOMEM;
    }
    char *copy = (char *)(list + n + 1);

    if (len)
        memcpy(copy, text, len);
    free(text);
    for (size_t i = 0; i < n; i++) {
        list[i] = copy;
        copy += strlen(copy) + 1;
    }
    list[n] = NULL;
    *names = list;
    if (count)
        *count = n;
    return 0;
}

/* One piece of a list too long for one reply: the generation, then names from offset on. */
static int read_part(struct xs *xs, uint32_t tx, const char *path, size_t offset, char **reply,
                     size_t *len)
{
    char text[24];
    struct iovec parts[] = { string_part(path), { text, 0 } };

    parts[1].iov_len = snprintf(text, sizeof(text), "%zu", offset) + 1;
    int rc = xs_request(xs, XS_DIRECTORY_PART, tx, parts, 2, reply, len);

    if (!rc && !memchr(*reply, '\0', *len)) {
        free(*reply);
        return -EPROTO;
    }
    return rc;
}

/* Appends a part's names to *all. 1: that was the last; -EAGAIN: the node changed, begin again. */
static int append_part(const char *reply, size_t len, char **all, size_t *size, char *generation,
                       size_t generation_size)
{
    const char *names = reply + strlen(reply) + 1;
    size_t more = len - (names - reply);
    if (!*size)
        snprintf(generation, generation_size, "%s", reply);
    else if (strcmp(generation, reply))
        return -EAGAIN;
    if (!more)
        return -EPROTO;
    char *grown = realloc(*all, *size + more);

    if (!grown)
        return -ENOMEM;
    memcpy(grown + *size, names, more);
    *all = grown;
    *size += more;
    /* An empty name ends the list; a part may end anywhere, in the middle of a name too. */
    int last = !grown[*size - 1] && (*size == 1 || !grown[*size - 2]);

    *size -= last;
    return last;
}

static int list_parts(struct xs *xs, uint32_t tx, const char *path, char **all, size_t *size)
{
    char generation[32];

    *all = NULL;
    *size = 0;
    for (;;) {
        char *reply;
        size_t len;
        int rc = read_part(xs, tx, path, *size, &reply, &len);

        if (!rc) {
            rc = append_part(reply, len, all, size, generation, sizeof(generation));
            free(reply);
        }
        if (rc == 1)
            return 0;
        if (rc) {
            free(*all);
            *all = NULL;
            *size = 0;
        }
        if (rc && rc != -EAGAIN)
            return rc;
    }
}

int xs_list(struct xs *xs, uint32_t tx, const char *path, char ***names, size_t *count)
{
    struct iovec part = string_part(path);
    char *text;
    size_t len;
    int rc = xs_request(xs, XS_DIRECTORY, tx, &part, 1, &text, &len);

    if (rc == -E2BIG)
        rc = list_parts(xs, tx, path, &text, &len);
    return rc ? rc : split_names(text, len, names, count);
}

int xs_parse_perm(const char *text, struct xs_perm *perm)
{
    static const char letters[] = "nrwb";
    const char *letter = *text ? strchr(letters, *text) : NULL;
    char *end;

    if (!letter || text[1] < '0' || text[1] > '9')
        return -EINVAL;
    unsigned long domid = strtoul(text + 1, &end, 10);

    if (*end || domid > 65535)
        return -EINVAL;
    perm->domid = domid;
    perm->rights = letter - letters;
    return 0;
}

int xs_get_perms(struct xs *xs, uint32_t tx, const char *path, struct xs_perm **perms,
                 size_t *count)
{
    struct iovec part = string_part(path);
    char *text, **names;
    size_t len, n;
    int rc = xs_request(xs, XS_GET_PERMS, tx, &part, 1, &text, &len);

    if (rc)
        return rc;
    rc = split_names(text, len, &names, &n);
    if (rc)
        return rc;
    struct xs_perm *list = calloc(n + 1, sizeof(*list));

    if (!list)
        rc = -ENOMEM;
    for (size_t i = 0; i < n && !rc; i++)
        rc = xs_parse_perm(names[i], &list[i]) ? -EPROTO : 0;
    free(names);
    if (rc) {
        free(list);
        return rc;
    }
    *perms = list;
    *count = n;
    return 0;
}

int xs_set_perms(struct xs *xs, uint32_t tx, const char *path, const struct xs_perm *perms,
                 size_t count)
{
    char text[XENSTORE_PAYLOAD_MAX];
    size_t n = 0;

    for (size_t i = 0; i < count; i++) {
        if (n + 16 > sizeof(text) || perms[i].rights > 3)
            return perms[i].rights > 3 ? -EINVAL : -E2BIG;
        n += snprintf(text + n, 16, "%c%u", "nrwb"[perms[i].rights], perms[i].domid) + 1;
    }
    struct iovec parts[] = { string_part(path), { text, n } };

    return xs_request(xs, XS_SET_PERMS, tx, parts, 2, NULL, NULL);
}

int xs_transaction_start(struct xs *xs, uint32_t *tx)
{
    struct iovec part = string_part("");
    char *text, *end;
    int rc = xs_request(xs, XS_TRANSACTION_START, 0, &part, 1, &text, NULL);

    if (rc)
        return rc;
    unsigned long id = strtoul(text, &end, 10);

    rc = end == text || *end || !id || id > UINT32_MAX ? -EPROTO : 0;
    free(text);
    *tx = id;
    return rc;
}

int xs_transaction_commit(struct xs *xs, uint32_t tx)
{
    return xs_request_string(xs, XS_TRANSACTION_END, tx, "T");
}

int xs_transaction_abort(struct xs *xs, uint32_t tx)
{
    return xs_request_string(xs, XS_TRANSACTION_END, tx, "F");
}

/* A request whose arguments are numbers, each as a decimal string. */
static int request_numbers(struct xs *xs, uint32_t type, const unsigned long *numbers,
                           unsigned int count, char **reply)
{
    char text[3][24];
    struct iovec parts[3];

    for (unsigned int i = 0; i < count; i++) {
        /* Frame numbers travel as signed decimals. */
        parts[i].iov_len = snprintf(text[i], sizeof(text[i]), "%ld", (long)numbers[i]) + 1;
        parts[i].iov_base = text[i];
    }
    return xs_request(xs, type, 0, parts, count, reply, NULL);
}

int xs_introduce(struct xs *xs, unsigned int domid, unsigned long gfn, unsigned int port)
{
    return request_numbers(xs, XS_INTRODUCE, (unsigned long[]){ domid, gfn, port }, 3, NULL);
}

int xs_release(struct xs *xs, unsigned int domid)
{
    return request_numbers(xs, XS_RELEASE, (unsigned long[]){ domid }, 1, NULL);
}

int xs_resume(struct xs *xs, unsigned int domid)
{
    return request_numbers(xs, XS_RESUME, (unsigned long[]){ domid }, 1, NULL);
}

int xs_set_target(struct xs *xs, unsigned int domid, unsigned int target)
{
    return request_numbers(xs, XS_SET_TARGET, (unsigned long[]){ domid, target }, 2, NULL);
}

int xs_is_introduced(struct xs *xs, unsigned int domid)
{
    char *reply;
    int rc = request_numbers(xs, XS_IS_DOMAIN_INTRODUCED, (unsigned long[]){ domid }, 1, &reply);

    if (rc)
        return rc;
    rc = !strcmp(reply, "T");
    free(reply);
    return rc;
}

int xs_get_domain_path(struct xs *xs, unsigned int domid, char **path)
{
    return request_numbers(xs, XS_GET_DOMAIN_PATH, (unsigned long[]){ domid }, 1, path);
}

int xs_control(struct xs *xs, const char *const *words, size_t count, char **answer)
{
    struct iovec parts[MAX_PARTS];

    if (count > MAX_PARTS)
        return -E2BIG;
    for (size_t i = 0; i < count; i++)
        parts[i] = string_part(words[i]);
    return xs_request(xs, XS_CONTROL, 0, parts, count, answer, NULL);
}
