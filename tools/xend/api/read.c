/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Methods that change nothing.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <base/alloc.h>
#include <host/host.h>
#include <xc/xc.h>

#include "api/api.h"
#include "device/device.h"
#include "domain/domain.h"
#include "node/cpupool.h"

#define LOG_MAX (1 << 20)
#define CPUS_MAX 4096

void read_version(struct request *r)
{
    answer_ok(r, sxp_atom(XENITH_VERSION));
}

/* As users of xm know them: halted 0, paused 1, running 2, shut down 4. */
static int status_number(const struct domain *d)
{
    switch (d->phase) {
    case DOMAIN_HALTED: return 0;
    case DOMAIN_DOWN: return 4;
    default: return d->info.flags & XEN_DOMINF_paused ? 1 : 2;
    }
}

/* As host_domain(), of halted ones too, with the names we have for them. */
static struct sxp *brief(struct domain *d)
{
    struct sxp *s;

    if (domain_is_alive(d) && d->is_seen) {
        s = host_domain(d->x->xs, &d->info);
        sxp_add_pair(s, "managed", d->is_managed ? "1" : "0");
        sxp_add_pairf(s, "status", "%d", status_number(d));
        if (d->phase == DOMAIN_STARTING)
            sxp_add_pair(s, "starting", "1");
        return s;
    }
    s = sxp_list("domain");
    /* The hypervisor's part is gone already, its devices are not. */
    if (domain_is_alive(d)) {
        sxp_add_pairf(s, "domid", "%u", d->domid);
        sxp_add_pair(s, "state", "-----d");
    }
    sxp_add_pair(s, "name", d->name);
    sxp_add_pair(s, "uuid", d->uuid);
    for (size_t i = 0; i < 3; i++) {
        static const char *const keys[] = { "memory", "maxmem", "vcpus" };
        const char *value = d->config ? sxp_value(d->config, keys[i]) : NULL;

        sxp_add_pair(s, keys[i], value ? value : "0");
    }
    sxp_add_pair(s, "managed", d->is_managed ? "1" : "0");
    sxp_add_pairf(s, "status", "%d", status_number(d));
    return s;
}

void read_domains(struct request *r)
{
    struct sxp *out = sxp_list("domains");

    domains_refresh(r->x);
    if (r->words->count == 1) {
        for_each_list(l, &r->x->domains)
            sxp_add(out, brief(list_entry(l, struct domain, link)));
    }
    for (size_t i = 0; i + 1 < r->words->count; i++) {
        struct failure f;
        struct domain *d = domain_find(r->x, word(r, i), &f);

        if (!d) {
            sxp_free(out);
            answer_fail(r, &f);
            return;
        }
        sxp_add(out, brief(d));
    }
    answer_ok(r, out);
}

static struct domain *find(struct request *r)
{
    struct failure f;
    struct domain *d = domain_find(r->x, word(r, 0), &f);

    if (!d)
        answer_fail(r, &f);
    return d;
}

/* ---- devices, as xm list -l has always shown them ---- */

static void replace(struct sxp *s, const char *key, const char *value)
{
    for (size_t i = s->count; i-- > 1;) {
        const char *head = sxp_is_list(s->item[i]) ? sxp_head(s->item[i]) : NULL;

        if (head && !strcmp(head, key))
            sxp_remove(s, i);
    }
    sxp_add_pair(s, key, value);
}

static void add_default(struct sxp *s, const char *key, const char *value)
{
    if (value && !sxp_value(s, key))
        sxp_add_pair(s, key, value);
}

/* Scripts look for "xvda:disk". */
static void complete_disk(struct sxp *s, bool is_first)
{
    const char *dev = sxp_value(s, "dev");
    char *full = dev && !strchr(dev, ':') ? xasprintf("%s:disk", dev) : NULL;

    if (full)
        replace(s, "dev", full);
    free(full);
    replace(s, "bootable", is_first ? "1" : "0");
}

/* What its script found for it. */
static void complete_interface(struct domain *d, struct sxp *s, unsigned int number)
{
    static const char *const found[] = { "bridge", "script" };

    for (size_t i = 0; i < 2 && domain_is_alive(d); i++) {
        char *value = store_get(d->x, "/local/domain/0/backend/vif/%u/%u/%s", d->domid, number,
                                found[i]);

        add_default(s, found[i], value);
        free(value);
    }
}

static void complete_devices(struct domain *d, struct sxp *config)
{
    unsigned int disks = 0, interfaces = 0;
    struct sxp *entry;

    for (size_t i = 0; (entry = sxp_find(config, "device", i)); i++) {
        struct sxp *s = entry->count > 1 ? entry->item[1] : NULL;
        const char *class = s && sxp_is_list(s) ? sxp_head(s) : NULL;

        if (!class)
            continue;
        if (!strcmp(class, "vbd") || !strncmp(class, "tap", 3))
            complete_disk(s, !disks++);
        else if (!strcmp(class, "vif"))
            complete_interface(d, s, interfaces++);
        add_default(s, "backend", "0");
    }
}

/* "0-2,4" as (0 1 2 4); any or none as (). */
static struct sxp *cpu_list(const char *text)
{
    struct sxp *list = sxp_list(NULL);
    uint64_t map[CPUS_MAX / 64] = { 0 };
    struct config_error e;

    if (config_cpus_parse(text, map, CPUS_MAX, &e))
        return list;
    for (unsigned int cpu = 0; cpu < CPUS_MAX; cpu++) {
        char number[12];

        snprintf(number, sizeof(number), "%u", cpu);
        if (map[cpu / 64] >> cpu % 64 & 1)
            sxp_add(list, sxp_atom(number));
    }
    return list;
}

/* (cpus ((0 1) ())): for each VCPU where it may run. */
static void add_cpus(struct domain *d, struct sxp *s)
{
    struct sxp *all, *lists;
    const struct sxp *vcpu;

    if (host_vcpus(d->x->xc, d->x->xs, d->domid, &all))
        return;
    lists = sxp_add(sxp_add(s, sxp_list("cpus")), sxp_list(NULL));
    for (size_t i = 0; (vcpu = sxp_find(all, "vcpu", i)); i++) {
        const char *affinity = sxp_value(vcpu, "affinity");

        sxp_add(lists, cpu_list(affinity ? affinity : ""));
    }
    sxp_free(all);
}

static void add_ring(struct domain *d, struct sxp *s, const char *key, const char *where)
{
    char *frame = store_get(d->x, "/local/domain/%u/%s/ring-ref", d->domid, where);

    add_default(s, key, frame);
    free(frame);
}

/* Instead of what was configured. */
static void add_placement(struct domain *d, struct sxp *s)
{
    char *pool = cpupool_name(d->x, d->info.cpupool);

    add_cpus(d, s);
    sxp_add_pair(s, "pool_name", pool);
    free(pool);
}

static bool is_told_anew(const struct domain *d, const struct sxp *pair)
{
    const char *key = sxp_is_list(pair) ? sxp_head(pair) : NULL;

    if (!key)
        return false;
    return !strcmp(key, "cpu_weight") || !strcmp(key, "cpu_cap") ||
           (domain_is_alive(d) && (!strcmp(key, "cpus") || !strcmp(key, "pool_name")));
}

/* (domain (domid N) what was configured … what is). */
void read_config(struct request *r)
{
    struct domain *d = find(r);

    if (!d)
        return;
    struct sxp *out = sxp_list("domain"), *live = brief(d);
    static const char *const added[] = {
        "online_vcpus", "cpu_time", "start_time", "state",
    };

    if (domain_is_alive(d))
        sxp_add_pairf(out, "domid", "%u", d->domid);
    read_share(d, out);
    for (size_t i = 1; d->config && i < d->config->count; i++) {
        if (!is_told_anew(d, d->config->item[i]))
            sxp_add(out, sxp_copy(d->config->item[i]));
    }
    complete_devices(d, out);
    for (size_t i = 2; !d->config && i < 7 && i < live->count; i++)
        sxp_add(out, sxp_copy(live->item[i]));
    if (domain_is_alive(d)) {
        add_placement(d, out);
        add_ring(d, out, "store_mfn", "store");
        add_ring(d, out, "console_mfn", "console");
    }
    sxp_add_pairf(out, "status", "%d", status_number(d));
    for (size_t i = 0; i < sizeof(added) / sizeof(added[0]); i++) {
        if (sxp_value(live, added[i]))
            sxp_add_pair(out, added[i], sxp_value(live, added[i]));
    }
    sxp_free(live);
    answer_ok(r, out);
}

void read_lookup(struct request *r)
{
    struct domain *d = find(r);

    if (d)
        answer_ok(r, brief(d));
}

static struct sxp *halted_vcpus(const struct domain *d)
{
    const char *text = d->config ? sxp_value(d->config, "vcpus") : NULL;
    unsigned long count = text ? strtoul(text, NULL, 10) : 0;
    struct sxp *s = sxp_list("domain");

    sxp_add_pair(s, "name", d->name);
    for (unsigned long i = 0; i < count; i++) {
        struct sxp *vcpu = sxp_add(s, sxp_list("vcpu"));

        sxp_add_pairf(vcpu, "number", "%lu", i);
    }
    return s;
}

void read_vcpus(struct request *r)
{
    struct domain *d = find(r);
    struct sxp *out;
    struct failure f;

    if (!d)
        return;
    if (!domain_is_alive(d)) {
        answer_ok(r, halted_vcpus(d));
        return;
    }
    int rc = host_vcpus(r->x->xc, r->x->xs, d->domid, &out);

    if (!rc) {
        answer_ok(r, out);
        return;
    }
    /* It may end at any time. */
    fail(&f, rc, rc == -ESRCH ? "Domain '%s' does not exist." : "%s: the hypervisor does not tell",
         d->name);
    answer_fail(r, &f);
}

void read_info(struct request *r)
{
    struct sxp *out;
    struct failure f;
    int rc = host_info(r->x->xc, &out);

    if (!rc) {
        answer_ok(r, out);
        return;
    }
    fail(&f, rc, "the hypervisor does not tell: %s", strerror(-rc));
    answer_fail(r, &f);
}

void read_messages(struct request *r)
{
    char *text;
    struct failure f;
    int rc = host_messages(r->x->xc, flag(r, 0), &text);

    if (!rc) {
        answer_ok(r, sxp_atom(text));
        free(text);
        return;
    }
    fail(&f, rc, "the hypervisor does not tell: %s", strerror(-rc));
    answer_fail(r, &f);
}

/* Of a long log, its end. */
void read_log(struct request *r)
{
    FILE *log = fopen(r->x->config.logfile, "re");
    struct failure f;

    if (!log) {
        fail(&f, -errno, "%s: %s", r->x->config.logfile, strerror(errno));
        answer_fail(r, &f);
        return;
    }
    char *text = xcalloc(1, LOG_MAX + 1);

    if (!fseek(log, 0, SEEK_END) && ftell(log) > LOG_MAX)
        fseek(log, -LOG_MAX, SEEK_END);
    else
        rewind(log);
    text[fread(text, 1, LOG_MAX, log)] = '\0';
    fclose(log);
    answer_ok(r, sxp_atom(text));
    free(text);
}

/* ---- devices ---- */

static void add_node(struct sxp *out, struct device *v, const char *side, const char *path,
                     const char *node)
{
    char *value = path ? store_get(v->d->x, "%s/%s", path, node) : NULL;

    if (value) {
        struct sxp *pair = sxp_list(NULL);
        char key[64];

        snprintf(key, sizeof(key), "%s%s", side, node);
        sxp_add(pair, sxp_atom(key));
        sxp_add(pair, sxp_atom(value));
        sxp_add(out, pair);
    }
    free(value);
}

static struct sxp *device_to_sxp(struct device *v)
{
    static const char *const front[] = {
        "mac", "handle", "state", "event-channel", "event-channel-tx", "tx-ring-ref",
        "rx-ring-ref", "ring-ref", "virtual-device",
    };
    struct sxp *out = sxp_list("device");

    sxp_add_pairf(out, "number", "%u", v->devid);
    sxp_add_pair(out, "backend-id", "0");
    if (v->backend)
        sxp_add_pair(out, "backend", v->backend);
    for (size_t i = 0; i < sizeof(front) / sizeof(front[0]); i++)
        add_node(out, v, "", v->frontend, front[i]);
    sxp_add(out, sxp_copy(v->config));
    return out;
}

void read_devices(struct request *r)
{
    struct domain *d = find(r);
    struct sxp *out;

    if (!d)
        return;
    out = sxp_list("devices");
    for_each_list(l, &d->devices) {
        struct device *v = list_entry(l, struct device, link);

        if (!strcmp(v->class->name, word(r, 1)))
            sxp_add(out, device_to_sxp(v));
    }
    answer_ok(r, out);
}

static void add_text(struct sxp *out, const char *key, char *value)
{
    if (value)
        sxp_add_pair(out, key, value);
    free(value);
}

/* (vnc (address A) (port N) (password P)), as far as they are known. */
void read_vnc(struct request *r)
{
    struct domain *d = find(r);
    struct failure f;

    if (!d)
        return;
    if (!domain_is_alive(d)) {
        fail(&f, -ENOENT, "Domain '%s' is not started", d->name);
        answer_fail(r, &f);
        return;
    }
    struct sxp *out = sxp_list("vnc");
    const char *home = "/local/domain";

    add_text(out, "address", store_get(r->x, "%s/%u/console/vnc-listen", home, d->domid));
    add_text(out, "port", store_get(r->x, "%s/%u/console/vnc-port", home, d->domid));
    add_text(out, "password", store_get(r->x, "%s/0/backend/vfb/%u/0/vncpasswd", home, d->domid));
    answer_ok(r, out);
}
