/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The local APIC: mode, set-up of each CPU's, sending.
 *
 * x2APIC mode is used where the processor has it: registers are then MSRs, and ids may exceed 255.
 * Every CPU is in the same mode.  Destinations are always physical ids.
 */
#include <asm/insn.h>
#include <x86/cpu.h>
#include <x86/mm.h>
#include <xen/arch.h>
#include <xen/options.h>
#include <xen/platform.h>
#include <xen/printk.h>

#include "private.h"

#define APIC_BASE_ENABLE    (1u << 11)
#define APIC_BASE_X2APIC    (1u << 10)
#define APIC_BASE_MASK      0x000ffffffffff000UL
#define SVR_ENABLE          0x100
#define ICR_BUSY            0x1000

volatile uint8_t *lapic_registers read_mostly;
bool lapic_is_x2apic read_mostly;
bool lapic_present read_mostly;

static bool opt_x2apic = true;
OPTION_BOOL(x2apic, "x2apic", opt_x2apic);
static bool opt_x2apic_phys = true;     /* understood; destinations are physical either way */
OPTION_BOOL(x2apic_phys, "x2apic_phys", opt_x2apic_phys);
static bool opt_lapic = true, opt_nolapic;
OPTION_BOOL(lapic, "lapic", opt_lapic);
OPTION_BOOL(nolapic, "nolapic", opt_nolapic);

uint32_t lapic_id(void)
{
    uint32_t id = lapic_read(LAPIC_ID);
    return lapic_is_x2apic ? id : id >> 24;
}

uint32_t lapic_id_of(unsigned int cpu)
{
    return cpu_apic_id[cpu];
}

void lapic_send(uint32_t apic_id, uint32_t command)
{
    if (lapic_is_x2apic) {
        /* Unlike a store to the page, this wrmsr does not wait for earlier stores. */
        mfence();
        lfence();
        wrmsr(MSR_X2APIC_FIRST + (LAPIC_ICR >> 4), (uint64_t)apic_id << 32 | command);
        return;
    }
    unsigned long flags = arch_irq_save();
    while (lapic_read(LAPIC_ICR) & ICR_BUSY)
        cpu_relax();
    lapic_write(LAPIC_ICR_HIGH, apic_id << 24);
    lapic_write(LAPIC_ICR, command);
    arch_irq_restore(flags);
}

static void choose_mode(uint64_t base)
{
    bool has_x2apic = cpuid(1, 0).ecx & (1u << 21);
    lapic_is_x2apic = has_x2apic && opt_x2apic;
    if (base & APIC_BASE_X2APIC) {
        if (!lapic_is_x2apic) {
            log_warn("lapic: the firmware has switched to x2APIC; x2apic=no is ignored\n");
        }
        lapic_is_x2apic = true;
    }
}

static void enable_mode(void)
{
    uint64_t base = rdmsr(MSR_APIC_BASE) | APIC_BASE_ENABLE;
    wrmsr(MSR_APIC_BASE, base);
    if (lapic_is_x2apic)
        wrmsr(MSR_APIC_BASE, base | APIC_BASE_X2APIC);
}

/* What a boot loader or an earlier kernel left in service would block everything below it. */
static void finish_leftovers(void)
{
    for (unsigned int tries = 0; tries < 256; tries++) {
        uint32_t any = 0;
        for (unsigned int i = 0; i < 8; i++)
            any |= lapic_read(LAPIC_ISR + 0x10 * i);
        if (!any)
            return;
        lapic_eoi();
    }
}

static void set_up_lints(bool is_boot_cpu)
{
    uint32_t nmi = platform.lapic_nmi_lint ? platform.lapic_nmi_lint : 1u << 1;
    for (unsigned int lint = 0; lint < 2; lint++) {
        uint32_t lvt = LAPIC_LVT_MASKED;
        if (nmi & (1u << lint)) {
            lvt = LAPIC_LVT_NMI;
        } else if (lint == 0 && is_boot_cpu) {
            lvt = LAPIC_LVT_EXTINT;     /* the 8259s, which are masked unless they are used */
        }
        lapic_write(LAPIC_LVT_LINT0 + 0x10 * lint, lvt);
    }
}

static void set_up(bool is_boot_cpu)
{
    lapic_write(LAPIC_SVR, SVR_ENABLE | VECTOR_SPURIOUS);
    lapic_write(LAPIC_TPR, 0);
    lapic_write(LAPIC_LVT_TIMER, LAPIC_LVT_MASKED | VECTOR_LAPIC_TIMER);
    unsigned int last_lvt = lapic_read(LAPIC_VERSION) >> 16 & 0xff;
    if (last_lvt >= 4)
        lapic_write(LAPIC_LVT_PERF, LAPIC_LVT_MASKED | LAPIC_LVT_NMI);
    if (last_lvt >= 5)
        lapic_write(LAPIC_LVT_THERMAL, LAPIC_LVT_MASKED | VECTOR_SPURIOUS);
    set_up_lints(is_boot_cpu);
    finish_leftovers();
    lapic_write(LAPIC_ESR, 0);
    lapic_write(LAPIC_LVT_ERROR, VECTOR_ERROR);
}

init_text void lapic_init_boot_cpu(void)
{
    if (!(cpuid(1, 0).edx & (1u << 9))) {
        panic("lapic: this processor has none; it is needed for time and interrupts\n");
    }
    if (opt_nolapic || !opt_lapic) {
        log_warn("lapic: needed for time and interrupts; nolapic is ignored\n");
    }
    uint64_t base = rdmsr(MSR_APIC_BASE);
    choose_mode(base);
    enable_mode();
    if (!lapic_is_x2apic) {
        uint64_t address = base & APIC_BASE_MASK;
        lapic_registers = ioremap(address ? address : platform.lapic_address, 4096);
    }
    lapic_present = true;
    set_up(true);
    log_info("lapic: %s, id %u\n", lapic_is_x2apic ? "x2APIC" : "xAPIC", lapic_id());
}

void lapic_init_cpu(void)
{
    enable_mode();
    set_up(false);
}

void lapic_shutdown(void)
{
    if (!lapic_present)
        return;
    lapic_write(LAPIC_LVT_TIMER, LAPIC_LVT_MASKED | VECTOR_LAPIC_TIMER);
    lapic_write(LAPIC_LVT_ERROR, LAPIC_LVT_MASKED | VECTOR_ERROR);
    lapic_write(LAPIC_LVT_LINT0, LAPIC_LVT_EXTINT);
    lapic_write(LAPIC_LVT_LINT1, LAPIC_LVT_NMI);
}
