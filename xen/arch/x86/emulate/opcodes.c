/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The opcode maps, as data.
 *
 * A row absent from a map is an instruction the emulator does not cover, which is another thing
 * than one that does not exist (UD). Rows are in the order of the opcode bytes.
 */
#include "opcodes.h"

enum group {
    G_NONE, G_ALU, G_POP, G_SHIFT, G_UNARYB, G_UNARYV, G_INCDEC, G_BRANCH, G_LDT, G_GDT, G_BIT,
    G_CMPXCHG8B, G_MOV, G_FENCE,
};

#define OP(name)                { EMUL_OP_##name, 0, 0, 0, 0, 0 }
#define OPF(name, f)            { EMUL_OP_##name, 0, 0, 0, f, 0 }
#define OP1(name, d, f)         { EMUL_OP_##name, d, 0, 0, f, 0 }
#define OP2(name, d, s, f)      { EMUL_OP_##name, d, s, 0, f, 0 }
#define OP3(name, d, s, a, f)   { EMUL_OP_##name, d, s, a, f, 0 }
#define GROUP(g, d, s, f)       { EMUL_OP_NONE, d, s, 0, f, G_##g }

/* The six encodings of a two-operand ALU instruction. */
#define ALU(base, name, f) \
    [base + 0] = OP2(name, Eb, Gb, f), [base + 1] = OP2(name, Ev, Gv, f), \
    [base + 2] = OP2(name, Gb, Eb, f & ~F_LOCK), [base + 3] = OP2(name, Gv, Ev, f & ~F_LOCK), \
    [base + 4] = OP2(name, AL, Ib, f & ~F_LOCK), [base + 5] = OP2(name, rAX, Iz, f & ~F_LOCK)

#define RWL (F_RW | F_LOCK)

static const struct row map_one_byte[256] = {
    ALU(0x00, ADD, RWL), ALU(0x08, OR, RWL), ALU(0x10, ADC, RWL), ALU(0x18, SBB, RWL),
    ALU(0x20, AND, RWL), ALU(0x28, SUB, RWL), ALU(0x30, XOR, RWL), ALU(0x38, CMP, F_READ),
    [0x06] = OP1(PUSH, Sf, F_READ | F_NO64), [0x07] = OP1(POP_SEG, Sf, F_NO64),
    [0x0e] = OP1(PUSH, Sf, F_READ | F_NO64), [0x16] = OP1(PUSH, Sf, F_READ | F_NO64),
    [0x17] = OP1(POP_SEG, Sf, F_NO64), [0x1e] = OP1(PUSH, Sf, F_READ | F_NO64),
    [0x1f] = OP1(POP_SEG, Sf, F_NO64), [0x27] = OP1(DAA, AL, F_RW | F_NO64),
    [0x2f] = OP1(DAS, AL, F_RW | F_NO64), [0x37] = OP1(AAA, AX, F_RW | F_NO64),
    [0x3f] = OP1(AAS, AX, F_RW | F_NO64), [0x40 ... 0x47] = OP1(INC, Zv, F_RW),
    [0x48 ... 0x4f] = OP1(DEC, Zv, F_RW), [0x50 ... 0x57] = OP1(PUSH, Zv, F_READ | F_DEF64),
    [0x58 ... 0x5f] = OP1(POP, Zv, F_WRITE | F_DEF64), [0x60] = OPF(PUSHA, F_NO64),
    [0x61] = OPF(POPA, F_NO64), [0x62] = OP2(BOUND, Gv, M, F_READ | F_VARIANT),
    [0x63] = OP2(ARPL, Ew, Gw, F_VARIANT), [0x68] = OP1(PUSH, Iz, F_READ | F_DEF64),
    [0x6a] = OP1(PUSH, Is, F_READ | F_DEF64), [0x69] = OP3(IMUL2, Gv, Ev, Iz, F_WRITE),
    [0x6b] = OP3(IMUL2, Gv, Ev, Is, F_WRITE), [0x6c] = OP2(INS, Yb, DX, 0),
    [0x6d] = OP2(INS, Yz, DX, 0), [0x6e] = OP2(OUTS, DX, Xb, F_READ),
    [0x6f] = OP2(OUTS, DX, Xz, F_READ), [0x70 ... 0x7f] = OP1(JCC, Jb, F_NEAR),
    [0x80] = GROUP(ALU, Eb, Ib, 0), [0x81] = GROUP(ALU, Ev, Iz, 0),
    [0x82] = GROUP(ALU, Eb, Ib, F_NO64), [0x83] = GROUP(ALU, Ev, Is, 0),
    [0x84] = OP2(TEST, Eb, Gb, F_READ), [0x85] = OP2(TEST, Ev, Gv, F_READ),
    [0x86] = OP2(XCHG, Eb, Gb, RWL | F_SWAP), [0x87] = OP2(XCHG, Ev, Gv, RWL | F_SWAP),
    [0x88] = OP2(MOV, Eb, Gb, F_WRITE), [0x89] = OP2(MOV, Ev, Gv, F_WRITE),
    [0x8a] = OP2(MOV, Gb, Eb, F_WRITE), [0x8b] = OP2(MOV, Gv, Ev, F_WRITE),
    [0x8c] = OP2(MOV_SEG, Ex, Sw, F_WRITE), [0x8d] = OP2(LEA, Gv, M, F_WRITE),
    [0x8e] = OP2(LOAD_SEG, Sw, Ew, 0), [0x8f] = GROUP(POP, Ev, 0, F_DEF64),
    [0x90 ... 0x97] = OP2(XCHG, Zv, rAX, F_RW | F_SWAP | F_VARIANT), [0x98] = OP1(CBW, rAX, F_RW),
    [0x99] = OP1(CWD, rAX, F_READ), [0x9a] = OP1(CALL_FAR, Ap, F_NO64),
    [0x9c] = OPF(PUSHF, F_DEF64), [0x9d] = OPF(POPF, F_DEF64), [0x9e] = OP(SAHF),
    [0x9f] = OP(LAHF), [0xa0] = OP2(MOV, AL, Ob, F_WRITE), [0xa1] = OP2(MOV, rAX, Ov, F_WRITE),
    [0xa2] = OP2(MOV, Ob, AL, F_WRITE), [0xa3] = OP2(MOV, Ov, rAX, F_WRITE),
    [0xa4] = OP2(MOVS, Yb, Xb, 0), [0xa5] = OP2(MOVS, Yv, Xv, 0), [0xa6] = OP2(CMPS, Yb, Xb, 0),
    [0xa7] = OP2(CMPS, Yv, Xv, 0), [0xa8] = OP2(TEST, AL, Ib, F_READ),
    [0xa9] = OP2(TEST, rAX, Iz, F_READ), [0xaa] = OP2(STOS, Yb, AL, 0),
    [0xab] = OP2(STOS, Yv, rAX, 0), [0xac] = OP2(LODS, AL, Xb, 0), [0xad] = OP2(LODS, rAX, Xv, 0),
    [0xae] = OP2(SCAS, Yb, AL, 0), [0xaf] = OP2(SCAS, Yv, rAX, 0),
    [0xb0 ... 0xb7] = OP2(MOV, Zb, Ib, F_WRITE), [0xb8 ... 0xbf] = OP2(MOV, Zv, Iq, F_WRITE),
    [0xc0] = GROUP(SHIFT, Eb, Ib, F_RW), [0xc1] = GROUP(SHIFT, Ev, Ib, F_RW),
    [0xc2] = OP1(RET, Iw, F_READ | F_NEAR), [0xc3] = OPF(RET, F_NEAR),
    [0xc4] = OP2(LOAD_FAR, Gv, M, F_WRITE | F_VARIANT),
    [0xc5] = OP2(LOAD_FAR, Gv, M, F_WRITE | F_VARIANT), [0xc6] = GROUP(MOV, Eb, Ib, 0),
    [0xc7] = GROUP(MOV, Ev, Iz, 0), [0xc8] = OP2(ENTER, Iw, Ib, F_READ | F_DEF64),
    [0xc9] = OPF(LEAVE, F_DEF64), [0xca] = OP1(RET_FAR, Iw, 0), [0xcb] = OP(RET_FAR),
    [0xcc] = OP(INT3), [0xcd] = OP1(INT, Ib, F_READ), [0xce] = OPF(INTO, F_NO64),
    [0xcf] = OP(IRET), [0xd0] = GROUP(SHIFT, Eb, One, F_RW), [0xd1] = GROUP(SHIFT, Ev, One, F_RW),
    [0xd2] = GROUP(SHIFT, Eb, CL, F_RW), [0xd3] = GROUP(SHIFT, Ev, CL, F_RW),
    [0xd4] = OP2(AAM, AX, Ib, F_RW | F_NO64), [0xd5] = OP2(AAD, AX, Ib, F_RW | F_NO64),
    [0xd6] = OP1(SALC, AL, F_WRITE | F_NO64), [0xd7] = OP1(XLAT, AL, F_RW),
    [0xe0] = OP1(LOOPNE, Jb, F_NEAR), [0xe1] = OP1(LOOPE, Jb, F_NEAR),
    [0xe2] = OP1(LOOP, Jb, F_NEAR), [0xe3] = OP1(JCXZ, Jb, F_NEAR), [0xe4] = OP2(IN, AL, Ib, 0),
    [0xe5] = OP2(IN, eAX, Ib, 0), [0xe6] = OP2(OUT, Ib, AL, F_READ),
    [0xe7] = OP2(OUT, Ib, eAX, F_READ), [0xe8] = OP1(CALL, Jz, F_NEAR),
    [0xe9] = OP1(JMP, Jz, F_NEAR), [0xea] = OP1(JMP_FAR, Ap, F_NO64),
    [0xeb] = OP1(JMP, Jb, F_NEAR), [0xec] = OP2(IN, AL, DX, 0), [0xed] = OP2(IN, eAX, DX, 0),
    [0xee] = OP2(OUT, DX, AL, F_READ), [0xef] = OP2(OUT, DX, eAX, F_READ), [0xf1] = OP(INT1),
    [0xf4] = OPF(HLT, F_CPL0), [0xf5] = OP(CMC), [0xf6] = GROUP(UNARYB, Eb, 0, 0),
    [0xf7] = GROUP(UNARYV, Ev, 0, 0), [0xf8] = OP(CLC), [0xf9] = OP(STC),
    [0xfa] = OPF(CLI, F_IOPL), [0xfb] = OPF(STI, F_IOPL), [0xfc] = OP(CLD), [0xfd] = OP(STD),
    [0xfe] = GROUP(INCDEC, Eb, 0, 0), [0xff] = GROUP(BRANCH, Ev, 0, 0),
};

static const struct row map_0f[256] = {
    [0x00] = GROUP(LDT, Ew, 0, 0), [0x01] = GROUP(GDT, M, 0, 0), [0x02] = OP2(LAR, Gv, Ew, 0),
    [0x03] = OP2(LSL, Gv, Ew, 0), [0x05] = OP(SYSCALL), [0x06] = OPF(CLTS, F_CPL0),
    [0x07] = OPF(SYSRET, F_CPL0), [0x08] = OPF(INVD, F_CPL0), [0x09] = OPF(WBINVD, F_CPL0),
    [0x0b] = OP(UD), [0x0d] = OP1(NOP, Ev, 0), [0x18 ... 0x1f] = OP1(NOP, Ev, 0),
    [0x20] = OP2(READ_CR, Rn, Cn, F_WRITE | F_REGONLY | F_CPL0),
    [0x21] = OP2(READ_DR, Rn, Dn, F_WRITE | F_REGONLY | F_CPL0),
    [0x22] = OP2(WRITE_CR, Cn, Rn, F_REGONLY | F_CPL0),
    [0x23] = OP2(WRITE_DR, Dn, Rn, F_REGONLY | F_CPL0), [0x30] = OPF(WRMSR, F_CPL0),
    [0x31] = OP(RDTSC), [0x32] = OPF(RDMSR, F_CPL0), [0x33] = OP(RDPMC), [0x34] = OP(SYSENTER),
    [0x35] = OPF(SYSEXIT, F_CPL0), [0x40 ... 0x4f] = OP2(CMOVCC, Gv, Ev, F_RW),
    [0x80 ... 0x8f] = OP1(JCC, Jz, F_NEAR), [0x90 ... 0x9f] = OP1(SETCC, Eb, F_WRITE),
    [0xa0] = OP1(PUSH, Sf, F_READ | F_DEF64), [0xa1] = OP1(POP_SEG, Sf, F_DEF64),
    [0xa8] = OP1(PUSH, Sf, F_READ | F_DEF64), [0xa9] = OP1(POP_SEG, Sf, F_DEF64),
    [0xa2] = OP(CPUID), [0xa3] = OP2(BT, Ev, Gv, F_READ | F_BITS),
    [0xa4] = OP3(SHLD, Ev, Gv, Ib, F_RW), [0xa5] = OP3(SHLD, Ev, Gv, CL, F_RW),
    [0xab] = OP2(BTS, Ev, Gv, RWL | F_BITS), [0xac] = OP3(SHRD, Ev, Gv, Ib, F_RW),
    [0xad] = OP3(SHRD, Ev, Gv, CL, F_RW), [0xae] = GROUP(FENCE, 0, 0, F_VARIANT),
    [0xaf] = OP2(IMUL2, Gv, Ev, F_RW), [0xb0] = OP2(CMPXCHG, Eb, Gb, RWL),
    [0xb1] = OP2(CMPXCHG, Ev, Gv, RWL), [0xb2] = OP2(LOAD_FAR, Gv, M, F_WRITE),
    [0xb3] = OP2(BTR, Ev, Gv, RWL | F_BITS), [0xb4] = OP2(LOAD_FAR, Gv, M, F_WRITE),
    [0xb5] = OP2(LOAD_FAR, Gv, M, F_WRITE), [0xb6] = OP2(MOVZX, Gv, Eb, F_WRITE),
    [0xb7] = OP2(MOVZX, Gv, Ew, F_WRITE), [0xb8] = OPF(NONE, F_VARIANT),
    [0xb9] = OP2(UD, Gv, Ev, 0), [0xba] = GROUP(BIT, Ev, Ib, 0),
    [0xbb] = OP2(BTC, Ev, Gv, RWL | F_BITS), [0xbc] = OP2(BSF, Gv, Ev, F_RW | F_VARIANT),
    [0xbd] = OP2(BSR, Gv, Ev, F_RW | F_VARIANT), [0xbe] = OP2(MOVSX, Gv, Eb, F_WRITE),
    [0xbf] = OP2(MOVSX, Gv, Ew, F_WRITE), [0xc0] = OP2(XADD, Eb, Gb, RWL | F_SWAP),
    [0xc1] = OP2(XADD, Ev, Gv, RWL | F_SWAP), [0xc3] = OP2(MOV, My, Gy, F_WRITE),
    [0xc7] = GROUP(CMPXCHG8B, 0, 0, F_LOCK), [0xc8 ... 0xcf] = OP1(BSWAP, Zv, F_RW),
    [0xff] = OP2(UD, Gv, Ev, 0),
};

static const struct row map_0f38[256] = {
    [0xf0] = OP2(MOVBE, Gv, Mv, F_WRITE | F_VARIANT),
    [0xf1] = OP2(MOVBE, Mv, Gv, F_WRITE | F_VARIANT),
};

static const struct row groups[][8] = {
    [G_ALU] = { OPF(ADD, RWL), OPF(OR, RWL), OPF(ADC, RWL), OPF(SBB, RWL),
                OPF(AND, RWL), OPF(SUB, RWL), OPF(XOR, RWL), OPF(CMP, F_READ) },
    [G_POP] = { OPF(POP, F_WRITE) },
    [G_SHIFT] = { OP(ROL), OP(ROR), OP(RCL), OP(RCR), OP(SHL), OP(SHR), OP(SAL), OP(SAR) },
    [G_UNARYB] = { OP2(TEST, Eb, Ib, F_READ), OP2(TEST, Eb, Ib, F_READ),
                   OPF(NOT, RWL), OPF(NEG, RWL),
                   OPF(MUL, F_READ), OPF(IMUL, F_READ), OPF(DIV, F_READ), OPF(IDIV, F_READ) },
    [G_UNARYV] = { OP2(TEST, Ev, Iz, F_READ), OP2(TEST, Ev, Iz, F_READ),
                   OPF(NOT, RWL), OPF(NEG, RWL),
                   OPF(MUL, F_READ), OPF(IMUL, F_READ), OPF(DIV, F_READ), OPF(IDIV, F_READ) },
    [G_INCDEC] = { OPF(INC, RWL), OPF(DEC, RWL), OP(UD), OP(UD), OP(UD), OP(UD), OP(UD), OP(UD) },
    [G_BRANCH] = { OPF(INC, RWL), OPF(DEC, RWL), OPF(CALL, F_READ | F_NEAR), OP1(CALL_FAR, M, 0),
                   OPF(JMP, F_READ | F_NEAR), OP1(JMP_FAR, M, 0), OPF(PUSH, F_READ | F_DEF64),
                   OP(UD) },
    [G_LDT] = { OP1(SLDT, Ex, F_WRITE), OP1(STR, Ex, F_WRITE), OPF(LLDT, F_READ | F_CPL0),
                OPF(LTR, F_READ | F_CPL0), OPF(VERR, F_READ), OPF(VERW, F_READ), OP(UD), OP(UD) },
    [G_GDT] = { OP(SGDT), OP(SIDT), OPF(LGDT, F_CPL0), OPF(LIDT, F_CPL0), OP1(SMSW, Ex, F_WRITE),
                OP(UD), OP1(LMSW, Ew, F_READ | F_CPL0), OPF(INVLPG, F_CPL0) },
    [G_BIT] = { OP(UD), OP(UD), OP(UD), OP(UD),
                OPF(BT, F_READ), OPF(BTS, RWL), OPF(BTR, RWL), OPF(BTC, RWL) },
    [G_CMPXCHG8B] = { OP(UD), OP1(CMPXCHG8B, M, 0) },
    [G_MOV] = { OPF(MOV, F_WRITE) },
    [G_FENCE] = { [7] = OP1(CLFLUSH, M, 0) },
};

/* 0f 01 with a register ModRM: each byte is an instruction of its own. */
static const struct { uint8_t modrm; struct row row; } register_0f01[] = {
    { 0xc1, OP(VMCALL) }, { 0xd9, OP(VMCALL) },
    { 0xca, OPF(CLAC, F_CPL0) }, { 0xcb, OPF(STAC, F_CPL0) },
    { 0xd0, OP(XGETBV) }, { 0xd1, OPF(XSETBV, F_CPL0) },
    { 0xf8, OPF(SWAPGS, F_CPL0) }, { 0xf9, OP(RDTSCP) },
};

static const struct variant variants[] = {
    { 0x062, IF_VEX, OP(NONE) },
    { 0x063, IF_LONG, OP2(MOVSX, Gv, Ez, F_WRITE) },
    { 0x090, IF_PLAIN_90, OP(NOP) },
    { 0x0c4, IF_VEX, OP(NONE) },
    { 0x0c5, IF_VEX, OP(NONE) },
    { 0x1ae, IF_SEG_BASE, OP1(SEG_BASE, Ev, 0) },
    { 0x1ae, IF_FENCE, OP1(NOP, Ev, 0) },
    { 0x1b8, IF_F3, OP2(POPCNT, Gv, Ev, F_WRITE) },
    { 0x1bc, IF_F3, OP2(TZCNT, Gv, Ev, F_WRITE) },
    { 0x1bd, IF_F3, OP2(LZCNT, Gv, Ev, F_WRITE) },
    { 0x2f0, IF_F2, OP(NONE) },
    { 0x2f1, IF_F2, OP(NONE) },
};

const struct row *opcode_row(unsigned map, uint8_t byte)
{
    static const struct row *const maps[] = {
        [MAP_ONE_BYTE] = map_one_byte, [MAP_0F] = map_0f, [MAP_0F38] = map_0f38,
    };
    return &maps[map][byte];
}

const struct row *opcode_group_row(unsigned group, unsigned reg)
{
    return &groups[group][reg & 7];
}

bool opcode_group_is_0f01(unsigned group)
{
    return group == G_GDT;
}

const struct row *opcode_register_0f01(uint8_t modrm)
{
    static const struct row unknown = OP(NONE);
    for (unsigned i = 0; i < sizeof(register_0f01) / sizeof(register_0f01[0]); i++)
        if (register_0f01[i].modrm == modrm)
            return &register_0f01[i].row;
    return &unknown;
}

const struct variant *opcode_variant(uint16_t opcode, const struct variant *previous)
{
    const struct variant *end = variants + sizeof(variants) / sizeof(variants[0]);
    for (const struct variant *v = previous ? previous + 1 : variants; v < end; v++)
        if (v->opcode == opcode)
            return v;
    return NULL;
}
