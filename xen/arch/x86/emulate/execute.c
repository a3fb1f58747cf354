/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Performing a decoded instruction: load operands, run the operation's handler, store, then flags
 * and rip.
 *
 * Here too: data movement, stack and control flow. A handler's table row (decode.c) says which
 * operands are loaded and stored around it; a locked read-modify-write is stored by compare and
 * exchange, and starts over when memory changed in between.
 */
#include "private.h"

#define LOCKED_TRIES 16

static int exec_mov(struct exec *x)
{
    x->dst = x->src;
    return EMUL_OK;
}

static int exec_movsx(struct exec *x)
{
    x->dst = (uint64_t)sign_extend(x->src, x->insn->src.size);
    return EMUL_OK;
}

static uint64_t swap_bytes(uint64_t value, unsigned bytes)
{
    return __builtin_bswap64(value) >> (64 - bytes * 8);
}

static int exec_movbe(struct exec *x)
{
    x->dst = swap_bytes(x->src, x->insn->src.size);
    return EMUL_OK;
}

/* Of 16 bits the result is undefined; processors give 0. */
static int exec_bswap(struct exec *x)
{
    unsigned bytes = x->insn->dst.size;
    x->dst = bytes == 2 ? 0 : swap_bytes(x->dst, bytes);
    return EMUL_OK;
}

static int exec_lea(struct exec *x)
{
    x->dst = x->insn->src.offset;
    return EMUL_OK;
}

static int exec_xlat(struct exec *x)
{
    const struct emul_insn *insn = x->insn;
    uint64_t offset = emul_reg(x->ctxt, REG_BX, 8) + x->dst;
    return emul_load(x->ctxt, insn->seg, offset & size_mask(insn->ad_bytes), 1, &x->dst);
}

static int exec_xchg(struct exec *x)
{
    uint64_t dst = x->dst;
    x->dst = x->src;
    x->src = dst;
    return EMUL_OK;
}

static int exec_xadd(struct exec *x)
{
    uint64_t old = x->dst;
    int rc = exec_add(x);
    x->src = old;
    return rc;
}

static int exec_cmpxchg(struct exec *x)
{
    unsigned bytes = x->insn->dst.size;
    uint64_t found = x->dst;
    if (!alu_subtract(x, emul_reg(x->ctxt, REG_AX, bytes), found, false, bytes)) {
        x->dst = x->src;
        return EMUL_OK;
    }
    x->skip_store = true;
    x->set_acc = true;
    x->acc = found;
    return EMUL_OK;
}

/* CMPXCHG8B and, with REX.W, CMPXCHG16B: halves in EDX:EAX and ECX:EBX, or RDX:RAX and RCX:RBX. */
static int exec_cmpxchg8b(struct exec *x)
{
    struct emul_ctxt *ctxt = x->ctxt;
    const struct emul_operand *mem = &x->insn->dst;
    unsigned half = x->insn->rex & 8 ? 8 : 4;
    uint64_t expected[2] = { emul_reg(ctxt, REG_AX, half), emul_reg(ctxt, REG_DX, half) };
    uint64_t desired[2] = { emul_reg(ctxt, REG_BX, half), emul_reg(ctxt, REG_CX, half) };
    if (half == 4) {
        expected[0] |= expected[1] << 32;
        desired[0] |= desired[1] << 32;
    } else if (mem->offset & 15) {
        return emulate_raise_error(ctxt, VECTOR_GP, 0);
    }
    if (!ctxt->ops->cmpxchg)
        return EMUL_UNHANDLED;

    int rc = ctxt->ops->cmpxchg(ctxt, mem->seg, mem->offset, expected, desired, half * 2,
                                x->insn->lock);
    if (rc == EMUL_OK)
        x->rflags |= RFLAGS_ZF;
    if (rc != EMUL_MISMATCH)
        return rc;
    x->rflags &= ~(uint64_t)RFLAGS_ZF;
    emul_set_reg(ctxt, REG_AX, half, expected[0]);
    emul_set_reg(ctxt, REG_DX, half, half == 4 ? expected[0] >> 32 : expected[1]);
    return EMUL_OK;
}

static int exec_setcc(struct exec *x)
{
    x->dst = emul_condition(x->rflags, x->insn->opcode);
    return EMUL_OK;
}

/* A 32-bit destination loses its upper half even when the condition is false. */
static int exec_cmovcc(struct exec *x)
{
    if (emul_condition(x->rflags, x->insn->opcode))
        x->dst = x->src;
    return EMUL_OK;
}

static int exec_cbw(struct exec *x)
{
    x->dst = (uint64_t)sign_extend(x->dst, x->insn->op_bytes / 2);
    return EMUL_OK;
}

static int exec_cwd(struct exec *x)
{
    unsigned bytes = x->insn->op_bytes;
    emul_set_reg(x->ctxt, REG_DX, bytes, x->dst & sign_bit(bytes) ? ~0ull : 0);
    return EMUL_OK;
}

static int exec_salc(struct exec *x)
{
    x->dst = x->rflags & RFLAGS_CF ? 0xff : 0;
    return EMUL_OK;
}

static int exec_nop(struct exec *x)
{
    (void)x;
    return EMUL_OK;
}

static int exec_flag(struct exec *x)
{
    switch (x->insn->op) {
    case EMUL_OP_CLC: x->rflags &= ~(uint64_t)RFLAGS_CF; break;
    case EMUL_OP_STC: x->rflags |= RFLAGS_CF; break;
    case EMUL_OP_CMC: x->rflags ^= RFLAGS_CF; break;
    case EMUL_OP_CLD: x->rflags &= ~(uint64_t)RFLAGS_DF; break;
    case EMUL_OP_STD: x->rflags |= RFLAGS_DF; break;
    }
    return EMUL_OK;
}

#define LAHF_FLAGS (RFLAGS_CF | RFLAGS_PF | RFLAGS_AF | RFLAGS_ZF | RFLAGS_SF)

static int exec_lahf(struct exec *x)
{
    uint64_t ax = emul_reg(x->ctxt, REG_AX, 1);
    emul_set_reg(x->ctxt, REG_AX, 2, ax | ((x->rflags & LAHF_FLAGS) | 2) << 8);
    return EMUL_OK;
}

static int exec_sahf(struct exec *x)
{
    uint64_t ah = emul_reg(x->ctxt, REG_AX, 2) >> 8;
    x->rflags = (x->rflags & ~(uint64_t)LAHF_FLAGS) | (ah & LAHF_FLAGS);
    return EMUL_OK;
}

static int exec_push(struct exec *x)
{
    if (x->insn->dst.kind == EMUL_OPERAND_SEG)
        return exec_push_seg(x);
    return emul_push(x->ctxt, x->insn->op_bytes, x->dst);
}

static int exec_pop(struct exec *x)
{
    x->pop = x->insn->op_bytes;
    return emul_peek(x->ctxt, 0, x->insn->op_bytes, &x->dst);
}

/* AX, CX, DX, BX, the old SP, BP, SI, DI, downwards. */
static int exec_pusha(struct exec *x)
{
    struct emul_ctxt *ctxt = x->ctxt;
    int bytes = x->insn->op_bytes;
    for (int reg = REG_AX; reg <= REG_DI; reg++) {
        uint64_t value = emul_reg(ctxt, reg, bytes);
        int rc = emul_store(ctxt, EMUL_SS, emul_stack(ctxt, -(reg + 1) * bytes), bytes, value);
        if (rc != EMUL_OK)
            return rc;
    }
    x->pop = -8 * bytes;
    return EMUL_OK;
}

static int exec_popa(struct exec *x)
{
    struct emul_ctxt *ctxt = x->ctxt;
    int bytes = x->insn->op_bytes;
    uint64_t value[8];
    for (int reg = REG_AX; reg <= REG_DI; reg++) {
        int rc = emul_peek(ctxt, (REG_DI - reg) * bytes, bytes, &value[reg]);
        if (rc != EMUL_OK)
            return rc;
    }
    for (int reg = REG_AX; reg <= REG_DI; reg++)
        if (reg != REG_SP)
            emul_set_reg(ctxt, reg, bytes, value[reg]);
    x->pop = 8 * bytes;
    return EMUL_OK;
}

static bool flags_trap(const struct emul_ctxt *ctxt)
{
    return ctxt->vm86 && ctxt->iopl < 3;
}

static int exec_pushf(struct exec *x)
{
    if (flags_trap(x->ctxt))
        return emulate_raise_error(x->ctxt, VECTOR_GP, 0);
    return emul_push(x->ctxt, x->insn->op_bytes, x->rflags & ~(uint64_t)(RFLAGS_VM | RFLAGS_RF));
}

static int exec_popf(struct exec *x)
{
    struct emul_ctxt *ctxt = x->ctxt;
    uint64_t value, mask = RFLAGS_ARITH | RFLAGS_TF | RFLAGS_DF | RFLAGS_NT | RFLAGS_AC | RFLAGS_ID;
    if (flags_trap(ctxt))
        return emulate_raise_error(ctxt, VECTOR_GP, 0);
    int rc = emul_peek(ctxt, 0, x->insn->op_bytes, &value);
    if (rc != EMUL_OK)
        return rc;
    if (ctxt->cpl == 0)
        mask |= RFLAGS_IOPL;
    if (ctxt->cpl <= ctxt->iopl)
        mask |= RFLAGS_IF;
    mask &= size_mask(x->insn->op_bytes);
    x->rflags = (x->rflags & ~mask) | (value & mask);
    x->pop = x->insn->op_bytes;
    return EMUL_OK;
}

/* Push BP, then for nested procedures the outer frames' pointers and this frame's own. */
static int exec_enter(struct exec *x)
{
    struct emul_ctxt *ctxt = x->ctxt;
    int bytes = x->insn->op_bytes, level = x->src & 31;
    int64_t delta = -bytes;
    uint64_t frame = emul_stack(ctxt, delta), bp = emul_reg(ctxt, REG_BP, 8);
    int rc = emul_store(ctxt, EMUL_SS, frame, bytes, bp);
    for (int i = 1; i < level && rc == EMUL_OK; i++) {
        uint64_t from = (bp - (uint64_t)(i * bytes)) & size_mask(ctxt->stack_bits / 8), outer;
        rc = emul_load(ctxt, EMUL_SS, from, bytes, &outer);
        delta -= bytes;
        if (rc == EMUL_OK)
            rc = emul_store(ctxt, EMUL_SS, emul_stack(ctxt, delta), bytes, outer);
    }
    if (level && rc == EMUL_OK) {
        delta -= bytes;
        rc = emul_store(ctxt, EMUL_SS, emul_stack(ctxt, delta), bytes, frame);
    }
    if (rc != EMUL_OK)
        return rc;
    emul_set_reg(ctxt, REG_BP, bytes, frame);
    x->pop = delta - (int64_t)x->dst;
    return EMUL_OK;
}

static int exec_leave(struct exec *x)
{
    struct emul_ctxt *ctxt = x->ctxt;
    unsigned bytes = x->insn->op_bytes, stack_bytes = ctxt->stack_bits / 8;
    uint64_t frame = emul_reg(ctxt, REG_BP, stack_bytes), value;
    int rc = emul_load(ctxt, EMUL_SS, frame, bytes, &value);
    if (rc != EMUL_OK)
        return rc;
    emul_set_reg(ctxt, REG_SP, stack_bytes, frame + bytes);
    emul_set_reg(ctxt, REG_BP, bytes, value);
    return EMUL_OK;
}

/*
 * Displacements count from the next instruction; register and memory operands are the target
 * itself.
 */
static uint64_t branch_target(const struct exec *x)
{
    const struct emul_operand *o = &x->insn->dst;
    return o->kind == EMUL_OPERAND_IMM ? x->insn->next_ip + o->value : x->dst;
}

static int exec_jmp(struct exec *x)
{
    return emul_branch(x, branch_target(x));
}

static int exec_call(struct exec *x)
{
    int rc = emul_branch(x, branch_target(x));
    if (rc != EMUL_OK)
        return rc;
    return emul_push(x->ctxt, x->insn->op_bytes, x->insn->next_ip);
}

static int exec_ret(struct exec *x)
{
    uint64_t target;
    int rc = emul_peek(x->ctxt, 0, x->insn->op_bytes, &target);
    if (rc != EMUL_OK)
        return rc;
    x->pop = x->insn->op_bytes + (int64_t)x->dst;
    return emul_branch(x, target);
}

static int exec_jcc(struct exec *x)
{
    return emul_condition(x->rflags, x->insn->opcode) ? exec_jmp(x) : EMUL_OK;
}

static int exec_jcxz(struct exec *x)
{
    return emul_reg(x->ctxt, REG_CX, x->insn->ad_bytes) ? EMUL_OK : exec_jmp(x);
}

static int exec_loop(struct exec *x)
{
    unsigned bytes = x->insn->ad_bytes;
    uint64_t count = (emul_reg(x->ctxt, REG_CX, bytes) - 1) & size_mask(bytes);
    bool zero = x->rflags & RFLAGS_ZF, taken = count;
    if (x->insn->op != EMUL_OP_LOOP)
        taken = taken && zero == (x->insn->op == EMUL_OP_LOOPE);
    int rc = taken ? exec_jmp(x) : EMUL_OK;
    if (rc == EMUL_OK)
        emul_set_reg(x->ctxt, REG_CX, bytes, count);
    return rc;
}

/*
 * Decoded operations without a handler (far branches, IRET, descriptor tables) are left to the
 * caller.
 */
static exec_fn *const handlers[EMUL_OP_COUNT] = {
    [EMUL_OP_ADD] = exec_add, [EMUL_OP_OR] = exec_or, [EMUL_OP_ADC] = exec_adc,
    [EMUL_OP_SBB] = exec_sbb, [EMUL_OP_AND] = exec_and, [EMUL_OP_SUB] = exec_sub,
    [EMUL_OP_XOR] = exec_xor, [EMUL_OP_CMP] = exec_cmp, [EMUL_OP_ROL ... EMUL_OP_SAR] = exec_shift,
    [EMUL_OP_TEST] = exec_test, [EMUL_OP_NOT] = exec_not, [EMUL_OP_NEG] = exec_neg,
    [EMUL_OP_INC] = exec_inc, [EMUL_OP_DEC] = exec_dec, [EMUL_OP_MUL] = exec_mul,
    [EMUL_OP_IMUL] = exec_imul, [EMUL_OP_IMUL2] = exec_imul2, [EMUL_OP_DIV] = exec_div,
    [EMUL_OP_IDIV] = exec_idiv, [EMUL_OP_SHLD ... EMUL_OP_SHRD] = exec_double_shift,
    [EMUL_OP_BT ... EMUL_OP_BTC] = exec_bit, [EMUL_OP_BSF] = exec_bsf, [EMUL_OP_BSR] = exec_bsr,
    [EMUL_OP_TZCNT] = exec_tzcnt, [EMUL_OP_LZCNT] = exec_lzcnt, [EMUL_OP_POPCNT] = exec_popcnt,
    [EMUL_OP_BSWAP] = exec_bswap, [EMUL_OP_MOV] = exec_mov, [EMUL_OP_MOVZX] = exec_mov,
    [EMUL_OP_MOVSX] = exec_movsx, [EMUL_OP_MOVBE] = exec_movbe, [EMUL_OP_LEA] = exec_lea,
    [EMUL_OP_XLAT] = exec_xlat, [EMUL_OP_XCHG] = exec_xchg, [EMUL_OP_XADD] = exec_xadd,
    [EMUL_OP_CMPXCHG] = exec_cmpxchg, [EMUL_OP_CMPXCHG8B] = exec_cmpxchg8b,
    [EMUL_OP_SETCC] = exec_setcc, [EMUL_OP_CMOVCC] = exec_cmovcc, [EMUL_OP_CBW] = exec_cbw,
    [EMUL_OP_CWD] = exec_cwd, [EMUL_OP_DAA ... EMUL_OP_DAS] = exec_decimal_adjust,
    [EMUL_OP_AAA ... EMUL_OP_AAS] = exec_ascii_adjust, [EMUL_OP_AAM] = exec_aam,
    [EMUL_OP_AAD] = exec_aad, [EMUL_OP_SALC] = exec_salc, [EMUL_OP_PUSH] = exec_push,
    [EMUL_OP_POP] = exec_pop, [EMUL_OP_PUSHA] = exec_pusha, [EMUL_OP_POPA] = exec_popa,
    [EMUL_OP_PUSHF] = exec_pushf, [EMUL_OP_POPF] = exec_popf, [EMUL_OP_ENTER] = exec_enter,
    [EMUL_OP_LEAVE] = exec_leave, [EMUL_OP_CALL] = exec_call, [EMUL_OP_JMP] = exec_jmp,
    [EMUL_OP_RET] = exec_ret, [EMUL_OP_JCC] = exec_jcc, [EMUL_OP_JCXZ] = exec_jcxz,
    [EMUL_OP_LOOPNE ... EMUL_OP_LOOP] = exec_loop, [EMUL_OP_INT] = exec_int,
    [EMUL_OP_INT1] = exec_int1, [EMUL_OP_INT3] = exec_int3, [EMUL_OP_INTO] = exec_into,
    [EMUL_OP_BOUND] = exec_bound, [EMUL_OP_MOVS] = exec_movs, [EMUL_OP_CMPS] = exec_cmps,
    [EMUL_OP_STOS] = exec_stos, [EMUL_OP_LODS] = exec_lods, [EMUL_OP_SCAS] = exec_scas,
    [EMUL_OP_INS] = exec_ins, [EMUL_OP_OUTS] = exec_outs, [EMUL_OP_NOP] = exec_nop,
    [EMUL_OP_CLC ... EMUL_OP_STD] = exec_flag, [EMUL_OP_LAHF] = exec_lahf,
    [EMUL_OP_SAHF] = exec_sahf, [EMUL_OP_CLAC ... EMUL_OP_STAC] = exec_smap_flag,
    [EMUL_OP_MOV_SEG] = exec_mov_seg, [EMUL_OP_LOAD_SEG] = exec_load_seg,
    [EMUL_OP_POP_SEG] = exec_pop_seg, [EMUL_OP_LOAD_FAR] = exec_load_far, [EMUL_OP_IN] = exec_in,
    [EMUL_OP_OUT] = exec_out, [EMUL_OP_CLI] = exec_cli, [EMUL_OP_STI] = exec_sti,
    [EMUL_OP_HLT] = exec_hlt, [EMUL_OP_READ_CR] = exec_read_cr, [EMUL_OP_WRITE_CR] = exec_write_cr,
    [EMUL_OP_READ_DR] = exec_read_dr, [EMUL_OP_WRITE_DR] = exec_write_dr,
    [EMUL_OP_CLTS] = exec_clts, [EMUL_OP_LMSW] = exec_lmsw, [EMUL_OP_SMSW] = exec_smsw,
    [EMUL_OP_RDMSR] = exec_rdmsr, [EMUL_OP_WRMSR] = exec_wrmsr, [EMUL_OP_RDTSC] = exec_rdtsc,
    [EMUL_OP_RDTSCP] = exec_rdtscp, [EMUL_OP_RDPMC] = exec_rdpmc, [EMUL_OP_CPUID] = exec_cpuid,
    [EMUL_OP_XGETBV] = exec_xgetbv, [EMUL_OP_XSETBV] = exec_xsetbv, [EMUL_OP_SWAPGS] = exec_swapgs,
    [EMUL_OP_INVLPG ... EMUL_OP_CLFLUSH] = exec_tlb,
};

static int check_privilege(struct emul_ctxt *ctxt, const struct emul_insn *insn)
{
    bool denied = ((insn->flags & F_CPL0) && ctxt->cpl != 0) ||
                  ((insn->flags & F_IOPL) && ctxt->cpl > ctxt->iopl);
    return denied ? emulate_raise_error(ctxt, VECTOR_GP, 0) : EMUL_OK;
}

/* XCHG with memory is locked whether it says so or not. */
static bool is_locked(const struct emul_insn *insn)
{
    return insn->dst.kind == EMUL_OPERAND_MEM && (insn->flags & F_RW) == F_RW &&
           (insn->lock || insn->op == EMUL_OP_XCHG);
}

static int load_operands(struct exec *x)
{
    const struct emul_insn *insn = x->insn;
    int rc = operand_load(x->ctxt, &insn->src, &x->src);
    if (rc == EMUL_OK)
        rc = operand_load(x->ctxt, &insn->aux, &x->aux);
    if (rc == EMUL_OK && (insn->flags & F_READ))
        rc = operand_load(x->ctxt, &insn->dst, &x->dst);
    return rc;
}

static int store_locked(struct exec *x, uint64_t expected)
{
    struct emul_ctxt *ctxt = x->ctxt;
    const struct emul_operand *dst = &x->insn->dst;
    if (!ctxt->ops->cmpxchg)
        return EMUL_UNHANDLED;
    return ctxt->ops->cmpxchg(ctxt, dst->seg, dst->offset, &expected, &x->dst, dst->size, true);
}

static void begin(struct exec *x, struct emul_ctxt *ctxt, const struct emul_insn *insn)
{
    *x = (struct exec){
        .ctxt = ctxt, .insn = insn, .rflags = ctxt->regs->rflags, .rip = insn->next_ip,
    };
}

/* Everything that may fail: loading, computing, storing to memory. */
static int run(struct exec *x)
{
    struct emul_ctxt *ctxt = x->ctxt;
    const struct emul_insn *insn = x->insn;
    for (unsigned i = 0; i < LOCKED_TRIES; i++) {
        begin(x, ctxt, insn);
        int rc = load_operands(x);
        if (rc != EMUL_OK)
            return rc;
        uint64_t before = x->dst;
        rc = handlers[insn->op](x);
        if (rc != EMUL_OK)
            return rc;
        if (insn->dst.kind != EMUL_OPERAND_MEM || !(insn->flags & F_WRITE) || x->skip_store)
            return EMUL_OK;
        if (!is_locked(insn))
            return operand_store(ctxt, &insn->dst, x->dst);
        rc = store_locked(x, before);
        if (rc != EMUL_MISMATCH)
            return rc;
    }
    return EMUL_RETRY;
}

/* Everything that cannot. XADD of a register with itself keeps the sum, so dst comes after src. */
static void commit(struct exec *x)
{
    struct emul_ctxt *ctxt = x->ctxt;
    const struct emul_insn *insn = x->insn;
    if (x->pop)
        emul_stack_move(ctxt, x->pop);
    if (x->set_acc)
        emul_set_reg(ctxt, REG_AX, insn->dst.size, x->acc);
    if (insn->flags & F_SWAP)
        operand_store(ctxt, &insn->src, x->src);
    if (insn->dst.kind == EMUL_OPERAND_REG && (insn->flags & F_WRITE) && !x->skip_store)
        operand_store(ctxt, &insn->dst, x->dst);

    struct emul_retire *retire = &ctxt->retire;
    retire->singlestep = (ctxt->regs->rflags & RFLAGS_TF) && !retire->mov_ss;
    if (!retire->repeat)
        x->rflags &= ~(uint64_t)RFLAGS_RF;
    ctxt->regs->rflags = x->rflags;
    ctxt->regs->rip = x->rip;
}

int emulate_perform(struct emul_ctxt *ctxt, const struct emul_insn *insn)
{
    ctxt->retire = (struct emul_retire){ .hlt = false };
    if (!handlers[insn->op])
        return EMUL_UNHANDLED;
    int rc = check_privilege(ctxt, insn);
    if (rc != EMUL_OK)
        return rc;

    struct exec x = { .ctxt = ctxt, .insn = insn };
    rc = run(&x);
    if (rc == EMUL_OK)
        commit(&x);
    return rc;
}

int emulate_insn(struct emul_ctxt *ctxt)
{
    struct emul_insn insn;
    int rc = emulate_decode(ctxt, &insn);
    if (rc == EMUL_OK && ctxt->ops->validate)
        rc = ctxt->ops->validate(ctxt, &insn);
    if (rc == EMUL_OK)
        rc = emulate_perform(ctxt, &insn);
    return rc;
}
