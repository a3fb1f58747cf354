/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CPU pools by name. The hypervisor has numbers; names are in the store, /local/pool/N/name, where
 * other toolstacks look too. Definitions of managed pools are files of their own.
 */
#ifndef XEND_CPUPOOL_H
#define XEND_CPUPOOL_H

#include "xend.h"

struct xc_cpupool;
struct sxp;

/* What a pool is to be: (cpupool (name N) (sched S) (cpus 0-1)), cpus "#2" for any two. */
int cpupool_create(struct xend *x, const struct sxp *config, struct failure *f);
int cpupool_define(struct xend *x, const struct sxp *config, struct failure *f);
int cpupool_start(struct xend *x, const char *name, struct failure *f);
/* All that are defined and not active; what fails is logged. */
void cpupool_start_managed(struct xend *x);
int cpupool_destroy(struct xend *x, const char *name, struct failure *f);
int cpupool_delete(struct xend *x, const char *name, struct failure *f);
int cpupool_add_cpu(struct xend *x, const char *name, const char *cpu, struct failure *f);
int cpupool_remove_cpu(struct xend *x, const char *name, const char *cpu, struct failure *f);
int cpupool_rename(struct xend *x, const char *name, const char *new_name, struct failure *f);
int cpupool_split_nodes(struct xend *x, struct failure *f);
/* By name or number; -ENOENT and a failure. */
int cpupool_find(struct xend *x, const char *name, struct xc_cpupool *pool, struct failure *f);
/* free() it. */
char *cpupool_name(struct xend *x, uint32_t id);
/* (pools (pool (name N) (id 0) (sched credit) (count 2) (cpus 0-1) (active 1) (domains 3)) …) */
struct sxp *cpupool_list(struct xend *x);
/* The name of the scheduler, as sched= has it. */
const char *scheduler_name(unsigned int id);

#endif
