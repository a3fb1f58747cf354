/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The emulator against the processor: random valid encodings of every unprivileged integer
 * instruction, in 64-, 32- and 16-bit code, are executed natively and emulated from the same
 * state.
 *
 * Registers, defined flags, memory, the next rip and the exception vector must agree. Both sides
 * see the same addresses; the emulator's memory is a shadow copy. A failure prints the
 * instruction's bytes and both states. Usage: test_native [cases per mode] [seed]
 *
 * sources: tests/unit/arch/x86/emulate/cases.c
 * sources: tests/unit/arch/x86/emulate/native.S
 * sources: xen/arch/x86/emulate/alu.c xen/arch/x86/emulate/decode.c
 * sources: xen/arch/x86/emulate/execute.c xen/arch/x86/emulate/opcodes.c
 * sources: xen/arch/x86/emulate/operand.c xen/arch/x86/emulate/string.c
 * sources: xen/arch/x86/emulate/system.c
 * flags: -no-pie
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <public/xen.h>
#include <x86/emulate.h>

#include "cases.h"

#define GUARD_SIZE  (16u << 20)
#define CODE_SIZE   4096u

extern uint64_t native_gpr[16], native_rflags, native_target, native_rip;
void native_run_64(void);
void native_run_32(void);
void native_run_16(void);
void native_exit_64(void);
void native_exit_32(void);
void native_exit_16(void);

static uint8_t shadow[DATA_SIZE];
static volatile int trap_vector;        /* -1: none */

static uintptr_t native_exit(void)
{
    return (uintptr_t)(mode == 64 ? native_exit_64 : mode == 32 ? native_exit_32 : native_exit_16);
}

static unsigned register_count(void)
{
    return mode == 64 ? 16 : 8;
}

static void on_signal(int number, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;
    (void)info;
    (void)number;
    trap_vector = (int)uc->uc_mcontext.gregs[REG_TRAPNO];
    native_rip = (uint64_t)uc->uc_mcontext.gregs[REG_RIP];
    uc->uc_mcontext.gregs[REG_RIP] = (greg_t)native_exit();
    if (mode == 16) {
        greg_t *selectors = &uc->uc_mcontext.gregs[REG_CSGSFS];
        *selectors = (*selectors & ~(greg_t)0xffff) | 0x23;
    }
}

/* ---- The emulator's side ---- */

static int reach(struct emul_ctxt *ctxt, enum emul_seg seg, uint64_t offset, unsigned bytes,
                 enum emul_access access, uint8_t **at)
{
    uint64_t linear;
    int rc = emulate_linear(ctxt, seg, offset, bytes, access, &linear);
    if (rc != EMUL_OK)
        return rc;
    uint64_t from = linear - (uintptr_t)data;
    if (from >= DATA_SIZE || from + bytes > DATA_SIZE)
        return emulate_raise_page_fault(ctxt, 0, linear);
    *at = shadow + from;
    return EMUL_OK;
}

static int mem_fetch(struct emul_ctxt *ctxt, uint64_t offset, void *buf, unsigned bytes)
{
    (void)ctxt;
    memcpy(buf, code + (offset - code_origin()), bytes);
    return EMUL_OK;
}

static int mem_read(struct emul_ctxt *ctxt, enum emul_seg seg, uint64_t offset, void *buf,
                    unsigned bytes)
{
    uint8_t *at = NULL;
    int rc = reach(ctxt, seg, offset, bytes, EMUL_READ, &at);
    if (rc == EMUL_OK)
        memcpy(buf, at, bytes);
    return rc;
}

static int mem_write(struct emul_ctxt *ctxt, enum emul_seg seg, uint64_t offset, const void *buf,
                     unsigned bytes)
{
    uint8_t *at = NULL;
    int rc = reach(ctxt, seg, offset, bytes, EMUL_WRITE, &at);
    if (rc == EMUL_OK)
        memcpy(at, buf, bytes);
    return rc;
}

static int mem_cmpxchg(struct emul_ctxt *ctxt, enum emul_seg seg, uint64_t offset, void *expected,
                       const void *desired, unsigned bytes, bool locked)
{
    uint8_t *at = NULL;
    (void)locked;
    int rc = reach(ctxt, seg, offset, bytes, EMUL_WRITE, &at);
    if (rc != EMUL_OK)
        return rc;
    if (memcmp(at, expected, bytes)) {
        memcpy(expected, at, bytes);
        return EMUL_MISMATCH;
    }
    memcpy(at, desired, bytes);
    return EMUL_OK;
}

/* As the LDT has it for 16-bit code; flat otherwise. */
static int read_segment(struct emul_ctxt *ctxt, enum emul_seg seg, struct emul_segment *segment)
{
    bool is_code = seg == EMUL_CS;
    (void)ctxt;
    *segment = (struct emul_segment){ .limit = 0xffffffff, .attr = is_code ? 0xcfb : 0xcf3 };
    if (mode == 16) {
        segment->base = (uintptr_t)(is_code ? code : data);
        segment->limit = is_code ? CODE_SIZE - 1 : DATA_SIZE - 1;
        segment->attr = is_code ? 0xfb : 0xf3;
    }
    return EMUL_OK;
}

static const struct emul_ops ops = {
    .fetch = mem_fetch, .read = mem_read, .write = mem_write, .cmpxchg = mem_cmpxchg,
    .read_segment = read_segment,
};

static uint64_t *slot(struct cpu_user_regs *r, unsigned reg)
{
    uint64_t *slots[16] = {
        &r->rax, &r->rcx, &r->rdx, &r->rbx, &r->rsp, &r->rbp, &r->rsi, &r->rdi,
        &r->r8, &r->r9, &r->r10, &r->r11, &r->r12, &r->r13, &r->r14, &r->r15,
    };
    return slots[reg];
}

/* ---- Running it on both sides ---- */

static void put32(uint8_t **at, uintptr_t value)
{
    uint32_t low = (uint32_t)value;
    memcpy(*at, &low, 4);
    *at += 4;
}

/* A pad notes its own address, then leaves; it touches no flag and no register. */
static void write_pad(uint8_t *at)
{
    static const uint8_t far_jump[] = { 0x66, 0xea }, to_gs[] = { 0x65, 0xc7, 0x05 },
                         to_ds[] = { 0xc7, 0x05 }, to_absolute[] = { 0xc7, 0x04, 0x25 };
    uint64_t rip = code_origin() + (uint64_t)(at - code);
    if (mode == 16) {                                   /* on to 32-bit code, right behind */
        memcpy(at, far_jump, 2);
        at += 2;
        put32(&at, (uintptr_t)at + 6);
        *at++ = 0x23;
        *at++ = 0;
        memcpy(at, to_gs, 3);
        at += 3;
    } else if (mode == 32) {
        memcpy(at, to_ds, 2);
        at += 2;
    } else {
        memcpy(at, to_absolute, 3);
        at += 3;
    }
    put32(&at, (uintptr_t)&native_rip);                 /* mov dword [native_rip], rip */
    put32(&at, rip);
    *at++ = 0xe9;                                       /* jmp native_exit */
    put32(&at, native_exit() - ((uintptr_t)at + 4));
}

static void place(const struct test_case *t)
{
    memcpy(code + INSN_AT, t->bytes, t->length);
    write_pad(code + INSN_AT + t->length);
}

static void run_native(const struct test_case *t)
{
    memcpy(native_gpr, t->gpr, sizeof(native_gpr));
    native_rflags = t->rflags;
    native_target = code_origin() + INSN_AT;
    native_rip = 0;
    trap_vector = -1;
    if (mode == 64)
        native_run_64();
    else if (mode == 32)
        native_run_32();
    else
        native_run_16();
}

static int run_emulated(const struct test_case *t, struct emul_ctxt *ctxt,
                        struct cpu_user_regs *regs)
{
    memset(regs, 0, sizeof(*regs));
    for (unsigned reg = 0; reg < 16; reg++)
        *slot(regs, reg) = t->gpr[reg];
    regs->rflags = t->rflags;
    regs->rip = code_origin() + INSN_AT;
    *ctxt = (struct emul_ctxt){
        .regs = regs, .ops = &ops, .code_bits = mode, .stack_bits = mode, .cpl = 3, .amd = true,
    };
    return emulate_insn(ctxt);
}

static bool is_double_shift(const struct emul_insn *insn)
{
    return insn->op == EMUL_OP_SHLD || insn->op == EMUL_OP_SHRD;
}

/* As the processor masks it. */
static unsigned shift_count(const struct test_case *t, const struct emul_insn *insn)
{
    const struct emul_operand *o = is_double_shift(insn) ? &insn->aux : &insn->src;
    uint64_t count = o->kind == EMUL_OPERAND_IMM ? o->value : t->gpr[CX];
    return count & (insn->dst.size == 8 ? 63 : 31);
}

/* Flags the manuals leave open after this instruction. */
static unsigned undefined_flags(const struct test_case *t, const struct emul_insn *insn)
{
    unsigned count = shift_count(t, insn);
    unsigned overflow = count == 1 ? 0 : OF;
    switch (insn->op) {
    case EMUL_OP_AND: case EMUL_OP_OR: case EMUL_OP_XOR: case EMUL_OP_TEST: return AF;
    case EMUL_OP_MUL: case EMUL_OP_IMUL: case EMUL_OP_IMUL2: return SF | ZF | AF | PF;
    case EMUL_OP_DIV: case EMUL_OP_IDIV: return ARITH;
    case EMUL_OP_ROL: case EMUL_OP_ROR: case EMUL_OP_RCL: case EMUL_OP_RCR:
        return count ? overflow : 0;
    case EMUL_OP_SHL: case EMUL_OP_SAL: case EMUL_OP_SHR: case EMUL_OP_SAR:
        return !count ? 0 : AF | overflow | (count >= insn->dst.size * 8u ? CF : 0);
    case EMUL_OP_SHLD: case EMUL_OP_SHRD:
        return !count ? 0 : AF | overflow | (count > insn->dst.size * 8u ? ARITH : 0);
    case EMUL_OP_BT: case EMUL_OP_BTS: case EMUL_OP_BTR: case EMUL_OP_BTC: return OF | SF | AF | PF;
    case EMUL_OP_BSF: case EMUL_OP_BSR: return ARITH & ~ZF;
    case EMUL_OP_TZCNT: case EMUL_OP_LZCNT: return OF | SF | AF | PF;
    case EMUL_OP_DAA: case EMUL_OP_DAS: return OF;
    case EMUL_OP_AAA: case EMUL_OP_AAS: return OF | SF | ZF | PF;
    case EMUL_OP_AAM: case EMUL_OP_AAD: return OF | AF | CF;
    default: return 0;
    }
}

/* Results, not just flags, that the manuals leave open. */
static bool undefined_result(const struct test_case *t, const struct emul_insn *insn)
{
    return is_double_shift(insn) && insn->dst.size == 2 && shift_count(t, insn) > 16;
}

static void report(const struct test_case *t, const struct emul_ctxt *ctxt, int rc,
                   const char *what)
{
    printf("%u-bit:", mode);
    for (unsigned i = 0; i < t->length; i++)
        printf(" %02x", t->bytes[i]);
    printf(": %s differs; native trap %d, emulator rc %d vector %u\n", what, trap_vector, rc,
           rc == EMUL_FAULT ? ctxt->fault.vector : 0);
    for (unsigned reg = 0; reg < register_count(); reg++)
        printf("  r%-2u %016lx  native %016lx  emulator %016lx%s\n", reg, t->gpr[reg],
               native_gpr[reg], *slot(ctxt->regs, reg),
               native_gpr[reg] == *slot(ctxt->regs, reg) ? "" : "  <--");
    printf("  flags %lx native %lx emulator %lx; rip native %lx emulator %lx\n", t->rflags,
           native_rflags, ctxt->regs->rflags, native_rip, ctxt->regs->rip);
    for (unsigned i = 0; i < DATA_SIZE; i++)
        if (data[i] != shadow[i]) {
            printf("  memory from +%x: native %02x emulator %02x\n", i, data[i], shadow[i]);
            break;
        }
}

static bool agree(const struct test_case *t, struct emul_ctxt *ctxt, int rc)
{
    struct emul_insn insn;
    struct cpu_user_regs before, *after = ctxt->regs;
    const char *differs = NULL;
    for (unsigned reg = 0; reg < 16; reg++)
        *slot(&before, reg) = t->gpr[reg];
    before.rip = code_origin() + INSN_AT;
    struct emul_ctxt again = *ctxt;
    again.regs = &before;
    bool decoded = emulate_decode(&again, &insn) == EMUL_OK;

    if (decoded && undefined_result(t, &insn))
        return true;
    int vector = rc == EMUL_FAULT ? ctxt->fault.vector : -1;
    if (rc != EMUL_OK && rc != EMUL_FAULT)
        differs = "coverage";
    else if (vector != trap_vector)
        differs = "exception";
    for (unsigned reg = 0; !differs && reg < register_count(); reg++)
        if (native_gpr[reg] != *slot(after, reg))
            differs = "register";
    uint64_t mask = (ARITH | DF) & ~(uint64_t)(decoded ? undefined_flags(t, &insn) : 0);
    if (!differs && vector < 0 && ((native_rflags ^ after->rflags) & mask))
        differs = "flags";
    if (!differs && native_rip != after->rip)
        differs = "rip";
    if (!differs && vector < 0 && memcmp(data, shadow, DATA_SIZE))
        differs = "memory";
    if (differs)
        report(t, ctxt, rc, differs);
    return !differs;
}

/* Few different bytes in the first half, so that comparisons of strings run on for a while. */
static void fill_data(void)
{
    for (unsigned i = 0; i < DATA_SIZE; i += 8) {
        uint64_t v = random_value();
        memcpy(data + i, &v, 8);
    }
    memset(data + 1024, (int)random_next(), 1024);
}

/* In each test anew: cmocka installs its own handlers before every one. */
static void catch_signals(void)
{
    static uint8_t signal_stack[65536];
    static const int signals[] = { SIGSEGV, SIGFPE, SIGILL, SIGBUS, SIGTRAP };
    stack_t stack = { .ss_sp = signal_stack, .ss_size = sizeof(signal_stack) };
    sigaltstack(&stack, NULL);
    for (unsigned i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        struct sigaction action = {
            .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK,
        };
        sigaction(signals[i], &action, NULL);
    }
}

static unsigned run_mode(unsigned bits, unsigned cases)
{
    unsigned failed = 0, faulted = 0;
    mode = bits;
    catch_signals();
    write_pad(code + INSN_AT + PAD_AWAY);
    write_pad(code + INSN_AT - PAD_AWAY);
    for (unsigned i = 0; i < cases && failed < 20; i++) {
        struct test_case t;
        struct emul_ctxt ctxt;
        struct cpu_user_regs regs;
        if (i % 64 == 0)
            fill_data();
        do
            make_case(&t);
        while (t.unfit);
        place(&t);
        memcpy(shadow, data, DATA_SIZE);
        int rc = run_emulated(&t, &ctxt, &regs);
        run_native(&t);
        faulted += trap_vector >= 0;
        failed += !agree(&t, &ctxt, rc);
    }
    printf("# %u-bit code: %u cases, %u of them faulting, %u failed\n", bits, cases, faulted,
           failed);
    return failed;
}

/* What the kernel's modify_ldt takes; its header is not to be had beside our own <asm/...>. */
struct ldt_entry {
    uint32_t number, base, limit;
    uint32_t big : 1, contents : 2, read_only : 1, pages : 1, absent : 1, usable : 1, is_long : 1;
};

static bool make_segment(unsigned number, uint8_t *base, unsigned size, unsigned contents)
{
    struct ldt_entry entry = {
        .number = number, .base = (uint32_t)(uintptr_t)base, .limit = size - 1,
            .contents = contents,
    };
    return syscall(SYS_modify_ldt, 1, &entry, sizeof(entry)) == 0;
}

static void *map_low(unsigned size, int protection)
{
    uint8_t *at = mmap(NULL, size + 2 * GUARD_SIZE, PROT_NONE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED || mprotect(at + GUARD_SIZE, size, protection)) {
        perror("mmap");
        exit(2);
    }
    return at + GUARD_SIZE;
}

static unsigned cases = 50000;

static void test_64_bit(void **state)
{
    (void)state;
    assert_int_equal(run_mode(64, cases), 0);
}

static void test_32_bit(void **state)
{
    (void)state;
    assert_int_equal(run_mode(32, cases), 0);
}

/* LDT entry 0: 16-bit code; entry 1: 16-bit data. */
static void test_16_bit(void **state)
{
    (void)state;
    if (!make_segment(0, code, CODE_SIZE, 2) || !make_segment(1, data, DATA_SIZE, 0))
        skip();
    assert_int_equal(run_mode(16, cases), 0);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        cases = (unsigned)strtoul(argv[1], NULL, 0);
    case_seed(argc > 2 ? strtoull(argv[2], NULL, 0) : 0x9e3779b97f4a7c15);

    data = map_low(DATA_SIZE, PROT_READ | PROT_WRITE);
    code = map_low(CODE_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC);
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_64_bit), cmocka_unit_test(test_32_bit), cmocka_unit_test(test_16_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
