/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Per-CPU data belongs to its room: DEFINE_PER_CPU in the .c that owns it, and the linker gathers
 * the initial image.  Each CPU has a copy at a constant distance from the image; the boot CPU
 * uses the image itself (distance 0).  this_cpu() is only meaningful while the code cannot move
 * to another CPU, which in this hypervisor is always: a CPU runs hypervisor code to the end on
 * its own stack.
 */
#ifndef XEN_PERCPU_H
#define XEN_PERCPU_H

#include <xen/types.h>
#include <xen/current.h>

#define MAX_CPUS 4096

#define DEFINE_PER_CPU(type, name) \
    __attribute__((section(".data.percpu"))) __typeof__(type) percpu_##name
#define DEFINE_STATIC_PER_CPU(type, name) static DEFINE_PER_CPU(type, name)
#define DECLARE_PER_CPU(type, name) extern __typeof__(type) percpu_##name

extern unsigned long percpu_offset[MAX_CPUS];

void percpu_init(void);             /* first of all: keeps a copy of the image as linked */
/* A CPU's area: 0 (also when it has one) or -ENOMEM. */
int percpu_alloc(unsigned int cpu) must_check;

static inline bool percpu_exists(unsigned int cpu) { return cpu == 0 || percpu_offset[cpu] != 0; }

#define percpu_at(name, offset) \
    (*(__typeof__(&percpu_##name))((char *)&percpu_##name + (offset)))
#define per_cpu(name, cpu) percpu_at(name, percpu_offset[cpu])
#define this_cpu(name) percpu_at(name, this_percpu_offset())

#endif
