/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * QEMU's command line, made of a frame buffer's configuration and the daemon's; and reading what
 * it leaves for us: lines of its log, its listening socket.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <base/alloc.h>
#include <base/buffer.h>

#include "device/qemu_args.h"

#define GATE "/usr/lib/xen/bin/xen-vncgate"
#define VNC_BASE 5900
#define VNC_MOST 100            /* displays that are tried */
#define STATE_LISTEN 0x0a
#define MAX_SOCKETS 64

static void add(struct strings *args, const char *first, const char *second)
{
    strings_add(args, first);
    if (second)
        strings_add(args, second);
}

/* A comma would end a value. */
static char *escaped(const char *text)
{
    struct buffer b = { 0 };

    for (; *text; text++) {
        if (*text == ',')
            buffer_putc(&b, ',');
        buffer_putc(&b, *text);
    }
    buffer_string(&b);
    return buffer_detach(&b);
}

const char *qemu_password(const struct config_vfb *vfb, const struct config_xend *c)
{
    const char *text = !vfb ? "" : vfb->vncpasswd ? vfb->vncpasswd : c->vncpasswd;

    return text ? text : "";
}

const char *qemu_listen(const struct config_vfb *vfb, const struct config_xend *c)
{
    const char *text = vfb->vnclisten && *vfb->vnclisten ? vfb->vnclisten : c->vnc_listen;

    return text && *text ? text : "127.0.0.1";
}

static void add_tls(struct strings *args, struct buffer *vnc, const struct config_xend *c)
{
    char *dir = escaped(c->vnc_x509_cert_dir);

    add(args, "-object", NULL);
    strings_give(args, xasprintf("tls-creds-x509,id=tls0,endpoint=server,dir=%s,verify-peer=%s",
                                 dir, c->vnc_x509_verify == 1 ? "yes" : "no"));
    buffer_puts(vnc, ",tls-creds=tls0");
    free(dir);
}

static bool needs_gate(const struct config_vfb *vfb, const struct config_xend *c)
{
    return vfb && vfb->vnc == 1 && *qemu_password(vfb, c) && c->vnc_tls != 1;
}

/* The displays from which a free one is taken. */
static void vnc_range(uint32_t domid, const struct config_vfb *vfb, long long *first,
                      long long *last)
{
    bool is_fixed = vfb->vncunused == 0;

    *first = vfb->vncdisplay != CONFIG_UNSET ? vfb->vncdisplay : is_fixed ? domid : 0;
    *last = is_fixed ? *first : *first + VNC_MOST;
}

static void add_vnc(struct strings *args, uint32_t domid, const struct config_vfb *vfb,
                    const struct config_xend *c, const char *base)
{
    struct buffer vnc = { 0 };
    long long first, last;
    char *file = escaped(base);

    vnc_range(domid, vfb, &first, &last);
    if (needs_gate(vfb, c))
        buffer_printf(&vnc, "unix:%s.vnc", file);
    else
        buffer_printf(&vnc, "%s:%lld", qemu_listen(vfb, c), first);
    if (!needs_gate(vfb, c) && last > first)
        buffer_printf(&vnc, ",to=%lld", last);
    if (!needs_gate(vfb, c) && *qemu_password(vfb, c)) {
        add(args, "-object", NULL);
        strings_give(args, xasprintf("secret,id=vnc0,file=%s.secret", file));
        buffer_puts(&vnc, ",password-secret=vnc0");
    }
    if (c->vnc_tls == 1)
        add_tls(args, &vnc, c);
    add(args, "-vnc", buffer_string(&vnc));
    buffer_free(&vnc);
    free(file);
}

void qemu_gate_args(struct strings *args, uint32_t domid, const struct config_vfb *vfb,
                    const struct config_xend *c, const char *base)
{
    static const char *const files[] = { "vnc", "secret", "port" };
    long long first, last;

    if (!needs_gate(vfb, c))
        return;
    vnc_range(domid, vfb, &first, &last);
    add(args, GATE, qemu_listen(vfb, c));
    strings_give(args, xasprintf("%lld", VNC_BASE + first));
    strings_give(args, xasprintf("%lld", VNC_BASE + last));
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        strings_give(args, xasprintf("%s.%s", base, files[i]));
}

void qemu_args(struct strings *args, const char *binary, uint32_t domid, const char *name,
               const struct config_vfb *vfb, const struct config_xend *c, const char *base)
{
    static const char *const nothing[] = {
        "-nodefaults", "-no-user-config", "-monitor", "none", "-serial", "none", "-parallel",
        "none", "-display", "none",
    };
    const char *keymap = vfb && vfb->keymap && *vfb->keymap ? vfb->keymap : c->keymap;
    char *escaped_name = escaped(name);

    add(args, binary, "-xen-domid");
    strings_give(args, xasprintf("%u", domid));
    add(args, "-xen-attach", "-name");
    strings_give(args, escaped_name);
    add(args, "-M", "xenpv");
    /* Of its own; it serves the guest's memory, and has none to give. */
    add(args, "-m", "16");
    for (size_t i = 0; i < sizeof(nothing) / sizeof(nothing[0]); i++)
        strings_add(args, nothing[i]);
    if (!vfb || vfb->vnc != 1)
        return;
    if (keymap && *keymap)
        add(args, "-k", keymap);
    add_vnc(args, domid, vfb, c, base);
}

/* ---- its log ---- */

/* "qemu-system-i386: text" */
static char *without_program(const char *line, size_t len)
{
    const char *colon = memmem(line, len, ": ", 2), *qemu = memmem(line, len, "qemu", 4);

    if (colon && qemu && qemu < colon) {
        len -= colon + 2 - line;
        line = colon + 2;
    }
    return xstrndup(line, len);
}

char *qemu_last_line(const char *text)
{
    size_t end = strlen(text);

    while (end && strchr("\r\n \t", text[end - 1]))
        end--;
    const char *from = memrchr(text, '\n', end);

    from = from ? from + 1 : text;
    return end ? without_program(from, text + end - from) : NULL;
}

char *qemu_find_complaint(const char *text, const char *kind, uint32_t devid)
{
    char *name = xasprintf("'%s' device '%u'", kind, devid), *found = NULL;

    while (*text && !found) {
        size_t len = strcspn(text, "\n");

        /* A line that is not whole yet will be. */
        if (text[len] && memmem(text, len, name, strlen(name)))
            found = without_program(text, len);
        text += len + (text[len] == '\n');
    }
    free(name);
    return found;
}

/* ---- its socket ---- */

static size_t sockets_of(pid_t pid, unsigned long inode[MAX_SOCKETS])
{
    char path[320], target[64];
    struct dirent *entry;
    size_t count = 0;

    snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
    DIR *dir = opendir(path);

    while (dir && count < MAX_SOCKETS && (entry = readdir(dir))) {
        snprintf(path, sizeof(path), "/proc/%d/fd/%s", (int)pid, entry->d_name);
        ssize_t n = readlink(path, target, sizeof(target) - 1);

        target[n > 0 ? n : 0] = '\0';
        count += sscanf(target, "socket:[%lu]", &inode[count]) == 1;
    }
    if (dir)
        closedir(dir);
    return count;
}

static bool is_among(const unsigned long *inode, size_t count, unsigned long wanted)
{
    for (size_t i = 0; i < count; i++) {
        if (inode[i] == wanted)
            return true;
    }
    return false;
}

static unsigned int port_in(const char *table, const unsigned long *inode, size_t count)
{
    FILE *in = fopen(table, "re");
    unsigned int port, state, found = 0;
    unsigned long number;
    char line[400];

    while (in && !found && fgets(line, sizeof(line), in)) {
        if (sscanf(line, " %*d: %*[0-9A-Fa-f]:%x %*s %x %*s %*s %*s %*s %*s %lu", &port, &state,
                   &number) == 3 && state == STATE_LISTEN && port >= VNC_BASE &&
            is_among(inode, count, number))
            found = port;
    }
    if (in)
        fclose(in);
    return found;
}

unsigned int qemu_listening_port(pid_t pid)
{
    unsigned long inode[MAX_SOCKETS];
    size_t count = sockets_of(pid, inode);
    unsigned int port = port_in("/proc/net/tcp", inode, count);

    return port ? port : port_in("/proc/net/tcp6", inode, count);
}
