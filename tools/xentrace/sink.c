/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where a capture goes.  Windows are written whole, so that what a reader finds is a trace even if
 * the disk fills up.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "sink.h"

struct window {
    struct window *newer;
    size_t size;
    char bytes[];
};

struct window_head { uint32_t head, cpu, size; };

static int has_room(const struct sink *s, size_t size)
{
    struct statvfs disk;

    if (!s->reserve || fstatvfs(fileno(s->out), &disk))
        return 0;
    if ((uint64_t)disk.f_bavail * disk.f_frsize < s->reserve + size)
        return complain("the disk has less than %llu bytes left: stopped",
                        (unsigned long long)s->reserve);
    return 0;
}

static int put(struct sink *s, const void *bytes, size_t size)
{
    if (fwrite(bytes, 1, size, s->out) != size)
        return complain("cannot write: %s", strerror(errno));
    return 0;
}

static struct window_head head_of(unsigned int cpu, size_t size)
{
    return (struct window_head){ TRC_TRACE_CPU_CHANGE | 2u << TRACE_EXTRA_SHIFT, cpu, size };
}

static int keep(struct sink *s, const struct window_head *head, const struct xc_trace_view *view)
{
    struct window *w = malloc(sizeof(*w) + sizeof(*head) + head->size);

    if (!w)
        return complain("out of memory");
    w->newer = NULL;
    w->size = sizeof(*head) + head->size;
    memcpy(w->bytes, head, sizeof(*head));
    memcpy(w->bytes + sizeof(*head), view->part[0], view->size[0]);
    memcpy(w->bytes + sizeof(*head) + view->size[0], view->part[1], view->size[1]);
    *(s->newest ? &s->newest->newer : &s->oldest) = w;
    s->newest = w;
    s->kept += w->size;
    while (s->kept > s->limit && s->oldest != s->newest) {
        struct window *old = s->oldest;

        s->oldest = old->newer;
        s->kept -= old->size;
        free(old);
    }
    return 0;
}

int sink_put(struct sink *s, unsigned int cpu, const struct xc_trace_view *view)
{
    size_t size = view->size[0] + view->size[1];
    struct window_head head = head_of(cpu, size);

    if (!size)
        return 0;
    if (s->limit)
        return keep(s, &head, view);
    return has_room(s, size + sizeof(head)) || put(s, &head, sizeof(head)) ||
           put(s, view->part[0], view->size[0]) || put(s, view->part[1], view->size[1]);
}

int sink_finish(struct sink *s)
{
    int failed = 0;

    while (s->oldest) {
        struct window *w = s->oldest;

        s->oldest = w->newer;
        failed = failed || has_room(s, w->size) || put(s, w->bytes, w->size);
        free(w);
    }
    s->newest = NULL;
    if (fflush(s->out) && !failed)
        failed = complain("cannot write: %s", strerror(errno));
    return failed;
}
