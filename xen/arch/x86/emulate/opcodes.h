/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The form of the opcode maps, between opcodes.c (data) and decode.c (reader).
 *
 * A row names the operation, its operands by the manuals' letters (E: ModRM.rm, G: ModRM.reg,
 * I: immediate, b/w/v/z/y: size) and flags.
 */
#ifndef X86_EMULATE_OPCODES_H
#define X86_EMULATE_OPCODES_H

#include "private.h"

/* Where an operand comes from, and how large it is; a form is both in one byte. */
enum form_kind {
    K_NONE, K_RM, K_REG, K_MEM, K_ACC, K_OPREG, K_IMM, K_IMM_FULL, K_SIMM8, K_UIMM8, K_UIMM16,
    K_ONE, K_CL, K_DX, K_REL8, K_REL, K_MOFFS, K_SREG, K_SFIXED, K_CR, K_DR, K_STRSRC, K_STRDST,
    K_FAR,
};
enum form_size {
    S_0,        /* an address only */
    S_B, S_W,   /* 1, 2 */
    S_V,        /* the operand size: 2, 4, 8 */
    S_Z,        /* the same, at most 4 */
    S_Y,        /* 4, or 8 with REX.W */
    S_N,        /* 8 in 64-bit mode, else 4 */
    S_X,        /* memory: 2; register: the operand size */
};
#define FORM(kind, size) ((kind) << 3 | (size))

enum form {
    Eb = FORM(K_RM, S_B), Ew = FORM(K_RM, S_W), Ev = FORM(K_RM, S_V), Ez = FORM(K_RM, S_Z),
    Ex = FORM(K_RM, S_X), Rn = FORM(K_RM, S_N),
    Gb = FORM(K_REG, S_B), Gw = FORM(K_REG, S_W), Gv = FORM(K_REG, S_V), Gy = FORM(K_REG, S_Y),
    M = FORM(K_MEM, S_0), Mv = FORM(K_MEM, S_V), My = FORM(K_MEM, S_Y),
    AL = FORM(K_ACC, S_B), AX = FORM(K_ACC, S_W), rAX = FORM(K_ACC, S_V), eAX = FORM(K_ACC, S_Z),
    Zb = FORM(K_OPREG, S_B), Zv = FORM(K_OPREG, S_V),
    Ib = FORM(K_UIMM8, S_B), Is = FORM(K_SIMM8, S_V), Iw = FORM(K_UIMM16, S_W),
    Iz = FORM(K_IMM, S_V), Iq = FORM(K_IMM_FULL, S_V),
    One = FORM(K_ONE, S_B), CL = FORM(K_CL, S_B), DX = FORM(K_DX, S_W),
    Jb = FORM(K_REL8, S_0), Jz = FORM(K_REL, S_0), Ap = FORM(K_FAR, S_0),
    Ob = FORM(K_MOFFS, S_B), Ov = FORM(K_MOFFS, S_V),
    Sw = FORM(K_SREG, S_W), Sf = FORM(K_SFIXED, S_W), Cn = FORM(K_CR, S_N), Dn = FORM(K_DR, S_N),
    Xb = FORM(K_STRSRC, S_B), Xv = FORM(K_STRSRC, S_V), Xz = FORM(K_STRSRC, S_Z),
    Yb = FORM(K_STRDST, S_B), Yv = FORM(K_STRDST, S_V), Yz = FORM(K_STRDST, S_Z),
};

struct row {
    uint8_t op;                 /* enum emul_op */
    uint8_t dst, src, aux;      /* enum form */
    uint16_t flags;             /* F_... */
    uint8_t group;              /* not 0: ModRM.reg chooses a row, which this one completes */
};

/* A row that replaces one flagged F_VARIANT when its condition holds. */
enum variant_condition {
    IF_F3, IF_F2, IF_LONG, IF_VEX,
    IF_PLAIN_90,                /* 90 without REX.B */
    IF_FENCE,                   /* 0f ae with a register, no prefix: LFENCE, MFENCE, SFENCE */
    IF_SEG_BASE,                /* 0f ae with a register and F3: RDFSBASE to WRGSBASE */
};
struct variant {
    uint16_t opcode;            /* as in emul_insn */
    uint8_t when;               /* enum variant_condition */
    struct row row;
};

enum { MAP_ONE_BYTE, MAP_0F, MAP_0F38 };

const struct row *opcode_row(unsigned map, uint8_t byte);
const struct row *opcode_group_row(unsigned group, unsigned reg);
const struct row *opcode_register_0f01(uint8_t modrm);
bool opcode_group_is_0f01(unsigned group);

/* The next variant of `opcode` after `previous` (NULL: the first), or NULL. */
const struct variant *opcode_variant(uint16_t opcode, const struct variant *previous);

#endif
