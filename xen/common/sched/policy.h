/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What core.c, pools and policies owe each other.
 *
 * core.c owns which vcpu runs where, runstates and the queues' locks; a policy only keeps the
 * vcpus that wait for a CPU, in its order.  What it remembers of a vcpu, a domain and a pool is in
 * the unions below; per CPU it has its own.
 */
#ifndef SCHED_POLICY_H
#define SCHED_POLICY_H

#include <lib/bitmap.h>
#include <lib/list.h>
#include <lib/rbtree.h>
#include <public/domctl.h>
#include <public/sysctl.h>
#include <xen/atomic.h>
#include <xen/domain.h>
#include <xen/sched.h>
#include <xen/time.h>

/* ---- What policies remember ---- */

/* shares.c, for credit, fair and bvt: a domain's part of the pool's time. */
struct shares {
    uint16_t weight, cap;               /* cap: percent of one CPU, 0: none */
    int64_t credit;                     /* ns it may run before it comes after others; atomic */
    int64_t budget;                     /* ns until the cap stops it; atomic */
    uint32_t width;                     /* on how many CPUs it can run at once */
    /* The accounting's own: */
    int64_t used, owned, grant;         /* what it ran since the last time; has; is given */
    bool is_active;                     /* ran, or wanted to */
};

struct shares_pool {
    struct timer account;
    uint32_t is_armed;                  /* atomic */
    uint32_t epoch; /* counts accountings, atomic: what was derived from credit before is old */
    time_ns last;
};

struct shares_unit {
    struct list_head link;              /* on its CPU's list of the parked */
    bool is_parked;                     /* its domain is at its cap */
    int64_t ran;                        /* ns, ever */
    int64_t lag;                        /* how much less than other vcpus of its domain */
    /* The accounting's own: */
    int64_t mark, used;                 /* `ran` at the last time; since then */
    bool competes;                      /* wants to run now */
};

struct credit_unit {
    struct shares_unit shares;          /* first, as in fair_unit */
    struct list_head link;              /* on its CPU's list of a priority */
    uint8_t prio;
    time_ns left;                       /* of its time slice */
    time_ns boost_left;                 /* > 0: was woken, and has not run for a tick since */
};

struct fair_unit {
    struct shares_unit shares;
    struct rb_node node;
    int64_t key;                        /* how urgent it was when it was queued: lower is more */
    int64_t bonus;                      /* ns ahead of its credit: it was woken, or is warped */
};

struct bvt_domain {
    time_ns warp, warp_limit,
        unwarp;     /* how far ahead, for how long, and how long not after that; limits 0: none */
    time_ns warped; /* how long it ran warped, and until when it may not; racy */
    time_ns unwarped_until;
};

struct sedf_unit {
    struct rb_node node;                /* in the queue of deadlines, or of extra time */
    struct rb_node release;             /* in the queue of those whose period begins anew */
    bool is_extra, has_release;
    time_ns deadline;                   /* the end of its period */
    time_ns budget;                     /* what it may still run until then */
    uint64_t vtime;                     /* extra time it had, over its weight */
};

struct sedf_domain {
    time_ns period, slice, latency;
    uint16_t weight;
    bool is_extra;
};

struct policy_params { time_ns slice, ratelimit; };     /* of a pool */

/* ---- Units: a vcpu as the scheduler sees it ---- */

struct sched_unit {
    struct vcpu *vcpu;
    struct sched_domain *domain;
    /* Under the lock of its CPU's queue. */
    bool queued;                        /* waits, in the policy's care */
    bool has_yielded;                   /* others first, once */
    bool is_anywhere; /* its hard affinity does not choose among the pool's CPUs */
    bool has_soft;                      /* its soft affinity does */
    time_ns since;                      /* running: from when its time is not yet charged */
    time_ns began;                      /* running: from when it has this CPU */
    union {
        struct shares_unit shares;
        struct credit_unit credit;
        struct fair_unit fair;
        struct sedf_unit sedf;
    };
};

struct sched_domain {
    struct domain *d;
    struct cpupool *pool;               /* changes while the domain is paused */
    struct list_head link;              /* its pool's domains; under cpupool_lock */
    struct shares shares;
    union {
        struct bvt_domain bvt;
        struct sedf_domain sedf;
    };
};

/* Under cpupool_lock, but for the bits that are atomic. */
struct cpupool {
    unsigned int id;
    const struct sched_policy *policy;
    struct cpumask cpus;                /* its members; see pool.c */
    struct cpumask idle;                /* of them, those that run their idle vcpu; atomic bits */
    struct cpumask waiting;             /* those that have vcpus waiting; atomic bits */
    unsigned int nr_cpus;
    struct list_head domains;
    unsigned int nr_domains;
    struct list_head link;
    struct policy_params params;
    struct shares_pool shares;
};

/* ---- Policies ---- */

enum sched_why { SCHED_WOKEN, SCHED_PREEMPTED, SCHED_MOVED };   /* how it came to wait */

struct sched_choice {
    struct sched_unit *next;
    time_ns slice;
}; /* next NULL: idle; slice 0: no limit */

#define KEY_NONE INT64_MAX              /* nobody */

/* All with the CPU's queue lock held and interrupts off unless said otherwise; none may sleep. */
struct sched_policy {
    const char *name, *option, *alias;
    unsigned int id;                    /* XEN_SCHEDULER_* */
    int64_t gain; /* by how much a key must be better for a vcpu to change CPUs */

    /* No lock: a pool, a CPU's part of it, a domain and a vcpu begin and end. */
    void (*pool_init)(struct cpupool *p);
    void (*pool_stop)(struct cpupool *p);       /* nothing of it runs when this returns */
    void (*cpu_init)(unsigned int cpu);
    void (*domain_init)(struct sched_domain *sd);
    void (*unit_init)(struct sched_unit *u);

    /* u waits on cpu from now on; core sets and clears u->queued, and counts. */
    void (*enqueue)(struct sched_unit *u, unsigned int cpu, enum sched_why why, time_ns now);
    void (*dequeue)(struct sched_unit *u,
                    unsigned int cpu); /* one that is parked is unparked first */
    /* The best to run now, off the queue; and for how long. */
    struct sched_choice (*pick)(unsigned int cpu, time_ns now);
    /* u ran for `ns`, and is not queued. */
    void (*ran)(struct sched_unit *u, unsigned int cpu, time_ns ns, time_ns now);
    /* When woken u, queued on cpu, may push out what runs there: TIME_NEVER, or a time, perhaps
     * past. */
    time_ns (*preempts)(const struct sched_unit *u, const struct sched_unit *running,
                        unsigned int cpu, time_ns now);
    /* How urgent, lower is more, when it has run for `ns` that are not charged yet.  Of a running
     * one also without the lock. */
    int64_t (*key)(const struct sched_unit *u, time_ns ns);
    struct sched_unit *(*best)(unsigned int cpu); /* of those that wait and may run; NULL: none */
    /* One that waits on `from`, may run on `to` and is better than key, off the queue.  NULL:
     * none. */
    struct sched_unit *(*steal)(unsigned int from, unsigned int to, int64_t key);
    struct sched_unit *(*any)(unsigned int cpu); /* one that waits, parked or not; NULL: none */
    void (*dump)(unsigned int cpu);

    /* Control: under cpupool_lock.  0 or -EINVAL. */
    int (*get)(const struct sched_domain *sd, struct xen_domctl *op);
    int (*put)(struct sched_domain *sd, const struct xen_domctl *op);
    int (*get_global)(const struct cpupool *p, struct xen_sysctl_scheduler_op *op);
    int (*put_global)(struct cpupool *p, const struct xen_sysctl_scheduler_op *op);
};

extern const struct sched_policy sched_credit, sched_fair, sched_bvt, sched_sedf;

time_ns ratelimit_or(time_ns otherwise);    /* what sched_ratelimit_us= says */
void dump_unit(const struct sched_unit *u, const char *state);

/* ---- Shares (shares.c) ---- */

#define SHARES_PERIOD (30 * NS_PER_MS)          /* between two accountings */

void shares_pool_init(struct cpupool *p);
void shares_pool_stop(struct cpupool *p);
void shares_cpu_init(unsigned int cpu);
void shares_domain_init(struct sched_domain *sd);
/* Its domain pays for what it ran. */
void shares_charge(struct sched_unit *u, time_ns ns);

/* What a vcpu is owed when it has run for `ns` that are not charged: who is owed more comes first.
 */
static inline int64_t shares_owed(const struct sched_unit *u, time_ns ns)
{
    const struct shares *s = &u->domain->shares;
    return (read_once(s->credit) - ns) / read_once(s->width) + read_once(u->shares.lag);
}

/* Somebody waits, or a domain has a cap: the books have to be closed in time.  With a queue's
 * lock, or without. */
void shares_arm(struct cpupool *p, time_ns now);
/* The slice within what the cap leaves; 0 is no limit, as always. */
time_ns shares_slice(const struct sched_unit *u, time_ns slice);
int shares_set(struct sched_domain *sd, uint16_t weight, uint16_t cap) must_check;

static inline bool shares_at_cap(const struct sched_unit *u)
{
    const struct shares *s = &u->domain->shares;
    return unlikely(read_once(s->cap)) && read_once(s->budget) <= 0;
}

/* A queued unit, out of the policy's own order, is set aside; and all that may run again are put
 * back. */
void shares_park(struct sched_unit *u, unsigned int cpu);
void shares_unpark(struct sched_unit *u, unsigned int cpu);
void shares_unpark_ready(unsigned int cpu,
                         void (*put_back)(struct sched_unit *u, unsigned int cpu));
struct sched_unit *shares_first_parked(unsigned int cpu);
void shares_dump(const struct sched_unit *u, const char *state);
void shares_dump_parked(unsigned int cpu);

/* ---- Run queues (core.c) ---- */

#define SIBLINGS_MAX 7

struct runqueue {
    struct spinlock lock;
    struct vcpu *running, *idle;
    struct cpupool *pool;
    unsigned int nr_waiting;            /* queued and not parked */
    int64_t waiting_key;                /* the best of them, for other CPUs to see */
    time_ns balanced;                   /* when it last looked for a better CPU for them */
    struct timer slice;
    /* Constant: where it sits. */
    unsigned int core, socket, node;
    unsigned int nr_siblings, sibling[SIBLINGS_MAX];    /* other threads of its core */
};
DECLARE_PER_CPU(struct runqueue, runqueue);

#define for_each_cpu_of(cpu, mask)                                                    \
    for (unsigned int cpu = (unsigned int)bitmap_find_first((mask)->bits, cpu_count); \
         cpu < cpu_count; cpu = (unsigned int)bitmap_find_next((mask)->bits, cpu_count, cpu + 1))

static inline bool pool_is_smp(const struct cpupool *p) { return p->nr_cpus > 1; }

/* The queue of v's CPU, locked: v->processor does not change until it is let go. */
struct runqueue *sched_lock(const struct vcpu *v, unsigned long *flags) must_check;
/* A policy's unit stops or begins to be one that could run, while it stays queued.  Under the
 * queue's lock. */
void sched_parked(unsigned int cpu);
void sched_unparked(unsigned int cpu);
/* Who runs in the pool is charged up to now. */
void sched_charge_running(const struct cpupool *p);
/* Those CPUs choose again. */
void sched_rethink(const struct cpumask *cpus);
/* The CPU gets another pool; what waits there goes to other CPUs of its own.  `from` no longer
 * counts the CPU as a member. */
void sched_change_pool(unsigned int cpu, struct cpupool *from, struct cpupool *to);
/* v may wait or run where it should not: it moves. */
void sched_displace(struct vcpu *v);

/* ---- placement.c: where a vcpu waits; balance.c: who takes from whom ---- */

bool affinity_allows(const struct vcpu *v, unsigned int cpu);
/* Where a vcpu in nobody's hands should wait; rq is its CPU's queue, locked. */
unsigned int cpu_choose(const struct vcpu *v, const struct runqueue *rq);
/* An idle CPU for v; -1: none. */
int cpu_find_idle(const struct vcpu *v);
void placement_init_cpu(unsigned int cpu);
/* A waiting vcpu of another CPU's that is better than key comes here (KEY_NONE: any).  With this
 * CPU's queue locked. */
struct sched_unit *balance_pull(struct runqueue *rq, unsigned int cpu, int64_t key);
/* An idle CPU that suits waiting u is told to come for it; false: there is none. */
bool balance_tell_idle(const struct sched_unit *u);
/* This CPU no longer idles, but may have been told to come for somebody else than whom it took:
 * for him another one is told.  With its queue locked. */
void balance_tell_another(struct runqueue *rq, unsigned int cpu);
/* u, the best that waits on cpu, may be better than what runs elsewhere: that CPU is told.  With
 * the queue locked. */
void balance_push(struct runqueue *rq, unsigned int cpu, const struct sched_unit *u, time_ns now);

/* ---- The rest ---- */

void runstate_change(struct vcpu *v, int state, time_ns now);
void sched_timers_init(struct vcpu *v);
void sched_timers_kill(struct vcpu *v);
void sched_timers_follow(struct vcpu *v);       /* v now runs on this CPU: so do its timers */
int affinity_init(struct vcpu *v, unsigned int cpu) must_check;
void affinity_free(struct vcpu *v);
/* Its pool or the pool's CPUs changed: is_anywhere and has_soft anew. */
void affinity_refresh(struct vcpu *v);

/* pool.c */
extern struct spinlock cpupool_lock;    /* LOCK_CPUPOOL */
extern struct cpupool pool0, pool_none; /* where everybody begins; of CPUs that are in no pool */
void cpupools_init(void);
void cpupool_first_cpu(unsigned int cpu);       /* a CPU that comes up joins pool 0 */
void cpupool_add_domain(struct cpupool *p, struct sched_domain *sd);
void cpupool_remove_domain(struct sched_domain *sd);
/* Under cpupool_lock: make them, take them apart, move CPUs and (paused) domains.  0 or -E as
 * sysctl.h says. */
int cpupool_create(unsigned int *id, unsigned int sched_id) must_check;
int cpupool_destroy(unsigned int id) must_check;
int cpupool_add_cpu(unsigned int id, unsigned int cpu) must_check;
int cpupool_remove_cpu(unsigned int id, unsigned int cpu) must_check;
int cpupool_move_domain(struct domain *d, unsigned int id) must_check;
struct cpupool *cpupool_find(unsigned int id);  /* NULL: there is none */
struct cpupool *cpupool_next(unsigned int id);  /* the first whose id is not less */

#endif
