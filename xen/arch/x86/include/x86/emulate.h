/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The instruction emulator: decodes one x86 instruction and performs it through its caller's
 * operations.
 *
 * Pure code: it owns no state, takes no lock and knows no domain. Everything outside the register
 * file (memory, ports, control registers, MSRs) is reached through struct emul_ops. An
 * instruction is decoded whole, shown to ops->validate, then performed; one that is refused or
 * faults leaves the registers as they were, save for the completed iterations of a REP string
 * instruction.
 */
#ifndef X86_EMULATE_H
#define X86_EMULATE_H

#include <stdbool.h>
#include <stdint.h>

struct cpu_user_regs;
struct emul_ctxt;

/* What an operation, and the emulator itself, answers. */
enum emul_rc {
    EMUL_OK,
    /* an exception or software interrupt stands in ctxt->fault; to be delivered */
    EMUL_FAULT,
    EMUL_RETRY,         /* nothing done; let the guest execute the instruction again */
    EMUL_UNHANDLED,     /* outside what emulator or operations cover */
    EMUL_MISMATCH,      /* from ops->cmpxchg alone: memory did not hold the expected value */
};

/* Segment registers by their number in instructions. */
enum emul_seg { EMUL_ES, EMUL_CS, EMUL_SS, EMUL_DS, EMUL_FS, EMUL_GS, EMUL_SEG_COUNT };

/*
 * A segment as the processor caches it. attr: type 3:0, S 4, DPL 6:5, P 7, AVL 8, L 9, D/B 10, G
 * 11.
 */
struct emul_segment {
    uint16_t selector;
    uint16_t attr;
    uint32_t limit;             /* in bytes, inclusive */
    uint64_t base;
};

#define EMUL_SEG_WRITABLE   0x002   /* data: may be written; code: may be read */
#define EMUL_SEG_DOWN       0x004   /* data: expands down */
#define EMUL_SEG_CODE       0x008
#define EMUL_SEG_PRESENT    0x080
#define EMUL_SEG_BIG        0x400

/* What an instruction does. Groups of eight stand in the order of their encoding. */
enum emul_op {
    EMUL_OP_NONE,               /* not in the tables: answered EMUL_UNHANDLED */
    EMUL_OP_UD,                 /* certain #UD */
    EMUL_OP_ADD, EMUL_OP_OR, EMUL_OP_ADC, EMUL_OP_SBB,
    EMUL_OP_AND, EMUL_OP_SUB, EMUL_OP_XOR, EMUL_OP_CMP,
    EMUL_OP_ROL, EMUL_OP_ROR, EMUL_OP_RCL, EMUL_OP_RCR,
    EMUL_OP_SHL, EMUL_OP_SHR, EMUL_OP_SAL, EMUL_OP_SAR,
    EMUL_OP_TEST, EMUL_OP_NOT, EMUL_OP_NEG, EMUL_OP_INC, EMUL_OP_DEC,
    EMUL_OP_MUL, EMUL_OP_IMUL, EMUL_OP_IMUL2, EMUL_OP_DIV, EMUL_OP_IDIV,
    EMUL_OP_SHLD, EMUL_OP_SHRD,
    EMUL_OP_BT, EMUL_OP_BTS, EMUL_OP_BTR, EMUL_OP_BTC,
    EMUL_OP_BSF, EMUL_OP_BSR, EMUL_OP_TZCNT, EMUL_OP_LZCNT, EMUL_OP_POPCNT, EMUL_OP_BSWAP,
    EMUL_OP_MOV, EMUL_OP_MOVZX, EMUL_OP_MOVSX, EMUL_OP_MOVBE, EMUL_OP_LEA, EMUL_OP_XLAT,
    EMUL_OP_XCHG, EMUL_OP_XADD, EMUL_OP_CMPXCHG, EMUL_OP_CMPXCHG8B,
    EMUL_OP_SETCC, EMUL_OP_CMOVCC, EMUL_OP_CBW, EMUL_OP_CWD,
    EMUL_OP_DAA, EMUL_OP_DAS, EMUL_OP_AAA, EMUL_OP_AAS, EMUL_OP_AAM, EMUL_OP_AAD, EMUL_OP_SALC,
    EMUL_OP_PUSH, EMUL_OP_POP, EMUL_OP_PUSHA, EMUL_OP_POPA, EMUL_OP_PUSHF, EMUL_OP_POPF,
    EMUL_OP_ENTER, EMUL_OP_LEAVE,
    EMUL_OP_CALL, EMUL_OP_JMP, EMUL_OP_RET, EMUL_OP_JCC, EMUL_OP_JCXZ,
    EMUL_OP_LOOPNE, EMUL_OP_LOOPE, EMUL_OP_LOOP,
    EMUL_OP_CALL_FAR, EMUL_OP_JMP_FAR, EMUL_OP_RET_FAR, EMUL_OP_IRET,
    EMUL_OP_INT, EMUL_OP_INT1, EMUL_OP_INT3, EMUL_OP_INTO, EMUL_OP_BOUND,
    EMUL_OP_MOVS, EMUL_OP_CMPS, EMUL_OP_STOS, EMUL_OP_LODS, EMUL_OP_SCAS, EMUL_OP_INS, EMUL_OP_OUTS,
    EMUL_OP_NOP, EMUL_OP_CLC, EMUL_OP_STC, EMUL_OP_CMC, EMUL_OP_CLD, EMUL_OP_STD,
    EMUL_OP_LAHF, EMUL_OP_SAHF, EMUL_OP_CLAC, EMUL_OP_STAC,
    EMUL_OP_MOV_SEG, EMUL_OP_LOAD_SEG, EMUL_OP_POP_SEG, EMUL_OP_LOAD_FAR, EMUL_OP_SEG_BASE,
    EMUL_OP_IN, EMUL_OP_OUT, EMUL_OP_CLI, EMUL_OP_STI, EMUL_OP_HLT,
    EMUL_OP_READ_CR, EMUL_OP_WRITE_CR, EMUL_OP_READ_DR, EMUL_OP_WRITE_DR,
    EMUL_OP_CLTS, EMUL_OP_LMSW, EMUL_OP_SMSW,
    EMUL_OP_RDMSR, EMUL_OP_WRMSR, EMUL_OP_RDTSC, EMUL_OP_RDTSCP, EMUL_OP_RDPMC, EMUL_OP_CPUID,
    EMUL_OP_XGETBV, EMUL_OP_XSETBV, EMUL_OP_SWAPGS,
    EMUL_OP_INVLPG, EMUL_OP_INVD, EMUL_OP_WBINVD, EMUL_OP_CLFLUSH,
    EMUL_OP_SGDT, EMUL_OP_SIDT, EMUL_OP_LGDT, EMUL_OP_LIDT,
    EMUL_OP_SLDT, EMUL_OP_STR, EMUL_OP_LLDT, EMUL_OP_LTR, EMUL_OP_VERR, EMUL_OP_VERW,
    EMUL_OP_LAR, EMUL_OP_LSL, EMUL_OP_ARPL,
    EMUL_OP_SYSCALL, EMUL_OP_SYSRET, EMUL_OP_SYSENTER, EMUL_OP_SYSEXIT, EMUL_OP_VMCALL,
    EMUL_OP_COUNT
};

enum emul_operand_kind {
    EMUL_OPERAND_NONE,
    EMUL_OPERAND_REG,           /* general register .reg (0-15), or AH..BH when .high */
    EMUL_OPERAND_MEM,           /* .seg:.offset */
    EMUL_OPERAND_IMM,           /* .value */
    EMUL_OPERAND_SEG,           /* segment register .reg */
    EMUL_OPERAND_CR,            /* control register .reg */
    EMUL_OPERAND_DR,            /* debug register .reg */
};

struct emul_operand {
    uint8_t kind;               /* enum emul_operand_kind */
    uint8_t size;               /* bytes; 0: the instruction gives only an address */
    uint8_t reg;
    bool high;                  /* bits 15:8 of register .reg */
    uint8_t seg;                /* enum emul_seg */
    uint64_t offset;            /* effective address, cut to the address size */
    uint64_t value;             /* immediate or branch displacement, sign-extended */
};

/* A decoded instruction. Nothing in it changes when it is performed. */
struct emul_insn {
    uint16_t opcode;            /* map << 8 | byte: 0x0nn, 0x1nn for 0f nn, 0x2nn for 0f 38 nn */
    uint8_t op;                 /* enum emul_op */
    uint8_t length;             /* bytes, 1 to 15 */
    uint8_t modrm;              /* 0 when it has none */
    uint8_t rex;                /* 0 when it has none */
    uint8_t rep;                /* 0, 0xf2 or 0xf3 */
    bool lock;                  /* LOCK prefix */
    uint8_t op_bytes;           /* operand size 2, 4, 8 (operands know when they differ) */
    uint8_t ad_bytes;           /* address size 2, 4, 8 */
    uint8_t seg;                /* segment of DS-relative implicit operands, after any override */
    uint16_t flags;             /* the table row's flags (emulate/private.h) */
    uint64_t next_ip;           /* offset of the instruction behind it */
    struct emul_operand dst, src, aux;
};

enum emul_tlb_op { EMUL_TLB_INVLPG, EMUL_TLB_INVD, EMUL_TLB_WBINVD, EMUL_TLB_CLFLUSH };

/*
 * The outside world. fetch, read and write are always there; any other may be NULL, and an
 * instruction that needs it is then answered EMUL_UNHANDLED. Each returns an enum emul_rc;
 * EMUL_FAULT only after one of the emulate_raise functions. Memory operations own the segment and
 * canonical checks, for which emulate_linear() serves; sizes are 1, 2, 4, 8 and, for cmpxchg
 * alone, 16.
 */
struct emul_ops {
    /*
     * Instruction bytes at CS:offset. May be asked for more than turns out needed; then asked
     * again.
     */
    int (*fetch)(struct emul_ctxt *ctxt, uint64_t offset, void *buf, unsigned bytes);
    int (*read)(struct emul_ctxt *ctxt, enum emul_seg seg, uint64_t offset, void *buf,
                unsigned bytes);
    int (*write)(struct emul_ctxt *ctxt, enum emul_seg seg, uint64_t offset, const void *buf,
                 unsigned bytes);

    /* Atomic when locked. On EMUL_MISMATCH the value found replaces *expected. */
    int (*cmpxchg)(struct emul_ctxt *ctxt, enum emul_seg seg, uint64_t offset, void *expected,
                   const void *desired, unsigned bytes, bool locked);

    /*
     * Between decoding and performing: anything but EMUL_OK stops here and is emulate_insn's
     * answer.
     */
    int (*validate)(struct emul_ctxt *ctxt, const struct emul_insn *insn);

    int (*read_segment)(struct emul_ctxt *ctxt, enum emul_seg seg, struct emul_segment *segment);
    int (*load_segment)(struct emul_ctxt *ctxt, enum emul_seg seg, uint16_t selector);

    /* Ports; the operation checks the permission (IOPL, bitmap). */
    int (*read_io)(struct emul_ctxt *ctxt, uint16_t port, unsigned bytes, uint32_t *value);
    int (*write_io)(struct emul_ctxt *ctxt, uint16_t port, unsigned bytes, uint32_t value);

    /*
     * A run of upward INS or OUTS; *count falls to what was done, which must not be 0 on EMUL_OK.
     */
    int (*rep_ins)(struct emul_ctxt *ctxt, uint16_t port, enum emul_seg seg, uint64_t offset,
                   unsigned bytes, unsigned *count);
    int (*rep_outs)(struct emul_ctxt *ctxt, uint16_t port, enum emul_seg seg, uint64_t offset,
                    unsigned bytes, unsigned *count);

    int (*read_cr)(struct emul_ctxt *ctxt, unsigned reg, uint64_t *value);
    int (*write_cr)(struct emul_ctxt *ctxt, unsigned reg, uint64_t value);
    int (*read_dr)(struct emul_ctxt *ctxt, unsigned reg, uint64_t *value);
    int (*write_dr)(struct emul_ctxt *ctxt, unsigned reg, uint64_t value);
    int (*read_xcr)(struct emul_ctxt *ctxt, uint32_t reg, uint64_t *value);
    int (*write_xcr)(struct emul_ctxt *ctxt, uint32_t reg, uint64_t value);
    /* RDTSC(P), SWAPGS too */
    int (*read_msr)(struct emul_ctxt *ctxt, uint32_t msr, uint64_t *value);
    int (*write_msr)(struct emul_ctxt *ctxt, uint32_t msr, uint64_t value);
    int (*read_pmc)(struct emul_ctxt *ctxt, uint32_t counter, uint64_t *value);
    int (*cpuid)(struct emul_ctxt *ctxt, uint32_t leaf, uint32_t subleaf, uint32_t out[4]);
    int (*tlb_op)(struct emul_ctxt *ctxt, enum emul_tlb_op op, enum emul_seg seg, uint64_t offset);
};

enum emul_event {
    EMUL_EVENT_EXCEPTION,       /* hardware exception: return address is the instruction itself */
    /* INT n; this and the next two return behind the instruction (.length) */
    EMUL_EVENT_INT,
    EMUL_EVENT_SOFTWARE,        /* INT3, INTO */
    EMUL_EVENT_INT1,
};

struct emul_fault {
    uint8_t vector;
    uint8_t event;              /* enum emul_event */
    uint8_t length;             /* of the instruction, for the software events */
    bool has_error;
    uint32_t error_code;
    uint64_t cr2;               /* when vector is 14 */
};

/* What the caller must honour after EMUL_OK. */
struct emul_retire {
    bool hlt;                   /* HLT: wait for an event */
    bool sti;                   /* interrupts stay blocked for one instruction (IF went 0 to 1) */
    bool mov_ss;                /* interrupts and traps stay blocked for one instruction */
    bool singlestep;            /* EFLAGS.TF was set: a #DB (DR6.BS) is due */
    /* REP stopped at its bound, rip unmoved: execute the instruction again */
    bool repeat;
};

/*
 * One emulation. The caller fills in the first part; the emulator fills in the rest. Flags are
 * written as the instruction defines them, IF and IOPL included: a caller that lets rflags reach
 * the real processor must take these two out first.
 */
struct emul_ctxt {
    struct cpu_user_regs *regs;
    const struct emul_ops *ops;
    void *opaque;               /* the caller's own */
    uint8_t code_bits;          /* 16, 32 or 64: CS.L, CS.D */
    uint8_t stack_bits;         /* 16, 32 or 64: SS.B */
    uint8_t cpl;                /* 0-3 as the guest believes */
    uint8_t iopl;               /* 0-3 as the guest believes */
    bool real_mode;             /* CR0.PE clear */
    bool vm86;                  /* EFLAGS.VM set */
    bool amd;                   /* near branches honour the operand-size prefix in 64-bit mode */

    struct emul_fault fault;    /* after EMUL_FAULT */
    struct emul_retire retire;  /* after EMUL_OK */
};

/* Decode, validate and perform the instruction at CS:rip; on EMUL_OK rip and rflags are updated. */
int emulate_insn(struct emul_ctxt *ctxt);

/*
 * The two halves, for callers that want to look in between. Decoding changes nothing but
 * ctxt->fault.
 */
int emulate_decode(struct emul_ctxt *ctxt, struct emul_insn *insn);
int emulate_perform(struct emul_ctxt *ctxt, const struct emul_insn *insn);

/* Does it write to memory through its explicit operand (for users that emulate only those)? */
bool emulate_writes_memory(const struct emul_insn *insn);

/* Record an exception; return EMUL_FAULT. */
int emulate_raise(struct emul_ctxt *ctxt, uint8_t vector);
int emulate_raise_error(struct emul_ctxt *ctxt, uint8_t vector, uint32_t error_code);
int emulate_raise_page_fault(struct emul_ctxt *ctxt, uint32_t error_code, uint64_t cr2);

/*
 * The linear address of [seg:offset, +bytes) for a read, write or fetch. Raises #GP(0), or #SS(0)
 * for the stack, where limit, rights or canonical form forbid it. Needs ops->read_segment but in
 * 64-bit code, where it is asked for FS and GS alone.
 */
enum emul_access { EMUL_READ, EMUL_WRITE, EMUL_FETCH };
int emulate_linear(struct emul_ctxt *ctxt, enum emul_seg seg, uint64_t offset, unsigned bytes,
                   enum emul_access access, uint64_t *linear);

#endif
