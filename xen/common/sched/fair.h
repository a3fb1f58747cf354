/* SPDX-License-Identifier: GPL-2.0-only */
/* The tree of those who are owed time (fair.c), for the policies that only differ in the key.
 * Operations as in policy.h. */
#ifndef SCHED_FAIR_H
#define SCHED_FAIR_H

#include "policy.h"

void fair_queue_in(struct sched_unit *u, unsigned int cpu, time_ns now);
void fair_dequeue(struct sched_unit *u, unsigned int cpu);
struct sched_unit *fair_best(unsigned int cpu);
struct sched_choice fair_pick(unsigned int cpu, time_ns now);
time_ns fair_preempts(const struct sched_unit *u, const struct sched_unit *running,
                      unsigned int cpu, time_ns now);
struct sched_unit *fair_steal(unsigned int from, unsigned int to, int64_t key);
struct sched_unit *fair_any(unsigned int cpu);
void fair_cpu_init(unsigned int cpu);
void fair_pool_init(struct cpupool *p);
void fair_unit_init(struct sched_unit *u);
void fair_dump(unsigned int cpu);

#endif
