/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the emulator's files share: row flags, the state of one instruction being performed, and
 * the accessors of registers, memory and stack.
 *
 * Rule of every handler: first whatever may fail, then registers. Flags and rip are staged in
 * struct exec and reach the register file only when the instruction is complete.
 */
#ifndef X86_EMULATE_PRIVATE_H
#define X86_EMULATE_PRIVATE_H

#include <stddef.h>

#include <public/xen.h>
#include <x86/emulate.h>

/* Flags of a table row, kept in emul_insn.flags. */
#define F_READ      0x0001      /* dst is loaded before the handler */
#define F_WRITE     0x0002      /* dst is stored after it */
#define F_SWAP      0x0004      /* src (a register) is stored as well */
#define F_LOCK      0x0008      /* LOCK allowed when dst is memory */
#define F_NO64      0x0010      /* #UD in 64-bit mode */
#define F_DEF64     0x0020      /* operand size is 64 by default in 64-bit mode */
#define F_NEAR      0x0040      /* near branch: F_DEF64, and but on AMD no way to 16 bits */
#define F_BITS      0x0080      /* a register src selects a bit beyond the memory operand */
#define F_REGONLY   0x0100      /* ModRM.mod is ignored: always a register */
#define F_CPL0      0x0200      /* #GP(0) unless CPL is 0 */
#define F_IOPL      0x0400      /* #GP(0) unless CPL <= IOPL */
#define F_VARIANT   0x0800      /* prefixes or mode may choose another row */
#define F_RW        (F_READ | F_WRITE)

#define RFLAGS_CF   0x00000001u
#define RFLAGS_PF   0x00000004u
#define RFLAGS_AF   0x00000010u
#define RFLAGS_ZF   0x00000040u
#define RFLAGS_SF   0x00000080u
#define RFLAGS_TF   0x00000100u
#define RFLAGS_IF   0x00000200u
#define RFLAGS_DF   0x00000400u
#define RFLAGS_OF   0x00000800u
#define RFLAGS_IOPL 0x00003000u
#define RFLAGS_NT   0x00004000u
#define RFLAGS_RF   0x00010000u
#define RFLAGS_VM   0x00020000u
#define RFLAGS_AC   0x00040000u
#define RFLAGS_ID   0x00200000u
#define RFLAGS_ARITH (RFLAGS_CF | RFLAGS_PF | RFLAGS_AF | RFLAGS_ZF | RFLAGS_SF | RFLAGS_OF)

enum { VECTOR_DE = 0, VECTOR_DB = 1, VECTOR_BP = 3, VECTOR_OF = 4, VECTOR_BR = 5, VECTOR_UD = 6,
       VECTOR_SS = 12, VECTOR_GP = 13, VECTOR_PF = 14 };

enum { REG_AX, REG_CX, REG_DX, REG_BX, REG_SP, REG_BP, REG_SI, REG_DI };

/* One instruction being performed. */
struct exec {
    struct emul_ctxt *ctxt;
    const struct emul_insn *insn;
    uint64_t dst, src, aux;     /* operand values; dst (and src) are stored when the row says so */
    uint64_t rflags;            /* as they will be */
    uint64_t rip;               /* as it will be; next_ip unless the handler branches */
    int64_t pop;                /* bytes the stack pointer will rise by */
    bool skip_store;            /* the handler decided that dst stays */
    bool set_acc;               /* the accumulator will become .acc (CMPXCHG) */
    uint64_t acc;
};

typedef int exec_fn(struct exec *x);

/* Sizes are 1, 2, 4 or 8 bytes. */
static inline uint64_t size_mask(unsigned bytes)
{
    return bytes >= 8 ? ~0ull : (1ull << (bytes * 8)) - 1;
}

static inline uint64_t sign_bit(unsigned bytes)
{
    return 1ull << (bytes * 8 - 1);
}

static inline int64_t sign_extend(uint64_t value, unsigned bytes)
{
    unsigned shift = 64 - bytes * 8;
    return (int64_t)(value << shift) >> shift;
}

static inline bool is_canonical(uint64_t address)
{
    return (uint64_t)((int64_t)(address << 16) >> 16) == address;
}

/* operand.c */
uint64_t *emul_slot(struct cpu_user_regs *regs, unsigned reg);
uint64_t emul_reg(const struct emul_ctxt *ctxt, unsigned reg, unsigned bytes);
void emul_set_reg(struct emul_ctxt *ctxt, unsigned reg, unsigned bytes, uint64_t value);
int emul_load(struct emul_ctxt *ctxt, unsigned seg, uint64_t offset, unsigned bytes,
              uint64_t *value);
int emul_store(struct emul_ctxt *ctxt, unsigned seg, uint64_t offset, unsigned bytes,
               uint64_t value);
int operand_load(struct emul_ctxt *ctxt, const struct emul_operand *operand, uint64_t *value);
int operand_store(struct emul_ctxt *ctxt, const struct emul_operand *operand, uint64_t value);
uint64_t emul_stack(const struct emul_ctxt *ctxt, int64_t delta);
void emul_stack_move(struct emul_ctxt *ctxt, int64_t delta);
int emul_push(struct emul_ctxt *ctxt, unsigned bytes, uint64_t value);
int emul_peek(struct emul_ctxt *ctxt, int64_t delta, unsigned bytes, uint64_t *value);
int emul_branch(struct exec *x, uint64_t target);
bool emul_condition(uint64_t rflags, unsigned code);

/* alu.c: values in x->dst, x->src, x->aux; results and flags back into x */
uint64_t alu_subtract(struct exec *x, uint64_t a, uint64_t b, bool borrow, unsigned bytes);
exec_fn exec_add, exec_or, exec_adc, exec_sbb, exec_and, exec_sub, exec_xor, exec_cmp, exec_test;
exec_fn exec_not, exec_neg, exec_inc, exec_dec, exec_shift, exec_double_shift, exec_bit;
exec_fn exec_mul, exec_imul, exec_imul2, exec_div, exec_idiv;
exec_fn exec_bsf, exec_bsr, exec_tzcnt, exec_lzcnt, exec_popcnt;
exec_fn exec_decimal_adjust, exec_ascii_adjust, exec_aam, exec_aad;

/* string.c */
exec_fn exec_movs, exec_cmps, exec_stos, exec_lods, exec_scas, exec_ins, exec_outs;

/* system.c */
exec_fn exec_in, exec_out, exec_cli, exec_sti, exec_hlt, exec_read_cr, exec_write_cr, exec_read_dr;
exec_fn exec_write_dr, exec_clts, exec_lmsw, exec_smsw, exec_rdmsr, exec_wrmsr, exec_rdtsc,
    exec_rdtscp;
exec_fn exec_rdpmc, exec_cpuid, exec_xgetbv, exec_xsetbv, exec_swapgs, exec_tlb, exec_smap_flag;
exec_fn exec_mov_seg, exec_push_seg, exec_load_seg, exec_pop_seg, exec_load_far;
exec_fn exec_int, exec_int1, exec_int3, exec_into, exec_bound;

#endif
