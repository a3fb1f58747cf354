/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a daemon waits for: descriptors in one epoll set, each with the function that serves it.
 */
#ifndef BASE_SOURCE_H
#define BASE_SOURCE_H

#include <stdint.h>

#include <base/export.h>

struct source {
    int fd;
    void (*ready)(struct source *src, uint32_t events);
};

/* A new set: its descriptor, or -E. */
EXPORT int sources_open(void);
/* events as for epoll_ctl(). Each returns 0 or -E. */
EXPORT int source_add(int set, struct source *src, uint32_t events);
EXPORT int source_change(int set, struct source *src, uint32_t events);
EXPORT void source_remove(int set, struct source *src);
/*
 * Waits at most timeout_ms (-1: for ever), then serves at most `most` (up to 64) that are ready.
 * With more than one, serving one must not free another.
 */
EXPORT void sources_serve(int set, int most, int timeout_ms);

/* SIGTERM, SIGINT and SIGHUP as a source; SIGPIPE is ignored from here on. */
struct signal_source {
    struct source src;
    void (*taken)(struct signal_source *s, int number);
};

EXPORT int signals_add(int set, struct signal_source *s);

#endif
