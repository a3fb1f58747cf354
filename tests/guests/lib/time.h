/* SPDX-License-Identifier: GPL-2.0-only */
/* System time, in ns since the machine's start. */
#ifndef GUEST_TIME_H
#define GUEST_TIME_H

#include <public/xen.h>
#include "types.h"

#define US 1000UL
#define MS 1000000UL
#define SECOND 1000000000UL

uint64_t time_now(void);
uint64_t time_from(const volatile struct vcpu_time_info *info);
void time_spin(uint64_t ns);

#endif
