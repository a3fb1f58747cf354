/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Domains as the hypervisor lists them, with the names the store has for them.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <base/alloc.h>
#include <xc/xc.h>
#include <xen/domctl.h>
#include <xen/sched.h>
#include <xs/xs.h>

#include "host.h"

#define FIRST_GUESS 64
#define DOMAINS_MAX 0x7ff0

unsigned int host_shutdown_reason(uint32_t flags)
{
    return (flags >> XEN_DOMINF_shutdownshift) & XEN_DOMINF_shutdownmask;
}

void host_state_text(uint32_t flags, char text[HOST_STATE_SIZE])
{
    bool is_down = flags & XEN_DOMINF_shutdown;
    bool is_crashed = is_down && host_shutdown_reason(flags) == SHUTDOWN_crash;

    text[0] = flags & XEN_DOMINF_running ? 'r' : '-';
    text[1] = flags & XEN_DOMINF_blocked ? 'b' : '-';
    text[2] = flags & XEN_DOMINF_paused ? 'p' : '-';
    text[3] = is_down && !is_crashed ? 's' : '-';
    text[4] = is_crashed ? 'c' : '-';
    text[5] = flags & XEN_DOMINF_dying ? 'd' : '-';
    text[6] = '\0';
}

void host_uuid_text(const uint8_t uuid[16], char text[37])
{
    char *p = text;

    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *p++ = '-';
        p += sprintf(p, "%02x", uuid[i]);
    }
}

bool host_uuid_parse(const char *text, uint8_t uuid[16])
{
    for (int i = 0; i < 16; i++) {
        char pair[3];

        if (*text == '-')
            text++;
        if (!isxdigit((unsigned char)text[0]) || !isxdigit((unsigned char)text[1]))
            return false;
        memcpy(pair, text, 2);
        pair[2] = '\0';
        uuid[i] = strtoul(pair, NULL, 16);
        text += 2;
    }
    return !*text;
}

char *host_domain_name(struct xs *xs, uint32_t domid)
{
    char path[64], *name = NULL;

    snprintf(path, sizeof(path), "/local/domain/%u/name", domid);
    if (xs && !xs_read(xs, XS_NO_TX, path, &name, NULL) && *name)
        return name;
    free(name);
    return xasprintf("Domain-%u", domid);
}

double host_domain_start_time(struct xs *xs, uint32_t domid)
{
    char path[160], *vm, *text = NULL;
    double when = 0;

    snprintf(path, sizeof(path), "/local/domain/%u/vm", domid);
    if (!xs || xs_read(xs, XS_NO_TX, path, &vm, NULL))
        return 0;
    snprintf(path, sizeof(path), "%.100s/start_time", vm);
    free(vm);
    if (!xs_read(xs, XS_NO_TX, path, &text, NULL))
        when = strtod(text, NULL);
    free(text);
    return when;
}

static uint64_t to_mib(uint64_t pages)
{
    return (pages + 128) >> 8;
}

struct sxp *host_domain(struct xs *xs, const struct xen_domctl_getdomaininfo *info)
{
    struct sxp *s = sxp_list("domain");
    char *name = host_domain_name(xs, info->domain);
    double start = host_domain_start_time(xs, info->domain);
    char uuid[37], state[HOST_STATE_SIZE];

    host_uuid_text(info->handle, uuid);
    host_state_text(info->flags, state);
    sxp_add_pairf(s, "domid", "%u", info->domain);
    sxp_add_pair(s, "name", name);
    sxp_add_pair(s, "uuid", uuid);
    sxp_add_pairf(s, "memory", "%llu", (unsigned long long)to_mib(info->tot_pages));
    sxp_add_pairf(s, "maxmem", "%llu", (unsigned long long)to_mib(info->max_pages));
    sxp_add_pairf(s, "vcpus", "%u", info->max_vcpu_id + 1);
    sxp_add_pairf(s, "online_vcpus", "%u", info->nr_online_vcpus);
    sxp_add_pairf(s, "cpupool", "%u", info->cpupool);
    sxp_add_pairf(s, "cpu_time", "%.9f", info->cpu_time / 1e9);
    if (start)
        sxp_add_pairf(s, "start_time", "%.2f", start);
    sxp_add_pair(s, "state", state);
    if (info->flags & XEN_DOMINF_shutdown)
        sxp_add_pairf(s, "shutdown_reason", "%u", host_shutdown_reason(info->flags));
    free(name);
    return s;
}

int host_domain_infos(struct xc *xc, struct xen_domctl_getdomaininfo **info, unsigned int *count)
{
    struct xen_domctl_getdomaininfo *list = NULL;

    for (unsigned int room = FIRST_GUESS; room <= 2 * DOMAINS_MAX; room *= 2) {
        unsigned int n = room;

        list = xrealloc(list, room * sizeof(*list));
        int rc = xc_domain_list(xc, 0, list, &n);

        if (rc) {
            free(list);
            return rc;
        }
        if (n < room) {
            *info = list;
            *count = n;
            return 0;
        }
    }
    free(list);
    return -E2BIG;
}

int host_domains(struct xc *xc, struct xs *xs, struct sxp **out)
{
    struct xen_domctl_getdomaininfo *info;
    unsigned int count;
    int rc = host_domain_infos(xc, &info, &count);

    if (rc)
        return rc;
    *out = sxp_list("domains");
    for (unsigned int i = 0; i < count; i++)
        sxp_add(*out, host_domain(xs, &info[i]));
    free(info);
    return 0;
}
