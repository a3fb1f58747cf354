/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The trace buffers: one ring per processor, and a page that says where they are, for dom0 to map
 * from DOMID_XEN.  Made once, by tbuf_size= or the first XEN_SYSCTL_TBUFOP_set_size, and never
 * freed: so a CPU may still write while tracing is being switched off.
 *
 * Lock: control_lock for what sysctls change; each ring belongs to its CPU with interrupts off.
 */
#include <lib/bitmap.h>
#include <lib/math.h>
#include <xen/arch.h>
#include <xen/bitops.h>
#include <xen/control.h>
#include <xen/frame.h>
#include <xen/heap.h>
#include <xen/options.h>
#include <xen/printk.h>
#include <xen/softirq.h>
#include <xen/trace.h>

#include "private.h"

static unsigned int opt_pages;
OPTION_UINT(tbuf_size, "tbuf_size", opt_pages);

static uint32_t opt_mask = TRC_ALL;
OPTION_UINT(tevt_mask, "tevt_mask", opt_mask);

uint32_t trace_mask read_mostly;

static DEFINE_SPINLOCK(control_lock, LOCK_DOMCTL);
static uint32_t wanted = TRC_ALL;       /* trace_mask while tracing is on */
static struct cpumask traced;           /* CPUs that record */
static struct t_info *info;             /* NULL: there are no buffers; written once, then theirs */
static unsigned int info_pages, buffer_pages;
static struct trace_ring *rings;        /* by CPU; there before trace_mask is not 0 */

/* ---- Recording ---- */

static bool is_wanted(uint32_t event)
{
    uint32_t mask = read_once(trace_mask) & event;

    return (mask & 0x0fff0000) && (mask & 0xf000) &&
           test_bit(smp_cpu(), traced.bits);
}

void trace_write(uint32_t event, unsigned int words, const uint32_t *data)
{
    if (!is_wanted(event))
        return;
    const struct vcpu *v = current;
    unsigned long flags = arch_irq_save();
    const struct trace_record rec = {
        .event = event, .vcpu = v->domain->id | v->vcpu_id << 16, .ticks = time_ticks(),
        .words = words, .data = data,
    };

    if (ring_put(&rings[smp_cpu()], &rec))
        softirq_raise(SOFTIRQ_TRACE);
    arch_irq_restore(flags);
}

/* Not at once: whoever traces may hold any lock. */
static void tell_reader(void) { event_send_global_virq(VIRQ_TBUF); }

/* ---- Buffers ---- */

static void free_buffers(void)
{
    for (unsigned int cpu = 0; cpu < cpu_count; cpu++) {
        const struct trace_ring *r = &rings[cpu];
        for (unsigned int i = 0; r->buf && i < buffer_pages; i++)
            free_pages((uint8_t *)r->buf + i * PAGE_SIZE, 0);
    }
    pool_free(rings);
    rings = NULL;
}

/* n pages in a row, of a block that may be larger: what is too much goes back. */
static void *alloc_row(unsigned int n)
{
    unsigned int order = 0;

    while (1u << order < n)
        order++;
    uint8_t *p = alloc_pages(order, HEAP_ZERO);
    for (unsigned int i = n; p && i < 1u << order; i++)
        free_pages(p + i * PAGE_SIZE, 0);
    return p;
}

static int alloc_rings(void)
{
    rings = new_array(struct trace_ring, cpu_count);
    if (!rings)
        return -ENOMEM;
    for (unsigned int cpu = 0; cpu < cpu_count; cpu++) {
        void *p = alloc_row(buffer_pages);
        if (!p) {
            free_buffers();
            return -ENOMEM;
        }
        ring_init(&rings[cpu], p, buffer_pages << PAGE_SHIFT);
    }
    return 0;
}

/* The first list of frames begins behind the offsets, in words. */
static unsigned int first_list(void)
{
    return (unsigned int)div_round_up((1 + cpu_count) * sizeof(uint16_t), sizeof(uint32_t));
}

static void describe_and_share(struct t_info *t)
{
    uint32_t *list = (uint32_t *)t;

    t->tbuf_size = (uint16_t)buffer_pages;
    for (unsigned int cpu = 0; cpu < cpu_count; cpu++) {
        unsigned int at = first_list() + cpu * buffer_pages;
        t->mfn_offset[cpu] = (uint16_t)at;
        struct frame *f = virt_to_frame(rings[cpu].buf);
        for (unsigned int i = 0; i < buffer_pages; i++) {
            list[at + i] = (uint32_t)mfn_nr(frame_to_mfn(&f[i]));
            frame_share_with(&f[i], system_domain_xen, false);
        }
    }
    struct frame *f = virt_to_frame(t);
    for (unsigned int i = 0; i < info_pages; i++)
        frame_share_with(&f[i], system_domain_xen, true);
}

/* Offsets into the list are 16 bits wide, which limits all buffers together. */
static int make_buffers(unsigned int pages)
{
    if (info)
        return pages == buffer_pages ? 0 : -EBUSY;
    if (!pages || first_list() + (uint64_t)cpu_count * pages > UINT16_MAX)
        return -EINVAL;
    buffer_pages = pages;
    info_pages = (unsigned int)div_round_up((first_list() + cpu_count * pages) * sizeof(uint32_t),
                                            PAGE_SIZE);
    struct t_info *t = alloc_row(info_pages);
    if (!t)
        return -ENOMEM;
    int rc = alloc_rings();
    if (rc) {
        for (unsigned int i = 0; i < info_pages; i++)
            free_pages((uint8_t *)t + i * PAGE_SIZE, 0);
        return rc;
    }
    describe_and_share(t);
    info = t;
    return 0;
}

/* ---- Control ---- */

static void get_info(struct xen_sysctl_tbuf_op *op)
{
    op->evt_mask = wanted;
    op->buffer_mfn = info ? mfn_nr(virt_to_mfn(info)) : 0;
    op->size = info ? info_pages << PAGE_SHIFT : 0;
}

/* Under control_lock. */
static int control(struct xen_sysctl_tbuf_op *op)
{
    switch (op->cmd) {
    case XEN_SYSCTL_TBUFOP_get_info: get_info(op); return 0;
    case XEN_SYSCTL_TBUFOP_set_cpu_mask:
        return bitmap_from_guest(traced.bits, cpu_count, &op->cpu_mask);
    case XEN_SYSCTL_TBUFOP_set_evt_mask:
        wanted = op->evt_mask;
        if (trace_mask)
            write_once(trace_mask, wanted);
        return 0;
    case XEN_SYSCTL_TBUFOP_set_size: return make_buffers(op->size);
    case XEN_SYSCTL_TBUFOP_enable:
        if (!info)
            return -EINVAL;
        write_once(trace_mask, wanted);
        return 0;
    case XEN_SYSCTL_TBUFOP_disable: write_once(trace_mask, 0); return 0;
    default: return -EINVAL;
    }
}

int sysctl_tbuf(struct xen_sysctl *op)
{
    spin_lock(&control_lock);
    int rc = control(&op->u.tbuf_op);
    spin_unlock(&control_lock);
    return rc;
}

void trace_init(void)
{
    softirq_set_handler(SOFTIRQ_TRACE, tell_reader);
    bitmap_fill(traced.bits, MAX_CPUS);
    wanted = opt_mask;
    if (!opt_pages)
        return;
    int rc = make_buffers(opt_pages);
    if (rc) {
        log_warn("trace: no buffers of %u pages for %u CPUs (%d)\n", opt_pages, cpu_count, rc);
        return;
    }
    log_info("trace: %u pages for each CPU\n", buffer_pages);
    write_once(trace_mask, wanted);
}
