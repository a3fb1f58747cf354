/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What of the machine belongs to dom0: all ports, interrupts and device memory but what we use.
 *
 * RAM is left out of device memory: a domain has pages because it owns their frames, and nothing
 * else may ever map them, our own least of all.
 */
#include <lib/math.h>
#include <lib/parse.h>
#include <x86/cpu.h>
#include <x86/guest.h>
#include <x86/mm.h>
#include <xen/boot.h>
#include <xen/console.h>
#include <xen/domain.h>
#include <xen/options.h>
#include <xen/platform.h>
#include <xen/printk.h>
#include <xen/time.h>

#define PORT_LAST           0xffff
#define MSI_FIRST_MFN       0xfee00ul   /* a write anywhere here is an interrupt */
#define MSI_LAST_MFN        0xfeefful

/* dom0_ioports_disable=<port>[-<port>][,...], hexadecimal */
static char opt_ports[256];
OPTION_STRING(dom0_ioports_disable, "dom0_ioports_disable", opt_ports);

static int deny_ports(struct domain *d, unsigned int first, unsigned int last)
{
    return rangeset_remove(d->arch.ioport_caps, first, last);
}

/* Hexadecimal digits at *s, at least one; *s behind them. */
static bool read_port(const char **s, const char *end, unsigned int *port)
{
    const char *start = *s;

    if (end - *s > 2 && (*s)[0] == '0' && (*s)[1] == 'x')
        start = *s += 2;
    for (*port = 0; *s < end && *port <= PORT_LAST; (*s)++) {
        char c = **s;
        if (c >= '0' && c <= '9')
            *port = *port << 4 | (unsigned int)(c - '0');
        else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
            *port = *port << 4 | (unsigned int)((c | 0x20) - 'a' + 10);
        else
            break;
    }
    return *s != start && *port <= PORT_LAST;
}

static int deny_listed_ports(struct domain *d)
{
    const char *cursor = opt_ports, *item;
    size_t len;
    int rc = 0;

    while (!rc && parse_list(&cursor, &item, &len)) {
        const char *at = item, *end = item + len;
        unsigned int first, last;
        bool ok = read_port(&at, end, &first);
        last = first;
        if (ok && at < end && *at == '-') {
            at++;
            ok = read_port(&at, end, &last);
        }
        if (!ok || at != end || last < first) {
            log_warn("dom0_ioports_disable: '%.*s' is no range of ports; ignored\n", (int)len,
                     item);
            continue;
        }
        rc = deny_ports(d, first, last);
    }
    return rc;
}

static int deny_console_ports(struct domain *d)
{
    int rc = 0;
    for (unsigned int port = 0; port <= PORT_LAST && !rc; port++)
        if (console_owns_port((uint16_t)port))
            rc = deny_ports(d, port, port);
    return rc;
}

static int grant_ports(struct domain *d)
{
    static const struct { uint16_t first, last; } ours[] = {
        { 0x20, 0x21 }, { 0xa0, 0xa1 },     /* interrupt controllers */
        { 0xcf8, 0xcff },                   /* configuration space: emulated, see pv/ports.c */
    };
    int rc = rangeset_add(d->arch.ioport_caps, 0, PORT_LAST);

    for (unsigned int i = 0; i < ARRAY_SIZE(ours) && !rc; i++)
        rc = deny_ports(d, ours[i].first, ours[i].last);
    /* Linux measures the TSC with channel 2, which does no harm while nobody else counts on the
     * chip. */
    if (!rc && time_uses_pit())
        rc = deny_ports(d, 0x40, 0x43);
    if (!rc)
        rc = deny_console_ports(d);
    return rc ? rc : deny_listed_ports(d);
}

static int deny_memory(struct domain *d, uint64_t first_mfn, uint64_t last_mfn)
{
    return rangeset_remove(d->iomem_caps, first_mfn, last_mfn);
}

/* Whole pages of RAM; a page that is only partly RAM holds firmware's data and nothing of ours. */
static int deny_ram(struct domain *d)
{
    int rc = deny_memory(d, AP_TRAMPOLINE_PHYS >> PAGE_SHIFT, AP_TRAMPOLINE_PHYS >> PAGE_SHIFT);
    for (unsigned int i = 0; i < boot_info.nr_memory && !rc; i++) {
        const struct boot_memory *m = &boot_info.memory[i];
        uint64_t first = div_round_up(max(m->start, LOW_MEMORY_END), PAGE_SIZE);
        uint64_t end = m->end >> PAGE_SHIFT;
        if (m->type == BOOT_MEMORY_RAM && first < end)
            rc = deny_memory(d, first, end - 1);
    }
    return rc;
}

/* The HPET's page stays: we only read its counter, and dom0's driver maps it without asking. */
static int grant_memory(struct domain *d)
{
    uint64_t last = (1ul << (cpu_features.phys_bits - PAGE_SHIFT)) - 1;
    int rc = rangeset_add(d->iomem_caps, 0, last);

    if (!rc)
        rc = deny_ram(d);
    if (!rc)
        rc = deny_memory(d, MSI_FIRST_MFN, MSI_LAST_MFN);
    if (!rc && platform.lapic_address)
        rc = deny_memory(d, platform.lapic_address >> PAGE_SHIFT,
                         platform.lapic_address >> PAGE_SHIFT);
    for (unsigned int i = 0; i < platform.nr_ioapics && !rc; i++)
        rc = deny_memory(d, platform.ioapics[i].address >> PAGE_SHIFT,
                         platform.ioapics[i].address >> PAGE_SHIFT);
    return rc;
}

int dom0_grant_capabilities(struct domain *d)
{
    int rc = grant_ports(d);
    if (!rc)
        rc = grant_memory(d);
    if (!rc)
        rc = rangeset_add(d->irq_caps, 0, UINT32_MAX);
    return rc;
}
