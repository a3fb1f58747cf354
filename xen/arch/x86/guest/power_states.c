/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Performance and idle states of processors, as ACPI's methods told dom0: kept, and shown to who
 * asks.  We change no frequency ourselves; that is left to hardware and firmware.
 *
 * Lock: states_lock, for the list; an entry is never removed, and is replaced as a whole.
 */
#include <lib/math.h>
#include <lib/string.h>
#include <public/platform.h>
#include <x86/cpu.h>
#include <xen/control.h>
#include <xen/guest_access.h>
#include <xen/heap.h>
#include <xen/smp.h>
#include <xen/spinlock.h>

#include "private.h"

#define MAX_PX 32
#define MAX_CX 16

struct power_states {
    uint32_t acpi_id;
    uint32_t nr_px, nr_cx;
    uint32_t platform_limit;            /* the fastest state allowed now */
    struct xen_processor_px px[MAX_PX];
    struct power_states *next;
};

static DEFINE_SPINLOCK(states_lock, LOCK_POOL);
static struct power_states *all;

static struct power_states *find(uint32_t acpi_id)
{
    struct power_states *s = all;
    while (s && s->acpi_id != acpi_id)
        s = s->next;
    return s;
}

static bool is_known(uint32_t acpi_id)
{
    for (unsigned int cpu = 0; cpu < cpu_count; cpu++)
        if (cpu_acpi_id[cpu] == acpi_id)
            return true;
    return false;
}

/* The entry for a processor, made if need be. */
static struct power_states *entry_of(uint32_t acpi_id, struct power_states *spare)
{
    struct power_states *s = find(acpi_id);
    if (s)
        return s;
    spare->acpi_id = acpi_id;
    spare->next = all;
    all = spare;
    return spare;
}

static void set_px(struct power_states *s, const struct xen_processor_performance *p,
                   const struct xen_processor_px *px)
{
    if (p->flags & XEN_PX_PSS) {
        s->nr_px = p->state_count;
        memcpy(s->px, px, p->state_count * sizeof(*px));
    }
    if (p->flags & XEN_PX_PPC)
        s->platform_limit = p->platform_limit;
}

static int set_states(const struct xenpf_set_processor_pminfo *info, struct power_states *spare)
{
    const struct xen_processor_performance *p = &info->u.perf;
    bool has_px = info->type == XEN_PM_PX && (p->flags & XEN_PX_PSS);

    if (has_px && (!p->state_count || p->state_count > MAX_PX))
        return -EINVAL;
    if (info->type == XEN_PM_CX && info->u.power.count > MAX_CX)
        return -EINVAL;
    struct xen_processor_px *px =
        has_px ? new_array(struct xen_processor_px, p->state_count) : NULL;
    if (has_px && !px)
        return -ENOMEM;
    int rc = has_px && copy_from_guest_va(px, (uint64_t)p->states.p,
                                          p->state_count * sizeof(*px)) ? -EFAULT : 0;
    if (!rc) {
        spin_lock(&states_lock);
        struct power_states *s = entry_of(info->id, spare);
        if (info->type == XEN_PM_CX)
            s->nr_cx = info->u.power.count;
        else
            set_px(s, p, px);
        spin_unlock(&states_lock);
    }
    pool_free(px);
    return rc;
}

long power_states_set(const struct xenpf_set_processor_pminfo *info)
{
    if (info->type == XEN_PM_PDC)
        return 0;                       /* whatever dom0 can do, it may */
    if (info->type != XEN_PM_CX && info->type != XEN_PM_PX)
        return -EINVAL;
    if (!is_known(info->id))
        return -EINVAL;
    struct power_states *spare = new(struct power_states);
    if (!spare)
        return -ENOMEM;
    int rc = set_states(info, spare);
    spin_lock(&states_lock);
    bool is_used = find(info->id) == spare;
    spin_unlock(&states_lock);
    if (!is_used)
        pool_free(spare);
    return rc;
}

/* How many states there are; how long each was used, and when it changed, nobody counts. */
int sysctl_power_states(struct xen_sysctl *op)
{
    struct xen_sysctl_get_pmstat *q = &op->u.get_pmstat;

    if (q->cpuid >= cpu_count || !cpu_is_online(q->cpuid))
        return -EINVAL;
    spin_lock(&states_lock);
    const struct power_states *s = find(cpu_acpi_id[q->cpuid]);
    uint32_t nr_px = s ? s->nr_px : 0, nr_cx = s ? s->nr_cx : 0;
    spin_unlock(&states_lock);
    switch (q->type) {
    case PMSTAT_get_max_px:
        if (!nr_px)
            return -ENODEV;
        q->u.getpx.total = nr_px;
        return 0;
    case PMSTAT_get_max_cx:
        if (!nr_cx)
            return -ENODEV;
        q->u.getcx.nr = nr_cx;
        return 0;
    default:
        return -ENOSYS;
    }
}
