/* SPDX-License-Identifier: GPL-2.0-only */
/* Non-maskable interrupts: the watchdog's, a stop request, or the machine's (parity, I/O check),
 * which nmi= decides. */
#include <asm/io.h>
#include <lib/string.h>
#include <public/nmi.h>
#include <x86/irq.h>
#include <x86/pv.h>
#include <x86/trap.h>
#include <xen/bitops.h>
#include <xen/domain.h>
#include <xen/options.h>
#include <xen/printk.h>

#include "private.h"

enum nmi_policy { NMI_FATAL, NMI_DOM0, NMI_IGNORE };
#ifndef NDEBUG
static enum nmi_policy policy = NMI_FATAL;
#else
static enum nmi_policy policy = NMI_DOM0;
#endif

static int parse_nmi(const char *value)
{
    static const char *const names[] = { "fatal", "dom0", "ignore" };
    for (unsigned int i = 0; i < 3; i++)
        if (!strcmp(value, names[i])) {
            policy = (enum nmi_policy)i;
            return 0;
        }
    return -EINVAL;
}
OPTION_CUSTOM(nmi, "nmi", parse_nmi);

static void platform_error(const char *what, unsigned int reason_bit)
{
    if (policy == NMI_IGNORE)
        return;
    if (policy == NMI_FATAL)
        panic("NMI: %s\n", what);
    log_error("NMI: %s: told dom0\n", what);
    if (hardware_domain && hardware_domain->vcpu[0]) {
        atomic_set_bit(reason_bit, &hardware_domain->shared_info->arch.nmi_reason);
        pv_nmi_send(hardware_domain->vcpu[0]);
    }
}

void nmi_handle(struct cpu_user_regs *regs)
{
    if (irq_handle_nmi(regs))
        return;
    /* System control port B: 7 parity or SERR, 6 I/O check. */
    uint8_t reason = inb(0x61);
    if (reason & 0x80) {
        platform_error("memory parity or system error", _XEN_NMIREASON_pci_serr);
        outb((reason & 0x0f) | 0x04, 0x61);
    }
    if (reason & 0x40) {
        platform_error("I/O check", _XEN_NMIREASON_io_error);
        outb((reason & 0x0f) | 0x08, 0x61);
    }
    if (!(reason & 0xc0) && policy != NMI_IGNORE)
        log_warn("CPU%u: NMI for no known reason (port 61h: %02x)\n", smp_cpu(), reason);
}
