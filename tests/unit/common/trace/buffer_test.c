/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Trace buffers of a machine with many CPUs: where their lists of frames lie, what is shared with
 * whom, which sizes are refused, what is recorded under which masks; and the records of events that
 * are more than a few words.
 *
 * sources: xen/lib/bitmap.c xen/lib/format.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* The real one: tests of other rooms have a fake of that name. */
#include "xen/include/xen/trace.h"

#include "fake/machine.h"

#include "xen/common/trace/ring.c"
#include "xen/common/trace/events.c"
#include "xen/common/trace/buffer.c"

unsigned int cpu_count;
struct cpumask cpu_online;
struct domain *system_domain_xen;
DEFINE_PER_CPU(uint32_t, softirq_pending);
unsigned long percpu_offset[MAX_CPUS];

static struct domain xen_domain, guest = { .id = 7 };
static struct vcpu vcpu = { .domain = &guest, .vcpu_id = 3 };
static uint32_t next_frame;
static unsigned int pages_out, fail_after, shared_rw, shared_ro, virqs;
static uint64_t ticks;
static void (*softirq)(void);

void *alloc_pages(unsigned int order, unsigned int flags)
{
    (void)flags;
    if (!fail_after)
        return NULL;
    fail_after--;
    uint8_t *p = mfn_to_virt(mfn_of(next_frame));
    next_frame += 1u << order;
    pages_out += 1u << order;
    memset(p, 0, PAGE_SIZE << order);
    return p;
}

void free_pages(void *p, unsigned int order)
{
    (void)p;
    pages_out -= 1u << order;
}

void *pool_zalloc_array(size_t size, size_t n)
{
    void *p = aligned_alloc(64, size * n);
    return p ? memset(p, 0, size * n) : NULL;
}

void pool_free(void *p) { free(p); }
uint64_t time_ticks(void) { return ticks++; }
unsigned long arch_irq_save(void) { return 0; }
void arch_irq_restore(unsigned long flags) { (void)flags; }
void event_send_global_virq(unsigned int virq) { virqs += virq == VIRQ_TBUF; }

void softirq_set_handler(enum softirq nr, void (*handler)(void))
{
    assert_int_equal(nr, SOFTIRQ_TRACE);
    softirq = handler;
}

void frame_share_with(struct frame *f, struct domain *d, bool ro)
{
    (void)f;
    assert_ptr_equal(d, &xen_domain);
    *(ro ? &shared_ro : &shared_rw) += 1;
}

int bitmap_from_guest(unsigned long *map, unsigned int nr_bits, const struct xenctl_bitmap *from)
{
    bitmap_zero(map, nr_bits);
    for (unsigned int i = 0; i < from->nr_bits; i++)
        if (from->bitmap.p[i / 8] >> (i % 8) & 1)
            bitmap_set(map, i);
    return 0;
}

/* ---- */

static int setup(void **state)
{
    (void)state;
    if (rings)
        free_buffers();
    info = NULL;
    next_frame = 1 << 10;
    pages_out = shared_rw = shared_ro = virqs = 0;
    fail_after = ~0u;
    cpu_count = 1;
    fake_cpu = 0;
    fake_current = &vcpu;
    system_domain_xen = &xen_domain;
    opt_pages = 0;
    opt_mask = TRC_ALL;
    trace_mask = 0;
    trace_init();
    return 0;
}

static long tbuf(uint32_t cmd, uint32_t value)
{
    struct xen_sysctl op = { .u.tbuf_op = { .cmd = cmd, .size = value, .evt_mask = value } };

    return sysctl_tbuf(&op);
}

static void layout_of(unsigned int cpus, unsigned int pages)
{
    setup(NULL);
    cpu_count = cpus;
    assert_int_equal(tbuf(XEN_SYSCTL_TBUFOP_set_size, pages), 0);
    struct xen_sysctl op = { .u.tbuf_op = { .cmd = XEN_SYSCTL_TBUFOP_get_info } };
    assert_int_equal(sysctl_tbuf(&op), 0);
    const struct t_info *t = mfn_to_virt(mfn_of(op.u.tbuf_op.buffer_mfn));
    const uint32_t *words = (const uint32_t *)t;
    unsigned int end = (unsigned int)((2 + 2 * cpus + 3) / 4);

    assert_int_equal(t->tbuf_size, pages);
    assert_int_equal(op.u.tbuf_op.size % PAGE_SIZE, 0);
    for (unsigned int cpu = 0; cpu < cpus; cpu++) {
        assert_true(t->mfn_offset[cpu] >= end);         /* behind what came before */
        end = t->mfn_offset[cpu] + pages;
        for (unsigned int i = 0; i < pages; i++)
            assert_int_equal(words[t->mfn_offset[cpu] + i],
                             mfn_nr(virt_to_mfn(rings[cpu].buf)) + i);
    }
    assert_true(end * 4 <= op.u.tbuf_op.size);
    assert_int_equal(shared_rw, cpus * pages);
    assert_int_equal(shared_ro, op.u.tbuf_op.size >> PAGE_SHIFT);
    assert_int_equal(pages_out, shared_rw + shared_ro);         /* what was too much went back */
}

static void layouts(void **state)
{
    (void)state;
    layout_of(1, 1);
    layout_of(1, 32);
    layout_of(2, 5);
    layout_of(3, 1000);
    layout_of(128, 33);
    layout_of(1000, 60);
}

static void sizes_refused(void **state)
{
    (void)state;
    assert_int_equal(tbuf(XEN_SYSCTL_TBUFOP_enable, 0), -EINVAL);
    assert_int_equal(tbuf(XEN_SYSCTL_TBUFOP_set_size, 0), -EINVAL);
    assert_int_equal(tbuf(XEN_SYSCTL_TBUFOP_set_size, UINT32_MAX), -EINVAL);
    cpu_count = 100;
    assert_int_equal(tbuf(XEN_SYSCTL_TBUFOP_set_size, 656), -EINVAL);
    assert_int_equal(tbuf(99, 0), -EINVAL);
    assert_int_equal(pages_out, 0);
    assert_int_equal(tbuf(XEN_SYSCTL_TBUFOP_set_size, 4), 0);
    assert_int_equal(tbuf(XEN_SYSCTL_TBUFOP_set_size, 4), 0);
    assert_int_equal(tbuf(XEN_SYSCTL_TBUFOP_set_size, 5), -EBUSY);
}

/* Whichever allocation fails, nothing is kept, and it can be tried again. */
static void memory_is_short(void **state)
{
    (void)state;
    cpu_count = 8;
    for (unsigned int n = 0; n < 9; n++) {
        fail_after = n;
        assert_int_equal(tbuf(XEN_SYSCTL_TBUFOP_set_size, 3), -ENOMEM);
        assert_int_equal(pages_out, 0);
        assert_int_equal(tbuf(XEN_SYSCTL_TBUFOP_enable, 0), -EINVAL);
    }
    fail_after = 9;
    assert_int_equal(tbuf(XEN_SYSCTL_TBUFOP_set_size, 3), 0);
}

static uint32_t used_by(unsigned int cpu) { return rings[cpu].prod; }

static void masks(void **state)
{
    (void)state;
    cpu_count = 2;
    assert_int_equal(tbuf(XEN_SYSCTL_TBUFOP_set_size, 4), 0);
    trace_1(TRC_SCHED_DOM_ADD, 1);
    assert_int_equal(used_by(0), 0);
    assert_int_equal(tbuf(XEN_SYSCTL_TBUFOP_set_evt_mask, TRC_SCHED_MIN), 0);
    assert_false(trace_enabled());
    assert_int_equal(tbuf(XEN_SYSCTL_TBUFOP_enable, 0), 0);
    trace_1(TRC_SCHED_DOM_ADD, 1);              /* of another subclass */
    trace_1(TRC_MEM_PAGE_GRANT_MAP, 1);
    assert_int_equal(used_by(0), 0);
    trace_runstate(&vcpu, 0, 0);                /* no change */
    assert_int_equal(used_by(0), 0);
    trace_runstate(&vcpu, 0, 2);
    assert_int_equal(used_by(0), 16);
    fake_cpu = 1;
    trace_runstate(&vcpu, 2, 1);
    assert_int_equal(used_by(1), 16);

    uint8_t second = 2;
    struct xen_sysctl op = { .u.tbuf_op = { .cmd = XEN_SYSCTL_TBUFOP_set_cpu_mask,
                                            .cpu_mask.nr_bits = 8 } };
    op.u.tbuf_op.cpu_mask.bitmap.p = &second;
    assert_int_equal(sysctl_tbuf(&op), 0);
    trace_runstate(&vcpu, 1, 0);
    fake_cpu = 0;
    trace_runstate(&vcpu, 1, 0);
    assert_int_equal(used_by(0), 16);
    assert_int_equal(used_by(1), 32);
    assert_int_equal(tbuf(XEN_SYSCTL_TBUFOP_disable, 0), 0);
    fake_cpu = 1;
    trace_runstate(&vcpu, 1, 0);
    assert_int_equal(used_by(1), 32);
}

static void from_boot(void **state)
{
    (void)state;
    opt_pages = 1;
    opt_mask = TRC_MEM;
    trace_init();
    trace_1(TRC_SCHED_DOM_ADD, 1);
    assert_int_equal(used_by(0), 0);
    for (unsigned int i = 0; i < 200; i++)
        trace_1(TRC_MEM_PAGE_GRANT_MAP, 1);
    assert_true(this_cpu(softirq_pending) & 1u << SOFTIRQ_TRACE);
    softirq();
    assert_int_equal(virqs, 1);
}

/* ---- Records ---- */

static const uint32_t *last_words(unsigned int n)
{
    return (const uint32_t *)(rings[0].data + rings[0].prod) - n;
}

static void records(void **state)
{
    const uint32_t *w;

    (void)state;
    opt_pages = 4;
    trace_init();
    trace_put_hypercall(TRC_PV_HYPERCALL_V2, __HYPERVISOR_mmu_update,
                        (const uint64_t[]){ 0x1122334455667788, 3, 0x99, 0x7ff0 });
    w = last_words(5);
    assert_int_equal(w[0] & 0xfffff, __HYPERVISOR_mmu_update);
    assert_int_equal(w[0] & TRC_PV_HYPERCALL_V2_ARG_MASK,
                     TRC_PV_HYPERCALL_V2_ARG_64(0) | TRC_PV_HYPERCALL_V2_ARG_32(1) |
                         TRC_PV_HYPERCALL_V2_ARG_32(3));
    assert_int_equal(w[1], 0x55667788);
    assert_int_equal(w[2], 0x11223344);
    assert_int_equal(w[3], 3);
    assert_int_equal(w[4], 0x7ff0);
    /* Every number a guest can think of, with the longest record. */
    static const uint64_t all_ones[] = { ~0ull, ~0ull, ~0ull, ~0ull }, zeros[4];
    for (uint64_t nr = 0; nr < 70; nr++)
        trace_put_hypercall(TRC_PV_HYPERCALL_SUBCALL, nr, all_ones);
    trace_put_hypercall(TRC_PV_HYPERCALL_SUBCALL, ~0ull, zeros);
    assert_int_equal(last_words(1)[0], 0xfffff);
    trace_page_fault(0xaaaabbbbccccdddd, 0x1111222233334444, 6);
    w = last_words(5);
    assert_int_equal(w[1], 0xaaaabbbb);
    assert_int_equal(w[2], 0x33334444);
    assert_int_equal(w[4], 6);
    trace_trap(0x1000, 14, true, 0x10);
    assert_int_equal(last_words(1)[0], 0x10 << 16 | 1 << 15 | 14);
    trace_decrease(9, 0x123456789a, 2);
    w = last_words(3);
    assert_int_equal(w[0], 0x3456789a);
    assert_int_equal(w[1], 0x12);
    assert_int_equal(w[2], 2 << 16 | 9);
    trace_placed(9, 0x11, 0x22, 1);
    w = last_words(6);
    assert_int_equal(w[0], 0x11);
    assert_int_equal(w[2], 0x22);
    assert_int_equal(w[5], 1 << 16 | 9);
    trace_table_write(1, 2, 3);
    assert_int_equal(last_words(6)[4], 3);
    trace_vcpu(TRC_SCHED_WAKE, &vcpu);
    assert_int_equal(last_words(2)[0], 7);
    assert_int_equal(last_words(2)[1], 3);
    trace_put_runstate_kept(&vcpu);
    assert_int_equal(last_words(1)[0], 7 << 16 | 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(layouts, setup),
        cmocka_unit_test_setup(sizes_refused, setup),
        cmocka_unit_test_setup(memory_is_short, setup),
        cmocka_unit_test_setup(masks, setup),
        cmocka_unit_test_setup(from_boot, setup),
        cmocka_unit_test_setup(records, setup),
    };
    fake_machine_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
