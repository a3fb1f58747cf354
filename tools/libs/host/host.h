/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What can be said of this machine and its domains by looking only: S-expressions made of
 * hypercalls and the store. xend answers with them, and xm does itself while xend is down.
 *
 * Functions return 0 or -E; *out is freed by the caller with sxp_free(). The store may be missing
 * (xs NULL): names are then numbers.
 */
#ifndef HOST_HOST_H
#define HOST_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include <base/export.h>
#include <base/sxp.h>

struct xc;
struct xs;
struct xen_domctl_getdomaininfo;

#define HOST_STATE_SIZE 7

/* "r-----": running, blocked, paused, shut down, crashed, dying. */
EXPORT void host_state_text(uint32_t flags, char text[HOST_STATE_SIZE]);
/* Of a shut down domain: SHUTDOWN_*. */
EXPORT unsigned int host_shutdown_reason(uint32_t flags);
EXPORT void host_uuid_text(const uint8_t uuid[16], char text[37]);
EXPORT bool host_uuid_parse(const char *text, uint8_t uuid[16]);

/* The name the store knows, or "Domain-N"; free() it. */
EXPORT char *host_domain_name(struct xs *xs, uint32_t domid);
/* Seconds since 1970, or 0 if nobody wrote it down. */
EXPORT double host_domain_start_time(struct xs *xs, uint32_t domid);
/* (domain (domid 1) (name web) (uuid …) (memory 128) (maxmem 128) (vcpus 1) (online_vcpus 1)
 * (cpu_time 1.5) (start_time …) (state r-----)) */
EXPORT struct sxp *host_domain(struct xs *xs, const struct xen_domctl_getdomaininfo *info);
/* (domains (domain …) …) by number. */
EXPORT int host_domains(struct xc *xc, struct xs *xs, struct sxp **out);
/* Every domain's description; *info comes from malloc. */
EXPORT int host_domain_infos(struct xc *xc, struct xen_domctl_getdomaininfo **info,
                             unsigned int *count);

/* (domain (domid 1) (name web) (vcpu (number 0) (online 1) (blocked 0) (running 1) (cpu 0)
 * (cpu_time 1.5) (affinity 'any cpu')) …) */
EXPORT int host_vcpus(struct xc *xc, struct xs *xs, uint32_t domid, struct sxp **out);

/* (info (host …) … in the order in which xm info prints). */
EXPORT int host_info(struct xc *xc, struct sxp **out);

/* (topology (cpu_topology "…") (numa_info "…")): tables, as xm info -n prints them. */
EXPORT int host_topology(struct xc *xc, struct sxp **out);
/* Adds node_to_cpu and node_to_memory. */
EXPORT void host_add_nodes(struct xc *xc, struct sxp *info);

/* The hypervisor's messages; free() them. */
EXPORT int host_messages(struct xc *xc, bool clear, char **text);

#endif
