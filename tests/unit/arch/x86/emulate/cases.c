/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Making test cases: which encodings exist, and registers and memory that let most of them
 * succeed.
 *
 * Knows encodings on its own, without the emulator's tables. Branches are aimed at landing pads;
 * memory operands fall into the data area, but not always: faults must agree too.
 */
#include <string.h>

#include "cases.h"

/* What may follow the opcode, and how a case has to be prepared. */
enum {
    RM = 1, MEM = 2, LOCKABLE = 4, BITS = 8, STRING = 0x10, ONLY32 = 0x20, ONLY64 = 0x40,
    NO66 = 0x80, NEED_F3 = 0x100, REL8 = 0x200, RELZ = 0x400, TARGET = 0x800, RETURN = 0x1000,
    POPF = 0x2000, XLAT = 0x4000, FRAME = 0x8000, MOFFS = 0x10000, DIVIDE = 0x20000,
};
enum { I_NONE, I_B, I_Z, I_V, I_W, I_WB };

static const struct pattern {
    uint8_t map;                /* 0, 1 (0f), 2 (0f 38) */
    uint8_t first, last;        /* opcodes */
    uint8_t digits;             /* ModRM.reg values allowed, a bit each; 0: all */
    uint8_t imm;
    unsigned flags;
} patterns[] = {
#define ALU(base) \
    { 0, base, base + 1, 0, I_NONE, RM | LOCKABLE }, { 0, base + 2, base + 3, 0, I_NONE, RM }, \
    { 0, base + 4, base + 4, 0, I_B, 0 }, { 0, base + 5, base + 5, 0, I_Z, 0 }
    ALU(0x00), ALU(0x08), ALU(0x10), ALU(0x18), ALU(0x20), ALU(0x28), ALU(0x30),
    { 0, 0x38, 0x3b, 0, I_NONE, RM }, { 0, 0x3c, 0x3c, 0, I_B, 0 }, { 0, 0x3d, 0x3d, 0, I_Z, 0 },
    { 0, 0x27, 0x27, 0, I_NONE, ONLY32 }, { 0, 0x2f, 0x2f, 0, I_NONE, ONLY32 },
    { 0, 0x37, 0x37, 0, I_NONE, ONLY32 }, { 0, 0x3f, 0x3f, 0, I_NONE, ONLY32 },
    { 0, 0x40, 0x4f, 0, I_NONE, ONLY32 }, { 0, 0x50, 0x5f, 0, I_NONE, 0 },
    { 0, 0x60, 0x61, 0, I_NONE, ONLY32 }, { 0, 0x62, 0x62, 0, I_NONE, RM | MEM | ONLY32 },
    { 0, 0x63, 0x63, 0, I_NONE, RM | ONLY64 }, { 0, 0x68, 0x68, 0, I_Z, 0 },
    { 0, 0x6a, 0x6a, 0, I_B, 0 }, { 0, 0x69, 0x69, 0, I_Z, RM }, { 0, 0x6b, 0x6b, 0, I_B, RM },
    { 0, 0x70, 0x7f, 0, I_B, REL8 | NO66 }, { 0, 0x80, 0x80, 0x7f, I_B, RM | LOCKABLE },
    { 0, 0x81, 0x81, 0x7f, I_Z, RM | LOCKABLE }, { 0, 0x83, 0x83, 0x7f, I_B, RM | LOCKABLE },
    { 0, 0x82, 0x82, 0, I_B, RM | ONLY32 }, { 0, 0x80, 0x80, 0x80, I_B, RM },
    { 0, 0x81, 0x81, 0x80, I_Z, RM }, { 0, 0x83, 0x83, 0x80, I_B, RM },
    { 0, 0x84, 0x85, 0, I_NONE, RM }, { 0, 0x86, 0x87, 0, I_NONE, RM | LOCKABLE },
    { 0, 0x88, 0x8b, 0, I_NONE, RM }, { 0, 0x8d, 0x8d, 0, I_NONE, RM | MEM },
    { 0, 0x8f, 0x8f, 1, I_NONE, RM }, { 0, 0x90, 0x97, 0, I_NONE, 0 },
    { 0, 0x98, 0x99, 0, I_NONE, 0 }, { 0, 0x9c, 0x9c, 0, I_NONE, 0 },
    { 0, 0x9d, 0x9d, 0, I_NONE, POPF }, { 0, 0x9e, 0x9f, 0, I_NONE, 0 },
    { 0, 0xa0, 0xa3, 0, I_NONE, MOFFS }, { 0, 0xa4, 0xa7, 0, I_NONE, STRING },
    { 0, 0xa8, 0xa8, 0, I_B, 0 }, { 0, 0xa9, 0xa9, 0, I_Z, 0 },
    { 0, 0xaa, 0xaf, 0, I_NONE, STRING }, { 0, 0xb0, 0xb7, 0, I_B, 0 },
    { 0, 0xb8, 0xbf, 0, I_V, 0 }, { 0, 0xc0, 0xc1, 0, I_B, RM }, { 0, 0xd0, 0xd3, 0, I_NONE, RM },
    { 0, 0xc2, 0xc2, 0, I_W, RETURN | NO66 }, { 0, 0xc3, 0xc3, 0, I_NONE, RETURN | NO66 },
    { 0, 0xc6, 0xc6, 1, I_B, RM }, { 0, 0xc7, 0xc7, 1, I_Z, RM },
    { 0, 0xc8, 0xc8, 0, I_WB, FRAME }, { 0, 0xc9, 0xc9, 0, I_NONE, FRAME },
    { 0, 0xd4, 0xd5, 0, I_B, ONLY32 }, { 0, 0xd6, 0xd6, 0, I_NONE, ONLY32 },
    { 0, 0xd7, 0xd7, 0, I_NONE, XLAT }, { 0, 0xe0, 0xe3, 0, I_B, REL8 | NO66 },
    { 0, 0xeb, 0xeb, 0, I_B, REL8 | NO66 }, { 0, 0xe8, 0xe9, 0, I_Z, RELZ | NO66 },
    { 0, 0xf5, 0xf5, 0, I_NONE, 0 }, { 0, 0xf8, 0xf9, 0, I_NONE, 0 },
    { 0, 0xfc, 0xfd, 0, I_NONE, 0 }, { 0, 0xf6, 0xf6, 0x03, I_B, RM },
    { 0, 0xf7, 0xf7, 0x03, I_Z, RM }, { 0, 0xf6, 0xf7, 0x0c, I_NONE, RM | LOCKABLE },
    { 0, 0xf6, 0xf7, 0x30, I_NONE, RM }, { 0, 0xf6, 0xf7, 0xc0, I_NONE, RM | DIVIDE },
    { 0, 0xf6, 0xf7, 0xc0, I_NONE, RM | DIVIDE }, { 0, 0xfe, 0xff, 0x03, I_NONE, RM | LOCKABLE },
    { 0, 0xff, 0xff, 0x40, I_NONE, RM }, { 0, 0xff, 0xff, 0x14, I_NONE, RM | TARGET | NO66 },
    { 1, 0x18, 0x1f, 0, I_NONE, RM }, { 1, 0x40, 0x4f, 0, I_NONE, RM },
    { 1, 0x80, 0x8f, 0, I_Z, RELZ | NO66 }, { 1, 0x90, 0x9f, 0, I_NONE, RM },
    { 1, 0xa3, 0xa3, 0, I_NONE, RM | BITS }, { 1, 0xab, 0xab, 0, I_NONE, RM | BITS | LOCKABLE },
    { 1, 0xb3, 0xb3, 0, I_NONE, RM | BITS | LOCKABLE },
    { 1, 0xbb, 0xbb, 0, I_NONE, RM | BITS | LOCKABLE },
    { 1, 0xba, 0xba, 0xe0, I_B, RM | LOCKABLE }, { 1, 0xba, 0xba, 0x10, I_B, RM },
    { 1, 0xa4, 0xa4, 0, I_B, RM }, { 1, 0xa5, 0xa5, 0, I_NONE, RM }, { 1, 0xac, 0xac, 0, I_B, RM },
    { 1, 0xad, 0xad, 0, I_NONE, RM }, { 1, 0xaf, 0xaf, 0, I_NONE, RM },
    { 1, 0xb0, 0xb1, 0, I_NONE, RM | LOCKABLE }, { 1, 0xb6, 0xb7, 0, I_NONE, RM },
    { 1, 0xbe, 0xbf, 0, I_NONE, RM }, { 1, 0xbc, 0xbd, 0, I_NONE, RM },
    { 1, 0xbc, 0xbd, 0, I_NONE, RM | NEED_F3 }, { 1, 0xb8, 0xb8, 0, I_NONE, RM | NEED_F3 },
    { 1, 0xc0, 0xc1, 0, I_NONE, RM | LOCKABLE },
    { 1, 0xc3, 0xc3, 0, I_NONE, RM | MEM | NO66 },
    { 1, 0xc7, 0xc7, 0x02, I_NONE, RM | MEM | LOCKABLE | NO66 },
    { 1, 0xc8, 0xcf, 0, I_NONE, NO66 }, { 2, 0xf0, 0xf1, 0, I_NONE, RM | MEM },
};
#define PATTERN_COUNT (sizeof(patterns) / sizeof(patterns[0]))


uint8_t *data, *code;
unsigned mode;
static uint64_t random_state;

void case_seed(uint64_t seed)
{
    random_state = seed;
}

uint64_t data_origin(void)
{
    return mode == 16 ? 0 : (uintptr_t)data;
}

uint64_t code_origin(void)
{
    return mode == 16 ? 0 : (uintptr_t)code;
}

uint64_t random_next(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state * 0x2545f4914f6cdd1dull;
}

static unsigned below(unsigned limit)
{
    return (unsigned)(random_next() >> 33) % limit;
}

uint64_t random_value(void)
{
    uint64_t v = random_next();
    switch (below(8)) {
    case 0: return v & 0xff;
    case 1: return 0;
    case 2: return ~0ull;
    case 3: return 1ull << (v & 63);
    case 4: return (1ull << (v & 63)) - 1;
    case 5: return (uint64_t)(int64_t)(int8_t)v;
    default: return v;
    }
}

static void emit(struct test_case *t, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        t->bytes[t->length++] = (uint8_t)(value >> (i * 8));
}

static uint64_t data_address(unsigned margin)
{
    return data_origin() + 512 + below(DATA_SIZE - 1024 - margin);
}

static unsigned address_bytes(const struct test_case *t)
{
    if (mode == 16)
        return t->adsize ? 4 : 2;
    return mode == 64 && !t->adsize ? 8 : 4;
}

static unsigned immediate_bytes(const struct test_case *t)
{
    if (mode == 16)
        return t->opsize ? 4 : 2;
    return t->opsize && !(t->rex & 8) ? 2 : 4;
}

/* Whatever a register holds above the address size must not matter. */
static uint64_t dirty_high(const struct test_case *t, unsigned reg, uint64_t value)
{
    unsigned bits = address_bytes(t) * 8;
    if (bits == 64 || reg == SP)
        return value;
    return (value & ((1ull << bits) - 1)) | random_next() << bits;
}

/* The 16-bit forms: the first register carries what is left of the address. */
static void emit_memory_16(struct test_case *t, unsigned reg)
{
    static const uint8_t base[8] = { BX, BX, BP, BP, SI, DI, BP, BX };
    unsigned mod = below(3), rm = below(8);
    int disp = mod == 0 ? 0 : mod == 1 ? (int8_t)random_next() : (int16_t)random_next();
    uint64_t value = t->memory - (uint64_t)disp;
    emit(t, mod << 6 | (reg & 7) << 3 | rm, 1);
    if (mod == 0 && rm == 6) {
        emit(t, t->memory, 2);
        return;
    }
    if (rm < 4) {
        unsigned index = rm & 1 ? DI : SI;
        t->gpr[index] = random_next();
        value -= t->gpr[index];
    }
    t->gpr[base[rm]] = dirty_high(t, base[rm], value);
    emit(t, (uint64_t)disp, mod);
}

/* ModRM for memory at a random place in the data; the registers are set to fit. */
static void emit_memory(struct test_case *t, unsigned reg)
{
    uint64_t target = data_address(64);
    unsigned kind = below(4);
    t->memory = target;
    if (address_bytes(t) == 2) {
        emit_memory_16(t, reg);
        return;
    }
    reg = (reg & 7) << 3;
    /* rip-relative, or absolute in 32-bit code */
    if (kind == 0) {
        emit(t, reg | 5, 1);
        t->rip_disp = mode == 64 ? t->length : 0;
        emit(t, target, 4);
        return;
    }
    if (kind == 1) {                                    /* absolute through SIB */
        t->rex &= ~2;
        emit(t, reg | 4, 1);
        emit(t, 0x25, 1);
        emit(t, target, 4);
        return;
    }

    unsigned mod = below(3), base = (t->rex & 1) << 3 | below(8);
    unsigned index = (t->rex & 2) << 2 | below(8), scale = below(4);
    bool sib = kind == 3 || (base & 7) == 4;
    if (mod == 0 && (base & 7) == 5)
        mod = 1;
    int64_t disp = mod == 0 ? 0 : mod == 1 ? (int8_t)random_next() : (int32_t)random_next() >> 12;
    emit(t, mod << 6 | reg | (sib ? 4 : base & 7), 1);
    uint64_t value = target - (uint64_t)disp;
    if (sib) {
        emit(t, scale << 6 | (index & 7) << 3 | (base & 7), 1);
        if (index != SP && index != base) {
            int64_t count = (int8_t)random_next();
            t->gpr[index] = dirty_high(t, index, (uint64_t)count);
            value -= (uint64_t)count << scale;
        } else if (index == base) {
            value /= 1 + (1u << scale);                 /* near enough; outside, both sides fault */
            t->memory = 0;
        }
    }
    t->gpr[base] = dirty_high(t, base, value);
    emit(t, (uint64_t)disp, mod == 0 ? 0 : mod == 1 ? 1 : 4);
}

static void emit_modrm(struct test_case *t)
{
    const struct pattern *p = t->pattern;
    unsigned reg = below(8);
    while (p->digits && !(p->digits >> reg & 1))
        reg = below(8);
    if (t->locked || (p->flags & MEM) || below(2))
        emit_memory(t, reg);
    else
        t->is_register = true;
    if (t->is_register)
        emit(t, 0xc0 | reg << 3 | below(8), 1);

    unsigned full = reg | (t->rex & 4) << 1;
    if ((p->flags & BITS) && t->memory && full != SP)
        t->gpr[full] = (uint64_t)(int64_t)(int)(below(8192) - 4096);
}

static void emit_prefixes(struct test_case *t)
{
    const struct pattern *p = t->pattern;
    static const uint8_t ignored[] = { 0x26, 0x2e, 0x36, 0x3e };
    t->opsize = !(p->flags & NO66) && below(4) == 0;
    t->adsize = mode != 32 && below(6) == 0;
    t->locked = (p->flags & LOCKABLE) && below(3) == 0;
    t->rex = mode == 64 && below(2) ? 0x40 | below(16) : 0;
    if (p->flags & NEED_F3)
        t->rep = 0xf3;
    else if ((p->flags & STRING) && below(2))
        t->rep = 0xf2 + below(2);
    if (mode == 64 && below(8) == 0)
        emit(t, ignored[below(4)], 1);
    if (t->opsize)
        emit(t, 0x66, 1);
    if (t->adsize)
        emit(t, 0x67, 1);
    if (t->locked)
        emit(t, 0xf0, 1);
    if (t->rep)
        emit(t, t->rep, 1);
}

static void emit_immediate(struct test_case *t)
{
    unsigned z = immediate_bytes(t), rel = mode == 16 ? 2 : 4;
    unsigned pad = below(2) ? PAD_AWAY : -PAD_AWAY;
    switch (t->pattern->imm) {
    case I_B:
        emit(t, t->pattern->flags & REL8 ? pad - t->length - 1 : random_value(), 1);
        break;
    case I_Z:
        if (t->pattern->flags & RELZ)
            emit(t, pad - t->length - rel, rel);
        else
            emit(t, random_value(), z);
        break;
    case I_V: emit(t, random_value(), t->rex & 8 ? 8 : z); break;
    case I_W: emit(t, below(64), 2); break;
    case I_WB: emit(t, below(256), 2); emit(t, below(5), 1); break;
    default: break;
    }
}

static uint64_t pad_address(void)
{
    return code_origin() + INSN_AT + PAD_AWAY;
}

/* What the instruction finds in registers and memory, beyond random values. */
static void prepare_operands(struct test_case *t)
{
    unsigned flags = t->pattern->flags;
    uint64_t stack = t->gpr[SP] - data_origin(), target = pad_address();
    if (flags & STRING) {
        t->gpr[SI] = dirty_high(t, SI, data_address(0));
        t->gpr[DI] = dirty_high(t, DI, data_address(0));
        if (t->rep)
            t->gpr[CX] = dirty_high(t, CX, below(64));
    }
    if (flags & XLAT)
        t->gpr[BX] = dirty_high(t, BX, data_address(256));
    if (flags & FRAME)
        t->gpr[BP] = data_address(256);
    if ((flags & DIVIDE) && below(2)) {                 /* quotients that fit are rare by chance */
        t->gpr[DX] = below(2) ? 0 : t->gpr[DX] >> (32 + below(32));
        if (below(2))
            t->gpr[AX] &= 0x7fff;
    }
    if ((flags & RETURN) && stack < DATA_SIZE - 8)
        memcpy(data + stack, &target, mode / 8);
    if ((flags & POPF) && stack < DATA_SIZE - 8) {
        uint64_t value = (random_next() & (ARITH | DF | 0x200000)) | 2;
        memcpy(data + stack, &value, 8);
    }
    if (flags & TARGET) {
        unsigned reg = (t->bytes[t->length - 1] & 7) | (t->rex & 1) << 3;
        if (t->memory)
            memcpy(data + (t->memory - data_origin()), &target, mode / 8);
        else if (t->is_register && reg != SP)
            t->gpr[reg] = target;
        else
            t->unfit = true;
    }
}

static void emit_moffs(struct test_case *t)
{
    emit(t, data_address(8), address_bytes(t));
}

static const struct pattern *choose_pattern(void)
{
    const struct pattern *p;
    do
        p = &patterns[below(PATTERN_COUNT)];
    while (p->flags & (mode == 64 ? ONLY32 : ONLY64));
    return p;
}

void make_case(struct test_case *t)
{
    *t = (struct test_case){ .pattern = choose_pattern() };
    const struct pattern *p = t->pattern;
    for (unsigned reg = 0; reg < 16; reg++)
        t->gpr[reg] = random_value();
    t->gpr[SP] = data_origin() + 3072 + below(256) * 8;
    t->rflags = 0x202 | (random_next() & (ARITH | DF));

    emit_prefixes(t);
    unsigned rex_at = t->length;
    if (t->rex)
        emit(t, t->rex, 1);
    if (p->map)
        emit(t, 0x0f, 1);
    if (p->map == 2)
        emit(t, 0x38, 1);
    t->opcode = p->first + below(p->last - p->first + 1u);
    emit(t, t->opcode, 1);
    if (p->flags & RM)
        emit_modrm(t);
    if (t->rex)
        t->bytes[rex_at] = t->rex;
    if (p->flags & MOFFS)
        emit_moffs(t);
    emit_immediate(t);
    if (t->rip_disp) {
        uint32_t disp = (uint32_t)(t->memory - (code_origin() + INSN_AT + t->length));
        memcpy(t->bytes + t->rip_disp, &disp, 4);
    }
    prepare_operands(t);
    if (mode != 64)
        for (unsigned reg = 0; reg < 16; reg++)
            t->gpr[reg] = (uint32_t)t->gpr[reg];
}

