/* SPDX-License-Identifier: GPL-2.0-only */
/* Registers that may not exist: the access recovers through the exception table. */
#include <asm/extable.h>
#include <asm/msr.h>

int rdmsr_safe(uint32_t msr, uint64_t *v)
{
    uint32_t lo = 0, hi = 0;
    int rc = 0;
    asm volatile("1: rdmsr\n"
                 "2:\n"
                 ".pushsection .text.fixup, \"ax\"\n"
                 "3: mov %[io], %[rc]\n"
                 "   jmp 2b\n"
                 ".popsection\n"
                 EXTABLE("1b", "3b")
                 : "+a"(lo), "+d"(hi), [rc] "+r"(rc) : "c"(msr), [io] "i"(-EIO));
    *v = ((uint64_t)hi << 32) | lo;
    return rc;
}

int wrmsr_safe(uint32_t msr, uint64_t v)
{
    int rc = 0;
    asm volatile("1: wrmsr\n"
                 "2:\n"
                 ".pushsection .text.fixup, \"ax\"\n"
                 "3: mov %[io], %[rc]\n"
                 "   jmp 2b\n"
                 ".popsection\n" EXTABLE("1b", "3b")
                 : [rc] "+r"(rc)
                 : "c"(msr), "a"((uint32_t)v), "d"((uint32_t)(v >> 32)), [io] "i"(-EIO)
                 : "memory");
    return rc;
}
