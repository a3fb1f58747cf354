/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which of its frequencies a processor shall run at.
 *
 * States are numbered as ACPI's _PSS lists them, the fastest first; limits are kHz.  A policy whose
 * limits no state lies between means the nearest state.
 */
#ifndef LIB_GOVERNOR_H
#define LIB_GOVERNOR_H

#include <stdbool.h>
#include <stdint.h>

#define GOVERNOR_STATES 32

enum governor { GOVERNOR_PERFORMANCE, GOVERNOR_POWERSAVE, GOVERNOR_USERSPACE, GOVERNOR_ONDEMAND };
#define GOVERNORS 4

struct governor_policy {
    enum governor governor;
    uint32_t count;                     /* states; 0: nothing can be chosen */
    uint32_t khz[GOVERNOR_STATES];      /* never rising */
    uint32_t fastest;                   /* state that the platform allows now */
    uint32_t min_khz, max_khz;
    uint32_t wanted_khz;                /* userspace's */
    uint32_t up_threshold;              /* ondemand's: busier than so many percent: full speed */
    uint32_t state;                     /* the one in force */
};

extern const char *const governor_names[GOVERNORS];
/* The number of the name, -1 for none. */
int governor_by_name(const char *name);
/* For a processor that was busy for so many percent of the last period. */
uint32_t governor_choose(const struct governor_policy *p, uint32_t busy);

#endif
