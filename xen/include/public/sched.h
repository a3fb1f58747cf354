/* SPDX-License-Identifier: GPL-2.0-only */
/* sched_op(cmd, arg): give up the processor, wait, shut down. */
#ifndef PUBLIC_SCHED_H
#define PUBLIC_SCHED_H

#include "event_channel.h"

/* These take no argument. block unmasks upcalls and sleeps until one is pending. */
#define SCHEDOP_yield           0
#define SCHEDOP_block           1

/* These take the structure of their name. */
#define SCHEDOP_shutdown        2  /* a PV suspend passes start_info's frame as third argument */
#define SCHEDOP_poll            3
#define SCHEDOP_remote_shutdown 4  /* for whoever controls the domain */
#define SCHEDOP_shutdown_code   5  /* sched_shutdown: report this whenever it shuts down later */
#define SCHEDOP_watchdog        6  /* returns the id of a new one */
#define SCHEDOP_pin_override    7  /* for dom0 */

/* Why a domain shut down. */
#define SHUTDOWN_poweroff   0
#define SHUTDOWN_reboot     1
#define SHUTDOWN_suspend    2      /* the call returns 1 if the suspend was cancelled */
#define SHUTDOWN_crash      3
#define SHUTDOWN_watchdog   4
#define SHUTDOWN_soft_reset 5      /* memory stays, devices and state start anew */
#define SHUTDOWN_MAX        5

#ifndef __ASSEMBLY__

struct sched_shutdown {
    unsigned int reason;            /* SHUTDOWN_* */
};
XEN_ABI_STRUCT(sched_shutdown);

/* Sleep until a port is pending, masked or not. At most 128 ports. */
struct sched_poll {
    XEN_GUEST_HANDLE(evtchn_port_t) ports;
    unsigned int nr_ports;
    uint64_t timeout;               /* system time in ns, 0 for none */
};
XEN_ABI_STRUCT(sched_poll);

struct sched_remote_shutdown {
    domid_t domain_id;
    unsigned int reason;            /* SHUTDOWN_* */
};
XEN_ABI_STRUCT(sched_remote_shutdown);

/* id 0 makes one, timeout 0 removes it, otherwise it is set anew. */
struct sched_watchdog {
    uint32_t id;
    uint32_t timeout;               /* seconds until SHUTDOWN_watchdog */
};
XEN_ABI_STRUCT(sched_watchdog);

/* Bind the calling vCPU to one processor whatever its affinity; negative undoes it. */
struct sched_pin_override {
    int32_t pcpu;
};
XEN_ABI_STRUCT(sched_pin_override);

#endif /* __ASSEMBLY__ */
#endif
