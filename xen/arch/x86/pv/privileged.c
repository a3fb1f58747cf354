/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Instructions that a PV guest's kernel (or a process with port rights) may execute although it
 * runs in ring 3: after #GP or #UD they are performed on its behalf.
 *
 * Only what validate() names is performed; everything else is the guest's own exception.  The guest
 * never gains real IF or IOPL control: enter_safely() puts both right whatever was emulated.
 * Always the current vcpu, interrupts on.
 */
#include <asm/insn.h>
#include <asm/msr.h>
#include <asm/regs.h>
#include <lib/string.h>
#include <x86/cpu.h>
#include <x86/emulate.h>
#include <x86/guest.h>
#include <x86/guest_word.h>
#include <xen/guest_access.h>
#include <xen/hypercall.h>

#include "private.h"

#define CR4_GUEST   (CR4_TSD | CR4_DE)  /* bits with effect; the rest is only remembered */
#define CR4_KNOWN   (CR4_GUEST | CR4_PAE | CR4_MCE | CR4_PGE | CR4_OSFXSR | CR4_OSXMMEXCPT | \
                     CR4_FSGSBASE | CR4_OSXSAVE)

void pv_update_cr4(struct vcpu *v)
{
    v->arch.pv.cr4_in_use = cpu_base_cr4 | (v->arch.pv.cr4 & CR4_GUEST) |
                            (v->domain->arch.tsc_is_emulated ? CR4_TSD : 0);
}

/* ---- Segments -------------------------------------------------------------------------------- */

/*
 * A descriptor through the vcpu's window of the per-domain slot, where page 14 of the GDT is ours
 * and an LDT page may not be mapped yet.
 */
static bool read_descriptor(struct emul_ctxt *ctxt, uint16_t selector, uint64_t *desc)
{
    struct vcpu *v = ctxt->opaque;
    const struct pv_vcpu *pv = &v->arch.pv;
    uint64_t offset = selector & ~7u;

    if (!(selector & ~3u))
        return false;
    if (selector & 4) {
        bool there = offset < (uint64_t)pv->ldt_entries * 8 &&
                     ((pv->ldt_mapped >> (offset >> PAGE_SHIFT) & 1) ||
                      pv_map_ldt_page(offset, ctxt->regs));
        if (!there)
            return false;
        *desc = *(const volatile uint64_t *)(perdomain_ldt_va(v->vcpu_id) + offset);
        return true;
    }
    bool ours = offset >> PAGE_SHIFT == FIRST_RESERVED_GDT_PAGE;
    if (!ours && offset >= (uint64_t)pv->gdt_entries * 8)
        return false;
    *desc = *(const volatile uint64_t *)(perdomain_gdt_va(v->vcpu_id) + offset);
    return true;
}

static uint16_t selector_of(const struct cpu_user_regs *regs, enum emul_seg seg)
{
    uint64_t data[4];                   /* ds es fs gs */

    if (seg == EMUL_CS)
        return (uint16_t)regs->cs;
    if (seg == EMUL_SS)
        return (uint16_t)regs->ss;
    cpu_read_data_selectors(data);
    switch (seg) {
    case EMUL_DS: return (uint16_t)data[0];
    case EMUL_ES: return (uint16_t)data[1];
    case EMUL_FS: return (uint16_t)data[2];
    default: return (uint16_t)data[3];
    }
}

static void unpack(uint64_t desc, struct emul_segment *s)
{
    s->base = (desc >> 16 & 0xffffff) | (desc >> 56 << 24);
    s->attr = (uint16_t)((desc >> 40 & 0xff) | (desc >> 52 & 0xf) << 8);
    s->limit = (uint32_t)((desc & 0xffff) | (desc >> 48 & 0xf) << 16);
    if (desc >> 55 & 1)
        s->limit = s->limit << 12 | 0xfff;
}

static int read_segment(struct emul_ctxt *ctxt, enum emul_seg seg, struct emul_segment *s)
{
    uint64_t desc;

    *s = (struct emul_segment){ .selector = selector_of(ctxt->regs, seg) };
    if (read_descriptor(ctxt, s->selector, &desc))
        unpack(desc, s);
    /* What counts in 64-bit mode; also right outside it, where the bases are what was loaded. */
    if (seg == EMUL_FS)
        s->base = rdmsr(MSR_FS_BASE);
    else if (seg == EMUL_GS)
        s->base = rdmsr(MSR_GS_BASE);
    return EMUL_OK;
}

/* ---- Memory ---------------------------------------------------------------------------------- */

static int fault_at(struct emul_ctxt *ctxt, uint64_t linear, unsigned int done, uint32_t error)
{
    return emulate_raise_page_fault(ctxt, PF_USER | error, linear + done);
}

static int fetch(struct emul_ctxt *ctxt, uint64_t offset, void *buf, unsigned int bytes)
{
    uint64_t linear;
    int rc = emulate_linear(ctxt, EMUL_CS, offset, bytes, EMUL_FETCH, &linear);
    if (rc != EMUL_OK)
        return rc;
    unsigned long left = copy_from_guest_va(buf, linear, bytes);
    return left ? fault_at(ctxt, linear, bytes - (unsigned int)left, PF_FETCH) : EMUL_OK;
}

static int read_memory(struct emul_ctxt *ctxt, enum emul_seg seg, uint64_t offset, void *buf,
                       unsigned int bytes)
{
    uint64_t linear;
    int rc = emulate_linear(ctxt, seg, offset, bytes, EMUL_READ, &linear);
    if (rc != EMUL_OK)
        return rc;
    unsigned long left = copy_from_guest_va(buf, linear, bytes);
    return left ? fault_at(ctxt, linear, bytes - (unsigned int)left, 0) : EMUL_OK;
}

static int write_memory(struct emul_ctxt *ctxt, enum emul_seg seg, uint64_t offset,
                        const void *buf, unsigned int bytes)
{
    uint64_t linear;
    int rc = emulate_linear(ctxt, seg, offset, bytes, EMUL_WRITE, &linear);
    if (rc != EMUL_OK)
        return rc;
    unsigned long left = copy_to_guest_va(linear, buf, bytes);
    return left ? fault_at(ctxt, linear, bytes - (unsigned int)left, PF_WRITE) : EMUL_OK;
}

/* ---- Ports ----------------------------------------------------------------------------------- */

static int general_protection(struct emul_ctxt *ctxt)
{
    return emulate_raise_error(ctxt, VEC_GP, 0);
}

static int read_io(struct emul_ctxt *ctxt, uint16_t port, unsigned int bytes, uint32_t *value)
{
    struct vcpu *v = ctxt->opaque;
    if (!pv_port_permitted(v, port, bytes))
        return general_protection(ctxt);
    *value = pv_port_read(v, port, bytes);
    return EMUL_OK;
}

static int write_io(struct emul_ctxt *ctxt, uint16_t port, unsigned int bytes, uint32_t value)
{
    struct vcpu *v = ctxt->opaque;
    if (!pv_port_permitted(v, port, bytes))
        return general_protection(ctxt);
    pv_port_write(v, port, bytes, value);
    return EMUL_OK;
}

/* ---- Control and debug registers ------------------------------------------------------------- */

static unsigned long guest_cr0(const struct vcpu *v)
{
    return CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_PG | v->arch.pv.cr0_ts;
}

static int read_cr(struct emul_ctxt *ctxt, unsigned int reg, uint64_t *value)
{
    const struct vcpu *v = ctxt->opaque;

    switch (reg) {
    case 0: *value = guest_cr0(v); return EMUL_OK;
    case 2: *value = v->info->arch.cr2; return EMUL_OK;
    case 3: *value = v->arch.pv.kernel_cr3; return EMUL_OK;
    case 4: *value = v->arch.pv.cr4; return EMUL_OK;
    default: return EMUL_UNHANDLED;
    }
}

/* TS is the only bit of CR0 that is the guest's. */
static int write_cr0_ts(struct emul_ctxt *ctxt, const struct vcpu *v, uint64_t value)
{
    if ((value ^ guest_cr0(v)) & ~(uint64_t)CR0_TS)
        return general_protection(ctxt);
    do_fpu_taskswitch((value & CR0_TS) != 0);
    return EMUL_OK;
}

static int write_base(struct emul_ctxt *ctxt, struct vcpu *v, uint64_t value)
{
    if (pv_finish_put(v))
        return EMUL_RETRY;
    int rc = pv_set_base(v, mfn_of(value >> PAGE_SHIFT), false);
    if (rc == -ERESTART)
        return EMUL_RETRY;
    return rc ? general_protection(ctxt) : EMUL_OK;
}

static void set_cr4(struct vcpu *v, uint64_t value)
{
    unsigned long old = v->arch.pv.cr4_in_use;
    v->arch.pv.cr4 = (value & CR4_KNOWN) | CR4_PAE;
    pv_update_cr4(v);
    if (v->arch.pv.cr4_in_use != old)
        write_cr4(v->arch.pv.cr4_in_use);
}

static int write_cr(struct emul_ctxt *ctxt, unsigned int reg, uint64_t value)
{
    struct vcpu *v = ctxt->opaque;

    switch (reg) {
    case 0: return write_cr0_ts(ctxt, v, value);
    case 2: v->info->arch.cr2 = value; return EMUL_OK;
    case 3: return write_base(ctxt, v, value);
    case 4: set_cr4(v, value); return EMUL_OK;
    default: return EMUL_UNHANDLED;
    }
}

static int read_dr(struct emul_ctxt *ctxt, unsigned int reg, uint64_t *value)
{
    const struct vcpu *v = ctxt->opaque;
    if (reg > 7 || ((reg == 4 || reg == 5) && (v->arch.pv.cr4 & CR4_DE)))
        return emulate_raise(ctxt, VEC_UD);
    *value = do_get_debugreg((int)reg);
    return EMUL_OK;
}

static int write_dr(struct emul_ctxt *ctxt, unsigned int reg, uint64_t value)
{
    return do_set_debugreg((int)reg, value) ? general_protection(ctxt) : EMUL_OK;
}

static int read_xcr(struct emul_ctxt *ctxt, uint32_t reg, uint64_t *value)
{
    const struct vcpu *v = ctxt->opaque;
    if (!cpu_features.xsave || reg)
        return general_protection(ctxt);
    *value = v->arch.xcr0;
    return EMUL_OK;
}

static int write_xcr(struct emul_ctxt *ctxt, uint32_t reg, uint64_t value)
{
    return reg || xstate_set_xcr0(ctxt->opaque, value) ? general_protection(ctxt) : EMUL_OK;
}

/* ---- MSRs, CPUID, caches --------------------------------------------------------------------- */

static int read_msr(struct emul_ctxt *ctxt, uint32_t msr, uint64_t *value)
{
    return pv_guest_rdmsr(ctxt->opaque, msr, value) ? EMUL_OK : general_protection(ctxt);
}

static int write_msr(struct emul_ctxt *ctxt, uint32_t msr, uint64_t value)
{
    return pv_guest_wrmsr(ctxt->opaque, msr, value) ? EMUL_OK : general_protection(ctxt);
}

static int emulate_cpuid(struct emul_ctxt *ctxt, uint32_t leaf, uint32_t subleaf, uint32_t out[4])
{
    struct cpuid_regs r;
    pv_cpuid(ctxt->opaque, leaf, subleaf, &r);
    out[0] = r.eax;
    out[1] = r.ebx;
    out[2] = r.ecx;
    out[3] = r.edx;
    return EMUL_OK;
}

/* Writing back caches matters to those who drive devices; others would only slow everybody down. */
static int tlb_op(struct emul_ctxt *ctxt, enum emul_tlb_op op, enum emul_seg seg, uint64_t offset)
{
    const struct vcpu *v = ctxt->opaque;
    uint64_t linear;

    switch (op) {
    case EMUL_TLB_INVLPG:
        if (emulate_linear(ctxt, seg, offset, 1, EMUL_READ, &linear) == EMUL_OK &&
            pv_address_ok(linear))
            invlpg(linear);
        return EMUL_OK;
    case EMUL_TLB_WBINVD:
        if (v->domain->is_privileged || !rangeset_is_empty(v->domain->iomem_caps))
            wbinvd();
        return EMUL_OK;
    default:
        return EMUL_UNHANDLED;
    }
}

/* ---- Putting it together --------------------------------------------------------------------- */

static int validate(struct emul_ctxt *ctxt, const struct emul_insn *insn)
{
    switch (insn->op) {
    case EMUL_OP_IN: case EMUL_OP_OUT: case EMUL_OP_INS: case EMUL_OP_OUTS:
    case EMUL_OP_CLI: case EMUL_OP_STI:
    case EMUL_OP_READ_CR: case EMUL_OP_WRITE_CR: case EMUL_OP_READ_DR: case EMUL_OP_WRITE_DR:
    case EMUL_OP_CLTS: case EMUL_OP_LMSW: case EMUL_OP_SMSW:
    case EMUL_OP_RDMSR: case EMUL_OP_WRMSR: case EMUL_OP_CPUID:
    case EMUL_OP_RDTSC: case EMUL_OP_RDTSCP:
    case EMUL_OP_XGETBV: case EMUL_OP_XSETBV:
    case EMUL_OP_INVLPG: case EMUL_OP_WBINVD:
        return EMUL_OK;
    default:
        return EMUL_UNHANDLED;
    }
}

static const struct emul_ops pv_ops = {
    .fetch = fetch, .read = read_memory, .write = write_memory, .validate = validate,
    .read_segment = read_segment, .read_io = read_io, .write_io = write_io,
    .read_cr = read_cr, .write_cr = write_cr, .read_dr = read_dr, .write_dr = write_dr,
    .read_xcr = read_xcr, .write_xcr = write_xcr, .read_msr = read_msr, .write_msr = write_msr,
    .cpuid = emulate_cpuid, .tlb_op = tlb_op,
};

/* CLI and STI are no-ops: a PV kernel has its upcall mask instead of IF. */
static void enter_safely(struct cpu_user_regs *regs)
{
    regs->rflags = (regs->rflags & ~(uint64_t)(FLAGS_IOPL | FLAGS_NT | FLAGS_VM)) | FLAGS_IF |
                   FLAGS_MBS;
}

/* An instruction is done; single-stepping guests hear of it. */
static void retire(struct vcpu *v, struct cpu_user_regs *regs, bool singlestep)
{
    enter_safely(regs);
    if (!singlestep)
        return;
    v->arch.pv.dr6 |= 0x4000;           /* BS */
    pv_inject_exception(regs, VEC_DB, 0);
}

/*
 * Most of what a kernel needs done is IN or OUT in one of eight encodings, with or without an
 * operand-size prefix.  True: done.
 */
static bool quick_port(struct vcpu *v, struct cpu_user_regs *regs)
{
    uint8_t code[3] = { 0 };
    unsigned long left = copy_from_guest_va(code, regs->rip, sizeof(code));
    unsigned int have = 3 - (unsigned int)left, at = 0, bytes = 4;

    if (code[0] == 0x66) {
        bytes = 2;
        at = 1;
    }
    uint8_t op = code[at++];
    if ((op & 0xf4) != 0xe4)
        return false;
    bool immediate = !(op & 8);
    uint16_t port = immediate ? code[at++] : (uint16_t)regs->rdx;
    if (at > have)
        return false;
    if (!(op & 1))
        bytes = 1;
    if (!pv_port_permitted(v, port, bytes))
        return false;
    uint64_t mask = ~0ull >> (64 - 8 * bytes);
    if (op & 2) {
        pv_port_write(v, port, bytes, (uint32_t)(regs->rax & mask));
    } else {
        uint64_t value = pv_port_read(v, port, bytes);
        regs->rax = bytes == 4 ? value : (regs->rax & ~mask) | value;
    }
    regs->rip += at;
    retire(v, regs, false);
    return true;
}

/*
 * A kernel that switches tasks reads and writes the user's segment bases: RDMSR and WRMSR of those,
 * which are the same bytes in every mode.  True: done.
 */
static bool quick_base(struct vcpu *v, struct cpu_user_regs *regs)
{
    uint32_t msr = (uint32_t)regs->rcx;
    uint64_t code;

    if (msr < MSR_FS_BASE || msr > MSR_SHADOW_GS_BASE || !v->arch.pv.in_kernel ||
        !guest_range_ok(regs->rip, 8))
        return false;
    guest_access_begin();
    bool got = guest_load_word(regs->rip, &code);
    guest_access_end();
    if (!got)
        return false;
    if ((uint16_t)code == 0x320f) {             /* rdmsr */
        uint64_t base = rdmsr(msr);
        regs->rax = (uint32_t)base;
        regs->rdx = base >> 32;
    } else if ((uint16_t)code == 0x300f) {      /* wrmsr */
        uint64_t base = (uint32_t)regs->rax | regs->rdx << 32;
        if (!va_is_canonical(base))
            return false;
        wrmsr(msr, base);
    } else {
        return false;
    }
    regs->rip += 2;
    return true;
}

/*
 * RDTSC and RDTSCP of a domain whose counter is emulated; 32-bit programs and those whose kernel
 * forbids it take the long way.  True: done.
 */
static bool quick_tsc(struct vcpu *v, struct cpu_user_regs *regs)
{
    uint8_t code[3] = { 0 };

    if (!v->domain->arch.tsc_is_emulated || (uint16_t)regs->cs != FLAT_RING3_CS64 ||
        (!v->arch.pv.in_kernel && (v->arch.pv.cr4 & CR4_TSD)))
        return false;
    unsigned long left = copy_from_guest_va(code, regs->rip, sizeof(code));
    (void)left;                         /* what is not there is 0, which is no part of either */
    bool is_rdtsc = code[0] == 0x0f && code[1] == 0x31;
    bool is_rdtscp = code[0] == 0x0f && code[1] == 0x01 && code[2] == 0xf9 && cpu_features.rdtscp;
    if (!is_rdtsc && !is_rdtscp)
        return false;
    uint64_t tsc = guest_tsc(v->domain);
    regs->rax = (uint32_t)tsc;
    regs->rdx = tsc >> 32;
    if (is_rdtscp)
        regs->rcx = v->arch.tsc_aux;
    regs->rip += is_rdtsc ? 2 : 3;
    retire(v, regs, false);
    return true;
}

static bool fill_context(struct emul_ctxt *ctxt)
{
    const struct cpu_user_regs *regs = ctxt->regs;
    struct emul_segment s = { 0 };
    uint64_t desc;

    if (!read_descriptor(ctxt, (uint16_t)regs->cs, &desc))
        return false;
    unpack(desc, &s);
    ctxt->code_bits = s.attr & 0x200 ? 64 : s.attr & EMUL_SEG_BIG ? 32 : 16;
    ctxt->stack_bits = ctxt->code_bits == 64 ? 64 : 32;
    return true;
}

static void inject(struct cpu_user_regs *regs, const struct emul_fault *fault)
{
    if (fault->vector == VEC_PF)
        pv_inject_page_fault(regs, fault->error_code, fault->cr2);
    else
        pv_inject_exception(regs, fault->vector, fault->error_code);
}

bool pv_emulate_privileged(struct cpu_user_regs *regs)
{
    struct vcpu *v = current;

    if (regs->entry_vector == VEC_GP && !(regs->rflags & FLAGS_TF) && quick_base(v, regs))
        return true;
    if (unlikely(v->arch.pv.cr4_in_use & CR4_TSD) && regs->entry_vector == VEC_GP &&
        !(regs->rflags & FLAGS_TF) && quick_tsc(v, regs))
        return true;
    struct emul_ctxt ctxt = {
        .regs = regs, .ops = &pv_ops, .opaque = v, .cpl = v->arch.pv.in_kernel ? 0 : 3,
        .iopl = (uint8_t)v->arch.pv.iopl, .amd = cpu_features.amd,
    };

    if (!fill_context(&ctxt))
        return false;
    if (regs->entry_vector == VEC_GP && ctxt.code_bits == 64 && !(regs->rflags & FLAGS_TF) &&
        quick_port(v, regs))
        return true;
    switch (emulate_insn(&ctxt)) {
    case EMUL_OK:
        retire(v, regs, ctxt.retire.singlestep);
        return true;
    case EMUL_RETRY:
        enter_safely(regs);
        return true;
    case EMUL_FAULT:
        enter_safely(regs);
        inject(regs, &ctxt.fault);
        return true;
    default:
        return false;
    }
}
