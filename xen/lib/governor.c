/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Governors of processors' frequencies: pure choice, without a clock or a processor.
 *
 * ondemand goes to the fastest state at once when there is much to do, and down no further than to
 * the slowest state in which the same work would keep the processor below the threshold.
 */
#include <lib/governor.h>
#include <lib/math.h>
#include <lib/string.h>

#define DOWN_MARGIN 10                  /* percent below the threshold, against swinging */

const char *const governor_names[GOVERNORS] = {
    [GOVERNOR_PERFORMANCE] = "performance",
    [GOVERNOR_POWERSAVE] = "powersave",
    [GOVERNOR_USERSPACE] = "userspace",
    [GOVERNOR_ONDEMAND] = "ondemand",
};

int governor_by_name(const char *name)
{
    for (int i = 0; i < GOVERNORS; i++) {
        if (strcmp(name, governor_names[i]) == 0)
            return i;
    }
    return -1;
}

/* The slowest state of at least so many kHz. */
static uint32_t state_for(const struct governor_policy *p, uint64_t khz)
{
    uint32_t state = p->count - 1;
    while (state > 0 && p->khz[state] < khz)
        state--;
    return state;
}

static uint32_t ondemand(const struct governor_policy *p, uint32_t busy)
{
    if (busy >= p->up_threshold)
        return 0;
    uint32_t least = max(p->up_threshold, DOWN_MARGIN + 1u) - DOWN_MARGIN;
    return max(p->state, state_for(p, div_round_up((uint64_t)p->khz[p->state] * busy, least)));
}

/* The fastest state that both the administrator and the platform allow. */
static uint32_t first_allowed(const struct governor_policy *p)
{
    uint32_t state = min(p->fastest, p->count - 1);
    while (state < p->count - 1 && p->khz[state] > p->max_khz)
        state++;
    return state;
}

uint32_t governor_choose(const struct governor_policy *p, uint32_t busy)
{
    uint32_t state = 0;

    switch (p->governor) {
    case GOVERNOR_PERFORMANCE: state = 0; break;
    case GOVERNOR_POWERSAVE: state = p->count - 1; break;
    case GOVERNOR_USERSPACE: state = state_for(p, p->wanted_khz); break;
    case GOVERNOR_ONDEMAND: state = ondemand(p, busy); break;
    }
    /* What the platform and the administrator forbid above weighs more than what is asked below. */
    state = min(state, state_for(p, p->min_khz));
    return max(state, first_allowed(p));
}
