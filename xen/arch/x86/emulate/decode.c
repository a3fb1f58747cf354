/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The instruction decoder: reads the opcode maps (opcodes.c) along the instruction's bytes.
 *
 * No byte is asked for beyond the 15 an instruction may have, and only those that belong to it can
 * make decoding fault. Registers are read for addresses, and nothing is written.
 */
#include "opcodes.h"

#define MAX_LENGTH 15

/* The instruction while it is being read. After the first failure rc stays and bytes read as 0. */
struct decoder {
    struct emul_ctxt *ctxt;
    struct emul_insn *insn;
    struct row row;
    int rc;
    uint8_t bytes[MAX_LENGTH];
    uint8_t have, pos;          /* bytes fetched, bytes consumed */
    bool long_mode, has_modrm;
    bool opsize, adsize;        /* 66 and 67 prefixes */
    bool seg_override;
    bool rip_relative;
    uint8_t mod, reg, rm;       /* ModRM, extended by REX */
    /* effective address, but for the instruction's end when rip_relative */
    uint64_t address;
    uint8_t address_seg;
};

static bool fail(struct decoder *d, int rc)
{
    if (d->rc == EMUL_OK)
        d->rc = rc;
    return false;
}

static bool fail_ud(struct decoder *d)
{
    return fail(d, emulate_raise(d->ctxt, VECTOR_UD));
}

/*
 * Have at least `want` bytes. Fetches up to the next multiple of 16, which cannot meet a second
 * page as long as the code segment's base is a multiple too; where it is not, a fault is tried
 * again with just the bytes that are needed.
 */
static bool refill(struct decoder *d, unsigned want)
{
    if (want > MAX_LENGTH)
        return fail(d, emulate_raise_error(d->ctxt, VECTOR_GP, 0));
    while (d->have < want) {
        uint64_t offset = d->ctxt->regs->rip + d->have;
        if (!d->long_mode)
            offset = (uint32_t)offset;
        unsigned chunk = 16 - (offset & 15), missing = want - d->have;
        if (chunk > MAX_LENGTH - (unsigned)d->have)
            chunk = MAX_LENGTH - d->have;
        if (missing > chunk)
            missing = chunk;
        int rc = d->ctxt->ops->fetch(d->ctxt, offset, d->bytes + d->have, chunk);
        if (rc != EMUL_OK && chunk > missing) {
            chunk = missing;
            rc = d->ctxt->ops->fetch(d->ctxt, offset, d->bytes + d->have, chunk);
        }
        if (rc != EMUL_OK)
            return fail(d, rc);
        d->have += chunk;
    }
    return true;
}

static uint64_t take(struct decoder *d, unsigned bytes)
{
    uint64_t value = 0;
    if (d->rc != EMUL_OK || !refill(d, d->pos + bytes))
        return 0;
    for (unsigned i = 0; i < bytes; i++)
        value |= (uint64_t)d->bytes[d->pos++] << (i * 8);
    return value;
}

static int64_t take_signed(struct decoder *d, unsigned bytes)
{
    return sign_extend(take(d, bytes), bytes);
}

static bool is_prefix(struct decoder *d, uint8_t byte)
{
    struct emul_insn *insn = d->insn;
    switch (byte) {
    case 0x26: case 0x2e: case 0x36: case 0x3e:
        if (!d->long_mode) {
            insn->seg = (byte >> 3) & 3;
            d->seg_override = true;
        }
        return true;
    case 0x64: case 0x65:
        insn->seg = EMUL_FS + (byte & 1);
        d->seg_override = true;
        return true;
    case 0x66: d->opsize = true; return true;
    case 0x67: d->adsize = true; return true;
    case 0xf0: insn->lock = true; return true;
    case 0xf2: case 0xf3: insn->rep = byte; return true;
    default: return false;
    }
}

/* A REX counts only when the opcode follows it at once. Returns the first opcode byte. */
static uint8_t read_prefixes(struct decoder *d)
{
    for (;;) {
        uint8_t byte = (uint8_t)take(d, 1);
        if (d->rc != EMUL_OK)
            return 0;
        if (d->long_mode && (byte & 0xf0) == 0x40)
            d->insn->rex = byte;
        else if (is_prefix(d, byte))
            d->insn->rex = 0;
        else
            return byte;
    }
}

static void read_opcode(struct decoder *d)
{
    uint8_t byte = read_prefixes(d);
    unsigned map = MAP_ONE_BYTE;
    if (byte == 0x0f) {
        byte = (uint8_t)take(d, 1);
        map = MAP_0F;
        if (byte == 0x38) {
            byte = (uint8_t)take(d, 1);
            map = MAP_0F38;
        }
    }
    d->insn->opcode = (uint16_t)(map << 8 | byte);
    d->row = *opcode_row(map, byte);
}

static unsigned form_kind(uint8_t form)
{
    return form >> 3;
}

static bool form_has_modrm(uint8_t form)
{
    const unsigned kinds = 1u << K_RM | 1u << K_REG | 1u << K_MEM | 1u << K_SREG | 1u << K_CR
        | 1u << K_DR;
    return (kinds >> form_kind(form)) & 1;
}

static bool row_has_modrm(const struct row *row)
{
    return row->group || form_has_modrm(row->dst) || form_has_modrm(row->src);
}

static void read_modrm(struct decoder *d)
{
    struct emul_insn *insn = d->insn;
    insn->modrm = (uint8_t)take(d, 1);
    d->has_modrm = true;
    d->mod = insn->modrm >> 6;
    d->reg = (insn->modrm >> 3) & 7;
    d->rm = insn->modrm & 7;
    d->reg |= (insn->rex & 4) << 1;
    d->rm |= (insn->rex & 1) << 3;
}

static bool variant_applies(const struct decoder *d, unsigned when)
{
    uint8_t rep = d->insn->rep;
    switch (when) {
    case IF_F3: return rep == 0xf3;
    case IF_F2: return rep == 0xf2;
    case IF_LONG: return d->long_mode;
    case IF_PLAIN_90: return !(d->insn->rex & 1);
    case IF_VEX: return d->long_mode || d->mod == 3;
    case IF_FENCE: return d->mod == 3 && (d->reg & 7) >= 5 && !rep && !d->opsize;
    default: return d->mod == 3 && (d->reg & 7) < 4 && rep == 0xf3;
    }
}

static void choose_variant(struct decoder *d)
{
    if (!(d->row.flags & F_VARIANT))
        return;
    uint16_t opcode = d->insn->opcode;
    for (const struct variant *v = opcode_variant(opcode, NULL); v; v = opcode_variant(opcode, v))
        if (variant_applies(d, v->when)) {
            d->row = v->row;
            return;
        }
}

static void choose_group(struct decoder *d)
{
    struct row outer = d->row;
    if (!outer.group)
        return;
    d->row = *opcode_group_row(outer.group, d->reg);
    d->row.flags |= outer.flags;
    if (!d->row.dst) {
        d->row.dst = outer.dst;
        d->row.src = outer.src;
    }
    bool shared = (d->reg & 5) == 4;        /* SMSW and LMSW have both forms */
    if (opcode_group_is_0f01(outer.group) && d->mod == 3 && !shared)
        d->row = *opcode_register_0f01(d->insn->modrm);
}

static void set_sizes(struct decoder *d)
{
    struct emul_insn *insn = d->insn;
    bool wide = insn->rex & 8;
    if (d->long_mode) {
        bool near = d->row.flags & F_NEAR, def64 = near || (d->row.flags & F_DEF64);
        insn->op_bytes = d->opsize ? 2 : 4;
        if (wide || (def64 && !d->opsize) || (near && !d->ctxt->amd))
            insn->op_bytes = 8;
        insn->ad_bytes = d->adsize ? 4 : 8;
        return;
    }
    bool big = d->ctxt->code_bits == 32;
    insn->op_bytes = big != d->opsize ? 4 : 2;
    insn->ad_bytes = big != d->adsize ? 4 : 2;
}

/* 16-bit addressing: BX or BP, plus SI or DI, plus displacement. */
static void read_address_16(struct decoder *d)
{
    static const uint8_t base[8] = { REG_BX, REG_BX, REG_BP, REG_BP, REG_SI, REG_DI, REG_BP,
        REG_BX };
    bool absolute = d->mod == 0 && d->rm == 6;
    uint64_t address = absolute ? 0 : emul_reg(d->ctxt, base[d->rm], 2);
    if (d->rm < 4)
        address += emul_reg(d->ctxt, d->rm & 1 ? REG_DI : REG_SI, 2);
    if (absolute || d->mod == 2)
        address += (uint64_t)take_signed(d, 2);
    else if (d->mod == 1)
        address += (uint64_t)take_signed(d, 1);
    if (!absolute && base[d->rm] == REG_BP)
        d->address_seg = EMUL_SS;
    d->address = address;
}

/* POP computes its address with the stack pointer already raised. */
static uint64_t base_value(struct decoder *d, unsigned reg)
{
    uint64_t value = emul_reg(d->ctxt, reg, 8);
    if (reg == REG_SP && d->row.op == EMUL_OP_POP)
        value += d->insn->op_bytes;
    return value;
}

static void read_address_32(struct decoder *d)
{
    unsigned base = d->rm;
    uint64_t address = 0;
    bool displaced = d->mod == 2, none = d->mod == 0 && (base & 7) == 5;
    if ((base & 7) == 4) {
        uint8_t sib = (uint8_t)take(d, 1);
        unsigned index = ((sib >> 3) & 7) | (d->insn->rex & 2) << 2;
        base = (sib & 7) | (d->insn->rex & 1) << 3;
        if (index != REG_SP)
            address = emul_reg(d->ctxt, index, 8) << (sib >> 6);
        none = d->mod == 0 && (base & 7) == 5;
    } else if (none) {
        d->rip_relative = d->long_mode;
    }
    if (!none) {
        address += base_value(d, base);
        if (base == REG_SP || base == REG_BP)
            d->address_seg = EMUL_SS;
    }
    if (none || displaced)
        address += (uint64_t)take_signed(d, 4);
    else if (d->mod == 1)
        address += (uint64_t)take_signed(d, 1);
    d->address = address;
}

static void read_address(struct decoder *d)
{
    if (!d->has_modrm)
        return;
    if (d->row.flags & F_REGONLY)
        d->mod = 3;
    if (d->mod == 3)
        return;
    d->address_seg = EMUL_DS;
    if (d->insn->ad_bytes == 2)
        read_address_16(d);
    else
        read_address_32(d);
    if (d->seg_override)
        d->address_seg = d->insn->seg;
}

static unsigned form_bytes(const struct decoder *d, uint8_t form)
{
    unsigned op_bytes = d->insn->op_bytes;
    switch (form & 7) {
    case S_B: return 1;
    case S_W: return 2;
    case S_V: return op_bytes;
    case S_Z: return op_bytes < 4 ? op_bytes : 4;
    case S_Y: return d->insn->rex & 8 ? 8 : 4;
    case S_N: return d->long_mode ? 8 : 4;
    case S_X: return d->mod == 3 ? op_bytes : 2;
    default: return 0;
    }
}

static void set_register(struct decoder *d, struct emul_operand *o, unsigned reg)
{
    o->kind = EMUL_OPERAND_REG;
    o->high = o->size == 1 && !d->insn->rex && reg >= 4;
    o->reg = o->high ? reg - 4 : reg;
}

static void set_memory(struct emul_operand *o, unsigned seg, uint64_t offset)
{
    o->kind = EMUL_OPERAND_MEM;
    o->seg = seg;
    o->offset = offset;
}

static void set_immediate(struct emul_operand *o, uint64_t value)
{
    o->kind = EMUL_OPERAND_IMM;
    o->value = value;
}

static bool set_special(struct decoder *d, struct emul_operand *o, unsigned kind, unsigned reg,
                        unsigned valid)
{
    o->kind = kind;
    o->reg = reg;
    return (valid >> reg) & 1 || fail_ud(d);
}

/* Immediates are read here, in the order dst, src, aux, which is that of the encoding. */
static void read_operand(struct decoder *d, uint8_t form, struct emul_operand *o)
{
    struct emul_insn *insn = d->insn;
    struct emul_ctxt *ctxt = d->ctxt;
    unsigned op_bytes = insn->op_bytes, z_bytes = op_bytes < 4 ? op_bytes : 4;
    unsigned opreg = (insn->opcode & 7) | (insn->rex & 1) << 3;

    o->size = form_bytes(d, form);
    switch (form_kind(form)) {
    case K_MEM:
        if (d->mod == 3)
            fail_ud(d);
        /* fall through */
    case K_RM:
        if (d->mod == 3)
            set_register(d, o, d->rm);
        else
            set_memory(o, d->address_seg, d->address);
        break;
    case K_REG: set_register(d, o, d->reg); break;
    case K_OPREG: set_register(d, o, opreg); break;
    case K_ACC: set_register(d, o, REG_AX); break;
    case K_CL: set_register(d, o, REG_CX); break;
    case K_DX: set_register(d, o, REG_DX); break;
    case K_ONE: set_immediate(o, 1); break;
    case K_IMM: set_immediate(o, (uint64_t)take_signed(d, z_bytes)); break;
    case K_IMM_FULL: set_immediate(o, take(d, op_bytes)); break;
    case K_SIMM8: case K_REL8: set_immediate(o, (uint64_t)take_signed(d, 1)); break;
    case K_UIMM8: set_immediate(o, take(d, 1)); break;
    case K_UIMM16: set_immediate(o, take(d, 2)); break;
    case K_REL: set_immediate(o, (uint64_t)take_signed(d, z_bytes)); break;
    case K_FAR:                             /* offset, then selector in .offset */
        set_immediate(o, take(d, z_bytes));
        o->offset = take(d, 2);
        break;
    case K_MOFFS: set_memory(o, insn->seg, take(d, insn->ad_bytes)); break;
    case K_STRSRC: set_memory(o, insn->seg, emul_reg(ctxt, REG_SI, insn->ad_bytes)); break;
    case K_STRDST: set_memory(o, EMUL_ES, emul_reg(ctxt, REG_DI, insn->ad_bytes)); break;
    case K_SFIXED: set_special(d, o, EMUL_OPERAND_SEG, (insn->opcode >> 3) & 7, 0x3f); break;
    case K_SREG: set_special(d, o, EMUL_OPERAND_SEG, d->reg & 7, 0x3f); break;
    case K_CR: set_special(d, o, EMUL_OPERAND_CR, d->reg, 0x11d); break;
    case K_DR: set_special(d, o, EMUL_OPERAND_DR, d->reg, 0xff); break;
    default: break;
    }
}

/* What could not be known before the whole instruction was read. */
static void finish_memory(struct decoder *d, struct emul_operand *o)
{
    if (o->kind != EMUL_OPERAND_MEM)
        return;
    unsigned kind = o == &d->insn->dst ? form_kind(d->row.dst) : form_kind(d->row.src);
    if (d->rip_relative && (kind == K_RM || kind == K_MEM))
        o->offset += d->insn->next_ip;

    const struct emul_operand *bit = &d->insn->src;
    if ((d->row.flags & F_BITS) && bit->kind == EMUL_OPERAND_REG) {
        int64_t index = sign_extend(emul_reg(d->ctxt, bit->reg, bit->size), bit->size);
        o->offset += (uint64_t)((index >> 3) & -(int64_t)o->size);
    }
    o->offset &= size_mask(d->insn->ad_bytes);
}

static void check_legal(struct decoder *d)
{
    struct emul_insn *insn = d->insn;
    bool lockable = (d->row.flags & F_LOCK) && insn->dst.kind == EMUL_OPERAND_MEM;
    bool load_cs = insn->op == EMUL_OP_LOAD_SEG && insn->dst.reg == EMUL_CS;
    if (d->row.op == EMUL_OP_UD || (insn->lock && !lockable) || load_cs ||
        (d->long_mode && (d->row.flags & F_NO64)))
        fail_ud(d);
}

int emulate_decode(struct emul_ctxt *ctxt, struct emul_insn *insn)
{
    struct decoder d = { .ctxt = ctxt, .insn = insn, .long_mode = ctxt->code_bits == 64 };
    *insn = (struct emul_insn){ .seg = EMUL_DS };

    read_opcode(&d);
    if (d.rc == EMUL_OK && row_has_modrm(&d.row))
        read_modrm(&d);
    choose_variant(&d);
    if (d.rc == EMUL_OK && !d.has_modrm && row_has_modrm(&d.row))
        read_modrm(&d);
    choose_group(&d);
    if (d.rc != EMUL_OK)
        return d.rc;
    if (d.row.op == EMUL_OP_NONE)
        return EMUL_UNHANDLED;

    insn->op = d.row.op;
    insn->flags = d.row.flags;
    set_sizes(&d);
    read_address(&d);
    read_operand(&d, d.row.dst, &insn->dst);
    read_operand(&d, d.row.src, &insn->src);
    read_operand(&d, d.row.aux, &insn->aux);
    insn->length = d.pos;
    insn->next_ip = ctxt->regs->rip + d.pos;
    if (!d.long_mode)
        insn->next_ip = (uint32_t)insn->next_ip;
    finish_memory(&d, &insn->dst);
    finish_memory(&d, &insn->src);
    check_legal(&d);
    return d.rc;
}

bool emulate_writes_memory(const struct emul_insn *insn)
{
    if (insn->dst.kind != EMUL_OPERAND_MEM)
        return false;
    switch (insn->op) {
    case EMUL_OP_MOVS:
    case EMUL_OP_STOS:
    case EMUL_OP_INS:
    case EMUL_OP_CMPXCHG8B:
        return true;
    default:
        return insn->flags & F_WRITE;
    }
}
