/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A PV guest's debug registers.
 *
 * pv.dr[] and pv.dr7 are what the guest has; the processor has them too while the vcpu runs and
 * DR7 enables anything (see guest/switch.c).  DR6 is software alone: the #DB handler adds to it.
 * No breakpoint ever lies in our part of the address space.
 */
#include <asm/insn.h>
#include <asm/regs.h>
#include <xen/hypercall.h>

#include "private.h"

#define DR6_FIXED       0xffff0ff0UL
#define DR6_WRITABLE    0x0000e00fUL
#define DR7_FIXED       0x00000400UL
#define DR7_WRITABLE    0xffff03ffUL    /* not GD: our own accesses must not trap */
#define DR7_ENABLES     0x000000ffUL

static void load_address(unsigned int reg, unsigned long value)
{
    switch (reg) {
    case 0: asm volatile("mov %0, %%dr0" :: "r"(value)); break;
    case 1: asm volatile("mov %0, %%dr1" :: "r"(value)); break;
    case 2: asm volatile("mov %0, %%dr2" :: "r"(value)); break;
    case 3: asm volatile("mov %0, %%dr3" :: "r"(value)); break;
    }
}

static int set_address(struct vcpu *v, unsigned int reg, unsigned long value)
{
    if (!pv_address_ok(value))
        return refuse(v->domain, -EPERM, "breakpoint at %lx", value);
    v->arch.pv.dr[reg] = value;
    if (v->arch.pv.dr7 & DR7_ENABLES)
        load_address(reg, value);
    return 0;
}

/* Type 2 of an enabled breakpoint means a port, and without CR4.DE nothing. */
static bool has_port_breakpoint(unsigned long dr7)
{
    for (unsigned int i = 0; i < 4; i++)
        if ((dr7 >> 2 * i & 3) && (dr7 >> (16 + 4 * i) & 3) == 2)
            return true;
    return false;
}

static int set_control(struct vcpu *v, unsigned long value)
{
    struct pv_vcpu *pv = &v->arch.pv;
    unsigned long old = pv->dr7;

    value = (value & DR7_WRITABLE) | DR7_FIXED;
    if (has_port_breakpoint(value) && !(pv->cr4 & CR4_DE))
        return refuse(v->domain, -EPERM, "port breakpoint without CR4.DE: DR7 %lx", value);
    if (!((old | value) & DR7_ENABLES)) {
        pv->dr7 = value;
        return 0;
    }
    write_dr7(DR7_FIXED);
    pv->dr7 = value;
    if (!(value & DR7_ENABLES))
        return 0;
    for (unsigned int i = 0; i < 4; i++)
        load_address(i, pv->dr[i]);
    write_dr7(value);
    return 0;
}

/* With CR4.DE numbers 4 and 5 do not exist, without it they are 6 and 7. */
static int resolve(const struct vcpu *v, int reg)
{
    if (reg != 4 && reg != 5)
        return reg;
    return v->arch.pv.cr4 & CR4_DE ? -1 : reg + 2;
}

long do_set_debugreg(int reg, unsigned long value)
{
    struct vcpu *v = current;

    reg = resolve(v, reg);
    switch (reg) {
    case 0 ... 3:
        return set_address(v, (unsigned int)reg, value);
    case 6:
        if (value >> 32)
            return -EPERM;
        v->arch.pv.dr6 = value & DR6_WRITABLE;
        return 0;
    case 7:
        return value >> 32 ? -EPERM : set_control(v, value);
    default:
        return -EINVAL;
    }
}

unsigned long do_get_debugreg(int reg)
{
    const struct vcpu *v = current;

    reg = resolve(v, reg);
    switch (reg) {
    case 0 ... 3: return v->arch.pv.dr[reg];
    case 6: return v->arch.pv.dr6 | DR6_FIXED;
    case 7: return v->arch.pv.dr7 | DR7_FIXED;
    default: return (unsigned long)-EINVAL;
    }
}
