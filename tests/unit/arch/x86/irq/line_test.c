/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Vectors, lines and pirqs on a machine of two CPUs whose controllers only take notes: who is told,
 * when a line is masked, and that every pair, number and slot comes back.
 *
 * sources: xen/lib/bitmap.c xen/lib/format.c
 * flags: -fno-sanitize=object-size,bounds,pointer-overflow
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "fake/machine.h"

#include <xen/percpu.h>
#define this_percpu_offset() percpu_offset[fake_cpu]

#include "xen/arch/x86/irq/vectors.c"
#include "xen/arch/x86/irq/line.c"
#include "xen/arch/x86/irq/pirq.c"

#define CPUS 2

unsigned long percpu_offset[MAX_CPUS];
static uint8_t second_cpu[1 << 16];
static volatile uint8_t lapic_page[4096];
volatile uint8_t *lapic_registers = lapic_page;
bool lapic_is_x2apic, ioapic_in_use = true;
struct cpumask cpu_online, cpu_present, cpu_leaving;
unsigned int cpu_count = CPUS;
uint32_t cpu_apic_id[MAX_CPUS];
struct platform platform;
struct cpu_features cpu_features;

static struct domain domains[2];
static struct vcpu vcpus[2][CPUS];
static unsigned int events[2][64];      /* by domain and port */
static unsigned int acks, retargets, freed_msi, group_size;
static bool retarget_works;

void lock_check_irq_enter(void) {}
void lock_check_irq_exit(void) {}
void lapic_timer_interrupt(void) {}
void ipi_call_arrived(void) {}
bool i8259_is_spurious(unsigned int irq) { return irq == 7; }
void i8259_init(void) {}
void i8259_wire(struct irq_desc *desc) { (void)desc; }
void ioapic_init(void) {}
unsigned int ioapic_gsi_end(void) { return 24; }
void ioapic_program(struct irq_desc *desc) { (void)desc; }
void dump_init(void) {}
void panic(const char *fmt, ...) { (void)fmt; abort(); }
void *pool_zalloc(size_t size) { return calloc(1, size); }
void *pool_zalloc_array(size_t size, size_t n) { return calloc(n, size); }
void pool_free(void *p) { free(p); }
struct frame *arch_gfn_to_frame(struct domain *d, gfn_t g) { (void)d, (void)g; return NULL; }
int frame_get_type(struct frame *f, enum frame_kind kind) { (void)f, (void)kind; return -EINVAL; }
void frame_put(struct frame *f) { (void)f; }
void frame_put_and_type(struct frame *f) { (void)f; }

/* Time passes in hardware: the line may move at last. */
static unsigned int until_it_works;
void udelay(unsigned int us)
{
    (void)us;
    retarget_works |= until_it_works > 0 && --until_it_works == 0;
}

void event_send_pirq(struct domain *d, unsigned int port)
{
    assert_in_range(port, 1, 63);
    events[d - domains][port]++;
}

static void note_mask(struct irq_desc *desc) { desc->masked = true; }
static void note_unmask(struct irq_desc *desc) { desc->masked = false; }
static void note_ack(struct irq_desc *desc) { (void)desc; acks++; }

static bool note_retarget(struct irq_desc *desc, unsigned int cpu, uint8_t vector)
{
    if (!retarget_works)
        return false;
    retargets++;
    desc->cpu = cpu;
    desc->vector = vector;
    return true;
}

static const struct irq_chip chip = { "notes", note_mask, note_unmask, note_ack, note_retarget };

void ioapic_wire(struct irq_desc *desc)
{
    desc->chip = desc->irq == 5 ? NULL : &chip;
    desc->level = desc->irq >= 16;
}

unsigned int msi_group(unsigned int irq, unsigned int *count)
{
    *count = group_size;
    return irq - (irq - irq_gsi_count) % group_size;
}

void msi_free(unsigned int first)
{
    freed_msi++;
    irq_free_msi_lines(first, group_size);
}

static unsigned int vectors_used(void)
{
    unsigned int n = 0;
    for (unsigned int cpu = 0; cpu < CPUS; cpu++) {
        for (unsigned int v = 0; v < VECTORS; v++)
            n += per_cpu(line_of_vector, cpu)[v] != NULL;
    }
    return n;
}

static int setup(void **state)
{
    (void)state;
    percpu_offset[1] = (unsigned long)(second_cpu + sizeof(second_cpu) / 2) -
                       (unsigned long)&percpu_line_of_vector;
    memset(&percpu_line_of_vector, 0, sizeof(percpu_line_of_vector));
    memset(second_cpu, 0, sizeof(second_cpu));
    memset(domains, 0, sizeof(domains));
    memset(events, 0, sizeof(events));
    cpu_online.bits[0] = 3;
    cpu_apic_id[1] = 4;
    fake_cpu = acks = retargets = freed_msi = 0;
    group_size = 1;
    retarget_works = true;
    memset(msi_lines_used, 0, sizeof(msi_lines_used));
    irq_init();
    for (unsigned int i = 0; i < 2; i++) {
        domains[i].is_privileged = i == 0;
        spin_lock_init(&domains[i].arch.pirq_lock, LOCK_PIRQ);
        for (unsigned int j = 0; j < CPUS; j++) {
            vcpus[i][j].domain = &domains[i];
            vcpus[i][j].processor = j;
        }
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    pirq_domain_destroy(&domains[0]);
    pirq_domain_destroy(&domains[1]);
    free(lines);
    lines = NULL;
    assert_int_equal(fake_locks_held, 0);
    return 0;
}

/* The line fires where it is aimed at. */
static void fire(unsigned int irq)
{
    struct irq_desc *desc = irq_to_desc(irq);
    struct cpu_user_regs regs = { .entry_vector = desc->vector };
    fake_cpu = desc->cpu;
    irq_dispatch(&regs);
    fake_cpu = 0;
}

static void bind(unsigned int d, unsigned int pirq, unsigned int port, unsigned int cpu)
{
    assert_int_equal(pirq_bind(&vcpus[d][cpu], pirq, port, true), 0);
}

static void test_level(void **state)
{
    (void)state;
    assert_int_equal(pirq_map_lines(&domains[0], 20, 20, 1), 20);
    assert_int_equal(pirq_map_lines(&domains[0], 20, 20, 1), 20);       /* again: the same */
    assert_int_equal(pirq_map_lines(&domains[0], 20, 21, 1), -EBUSY);
    bind(0, 20, 7, 1);
    struct irq_desc *desc = irq_to_desc(20);
    assert_int_equal(desc->cpu, 1);
    assert_false(desc->masked);
    assert_true(pirq_needs_eoi(&domains[0], 20));

    fire(20);
    assert_int_equal(events[0][7], 1);
    assert_true(desc->masked);
    assert_int_equal(acks, 1);
    assert_int_equal(pirq_guest_eoi(&domains[0], 20), 0);
    assert_false(desc->masked);
    assert_int_equal(pirq_guest_eoi(&domains[0], 20), 0);               /* once too often */
    assert_false(desc->masked);

    fire(20);
    pirq_unbind(&domains[0], 20);
    assert_true(desc->masked);
    assert_int_equal(desc->action, IRQ_FREE);
    assert_int_equal(desc->eoi_due, 0);
    fire(20);                                                           /* had left before */
    assert_int_equal(events[0][7], 2);
}

static void test_shared(void **state)
{
    (void)state;
    assert_int_equal(pirq_map_lines(&domains[0], 20, 20, 1), 20);
    assert_int_equal(pirq_map_lines(&domains[1], -1, 20, 1), 20);
    bind(0, 20, 7, 0);
    assert_int_equal(pirq_bind(&vcpus[1][0], 20, 9, false), -EBUSY);
    bind(1, 20, 9, 0);
    fire(20);
    assert_int_equal(events[0][7], 1);
    assert_int_equal(events[1][9], 1);
    assert_int_equal(pirq_guest_eoi(&domains[0], 20), 0);
    assert_true(irq_to_desc(20)->masked);
    pirq_unbind(&domains[1], 20);               /* goes without an answer */
    assert_false(irq_to_desc(20)->masked);
    assert_int_equal(pirq_bind(&vcpus[0][0], 20, 8, true), -EEXIST);
}

static void test_edge(void **state)
{
    (void)state;
    assert_int_equal(pirq_map_lines(&domains[0], 4, 4, 1), 4);
    bind(0, 4, 3, 0);
    for (unsigned int i = 1; i < 4; i++) {
        fire(4);
        assert_int_equal(events[0][3], i);
        assert_false(irq_to_desc(4)->masked);
    }
    assert_false(pirq_needs_eoi(&domains[0], 4));
}

static int ours_ran;
static void ours(int irq, void *arg) { ours_ran += irq == 4 && arg == &ours_ran; }

static void test_ours(void **state)
{
    (void)state;
    assert_int_equal(irq_request(4, ours, &ours_ran, "test"), 0);
    assert_int_equal(irq_request(4, ours, &ours_ran, "test"), -EBUSY);
    assert_int_equal(irq_request(5, ours, &ours_ran, "test"), -ENODEV);
    assert_int_equal(irq_request(irq_line_count, ours, NULL, "test"), -EINVAL);
    assert_int_equal(pirq_map_lines(&domains[0], 4, 4, 1), 4);
    assert_int_equal(pirq_bind(&vcpus[0][0], 4, 3, true), -EBUSY);
    fire(4);
    assert_int_equal(ours_ran, 1);
    irq_release(4);
    bind(0, 4, 3, 0);
    fire(4);
    assert_int_equal(ours_ran, 1);
}

static void test_bad_numbers(void **state)
{
    (void)state;
    struct domain *d = &domains[1];
    unsigned int count = pirq_count(d);
    assert_int_equal(count, 24 + 32);
    assert_int_equal(pirq_map_lines(d, (int)count, 20, 1), -EINVAL);
    assert_int_equal(pirq_map_lines(d, -1, irq_line_count, 1), -EINVAL);
    assert_int_equal(pirq_map_lines(d, -1, ~0u, 1), -EINVAL);
    assert_int_equal(pirq_map_lines(d, -1, 20, ~0u), -EINVAL);
    assert_int_equal(pirq_map_lines(d, -1, 20, 0), -EINVAL);
    assert_int_equal(pirq_map_lines(d, -1, 5, 1), -EINVAL);             /* nothing wired */
    assert_int_equal(pirq_bind(&vcpus[1][0], ~0u, 1, true), -EINVAL);
    assert_int_equal(pirq_bind(&vcpus[1][0], 20, 1, true), -EINVAL);    /* not mapped */
    assert_int_equal(pirq_unmap(d, 20), -EINVAL);
    assert_int_equal(pirq_unmap(d, ~0u), -EINVAL);
    assert_int_equal(pirq_guest_eoi(d, ~0u), -EINVAL);
    pirq_unbind(d, ~0u);
    assert_int_equal(irq_setup_gsi(24, true, true), -EINVAL);
    assert_int_equal(irq_setup_gsi(5, true, true), -EINVAL);
}

static void test_move(void **state)
{
    (void)state;
    int irq = irq_alloc_msi_lines(1, &chip);
    int pirq = pirq_map_lines(&domains[0], -1, (unsigned int)irq, 1);
    assert_true(pirq >= 24);
    bind(0, (unsigned int)pirq, 5, 0);
    struct irq_desc *desc = irq_to_desc((unsigned int)irq);
    uint8_t old = desc->vector;
    pirq_set_affinity(&domains[0], (unsigned int)pirq, &vcpus[0][1]);
    assert_int_equal(desc->cpu, 0);             /* not before it fires */
    fire((unsigned int)irq);
    assert_int_equal(desc->cpu, 1);
    assert_int_equal(vectors_used(), 2);

    struct cpu_user_regs late = { .entry_vector = old };
    irq_dispatch(&late);                        /* one that was under way to CPU 0 */
    assert_int_equal(events[0][5], 2);
    fire((unsigned int)irq);
    assert_int_equal(vectors_used(), 1);
    assert_int_equal(events[0][5], 3);

    retarget_works = false;
    pirq_set_affinity(&domains[0], (unsigned int)pirq, &vcpus[0][0]);
    fire((unsigned int)irq);
    assert_int_equal(desc->cpu, 1);
    assert_int_equal(vectors_used(), 1);
    assert_int_equal(pirq_unmap(&domains[0], (unsigned int)pirq), 0);
    assert_int_equal(vectors_used(), 0);
    assert_int_equal(freed_msi, 1);
}

static void test_group(void **state)
{
    (void)state;
    group_size = 8;
    int irq = irq_alloc_msi_lines(8, &chip);
    int pirq = pirq_map_lines(&domains[0], -1, (unsigned int)irq, 8);
    assert_int_equal(irq_to_desc((unsigned int)irq)->vector % 8, 0);
    assert_int_equal(irq_to_desc((unsigned int)irq + 7)->vector % 8, 7);
    bind(0, (unsigned int)pirq + 3, 5, 0);
    fire((unsigned int)irq + 3);
    assert_int_equal(events[0][5], 1);
    assert_int_equal(pirq_unmap(&domains[0], (unsigned int)pirq + 5), 0);
    assert_int_equal(pirq_to_irq(&domains[0], (unsigned int)pirq + 3), -ENOENT);
    assert_int_equal(vectors_used(), 0);
}

/* All vectors of both CPUs, none twice, none of the guests'; then all again. */
static void test_exhaustion(void **state)
{
    for (unsigned int round = 0; round < 3; round++) {
        unsigned int n = 0;
        int irq, first = -1;
        while ((irq = irq_alloc_msi_lines(1, &chip)) >= 0) {
            first = first < 0 ? irq : first;
            uint8_t vector = irq_to_desc((unsigned int)irq)->vector;
            assert_in_range(vector, VECTOR_DEVICE_FIRST, VECTOR_DEVICE_LAST);
            assert_true(vector < 0x80 || vector > 0x82);
            n++;
        }
        assert_int_equal(irq, -ENOSPC);
        assert_int_equal(n, 2 * (VECTOR_DEVICE_LAST - VECTOR_DEVICE_FIRST + 1 - 3));
        assert_int_equal(irq_alloc_msi_lines(4, &chip), -ENOSPC);
        irq_free_msi_lines((unsigned int)first, n);
        assert_int_equal(vectors_used(), 0);
    }
    (void)state;
}

static void test_reserved_pirq(void **state)
{
    (void)state;
    int a = pirq_alloc_free(&domains[1]), b = pirq_alloc_free(&domains[1]);
    assert_true(a >= 24 && b > a);
    int irq = irq_alloc_msi_lines(1, &chip);
    assert_int_equal(pirq_map_lines(&domains[1], a, (unsigned int)irq, 1), a);
    assert_int_equal(pirq_unmap(&domains[1], (unsigned int)b), 0);
    for (int n = 0; n < 31; n++)
        assert_true(pirq_alloc_free(&domains[1]) >= 0);
    assert_int_equal(pirq_alloc_free(&domains[1]), -ENOSPC);
}

static void test_stray(void **state)
{
    (void)state;
    memset(&irq_statistics, 0, sizeof(irq_statistics));
    irq_dispatch(&(struct cpu_user_regs){ .entry_vector = 0x55 });
    irq_dispatch(&(struct cpu_user_regs){ .entry_vector = VECTOR_SPURIOUS });
    irq_dispatch(&(struct cpu_user_regs){ .entry_vector = VECTOR_I8259 + 7 });
    assert_int_equal(irq_statistics.unowned_vector, 1);
    assert_int_equal(irq_statistics.spurious_lapic, 1);
    assert_int_equal(irq_statistics.spurious_8259, 1);
}

static void test_extra_option(void **state)
{
    (void)state;
    assert_int_equal(parse_extra(""), -EINVAL);
    assert_int_equal(parse_extra("8,"), -EINVAL);
    assert_int_equal(parse_extra("8,9,10"), -EINVAL);
    assert_int_equal(parse_extra("64,128"), 0);
    assert_int_equal(pirq_count(&domains[1]), 24 + 64);
    assert_int_equal(pirq_count(&domains[0]), 24 + 128);
    assert_int_equal(parse_extra("32"), 0);
    opt_extra_dom0 = UINT32_MAX;
}

/* A CPU goes: its lines fire elsewhere, an edge that may have been lost is made up for. */
static void test_leave(void **state)
{
    (void)state;
    assert_int_equal(pirq_map_lines(&domains[0], 4, 4, 1), 4);
    assert_int_equal(pirq_map_lines(&domains[0], 20, 20, 1), 20);
    assert_int_equal(pirq_map_lines(&domains[0], 21, 21, 1), 21);
    bind(0, 4, 3, 1);
    bind(0, 20, 7, 1);
    bind(0, 21, 8, 0);
    fire(20);                                   /* its guest has not answered yet */
    retarget_works = false;
    until_it_works = 5;
    bitmap_set(cpu_leaving.bits, 1);
    assert_int_equal(irq_leave_cpu(1), 0);
    assert_int_equal(until_it_works, 0);
    for (unsigned int irq = 0; irq < irq_line_count; irq++) {
        assert_int_equal(irq_to_desc(irq)->cpu, 0);
        assert_int_equal(irq_to_desc(irq)->wanted_cpu, 0);
    }
    assert_int_equal(events[0][3], 1);          /* the edge */
    assert_int_equal(events[0][7], 1);
    assert_true(irq_to_desc(20)->masked);
    assert_false(irq_to_desc(4)->masked);
    irq_left_cpu(1);
    unsigned int left = 0;
    for (unsigned int v = 0; v < VECTORS; v++)
        left += per_cpu(line_of_vector, 1)[v] != NULL;
    assert_int_equal(left, 0);
    fire(4);
    assert_int_equal(events[0][3], 2);
    line_guest_affinity(irq_to_desc(4), 1);     /* not there */
    fire(4);
    assert_int_equal(irq_to_desc(4)->cpu, 0);
    bitmap_clear(cpu_leaving.bits, 1);

    /* A line that never can. */
    line_guest_affinity(irq_to_desc(4), 1);
    fire(4);
    assert_int_equal(irq_to_desc(4)->cpu, 1);
    retarget_works = false;
    bitmap_set(cpu_leaving.bits, 1);
    assert_int_equal(irq_leave_cpu(1), -EBUSY);
    bitmap_clear(cpu_leaving.bits, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_level, setup, teardown),
        cmocka_unit_test_setup_teardown(test_shared, setup, teardown),
        cmocka_unit_test_setup_teardown(test_edge, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ours, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bad_numbers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_move, setup, teardown),
        cmocka_unit_test_setup_teardown(test_leave, setup, teardown),
        cmocka_unit_test_setup_teardown(test_group, setup, teardown),
        cmocka_unit_test_setup_teardown(test_exhaustion, setup, teardown),
        cmocka_unit_test_setup_teardown(test_reserved_pirq, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stray, setup, teardown),
        cmocka_unit_test_setup_teardown(test_extra_option, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
