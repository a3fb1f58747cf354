/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Trace buffers: what happens, as records that dom0 reads (public/trace.h has their layout).
 *
 * While nobody traces, an event costs a load and a branch that is not taken; everything else is
 * out of line.  Events may be recorded in any context but NMIs and machine checks, with any lock
 * held.
 */
#ifndef XEN_TRACE_H
#define XEN_TRACE_H

#include <public/trace.h>
#include <xen/atomic.h>
#include <xen/types.h>

struct vcpu;

extern uint32_t trace_mask;             /* classes and subclasses that are wanted; 0: no tracing */

static inline bool trace_enabled(void) { return unlikely(read_once(trace_mask)); }

void trace_init(void);                  /* boot: buffers, if tbuf_size= asks for them */

/* ---- Out of line: after trace_enabled(), which the inline ones below ask ---- */

/* Up to four words, or two of 64 bits and one of 32. */
void trace_put(uint32_t event, unsigned int words, uint32_t a, uint32_t b, uint32_t c, uint32_t d);
void trace_put_long(uint32_t event, unsigned int words, uint64_t a, uint64_t b, uint32_t c);
/* TRC_PV_HYPERCALL_V2, or TRC_PV_HYPERCALL_SUBCALL for one call of a multicall; four arguments. */
void trace_put_hypercall(uint32_t event, uint64_t nr, const uint64_t *args);
void trace_put_table_write(uint64_t entry, uint64_t address, uint64_t rip);
void trace_put_runstate(const struct vcpu *v, int from, int to);
void trace_put_runstate_kept(const struct vcpu *v);     /* it goes on running */
void trace_put_vcpu(uint32_t event, const struct vcpu *v, uint32_t more, unsigned int words);

/* ---- Events that are their numbers and a few words ---- */

static inline void trace_1(uint32_t event, uint32_t a)
{
    if (trace_enabled())
        trace_put(event, 1, a, 0, 0, 0);
}

static inline void trace_3(uint32_t event, uint32_t a, uint32_t b, uint32_t c)
{
    if (trace_enabled())
        trace_put(event, 3, a, b, c, 0);
}

static inline void trace_4(uint32_t event, uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
    if (trace_enabled())
        trace_put(event, 4, a, b, c, d);
}

/* ---- Scheduling: TRC_SCHED_SLEEP and the like say which vcpu ---- */

static inline void trace_vcpu(uint32_t event, const struct vcpu *v)
{
    if (trace_enabled())
        trace_put_vcpu(event, v, 0, 2);
}

static inline void trace_runstate(const struct vcpu *v, int from, int to)
{
    if (trace_enabled())
        trace_put_runstate(v, from, to);
}

/* ---- PV guests ---- */

/* An exception on its way to the guest's handler. */
static inline void trace_trap(uint64_t rip, unsigned int vector, bool has_error, uint32_t error)
{
    if (trace_enabled())
        trace_put_long(TRC_PV_TRAP | TRC_64_FLAG, 3, rip, 0,
                       vector | (has_error ? 1u << 15 | error << 16 : 0xffffu << 16));
}

static inline void trace_page_fault(uint64_t rip, uint64_t address, uint32_t error)
{
    if (trace_enabled())
        trace_put_long(TRC_PV_PAGE_FAULT | TRC_64_FLAG, 5, rip, address, error);
}

/* An instruction that we executed for the guest: TRC_PV_EMULATE_PRIVOP, TRC_PV_FORCED_INVALID_OP.
 */
static inline void trace_emulated(uint32_t event, uint64_t rip)
{
    if (trace_enabled())
        trace_put_long(event | TRC_64_FLAG, 2, rip, 0, 0);
}

/* The guest wrote `entry` into a page table at `address`. */
static inline void trace_table_write(uint64_t entry, uint64_t address, uint64_t rip)
{
    if (trace_enabled())
        trace_put_table_write(entry, address, rip);
}

/* ---- Memory ---- */

/* A domain's reservation lost 2^order pages. */
static inline void trace_decrease(domid_t domid, uint64_t gfn, unsigned int order)
{
    if (trace_enabled())
        trace_put_long(TRC_MEM_DECREASE_RESERVATION, 3, gfn, 0, domid | order << 16);
}

/* 2^order pages got a place in the domain's numbering: populate_physmap, increase_reservation. */
void trace_put_placed(domid_t domid, uint64_t gfn, uint64_t mfn, unsigned int order);

static inline void trace_placed(domid_t domid, uint64_t gfn, uint64_t mfn, unsigned int order)
{
    if (trace_enabled())
        trace_put_placed(domid, gfn, mfn, order);
}

#endif
