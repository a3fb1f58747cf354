/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * I/O ports of PV guests.
 *
 * Two questions.  May this code use the port at all?  The guest's own affair: virtual IOPL, or the
 * bitmap its kernel gave for user mode; if not, #GP.  And does the port reach hardware?  If the
 * domain owns it (ioport_caps, which only change while the domain does not run); otherwise reads
 * give all ones and writes vanish, as on a bus with nobody there.
 */
#include <asm/io.h>
#include <xen/bitops.h>
#include <xen/guest_access.h>
#include <xen/pci.h>
#include <xen/printk.h>

#include "private.h"

#define PORT_CF8        0xcf8
#define PORT_CFC        0xcfc
#define CF8_ENABLE      0x80000000u

/* The kernel's bitmap lies in the kernel's address space, which is not loaded in user mode. */
static bool bitmap_permits(struct vcpu *v, uint16_t port, unsigned int bytes)
{
    if ((unsigned int)port + bytes > v->arch.pv.iobmp_limit)
        return false;
    uint8_t b[2] = { 0xff, 0xff };
    uint64_t va = v->arch.pv.iobmp + (port >> 3);
    bool spans = (port & 7) + bytes > 8;

    pv_toggle_mode(v);
    unsigned long left = copy_from_guest_va(b, va, spans ? 2 : 1);
    pv_toggle_mode(v);
    if (left)
        return false;
    unsigned int denied = (unsigned int)(b[1] << 8 | b[0]) >> (port & 7);
    return !(denied & ((1u << bytes) - 1));
}

/* For the IOPL a guest kernel counts as ring 1. */
bool pv_port_permitted(struct vcpu *v, uint16_t port, unsigned int bytes)
{
    const struct pv_vcpu *pv = &v->arch.pv;
    if (pv->iopl >= (pv->in_kernel ? 1 : 3))
        return true;
    return !pv->in_kernel && bitmap_permits(v, port, bytes);
}

static uint32_t all_ones(unsigned int bytes) { return ~0u >> (32 - 8 * bytes); }

static bool owns(const struct vcpu *v, uint16_t port, unsigned int bytes)
{
    return rangeset_contains(v->domain->arch.ioport_caps, port, (unsigned long)port + bytes - 1);
}

/* Configuration space by ports: the address is remembered and only used together with the data. */
static bool is_config_data(const struct vcpu *v, uint16_t port, unsigned int bytes)
{
    return v->domain->is_privileged && (port & ~3) == PORT_CFC && (port & 3) + bytes <= 4 &&
           (v->domain->arch.pci_cf8 & CF8_ENABLE);
}

static bool is_config_address(const struct vcpu *v, uint16_t port, unsigned int bytes)
{
    return v->domain->is_privileged && port == PORT_CF8 && bytes == 4;
}

/* Drivers poll: each port is worth one line, whoever it was. */
static bool worth_saying(uint16_t port)
{
    static unsigned long said[65536 / 64];
    return printk_guest_enabled(LOG_DEBUG) && !atomic_test_and_set_bit(port, said);
}

uint32_t pv_port_read(struct vcpu *v, uint16_t port, unsigned int bytes)
{
    if (likely(owns(v, port, bytes)))
        return bytes == 1 ? inb(port) : bytes == 2 ? inw(port) : inl(port);
    if (is_config_data(v, port, bytes))
        return pci_port_read(v->domain->arch.pci_cf8, port & 3, bytes);
    if (is_config_address(v, port, bytes))
        return v->domain->arch.pci_cf8;
    if (worth_saying(port))
        glog_debug("d%uv%u: reads port %04x, which it does not have\n", v->domain->id, v->vcpu_id,
                   port);
    return all_ones(bytes);
}

void pv_port_write(struct vcpu *v, uint16_t port, unsigned int bytes, uint32_t value)
{
    if (likely(owns(v, port, bytes))) {
        if (bytes == 1)
            outb((uint8_t)value, port);
        else if (bytes == 2)
            outw((uint16_t)value, port);
        else
            outl(value, port);
    } else if (is_config_data(v, port, bytes)) {
        pci_port_write(v->domain->arch.pci_cf8, port & 3, bytes, value);
    } else if (is_config_address(v, port, bytes)) {
        v->domain->arch.pci_cf8 = value;
    } else if (worth_saying(port)) {
        glog_debug("d%uv%u: writes %x to port %04x, which it does not have\n", v->domain->id,
                   v->vcpu_id, value, port);
    }
}
