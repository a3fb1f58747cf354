/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Domains and their vcpus.
 *
 * Life: created (paused) -> running <-> paused -> shut down (a reason; still there for the
 * toolstack) -> dying (resources being given back, preemptible) -> dead (nothing left but
 * references) -> freed when the last reference goes.  Finding a domain returns it with a reference;
 * domain_put() gives it back.
 */
#ifndef XEN_DOMAIN_H
#define XEN_DOMAIN_H

#include <lib/list.h>
#include <lib/rangeset.h>
#include <public/vcpu.h>
#include <public/xen.h>
#include <x86/domain.h>
#include <xen/event.h>
#include <xen/rcu.h>
#include <xen/smp.h>
#include <xen/spinlock.h>
#include <xen/time.h>
#include <xen/types.h>

struct grant_table;
struct sched_unit;
struct sched_domain;

enum domain_dying { DOMAIN_ALIVE, DOMAIN_DYING, DOMAIN_DEAD };

struct vcpu {
    struct domain *domain;
    unsigned int vcpu_id;
    unsigned int processor;             /* where it runs or last ran; under the scheduler's lock */
    /* in the shared page, a page of the guest's (hostile contents, always mapped) or early_info */
    struct vcpu_info *info;
    struct frame *info_frame;           /* the page registered for it, or NULL */
    unsigned long init_busy;            /* bit 0: somebody is giving it a context */

    /* Scheduling; see sched.h. */
    uint32_t pause_flags;               /* VPF_* bit mask, atomic */
    uint32_t pause_count;               /* atomic */
    bool is_initialised;                /* has a register context */
    bool is_running;                    /* its state is (partly) in a processor */
    bool is_idle;
    uint32_t poll_port;                 /* SCHEDOP_poll: 0 none, the port, or POLLS_SEVERAL */
    struct sched_unit *sched;
    struct cpumask *hard_affinity, *soft_affinity;
    struct vcpu_runstate_info runstate; /* under the run queue's lock */
    uint64_t runstate_guest;            /* guest VA of its copy, or 0 */
    struct timer singleshot, periodic, poll_timer;
    time_ns period, periodic_last;

    struct event_vcpu event;
    struct arch_vcpu arch;
    /* what comes before a vcpu beyond the shared page's room has registered a vcpu_info */
    struct vcpu_info early_info;
};

struct domain {
    domid_t id;
    uint32_t refs;                      /* atomic; see domain_get */
    uint8_t dying;                      /* enum domain_dying */
    bool is_privileged;                 /* dom0 */
    bool is_hvm;
    bool is_shutting_down, is_shut_down;
    bool is_debugged;                   /* by the toolstack, which says so */
    uint32_t controller_pause_count;    /* the toolstack's pauses; under the domctl lock */
    uint32_t shutdown_code;             /* SHUTDOWN_*; ~0: none */
    uint32_t pause_count;               /* atomic */
    uint32_t ssidref;
    uint32_t create_flags;              /* XEN_DOMCTL_CDF_* */
    xen_domain_handle_t handle;
    unsigned int max_vcpus;
    struct vcpu **vcpu;                 /* max_vcpus pointers, NULL until made */
    struct shared_info *shared_info;    /* our page, mapped by the guest: hostile contents */
    unsigned long vm_assist;
    int64_t time_offset_seconds;        /* against the host's wall clock */

    struct spinlock lock;               /* LOCK_DOMAIN: shutdown state, vcpus coming and going */

    struct spinlock page_lock;          /* LOCK_DOMAIN_PAGES */
    /* first frame of its pages (frame number), FRAME_NONE: none */
    uint32_t page_list;
    uint32_t relinquish_list;           /* pages left during teardown */
    uint64_t tot_pages, max_pages, outstanding_claim;
    uint64_t nodes;                     /* bit mask: where its memory had best be; 0: anywhere */
    bool nodes_are_set;                 /* by its toolstack; else they follow its vcpus */
    uint32_t shared_pages;              /* our pages it may map */

    struct event_domain event;
    struct grant_table *grant;
    struct rangeset *iomem_caps;        /* mfns of device memory it may map */
    struct rangeset *irq_caps;          /* pirqs / GSIs it may bind */
    struct sched_domain *sched;
    struct cpumask *dirty_cpus;         /* CPUs that may hold TLB entries or state of it */
    struct timer watchdog[2];           /* SCHEDOP_watchdog */
    uint32_t watchdog_inuse;

    struct list_head link;              /* domain list, by id; RCU */
    struct rcu_head rcu;
    struct arch_domain arch;
};

extern struct domain *hardware_domain;  /* dom0; NULL until built */
extern struct domain *idle_domain;      /* DOMID_IDLE */
extern struct domain *system_domain_xen, *system_domain_io;     /* owners of our pages, of MMIO */

struct domain_config {
    uint32_t flags;                     /* XEN_DOMCTL_CDF_* */
    uint32_t ssidref;
    unsigned int max_vcpus;
    unsigned int max_event_port;
    unsigned int max_grant_frames, max_maptrack_frames;
    bool is_privileged;
    uint32_t arch_flags;                /* of xen_arch_domainconfig: misc_flags */
    xen_domain_handle_t handle;
};

/* -EEXIST, -ENOMEM, -EINVAL. */
int domain_create(domid_t id, const struct domain_config *config, struct domain **out) must_check;
int vcpu_create(struct domain *d, unsigned int vcpu_id, unsigned int cpu) must_check;
struct domain *domain_find(domid_t id);                 /* with a reference, or NULL */
struct domain *domain_find_any(domid_t id);             /* DOMID_SELF too; with a reference */
/* The domain a caller may act upon through an operation on `id` (DOMID_SELF, or a domain it
 * controls): 0 or -ESRCH/-EPERM. */
int domain_find_for(domid_t id, struct domain **out) must_check;
bool domain_get(struct domain *d) must_check;
void domain_put(struct domain *d);
/* no reference: for who knows that it cannot go away */
struct domain *domain_by_id_unlocked(domid_t id);
#define for_each_vcpu(d, v) \
    for (unsigned int v##_i = 0; v##_i < (d)->max_vcpus; v##_i++) \
        for (struct vcpu *v = (d)->vcpu[v##_i]; v; v = NULL)
/* under rcu_read_lock(); by ascending id; idle and system domains excluded */
struct domain *domain_first(void);
struct domain *domain_next(struct domain *d);
#define for_each_domain(d) for (struct domain *d = domain_first(); d; d = domain_next(d))
void domain_keys_init(void);

/* Ends a domain because of what it did: logged with the reason, the vcpu's registers shown. */
void domain_crash(struct domain *d, const char *fmt, ...) printf_like(2, 3);
void domain_shutdown(struct domain *d, uint32_t reason);
void domain_resume(struct domain *d);
int domain_kill(struct domain *d) must_check;           /* preemptible: -ERESTART */
void domain_watchdog_expired(void *domain);
/* unknown bits are dropped */
void domain_set_vm_assist(struct domain *d, unsigned long assist);
const char *xen_extra_version(void);
/* Errors are born once, with a word: returns rc after a debug-level guest log line. */
int refuse(const struct domain *d, int rc, const char *fmt, ...) printf_like(3, 4);

/* An event waits that v would take now. */
static inline bool vcpu_event_pending(const struct vcpu *v)
{
    return __atomic_load_n(&v->info->evtchn_upcall_pending, __ATOMIC_RELAXED) &&
           !__atomic_load_n(&v->info->evtchn_upcall_mask, __ATOMIC_RELAXED);
}

static inline bool vcpu_is_current_domain(const struct domain *d) { return current->domain == d; }

#endif
