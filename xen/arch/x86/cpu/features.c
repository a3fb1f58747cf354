/* SPDX-License-Identifier: GPL-2.0-only */
/* What the processor can do, and which of it we switch on. */
#include <asm/insn.h>
#include <asm/msr.h>
#include <asm/regs.h>
#include <lib/string.h>
#include <x86/cpu.h>
#include <xen/boot.h>
#include <xen/options.h>
#include <xen/printk.h>

struct cpu_features cpu_features read_mostly;
unsigned long cpu_base_cr4 read_mostly;

static bool opt_smep = true, opt_smap = true, opt_xsave = true, opt_cpuinfo;
OPTION_BOOL(smep, "smep", opt_smep);
OPTION_BOOL(smap, "smap", opt_smap);
OPTION_BOOL(xsave, "xsave", opt_xsave);
OPTION_BOOL(cpuinfo, "cpuinfo", opt_cpuinfo);

/* The types that PV guests' kernels expect in PAT: WB WT UC- UC WC WP UC UC
 * (public/arch-x86/xen.h). */
#define XEN_PAT 0x0000050100070406ULL

static void read_names(struct cpu_features *f)
{
    struct cpuid_regs r = cpuid(0, 0);
    memcpy(f->vendor, &r.ebx, 4);
    memcpy(f->vendor + 4, &r.edx, 4);
    memcpy(f->vendor + 8, &r.ecx, 4);
    f->amd = !strcmp(f->vendor, "AuthenticAMD") || !strcmp(f->vendor, "HygonGenuine");
    f->intel = !strcmp(f->vendor, "GenuineIntel");
    if (cpuid(0x80000000, 0).eax >= 0x80000004)
        for (unsigned int i = 0; i < 3; i++) {
            r = cpuid(0x80000002 + i, 0);
            memcpy(f->model + 16 * i, &r, 16);
        }
    uint32_t sig = cpuid(1, 0).eax;
    f->family = (uint8_t)((sig >> 8 & 15) + ((sig >> 8 & 15) == 15 ? sig >> 20 & 255 : 0));
    f->model_nr = (uint8_t)((sig >> 4 & 15) | (sig >> 12 & 0xf0));
    f->stepping = sig & 15;
}

static bool host_is_tcg(void)
{
    if (!(cpuid(1, 0).ecx & (1u << 31)))
        return false;
    struct cpuid_regs r = cpuid(0x40000000, 0);
    return !memcmp(&r.ebx, "TCGTCGTCGTCG", 12);
}

/* Before anything of it has run but exception entries; the write of CR4 that follows serializes. */
static void init_text smap_patch(void)
{
    extern const struct smap_site smap_sites_start[], smap_sites_end[];

    for (const struct smap_site *s = smap_sites_start; s < smap_sites_end; s++)
        memcpy((char *)&s->place + s->place, s->insn, 3);
}

void init_text cpu_detect(void)
{
    struct cpu_features *f = &cpu_features;
    uint32_t max = cpuid(0, 0).eax, ext_max = cpuid(0x80000000, 0).eax;

    read_names(f);
    struct cpuid_regs r = cpuid(1, 0);
    f->leaf1_ecx = r.ecx;
    f->leaf1_edx = r.edx;
    if (max >= 7) {
        r = cpuid(7, 0);
        f->leaf7_ebx = r.ebx;
        f->leaf7_ecx = r.ecx;
        f->leaf7_edx = r.edx;
    }
    r = cpuid(0x80000001, 0);
    f->ext1_ecx = r.ecx;
    f->ext1_edx = r.edx;
    f->phys_bits = ext_max >= 0x80000008 ? cpuid(0x80000008, 0).eax & 0xff : 36;
    f->under_tcg = host_is_tcg();

    f->smep = opt_smep && (f->leaf7_ebx & (1u << 7));
    /* TCG executes a ring-3 IRET with supervisor rights: kernels that use it die under SMAP. */
    f->smap = opt_smap && (f->leaf7_ebx & (1u << 20)) &&
              (!f->under_tcg || boot_option_text("smap"));
    f->fsgsbase = (f->leaf7_ebx & (1u << 0));
    f->xsave = opt_xsave && (f->leaf1_ecx & (1u << 26));
    f->xsaveopt = f->xsave && (cpuid(0xd, 1).eax & 1);
    f->rdtscp = f->ext1_edx & (1u << 27);
    f->x2apic = f->leaf1_ecx & (1u << 21);
    f->arat = max >= 6 && (cpuid(6, 0).eax & (1u << 2));

    cpu_base_cr4 = CR4_PAE | CR4_PGE | CR4_MCE | CR4_OSFXSR | CR4_OSXMMEXCPT |
                   (f->smep ? CR4_SMEP : 0) | (f->smap ? CR4_SMAP : 0) |
                   (f->fsgsbase ? CR4_FSGSBASE : 0) | (f->xsave ? CR4_OSXSAVE : 0);
    log_info("CPU: %s, %s, family %u model %u stepping %u%s\n", f->vendor, f->model, f->family,
             f->model_nr, f->stepping, !f->under_tcg ? "" : f->smap ? " (QEMU TCG)"
                                                        : " (QEMU TCG: SMAP stays off)");
    if (f->smap)
        smap_patch();
    if (opt_cpuinfo)
        log_always("CPU: features %08x %08x %08x %08x %08x %08x, %u address bits\n", f->leaf1_edx,
                   f->leaf1_ecx, f->leaf7_ebx, f->leaf7_ecx, f->ext1_edx, f->ext1_ecx,
                   f->phys_bits);
}

void cpu_init_features(void)
{
    write_cr0(CR0_PG | CR0_WP | CR0_NE | CR0_ET | CR0_MP | CR0_PE);
    write_cr4(cpu_base_cr4);
    wrmsr(MSR_PAT, XEN_PAT);
    if (cpu_features.xsave)
        xsetbv(0, 3);
}
