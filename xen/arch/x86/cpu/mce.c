/* SPDX-License-Identifier: GPL-2.0-only */
/* Machine checks: banks are enabled, and an uncorrected error is reported bank by bank before the
 * machine stops. */
#include <asm/insn.h>
#include <asm/msr.h>
#include <asm/regs.h>
#include <x86/cpu.h>
#include <xen/options.h>
#include <xen/printk.h>

static bool opt_mce = true;
OPTION_BOOL(mce, "mce", opt_mce);

#define MCG_CAP_COUNT   0xff
#define MCG_CAP_CTL     0x100
#define STATUS_VALID    (1UL << 63)
#define STATUS_UNCORRECTED (1UL << 61)

static unsigned int bank_count(void)
{
    uint64_t cap;
    if (!(cpu_features.leaf1_edx & (1u << 14)) || rdmsr_safe(MSR_MCG_CAP, &cap))
        return 0;
    return cap & MCG_CAP_COUNT;
}

void mce_init_cpu(void)
{
    unsigned int banks = opt_mce ? bank_count() : 0;
    uint64_t cap = 0;

    if (banks && !rdmsr_safe(MSR_MCG_CAP, &cap) && (cap & MCG_CAP_CTL))
        (void)!wrmsr_safe(MSR_MCG_CTL, ~0UL);
    for (unsigned int i = 0; i < banks; i++) {
        (void)!wrmsr_safe(MSR_MC0_STATUS + 4 * i, 0);
        (void)!wrmsr_safe(MSR_MC0_CTL + 4 * i, ~0UL);
    }
    if (!opt_mce)
        write_cr4(read_cr4() & ~(unsigned long)CR4_MCE);
}

void mce_handle(struct cpu_user_regs *regs)
{
    uint64_t global = 0;
    bool fatal = false;

    (void)!rdmsr_safe(MSR_MCG_STATUS, &global);
    for (unsigned int i = 0; i < bank_count(); i++) {
        uint64_t status, address = 0, misc = 0;
        if (rdmsr_safe(MSR_MC0_STATUS + 4 * i, &status) || !(status & STATUS_VALID))
            continue;
        (void)!rdmsr_safe(MSR_MC0_STATUS + 4 * i + 1, &address);
        (void)!rdmsr_safe(MSR_MC0_STATUS + 4 * i + 2, &misc);
        log_error("CPU%u: machine check, bank %u: status %016lx address %016lx misc %016lx\n",
                  smp_cpu(), i, status, address, misc);
        fatal |= (status & STATUS_UNCORRECTED) != 0;
        (void)!wrmsr_safe(MSR_MC0_STATUS + 4 * i, 0);
    }
    if (fatal || !(global & 1))
        panic("CPU%u: uncorrected machine check (MCG_STATUS %lx)\n", smp_cpu(), global);
    (void)!wrmsr_safe(MSR_MCG_STATUS, 0);
}
