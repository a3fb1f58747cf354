/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Integer arithmetic of emulated instructions: from values in struct exec to values and flags in
 * it.
 *
 * Touches neither memory nor, but for MUL and DIV, whose operands are implicit, registers. Flags
 * that the manuals leave undefined are left as they were or cleared.
 */
#include "private.h"

static void set_flags(struct exec *x, uint64_t mask, uint64_t flags)
{
    x->rflags = (x->rflags & ~mask) | (flags & mask);
}

/* Even number of ones in the low byte? The constant is the parity of each of 16 nibbles. */
static bool parity_even(uint64_t value)
{
    unsigned nibble = (value ^ (value >> 4)) & 15;
    return !((0x6996 >> nibble) & 1);
}

static uint64_t result_flags(uint64_t result, unsigned bytes)
{
    uint64_t flags = 0;
    if (!(result & size_mask(bytes)))
        flags |= RFLAGS_ZF;
    if (result & sign_bit(bytes))
        flags |= RFLAGS_SF;
    if (parity_even(result))
        flags |= RFLAGS_PF;
    return flags;
}

static uint64_t flag_if(bool condition, uint64_t flag)
{
    return condition ? flag : 0;
}

static unsigned leading_zeros(uint64_t value, unsigned bytes)
{
    return value ? (unsigned)__builtin_clzll(value) - (64 - bytes * 8) : bytes * 8;
}

static uint64_t alu_add(struct exec *x, uint64_t a, uint64_t b, bool carry, unsigned bytes)
{
    uint64_t r = (a + b + carry) & size_mask(bytes);
    uint64_t flags = result_flags(r, bytes);
    flags |= flag_if(r < a || (carry && r == a), RFLAGS_CF);
    flags |= flag_if(~(a ^ b) & (a ^ r) & sign_bit(bytes), RFLAGS_OF);
    flags |= (a ^ b ^ r) & RFLAGS_AF;
    set_flags(x, RFLAGS_ARITH, flags);
    return r;
}

uint64_t alu_subtract(struct exec *x, uint64_t a, uint64_t b, bool borrow, unsigned bytes)
{
    uint64_t r = (a - b - borrow) & size_mask(bytes);
    uint64_t flags = result_flags(r, bytes);
    flags |= flag_if(a < b || (borrow && a == b), RFLAGS_CF);
    flags |= flag_if((a ^ b) & (a ^ r) & sign_bit(bytes), RFLAGS_OF);
    flags |= (a ^ b ^ r) & RFLAGS_AF;
    set_flags(x, RFLAGS_ARITH, flags);
    return r;
}

static uint64_t alu_logic(struct exec *x, uint64_t r)
{
    set_flags(x, RFLAGS_ARITH, result_flags(r, x->insn->dst.size));
    return r;
}

/* A narrower immediate was sign-extended by the decoder; src is read at the size of dst. */
static uint64_t alu_src(const struct exec *x)
{
    return x->src & size_mask(x->insn->dst.size);
}

int exec_add(struct exec *x)
{
    x->dst = alu_add(x, x->dst, alu_src(x), false, x->insn->dst.size);
    return EMUL_OK;
}

int exec_adc(struct exec *x)
{
    x->dst = alu_add(x, x->dst, alu_src(x), x->rflags & RFLAGS_CF, x->insn->dst.size);
    return EMUL_OK;
}

int exec_sub(struct exec *x)
{
    x->dst = alu_subtract(x, x->dst, alu_src(x), false, x->insn->dst.size);
    return EMUL_OK;
}

int exec_sbb(struct exec *x)
{
    x->dst = alu_subtract(x, x->dst, alu_src(x), x->rflags & RFLAGS_CF, x->insn->dst.size);
    return EMUL_OK;
}

int exec_cmp(struct exec *x)
{
    alu_subtract(x, x->dst, alu_src(x), false, x->insn->dst.size);
    return EMUL_OK;
}

int exec_or(struct exec *x)
{
    x->dst = alu_logic(x, x->dst | alu_src(x));
    return EMUL_OK;
}

int exec_and(struct exec *x)
{
    x->dst = alu_logic(x, x->dst & alu_src(x));
    return EMUL_OK;
}

int exec_xor(struct exec *x)
{
    x->dst = alu_logic(x, x->dst ^ alu_src(x));
    return EMUL_OK;
}

int exec_test(struct exec *x)
{
    alu_logic(x, x->dst & alu_src(x));
    return EMUL_OK;
}

int exec_not(struct exec *x)
{
    x->dst = ~x->dst;
    return EMUL_OK;
}

int exec_neg(struct exec *x)
{
    x->dst = alu_subtract(x, 0, x->dst, false, x->insn->dst.size);
    return EMUL_OK;
}

/* INC and DEC leave the carry alone. */
int exec_inc(struct exec *x)
{
    uint64_t carry = x->rflags & RFLAGS_CF;
    x->dst = alu_add(x, x->dst, 1, false, x->insn->dst.size);
    set_flags(x, RFLAGS_CF, carry);
    return EMUL_OK;
}

int exec_dec(struct exec *x)
{
    uint64_t carry = x->rflags & RFLAGS_CF;
    x->dst = alu_subtract(x, x->dst, 1, false, x->insn->dst.size);
    set_flags(x, RFLAGS_CF, carry);
    return EMUL_OK;
}

/* ROL and ROR: only CF and OF change; a count of whole turns still sets them. */
static void rotate(struct exec *x, unsigned count, bool left)
{
    unsigned bytes = x->insn->dst.size, bits = bytes * 8;
    unsigned turn = count % bits;
    uint64_t a = x->dst, r = a;
    if (turn && left)
        r = (a << turn) | (a >> (bits - turn));
    else if (turn)
        r = (a >> turn) | (a << (bits - turn));
    r &= size_mask(bytes);

    bool top = r & sign_bit(bytes);
    bool carry = left ? r & 1 : top;
    bool overflow = top != (left ? carry : !!(r & (sign_bit(bytes) >> 1)));
    set_flags(x, RFLAGS_CF | RFLAGS_OF, flag_if(carry, RFLAGS_CF) | flag_if(overflow, RFLAGS_OF));
    x->dst = r;
}

/* RCL and RCR: a ring of bits + 1 positions with the carry on top, turned bit by bit. */
static void rotate_carry(struct exec *x, unsigned count, bool left)
{
    unsigned bytes = x->insn->dst.size;
    uint64_t top = sign_bit(bytes), r = x->dst;
    bool carry = x->rflags & RFLAGS_CF;
    unsigned turn = count % (bytes * 8 + 1);
    if (!turn)
        return;

    for (; turn; turn--) {
        bool out = left ? r & top : r & 1;
        r = left ? (r << 1) | carry : (r >> 1) | (carry ? top : 0);
        carry = out;
    }
    r &= size_mask(bytes);
    bool overflow = !!(r & top) != (left ? carry : !!(r & (top >> 1)));
    set_flags(x, RFLAGS_CF | RFLAGS_OF, flag_if(carry, RFLAGS_CF) | flag_if(overflow, RFLAGS_OF));
    x->dst = r;
}

static void shift_left(struct exec *x, unsigned count)
{
    unsigned bytes = x->insn->dst.size, bits = bytes * 8;
    uint64_t a = x->dst, r = count < bits ? (a << count) & size_mask(bytes) : 0;
    bool carry = count <= bits && ((a >> (bits - count)) & 1);
    bool overflow = carry != !!(r & sign_bit(bytes));
    set_flags(x, RFLAGS_ARITH, result_flags(r, bytes) | flag_if(carry, RFLAGS_CF) |
              flag_if(overflow, RFLAGS_OF));
    x->dst = r;
}

/* SHR and SAR: on a value widened to 64 bits, with zeros or with its sign. */
static void shift_right(struct exec *x, unsigned count, bool arithmetic)
{
    unsigned bytes = x->insn->dst.size;
    int64_t wide = arithmetic ? sign_extend(x->dst, bytes) : 0;
    uint64_t r = arithmetic ? (uint64_t)(wide >> count) : x->dst >> count;
    bool carry = (arithmetic ? (uint64_t)(wide >> (count - 1)) : x->dst >> (count - 1)) & 1;
    bool overflow = !arithmetic && (x->dst & sign_bit(bytes));
    r &= size_mask(bytes);
    set_flags(x, RFLAGS_ARITH, result_flags(r, bytes) | flag_if(carry, RFLAGS_CF) |
              flag_if(overflow, RFLAGS_OF));
    x->dst = r;
}

static unsigned masked_count(const struct exec *x, uint64_t count)
{
    return count & (x->insn->dst.size == 8 ? 63 : 31);
}

int exec_shift(struct exec *x)
{
    unsigned count = masked_count(x, x->src);
    if (!count)
        return EMUL_OK;
    switch (x->insn->op) {
    case EMUL_OP_ROL: rotate(x, count, true); break;
    case EMUL_OP_ROR: rotate(x, count, false); break;
    case EMUL_OP_RCL: rotate_carry(x, count, true); break;
    case EMUL_OP_RCR: rotate_carry(x, count, false); break;
    case EMUL_OP_SHR: shift_right(x, count, false); break;
    case EMUL_OP_SAR: shift_right(x, count, true); break;
    default: shift_left(x, count); break;
    }
    return EMUL_OK;
}

/* SHLD and SHRD. 16-bit counts above 16 have no defined result. */
int exec_double_shift(struct exec *x)
{
    unsigned bytes = x->insn->dst.size, bits = bytes * 8;
    unsigned count = masked_count(x, x->aux);
    if (!count || count > bits)
        return EMUL_OK;

    bool left = x->insn->op == EMUL_OP_SHLD, carry;
    uint64_t a = x->dst, b = x->src, r;
    if (left) {
        carry = (a >> (bits - count)) & 1;
        r = count < bits ? (a << count) | (b >> (bits - count)) : b;
    } else {
        carry = (a >> (count - 1)) & 1;
        r = count < bits ? (a >> count) | (b << (bits - count)) : b;
    }
    r &= size_mask(bytes);
    bool overflow = (a ^ r) & sign_bit(bytes);
    set_flags(x, RFLAGS_ARITH, result_flags(r, bytes) | flag_if(carry, RFLAGS_CF) |
              flag_if(overflow, RFLAGS_OF));
    x->dst = r;
    return EMUL_OK;
}

/* BT, BTS, BTR, BTC: the decoder has moved a memory operand to the word that holds the bit. */
int exec_bit(struct exec *x)
{
    uint64_t bit = 1ull << (x->src & (x->insn->dst.size * 8 - 1));
    set_flags(x, RFLAGS_CF, flag_if(x->dst & bit, RFLAGS_CF));
    if (x->insn->op == EMUL_OP_BTS)
        x->dst |= bit;
    else if (x->insn->op == EMUL_OP_BTR)
        x->dst &= ~bit;
    else if (x->insn->op == EMUL_OP_BTC)
        x->dst ^= bit;
    return EMUL_OK;
}

/* Of a zero source the destination stays, as every processor does. */
int exec_bsf(struct exec *x)
{
    set_flags(x, RFLAGS_ZF, flag_if(!x->src, RFLAGS_ZF));
    if (x->src)
        x->dst = (uint64_t)__builtin_ctzll(x->src);
    x->skip_store = !x->src;
    return EMUL_OK;
}

int exec_bsr(struct exec *x)
{
    set_flags(x, RFLAGS_ZF, flag_if(!x->src, RFLAGS_ZF));
    if (x->src)
        x->dst = 63 - (uint64_t)__builtin_clzll(x->src);
    x->skip_store = !x->src;
    return EMUL_OK;
}

static int count_result(struct exec *x, uint64_t count)
{
    set_flags(x, RFLAGS_CF | RFLAGS_ZF, flag_if(!x->src, RFLAGS_CF) | flag_if(!count, RFLAGS_ZF));
    x->dst = count;
    return EMUL_OK;
}

int exec_tzcnt(struct exec *x)
{
    return count_result(x, x->src ? (unsigned)__builtin_ctzll(x->src) : x->insn->dst.size * 8u);
}

int exec_lzcnt(struct exec *x)
{
    return count_result(x, leading_zeros(x->src, x->insn->dst.size));
}

int exec_popcnt(struct exec *x)
{
    uint64_t count = 0;
    for (uint64_t rest = x->src; rest; rest &= rest - 1)
        count++;
    set_flags(x, RFLAGS_ARITH, flag_if(!x->src, RFLAGS_ZF));
    x->dst = count;
    return EMUL_OK;
}

/* Store a double-width result or quotient and remainder: AX for bytes, else rDX:rAX. */
static void write_pair(struct exec *x, uint64_t low, uint64_t high, unsigned bytes)
{
    if (bytes == 1) {
        emul_set_reg(x->ctxt, REG_AX, 2, (low & 0xff) | ((high & 0xff) << 8));
        return;
    }
    emul_set_reg(x->ctxt, REG_AX, bytes, low);
    emul_set_reg(x->ctxt, REG_DX, bytes, high);
}

static void set_multiply_flags(struct exec *x, bool overflow)
{
    set_flags(x, RFLAGS_CF | RFLAGS_OF, flag_if(overflow, RFLAGS_CF | RFLAGS_OF));
}

int exec_mul(struct exec *x)
{
    unsigned bytes = x->insn->dst.size;
    unsigned __int128 r = (unsigned __int128)emul_reg(x->ctxt, REG_AX, bytes) * x->dst;
    uint64_t low = (uint64_t)r & size_mask(bytes), high = (uint64_t)(r >> (bytes * 8));
    write_pair(x, low, high, bytes);
    set_multiply_flags(x, high);
    return EMUL_OK;
}

static __int128 signed_product(uint64_t a, uint64_t b, unsigned bytes)
{
    return (__int128)sign_extend(a, bytes) * sign_extend(b, bytes);
}

static bool signed_fits(__int128 value, unsigned bytes)
{
    return value == sign_extend((uint64_t)value, bytes);
}

int exec_imul(struct exec *x)
{
    unsigned bytes = x->insn->dst.size;
    __int128 r = signed_product(emul_reg(x->ctxt, REG_AX, bytes), x->dst, bytes);
    write_pair(x, (uint64_t)r, (uint64_t)(r >> (bytes * 8)), bytes);
    set_multiply_flags(x, !signed_fits(r, bytes));
    return EMUL_OK;
}

/* Two operands (dst is a factor too) or three (the second factor is the immediate). */
int exec_imul2(struct exec *x)
{
    unsigned bytes = x->insn->dst.size;
    uint64_t factor = x->insn->aux.kind == EMUL_OPERAND_NONE ? x->dst : x->aux;
    __int128 r = signed_product(x->src, factor, bytes);
    set_multiply_flags(x, !signed_fits(r, bytes));
    x->dst = (uint64_t)r;
    return EMUL_OK;
}

/* 128 by 64 bits, by shift and subtract: there is no library below this code. high < divisor. */
static uint64_t divide_wide(uint64_t high, uint64_t low, uint64_t divisor, uint64_t *remainder)
{
    uint64_t quotient = 0;
    for (unsigned i = 0; i < 64; i++) {
        bool spill = high >> 63;
        high = (high << 1) | (low >> 63);
        low <<= 1;
        quotient <<= 1;
        if (spill || high >= divisor) {
            high -= divisor;
            quotient |= 1;
        }
    }
    *remainder = high;
    return quotient;
}

static unsigned __int128 read_dividend(const struct exec *x, unsigned bytes)
{
    if (bytes == 1)
        return emul_reg(x->ctxt, REG_AX, 2);
    unsigned __int128 high = emul_reg(x->ctxt, REG_DX, bytes);
    return (high << (bytes * 8)) | emul_reg(x->ctxt, REG_AX, bytes);
}

int exec_div(struct exec *x)
{
    unsigned bytes = x->insn->dst.size;
    unsigned __int128 dividend = read_dividend(x, bytes);
    uint64_t divisor = x->dst, remainder;
    if ((uint64_t)(dividend >> (bytes * 8)) >= divisor)     /* zero, or the quotient does not fit */
        return emulate_raise(x->ctxt, VECTOR_DE);
    uint64_t quotient = divide_wide((uint64_t)(dividend >> 64), (uint64_t)dividend, divisor,
                                    &remainder);
    write_pair(x, quotient, remainder, bytes);
    return EMUL_OK;
}

/* On magnitudes; the quotient rounds towards zero and the remainder takes the dividend's sign. */
int exec_idiv(struct exec *x)
{
    unsigned bytes = x->insn->dst.size, spare = 128 - bytes * 16;
    __int128 dividend = (__int128)(read_dividend(x, bytes) << spare) >> spare;
    int64_t divisor = sign_extend(x->dst, bytes);
    bool negative = dividend < 0;
    unsigned __int128 magnitude = negative ? -(unsigned __int128)dividend
                                           : (unsigned __int128)dividend;
    uint64_t by = divisor < 0 ? -(uint64_t)divisor : (uint64_t)divisor, remainder;
    if ((uint64_t)(magnitude >> 64) >= by)
        return emulate_raise(x->ctxt, VECTOR_DE);

    uint64_t quotient = divide_wide((uint64_t)(magnitude >> 64), (uint64_t)magnitude, by,
                                    &remainder);
    bool minus = negative != (divisor < 0);
    if (quotient > sign_bit(bytes) - !minus)
        return emulate_raise(x->ctxt, VECTOR_DE);
    write_pair(x, minus ? -quotient : quotient, negative ? -remainder : remainder, bytes);
    return EMUL_OK;
}

/* DAA and DAS. */
int exec_decimal_adjust(struct exec *x)
{
    bool subtract = x->insn->op == EMUL_OP_DAS;
    uint64_t al = x->dst, r = al;
    bool carry = x->rflags & RFLAGS_CF, low = (al & 15) > 9 || (x->rflags & RFLAGS_AF);
    bool high = al > 0x99 || carry;
    if (low) {
        r = subtract ? r - 6 : r + 6;
        carry = subtract && (carry || al < 6);
    }
    if (high)
        r = subtract ? r - 0x60 : r + 0x60;
    carry = high || (subtract && low && carry);
    x->dst = r & 0xff;
    set_flags(x, RFLAGS_ARITH, result_flags(x->dst, 1) | flag_if(carry, RFLAGS_CF) |
              flag_if(low, RFLAGS_AF));
    return EMUL_OK;
}

/* AAA and AAS, on AX. */
int exec_ascii_adjust(struct exec *x)
{
    uint64_t ax = x->dst;
    bool adjust = (ax & 15) > 9 || (x->rflags & RFLAGS_AF);
    if (adjust)
        ax = x->insn->op == EMUL_OP_AAA ? ax + 0x106 : ax - 0x106;
    x->dst = ax & 0xff0f;
    set_flags(x, RFLAGS_CF | RFLAGS_AF, flag_if(adjust, RFLAGS_CF | RFLAGS_AF));
    return EMUL_OK;
}

int exec_aam(struct exec *x)
{
    uint64_t al = x->dst & 0xff, base = x->src & 0xff;
    if (!base)
        return emulate_raise(x->ctxt, VECTOR_DE);
    x->dst = (al / base) << 8 | (al % base);
    set_flags(x, RFLAGS_ARITH, result_flags(x->dst, 1));
    return EMUL_OK;
}

int exec_aad(struct exec *x)
{
    x->dst = ((x->dst & 0xff) + (x->dst >> 8) * (x->src & 0xff)) & 0xff;
    set_flags(x, RFLAGS_ARITH, result_flags(x->dst, 1));
    return EMUL_OK;
}
