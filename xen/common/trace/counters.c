/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Performance counters as the control domain and the console's keys see them; linked with perfc=y
 * only.  A CPU counts in its own row without atomicity: an interrupt that counts the same thing at
 * the same moment may be missed.
 */
#include <lib/math.h>
#include <lib/string.h>
#include <xen/console.h>
#include <xen/control.h>
#include <xen/guest_access.h>
#include <xen/perf.h>
#include <xen/printk.h>
#include <xen/smp.h>

DEFINE_PER_CPU(uint32_t[PERF_VALUES], perf_values);

static const struct counter {
    const char *text;
    uint16_t first, n;
} counters[] = {
#define PERF(name, n, text) { text, PERF_##name, n },
    PERF_COUNTERS
#undef PERF
};

/* A list of things is summed over CPUs; a single one is a list of CPUs. */
static unsigned int nr_values(const struct counter *c)
{
    return c->n > 1 ? c->n : cpu_count;
}

static uint32_t value_on(unsigned int cpu, unsigned int i)
{
    return cpu_is_online(cpu) ? per_cpu(perf_values, cpu)[i] : 0;
}

static uint32_t sum_of(unsigned int i)
{
    uint32_t sum = 0;

    for_each_online_cpu(cpu)
        sum += value_on(cpu, i);
    return sum;
}

static void reset(void)
{
    for_each_online_cpu(cpu)
        memset(per_cpu(perf_values, cpu), 0, sizeof(per_cpu(perf_values, cpu)));
}

static int copy_values(const struct xen_sysctl_perfc_op *op, const struct counter *c, uint32_t at)
{
    for (unsigned int i = 0; i < nr_values(c); i++) {
        uint32_t value = c->n > 1 ? sum_of(c->first + i) : value_on(i, c->first);
        if (copy_to_guest_offset(op->val, at + i, &value, 1))
            return -EFAULT;
    }
    return 0;
}

/* The caller asks for the numbers first, with null handles, and makes room. */
static int query(struct xen_sysctl_perfc_op *op)
{
    bool want_desc = !guest_handle_is_null(op->desc), want_values = !guest_handle_is_null(op->val);
    uint32_t at = 0;

    for (unsigned int i = 0; i < ARRAY_SIZE(counters); i++) {
        struct xen_sysctl_perfc_desc desc = { .nr_vals = nr_values(&counters[i]) };
        strlcpy(desc.name, counters[i].text, sizeof(desc.name));
        if (want_desc && copy_to_guest_offset(op->desc, i, &desc, 1))
            return -EFAULT;
        int rc = want_values ? copy_values(op, &counters[i], at) : 0;
        if (rc)
            return rc;
        at += desc.nr_vals;
    }
    op->nr_counters = ARRAY_SIZE(counters);
    op->nr_vals = at;
    return 0;
}

int sysctl_perfc(struct xen_sysctl *op)
{
    switch (op->u.perfc_op.cmd) {
    case XEN_SYSCTL_PERFCOP_query: return query(&op->u.perfc_op);
    case XEN_SYSCTL_PERFCOP_reset: reset(); return query(&op->u.perfc_op);
    default: return -EINVAL;
    }
}

static void key_show(unsigned char key)
{
    log_always("'%c' pressed -> performance counters\n", key);
    for (unsigned int i = 0; i < ARRAY_SIZE(counters); i++) {
        const struct counter *c = &counters[i];
        uint64_t total = 0;
        for (unsigned int k = 0; k < c->n; k++)
            total += sum_of(c->first + k);
        log_always("%-40s total %10lu\n", c->text, total);
        for (unsigned int k = 0; c->n > 1 && k < c->n; k++)
            if (sum_of(c->first + k))
                log_always("    [%2u] %10u\n", k, sum_of(c->first + k));
    }
}

static void key_reset(unsigned char key)
{
    log_always("'%c' pressed -> performance counters reset\n", key);
    reset();
}

void perf_init(void)
{
    key_register('p', key_show, "print performance counters");
    key_register('P', key_reset, "reset performance counters");
}
