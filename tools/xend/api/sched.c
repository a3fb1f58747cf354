/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Methods about a domain's part of the processors: where its VCPUs may run, its parameters with
 * the scheduler of its pool.
 *
 * What is refused has changed nothing. Of a managed domain that is halted the configuration
 * changes.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <base/log.h>
#include <base/strings.h>
#include <host/host.h>
#include <xc/xc.h>
#include <xen/sched_params.h>
#include <xen/sysctl.h>

#include "api/api.h"
#include "domain/domain.h"
#include "node/cpupool.h"

#define CPUS_MAX 4096
#define WEIGHT_MAX 65535
#define DEFAULT_WEIGHT 256
#define NS_PER_MS 1e6
#define PERIOD_MAX_MS 10000

static struct domain *find(struct request *r)
{
    struct failure f;

    domains_refresh(r->x);
    struct domain *d = domain_find(r->x, word(r, 0), &f);

    if (!d)
        answer_fail(r, &f);
    return d;
}

static bool is_running(const struct domain *d)
{
    return domain_is_alive(d) && d->is_seen;
}

static void remember(struct domain *d, const char *key, unsigned long long value)
{
    if (!d->config)
        return;
    for (size_t i = d->config->count; i-- > 1;) {
        const struct sxp *pair = d->config->item[i];

        if (sxp_is_list(pair) && sxp_head(pair) && !strcmp(sxp_head(pair), key))
            sxp_remove(d->config, i);
    }
    sxp_add_pairf(d->config, key, "%llu", value);
    state_save(d, NULL);
}

static unsigned long long remembered(const struct domain *d, const char *key,
                                     unsigned long long fallback)
{
    const char *text = d->config ? sxp_value(d->config, key) : NULL;

    return text ? strtoull(text, NULL, 10) : fallback;
}

/* ---- looking ---- */

/* The scheduler of the domain's pool, or of the machine if it does not run. */
static unsigned int scheduler_of(const struct domain *d)
{
    struct xc_cpupool pool = { .id = is_running(d) ? d->info.cpupool : 0 };
    unsigned int id = 0;

    if (!xc_cpupool_info(d->x->xc, &pool))
        return pool.sched_id;
    xc_sched_id(d->x->xc, &id);
    return id;
}

static bool knows_caps(unsigned int sched)
{
    return sched == XEN_SCHEDULER_CREDIT || sched == XEN_SCHEDULER_CREDIT2;
}

static int get_share(const struct domain *d, unsigned int sched, unsigned int *weight,
                     unsigned int *cap)
{
    *weight = remembered(d, "cpu_weight", DEFAULT_WEIGHT);
    *cap = remembered(d, "cpu_cap", 0);
    if (!is_running(d))
        return 0;
    return sched == XEN_SCHEDULER_CREDIT2
               ? xc_sched_credit2_get(d->x->xc, d->domid, weight, cap)
               : xc_sched_credit_get(d->x->xc, d->domid, weight, cap);
}

static void add_share(struct sxp *s, const struct domain *d, unsigned int sched)
{
    unsigned int weight, cap;

    if (get_share(d, sched, &weight, &cap))
        return;
    sxp_add_pairf(s, "weight", "%u", weight);
    sxp_add_pairf(s, "cap", "%u", cap);
}

/* For xm list -l: as the scheduler has them, or as they will be. */
void read_share(const struct domain *d, struct sxp *s)
{
    unsigned int sched = scheduler_of(d), weight, cap;

    if (!knows_caps(sched) || get_share(d, sched, &weight, &cap)) {
        weight = remembered(d, "cpu_weight", DEFAULT_WEIGHT);
        cap = remembered(d, "cpu_cap", 0);
    }
    sxp_add_pairf(s, "cpu_weight", "%u", weight);
    sxp_add_pairf(s, "cpu_cap", "%u", cap);
}

static void add_sedf(struct sxp *s, const struct domain *d)
{
    struct xen_domctl_sched_sedf p;

    if (!is_running(d) || xc_sched_sedf_get(d->x->xc, d->domid, &p))
        return;
    sxp_add_pairf(s, "period", "%.6f", p.period / NS_PER_MS);
    sxp_add_pairf(s, "slice", "%.6f", p.slice / NS_PER_MS);
    sxp_add_pairf(s, "latency", "%.6f", p.latency / NS_PER_MS);
    sxp_add_pairf(s, "extra", "%u", p.is_extra);
    sxp_add_pairf(s, "weight", "%u", p.weight);
}

static void add_bvt(struct sxp *s, const struct domain *d)
{
    struct xen_domctl_sched_bvt p;

    if (!is_running(d) || xc_sched_bvt_get(d->x->xc, d->domid, &p))
        return;
    sxp_add_pairf(s, "weight", "%u", p.weight);
    sxp_add_pairf(s, "warp", "%u", p.warp_us);
    sxp_add_pairf(s, "warp_limit", "%u", p.warp_limit_us);
    sxp_add_pairf(s, "unwarp", "%u", p.unwarp_us);
}

void read_topology(struct request *r)
{
    struct sxp *out;
    struct failure f;
    int rc = host_topology(r->x->xc, &out);

    if (rc) {
        fail(&f, rc, "the hypervisor does not tell: %s", strerror(-rc));
        answer_fail(r, &f);
    } else {
        answer_ok(r, out);
    }
}

/* (sched (name web) (domid 1) (scheduler credit) (weight 256) (cap 0)): as the scheduler has it. */
void read_sched(struct request *r)
{
    struct domain *d = find(r);

    if (!d)
        return;
    unsigned int id = scheduler_of(d);
    struct sxp *s = sxp_list("sched");

    sxp_add_pair(s, "name", d->name);
    if (is_running(d))
        sxp_add_pairf(s, "domid", "%u", d->domid);
    sxp_add_pair(s, "scheduler", scheduler_name(id));
    if (knows_caps(id))
        add_share(s, d, id);
    else if (id == XEN_SCHEDULER_SEDF)
        add_sedf(s, d);
    else if (id == XEN_SCHEDULER_BVT)
        add_bvt(s, d);
    answer_ok(r, s);
}

/* ---- credit ---- */

static unsigned int vcpus_of(const struct domain *d)
{
    return is_running(d) ? d->info.max_vcpu_id + 1 : remembered(d, "vcpus", 1);
}

/* Of an empty text what *value has. */
static bool read_value(const char *text, unsigned long long min, unsigned long long max,
                       unsigned int *value)
{
    unsigned long long n;

    if (!*text)
        return true;
    if (!parse_number(text, max, &n) || n < min)
        return false;
    *value = n;
    return true;
}

static int set_share(struct domain *d, bool wants_credit2, const char *weight_text,
                     const char *cap_text, struct failure *f)
{
    unsigned int sched = scheduler_of(d), weight, cap, max_cap = vcpus_of(d) * 100;

    if (!knows_caps(sched) || (wants_credit2 && sched != XEN_SCHEDULER_CREDIT2))
        return fail(f, -EINVAL, "Xen is running with the %s scheduler", scheduler_name(sched));
    int rc = get_share(d, sched, &weight, &cap);

    if (rc)
        return fail(f, rc, "the hypervisor does not tell: %s", strerror(-rc));
    if (!read_value(weight_text, 1, WEIGHT_MAX, &weight))
        return fail(f, -EINVAL,
                    "Cpu weight out of range, valid values are within range from 1 to 65535");
    if (!read_value(cap_text, 0, max_cap < WEIGHT_MAX ? max_cap : WEIGHT_MAX - 1, &cap))
        return fail(f, -EINVAL, "Cpu cap out of range, valid range is from 0 to %u for specified "
                    "number of vcpus", max_cap);
    if (is_running(d))
        rc = sched == XEN_SCHEDULER_CREDIT2
                 ? xc_sched_credit2_set(d->x->xc, d->domid, weight, cap)
                 : xc_sched_credit_set(d->x->xc, d->domid, weight, cap);
    if (rc)
        return fail(f, rc, "Failed to set credit parameters of domain %s: %s", d->name,
                    strerror(-rc));
    if (*weight_text)
        remember(d, "cpu_weight", weight);
    if (*cap_text)
        remember(d, "cpu_cap", cap);
    return 0;
}

static void change_share(struct request *r, bool wants_credit2)
{
    struct domain *d = find(r);
    struct failure f;

    if (d)
        answer(r, set_share(d, wants_credit2, word(r, 1), word(r, 2), &f), &f);
}

void change_credit(struct request *r)
{
    change_share(r, false);
}

void change_credit2(struct request *r)
{
    change_share(r, true);
}

/* ---- sedf and bvt ---- */

static int need_scheduler(const struct domain *d, unsigned int wanted, struct failure *f)
{
    unsigned int sched = scheduler_of(d);

    if (sched != wanted)
        return fail(f, -EINVAL, "Xen is running with the %s scheduler", scheduler_name(sched));
    return is_running(d) ? 0 : fail(f, -ENOENT, "Domain '%s' is not started", d->name);
}

static int read_ms(const char *what, const char *text, uint64_t *ns, struct failure *f)
{
    char *end;
    double ms = strtod(text, &end);

    if (!*text)
        return 0;
    if (*end || end == text || !(ms >= 0 && ms <= PERIOD_MAX_MS))
        return fail(f, -EINVAL, "%s '%s' is out of range: 0 to %d ms", what, text, PERIOD_MAX_MS);
    *ns = (uint64_t)(ms * NS_PER_MS + 0.5);
    return 0;
}

static int read_sedf(const struct request *r, struct xen_domctl_sched_sedf *p, struct failure *f)
{
    unsigned int extra = p->is_extra, weight = p->weight;
    int rc = read_ms("period", word(r, 1), &p->period, f);

    if (!rc)
        rc = read_ms("slice", word(r, 2), &p->slice, f);
    if (!rc)
        rc = read_ms("latency", word(r, 3), &p->latency, f);
    if (rc)
        return rc;
    if (!read_value(word(r, 4), 0, 1, &extra))
        return fail(f, -EINVAL, "extratime '%s' is out of range: 0 or 1", word(r, 4));
    if (!read_value(word(r, 5), 1, WEIGHT_MAX, &weight))
        return fail(f, -EINVAL, "weight '%s' is out of range: 1 to 65535", word(r, 5));
    p->is_extra = extra;
    p->weight = weight;
    if (p->slice > p->period || p->latency > p->period)
        return fail(f, -EINVAL, "slice (%.1f ms) and latency (%.1f ms) must not be longer than the "
                    "period (%.1f ms)", p->slice / NS_PER_MS, p->latency / NS_PER_MS,
                    p->period / NS_PER_MS);
    return 0;
}

static int set_sedf(const struct request *r, struct domain *d, struct failure *f)
{
    struct xen_domctl_sched_sedf p;
    int rc = need_scheduler(d, XEN_SCHEDULER_SEDF, f);

    if (rc)
        return rc;
    rc = xc_sched_sedf_get(d->x->xc, d->domid, &p);
    if (rc)
        return fail(f, rc, "the hypervisor does not tell: %s", strerror(-rc));
    rc = read_sedf(r, &p, f);
    if (rc)
        return rc;
    rc = xc_sched_sedf_set(d->x->xc, d->domid, &p);
    if (rc == -ENOSPC)
        return fail(f, rc, "Failed to set sedf parameters (rv=%d): all slices together are more "
                    "than the pool's CPUs", rc);
    return rc ? fail(f, rc, "Failed to set sedf parameters (rv=%d).", rc) : 0;
}

void change_sedf(struct request *r)
{
    struct domain *d = find(r);
    struct failure f;

    if (d)
        answer(r, set_sedf(r, d, &f), &f);
}

static int set_bvt(const struct request *r, struct domain *d, struct failure *f)
{
    struct xen_domctl_sched_bvt p;
    unsigned int *const fields[] = { &p.weight, &p.warp_us, &p.warp_limit_us, &p.unwarp_us };
    static const char *const names[] = { "weight", "warp", "warp limit", "unwarp" };
    int rc = need_scheduler(d, XEN_SCHEDULER_BVT, f);

    if (rc)
        return rc;
    rc = xc_sched_bvt_get(d->x->xc, d->domid, &p);
    if (rc)
        return fail(f, rc, "the hypervisor does not tell: %s", strerror(-rc));
    for (size_t i = 0; i < 4; i++) {
        unsigned int min = i == 0, max = i == 0 ? WEIGHT_MAX : 1000000;

        if (!read_value(word(r, i + 1), min, max, fields[i]))
            return fail(f, -EINVAL, "%s '%s' is out of range: %u to %u", names[i], word(r, i + 1),
                        min, max);
    }
    rc = xc_sched_bvt_set(d->x->xc, d->domid, &p);
    return rc ? fail(f, rc, "Failed to set bvt parameters (rv=%d).", rc) : 0;
}

void change_bvt(struct request *r)
{
    struct domain *d = find(r);
    struct failure f;

    if (d)
        answer(r, set_bvt(r, d, &f), &f);
}

/* ---- where VCPUs may run ---- */

static int read_cpus(struct xend *x, const char *text, uint64_t map[CPUS_MAX / 64],
                     struct failure *f)
{
    struct xen_sysctl_physinfo machine;
    struct config_error e;
    bool is_any = !strcmp(text, "all");
    int rc = xc_physinfo(x->xc, &machine);

    if (rc)
        return fail(f, rc, "the hypervisor does not tell: %s", strerror(-rc));
    memset(map, is_any ? 0xff : 0, CPUS_MAX / 8);
    if (is_any)
        return 0;
    if (config_cpus_parse(text, map, machine.max_cpu_id + 1, &e))
        return fail(f, -EINVAL, "%s; this machine has 0-%u", e.what, machine.max_cpu_id);
    for (unsigned int i = 0; i < CPUS_MAX / 64; i++) {
        if (map[i])
            return 0;
    }
    return fail(f, -EINVAL, "cpus '%s': that is no CPU at all", text);
}

static int set_pin(struct domain *d, const char *which, const char *cpus, struct failure *f)
{
    uint64_t map[CPUS_MAX / 64], copy[CPUS_MAX / 64];
    unsigned int first = 0, last;

    if (!is_running(d))
        return fail(f, -ENOENT, "Domain '%s' is not started", d->name);
    last = d->info.max_vcpu_id;
    if (strcmp(which, "all")) {
        if (!read_value(which, 0, last, &first) || !*which)
            return fail(f, -EINVAL, "Cannot pin vcpu: %s to cpu: %s - domain %s has VCPUs 0-%u",
                        which, cpus, d->name, last);
        last = first;
    }
    int rc = *cpus ? read_cpus(d->x, cpus, map, f)
                   : fail(f, -EINVAL, "cpus '': that is no CPU at all");

    for (unsigned int v = first; v <= last && !rc; v++) {
        memcpy(copy, map, sizeof(copy));
        rc = xc_vcpu_set_affinity(d->x->xc, d->domid, v, (uint8_t *)copy, NULL, sizeof(copy));
        if (rc)
            fail(f, rc, "Cannot pin vcpu: %u to cpu: %s - %s", v, cpus,
                 rc == -EINVAL ? "no CPU of its pool is among them" : strerror(-rc));
    }
    return rc;
}

void change_pin(struct request *r)
{
    struct domain *d = find(r);
    struct failure f;

    if (d)
        answer(r, set_pin(d, word(r, 1), word(r, 2), &f), &f);
}

/* ---- another pool ---- */

/* A scheduler that meets a domain anew does not know what it was promised. */
static void share_again(struct domain *d)
{
    unsigned int sched = scheduler_of(d);
    unsigned int weight = remembered(d, "cpu_weight", DEFAULT_WEIGHT);
    unsigned int cap = remembered(d, "cpu_cap", 0);
    int rc = 0;

    if (sched == XEN_SCHEDULER_CREDIT2)
        rc = xc_sched_credit2_set(d->x->xc, d->domid, weight, cap);
    else if (sched == XEN_SCHEDULER_CREDIT)
        rc = xc_sched_credit_set(d->x->xc, d->domid, weight, cap);
    if (rc)
        log_warn("%s: weight and cap are not what they were: %s", d->name, strerror(-rc));
}

static int migrate(struct xend *x, const char *name, const char *pool_name, struct failure *f)
{
    struct domain *d = domain_find(x, name, f);
    struct xc_cpupool pool;
    int rc = d ? cpupool_find(x, pool_name, &pool, f) : -ESRCH;

    if (rc)
        return rc;
    if (!d->domid)
        return fail(f, -EPERM, "Domain '%s' stays in the first pool", d->name);
    if (!domain_is_alive(d))
        return fail(f, -ENOENT, "Domain '%s' is not started", d->name);
    rc = xc_cpupool_move_domain(x->xc, pool.id, d->domid);
    if (rc == -ENODEV)
        return fail(f, rc, "Pool '%s' has no CPU", pool_name);
    if (rc)
        return fail(f, rc, "Domain '%s' cannot be moved to pool '%s': %s", d->name, pool_name,
                    strerror(-rc));
    d->info.cpupool = pool.id;
    share_again(d);
    return 0;
}

void change_pool_migrate(struct request *r)
{
    struct failure f;

    domains_refresh(r->x);
    answer(r, migrate(r->x, word(r, 0), word(r, 1), &f), &f);
}
