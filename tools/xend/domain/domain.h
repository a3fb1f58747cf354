/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A domain as xend knows it.
 *
 *     HALTED ──start──> STARTING ──> RUNNING ──shut down, policy preserve──> DOWN
 *       ^                  │            │                                     │
 *       └──── (managed) ───┴─── STOPPING <────────────────────────────────────┘
 *     (not managed: freed)
 *
 * FOREIGN: seen in the hypervisor, made by somebody else (Domain-0, or another toolstack); listed
 * and paused on demand, never managed.
 * Teardown (destroy.c) works from any phase and is the undo of every step of a start, also after
 * xend itself was killed in the middle of one.
 */
#ifndef XEND_DOMAIN_H
#define XEND_DOMAIN_H

#include <xen/xen.h>
#include <xen/domctl.h>

#include "xend.h"

enum domain_phase {
    DOMAIN_HALTED,
    DOMAIN_STARTING,
    DOMAIN_RUNNING,
    DOMAIN_DOWN,
    DOMAIN_STOPPING,
    DOMAIN_FOREIGN,
};

/* Called once when a start or a stop is over; rc 0 or f says why not. */
typedef void domain_done_fn(void *arg, int rc, const struct failure *f);

struct domain {
    struct list link;
    struct xend *x;
    char *name;
    char uuid[37];
    uint32_t domid;             /* NO_DOMID while it has none */
    enum domain_phase phase;
    bool is_managed;            /* stays when halted */
    struct sxp *config;         /* (domain …); NULL of a foreign one */
    double start_time;
    double last_restart;
    struct xen_domctl_getdomaininfo info;   /* as of the last domains_refresh() */
    bool is_seen;               /* the hypervisor lists it */
    struct list devices;        /* device/device.h */
    struct start *start;        /* STARTING: create.c */
    struct stop *stop;          /* STOPPING: destroy.c */
    bool restarts;              /* from its going down until it runs again */
    struct device_batch *batch; /* a start waits for its devices */
    struct qemu *qemu;          /* device/qemu.h */
    struct event *shutdown_timer;
    struct core_dump *core;     /* being dumped: core.c */
    bool is_held;               /* stands still for that; a later xend lets it go */
    bool leaves;                /* asked to go down because xend stops */
};

/* ---- registry.c ---- */

struct domain *domain_new(struct xend *x, const char *name, const char *uuid);
void domain_free(struct domain *d);
void domain_rename(struct domain *d, const char *name);
/* Sets (key value) in its configuration, if it has one; the caller saves it. */
void domain_put(struct domain *d, const char *key, const char *value);
/* Asks the hypervisor what there is: finds foreign ones, forgets those that are gone. */
int domains_refresh(struct xend *x);
/* By name of a living one, name of a halted one, id, uuid. NULL and a failure with -ESRCH. */
struct domain *domain_find(struct xend *x, const char *word, struct failure *f);
struct domain *domain_find_id(struct xend *x, uint32_t domid);
struct domain *domain_find_uuid(struct xend *x, const char *uuid);
struct domain *domain_find_name(struct xend *x, const char *name);
bool domain_is_alive(const struct domain *d);
/* -EINVAL and why if name cannot be one, -EEXIST if another has it. */
int domain_check_name(struct xend *x, const char *name, const struct domain *self,
                      struct failure *f);
void domain_random_uuid(char text[37]);
double time_now(void);

/* ---- create.c ---- */

/* From (vm …) or (domain …): registers it, halted. On failure *d is NULL. */
int domain_define(struct xend *x, const struct sxp *config, struct domain **d, struct failure *f);
struct start_how {
    bool paused;
    /* Somebody is there to talk to a boot loader; told with done's argument when one runs. */
    void (*console)(void *arg);
};
/* done may be called before this returns. A failed start leaves a halted domain or none. how is
 * NULL for the usual way: it runs, and nobody looks on. */
void domain_start(struct domain *d, const struct start_how *how, domain_done_fn *done, void *arg);
/* As if a step of it had failed. */
void domain_cancel_start(struct domain *d);

/* ---- kernels.c ---- */

#define KERNEL_CACHE XEND_DIR "/kernel-cache"

/* In a child, as soon as no domain starts: those of configurations and of dom0. */
void kernels_unpack_ahead(struct xend *x);
/* These, now, for the command line: an exit status. Those that are gone are forgotten. */
int kernels_unpack(const char *const *kernels);

/* ---- settings.c: what else a configuration asks for ---- */

/* That this machine has what is asked for; before anything is made. */
int settings_check(struct xend *x, const struct config_domain *c, struct failure *f);
/* The CPU pool's number. */
int settings_pool(struct xend *x, const struct config_domain *c, uint32_t *id, struct failure *f);
int settings_apply(struct domain *d, const struct config_domain *c, struct failure *f);
bool settings_vcpu_is_online(const struct config_domain *c, unsigned int vcpu);

/* ---- destroy.c ---- */

/* Ends in HALTED if managed, or the domain freed. More than one may wait for it. */
void domain_stop(struct domain *d, domain_done_fn *done, void *arg);
bool domain_forget_waiter(struct domain *d, void *arg);

/* ---- reboot.c ---- */

/* Looks whether a domain went down, and does what its policies say. */
void domains_check(struct xend *x);
/* Goes on with a restart that we were killed in. */
void domain_restart_interrupted(struct domain *d);
/* Destroys it and starts it again. */
int domain_reset(struct domain *d, domain_done_fn *done, void *arg, struct failure *f);
/* on_xend_stop: asks those domains to go down, and ends the loop when they have. */
void domains_leave(struct xend *x);

/* ---- control.c: what is asked of a living domain ---- */

int domain_pause(struct domain *d, struct failure *f);
int domain_unpause(struct domain *d, struct failure *f);
int domain_shutdown(struct domain *d, const char *reason, struct failure *f);
int domain_sysrq(struct domain *d, const char *key, struct failure *f);
int domain_set_memory(struct domain *d, uint64_t mib, struct failure *f);
int domain_set_max_memory(struct domain *d, uint64_t mib, struct failure *f);
/* kind: nmi, reset, init, power, s3resume. */
int domain_trigger(struct domain *d, const char *kind, unsigned int vcpu, struct failure *f);
int domain_set_vcpus(struct domain *d, unsigned int count, struct failure *f);
int domain_set_name(struct domain *d, const char *name, struct failure *f);

/* ---- nodes.c: its part of the store ---- */

struct guest_pv_result;
int nodes_write(struct domain *d, const struct config_domain *c);
int nodes_write_console(struct domain *d, const struct guest_pv_result *built);
void nodes_remove(struct domain *d);
/* What nobody else writes of dom0, and xl expects. */
void nodes_write_dom0(struct xend *x);

/* ---- memory.c ---- */

/*
 * Sees that kib are free besides what other starts still take: 0, or -EAGAIN after dom0 was asked
 * to give some (ask again soon; *asked is the caller's memory of that), or a failure.
 */
struct memory_asked {
    uint64_t target_kib;        /* what dom0 was asked for last */
    uint64_t least_kib;         /* dom0's memory, at its least since then */
    unsigned int rounds;        /* since it gave anything */
};
int memory_find(struct domain *d, uint64_t kib, struct memory_asked *asked, struct failure *f);
/* The hypervisor promises kib to a domain that has none yet. */
int memory_claim(struct domain *d, uint64_t kib, struct failure *f);
/* What a start that was let through may take besides what the hypervisor promised it. */
uint64_t start_pending_kib(const struct domain *d);

/* ---- state.c: what survives ---- */

int state_save(struct domain *d, struct failure *f);
void state_remove(struct domain *d);
/* Reads what is kept, and takes up or cleans away what it tells of. */
void state_recover(struct xend *x);

#endif
