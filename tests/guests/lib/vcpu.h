/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vCPUs.  A function may be run on another vCPU, which shares the kernel's page tables; when it
 * returns the vCPU goes down.
 */
#ifndef GUEST_VCPU_H
#define GUEST_VCPU_H

#include <public/xen.h>
#include "trap.h"

#define MAX_VCPUS 8                     /* of the library; a test may have more, see below */

/* At the start of each block; trap.h and start.S know the first field's place. */
struct vcpu {
    struct trap_expected expected;
    unsigned int id;
    struct vcpu_info *info;             /* its own, registered; NULL: in the shared page */
    bool is_known;                      /* has been initialised once */
    unsigned long user_rsp;             /* in user_enter(): where to return to */
    struct trap user_exit;
    void (*function)(void *);
    void *arg;
    volatile bool done;
};

struct vcpu_block {
    struct vcpu vcpu;
    uint8_t stacks[VCPU_BLOCK_SIZE - sizeof(struct vcpu)];
} __attribute__((aligned(VCPU_BLOCK_SIZE)));

/* A test that needs more than MAX_VCPUS defines both. */
extern struct vcpu_block vcpu_blocks[];
extern unsigned int vcpu_limit;

static inline struct vcpu *current(void)
{
    unsigned long rsp;

    asm volatile("mov %%rsp, %0" : "=r"(rsp));
    return (struct vcpu *)(rsp & -(unsigned long)VCPU_BLOCK_SIZE);
}

static inline struct vcpu_info *vcpu_info(void)
{
    extern struct shared_info *shared_info;

    return current()->info ? current()->info : &shared_info->vcpu_info[current()->id];
}

/* How many vCPUs the domain has. */
unsigned int vcpu_count(void);

/* The state for a vCPU that runs vcpu_start(); a test may change it. */
void vcpu_context(unsigned int id, struct vcpu_guest_context *context);

/* Its vcpu_info is there from now on, as it must be from vCPU 32 up; within a page, 8-aligned. */
long vcpu_register_info(unsigned int id, struct vcpu_info *info);

/* Start; then wait until the function has returned and the vCPU is down. */
void vcpu_run(unsigned int id, void (*function)(void *), void *arg);
void vcpu_join(unsigned int id);

#endif
