/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the processor cannot show a user program: privileged instructions, ports, segment
 * registers, REP with faults and bounds, locked updates that lose a race, software interrupts,
 * refusals.
 *
 * The outside world is a set of arrays; every operation may be told to fail.
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

#include <string.h>

#include <public/xen.h>
#include <x86/emulate.h>

#define CODE    0x1000u
#define DATA    0x10000u
#define SIZE    4096u
#define TF      0x100u
#define IF      0x200u

static struct world {
    uint8_t code[32], data[SIZE];
    uint64_t cr[16], dr[8], msr[4], xcr;
    uint32_t msr_index[4];
    uint16_t selector[EMUL_SEG_COUNT];
    uint32_t in_value;
    struct { uint16_t port; unsigned bytes; uint32_t value; unsigned calls; } out;
    struct { enum emul_tlb_op op; uint64_t offset; unsigned calls; } tlb;
    unsigned refuse;            /* validate's answer */
    unsigned races;             /* compare-and-exchanges that will find memory changed */
    bool locked;                /* of the last one */
    unsigned runs;              /* calls of rep_ins */
} world;

static struct cpu_user_regs regs;
static struct emul_ctxt ctxt;

static int reach(uint64_t offset, unsigned bytes, bool write, uint8_t **at)
{
    if (offset < DATA || offset - DATA + bytes > SIZE)
        return emulate_raise_page_fault(&ctxt, write ? 2 : 0, offset);
    *at = world.data + (offset - DATA);
    return EMUL_OK;
}

static int w_fetch(struct emul_ctxt *c, uint64_t offset, void *buf, unsigned bytes)
{
    if (offset < CODE || offset - CODE + bytes > sizeof(world.code))
        return emulate_raise_page_fault(c, 0x10, offset);
    memcpy(buf, world.code + (offset - CODE), bytes);
    return EMUL_OK;
}

static int w_read(struct emul_ctxt *c, enum emul_seg seg, uint64_t offset, void *buf,
                  unsigned bytes)
{
    uint8_t *at = NULL;
    int rc = reach(offset, bytes, false, &at);
    if (rc == EMUL_OK)
        memcpy(buf, at, bytes);
    return rc;
}

static int w_write(struct emul_ctxt *c, enum emul_seg seg, uint64_t offset, const void *buf,
                   unsigned bytes)
{
    uint8_t *at = NULL;
    int rc = reach(offset, bytes, true, &at);
    if (rc == EMUL_OK)
        memcpy(at, buf, bytes);
    return rc;
}

static int w_cmpxchg(struct emul_ctxt *c, enum emul_seg seg, uint64_t offset, void *expected,
                     const void *desired, unsigned bytes, bool locked)
{
    uint8_t *at = NULL;
    int rc = reach(offset, bytes, true, &at);
    if (rc != EMUL_OK)
        return rc;
    world.locked = locked;
    if (world.races) {
        world.races--;
        at[0]++;
    }
    if (memcmp(at, expected, bytes)) {
        memcpy(expected, at, bytes);
        return EMUL_MISMATCH;
    }
    memcpy(at, desired, bytes);
    return EMUL_OK;
}

static int w_validate(struct emul_ctxt *c, const struct emul_insn *insn)
{
    return (int)world.refuse;
}

static int w_read_segment(struct emul_ctxt *c, enum emul_seg seg, struct emul_segment *segment)
{
    *segment = (struct emul_segment){
        .selector = world.selector[seg], .limit = 0xffffffff, .attr = 0xc93,
    };
    return EMUL_OK;
}

static int w_load_segment(struct emul_ctxt *c, enum emul_seg seg, uint16_t selector)
{
    if (selector == 0xbad0)
        return emulate_raise_error(c, 13, selector);
    world.selector[seg] = selector;
    return EMUL_OK;
}

static int w_read_io(struct emul_ctxt *c, uint16_t port, unsigned bytes, uint32_t *value)
{
    *value = port == 0x60 ? world.in_value++ : 0xffffffff;
    return EMUL_OK;
}

static int w_write_io(struct emul_ctxt *c, uint16_t port, unsigned bytes, uint32_t value)
{
    unsigned calls = world.out.calls + 1;
    if (port == 0xdead)
        return emulate_raise_error(c, 13, 0);
    world.out.port = port;
    world.out.bytes = bytes;
    world.out.value = value;
    world.out.calls = calls;
    return EMUL_OK;
}

static int w_rep_ins(struct emul_ctxt *c, uint16_t port, enum emul_seg seg, uint64_t offset,
                     unsigned bytes, unsigned *count)
{
    if (*count > 10)
        *count = 10;
    world.runs++;
    memset(world.data + (offset - DATA), (int)world.runs, *count * bytes);
    return EMUL_OK;
}

static int w_read_cr(struct emul_ctxt *c, unsigned reg, uint64_t *value)
{
    *value = world.cr[reg];
    return EMUL_OK;
}

static int w_write_cr(struct emul_ctxt *c, unsigned reg, uint64_t value)
{
    if (reg == 4 && value == 0xbad)
        return emulate_raise_error(c, 13, 0);
    world.cr[reg] = value;
    return EMUL_OK;
}

static int w_read_dr(struct emul_ctxt *c, unsigned reg, uint64_t *value)
{
    *value = world.dr[reg];
    return EMUL_OK;
}

static int w_write_dr(struct emul_ctxt *c, unsigned reg, uint64_t value)
{
    world.dr[reg] = value;
    return EMUL_OK;
}

static uint64_t *find_msr(uint32_t msr)
{
    for (unsigned i = 0; i < 4; i++)
        if (world.msr_index[i] == msr)
            return &world.msr[i];
    return NULL;
}

static int w_read_msr(struct emul_ctxt *c, uint32_t msr, uint64_t *value)
{
    uint64_t *found = find_msr(msr);
    if (!found)
        return emulate_raise_error(c, 13, 0);
    *value = *found;
    return EMUL_OK;
}

static int w_write_msr(struct emul_ctxt *c, uint32_t msr, uint64_t value)
{
    uint64_t *found = find_msr(msr);
    if (!found || (msr == 0xc0000101 && value >> 48 == 0xbad))
        return emulate_raise_error(c, 13, 0);
    *found = value;
    return EMUL_OK;
}

static int w_cpuid(struct emul_ctxt *c, uint32_t leaf, uint32_t subleaf, uint32_t out[4])
{
    for (uint32_t i = 0; i < 4; i++)
        out[i] = leaf * 100 + subleaf * 10 + i;
    return EMUL_OK;
}

static int w_read_xcr(struct emul_ctxt *c, uint32_t reg, uint64_t *value)
{
    *value = world.xcr;
    return reg ? emulate_raise_error(c, 13, 0) : EMUL_OK;
}

static int w_write_xcr(struct emul_ctxt *c, uint32_t reg, uint64_t value)
{
    world.xcr = value;
    return EMUL_OK;
}

static int w_tlb_op(struct emul_ctxt *c, enum emul_tlb_op op, enum emul_seg seg, uint64_t offset)
{
    world.tlb.op = op;
    world.tlb.offset = offset;
    world.tlb.calls++;
    return EMUL_OK;
}

static const struct emul_ops all_ops = {
    .fetch = w_fetch, .read = w_read, .write = w_write, .cmpxchg = w_cmpxchg,
        .validate = w_validate,
    .read_segment = w_read_segment, .load_segment = w_load_segment, .read_io = w_read_io,
    .write_io = w_write_io, .read_cr = w_read_cr, .write_cr = w_write_cr, .read_dr = w_read_dr,
    .write_dr = w_write_dr, .read_msr = w_read_msr, .write_msr = w_write_msr, .cpuid = w_cpuid,
    .read_xcr = w_read_xcr, .write_xcr = w_write_xcr, .tlb_op = w_tlb_op,
};
static struct emul_ops ops;

static int setup(void **state)
{
    memset(&world, 0, sizeof(world));
    world.msr_index[0] = 0x10;
    world.msr_index[1] = 0xc0000101;
    world.msr_index[2] = 0xc0000102;
    world.msr_index[3] = 0xc0000103;
    regs = (struct cpu_user_regs){ .rflags = 0x202, .rsp = DATA + 2048 };
    ops = all_ops;
    ctxt = (struct emul_ctxt){
        .regs = &regs, .ops = &ops, .code_bits = 64, .stack_bits = 64,
    };
    return 0;
}

/* Emulate these bytes at CODE. */
static int run_bytes(const uint8_t *bytes, unsigned length)
{
    regs.rip = CODE;
    memcpy(world.code, bytes, length);
    return emulate_insn(&ctxt);
}
#define RUN(...) run_bytes((uint8_t[]){ __VA_ARGS__ }, sizeof((uint8_t[]){ __VA_ARGS__ }))

static void expect_fault(int rc, uint8_t vector, uint32_t error_code)
{
    assert_int_equal(rc, EMUL_FAULT);
    assert_int_equal(ctxt.fault.event, EMUL_EVENT_EXCEPTION);
    assert_int_equal(ctxt.fault.vector, vector);
    assert_true(ctxt.fault.has_error);
    assert_int_equal(ctxt.fault.error_code, error_code);
    assert_int_equal(regs.rip, CODE);
}

static void test_ports(void **state)
{
    regs.rax = 0x1111111111111111;
    regs.rdx = 0xffff0060;
    world.in_value = 0xaabbccdd;
    assert_int_equal(RUN(0xec), EMUL_OK);                       /* in al, dx */
    assert_int_equal(regs.rax, 0x11111111111111dd);
    assert_int_equal(RUN(0x66, 0xe5, 0x60), EMUL_OK);           /* in ax, 60 */
    assert_int_equal(regs.rax, 0x111111111111ccde);
    assert_int_equal(RUN(0xed), EMUL_OK);                       /* in eax, dx */
    assert_int_equal(regs.rax, 0xaabbccdf);
    assert_int_equal(RUN(0xe6, 0x80), EMUL_OK);                 /* out 80, al */
    assert_int_equal(world.out.port, 0x80);
    assert_int_equal(world.out.bytes, 1);
    assert_int_equal(world.out.value, 0xdf);
    assert_int_equal(RUN(0xef), EMUL_OK);                       /* out dx, eax */
    assert_int_equal(world.out.port, 0x60);
    assert_int_equal(world.out.bytes, 4);
    assert_int_equal(world.out.value, 0xaabbccdf);
    regs.rdx = 0xdead;
    expect_fault(RUN(0xee), 13, 0);
}

static void test_interrupt_flag(void **state)
{
    assert_int_equal(RUN(0xfa), EMUL_OK);
    assert_int_equal(regs.rflags, 0x2);
    assert_int_equal(RUN(0xfb), EMUL_OK);
    assert_int_equal(regs.rflags, 0x202);
    assert_true(ctxt.retire.sti);
    assert_int_equal(RUN(0xfb), EMUL_OK);
    assert_false(ctxt.retire.sti);
    ctxt.cpl = 3;
    expect_fault(RUN(0xfa), 13, 0);
    ctxt.iopl = 3;
    assert_int_equal(RUN(0xfa), EMUL_OK);
    expect_fault(RUN(0xf4), 13, 0);
    ctxt.cpl = 0;
    assert_int_equal(RUN(0xf4), EMUL_OK);
    assert_true(ctxt.retire.hlt);
    assert_int_equal(regs.rip, CODE + 1);
}

static void test_popf(void **state)
{
    uint64_t image = 0x3000 | IF | TF | 0x8d5;
    memcpy(world.data + 2048, &image, 8);
    regs.rflags = 0x2;
    ctxt.cpl = 3;
    assert_int_equal(RUN(0x9d), EMUL_OK);
    assert_int_equal(regs.rflags, TF | 0x8d7);                  /* neither IF nor IOPL */
    assert_int_equal(regs.rsp, DATA + 2056);
    assert_false(ctxt.retire.singlestep);
    regs.rsp = DATA + 2048;
    ctxt.cpl = 0;
    assert_int_equal(RUN(0x9d), EMUL_OK);
    assert_int_equal(regs.rflags, 0x3000 | IF | TF | 0x8d7);
    assert_true(ctxt.retire.singlestep);
}

static void test_control_registers(void **state)
{
    regs.rax = 0x123456789a;
    assert_int_equal(RUN(0x0f, 0x22, 0xd8), EMUL_OK);           /* mov cr3, rax */
    assert_int_equal(world.cr[3], 0x123456789a);
    assert_int_equal(RUN(0x0f, 0x20, 0xd9), EMUL_OK);           /* mov rcx, cr3 */
    assert_int_equal(regs.rcx, 0x123456789a);
    regs.rax = 0xbad;
    expect_fault(RUN(0x0f, 0x22, 0xe0), 13, 0);
    regs.rax = 5;
    assert_int_equal(RUN(0x44, 0x0f, 0x22, 0xc0), EMUL_OK);     /* mov cr8, rax */
    assert_int_equal(world.cr[8], 5);
    assert_int_equal(RUN(0x0f, 0x23, 0xf8), EMUL_OK);           /* mov dr7, rax */
    assert_int_equal(world.dr[7], 5);
    assert_int_equal(RUN(0x0f, 0x21, 0xfb), EMUL_OK);           /* mov rbx, dr7 */
    assert_int_equal(regs.rbx, 5);

    world.cr[0] = 0x8005003b;
    assert_int_equal(RUN(0x0f, 0x06), EMUL_OK);                 /* clts */
    assert_int_equal(world.cr[0], 0x80050033);
    regs.rax = 0xfff8;
    assert_int_equal(RUN(0x0f, 0x01, 0xf0), EMUL_OK);           /* lmsw ax: PE stays */
    assert_int_equal(world.cr[0], 0x80050039);
    assert_int_equal(RUN(0x0f, 0x01, 0xe2), EMUL_OK);           /* smsw edx */
    assert_int_equal(regs.rdx, 0x80050039);
    ctxt.cpl = 3;
    expect_fault(RUN(0x0f, 0x22, 0xd8), 13, 0);
    expect_fault(RUN(0x0f, 0x06), 13, 0);
    assert_int_equal(RUN(0x0f, 0x01, 0xe2), EMUL_OK);
}

static void test_msrs(void **state)
{
    regs.rcx = 0xffffffff00000010;
    regs.rax = 0xffffffff89abcdef;
    regs.rdx = 0xffffffff01234567;
    assert_int_equal(RUN(0x0f, 0x30), EMUL_OK);
    assert_int_equal(world.msr[0], 0x0123456789abcdef);
    assert_int_equal(RUN(0x0f, 0x32), EMUL_OK);
    assert_int_equal(regs.rax, 0x89abcdef);
    assert_int_equal(regs.rdx, 0x01234567);
    regs.rcx = 0x1234;
    expect_fault(RUN(0x0f, 0x32), 13, 0);

    world.msr[3] = 7;
    assert_int_equal(RUN(0x0f, 0x01, 0xf9), EMUL_OK);           /* rdtscp */
    assert_int_equal(regs.rcx, 7);
    ctxt.cpl = 3;
    assert_int_equal(RUN(0x0f, 0x31), EMUL_OK);
    world.cr[4] = 4;
    expect_fault(RUN(0x0f, 0x31), 13, 0);
    expect_fault(RUN(0x0f, 0x30), 13, 0);
}

static void test_swapgs(void **state)
{
    world.msr[1] = 0x1111;
    world.msr[2] = 0x2222;
    assert_int_equal(RUN(0x0f, 0x01, 0xf8), EMUL_OK);
    assert_int_equal(world.msr[1], 0x2222);
    assert_int_equal(world.msr[2], 0x1111);
    world.msr[2] = 0x0bad000000000000;
    expect_fault(RUN(0x0f, 0x01, 0xf8), 13, 0);
    assert_int_equal(world.msr[1], 0x2222);
    assert_int_equal(world.msr[2], 0x0bad000000000000);
    ctxt.code_bits = ctxt.stack_bits = 32;
    assert_int_equal(RUN(0x0f, 0x01, 0xf8), EMUL_FAULT);
    assert_int_equal(ctxt.fault.vector, 6);
}

static void test_cpuid_xcr_tlb(void **state)
{
    regs.rax = 0xffffffff00000004;
    regs.rcx = 2;
    regs.rbx = ~0ull;
    assert_int_equal(RUN(0x0f, 0xa2), EMUL_OK);
    assert_int_equal(regs.rax, 420);
    assert_int_equal(regs.rbx, 421);
    assert_int_equal(regs.rcx, 422);
    assert_int_equal(regs.rdx, 423);

    regs.rcx = 0;
    regs.rax = 7;
    regs.rdx = 0;
    assert_int_equal(RUN(0x0f, 0x01, 0xd1), EMUL_OK);           /* xsetbv */
    assert_int_equal(world.xcr, 7);
    regs.rax = 0;
    assert_int_equal(RUN(0x0f, 0x01, 0xd0), EMUL_OK);           /* xgetbv */
    assert_int_equal(regs.rax, 7);

    regs.rdi = 0xffff888000001234;
    assert_int_equal(RUN(0x0f, 0x01, 0x3f), EMUL_OK);           /* invlpg [rdi] */
    assert_int_equal(world.tlb.op, EMUL_TLB_INVLPG);
    assert_int_equal(world.tlb.offset, 0xffff888000001234);
    assert_int_equal(RUN(0x0f, 0x09), EMUL_OK);
    assert_int_equal(world.tlb.op, EMUL_TLB_WBINVD);
    assert_int_equal(RUN(0x0f, 0x08), EMUL_OK);
    assert_int_equal(world.tlb.op, EMUL_TLB_INVD);
    assert_int_equal(RUN(0x0f, 0xae, 0x3f), EMUL_OK);
    assert_int_equal(world.tlb.op, EMUL_TLB_CLFLUSH);
}

static void test_segments(void **state)
{
    regs.rax = 0x2b;
    assert_int_equal(RUN(0x8e, 0xd8), EMUL_OK);                 /* mov ds, ax */
    assert_int_equal(world.selector[EMUL_DS], 0x2b);
    assert_false(ctxt.retire.mov_ss);
    regs.rflags |= TF;
    assert_int_equal(RUN(0x8e, 0xd0), EMUL_OK);                 /* mov ss, ax */
    assert_true(ctxt.retire.mov_ss);
    assert_false(ctxt.retire.singlestep);
    regs.rflags &= ~(uint64_t)TF;
    regs.rbx = ~0ull;
    assert_int_equal(RUN(0x8c, 0xdb), EMUL_OK);                 /* mov ebx, ds */
    assert_int_equal(regs.rbx, 0x2b);
    world.selector[EMUL_FS] = 0x33;
    assert_int_equal(RUN(0x0f, 0xa0), EMUL_OK);                 /* push fs */
    assert_int_equal(regs.rsp, DATA + 2040);
    assert_int_equal(RUN(0x0f, 0xa9), EMUL_OK);                 /* pop gs */
    assert_int_equal(world.selector[EMUL_GS], 0x33);
    assert_int_equal(regs.rsp, DATA + 2048);
    regs.rax = 0xbad0;
    expect_fault(RUN(0x8e, 0xc0), 13, 0xbad0);

    static const uint8_t far[] = { 1, 2, 3, 4, 0x44, 0 };
    memcpy(world.data, far, sizeof(far));
    regs.rdi = DATA;
    assert_int_equal(RUN(0x0f, 0xb4, 0x07), EMUL_OK);           /* lfs eax, [rdi] */
    assert_int_equal(regs.rax, 0x04030201);
    assert_int_equal(world.selector[EMUL_FS], 0x44);
}

static void expect_software(int rc, uint8_t vector, enum emul_event event, unsigned length)
{
    assert_int_equal(rc, EMUL_FAULT);
    assert_int_equal(ctxt.fault.vector, vector);
    assert_int_equal(ctxt.fault.event, event);
    assert_int_equal(ctxt.fault.length, length);
    assert_false(ctxt.fault.has_error);
    assert_int_equal(regs.rip, CODE);
}

static void test_software_interrupts(void **state)
{
    expect_software(RUN(0xcc), 3, EMUL_EVENT_SOFTWARE, 1);
    expect_software(RUN(0xcd, 0x80), 0x80, EMUL_EVENT_INT, 2);
    expect_software(RUN(0xf1), 1, EMUL_EVENT_INT1, 1);
    ctxt.code_bits = ctxt.stack_bits = 32;
    assert_int_equal(RUN(0xce), EMUL_OK);
    regs.rflags |= 0x800;
    expect_software(RUN(0xce), 4, EMUL_EVENT_SOFTWARE, 1);
}

static void test_rep_bound(void **state)
{
    regs.rdi = DATA;
    regs.rcx = 1000;
    regs.rax = 0x5a;
    unsigned rounds = 1;
    while (RUN(0xf3, 0xaa) == EMUL_OK && ctxt.retire.repeat) {
        assert_int_equal(regs.rip, CODE);
        assert_int_equal(regs.rcx, 1000 - 256 * rounds);
        rounds++;
    }
    assert_int_equal(rounds, 4);
    assert_int_equal(regs.rip, CODE + 2);
    assert_int_equal(regs.rdi, DATA + 1000);
    assert_int_equal(regs.rcx, 0);
    assert_int_equal(world.data[999], 0x5a);
    assert_int_equal(world.data[1000], 0);
}

static void test_rep_fault(void **state)
{
    regs.rdi = DATA + SIZE - 20;
    regs.rcx = 10;
    regs.rax = ~0ull;
    expect_fault(RUN(0xf3, 0xab), 14, 2);                       /* rep stosd: five fit */
    assert_int_equal(ctxt.fault.cr2, DATA + SIZE);
    assert_int_equal(regs.rcx, 5);
    assert_int_equal(regs.rdi, DATA + SIZE);
}

static void test_rep_single_step(void **state)
{
    regs.rdi = DATA;
    regs.rcx = 3;
    regs.rflags |= TF;
    assert_int_equal(RUN(0xf3, 0xaa), EMUL_OK);
    assert_int_equal(regs.rcx, 2);
    assert_int_equal(regs.rip, CODE);
    assert_true(ctxt.retire.singlestep);
    assert_true(ctxt.retire.repeat);
}

static void test_string_ports(void **state)
{
    regs.rdi = DATA;
    regs.rcx = 4;
    regs.rdx = 0x60;
    world.in_value = 0x10;
    assert_int_equal(RUN(0xf3, 0x6c), EMUL_OK);
    assert_memory_equal(world.data, "\x10\x11\x12\x13\0", 5);
    regs.rsi = DATA + 3;
    regs.rcx = 2;
    regs.rflags |= 0x400;
    assert_int_equal(RUN(0xf3, 0x6e), EMUL_OK);                 /* downwards */
    assert_int_equal(world.out.calls, 2);
    assert_int_equal(world.out.value, 0x12);
    assert_int_equal(regs.rsi, DATA + 1);

    ops.rep_ins = w_rep_ins;
    regs.rflags &= ~0x400ull;
    regs.rdi = DATA;
    regs.rcx = 25;
    assert_int_equal(RUN(0xf3, 0x66, 0x6d), EMUL_OK);
    assert_int_equal(world.runs, 3);
    assert_int_equal(regs.rcx, 0);
    assert_int_equal(regs.rdi, DATA + 50);
    assert_int_equal(world.data[49], 3);
}

static void test_locked(void **state)
{
    world.data[0] = 10;
    regs.rdi = DATA;
    regs.rax = 5;
    world.races = 3;
    assert_int_equal(RUN(0xf0, 0x01, 0x07), EMUL_OK);           /* lock add [rdi], eax */
    assert_int_equal(world.data[0], 18);                        /* three came in between */
    assert_true(world.locked);
    world.races = 1000;
    uint64_t flags = regs.rflags;
    assert_int_equal(RUN(0xf0, 0x01, 0x07), EMUL_RETRY);
    assert_int_equal(regs.rip, CODE);
    assert_int_equal(regs.rflags, flags);
    world.races = 0;
    world.locked = false;
    world.data[0] = 1;
    assert_int_equal(RUN(0x87, 0x07), EMUL_OK);                 /* xchg needs no prefix */
    assert_true(world.locked);
    assert_int_equal(regs.rax, 1);
    assert_int_equal(world.data[0], 5);
    ops.cmpxchg = NULL;
    assert_int_equal(RUN(0xf0, 0x01, 0x07), EMUL_UNHANDLED);
    assert_int_equal(RUN(0x01, 0x07), EMUL_OK);
}

static void test_cmpxchg16b(void **state)
{
    uint64_t memory[2] = { 1, 2 };
    memcpy(world.data, memory, 16);
    regs.rdi = DATA;
    regs.rax = 1;
    regs.rdx = 2;
    regs.rbx = 3;
    regs.rcx = 4;
    assert_int_equal(RUN(0xf0, 0x48, 0x0f, 0xc7, 0x0f), EMUL_OK);
    memcpy(memory, world.data, 16);
    assert_int_equal(memory[0], 3);
    assert_int_equal(memory[1], 4);
    assert_true(regs.rflags & 0x40);
    assert_int_equal(RUN(0xf0, 0x48, 0x0f, 0xc7, 0x0f), EMUL_OK);
    assert_false(regs.rflags & 0x40);
    assert_int_equal(regs.rax, 3);
    assert_int_equal(regs.rdx, 4);
    regs.rdi = DATA + 8;
    expect_fault(RUN(0xf0, 0x48, 0x0f, 0xc7, 0x0f), 13, 0);
}

static void test_refusal(void **state)
{
    struct cpu_user_regs before;
    regs.rdi = DATA;
    regs.rax = 1;
    regs.rip = CODE;
    before = regs;
    world.refuse = EMUL_UNHANDLED;
    assert_int_equal(RUN(0x48, 0x89, 0x07), EMUL_UNHANDLED);
    assert_memory_equal(&regs, &before, sizeof(regs));
    assert_int_equal(world.data[0], 0);
    world.refuse = EMUL_OK;
    assert_int_equal(RUN(0x48, 0x89, 0x07), EMUL_OK);
    assert_int_equal(world.data[0], 1);

    ops = (struct emul_ops){ .fetch = w_fetch, .read = w_read, .write = w_write };
    assert_int_equal(RUN(0x0f, 0x32), EMUL_UNHANDLED);
    assert_int_equal(RUN(0xe6, 0x80), EMUL_UNHANDLED);
    assert_int_equal(RUN(0x0f, 0xa2), EMUL_UNHANDLED);
    assert_int_equal(RUN(0xf3, 0x6c), EMUL_OK);                 /* its count is 0 */
    assert_int_equal(RUN(0xcf), EMUL_UNHANDLED);
    assert_int_equal(regs.rip, CODE);
}

static void test_resume_flag(void **state)
{
    regs.rflags |= 0x10000;
    expect_fault(RUN(0x8b, 0x04, 0x25, 0, 0, 0, 0), 14, 0);
    assert_true(regs.rflags & 0x10000);
    assert_int_equal(RUN(0x90), EMUL_OK);
    assert_false(regs.rflags & 0x10000);
}

static void test_linear(void **state)
{
    uint64_t linear;
    assert_int_equal(emulate_linear(&ctxt, EMUL_DS, 0x7fffffffffff, 1, EMUL_READ, &linear),
                     EMUL_OK);
    assert_int_equal(emulate_linear(&ctxt, EMUL_DS, 0x7fffffffffff, 2, EMUL_READ, &linear),
                     EMUL_FAULT);
    assert_int_equal(ctxt.fault.vector, 13);
    assert_int_equal(emulate_linear(&ctxt, EMUL_SS, 1ull << 63, 8, EMUL_WRITE, &linear),
                     EMUL_FAULT);
    assert_int_equal(ctxt.fault.vector, 12);
    ctxt.code_bits = 32;
    assert_int_equal(emulate_linear(&ctxt, EMUL_DS, 0xfffffffc, 4, EMUL_WRITE, &linear), EMUL_OK);
    assert_int_equal(emulate_linear(&ctxt, EMUL_DS, 0xfffffffd, 4, EMUL_WRITE, &linear),
                     EMUL_FAULT);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_ports, setup),
        cmocka_unit_test_setup(test_interrupt_flag, setup),
        cmocka_unit_test_setup(test_popf, setup),
        cmocka_unit_test_setup(test_control_registers, setup),
        cmocka_unit_test_setup(test_msrs, setup),
        cmocka_unit_test_setup(test_swapgs, setup),
        cmocka_unit_test_setup(test_cpuid_xcr_tlb, setup),
        cmocka_unit_test_setup(test_segments, setup),
        cmocka_unit_test_setup(test_software_interrupts, setup),
        cmocka_unit_test_setup(test_rep_bound, setup),
        cmocka_unit_test_setup(test_rep_fault, setup),
        cmocka_unit_test_setup(test_rep_single_step, setup),
        cmocka_unit_test_setup(test_string_ports, setup),
        cmocka_unit_test_setup(test_locked, setup),
        cmocka_unit_test_setup(test_cmpxchg16b, setup),
        cmocka_unit_test_setup(test_refusal, setup),
        cmocka_unit_test_setup(test_resume_flag, setup),
        cmocka_unit_test_setup(test_linear, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
