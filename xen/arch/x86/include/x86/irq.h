/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interrupts, close to the hardware: vectors, the local APIC, IPIs, and interrupt lines with their
 * controllers.
 *
 * A line (struct irq_desc) is what a device pulls: an I/O APIC input (numbered by GSI) or an MSI
 * (numbers above).  While it can fire it owns one (cpu, vector) pair.  What it does is one of:
 * nothing, our own function, events to guests.  Drivers and common code that only want "my function
 * on this line" use <xen/irq.h>.
 */
#ifndef X86_IRQ_H
#define X86_IRQ_H

#include <asm/io.h>
#include <asm/msr.h>
#include <lib/list.h>
#include <xen/percpu.h>
#include <xen/spinlock.h>
#include <xen/types.h>

struct cpu_user_regs;
struct domain;
struct msi_desc;

/* ---- Vectors --------------------------------------------------------------------------------- */

enum vector {
    VECTOR_I8259            = 0x20,     /* 16: the old controllers' inputs, if used at all */
    VECTOR_DEVICE_FIRST     = 0x30,     /* per CPU, for lines; never 0x80 and 0x82, guests' traps */
    VECTOR_DEVICE_LAST      = 0xef,
    VECTOR_LAPIC_TIMER      = 0xfa,
    VECTOR_KICK             = 0xfb,     /* smp_kick: nothing but the way through the exit path */
    VECTOR_CALL             = 0xfc,     /* smp_call */
    VECTOR_ERROR            = 0xfe,     /* the local APIC complains */
    VECTOR_SPURIOUS         = 0xff,
};

/* From the entry code: regs->entry_vector is 0x20..0xff, IRQs off.  Acknowledges and handles. */
void irq_dispatch(struct cpu_user_regs *regs);
/* First thing of the NMI handler.  True: it was ours.  A CPU told to stop stays inside. */
bool irq_handle_nmi(struct cpu_user_regs *regs);

/* ---- Boot; main.c calls these in this order -------------------------------------------------- */

void lapic_init_boot_cpu(void);         /* after acpi_init(): the boot CPU's APIC works from here */
void irq_init(void);                    /* after the heap: lines; irq_request() works from here */
void lapic_init_cpu(void);              /* every further CPU, in its own start code, IRQs off */
void nmi_watchdog_start(void);          /* after all CPUs are up and timers run */

/* ---- The local APIC -------------------------------------------------------------------------- */

#define LAPIC_ID            0x020
#define LAPIC_VERSION       0x030
#define LAPIC_TPR           0x080
#define LAPIC_EOI           0x0b0
#define LAPIC_LDR           0x0d0
#define LAPIC_DFR           0x0e0
#define LAPIC_SVR           0x0f0
#define LAPIC_ISR           0x100
#define LAPIC_IRR           0x200
#define LAPIC_ESR           0x280
#define LAPIC_ICR           0x300
#define LAPIC_ICR_HIGH      0x310
#define LAPIC_LVT_TIMER     0x320
#define LAPIC_LVT_THERMAL   0x330
#define LAPIC_LVT_PERF      0x340
#define LAPIC_LVT_LINT0     0x350
#define LAPIC_LVT_LINT1     0x360
#define LAPIC_LVT_ERROR     0x370
#define LAPIC_TIMER_INITIAL 0x380
#define LAPIC_TIMER_CURRENT 0x390
#define LAPIC_TIMER_DIVIDE  0x3e0

#define LAPIC_LVT_MASKED            0x10000
#define LAPIC_LVT_LEVEL             0x08000
#define LAPIC_LVT_ACTIVE_LOW        0x02000
#define LAPIC_LVT_NMI               0x00400
#define LAPIC_LVT_EXTINT            0x00700
#define LAPIC_TIMER_ONE_SHOT        0x00000
#define LAPIC_TIMER_PERIODIC        0x20000
#define LAPIC_TIMER_TSC_DEADLINE    0x40000

extern volatile uint8_t *lapic_registers;   /* xAPIC: its page */
extern bool lapic_is_x2apic;                /* registers are MSRs, ids have 32 bits */
extern bool lapic_present;                  /* there is one and we use it; false on `nolapic` */

static inline uint32_t lapic_read(unsigned int reg)
{
    if (lapic_is_x2apic)
        return (uint32_t)rdmsr(MSR_X2APIC_FIRST + (reg >> 4));
    return mmio_read32(lapic_registers + reg);
}

static inline void lapic_write(unsigned int reg, uint32_t v)
{
    if (lapic_is_x2apic) {
        wrmsr(MSR_X2APIC_FIRST + (reg >> 4), v);
        return;
    }
    mmio_write32(lapic_registers + reg, v);
}

static inline void lapic_eoi(void) { lapic_write(LAPIC_EOI, 0); }

uint32_t lapic_id(void);                /* of this CPU */
uint32_t lapic_id_of(unsigned int cpu);
/* command: vector | delivery mode, as in the ICR's low half. */
void lapic_send(uint32_t apic_id, uint32_t command);
#define LAPIC_ICR_FIXED     0x00000
#define LAPIC_ICR_NMI       0x00400
#define LAPIC_ICR_INIT      0x04500
#define LAPIC_ICR_DEASSERT  0x08500
#define LAPIC_ICR_STARTUP   0x04600
void lapic_shutdown(void);              /* this CPU's, before a reboot */

/* In the timers' room (arch/x86/time): VECTOR_LAPIC_TIMER arrived; acknowledged already. */
void lapic_timer_interrupt(void);

/* ---- A CPU goes offline (cpu/hotplug.c) ------------------------------------------------------ */

void ipi_call_arrived(void);            /* runs what other CPUs have posted, if anything */
void smp_leave(unsigned int cpu);       /* out of cpu_online; nothing is posted to it any more */
/* Lines go elsewhere: 0, or -EBUSY.  Then, when it takes none any more, what they had there. */
int irq_leave_cpu(unsigned int cpu) must_check;
void irq_left_cpu(unsigned int cpu);
void nmi_watchdog_stop_here(void);      /* this CPU's timer stops, and goes on */
void nmi_watchdog_start_here(void);

/* ---- Lines ----------------------------------------------------------------------------------- */

enum irq_action { IRQ_FREE, IRQ_OURS, IRQ_GUEST };

struct irq_desc;

/* What drives a line.  All called with the line's lock, IRQs off. */
struct irq_chip {
    const char *name;
    void (*mask)(struct irq_desc *desc);
    void (*unmask)(struct irq_desc *desc);
    void (*ack)(struct irq_desc *desc);         /* it fired: be ready for the next one */
    /* Fire as this pair from now on.  False: cannot now.  NULL: fixed vectors (8259). */
    bool (*retarget)(struct irq_desc *desc, unsigned int cpu, uint8_t vector);
};

struct irq_desc {
    struct spinlock lock;               /* LOCK_IRQ_DESC: all below */
    unsigned int irq;                   /* its number */
    const struct irq_chip *chip;        /* NULL: nothing is wired here */
    uint8_t action;                     /* enum irq_action */
    bool level, active_low;             /* I/O APIC only: as programmed */
    bool trigger_known;                 /* level, active_low: firmware or dom0 said so */
    bool masked;
    uint8_t vector;                     /* 0: none yet */
    uint8_t old_vector;                 /* not 0: moving; the pair that may still fire once */
    unsigned int cpu, old_cpu;
    unsigned int wanted_cpu;            /* where the next interrupt moves it to */
    void (*fn)(int irq, void *arg);     /* IRQ_OURS */
    void *arg;
    const char *name;
    struct list_head guests;            /* IRQ_GUEST: struct pirq, see arch/x86/irq/private.h */
    unsigned int nr_guests;
    unsigned int eoi_due;               /* guests not finished with it; masked until 0 */
    bool shareable;
    bool running;                       /* IRQ_OURS: fn is being executed */
    struct msi_desc *msi;
    uint64_t count;                     /* times fired */
};

extern unsigned int irq_gsi_count;      /* lines 0..irq_gsi_count-1 are GSIs */
extern unsigned int irq_line_count;     /* all lines, MSIs included */
struct irq_desc *irq_to_desc(unsigned int irq);     /* NULL: no such line */
unsigned int irq_of_isa(unsigned int isa_irq);      /* line behind an ISA IRQ, overrides applied */

/* Trigger and polarity as ACPI (dom0) knows them: 0, -EINVAL, -EBUSY when in use with others. */
int irq_setup_gsi(unsigned int gsi, bool level, bool active_low) must_check;
/* Lines for MSIs: n (a power of two) consecutive numbers, and vectors on one CPU; or -Exxx. */
int irq_alloc_msi_lines(unsigned int n, const struct irq_chip *chip) must_check;
void irq_free_msi_lines(unsigned int first, unsigned int n);
/* A pair, if it has none; desc->lock held. */
int irq_assign_vector(struct irq_desc *desc) must_check;

/* I/O APIC registers for dom0's eyes: 0 or -EINVAL for an address where there is none. */
int ioapic_guest_read(uint64_t address, uint32_t reg, uint32_t *value) must_check;
int ioapic_guest_write(uint64_t address, uint32_t reg, uint32_t value) must_check;

/* ---- Guests' interrupts (physdev_op) --------------------------------------------------------- */

/* Map n consecutive lines as pirqs of d; wanted < 0: any free.  First pirq or -Exxx. */
int pirq_map_lines(struct domain *d, int wanted, unsigned int irq, unsigned int n) must_check;
int pirq_unmap(struct domain *d, unsigned int pirq) must_check; /* frees MSI lines, as a group */
int pirq_to_irq(struct domain *d, unsigned int pirq);           /* line or -ENOENT */
int pirq_alloc_free(struct domain *d) must_check;   /* reserves an unused number */
unsigned int pirq_port(struct domain *d, unsigned int pirq);     /* 0: not bound */
bool pirq_needs_eoi(struct domain *d, unsigned int pirq);
bool pirq_is_shared(struct domain *d, unsigned int pirq);
int pirq_guest_eoi(struct domain *d, unsigned int pirq) must_check; /* -EINVAL if not d's */
int pirq_set_eoi_page(struct domain *d, uint64_t gmfn, bool auto_unmask) must_check;

#endif
