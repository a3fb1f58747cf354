/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pseudo-random but structured hypercalls: arguments come from a grammar (what is right, what is
 * one off, huge, wrapped, unaligned; own pages, tables, read-only pages, shared_info, the grant
 * table, other domains' and the hypervisor's frames, frames that do not exist), and the states of
 * pages, grants and ports are kept plausible, so that many calls go deep before they fail.
 *
 *     chaos_init(seed, CHAOS_...);
 *     chaos_run(&n);                       on each vCPU, until the domain is ended from outside
 *
 * The kernel's image stays whole: what is mapped, pinned, exchanged and scribbled upon are pages of
 * an arena.  With CHAOS_FATAL also that is done which may well end the domain.
 */
#ifndef GUEST_CHAOS_H
#define GUEST_CHAOS_H

#include "guest.h"

#define CHAOS_FATAL      1      /* callbacks, stacks, contexts, roots that lead nowhere */
#define CHAOS_PRIVILEGED 2      /* dom0: the machine's own calls too, but none that ends it */

#define CHAOS_STRANGERS 24

struct chaos_target {
    unsigned long mfns[CHAOS_STRANGERS];    /* frames of others */
    unsigned long hypervisors;              /* one of its frames */
    domid_t ids[4];                         /* domains: the second is the caller's own */
    grant_ref_t first_ref, nr_refs;         /* what domain 0 grants us */
    evtchn_port_t first_port, nr_ports;     /* what domain 0 offers us */
};

/* Filled in by the test, before a child is built. */
extern struct chaos_target chaos_target;

struct chaos {
    uint64_t state;             /* of the generator */
    uint8_t *scratch;           /* two pages of its own, for arguments */
    unsigned int flags;
    volatile uint64_t calls;
};
extern struct chaos chaos_of[MAX_VCPUS];

void chaos_init(uint64_t seed, unsigned int flags);
/* `limit` calls on this vCPU; 0: for ever. */
void chaos_run(uint64_t limit);

/* ---- The grammar (chaos_values.c) ---- */

uint64_t chaos_random(struct chaos *c);
static inline unsigned int chaos_below(struct chaos *c, unsigned int n)
{
    return (chaos_random(c) >> 33) % n;
}
/* One time in n. */
static inline bool chaos_rarely(struct chaos *c, unsigned int n)
{
    return !chaos_below(c, n);
}

#define ARENA_PAGES 48
#define ARENA_L1    4
extern uint8_t *arena[ARENA_PAGES];
extern uint64_t *arena_l1[ARENA_L1], *arena_l2[2], *arena_l3, *arena_root;
#define CHAOS_WINDOW ((uint8_t *)0x10000000000UL)       /* below arena_l3 */
#define CHAOS_WINDOW_PAGES 1024

void chaos_values_init(void);
bool chaos_may_touch(uint64_t va);                      /* nothing the test itself needs */
uint64_t chaos_mfn(struct chaos *c);
uint64_t chaos_own_mfn(struct chaos *c);                /* of the arena */
uint64_t chaos_pfn(uint64_t mfn);                       /* of a page that may be the caller's */
uint64_t chaos_count(struct chaos *c);
domid_t chaos_domid(struct chaos *c);
uint64_t chaos_va(struct chaos *c);                     /* to be mapped, flushed, given a grant */
void *chaos_pointer(struct chaos *c);                   /* to arguments: often bad */
uint64_t chaos_pte(struct chaos *c);
uint64_t *chaos_entry(struct chaos *c);                 /* of one of the arena's tables */
uint64_t chaos_value(struct chaos *c);                  /* anything */
void chaos_fill(struct chaos *c, void *to, size_t bytes);
/* Where arguments are: nearly always the scratch pages, at times across their boundary. */
void *chaos_place(struct chaos *c, size_t bytes);
/* The given arguments, or now and then a bad pointer in their place. */
const void *chaos_args(struct chaos *c, const void *args);

/* ---- Rooms (chaos_*.c) ---- */

void chaos_mmu(struct chaos *c);
void chaos_memory(struct chaos *c);
void chaos_grant(struct chaos *c);
void chaos_event(struct chaos *c);
void chaos_vcpu(struct chaos *c);
void chaos_other(struct chaos *c);
void chaos_processor(struct chaos *c);
void chaos_control(struct chaos *c);                    /* dom0's */

#endif
