/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xentop: what its files share. A sample is what all domains had used at one time; what is shown
 * is a sample and its difference to the one before.
 */
#ifndef XENTOP_XENTOP_H
#define XENTOP_XENTOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <base/buffer.h>

struct xc;
struct xs;

struct net {
    unsigned int number;
    /* As the guest sees it: what it receives its backend sends. */
    uint64_t rx_bytes, rx_packets, rx_errors, rx_drops;
    uint64_t tx_bytes, tx_packets, tx_errors, tx_drops;
};

struct vbd {
    unsigned int number;            /* the device's in the guest */
    const char *kind;
    uint64_t oo, rd, wr, rsect, wsect;  /* requests put off, of reading, writing; sectors */
};

struct row {
    uint32_t domid;
    char *name;
    uint32_t flags;                 /* XEN_DOMINF_* */
    uint64_t cpu_ns, mem_kib, max_kib;  /* max UINT64_MAX: none */
    unsigned int vcpus;
    uint32_t ssid;
    double cpu_percent;
    uint64_t *vcpu_ns;
    unsigned int vcpu_count;        /* of vcpu_ns */
    struct net *nets;
    struct vbd *vbds;
    size_t net_count, vbd_count;
};

struct sample {
    double when;                    /* seconds, monotonic */
    struct row *rows;
    size_t count;
    uint64_t total_kib, free_kib;
    unsigned int cpus, mhz;
    char version[80];
};

struct options {
    double delay;
    long iterations;                /* < 0: for ever */
    bool batch, networks, vbds, vcpus, repeat_header, full_names;
    size_t sort;                    /* a column's place */
    size_t scroll;
};

/* sample.c: 0 or -E. sysfs is where it is mounted. */
int sample_take(struct xc *xc, struct xs *xs, const char *sysfs, bool with_vcpus,
                struct sample *s);
/* Fills the percentages from the difference to an older one. */
void sample_compare(struct sample *s, const struct sample *older);
void sample_free(struct sample *s);

/* format.c: lines of text, without colours. */
size_t column_count(void);
const char *column_title(size_t column);
void sort_rows(struct sample *s, size_t column);
void format_summary(struct buffer *out, const struct sample *s);
void format_header(struct buffer *out);
/* The domain's line and those that options ask for below it. */
void format_row(struct buffer *out, const struct sample *s, const struct row *r,
                const struct options *o);

/* screen.c: until the user has enough. */
struct source {
    struct xc *xc;
    struct xs *xs;
    const char *sysfs;
};
int screen_run(const struct source *source, struct options *o);

#endif
