/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is asked of a living domain: pause, shut down, more or less memory, another name.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <base/log.h>
#include <xc/xc.h>
#include <xen/sysctl.h>

#include "domain/domain.h"
#include "store.h"

#define UNRESPONSIVE_MS (300 * 1000)
#define SLACK_KIB 1024          /* of the limit, for what a guest needs besides */

static int need_running(const struct domain *d, struct failure *f)
{
    if (domain_is_alive(d) && d->phase != DOMAIN_STOPPING)
        return 0;
    return fail(f, -ENOENT, "Domain '%s' is not started", d->name);
}

static int need_guest(const struct domain *d, const char *verb, struct failure *f)
{
    if (!d->domid)
        return fail(f, -EPERM, "Cannot %s privileged domain %s", verb, d->name);
    return need_running(d, f);
}

static int refused(struct domain *d, const char *what, int rc, struct failure *f)
{
    return rc ? fail(f, rc, "%s of domain %s failed: %s", what, d->name, strerror(-rc)) : 0;
}

int domain_pause(struct domain *d, struct failure *f)
{
    int rc = need_guest(d, "pause", f);

    return rc ? rc : refused(d, "Pausing", xc_domain_pause(d->x->xc, d->domid), f);
}

int domain_unpause(struct domain *d, struct failure *f)
{
    int rc = need_guest(d, "unpause", f);

    return rc ? rc : refused(d, "Unpausing", xc_domain_unpause(d->x->xc, d->domid), f);
}

static void unresponsive(void *arg)
{
    struct domain *d = arg;

    log_warn("%s: domain %u does not answer to its shutdown", d->name, d->domid);
    store_set(d->x, "True", "/local/domain/%u/xend/unresponsive", d->domid);
}

int domain_shutdown(struct domain *d, const char *reason, struct failure *f)
{
    static const char *const known[] = { "poweroff", "reboot", "suspend", "crash", "halt" };
    bool is_known = false;
    char text[40];

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        is_known |= !strcmp(known[i], reason);
    if (!is_known)
        return fail(f, -EINVAL, "Invalid reason: %s", reason);
    if (!d->domid)
        return fail(f, -EPERM, "Domain 0 cannot be shutdown");
    int rc = need_running(d, f);

    if (rc)
        return rc;
    if (d->info.flags & (XEN_DOMINF_shutdown | XEN_DOMINF_dying))
        return fail(f, -EINVAL, "Domain cannot be shutdown");
    rc = store_set(d->x, reason, "/local/domain/%u/control/shutdown", d->domid);
    if (rc)
        return refused(d, "Shutdown", rc, f);
    /* What somebody asks for is no loop. */
    if (!strcmp(reason, "reboot"))
        d->last_restart = 0;
    snprintf(text, sizeof(text), "%.2f", time_now());
    store_set(d->x, text, "/local/domain/%u/xend/shutdown_start_time", d->domid);
    if (d->phase == DOMAIN_RUNNING)
        loop_after(d->x, &d->shutdown_timer, UNRESPONSIVE_MS, unresponsive, d);
    return 0;
}

int domain_sysrq(struct domain *d, const char *key, struct failure *f)
{
    int rc = need_running(d, f);

    if (rc)
        return rc;
    if (strlen(key) != 1)
        return fail(f, -EINVAL, "sysrq takes one letter");
    return refused(d, "Sysrq", store_set(d->x, key, "/local/domain/%u/control/sysrq", d->domid), f);
}

int domain_trigger(struct domain *d, const char *kind, unsigned int vcpu, struct failure *f)
{
    static const char *const kinds[] = { "nmi", "reset", "init", "power", "s3resume", NULL };
    unsigned int number = 0;
    int rc = need_guest(d, "trigger", f);

    if (rc)
        return rc;
    while (kinds[number] && strcmp(kinds[number], kind))
        number++;
    if (!kinds[number])
        return fail(f, -EINVAL, "Invalid trigger: %s", kind);
    if (vcpu > d->info.max_vcpu_id)
        return fail(f, -EINVAL, "Domain '%s' has no VCPU %u", d->name, vcpu);
    rc = xc_domain_send_trigger(d->x->xc, d->domid, number, vcpu);
    if (rc == -EINVAL || rc == -ENOSYS)
        return fail(f, rc, "Domain '%s' is paravirtual, it takes no trigger '%s'", d->name, kind);
    return refused(d, "Trigger", rc, f);
}

static void set_config(struct domain *d, const char *key, unsigned long long value)
{
    char text[24];

    if (!d->config)
        return;
    snprintf(text, sizeof(text), "%llu", value);
    domain_put(d, key, text);
    state_save(d, NULL);
}

static uint64_t config_mib(const struct domain *d, const char *key, uint64_t otherwise)
{
    const char *text = d->config ? sxp_value(d->config, key) : NULL;

    return text ? strtoull(text, NULL, 10) : otherwise;
}

/* What mem-set may ask of a domain, in MiB. */
struct range {
    uint64_t least, most;
};

/* The balloon's floor: what a kernel needs for itself and to keep account of all its pages. */
static struct range guest_range(const struct domain *d)
{
    uint64_t most = config_mib(d, "maxmem", d->info.max_pages >> 8), least = 8 + most / 32;

    uint64_t now = config_mib(d, "memory", least);

    return (struct range){ now < least ? now : least, most };
}

static struct range dom0_range(const struct domain *d)
{
    const struct config_xend *c = &d->x->config;
    struct xen_sysctl_physinfo info = { 0 };

    xc_physinfo(d->x->xc, &info);
    uint64_t most = d->info.max_pages < info.total_pages ? d->info.max_pages : info.total_pages;

    return (struct range){ c->dom0_min_mem > 0 ? (uint64_t)c->dom0_min_mem : 1, most >> 8 };
}

static int check_range(const struct domain *d, uint64_t mib, struct failure *f)
{
    struct range r = d->domid ? guest_range(d) : dom0_range(d);

    if (mib >= r.least && mib <= r.most)
        return 0;
    return fail(f, -EINVAL, "%s: %s takes %llu to %llu MiB", mib < r.least
                ? "memory_dynamic_max too small"
                : "memory_dynamic_max must be less than or equal to memory_static_max", d->name,
                (unsigned long long)r.least, (unsigned long long)r.most);
}

/* A guest's limit follows its target. What it is to grow by must be had, from dom0 if need be. */
static int move_limit(struct domain *d, uint64_t mib, struct failure *f)
{
    uint64_t now = d->info.tot_pages * 4, wanted = mib << 10;
    struct memory_asked asked = { 0 };
    int rc = wanted > now ? memory_find(d, wanted - now, &asked, f) : 0;

    /* dom0 is giving; the guest takes as it comes. */
    if (rc && rc != -EAGAIN)
        return rc;
    return refused(d, "mem-set", xc_domain_set_max_mem(d->x->xc, d->domid, wanted + SLACK_KIB), f);
}

int domain_set_memory(struct domain *d, uint64_t mib, struct failure *f)
{
    char text[24];
    int rc = check_range(d, mib, f);

    if (rc)
        return rc;
    if (domain_is_alive(d)) {
        rc = d->domid ? move_limit(d, mib, f) : 0;
        if (rc)
            return rc;
        snprintf(text, sizeof(text), "%llu", (unsigned long long)mib << 10);
        rc = store_set(d->x, text, "/local/domain/%u/memory/target", d->domid);
        if (rc)
            return refused(d, "mem-set", rc, f);
    }
    set_config(d, "memory", mib);
    return 0;
}

int domain_set_max_memory(struct domain *d, uint64_t mib, struct failure *f)
{
    uint64_t memory = config_mib(d, "memory", d->info.tot_pages >> 8);
    char text[24];

    if (!mib)
        return fail(f, -EINVAL, "memory must be more than 0");
    if (memory > mib)
        return fail(f, -EINVAL, "maxmem (%llu) is less than memory (%llu)",
                    (unsigned long long)mib, (unsigned long long)memory);
    if (domain_is_alive(d)) {
        int rc = xc_domain_set_max_mem(d->x->xc, d->domid, (mib << 10) + SLACK_KIB);

        if (rc)
            return refused(d, "mem-max", rc, f);
        snprintf(text, sizeof(text), "%llu", (unsigned long long)mib << 10);
        store_set(d->x, text, "/local/domain/%u/memory/static-max", d->domid);
    }
    set_config(d, "maxmem", mib);
    return 0;
}

int domain_set_vcpus(struct domain *d, unsigned int count, struct failure *f)
{
    int rc = need_running(d, f);

    if (!count)
        return fail(f, -EINVAL, "Zero or less VCPUs is invalid");
    if (rc)
        return rc;
    if (count > d->info.max_vcpu_id + 1)
        return fail(f, -EINVAL, "Cannot set vcpus greater than max vcpus on running domain: "
                    "domain %s has %u", d->name, d->info.max_vcpu_id + 1);
    for (unsigned int i = 0; i <= d->info.max_vcpu_id; i++)
        store_set(d->x, i < count ? "online" : "offline", "/local/domain/%u/cpu/%u/availability",
                  d->domid, i);
    return 0;
}

int domain_set_name(struct domain *d, const char *name, struct failure *f)
{
    if (!d->domid || !d->config)
        return fail(f, -EPERM, "Cannot rename domain %s", d->name);
    int rc = domain_check_name(d->x, name, d, f);

    if (rc)
        return rc;
    domain_rename(d, name);
    domain_put(d, "name", name);
    if (domain_is_alive(d)) {
        store_set(d->x, name, "/local/domain/%u/name", d->domid);
        store_set(d->x, name, "/vm/%s/name", d->uuid);
    }
    return state_save(d, f);
}
