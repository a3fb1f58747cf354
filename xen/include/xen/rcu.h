/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Read-copy-update: readers take no lock; what they may still see is freed after every CPU has
 * passed through its exit path (a quiescent state: no CPU holds a borrowed pointer across
 * softirq_run()).
 */
#ifndef XEN_RCU_H
#define XEN_RCU_H

#include <xen/types.h>

struct rcu_head {
    struct rcu_head *next;
    void (*fn)(struct rcu_head *head);
};

static inline void rcu_read_lock(void) { asm volatile("" ::: "memory"); }
static inline void rcu_read_unlock(void) { asm volatile("" ::: "memory"); }
#define rcu_dereference(p)      __atomic_load_n(&(p), __ATOMIC_CONSUME)
#define rcu_assign_pointer(p, v) __atomic_store_n(&(p), (v), __ATOMIC_RELEASE)

void rcu_call(struct rcu_head *head, void (*fn)(struct rcu_head *head));
/* Returns when every callback queued before it has run; boot and teardown only. */
void rcu_barrier(void);
/* It is gone: its callbacks are adopted, nobody waits for it. */
void rcu_offline_cpu(unsigned int cpu);
void rcu_init(void);

#endif
