/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The order in which locks are taken, outermost first.  A lock is initialised with its rank; debug
 * builds panic on the first acquisition that does not go down this list, naming both.
 */
#ifndef XEN_LOCK_ORDER_H
#define XEN_LOCK_ORDER_H

enum lock_rank {
    LOCK_DOMCTL,            /* creation, destruction and listing of domains */
    LOCK_CPU_HOTPLUG,       /* the set of online CPUs */
    LOCK_CPUPOOL,           /* which CPUs a pool has */
    LOCK_DOMCTL_LIST,       /* the list of domains and the table by id */
    LOCK_DOMAIN,            /* one domain's configuration: vcpus, shutdown, address space */
    LOCK_GRANT,             /* one domain's grant table */
    LOCK_GRANT_ENTRY,       /* one entry of a grant table while it is pinned or let go */
    LOCK_MAPTRACK,          /* one domain's list of mapping handles */
    LOCK_P2M,               /* one domain's physical map */
    /* one domain's ports being allocated, bound or closed; two domains: lower address first */
    LOCK_EVENT,
    LOCK_EVENT_PORT,        /* one port's state while an event is sent through it */
    LOCK_PIRQ,              /* the domain's map from physical interrupts to ports */
    LOCK_PCI,               /* the list of PCI devices */
    LOCK_IRQ_DESC,          /* one interrupt line */
    LOCK_VECTOR,            /* which vectors are in use */
    LOCK_IOAPIC,            /* index/data register pairs of I/O APICs and PCI config ports */
    LOCK_TIME,              /* wall clock, calibration, a CPU's frequency */
    LOCK_EVENT_VIRQ_HANDLERS, /* who receives global VIRQs */
    LOCK_EVENT_VIRQ,        /* one vcpu's VIRQs being bound, closed or sent */
    LOCK_EVENT_QUEUE,       /* one FIFO queue; lower address first */
    LOCK_SCHED,             /* one run queue */
    LOCK_TIMER,             /* one CPU's timer heap */
    LOCK_DOMAIN_PAGES,      /* one domain's list and number of pages */
    LOCK_PAGE_CACHE,        /* one CPU's free pages; held while other CPUs flush their TLBs */
    LOCK_HEAP,              /* the page allocator */
    LOCK_POOL,              /* the small-object allocator */
    LOCK_RCU,
    LOCK_TASKLET,
    LOCK_TRACE,
    LOCK_KEYS,
    LOCK_CONSOLE,           /* the output ring and the devices */
    LOCK_UART,
    LOCK_RANKS
};

#endif
