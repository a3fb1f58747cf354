/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Softirqs: a bit per kind and CPU, served on the way out of the hypervisor.
 *
 * A bit is cleared before its handler runs, so work that arrives meanwhile is not lost; the
 * handler of SOFTIRQ_SCHEDULE may switch stacks and never come back, so bits are taken one at a
 * time.
 */
#include <xen/assert.h>
#include <xen/bitops.h>
#include <xen/smp.h>
#include <xen/softirq.h>
#include <xen/spinlock.h>

#include "private.h"

DEFINE_PER_CPU(uint32_t, softirq_pending);

static void (*handlers[SOFTIRQS])(void) read_mostly;

void softirq_set_handler(enum softirq nr, void (*handler)(void))
{
    assert(handlers[nr] == NULL);
    handlers[nr] = handler;
}

void softirq_raise_on(unsigned int cpu, enum softirq nr)
{
    uint32_t bit = 1u << nr;
    uint32_t old = __atomic_fetch_or(&per_cpu(softirq_pending, cpu), bit, __ATOMIC_SEQ_CST);
    if ((old & bit) == 0 && cpu != smp_cpu())
        smp_kick(cpu);
}

void softirq_run(void)
{
    uint32_t *pending = &this_cpu(softirq_pending);

    lock_check_none_held("softirq_run");
    for (;;) {
        irq_enable();
        for (uint32_t bits = read_once(*pending); bits != 0; bits = read_once(*pending)) {
            unsigned int nr = first_bit(bits);
            atomic_and(pending, ~(1u << nr));
            check(handlers[nr] != NULL);
            handlers[nr]();
        }
        irq_disable();
        if (read_once(*pending) == 0)
            return;
    }
}

void softirq_init(void)
{
    softirq_set_handler(SOFTIRQ_TASKLET, tasklet_run_one);
}
