/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The decoder by known encodings, by illegal ones, and under random bytes.
 *
 * Hostile bytes stand in a heap block of exactly their size, so that ASan sees a byte read too
 * far. An instruction that is not performed must leave the register file as it was.
 *
 * sources: xen/arch/x86/emulate/alu.c xen/arch/x86/emulate/decode.c
 * sources: xen/arch/x86/emulate/execute.c xen/arch/x86/emulate/opcodes.c
 * sources: xen/arch/x86/emulate/operand.c xen/arch/x86/emulate/string.c
 * sources: xen/arch/x86/emulate/system.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <public/xen.h>
#include <x86/emulate.h>

#define START 0x1000

/* What fetch reads from, and how it is asked. */
struct text {
    const uint8_t *bytes;
    unsigned length;
    unsigned furthest;          /* end of the furthest byte asked for */
};

static int fetch(struct emul_ctxt *ctxt, uint64_t offset, void *buf, unsigned bytes)
{
    struct text *text = ctxt->opaque;
    uint64_t from = offset - ctxt->regs->rip;
    assert_in_range(bytes, 1, 15);
    if (from + bytes > text->furthest)
        text->furthest = (unsigned)(from + bytes);
    if (from + bytes > text->length)
        return emulate_raise_page_fault(ctxt, 0x14, offset);
    memcpy(buf, text->bytes + from, bytes);
    return EMUL_OK;
}

static uint64_t random_state = 88172645463325252ull;

static uint64_t random_next(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state * 0x2545f4914f6cdd1dull;
}

/* Memory that answers anything: data, a fault, a refusal. */
static int any_answer(struct emul_ctxt *ctxt, uint64_t at)
{
    switch (random_next() >> 59) {
    case 0: return emulate_raise_page_fault(ctxt, 2, at);
    case 1: return EMUL_RETRY;
    case 2: return EMUL_UNHANDLED;
    default: return EMUL_OK;
    }
}

static int any_read(struct emul_ctxt *ctxt, enum emul_seg seg, uint64_t offset, void *buf,
                    unsigned bytes)
{
    uint64_t value = random_next();
    assert_in_range(seg, EMUL_ES, EMUL_GS);
    assert_true(bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8);
    memcpy(buf, &value, bytes);
    return any_answer(ctxt, offset);
}

static int any_write(struct emul_ctxt *ctxt, enum emul_seg seg, uint64_t offset, const void *buf,
                     unsigned bytes)
{
    uint8_t copy[8];
    assert_in_range(seg, EMUL_ES, EMUL_GS);
    assert_in_range(bytes, 1, 8);
    memcpy(copy, buf, bytes);
    return any_answer(ctxt, offset);
}

static int any_cmpxchg(struct emul_ctxt *ctxt, enum emul_seg seg, uint64_t offset, void *expected,
                       const void *desired, unsigned bytes, bool locked)
{
    uint8_t copy[16];
    (void)seg;
    (void)locked;
    assert_in_range(bytes, 1, 16);
    memcpy(copy, desired, bytes);
    if (random_next() & 1) {
        memset(expected, (int)random_next(), bytes);
        return EMUL_MISMATCH;
    }
    return any_answer(ctxt, offset);
}

static int any_segment(struct emul_ctxt *ctxt, enum emul_seg seg, struct emul_segment *segment)
{
    *segment = (struct emul_segment){ .limit = 0xffffffff, .attr = 0xc93 };
    return any_answer(ctxt, seg);
}

static int any_read_io(struct emul_ctxt *ctxt, uint16_t port, unsigned bytes, uint32_t *value)
{
    assert_true(bytes == 1 || bytes == 2 || bytes == 4);
    *value = (uint32_t)random_next();
    return any_answer(ctxt, port);
}

static int any_write_io(struct emul_ctxt *ctxt, uint16_t port, unsigned bytes, uint32_t value)
{
    (void)value;
    assert_true(bytes == 1 || bytes == 2 || bytes == 4);
    return any_answer(ctxt, port);
}

static int any_read_reg(struct emul_ctxt *ctxt, unsigned reg, uint64_t *value)
{
    assert_in_range(reg, 0, 15);
    *value = random_next();
    return any_answer(ctxt, reg);
}

static int any_write_reg(struct emul_ctxt *ctxt, unsigned reg, uint64_t value)
{
    assert_in_range(reg, 0, 15);
    return any_answer(ctxt, value);
}

static const struct emul_ops decode_ops = { .fetch = fetch };
static const struct emul_ops any_ops = {
    .fetch = fetch, .read = any_read, .write = any_write, .cmpxchg = any_cmpxchg,
    .read_segment = any_segment, .read_io = any_read_io, .write_io = any_write_io,
    .read_cr = any_read_reg, .write_cr = any_write_reg, .read_dr = any_read_reg,
    .write_dr = any_write_reg,
};

static int decode(unsigned bits, struct text *text, struct emul_insn *insn,
                  struct emul_fault *fault)
{
    struct cpu_user_regs regs = { .rip = START };
    struct emul_ctxt ctxt = {
        .regs = &regs, .ops = &decode_ops, .opaque = text, .code_bits = bits, .stack_bits = bits,
    };
    int rc = emulate_decode(&ctxt, insn);
    *fault = ctxt.fault;
    return rc;
}

#define X(...) { __VA_ARGS__ }, sizeof((uint8_t[]){ __VA_ARGS__ })
static const struct known {
    uint8_t bytes[16];
    uint8_t length;
    uint8_t bits;
    uint8_t op;
    uint8_t dst, src;           /* operand kinds */
    uint8_t size;               /* of dst */
} known[] = {
    { X(0x89, 0x07), 64, EMUL_OP_MOV, EMUL_OPERAND_MEM, EMUL_OPERAND_REG, 4 },
    { X(0x48, 0x89, 0x07), 64, EMUL_OP_MOV, EMUL_OPERAND_MEM, EMUL_OPERAND_REG, 8 },
    { X(0x66, 0x89, 0x07), 64, EMUL_OP_MOV, EMUL_OPERAND_MEM, EMUL_OPERAND_REG, 2 },
    { X(0x48, 0xc7, 0x04, 0x25, 0, 0, 0, 0x80, 1, 2, 3, 4), 64, EMUL_OP_MOV, EMUL_OPERAND_MEM,
      EMUL_OPERAND_IMM, 8 },
    { X(0x48, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8), 64, EMUL_OP_MOV, EMUL_OPERAND_REG, EMUL_OPERAND_IMM,
        8 },
    { X(0xf0, 0x48, 0x0f, 0xb1, 0x0f), 64, EMUL_OP_CMPXCHG, EMUL_OPERAND_MEM, EMUL_OPERAND_REG, 8 },
    { X(0xf0, 0x48, 0x0f, 0xc7, 0x0f), 64, EMUL_OP_CMPXCHG8B, EMUL_OPERAND_MEM, 0, 0 },
    { X(0x48, 0x87, 0x07), 64, EMUL_OP_XCHG, EMUL_OPERAND_MEM, EMUL_OPERAND_REG, 8 },
    { X(0x90), 64, EMUL_OP_NOP, 0, 0, 0 },
    { X(0xf3, 0x90), 64, EMUL_OP_NOP, 0, 0, 0 },
    { X(0x41, 0x90), 64, EMUL_OP_XCHG, EMUL_OPERAND_REG, EMUL_OPERAND_REG, 4 },
    { X(0xf3, 0x0f, 0x1e, 0xfa), 64, EMUL_OP_NOP, EMUL_OPERAND_REG, 0, 4 },
    { X(0x0f, 0xae, 0xe8), 64, EMUL_OP_NOP, EMUL_OPERAND_REG, 0, 4 },
    { X(0x0f, 0xae, 0x3f), 64, EMUL_OP_CLFLUSH, EMUL_OPERAND_MEM, 0, 0 },
    { X(0x0f, 0x22, 0xd8), 64, EMUL_OP_WRITE_CR, EMUL_OPERAND_CR, EMUL_OPERAND_REG, 8 },
    { X(0x0f, 0x20, 0x18), 64, EMUL_OP_READ_CR, EMUL_OPERAND_REG, EMUL_OPERAND_CR, 8 },
    { X(0x0f, 0x20, 0xc0), 32, EMUL_OP_READ_CR, EMUL_OPERAND_REG, EMUL_OPERAND_CR, 4 },
    { X(0x44, 0x0f, 0x20, 0xc0), 64, EMUL_OP_READ_CR, EMUL_OPERAND_REG, EMUL_OPERAND_CR, 8 },
    { X(0x0f, 0x23, 0xf8), 64, EMUL_OP_WRITE_DR, EMUL_OPERAND_DR, EMUL_OPERAND_REG, 8 },
    { X(0x0f, 0x01, 0xf8), 64, EMUL_OP_SWAPGS, 0, 0, 0 },
    { X(0x0f, 0x01, 0xd0), 64, EMUL_OP_XGETBV, 0, 0, 0 },
    { X(0x0f, 0x01, 0xf9), 64, EMUL_OP_RDTSCP, 0, 0, 0 },
    { X(0x0f, 0x01, 0x38), 64, EMUL_OP_INVLPG, EMUL_OPERAND_MEM, 0, 0 },
    { X(0x0f, 0x01, 0xe0), 64, EMUL_OP_SMSW, EMUL_OPERAND_REG, 0, 4 },
    { X(0x0f, 0x01, 0x20), 64, EMUL_OP_SMSW, EMUL_OPERAND_MEM, 0, 2 },
    { X(0xe4, 0x80), 64, EMUL_OP_IN, EMUL_OPERAND_REG, EMUL_OPERAND_IMM, 1 },
    { X(0x66, 0xef), 64, EMUL_OP_OUT, EMUL_OPERAND_REG, EMUL_OPERAND_REG, 2 },
    { X(0x48, 0xed), 64, EMUL_OP_IN, EMUL_OPERAND_REG, EMUL_OPERAND_REG, 4 },
    { X(0xf3, 0x6c), 64, EMUL_OP_INS, EMUL_OPERAND_MEM, EMUL_OPERAND_REG, 1 },
    { X(0xf3, 0x48, 0xa5), 64, EMUL_OP_MOVS, EMUL_OPERAND_MEM, EMUL_OPERAND_MEM, 8 },
    { X(0x6a, 0xff), 64, EMUL_OP_PUSH, EMUL_OPERAND_IMM, 0, 8 },
    { X(0xa1, 1, 2, 3, 4, 5, 6, 7, 8), 64, EMUL_OP_MOV, EMUL_OPERAND_REG, EMUL_OPERAND_MEM, 4 },
    { X(0xa1, 1, 2, 3, 4), 32, EMUL_OP_MOV, EMUL_OPERAND_REG, EMUL_OPERAND_MEM, 4 },
    { X(0xa1, 1, 2), 16, EMUL_OP_MOV, EMUL_OPERAND_REG, EMUL_OPERAND_MEM, 2 },
    { X(0x8b, 0x1e, 1, 2), 16, EMUL_OP_MOV, EMUL_OPERAND_REG, EMUL_OPERAND_MEM, 2 },
    { X(0x67, 0x66, 0x8b, 0x44, 0x8b, 4), 16, EMUL_OP_MOV, EMUL_OPERAND_REG, EMUL_OPERAND_MEM, 4 },
    { X(0xc4, 0x06, 1, 2), 16, EMUL_OP_LOAD_FAR, EMUL_OPERAND_REG, EMUL_OPERAND_MEM, 2 },
    { X(0xea, 1, 2, 3, 4), 16, EMUL_OP_JMP_FAR, EMUL_OPERAND_IMM, 0, 0 },
    { X(0x40), 32, EMUL_OP_INC, EMUL_OPERAND_REG, 0, 4 },
    { X(0x63, 0xc1), 32, EMUL_OP_ARPL, EMUL_OPERAND_REG, EMUL_OPERAND_REG, 2 },
    { X(0x48, 0x63, 0xc1), 64, EMUL_OP_MOVSX, EMUL_OPERAND_REG, EMUL_OPERAND_REG, 8 },
    /* a REX that another prefix follows does not count */
    { X(0x48, 0x66, 0x89, 0xc8), 64, EMUL_OP_MOV, EMUL_OPERAND_REG, EMUL_OPERAND_REG, 2 },
    { X(0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x90),
        64,
      EMUL_OP_NOP, 0, 0, 0 },
};

static void test_known(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        const struct known *k = &known[i];
        struct text text = { .bytes = k->bytes, .length = k->length };
        struct emul_insn insn;
        struct emul_fault fault;
        assert_int_equal(decode(k->bits, &text, &insn, &fault), EMUL_OK);
        assert_int_equal(insn.op, k->op);
        assert_int_equal(insn.length, k->length);
        assert_int_equal(insn.dst.kind, k->dst);
        assert_int_equal(insn.src.kind, k->src);
        assert_int_equal(insn.dst.size, k->size);
        assert_int_equal(insn.next_ip, START + k->length);
    }
}

static const struct { uint8_t bytes[16]; uint8_t length; uint8_t bits; } undefined[] = {
    { X(0x0f, 0x0b), 64 },                      /* UD2 */
    { X(0xf0, 0x89, 0x07), 64 },                /* LOCK MOV */
    { X(0xf0, 0x01, 0xc0), 64 },                /* LOCK ADD to a register */
    { X(0xf0, 0x03, 0x07), 64 },                /* LOCK ADD from memory */
    { X(0xf0, 0x39, 0x07), 64 },                /* LOCK CMP */
    { X(0xf0, 0x81, 0x3f, 1, 2, 3, 4), 64 },    /* the same in its group */
    { X(0xf0, 0x0f, 0xa3, 0x07), 64 },          /* LOCK BT */
    { X(0xf0, 0x90), 64 },                      /* LOCK NOP */
    { X(0xf0, 0x0f, 0x22, 0xd8), 64 },          /* LOCK MOV CR3 */
    { X(0x06), 64 }, { X(0x27), 64 }, { X(0x37), 64 }, { X(0x60), 64 }, { X(0xce), 64 }, { X(0xd6),
        64 },
    { X(0x82, 0xc0, 1), 64 }, { X(0x9a, 1, 2, 3, 4, 5, 6), 64 }, { X(0xea, 1, 2, 3, 4, 5, 6), 64 },
    { X(0x8d, 0xc0), 64 },                      /* LEA of a register */
    { X(0x0f, 0xc3, 0xc0), 64 },                /* MOVNTI to a register */
    { X(0x0f, 0x38, 0xf0, 0xc0), 64 },          /* MOVBE of registers */
    { X(0x0f, 0xc7, 0xc8), 64 },                /* CMPXCHG8B of a register */
    { X(0x0f, 0x20, 0xc8), 64 }, { X(0x0f, 0x22, 0xe8), 64 }, { X(0x44, 0x0f, 0x22, 0xc8), 64 },
    { X(0x44, 0x0f, 0x21, 0xc0), 64 },          /* DR8 */
    { X(0x8e, 0xc8), 64 }, { X(0x8e, 0xf0), 64 }, { X(0x8c, 0xf8), 64 },
    { X(0xff, 0xf8), 64 }, { X(0xfe, 0xd0), 64 }, { X(0x0f, 0xba, 0xc0, 1), 64 },
};

static void test_undefined(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof(undefined) / sizeof(undefined[0]); i++) {
        struct text text = { .bytes = undefined[i].bytes, .length = undefined[i].length };
        struct emul_insn insn;
        struct emul_fault fault;
        assert_int_equal(decode(undefined[i].bits, &text, &insn, &fault), EMUL_FAULT);
        assert_int_equal(fault.vector, 6);
        assert_false(fault.has_error);
    }
}

static const struct { uint8_t bytes[16]; uint8_t length; } unhandled[] = {
    { X(0x0f, 0x6f, 0x07) }, { X(0xc5, 0xf8, 0x28, 0xc0) }, { X(0x62, 0xf1, 0x7c, 0x48) },
    { X(0xd8, 0xc0) }, { X(0x0f, 0xae, 0x07) }, { X(0x0f, 0x01, 0xc8) }, { X(0x0f, 0xc7, 0xf0) },
    { X(0xf2, 0x0f, 0x38, 0xf1, 0xc0) },
};

static void test_unhandled(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof(unhandled) / sizeof(unhandled[0]); i++) {
        struct text text = { .bytes = unhandled[i].bytes, .length = unhandled[i].length };
        struct emul_insn insn;
        struct emul_fault fault;
        assert_int_equal(decode(64, &text, &insn, &fault), EMUL_UNHANDLED);
    }
}

static void test_too_long(void **state)
{
    (void)state;
    uint8_t bytes[32];
    memset(bytes, 0x66, sizeof(bytes));
    bytes[15] = 0x90;
    struct text text = { .bytes = bytes, .length = sizeof(bytes) };
    struct emul_insn insn;
    struct emul_fault fault;
    assert_int_equal(decode(64, &text, &insn, &fault), EMUL_FAULT);
    assert_int_equal(fault.vector, 13);
    assert_true(fault.has_error);
    assert_int_equal(fault.error_code, 0);
    assert_int_equal(text.furthest, 15);
}

/* The bytes end in the middle of the instruction: the fetch's fault, at the first byte missing. */
static void test_truncated(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        for (unsigned length = 0; length < known[i].length; length++) {
            struct text text = { .bytes = known[i].bytes, .length = length };
            struct emul_insn insn;
            struct emul_fault fault;
            assert_int_equal(decode(known[i].bits, &text, &insn, &fault), EMUL_FAULT);
            assert_int_equal(fault.vector, 14);
            assert_in_range(fault.cr2, START, START + length);
        }
}

static void test_address_forms(void **state)
{
    (void)state;
    static const uint8_t relative[] = { 0x48, 0xc7, 0x05, 0x10, 0, 0, 0, 1, 2, 3, 4 };
    static const uint8_t fs[] = { 0x64, 0x2e, 0x8b, 0x04, 0x25, 0x28, 0, 0, 0 };
    static const uint8_t stack[] = { 0x8b, 0x44, 0x24, 0x08 }, r12[] = { 0x41, 0x8b, 0x04, 0x24 };
    struct text text = { .bytes = relative, .length = sizeof(relative) };
    struct emul_insn insn;
    struct emul_fault fault;
    assert_int_equal(decode(64, &text, &insn, &fault), EMUL_OK);
    assert_int_equal(insn.dst.offset, START + sizeof(relative) + 0x10);
    assert_int_equal(insn.dst.seg, EMUL_DS);
    assert_true(emulate_writes_memory(&insn));

    text = (struct text){ .bytes = fs, .length = sizeof(fs) };
    assert_int_equal(decode(64, &text, &insn, &fault), EMUL_OK);
    assert_int_equal(insn.src.seg, EMUL_FS);    /* the CS override means nothing in 64-bit code */
    assert_int_equal(insn.src.offset, 0x28);
    assert_false(emulate_writes_memory(&insn));

    text = (struct text){ .bytes = stack, .length = sizeof(stack) };
    assert_int_equal(decode(64, &text, &insn, &fault), EMUL_OK);
    assert_int_equal(insn.src.seg, EMUL_SS);
    text = (struct text){ .bytes = r12, .length = sizeof(r12) };
    assert_int_equal(decode(64, &text, &insn, &fault), EMUL_OK);
    assert_int_equal(insn.src.seg, EMUL_DS);
}

static void random_regs(struct cpu_user_regs *regs)
{
    uint64_t *words = (uint64_t *)regs;
    for (unsigned i = 0; i < sizeof(*regs) / 8; i++)
        words[i] = random_next() >> (random_next() & 63);
    regs->rflags |= 2;
}

static bool is_string(const struct emul_insn *insn)
{
    return insn->op >= EMUL_OP_MOVS && insn->op <= EMUL_OP_OUTS;
}

/* Mostly opcodes that exist, behind a few prefixes. */
static void random_bytes(uint8_t *bytes, unsigned length)
{
    static const uint8_t common[] = { 0x66, 0x67, 0xf0, 0xf2, 0xf3, 0x64, 0x2e, 0x48, 0x41, 0x0f,
        0x0f };
    for (unsigned i = 0; i < length; i++)
        bytes[i] = (uint8_t)(random_next() >> 24);
    for (unsigned i = 0; i < length && (random_next() >> 40 & 1); i++)
        bytes[i] = common[(random_next() >> 30) % sizeof(common)];
}

static void test_random(void **state)
{
    static const uint8_t modes[] = { 16, 32, 64 };
    unsigned done = 0;
    (void)state;
    for (unsigned i = 0; i < 300000; i++) {
        unsigned length = 1 + (unsigned)(random_next() >> 40) % 20, bits = modes[i % 3];
        uint8_t *bytes = malloc(length);
        assert_non_null(bytes);
        random_bytes(bytes, length);
        struct text text = { .bytes = bytes, .length = length };
        struct cpu_user_regs regs, before;
        struct emul_insn insn = { .op = EMUL_OP_NONE };
        struct emul_ctxt ctxt = {
            .regs = &regs, .ops = &any_ops, .opaque = &text, .code_bits = bits, .stack_bits = bits,
            .cpl = random_next() >> 62, .iopl = random_next() >> 62, .real_mode = bits == 16,
        };
        random_regs(&regs);
        before = regs;

        int rc = emulate_decode(&ctxt, &insn);
        assert_memory_equal(&regs, &before, sizeof(regs));
        assert_true(text.furthest <= 15);
        if (rc == EMUL_OK) {
            assert_in_range(insn.length, 1, length < 15 ? length : 15);
            rc = emulate_perform(&ctxt, &insn);
        }
        assert_in_range(rc, EMUL_OK, EMUL_UNHANDLED);
        if (rc != EMUL_OK && !is_string(&insn))
            assert_memory_equal(&regs, &before, sizeof(regs));
        done += rc == EMUL_OK;
        free(bytes);
    }
    printf("# %u of 300000 random instructions performed\n", done);
    assert_true(done > 30000);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known), cmocka_unit_test(test_undefined),
        cmocka_unit_test(test_unhandled), cmocka_unit_test(test_too_long),
        cmocka_unit_test(test_truncated), cmocka_unit_test(test_address_forms),
        cmocka_unit_test(test_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
