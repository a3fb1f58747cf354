/* SPDX-License-Identifier: GPL-2.0-only */
/* Given to the compiler before all else: per-CPU data is an array, CPUs are few, fake_cpu says
 * which one we are. */
#ifndef XEN_PERCPU_H
#define XEN_PERCPU_H

#include <xen/types.h>
#include <asm/current.h>

#define MAX_CPUS 64
#define SIM_CPUS 16

#define DEFINE_PER_CPU(type, name)          __typeof__(type) percpu_##name[SIM_CPUS]
#define DEFINE_STATIC_PER_CPU(type, name)   static __typeof__(type) percpu_##name[SIM_CPUS]
#define DECLARE_PER_CPU(type, name)         extern __typeof__(type) percpu_##name[SIM_CPUS]
#define per_cpu(name, cpu)                  (percpu_##name[cpu])
#define this_cpu(name)                      (percpu_##name[smp_cpu()])

#endif
