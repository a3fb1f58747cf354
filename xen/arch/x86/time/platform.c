/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The machine's own clock: the best counter that works, or the one of clocksource=, counted on
 * past the width of its register.
 *
 * Lock: platform_lock, for the count.
 */
#include <lib/string.h>
#include <xen/assert.h>
#include <xen/options.h>
#include <xen/printk.h>
#include <xen/spinlock.h>

#include "private.h"

static char wanted[8];
OPTION_STRING(clocksource, "clocksource", wanted);

static struct clock_source *const sources[] = { &hpet_source, &pmtimer_source, &pit_source };
static struct clock_source *source read_mostly;

static DEFINE_SPINLOCK(platform_lock, LOCK_TIME);
static uint64_t last_ticks, total_ticks;
static time_ns offset;              /* of system time against total_ticks */

const struct clock_source *platform_clock(void)
{
    return source;
}

bool time_uses_pit(void)
{
    return source == &pit_source;
}

void platform_clock_init(void)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(sources) && wanted[0] != '\0'; i++) {
        if (strcmp(wanted, sources[i]->name) == 0 && sources[i]->init())
            source = sources[i];
    }
    for (unsigned int i = 0; i < ARRAY_SIZE(sources) && source == NULL; i++) {
        if (sources[i]->init())
            source = sources[i];
    }
    if (wanted[0] != '\0' && strcmp(wanted, "tsc") != 0 && strcmp(wanted, source->name) != 0)
        log_warn("clocksource=%s: there is none, using %s", wanted, source->name);
}

static time_ns ticks_to_ns(uint64_t ticks)
{
    return (time_ns)muldiv64(ticks, NS_PER_S, source->hz);
}

void platform_clock_start(void)
{
    unsigned long flags = spin_lock_irqsave(&platform_lock);
    struct moment m = moment_take(source);
    last_ticks = m.ticks;
    total_ticks = 0;
    offset = time_of_tsc(m.tsc);
    spin_unlock_irqrestore(&platform_lock, flags);
}

time_ns platform_time(void)
{
    unsigned long flags = spin_lock_irqsave(&platform_lock);
    uint64_t ticks = source->read();
    total_ticks += (ticks - last_ticks) & source->mask;
    last_ticks = ticks;
    time_ns now = offset + ticks_to_ns(total_ticks);
    spin_unlock_irqrestore(&platform_lock, flags);
    return now;
}

time_ns platform_max_gap(void)
{
    return ticks_to_ns(source->mask);
}
