/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The table, as scripts that read xentop's batch output know it: titles and widths of columns.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <xen/domctl.h>

#include "xentop.h"

enum net_sum { NET_TX, NET_RX };
enum vbd_sum { VBD_OO, VBD_RD, VBD_WR, VBD_RSECT, VBD_WSECT };

static uint64_t sum_nets(const struct row *r, enum net_sum what)
{
    uint64_t total = 0;

    for (size_t i = 0; i < r->net_count; i++)
        total += what == NET_TX ? r->nets[i].tx_bytes : r->nets[i].rx_bytes;
    return total / 1024;
}

static uint64_t sum_vbds(const struct row *r, enum vbd_sum what)
{
    uint64_t total = 0;

    for (size_t i = 0; i < r->vbd_count; i++) {
        const struct vbd *v = &r->vbds[i];
        const uint64_t values[] = { v->oo, v->rd, v->wr, v->rsect, v->wsect };

        total += values[what];
    }
    return total;
}

/* ---- columns: of numbers, how one is had of a row ---- */

static uint64_t cpu_seconds(const struct row *r) { return r->cpu_ns / 1000000000; }
static uint64_t memory(const struct row *r) { return r->mem_kib; }
static uint64_t max_memory(const struct row *r) { return r->max_kib; }
static uint64_t vcpus(const struct row *r) { return r->vcpus; }
static uint64_t nets(const struct row *r) { return r->net_count; }
static uint64_t net_tx(const struct row *r) { return sum_nets(r, NET_TX); }
static uint64_t net_rx(const struct row *r) { return sum_nets(r, NET_RX); }
static uint64_t vbds(const struct row *r) { return r->vbd_count; }
static uint64_t vbd_oo(const struct row *r) { return sum_vbds(r, VBD_OO); }
static uint64_t vbd_rd(const struct row *r) { return sum_vbds(r, VBD_RD); }
static uint64_t vbd_wr(const struct row *r) { return sum_vbds(r, VBD_WR); }
static uint64_t vbd_rsect(const struct row *r) { return sum_vbds(r, VBD_RSECT); }
static uint64_t vbd_wsect(const struct row *r) { return sum_vbds(r, VBD_WSECT); }
static uint64_t ssid(const struct row *r) { return r->ssid; }
/* For sorting only, as what they are shown with. */
static uint64_t cpu_tenths(const struct row *r) { return (uint64_t)(r->cpu_percent * 10 + 0.5); }
static uint64_t is_running(const struct row *r) { return !!(r->flags & XEN_DOMINF_running); }

enum kind { NAME, STATE, NUMBER, CPU_PERCENT, MEM_PERCENT, MAX_KIB, MAX_PERCENT };

static const struct column {
    const char *title;
    int width;
    enum kind kind;
    uint64_t (*value)(const struct row *r);
} columns[] = {
    { "NAME", 10, NAME, NULL },
    { "STATE", 6, STATE, is_running },
    { "CPU(sec)", 10, NUMBER, cpu_seconds },
    { "CPU(%)", 6, CPU_PERCENT, cpu_tenths },
    { "MEM(k)", 10, NUMBER, memory },
    { "MEM(%)", 6, MEM_PERCENT, memory },
    { "MAXMEM(k)", 10, MAX_KIB, max_memory },
    { "MAXMEM(%)", 9, MAX_PERCENT, max_memory },
    { "VCPUS", 5, NUMBER, vcpus },
    { "NETS", 4, NUMBER, nets },
    { "NETTX(k)", 8, NUMBER, net_tx },
    { "NETRX(k)", 8, NUMBER, net_rx },
    { "VBDS", 4, NUMBER, vbds },
    { "VBD_OO", 8, NUMBER, vbd_oo },
    { "VBD_RD", 8, NUMBER, vbd_rd },
    { "VBD_WR", 8, NUMBER, vbd_wr },
    { "VBD_RSECT", 10, NUMBER, vbd_rsect },
    { "VBD_WSECT", 10, NUMBER, vbd_wsect },
    { "SSID", 4, NUMBER, ssid },
};

size_t column_count(void)
{
    return sizeof(columns) / sizeof(columns[0]);
}

const char *column_title(size_t column)
{
    return columns[column].title;
}

static const struct column *sorted_by;

/* Names upwards, numbers downwards; the same by number of the domain. */
static int compare(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    int order = 0;

    if (!sorted_by->value) {
        order = strcmp(x->name, y->name);
    } else {
        uint64_t left = sorted_by->value(x), right = sorted_by->value(y);

        order = (left < right) - (left > right);
    }
    return order ? order : (x->domid > y->domid) - (x->domid < y->domid);
}

void sort_rows(struct sample *s, size_t column)
{
    sorted_by = &columns[column];
    if (s->count)
        qsort(s->rows, s->count, sizeof(*s->rows), compare);
}

/* ---- lines ---- */

static void format_state(struct buffer *out, uint32_t flags)
{
    unsigned int reason = (flags >> XEN_DOMINF_shutdownshift) & XEN_DOMINF_shutdownmask;
    bool is_down = flags & XEN_DOMINF_shutdown, is_crashed = is_down && reason == 3;

    buffer_printf(out, "%c%c%c%c%c%c", flags & XEN_DOMINF_dying ? 'd' : '-',
                  is_down && !is_crashed ? 's' : '-', flags & XEN_DOMINF_blocked ? 'b' : '-',
                  is_crashed ? 'c' : '-', flags & XEN_DOMINF_paused ? 'p' : '-',
                  flags & XEN_DOMINF_running ? 'r' : '-');
}

static void format_percent(struct buffer *out, int width, uint64_t part, uint64_t whole)
{
    buffer_printf(out, "%*.1f", width, whole ? part * 100.0 / whole : 0.0);
}

static void format_cell(struct buffer *out, const struct column *c, const struct sample *s,
                        const struct row *r, bool full_names)
{
    bool has_max = r->max_kib != UINT64_MAX;

    switch (c->kind) {
    case NAME:
        buffer_printf(out, "%*.*s", c->width, full_names ? (int)strlen(r->name) : c->width,
                      r->name);
        break;
    case STATE: format_state(out, r->flags); break;
    case NUMBER: buffer_printf(out, "%*" PRIu64, c->width, c->value(r)); break;
    case CPU_PERCENT: buffer_printf(out, "%*.1f", c->width, r->cpu_percent); break;
    case MEM_PERCENT: format_percent(out, c->width, r->mem_kib, s->total_kib); break;
    case MAX_KIB:
        if (has_max)
            buffer_printf(out, "%*" PRIu64, c->width, r->max_kib);
        else
            buffer_printf(out, "%*s", c->width, "no limit");
        break;
    case MAX_PERCENT:
        if (has_max)
            format_percent(out, c->width, r->max_kib, s->total_kib);
        else
            buffer_printf(out, "%*s", c->width, "n/a");
        break;
    }
}

static void format_vcpus(struct buffer *out, const struct row *r)
{
    buffer_puts(out, "VCPUs(sec): ");
    for (unsigned int i = 0; i < r->vcpu_count; i++) {
        if (i && i % 5 == 0)
            buffer_puts(out, "\n            ");
        buffer_printf(out, " %3u: %10" PRIu64 "s", i, r->vcpu_ns[i] / 1000000000);
    }
    buffer_putc(out, '\n');
}

static void format_nets(struct buffer *out, const struct row *r)
{
    for (size_t i = 0; i < r->net_count; i++) {
        const struct net *n = &r->nets[i];

        buffer_printf(out, "Net%u RX: %8" PRIu64 "bytes %8" PRIu64 "pkts %8" PRIu64 "err %8" PRIu64
                      "drop  TX: %8" PRIu64 "bytes %8" PRIu64 "pkts %8" PRIu64 "err %8" PRIu64
                      "drop\n", n->number, n->rx_bytes, n->rx_packets, n->rx_errors, n->rx_drops,
                      n->tx_bytes, n->tx_packets, n->tx_errors, n->tx_drops);
    }
}

/* A device's number is a major and a minor of the guest's. */
static void format_vbds(struct buffer *out, const struct row *r)
{
    for (size_t i = 0; i < r->vbd_count; i++) {
        const struct vbd *v = &r->vbds[i];

        buffer_printf(out, "VBD %-7s %4u [%2x:%2x]  OO: %8" PRIu64 "   RD: %8" PRIu64 "   WR: %8"
                      PRIu64 "  RSECT: %10" PRIu64 "  WSECT: %10" PRIu64 "\n", v->kind, v->number,
                      v->number >> 8 & 0xff, v->number & 0xff, v->oo, v->rd, v->wr, v->rsect,
                      v->wsect);
    }
}

void format_row(struct buffer *out, const struct sample *s, const struct row *r,
                const struct options *o)
{
    for (size_t i = 0; i < column_count(); i++) {
        if (i)
            buffer_putc(out, ' ');
        format_cell(out, &columns[i], s, r, o->full_names);
    }
    buffer_putc(out, '\n');
    if (o->vcpus)
        format_vcpus(out, r);
    if (o->networks)
        format_nets(out, r);
    if (o->vbds)
        format_vbds(out, r);
}

void format_header(struct buffer *out)
{
    for (size_t i = 0; i < column_count(); i++)
        buffer_printf(out, "%s%*s", i ? " " : "", columns[i].width, columns[i].title);
    buffer_putc(out, '\n');
}

static unsigned int count_state(const struct sample *s, uint32_t flag)
{
    unsigned int n = 0;

    for (size_t i = 0; i < s->count; i++)
        n += !!(s->rows[i].flags & flag);
    return n;
}

static unsigned int count_down(const struct sample *s, bool crashed)
{
    unsigned int n = 0;

    for (size_t i = 0; i < s->count; i++) {
        uint32_t flags = s->rows[i].flags;
        bool is_crash = ((flags >> XEN_DOMINF_shutdownshift) & XEN_DOMINF_shutdownmask) == 3;

        n += flags & XEN_DOMINF_shutdown && is_crash == crashed;
    }
    return n;
}

void format_summary(struct buffer *out, const struct sample *s)
{
    char clock[16];
    time_t now = time(NULL);

    strftime(clock, sizeof(clock), "%H:%M:%S", localtime(&now));
    buffer_printf(out, "xentop - %s   Xen %s\n", clock, s->version);
    buffer_printf(out, "%zu domains: %u running, %u blocked, %u paused, %u crashed, %u dying, "
                  "%u shutdown\n", s->count, count_state(s, XEN_DOMINF_running),
                  count_state(s, XEN_DOMINF_blocked), count_state(s, XEN_DOMINF_paused),
                  count_down(s, true), count_state(s, XEN_DOMINF_dying), count_down(s, false));
    buffer_printf(out, "Mem: %" PRIu64 "k total, %" PRIu64 "k used, %" PRIu64
                  "k free    CPUs: %u @ %uMHz\n", s->total_kib, s->total_kib - s->free_kib,
                  s->free_kib, s->cpus, s->mhz);
}
