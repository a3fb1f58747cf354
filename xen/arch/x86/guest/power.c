/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The end of the machine: restart, halt, power off.
 *
 * Everything said is brought out first, then the other processors stop, then nothing may be waited
 * for.  Callable from anywhere, a panic included.
 */
#include <asm/insn.h>
#include <asm/io.h>
#include <lib/parse.h>
#include <x86/mm.h>
#include <xen/arch.h>
#include <xen/console.h>
#include <xen/options.h>
#include <xen/platform.h>
#include <xen/printk.h>
#include <xen/smp.h>
#include <xen/time.h>

#include "private.h"

#define KBD_STATUS      0x64
#define KBD_INPUT_FULL  0x02
#define KBD_PULSE_RESET 0xfe
#define RESET_CONTROL   0xcf9
#define RESET_SYSTEM    0x02
#define RESET_CPU       0x04
#define WARM_BOOT_FLAG  0x472           /* BIOS data area: 0x1234 skips the memory test */
#define SLEEP_TYPE_SHIFT 10

enum reboot_method { BY_ACPI, BY_KEYBOARD, BY_PCI, BY_TRIPLE_FAULT, NOT_AT_ALL };
static enum reboot_method method = BY_ACPI;
static uint16_t warm_boot_value;

/* reboot=[n|t|k|a|p][,w|,c]: the first letter of each word counts, as in Linux. */
static int parse_reboot(const char *value)
{
    const char *cursor = value, *item;
    size_t len;

    while (parse_list(&cursor, &item, &len)) {
        switch (len ? *item : 0) {
        case 'n': method = NOT_AT_ALL; break;
        case 'a': method = BY_ACPI; break;
        case 'b':
        case 'k': method = BY_KEYBOARD; break;
        case 'p': method = BY_PCI; break;
        case 't': method = BY_TRIPLE_FAULT; break;
        case 'w': warm_boot_value = 0x1234; break;
        case 'c': warm_boot_value = 0; break;
        default: return -EINVAL;
        }
    }
    return 0;
}
OPTION_CUSTOM(reboot, "reboot", parse_reboot);

static void wait_ms(unsigned int ms)
{
    while (ms--)
        udelay(1000);
}

/* From here on this CPU is alone.  Whoever held a lock of the console's does so for ever. */
static void be_alone(void)
{
    arch_irq_disable();
    smp_stop_others();
    console_force_unlock();
}

static noreturn void stop_here(void)
{
    for (;;) {
        cli();
        hlt();
    }
}

static void reset_by_keyboard(void)
{
    for (unsigned int attempt = 0; attempt < 10; attempt++) {
        for (unsigned int i = 0; i < 10000 && (inb(KBD_STATUS) & KBD_INPUT_FULL); i++)
            udelay(2);
        outb(KBD_PULSE_RESET, KBD_STATUS);
        udelay(5000);
    }
}

static void reset_by_pci(void)
{
    uint8_t v = inb(RESET_CONTROL) & (uint8_t)~(RESET_SYSTEM | RESET_CPU);
    outb(v | RESET_SYSTEM, RESET_CONTROL);
    udelay(50);
    outb(v | RESET_SYSTEM | RESET_CPU, RESET_CONTROL);
    udelay(50000);
}

/* An exception without a single gate. */
static noreturn void reset_by_triple_fault(void)
{
    static const struct table_register nothing;
    lidt(&nothing);
    __builtin_trap();
}

void arch_machine_restart(unsigned int delay_ms)
{
    console_start_sync();
    if (method == NOT_AT_ALL)
        arch_machine_halt();
    wait_ms(delay_ms);
    be_alone();
    *(volatile uint16_t *)maddr_to_virt(maddr_of(WARM_BOOT_FLAG)) = warm_boot_value;
    /* The chosen way, then each that is cruder. */
    if (method <= BY_ACPI)
        acpi_reset();
    if (method <= BY_KEYBOARD)
        reset_by_keyboard();
    if (method <= BY_PCI)
        reset_by_pci();
    reset_by_triple_fault();
}

void arch_machine_halt(void)
{
    console_start_sync();
    be_alone();
    stop_here();
}

void power_off_values(uint16_t pm1a, uint16_t pm1b)
{
    platform.s5_a = pm1a >> SLEEP_TYPE_SHIFT & 7;
    platform.s5_b = pm1b >> SLEEP_TYPE_SHIFT & 7;
    platform.s5_valid = true;
}

/* Where nobody told what S5 is, type 0 is tried, as virtual machines often have it. */
void arch_machine_power_off(void)
{
    console_start_sync();
    be_alone();
    int rc = acpi_enter_sleep(5, (uint16_t)(platform.s5_a << SLEEP_TYPE_SHIFT),
                              (uint16_t)(platform.s5_b << SLEEP_TYPE_SHIFT));
    log_always("The machine does not switch itself off (%d): it may be switched off now\n", rc);
    stop_here();
}
