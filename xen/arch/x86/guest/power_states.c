/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Performance and idle states of processors as hypercalls see them: dom0 says what ACPI's methods
 * told it, the toolstack asks how states are used and chooses governors (cpu/frequency.c).
 *
 * ACPI's idle states are taken note of and not used: an idle CPU waits in C1, where its timer runs.
 */
#include <lib/format.h>
#include <lib/math.h>
#include <lib/string.h>
#include <x86/cpu.h>
#include <x86/frequency.h>
#include <xen/control.h>
#include <xen/domain.h>
#include <xen/guest_access.h>
#include <xen/heap.h>
#include <xen/sched.h>
#include <xen/smp.h>

#include "private.h"

#define MAX_CX 16
#define USED_CX 2                       /* C0 and C1 */

/* ---- From dom0 ------------------------------------------------------------------------------- */

static int find_cpu(uint32_t acpi_id)
{
    for (unsigned int cpu = 0; cpu < cpu_count; cpu++)
        if (cpu_acpi_id[cpu] == acpi_id)
            return (int)cpu;
    return -EINVAL;
}

static int set_px(unsigned int cpu, const struct xen_processor_performance *p)
{
    struct xen_processor_px px[GOVERNOR_STATES];

    if (p->flags & XEN_PX_PSS) {
        if (p->state_count > GOVERNOR_STATES)
            return -EINVAL;
        if (copy_from_guest_va(px, (uint64_t)p->states.p, p->state_count * sizeof(*px)))
            return -EFAULT;
    }
    return frequency_tell(cpu, p, px);
}

long power_states_set(const struct xenpf_set_processor_pminfo *info)
{
    if (info->type == XEN_PM_PDC)
        return 0;                       /* whatever dom0 can do, it may */
    int cpu = find_cpu(info->id);
    if (cpu < 0)
        return cpu;
    switch (info->type) {
    case XEN_PM_CX: return info->u.power.count > MAX_CX ? -EINVAL : 0;
    case XEN_PM_PX: return set_px((unsigned int)cpu, &info->u.perf);
    default: return -EINVAL;
    }
}

/* ---- How they are used ----------------------------------------------------------------------- */

static int get_px(struct pm_px_stat *q, const struct frequency *f)
{
    uint32_t n = f->policy.count;
    uint32_t room = min((uint32_t)q->total, n);

    for (uint32_t i = 0; i < room; i++) {
        struct pm_px_val v = {
            .freq = f->policy.khz[i] / 1000, .residency = f->residency[i], .count = f->entered[i],
        };
        if (copy_to_guest_offset(q->pt, i, &v, 1) ||
            copy_to_guest_offset(q->trans_pt, (uint64_t)i * room, f->moves[i], room))
            return -EFAULT;
    }
    q->total = (uint8_t)n;
    q->usable = (uint8_t)(n - min(f->policy.fastest, n - 1));
    q->last = (uint8_t)f->last;
    q->cur = (uint8_t)f->policy.state;
    return 0;
}

/* The caller's copy of a CPU's frequency, too large for the stack. */
static int with_frequency(unsigned int cpu, int (*fn)(void *q, const struct frequency *f), void *q)
{
    struct frequency *f = new(struct frequency);
    if (!f)
        return -ENOMEM;
    int rc = frequency_get(cpu, f);
    if (!rc)
        rc = fn(q, f);
    pool_free(f);
    return rc;
}

static int px_stat(void *q, const struct frequency *f)
{
    return get_px(q, f);
}

static int px_total(void *q, const struct frequency *f)
{
    ((struct pm_px_stat *)q)->total = (uint8_t)f->policy.count;
    return 0;
}

static int get_cx(struct pm_cx_stat *q, unsigned int cpu)
{
    uint64_t idle = vcpu_cpu_time(idle_domain->vcpu[cpu]), now = (uint64_t)time_now();
    uint64_t residency[USED_CX] = { now - min(idle, now), idle }, triggers[USED_CX] = { 0 };
    uint32_t room = min(q->nr, (uint32_t)USED_CX);

    if (copy_to_guest_offset(q->residencies, 0, residency, room) ||
        copy_to_guest_offset(q->triggers, 0, triggers, room))
        return -EFAULT;
    q->nr = USED_CX;
    q->last = 1;
    q->idle_time = idle;
    q->nr_pc = q->nr_cc = 0;
    return 0;
}

int sysctl_power_states(struct xen_sysctl *op)
{
    struct xen_sysctl_get_pmstat *q = &op->u.get_pmstat;

    if (q->cpuid >= cpu_count || !cpu_is_online(q->cpuid))
        return -EINVAL;
    switch (q->type) {
    case PMSTAT_get_max_px: return with_frequency(q->cpuid, px_total, &q->u.getpx);
    case PMSTAT_get_pxstat: return with_frequency(q->cpuid, px_stat, &q->u.getpx);
    case PMSTAT_reset_pxstat: frequency_forget_use(q->cpuid); return 0;
    case PMSTAT_get_max_cx: q->u.getcx.nr = USED_CX; return 0;
    case PMSTAT_get_cxstat: return get_cx(&q->u.getcx, q->cpuid);
    default: return -ENOSYS;            /* idle times are the scheduler's, and not reset */
    }
}

/* ---- Governors ------------------------------------------------------------------------------- */

static int copy_frequencies(struct xen_get_cpufreq_para *q, const struct frequency *f)
{
    char names[GOVERNORS * CPUFREQ_NAME_LEN] = "";

    format(names, sizeof(names), "%s %s %s %s", governor_names[0], governor_names[1],
           governor_names[2], governor_names[3]);
    if (copy_to_guest_offset(q->affected_cpus, 0, &f->cpu, 1) ||
        copy_to_guest_offset(q->scaling_available_frequencies, 0, f->policy.khz, q->freq_num) ||
        copy_to_guest_offset(q->scaling_available_governors, 0, names, sizeof(names)))
        return -EFAULT;
    return 0;
}

/* Tools ask twice: for the sizes of the lists, then for all. */
static int get_para(void *arg, const struct frequency *f)
{
    struct xen_get_cpufreq_para *q = arg;
    const struct governor_policy *p = &f->policy;
    bool fits = q->cpu_num == 1 && q->freq_num == p->count && q->gov_num == GOVERNORS;

    q->cpu_num = 1;
    q->freq_num = p->count;
    q->gov_num = GOVERNORS;
    if (!fits)
        return -EAGAIN;
    int rc = copy_frequencies(q, f);
    if (rc)
        return rc;
    strlcpy(q->scaling_driver, f->is_driven ? "acpi-cpufreq" : "none", CPUFREQ_NAME_LEN);
    strlcpy(q->scaling_governor, governor_names[p->governor], CPUFREQ_NAME_LEN);
    q->cpuinfo_cur_freq = q->scaling_cur_freq = p->khz[p->state];
    q->cpuinfo_max_freq = p->khz[0];
    q->cpuinfo_min_freq = p->khz[p->count - 1];
    q->scaling_max_freq = p->max_khz;
    q->scaling_min_freq = p->min_khz;
    q->turbo_enabled = 0;
    if (p->governor == GOVERNOR_USERSPACE)
        q->u.userspace.scaling_setspeed = p->wanted_khz;
    else
        q->u.ondemand = (struct xen_ondemand){
            .sampling_rate_max = FREQUENCY_SAMPLING_MAX_US,
            .sampling_rate_min = FREQUENCY_SAMPLING_MIN_US,
            .sampling_rate = f->sampling_us, .up_threshold = p->up_threshold,
        };
    return 0;
}

static int current_khz(void *khz, const struct frequency *f)
{
    *(uint64_t *)khz = f->policy.khz[f->policy.state];
    return 0;
}

static int set_governor(struct frequency *f, uint64_t governor)
{
    f->policy.governor = (enum governor)governor;
    return 0;
}

/* Type and value in one word. */
static int set_para(struct frequency *f, uint64_t arg)
{
    struct governor_policy *p = &f->policy;
    uint32_t value = (uint32_t)arg;
    bool is_known = value >= p->khz[p->count - 1] && value <= p->khz[0];

    switch (arg >> 32) {
    case SCALING_MAX_FREQ:
        if (!is_known || value < p->min_khz)
            return -EINVAL;
        p->max_khz = value;
        return 0;
    case SCALING_MIN_FREQ:
        if (!is_known || value > p->max_khz)
            return -EINVAL;
        p->min_khz = value;
        return 0;
    case SCALING_SETSPEED:
        if (!is_known || p->governor != GOVERNOR_USERSPACE)
            return -EINVAL;
        p->wanted_khz = value;
        return 0;
    case SAMPLING_RATE:
        if (p->governor != GOVERNOR_ONDEMAND || value < FREQUENCY_SAMPLING_MIN_US ||
            value > FREQUENCY_SAMPLING_MAX_US)
            return -EINVAL;
        f->sampling_us = value;
        return 0;
    case UP_THRESHOLD:
        if (p->governor != GOVERNOR_ONDEMAND || value < 11 || value > 100)
            return -EINVAL;
        p->up_threshold = value;
        return 0;
    default:
        return -EINVAL;
    }
}

static int governor_of(const struct xen_set_cpufreq_gov *q)
{
    char name[CPUFREQ_NAME_LEN + 1] = "";

    memcpy(name, q->scaling_governor, CPUFREQ_NAME_LEN);
    return governor_by_name(name);
}

int sysctl_power_op(struct xen_sysctl *op)
{
    struct xen_sysctl_pm_op *q = &op->u.pm_op;

    if (q->cmd == XEN_SYSCTL_pm_op_get_max_cstate) {
        q->u.get_max_cstate = USED_CX - 1;
        return 0;
    }
    if (q->cpuid >= cpu_count || !cpu_is_online(q->cpuid))
        return -EINVAL;
    switch (q->cmd) {
    case GET_CPUFREQ_PARA:
        return with_frequency(q->cpuid, get_para, &q->u.get_para);
    case GET_CPUFREQ_AVGFREQ:
        return with_frequency(q->cpuid, current_khz, &q->u.get_avgfreq);
    case SET_CPUFREQ_GOV: {
        int governor = governor_of(&q->u.set_gov);
        return governor < 0 ? -EINVAL
                            : frequency_change(q->cpuid, set_governor, (uint64_t)governor);
    }
    case SET_CPUFREQ_PARA:
        return frequency_change(q->cpuid, set_para, (uint64_t)q->u.set_para.ctrl_type << 32 |
                                                    q->u.set_para.ctrl_value);
    default:
        return -ENOSYS;
    }
}
