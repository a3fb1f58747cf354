/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The type of a frame: what may follow what, and that nobody gets at a frame while it changes its
 * kind: not before TLBs have forgotten its last use, nor before its contents were checked.
 *
 * sources: xen/lib/bitmap.c xen/lib/format.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "fake/machine.h"

#include "xen/arch/x86/mm/frame_type.c"

static struct domain d = { .id = 7, .dirty_cpus = &(struct cpumask){ { 1 } } };
static struct frame *f;
static unsigned int flushes, validations, invalidations;
static int verdict;                     /* of the next validation */
static unsigned int preempt_at;         /* the validation of this number is preempted */

uint32_t tlb_clock = 1;
struct domain *domain_by_id_unlocked(domid_t id) { return id == d.id ? &d : NULL; }
void frame_put(struct frame *frame) { frame->count--; }

/* Whatever this frame is to be, it is that for nobody yet. */
static void expect_closed(const struct frame *frame)
{
    assert_true(frame->type & FRAME_TABLE_LOCK);
    assert_false(frame->type & FRAME_VALIDATED);
    assert_int_equal(frame->type & FRAME_TYPE_REFS_MASK, 1);
}

void tlb_flush_for_reuse(const struct frame *frame, unsigned int order, const struct cpumask *mask)
{
    assert_ptr_equal(mask, d.dirty_cpus);
    assert_int_equal(order, 0);
    expect_closed(frame);
    flushes++;
}

int pv_table_validate(struct domain *owner, struct frame *frame, enum frame_kind kind,
                      bool preemptible)
{
    assert_ptr_equal(owner, &d);
    assert_true(frame->type & FRAME_TABLE_LOCK);
    assert_false(frame->type & FRAME_VALIDATED);
    validations++;
    if (preemptible && validations == preempt_at) {
        frame->aux = 5;
        return -ERESTART;
    }
    return verdict;
}

int pv_table_invalidate(struct domain *owner, struct frame *frame, enum frame_kind kind,
                        bool preemptible)
{
    expect_closed(frame);
    invalidations++;
    return 0;
}

int pv_descriptors_validate(struct frame *frame) { validations++; return verdict; }

static int setup(void **state)
{
    (void)state;
    f = mfn_to_frame(mfn_of(0x1234));
    *f = (struct frame){ .count = (uint64_t)d.id << FRAME_OWNER_SHIFT | 1 };
    flushes = validations = invalidations = preempt_at = 0;
    verdict = 0;
    return 0;
}

static void test_one_kind_at_a_time(void **state)
{
    (void)state;
    assert_int_equal(frame_get_type(f, FRAME_KIND_WRITABLE), 0);
    assert_int_equal(flushes, 0);                       /* nobody used it before */
    assert_int_equal(frame_get_type(f, FRAME_KIND_WRITABLE), 0);
    assert_int_equal(frame_get_type(f, FRAME_KIND_L1), -EINVAL);
    frame_put_type(f);
    assert_int_equal(frame_get_type(f, FRAME_KIND_L1), -EINVAL);
    frame_put_type(f);
    assert_int_equal(frame_get_type(f, FRAME_KIND_L1), 0);
    assert_int_equal(flushes, 1);
    assert_int_equal(validations, 1);
    assert_int_equal(frame_get_type(f, FRAME_KIND_L1), 0);
    assert_int_equal(frame_get_type(f, FRAME_KIND_L2), -EINVAL);
    assert_int_equal(frame_get_type(f, FRAME_KIND_WRITABLE), -EINVAL);
    assert_int_equal(validations, 1);
    frame_put_type(f);
    frame_put_type(f);
    assert_int_equal(invalidations, 1);
}

/* The flush itself looks that the frame is closed: expect_closed(). */
static void test_a_table_becomes_writable(void **state)
{
    (void)state;
    assert_int_equal(frame_get_type(f, FRAME_KIND_L1), 0);
    frame_put_type(f);
    assert_int_equal(frame_get_type(f, FRAME_KIND_WRITABLE), 0);
    assert_int_equal(flushes, 1);
    assert_int_equal(f->type, FRAME_TYPE(FRAME_KIND_WRITABLE) | FRAME_VALIDATED | 1);
    frame_put_type(f);
    assert_int_equal(frame_get_type(f, FRAME_KIND_WRITABLE), 0);
    assert_int_equal(flushes, 1);                       /* the same kind again */
}

static void test_bad_contents(void **state)
{
    (void)state;
    verdict = -EINVAL;
    assert_int_equal(frame_get_type(f, FRAME_KIND_L3), -EINVAL);
    assert_int_equal(f->type & FRAME_TYPE_REFS_MASK, 0);
    assert_false(f->type & (FRAME_TABLE_LOCK | FRAME_VALIDATED));
    assert_int_equal(frame_get_type(f, FRAME_KIND_DESCRIPTOR), -EINVAL);
    assert_int_equal(frame_get_type(f, FRAME_KIND_WRITABLE), 0);
    assert_int_equal(f->count & FRAME_REFS_MASK, 1);
}

static void test_preempted(void **state)
{
    (void)state;
    preempt_at = 1;
    assert_int_equal(frame_get_type_preemptible(f, FRAME_KIND_L4), -ERESTART);
    assert_true(f->type & FRAME_PARTIAL_GET);
    assert_int_equal(f->count & FRAME_REFS_MASK, 2);    /* for whoever goes on */
    assert_int_equal(frame_get_type(f, FRAME_KIND_WRITABLE), -EINVAL);
    assert_int_equal(f->aux, 5);
    assert_int_equal(frame_get_type_preemptible(f, FRAME_KIND_L4), 0);
    assert_int_equal(f->type, FRAME_TYPE(FRAME_KIND_L4) | FRAME_VALIDATED | 1);
    assert_int_equal(f->count & FRAME_REFS_MASK, 1);
    frame_put_type(f);
    assert_int_equal(f->type & FRAME_TYPE_REFS_MASK, 0);
}

static void test_overflow(void **state)
{
    (void)state;
    f->type = FRAME_TYPE(FRAME_KIND_WRITABLE) | FRAME_VALIDATED | (FRAME_TYPE_REFS_MASK - 1);
    assert_int_equal(frame_get_type(f, FRAME_KIND_WRITABLE), -EINVAL);
    f->type = FRAME_TYPE(FRAME_KIND_WRITABLE);
    assert_true(fake_panics(frame_put_type(f)));
}

int main(void)
{
    fake_machine_start();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_one_kind_at_a_time, setup),
        cmocka_unit_test_setup(test_a_table_becomes_writable, setup),
        cmocka_unit_test_setup(test_bad_contents, setup),
        cmocka_unit_test_setup(test_preempted, setup),
        cmocka_unit_test_setup(test_overflow, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
