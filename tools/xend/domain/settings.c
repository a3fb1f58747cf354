/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a configuration asks of the hypervisor besides memory and a kernel: where VCPUs run, the
 * domain's share of the processors, its clock. Applied to a built domain before it first runs.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <base/log.h>
#include <base/strings.h>
#include <xc/xc.h>
#include <xen/sysctl.h>

#include "domain/domain.h"
#include "store.h"

#define CPUS_MAX 4096
#define VCPUS_MAX 8192
#define WEIGHT_MAX 65535

/* ---- VCPUs that are there from the start ---- */

bool settings_vcpu_is_online(const struct config_domain *c, unsigned int vcpu)
{
    uint64_t map[VCPUS_MAX / 64] = { 0 };
    unsigned long long bits;

    if (!c->vcpu_avail)
        return true;
    if (parse_number_any(c->vcpu_avail, UINT64_MAX, &bits))
        map[0] = bits;
    else if (!config_bits_parse(c->vcpu_avail, map, VCPUS_MAX))
        return true;                    /* in more bits than there are VCPUs */
    return map[vcpu / 64] >> vcpu % 64 & 1;
}

/* ---- CPU pools ---- */

static bool pool_is(struct xend *x, uint32_t id, const char *name)
{
    char *known = store_get(x, "/local/pool/%u/name", id), plain[24];

    snprintf(plain, sizeof(plain), "Pool-%u", id);
    bool is_it = !strcmp(known ? known : plain, name);

    free(known);
    return is_it;
}

int settings_pool(struct xend *x, const struct config_domain *c, uint32_t *id, struct failure *f)
{
    struct xc_cpupool pool = { 0 };

    *id = 0;
    if (!c->pool || !*c->pool)
        return 0;
    for (; !xc_cpupool_info(x->xc, &pool); pool.id++) {
        if (!pool_is(x, pool.id, c->pool))
            continue;
        *id = pool.id;
        return 0;
    }
    return fail(f, -ENOENT, "Pool '%s' does not exist.", c->pool);
}

/* ---- placement ---- */

static int read_cpus(const char *text, unsigned int cpus, uint64_t map[CPUS_MAX / 64],
                     struct failure *f)
{
    struct config_error e;

    memset(map, 0, CPUS_MAX / 8);
    if (config_cpus_parse(text, map, cpus, &e))
        return fail(f, -EINVAL, "%s; this machine has 0-%u", e.what, cpus - 1);
    for (unsigned int i = 0; i < CPUS_MAX / 64; i++) {
        if (map[i])
            return 0;
    }
    return fail(f, -EINVAL, "cpus '%s': that is no CPU at all", text);
}

static unsigned int host_cpus(struct xend *x)
{
    struct xen_sysctl_physinfo info;

    return xc_physinfo(x->xc, &info) ? CPUS_MAX : info.max_cpu_id + 1;
}

/* Each list of config->cpus can be had on this machine. */
int settings_check(struct xend *x, const struct config_domain *c, struct failure *f)
{
    uint64_t map[CPUS_MAX / 64];
    unsigned int cpus = host_cpus(x);
    uint32_t pool;

    for (size_t i = 0; i < c->cpus.count; i++) {
        int rc = *c->cpus.item[i] ? read_cpus(c->cpus.item[i], cpus, map, f) : 0;

        if (rc)
            return rc;
    }
    if (c->cpu_weight != CONFIG_UNSET && (c->cpu_weight < 1 || c->cpu_weight > WEIGHT_MAX))
        return fail(f, -EINVAL,
                    "Cpu weight out of range, valid values are within range from 1 to 65535");
    if (c->cpu_cap != CONFIG_UNSET && (c->cpu_cap < 0 || c->cpu_cap > c->vcpus * 100))
        return fail(f, -EINVAL, "Cpu cap out of range, valid range is from 0 to %lld for "
                    "specified number of vcpus", (long long)c->vcpus * 100);
    return settings_pool(x, c, &pool, f);
}

static int pin(struct domain *d, const struct config_domain *c, struct failure *f)
{
    unsigned int cpus = host_cpus(d->x);
    uint64_t map[CPUS_MAX / 64];

    for (unsigned int v = 0; v < c->vcpus && c->cpus.count; v++) {
        const char *text = c->cpus.item[c->cpus_each && v < c->cpus.count ? v : 0];

        if (!*text)
            continue;
        int rc = read_cpus(text, cpus, map, f);

        if (rc)
            return rc;
        rc = xc_vcpu_set_affinity(d->x->xc, d->domid, v, (uint8_t *)map, NULL, sizeof(map));
        if (rc)
            return fail(f, rc, "Cannot pin vcpu: %u to cpu: %s - %s", v, text,
                        rc == -EINVAL ? "no CPU of its pool is among them" : strerror(-rc));
    }
    return 0;
}

/* ---- shares ---- */

/* The schedulers that know no weights ignore them, and say so. */
static int set_share(struct domain *d, const struct config_domain *c, struct failure *f)
{
    unsigned int weight = 256, cap = 0;
    struct xc_cpupool pool;

    if (c->cpu_weight == CONFIG_UNSET && c->cpu_cap == CONFIG_UNSET)
        return 0;
    int rc = settings_pool(d->x, c, &pool.id, f);

    if (rc)
        return rc;
    rc = xc_cpupool_info(d->x->xc, &pool);
    if (rc)
        return fail(f, rc, "cannot ask for the scheduler: %s", strerror(-rc));
    if (c->cpu_weight != CONFIG_UNSET)
        weight = c->cpu_weight;
    if (c->cpu_cap != CONFIG_UNSET)
        cap = c->cpu_cap;
    if (pool.sched_id == XEN_SCHEDULER_CREDIT2)
        rc = xc_sched_credit2_set(d->x->xc, d->domid, weight, cap);
    else
        rc = xc_sched_credit_set(d->x->xc, d->domid, weight, cap);
    if (rc)
        log_warn("%s: cpu_weight and cpu_cap do not take effect: %s", d->name, strerror(-rc));
    return 0;
}

/* ---- the clock ---- */

static int set_clock(struct domain *d, const struct config_domain *c, struct failure *f)
{
    int64_t offset = c->rtc_timeoffset == CONFIG_UNSET ? 0 : c->rtc_timeoffset;
    time_t now = time(NULL);
    struct tm local;

    if (c->localtime == 1) {
        /* The zone may have changed since we started. */
        tzset();
        offset += localtime_r(&now, &local)->tm_gmtoff;
    }
    int rc = offset ? xc_domain_set_time_offset(d->x->xc, d->domid, offset) : 0;

    return rc ? fail(f, rc, "cannot set its clock: %s", strerror(-rc)) : 0;
}

static int set_tsc(struct domain *d, const struct config_domain *c, struct failure *f)
{
    int rc = 0;

    if (c->tsc_mode != CONFIG_UNSET && c->tsc_mode)
        rc = xc_domain_set_tsc_info(d->x->xc, d->domid, c->tsc_mode, 0, 0, 0);
    if (rc == -EOPNOTSUPP)
        return fail(f, rc, "tsc_mode %lld is not supported by this hypervisor: 0, 1 and 2 are",
                    (long long)c->tsc_mode);
    return rc ? fail(f, rc, "tsc_mode %lld is refused: %s", (long long)c->tsc_mode, strerror(-rc))
              : 0;
}

int settings_apply(struct domain *d, const struct config_domain *c, struct failure *f)
{
    int rc = pin(d, c, f);

    if (!rc)
        rc = set_share(d, c, f);
    if (!rc)
        rc = set_clock(d, c, f);
    return rc ? rc : set_tsc(d, c, f);
}
