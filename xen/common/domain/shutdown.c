/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A domain stops: it asks for it, or it is stopped for what it did.
 *
 * Shutting down pauses every vcpu and tells the toolstack (VIRQ_DOM_EXC); memory stays until the
 * domain is destroyed.  When dom0 stops, the machine does.
 */
#include <lib/format.h>
#include <public/sched.h>
#include <xen/arch.h>
#include <xen/assert.h>
#include <xen/console.h>
#include <xen/options.h>
#include <xen/printk.h>
#include <xen/sched.h>

#include "private.h"

static noreturn void hardware_domain_stopped(uint32_t reason)
{
    switch (reason) {
    case SHUTDOWN_poweroff:
        log_always("Hardware Dom%u halted: halting machine\n", hardware_domain->id);
        arch_machine_power_off();
    case SHUTDOWN_reboot:
        log_always("Hardware Dom%u shutdown: rebooting machine\n", hardware_domain->id);
        arch_machine_restart(0);
    case SHUTDOWN_watchdog:
        log_always("Hardware Dom%u shutdown: watchdog rebooting machine\n", hardware_domain->id);
        arch_machine_restart(0);
    default:
        log_always("Hardware Dom%u crashed (reason %u): %s\n", hardware_domain->id, reason,
                   noreboot ? "'noreboot' set - not rebooting."
                                : "rebooting machine in 5 seconds.");
        if (noreboot)
            arch_machine_halt();
        arch_machine_restart(5000);
    }
}

void domain_shutdown(struct domain *d, uint32_t reason)
{
    spin_lock(&d->lock);
    if (d->is_shutting_down) {
        spin_unlock(&d->lock);
        return;
    }
    if (d->shutdown_code == ~0u)
        d->shutdown_code = reason;
    d->is_shutting_down = true;
    spin_unlock(&d->lock);

    if (d == hardware_domain)
        hardware_domain_stopped(d->shutdown_code);

    /* An extra pause that only resume or destruction takes back. */
    domain_pause_nosync(d);
    d->is_shut_down = true;
    event_send_global_virq(VIRQ_DOM_EXC);
}

void domain_resume(struct domain *d)
{
    spin_lock(&d->lock);
    bool was_down = d->is_shut_down;
    d->is_shutting_down = d->is_shut_down = false;
    d->shutdown_code = ~0u;
    spin_unlock(&d->lock);
    if (was_down)
        domain_unpause(d);
}

void domain_crash(struct domain *d, const char *fmt, ...)
{
    char text[256];
    va_list args;

    if (d->is_shutting_down)
        return;
    va_start(args, fmt);
    vformat(text, sizeof(text), fmt, args);
    va_end(args);
    if (current->domain == d) {
        log_error("d%uv%u: crashed: it %s\n", d->id, current->vcpu_id, text);
        arch_dump_vcpu(current);
    } else {
        log_error("d%u: crashed by an operation of d%u: it %s\n", d->id, current->domain->id, text);
    }
    domain_shutdown(d, SHUTDOWN_crash);
}

void domain_watchdog_expired(void *arg)
{
    struct domain *d = arg;

    if (d->is_shutting_down || d->dying)
        return;
    log_error("d%u: its watchdog ran out\n", d->id);
    domain_shutdown(d, SHUTDOWN_watchdog);
}
