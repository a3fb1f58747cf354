/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What domains have used: CPU and memory from the hypervisor, disks and networks from the
 * statistics that their backends in this domain keep.
 */
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <base/alloc.h>
#include <base/clock.h>
#include <host/host.h>
#include <xc/xc.h>
#include <xen/domctl.h>
#include <xen/sysctl.h>
#include <xs/xs.h>

#include "xentop.h"

#define NS 1e9

/* One number of a file; 0 if there is none. */
static uint64_t read_number(const char *folder, const char *name, const char *file)
{
    char *path = xasprintf("%s/%s/statistics/%s", folder, name, file);
    FILE *in = fopen(path, "re");
    uint64_t value = 0;

    if (in && fscanf(in, "%" SCNu64, &value) != 1)
        value = 0;
    if (in)
        fclose(in);
    free(path);
    return value;
}

static struct row *find_row(struct sample *s, uint32_t domid)
{
    for (size_t i = 0; i < s->count; i++) {
        if (s->rows[i].domid == domid)
            return &s->rows[i];
    }
    return NULL;
}

/* The numbers in "vif3.0" or "vbd-3-51712", if the name is of that form. */
static bool read_name(const char *name, const char *form, unsigned int *domid, unsigned int *number)
{
    int end = -1;

    return sscanf(name, form, domid, number, &end) == 2 && end > 0 && !name[end];
}

static void add_net(struct sample *s, const char *folder, const char *name)
{
    unsigned int domid, number;

    if (!read_name(name, "vif%u.%u%n", &domid, &number))
        return;
    struct row *r = find_row(s, domid);

    if (!r)
        return;
    r->nets = xrealloc(r->nets, (r->net_count + 1) * sizeof(*r->nets));
    r->nets[r->net_count++] = (struct net){
        .number = number,
        .rx_bytes = read_number(folder, name, "tx_bytes"),
        .rx_packets = read_number(folder, name, "tx_packets"),
        .rx_errors = read_number(folder, name, "tx_errors"),
        .rx_drops = read_number(folder, name, "tx_dropped"),
        .tx_bytes = read_number(folder, name, "rx_bytes"),
        .tx_packets = read_number(folder, name, "rx_packets"),
        .tx_errors = read_number(folder, name, "rx_errors"),
        .tx_drops = read_number(folder, name, "rx_dropped"),
    };
}

static void add_vbd(struct sample *s, const char *folder, const char *name)
{
    unsigned int domid, number;
    bool is_tap = read_name(name, "tap-%u-%u%n", &domid, &number);

    if (!is_tap && !read_name(name, "vbd-%u-%u%n", &domid, &number))
        return;
    struct row *r = find_row(s, domid);

    if (!r)
        return;
    r->vbds = xrealloc(r->vbds, (r->vbd_count + 1) * sizeof(*r->vbds));
    r->vbds[r->vbd_count++] = (struct vbd){
        .number = number,
        .kind = is_tap ? "BlkTap" : "BlkBack",
        .oo = read_number(folder, name, "oo_req"),
        .rd = read_number(folder, name, "rd_req"),
        .wr = read_number(folder, name, "wr_req"),
        .rsect = read_number(folder, name, "rd_sect"),
        .wsect = read_number(folder, name, "wr_sect"),
    };
}

static void for_each_entry(struct sample *s, const char *sysfs, const char *path,
                           void (*add)(struct sample *s, const char *folder, const char *name))
{
    char *folder = xasprintf("%s/%s", sysfs, path);
    DIR *dir = opendir(folder);
    const struct dirent *entry;

    while (dir && (entry = readdir(dir)))
        add(s, folder, entry->d_name);
    if (dir)
        closedir(dir);
    free(folder);
}

static int by_net(const void *a, const void *b)
{
    const struct net *x = a, *y = b;

    return (x->number > y->number) - (x->number < y->number);
}

static int by_vbd(const void *a, const void *b)
{
    const struct vbd *x = a, *y = b;

    return (x->number > y->number) - (x->number < y->number);
}

static void add_devices(struct sample *s, const char *sysfs)
{
    for_each_entry(s, sysfs, "class/net", add_net);
    for_each_entry(s, sysfs, "bus/xen-backend/devices", add_vbd);
    for (size_t i = 0; i < s->count; i++) {
        struct row *r = &s->rows[i];

        if (r->net_count)
            qsort(r->nets, r->net_count, sizeof(*r->nets), by_net);
        if (r->vbd_count)
            qsort(r->vbds, r->vbd_count, sizeof(*r->vbds), by_vbd);
    }
}

static void add_vcpus(struct xc *xc, struct row *r, unsigned int count)
{
    struct xen_domctl_getvcpuinfo v;

    r->vcpu_ns = xcalloc(count, sizeof(*r->vcpu_ns));
    for (; r->vcpu_count < count && !xc_vcpu_info(xc, r->domid, r->vcpu_count, &v); r->vcpu_count++)
        r->vcpu_ns[r->vcpu_count] = v.cpu_time;
}

static void fill_row(struct row *r, struct xs *xs, const struct xen_domctl_getdomaininfo *info)
{
    *r = (struct row){
        .domid = info->domain,
        .name = host_domain_name(xs, info->domain),
        .flags = info->flags,
        .cpu_ns = info->cpu_time,
        .mem_kib = info->tot_pages * 4,
        /* Domain 0 may have no limit. */
        .max_kib = info->max_pages >= UINT32_MAX ? UINT64_MAX : info->max_pages * 4,
        .vcpus = info->max_vcpu_id + 1,
        .ssid = info->ssidref,
    };
}

static int add_machine(struct xc *xc, struct sample *s)
{
    struct xen_sysctl_physinfo p;
    int rc = xc_physinfo(xc, &p), version = xc_version(xc);
    char extra[64] = "";

    if (rc)
        return rc;
    if (xc_version_extra(xc, extra, sizeof(extra)))
        extra[0] = '\0';
    s->total_kib = p.total_pages * 4;
    s->free_kib = (p.free_pages + p.scrub_pages) * 4;
    s->cpus = p.nr_cpus;
    s->mhz = p.cpu_khz / 1000;
    snprintf(s->version, sizeof(s->version), "%d.%d%s", version < 0 ? 0 : version >> 16,
             version < 0 ? 0 : version & 0xffff, extra);
    return 0;
}

int sample_take(struct xc *xc, struct xs *xs, const char *sysfs, bool with_vcpus, struct sample *s)
{
    struct xen_domctl_getdomaininfo *infos;
    unsigned int count;

    memset(s, 0, sizeof(*s));
    int rc = add_machine(xc, s);

    if (!rc)
        rc = host_domain_infos(xc, &infos, &count);
    if (rc)
        return rc;
    s->when = monotonic_seconds();
    s->rows = xcalloc(count + 1, sizeof(*s->rows));
    for (s->count = 0; s->count < count; s->count++) {
        const struct xen_domctl_getdomaininfo *info = &infos[s->count];

        fill_row(&s->rows[s->count], xs, info);
        if (with_vcpus)
            add_vcpus(xc, &s->rows[s->count], info->max_vcpu_id + 1);
    }
    free(infos);
    add_devices(s, sysfs);
    return 0;
}

void sample_compare(struct sample *s, const struct sample *older)
{
    double seconds = s->when - older->when;

    for (size_t i = 0; i < s->count && seconds > 0; i++) {
        struct row *r = &s->rows[i];
        const struct row *before = find_row((struct sample *)older, r->domid);

        if (before && r->cpu_ns > before->cpu_ns)
            r->cpu_percent = (r->cpu_ns - before->cpu_ns) / NS / seconds * 100;
    }
}

void sample_free(struct sample *s)
{
    for (size_t i = 0; i < s->count; i++) {
        free(s->rows[i].name);
        free(s->rows[i].vcpu_ns);
        free(s->rows[i].nets);
        free(s->rows[i].vbds);
    }
    free(s->rows);
    memset(s, 0, sizeof(*s));
}
