/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The end: say why, show where, and restart.
 *
 * The first CPU to get here owns the panic; a second one waits to be stopped; the same one again
 * (a fault while dumping) says what it can and goes straight on.
 */
#include <lib/format.h>
#include <xen/arch.h>
#include <xen/assert.h>
#include <xen/console.h>
#include <xen/current.h>
#include <xen/options.h>
#include <xen/printk.h>
#include <xen/smp.h>
#include <xen/spinlock.h>

#define RESTART_DELAY_MS 5000

bool noreboot;
OPTION_BOOL(noreboot, "noreboot", noreboot);

static uint32_t panic_cpu;          /* CPU + 1 */
static unsigned int depth;

static void panic_claim(void)
{
    uint32_t nobody = 0;
    if (!atomic_cas(&panic_cpu, &nobody, smp_cpu() + 1) && nobody != smp_cpu() + 1) {
        for (;;)
            cpu_relax();
    }
}

static noreturn void panic_end(void)
{
    console_flush();
    if (noreboot)
        arch_machine_halt();
    arch_machine_restart(RESTART_DELAY_MS);
}

void panic(const char *fmt, ...)
{
    static char text[512];
    va_list args;

    arch_irq_disable();
    panic_claim();
    if (++depth > 2)
        panic_end();
    va_start(args, fmt);
    vformat(text, sizeof(text), fmt, args);
    va_end(args);

    smp_stop_others();
    console_force_unlock();
    log_always("\n");
    log_always("****************************************");
    log_always("Panic on CPU %u:", smp_cpu());
    log_always("%s", text);
    log_always("****************************************");
    if (depth == 1)
        arch_dump_state();
    log_always("\n");
    log_always(noreboot ? "Manual reset required ('noreboot' specified)"
                        : "Reboot in five seconds...");
    panic_end();
}

void assertion_failed(const char *what, const char *file, int line)
{
    panic("Assertion '%s' failed at %s:%d", what, file, line);
}
