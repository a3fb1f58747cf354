/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Time: nanoseconds since boot ("system time"), one-shot timers, the wall clock.
 * System time is monotonic on every CPU and agrees between CPUs to within the calibration error.
 */
#ifndef XEN_TIME_H
#define XEN_TIME_H

#include <lib/rbtree.h>
#include <xen/types.h>

typedef int64_t time_ns;
#define NS_PER_US 1000L
#define NS_PER_MS 1000000L
#define NS_PER_S  1000000000L
#define TIME_NEVER INT64_MAX

time_ns time_now(void);
/* System time at TSC value `tsc` of this CPU. */
time_ns time_of_tsc(uint64_t tsc);
uint64_t time_ticks(void);              /* the raw counter behind it, of this CPU */
void udelay(unsigned int us);           /* busy wait; boot and device quirks only */

struct timer {
    time_ns expires;
    void (*fn)(void *arg);              /* softirq context on t->cpu */
    void *arg;
    unsigned int cpu;
    uint8_t state;                      /* private to timer.c */
    struct rb_node node;
};

void timer_init(struct timer *t, void (*fn)(void *arg), void *arg, unsigned int cpu);
void timer_set(struct timer *t, time_ns expires);       /* (re)arm; the past fires at once */
void timer_stop(struct timer *t);                       /* disarm; may still be running elsewhere */
/* Disarm for good, and not running when this returns; never in its own fn. */
void timer_kill(struct timer *t);
void timer_migrate(struct timer *t, unsigned int cpu);
bool timer_is_armed(const struct timer *t);
void timers_init(void);                                 /* boot CPU; registers the softirq */
void timers_migrate_from(unsigned int cpu);             /* a CPU went offline */
void timers_interrupt(void);                            /* from arch: the armed deadline came */

/* Scaling of this CPU's TSC for guests' vcpu_time_info:
 * ns = ((tsc - stamp) << shift) * mul >> 32 + base. */
struct tsc_scale {
    uint64_t tsc_stamp;
    time_ns base;
    uint32_t mul_frac;
    int8_t shift;
};
struct tsc_scale time_scale(void);      /* this CPU's, current */
/* the interval timer is our clock: dom0 must not program it */
bool time_uses_pit(void);
/* the same scale on every CPU, for good: guests need no lock-step */
bool time_is_stable(void);
uint32_t time_cpu_khz(void);            /* calibrated TSC frequency */

/* Wall clock: seconds and nanoseconds of 1970-01-01 UTC at system time 0. */
void wallclock_init(void);              /* reads the CMOS clock */
void wallclock_set(uint64_t sec, uint32_t nsec, time_ns at);
void wallclock_get(uint64_t *sec, uint32_t *nsec);      /* at system time 0 */
void time_init(void);                   /* boot CPU: calibrate */
void time_refine(void);                 /* end of boot: better, now that time has passed */
void time_init_cpu(void);               /* each other CPU */
void time_stop_here(void);              /* this CPU is about to go offline; it is back */
void time_start_here(void);

#endif
