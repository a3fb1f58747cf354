/* SPDX-License-Identifier: GPL-2.0-only */
/* Where vcpus may run (hard) and would rather run (soft). */
#include <lib/bitmap.h>
#include <lib/string.h>
#include <xen/heap.h>
#include <xen/options.h>

#include "policy.h"

static bool opt_dom0_vcpus_pin;
OPTION_BOOL(dom0_vcpus_pin, "dom0_vcpus_pin", opt_dom0_vcpus_pin);

bool affinity_allows(const struct vcpu *v, unsigned int cpu)
{
    return (v->hard_affinity->bits[cpu / 64] >> (cpu % 64)) & 1;
}

int affinity_init(struct vcpu *v, unsigned int cpu)
{
    v->hard_affinity = new(struct cpumask);
    v->soft_affinity = new(struct cpumask);
    if (!v->hard_affinity || !v->soft_affinity) {
        affinity_free(v);
        return -ENOMEM;
    }
    memset(v->soft_affinity, 0xff, sizeof(*v->soft_affinity));
    if (v->domain->is_privileged && opt_dom0_vcpus_pin)
        v->hard_affinity->bits[cpu / 64] |= 1UL << (cpu % 64);
    else
        memset(v->hard_affinity, 0xff, sizeof(*v->hard_affinity));
    return 0;
}

void affinity_free(struct vcpu *v)
{
    pool_free(v->hard_affinity);
    pool_free(v->soft_affinity);
    v->hard_affinity = v->soft_affinity = NULL;
}

int vcpu_set_hard_affinity(struct vcpu *v, const struct cpumask *mask)
{
    struct cpumask usable;

    bitmap_and(usable.bits, mask->bits, cpu_online.bits, cpu_count);
    if (bitmap_is_empty(usable.bits, cpu_count))
        return -EINVAL;
    bool own = v == current;
    if (!own)
        vcpu_pause(v);
    *v->hard_affinity = *mask;
    if (!own)
        vcpu_unpause(v);
    else
        vcpu_yield();
    return 0;
}

int vcpu_set_soft_affinity(struct vcpu *v, const struct cpumask *mask)
{
    *v->soft_affinity = *mask;
    return 0;
}
