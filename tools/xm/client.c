/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Talking to xend: one connection, one question at a time. A message is an S-expression with a
 * NUL behind it.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "xm.h"

#define SOCKET_PATH "/var/lib/xend/xend-socket"

static int connection = -1;

static int connect_xend(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    const char *path = getenv("XM_SERVER");

    if (connection >= 0)
        return 0;
    if (!path || strncmp(path, "unix:", 5) || strlen(path + 5) >= sizeof(address.sun_path))
        path = "unix:" SOCKET_PATH;
    strcpy(address.sun_path, path + 5);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -errno;
    if (connect(fd, (struct sockaddr *)&address, sizeof(address))) {
        int rc = -errno;

        close(fd);
        return rc;
    }
    connection = fd;
    return 0;
}

bool xend_is_up(void)
{
    return !connect_xend();
}

static int cannot_connect(int rc)
{
    if (geteuid())
        return error("Most commands need root access. Please try again as root.");
    return error("Unable to connect to xend: %s. Is xend running?", strerror(-rc));
}

static int lost(void)
{
    stop_console();
    close(connection);
    connection = -1;
    return error("Xend has probably crashed!  It hung up without an answer.");
}

static bool send_all(const char *bytes, size_t len)
{
    while (len) {
        ssize_t n = send(connection, bytes, len, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        bytes += n;
        len -= n;
    }
    return true;
}

/* The next message; what follows it stays in `in`. NULL: the connection is lost. */
static struct sxp *receive(struct buffer *in, char *why, size_t size)
{
    for (;;) {
        char *end = in->len ? memchr(buffer_head(in), '\0', in->len) : NULL;

        if (end) {
            size_t len = end - buffer_head(in);
            struct sxp *s = sxp_parse(buffer_head(in), len, NULL, why, size);

            buffer_take(in, len + 1);
            return s ? s : sxp_list(NULL);
        }
        ssize_t n = recv(connection, buffer_room(in, 65536), 65536, 0);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return NULL;
        buffer_grow(in, n);
    }
}

/* The answer, after news of what goes on. */
static struct sxp *receive_answer(struct buffer *in)
{
    char why[200];
    struct sxp *s;

    while ((s = receive(in, why, sizeof(why)))) {
        const char *head = sxp_head(s);

        if (!head || strcmp(head, "console"))
            return s;
        start_console(text_of(s, "domid", ""));
        sxp_free(s);
    }
    return NULL;
}

/* (ok value) or (error number text) */
static int take_answer(struct sxp *answer, struct sxp **value)
{
    const char *head = sxp_head(answer);

    if (head && !strcmp(head, "ok")) {
        *value = answer->count > 1 ? sxp_copy(answer->item[1]) : NULL;
        return 0;
    }
    stop_console();
    if (!head || strcmp(head, "error") || answer->count < 3 || sxp_is_list(answer->item[1]) ||
        sxp_is_list(answer->item[2]))
        return error("xend's answer cannot be understood");
    error("%s", answer->item[2]->atom);
    return atoi(answer->item[1]->atom) == ESRCH ? EXIT_NO_DOMAIN : 1;
}

int ask_sxp(struct sxp **value, struct sxp *message)
{
    struct buffer out = { 0 }, in = { 0 };
    struct sxp *unused = NULL, *answer;
    int rc = connect_xend();

    if (!value)
        value = &unused;
    *value = NULL;
    sxp_print(&out, message);
    buffer_putc(&out, '\0');
    sxp_free(message);
    if (rc)
        rc = cannot_connect(rc);
    else if (!send_all(buffer_head(&out), out.len) || !(answer = receive_answer(&in)))
        rc = lost();
    else {
        rc = take_answer(answer, value);
        sxp_free(answer);
    }
    sxp_free(unused);
    buffer_free(&out);
    buffer_free(&in);
    return rc;
}

int ask(struct sxp **value, const char *method, ...)
{
    struct sxp *message = sxp_list(method);
    const char *text;
    va_list args;

    va_start(args, method);
    while ((text = va_arg(args, const char *)))
        sxp_add(message, sxp_atom(text));
    va_end(args);
    return ask_sxp(value, message);
}
