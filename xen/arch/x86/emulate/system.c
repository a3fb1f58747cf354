/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ports, control and debug registers, MSRs, segment registers and software interrupts.
 *
 * All of it is the caller's state: a handler checks what the instruction itself defines, asks the
 * operation, and moves the answer into registers. Privilege was checked from the table row.
 */
#include "private.h"

#define MSR_TSC             0x00000010u
#define MSR_GS_BASE         0xc0000101u
#define MSR_KERNEL_GS_BASE  0xc0000102u
#define MSR_TSC_AUX         0xc0000103u
#define CR0_TS              0x8u
#define CR4_TSD             0x4u
#define CR4_PCE             0x100u

static void write_edx_eax(struct exec *x, uint64_t value)
{
    emul_set_reg(x->ctxt, REG_AX, 4, value);
    emul_set_reg(x->ctxt, REG_DX, 4, value >> 32);
}

static uint64_t read_edx_eax(const struct exec *x)
{
    return emul_reg(x->ctxt, REG_DX, 4) << 32 | emul_reg(x->ctxt, REG_AX, 4);
}

static uint32_t read_ecx(const struct exec *x)
{
    return (uint32_t)emul_reg(x->ctxt, REG_CX, 4);
}

static int read_msr(struct exec *x, uint32_t msr, uint64_t *value)
{
    return x->ctxt->ops->read_msr ? x->ctxt->ops->read_msr(x->ctxt, msr, value) : EMUL_UNHANDLED;
}

static int write_msr(struct exec *x, uint32_t msr, uint64_t value)
{
    return x->ctxt->ops->write_msr ? x->ctxt->ops->write_msr(x->ctxt, msr, value) : EMUL_UNHANDLED;
}

static int read_cr(struct exec *x, unsigned reg, uint64_t *value)
{
    return x->ctxt->ops->read_cr ? x->ctxt->ops->read_cr(x->ctxt, reg, value) : EMUL_UNHANDLED;
}

static int write_cr(struct exec *x, unsigned reg, uint64_t value)
{
    return x->ctxt->ops->write_cr ? x->ctxt->ops->write_cr(x->ctxt, reg, value) : EMUL_UNHANDLED;
}

int exec_in(struct exec *x)
{
    struct emul_ctxt *ctxt = x->ctxt;
    unsigned bytes = x->insn->dst.size;
    uint32_t value = 0;
    if (!ctxt->ops->read_io)
        return EMUL_UNHANDLED;
    int rc = ctxt->ops->read_io(ctxt, (uint16_t)x->src, bytes, &value);
    if (rc == EMUL_OK)
        emul_set_reg(ctxt, REG_AX, bytes, value);
    return rc;
}

int exec_out(struct exec *x)
{
    struct emul_ctxt *ctxt = x->ctxt;
    if (!ctxt->ops->write_io)
        return EMUL_UNHANDLED;
    return ctxt->ops->write_io(ctxt, (uint16_t)x->dst, x->insn->src.size, (uint32_t)x->src);
}

int exec_cli(struct exec *x)
{
    x->rflags &= ~(uint64_t)RFLAGS_IF;
    return EMUL_OK;
}

int exec_sti(struct exec *x)
{
    x->ctxt->retire.sti = !(x->rflags & RFLAGS_IF);
    x->rflags |= RFLAGS_IF;
    return EMUL_OK;
}

int exec_hlt(struct exec *x)
{
    x->ctxt->retire.hlt = true;
    return EMUL_OK;
}

int exec_smap_flag(struct exec *x)
{
    x->rflags &= ~(uint64_t)RFLAGS_AC;
    if (x->insn->op == EMUL_OP_STAC)
        x->rflags |= RFLAGS_AC;
    return EMUL_OK;
}

int exec_read_cr(struct exec *x)
{
    return read_cr(x, x->insn->src.reg, &x->dst);
}

int exec_write_cr(struct exec *x)
{
    return write_cr(x, x->insn->dst.reg, x->src);
}

int exec_read_dr(struct exec *x)
{
    struct emul_ctxt *ctxt = x->ctxt;
    return ctxt->ops->read_dr ? ctxt->ops->read_dr(ctxt, x->insn->src.reg, &x->dst)
        : EMUL_UNHANDLED;
}

int exec_write_dr(struct exec *x)
{
    struct emul_ctxt *ctxt = x->ctxt;
    return ctxt->ops->write_dr ? ctxt->ops->write_dr(ctxt, x->insn->dst.reg, x->src)
        : EMUL_UNHANDLED;
}

int exec_clts(struct exec *x)
{
    uint64_t cr0;
    int rc = read_cr(x, 0, &cr0);
    return rc == EMUL_OK ? write_cr(x, 0, cr0 & ~(uint64_t)CR0_TS) : rc;
}

/* Bits 3:0 of CR0, of which PE can be set but not cleared. */
int exec_lmsw(struct exec *x)
{
    uint64_t cr0;
    int rc = read_cr(x, 0, &cr0);
    return rc == EMUL_OK ? write_cr(x, 0, (cr0 & ~0xeull) | (x->dst & 0xf)) : rc;
}

int exec_smsw(struct exec *x)
{
    return read_cr(x, 0, &x->dst);
}

int exec_rdmsr(struct exec *x)
{
    uint64_t value;
    int rc = read_msr(x, read_ecx(x), &value);
    if (rc == EMUL_OK)
        write_edx_eax(x, value);
    return rc;
}

int exec_wrmsr(struct exec *x)
{
    return write_msr(x, read_ecx(x), read_edx_eax(x));
}

/* May a user program read this counter? Outside ring 0 a bit of CR4 decides. */
static int check_user_counter(struct exec *x, uint64_t bit, bool allowed_when_set)
{
    uint64_t cr4;
    if (x->ctxt->cpl == 0)
        return EMUL_OK;
    int rc = read_cr(x, 4, &cr4);
    if (rc != EMUL_OK)
        return rc;
    bool allowed = !(cr4 & bit) != allowed_when_set;
    return allowed ? EMUL_OK : emulate_raise_error(x->ctxt, VECTOR_GP, 0);
}

int exec_rdtsc(struct exec *x)
{
    uint64_t tsc;
    int rc = check_user_counter(x, CR4_TSD, false);
    if (rc == EMUL_OK)
        rc = read_msr(x, MSR_TSC, &tsc);
    if (rc == EMUL_OK)
        write_edx_eax(x, tsc);
    return rc;
}

int exec_rdtscp(struct exec *x)
{
    uint64_t tsc, aux;
    int rc = check_user_counter(x, CR4_TSD, false);
    if (rc == EMUL_OK)
        rc = read_msr(x, MSR_TSC_AUX, &aux);
    if (rc == EMUL_OK)
        rc = read_msr(x, MSR_TSC, &tsc);
    if (rc != EMUL_OK)
        return rc;
    write_edx_eax(x, tsc);
    emul_set_reg(x->ctxt, REG_CX, 4, aux);
    return EMUL_OK;
}

int exec_rdpmc(struct exec *x)
{
    struct emul_ctxt *ctxt = x->ctxt;
    uint64_t value;
    int rc = check_user_counter(x, CR4_PCE, true);
    if (rc == EMUL_OK)
        rc = ctxt->ops->read_pmc ? ctxt->ops->read_pmc(ctxt, read_ecx(x), &value) : EMUL_UNHANDLED;
    if (rc == EMUL_OK)
        write_edx_eax(x, value);
    return rc;
}

int exec_cpuid(struct exec *x)
{
    struct emul_ctxt *ctxt = x->ctxt;
    uint32_t out[4];
    if (!ctxt->ops->cpuid)
        return EMUL_UNHANDLED;
    int rc = ctxt->ops->cpuid(ctxt, (uint32_t)emul_reg(ctxt, REG_AX, 4), read_ecx(x), out);
    if (rc != EMUL_OK)
        return rc;
    emul_set_reg(ctxt, REG_AX, 4, out[0]);
    emul_set_reg(ctxt, REG_BX, 4, out[1]);
    emul_set_reg(ctxt, REG_CX, 4, out[2]);
    emul_set_reg(ctxt, REG_DX, 4, out[3]);
    return EMUL_OK;
}

int exec_xgetbv(struct exec *x)
{
    struct emul_ctxt *ctxt = x->ctxt;
    uint64_t value;
    if (!ctxt->ops->read_xcr)
        return EMUL_UNHANDLED;
    int rc = ctxt->ops->read_xcr(ctxt, read_ecx(x), &value);
    if (rc == EMUL_OK)
        write_edx_eax(x, value);
    return rc;
}

int exec_xsetbv(struct exec *x)
{
    struct emul_ctxt *ctxt = x->ctxt;
    if (!ctxt->ops->write_xcr)
        return EMUL_UNHANDLED;
    return ctxt->ops->write_xcr(ctxt, read_ecx(x), read_edx_eax(x));
}

/* Should the second write fail, the first is taken back. */
int exec_swapgs(struct exec *x)
{
    uint64_t gs, kernel_gs;
    if (x->ctxt->code_bits != 64)
        return emulate_raise(x->ctxt, VECTOR_UD);
    int rc = read_msr(x, MSR_GS_BASE, &gs);
    if (rc == EMUL_OK)
        rc = read_msr(x, MSR_KERNEL_GS_BASE, &kernel_gs);
    if (rc == EMUL_OK)
        rc = write_msr(x, MSR_KERNEL_GS_BASE, gs);
    if (rc != EMUL_OK)
        return rc;
    rc = write_msr(x, MSR_GS_BASE, kernel_gs);
    if (rc != EMUL_OK) {
        struct emul_fault fault = x->ctxt->fault;
        write_msr(x, MSR_KERNEL_GS_BASE, kernel_gs);
        x->ctxt->fault = fault;
    }
    return rc;
}

int exec_tlb(struct exec *x)
{
    struct emul_ctxt *ctxt = x->ctxt;
    const struct emul_operand *dst = &x->insn->dst;
    if (!ctxt->ops->tlb_op)
        return EMUL_UNHANDLED;
    return ctxt->ops->tlb_op(ctxt, x->insn->op - EMUL_OP_INVLPG + EMUL_TLB_INVLPG, dst->seg,
                             dst->offset);
}

static int read_selector(struct exec *x, unsigned seg, uint64_t *selector)
{
    struct emul_ctxt *ctxt = x->ctxt;
    struct emul_segment segment;
    if (!ctxt->ops->read_segment)
        return EMUL_UNHANDLED;
    int rc = ctxt->ops->read_segment(ctxt, seg, &segment);
    if (rc == EMUL_OK)
        *selector = segment.selector;
    return rc;
}

static int load_segment(struct exec *x, unsigned seg, uint64_t selector)
{
    struct emul_ctxt *ctxt = x->ctxt;
    if (!ctxt->ops->load_segment)
        return EMUL_UNHANDLED;
    int rc = ctxt->ops->load_segment(ctxt, seg, (uint16_t)selector);
    if (rc == EMUL_OK && seg == EMUL_SS && x->insn->op != EMUL_OP_LOAD_FAR)
        ctxt->retire.mov_ss = true;
    return rc;
}

int exec_mov_seg(struct exec *x)
{
    return read_selector(x, x->insn->src.reg, &x->dst);
}

int exec_push_seg(struct exec *x)
{
    uint64_t selector;
    int rc = read_selector(x, x->insn->dst.reg, &selector);
    return rc == EMUL_OK ? emul_push(x->ctxt, x->insn->op_bytes, selector) : rc;
}

int exec_load_seg(struct exec *x)
{
    return load_segment(x, x->insn->dst.reg, x->src);
}

int exec_pop_seg(struct exec *x)
{
    uint64_t selector;
    int rc = emul_peek(x->ctxt, 0, 2, &selector);
    if (rc == EMUL_OK)
        rc = load_segment(x, x->insn->dst.reg, selector);
    if (rc == EMUL_OK)
        x->pop = x->insn->op_bytes;
    return rc;
}

/* LES, LDS, LSS, LFS, LGS: offset, then selector. */
int exec_load_far(struct exec *x)
{
    const struct emul_operand *src = &x->insn->src;
    unsigned bytes = x->insn->op_bytes, seg = x->insn->opcode & 7;
    uint64_t behind = (src->offset + bytes) & size_mask(x->insn->ad_bytes), selector;
    if (x->insn->opcode < 0x100)
        seg = x->insn->opcode == 0xc4 ? EMUL_ES : EMUL_DS;
    int rc = emul_load(x->ctxt, src->seg, src->offset, bytes, &x->dst);
    if (rc == EMUL_OK)
        rc = emul_load(x->ctxt, src->seg, behind, 2, &selector);
    return rc == EMUL_OK ? load_segment(x, seg, selector) : rc;
}

static int raise_software(struct exec *x, uint8_t vector, enum emul_event event)
{
    x->ctxt->fault = (struct emul_fault){ .vector = vector, .event = event,
        .length = x->insn->length };
    return EMUL_FAULT;
}

int exec_int(struct exec *x)
{
    if (x->ctxt->vm86 && x->ctxt->iopl < 3)
        return emulate_raise_error(x->ctxt, VECTOR_GP, 0);
    return raise_software(x, (uint8_t)x->dst, EMUL_EVENT_INT);
}

int exec_int1(struct exec *x)
{
    return raise_software(x, VECTOR_DB, EMUL_EVENT_INT1);
}

int exec_int3(struct exec *x)
{
    return raise_software(x, VECTOR_BP, EMUL_EVENT_SOFTWARE);
}

int exec_into(struct exec *x)
{
    return x->rflags & RFLAGS_OF ? raise_software(x, VECTOR_OF, EMUL_EVENT_SOFTWARE) : EMUL_OK;
}

/* The array's bounds, both inclusive, stand in memory one behind the other. */
int exec_bound(struct exec *x)
{
    const struct emul_operand *src = &x->insn->src;
    unsigned bytes = x->insn->op_bytes;
    uint64_t behind = (src->offset + bytes) & size_mask(x->insn->ad_bytes), low, high;
    int rc = emul_load(x->ctxt, src->seg, src->offset, bytes, &low);
    if (rc == EMUL_OK)
        rc = emul_load(x->ctxt, src->seg, behind, bytes, &high);
    if (rc != EMUL_OK)
        return rc;
    int64_t index = sign_extend(x->dst, bytes);
    bool inside = index >= sign_extend(low, bytes) && index <= sign_extend(high, bytes);
    return inside ? EMUL_OK : emulate_raise(x->ctxt, VECTOR_BR);
}
