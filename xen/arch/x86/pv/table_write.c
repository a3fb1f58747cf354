/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest kernel writes to a live page table through its read-only mapping: the write is performed
 * for it, with the same checks as mmu_update.  This is how Linux clears and write-protects entries,
 * so it is hot.
 *
 * The faulting address is known, so the fast path needs of the instruction only what it does and
 * with which register; it takes the few forms that compilers emit for 8-byte entries.  Everything
 * else goes through the emulator.  Lock: the table's FRAME_TABLE_LOCK from the look at the old
 * entry to the write of the new one.
 */
#include <asm/regs.h>
#include <lib/string.h>
#include <x86/emulate.h>
#include <xen/atomic.h>
#include <xen/guest_access.h>
#include <xen/perf.h>
#include <xen/trace.h>

#include "l1_entry.h"
#include "private.h"

/* The page-table entry behind a guest address, its table locked.  The guest's own entry must be
 * present, read-only. */
static struct frame *find_entry(struct vcpu *v, uint64_t address, pte_t **pe)
{
    pte_t *mapping;
    struct frame *l1 = pv_find_l1(v, address, &mapping);
    if (!l1)
        return NULL;
    pte_t e = read_once(*mapping);
    pv_release_l1(l1);
    mfn_t mfn = pte_mfn(e);
    if ((e & (PTE_PRESENT | PTE_WRITE)) != PTE_PRESENT || frame_is_io(mfn))
        return NULL;
    struct frame *f = mfn_to_frame(mfn);
    if (frame_kind(f) != FRAME_KIND_L1 || !frame_get(f, v->domain))
        return NULL;
    frame_lock_table(f);
    uint64_t type = read_once(f->type);
    if (frame_kind(f) != FRAME_KIND_L1 || !(type & FRAME_VALIDATED) ||
        !(type & FRAME_TYPE_REFS_MASK)) {
        pv_release_l1(f);
        return NULL;
    }
    *pe = (pte_t *)mfn_to_virt(mfn) + (address & (PAGE_SIZE - 1)) / sizeof(pte_t);
    return f;
}

/* ---- the fast path ---- */

enum form {
    FORM_XCHG,
    FORM_STORE,
    FORM_AND,
    FORM_OR,
    FORM_BTR,
    FORM_BTS,
    FORM_CMPXCHG,
    FORM_STORE_IMM
};

struct write { enum form form; unsigned int reg, length; uint64_t imm; };

/* Length of ModRM, SIB and displacement for 64-bit addressing; 0 when the operand is a register. */
static unsigned int modrm_length(const uint8_t *p)
{
    unsigned int mod = p[0] >> 6, rm = p[0] & 7, len = 1;

    if (mod == 3)
        return 0;
    if (rm == 4) {
        if (mod == 0 && (p[1] & 7) == 5)
            len += 4;
        len++;
    } else if (mod == 0 && rm == 5) {
        len += 4;
    }
    return len + (mod == 1 ? 1 : mod == 2 ? 4 : 0);
}

static bool decode(const uint8_t *p, struct write *w)
{
    const uint8_t *start = p;

    if (*p == 0xf0)
        p++;
    if ((*p & 0xf8) != 0x48)            /* REX.W: 8 bytes at a time */
        return false;
    unsigned int rex = *p++;
    bool two = *p == 0x0f;
    if (two)
        p++;
    unsigned int opcode = *p++ | (two ? 0x100 : 0);
    unsigned int len = modrm_length(p), reg = *p >> 3 & 7;
    if (!len)
        return false;
    w->reg = reg | (rex & 4) << 1;
    w->imm = 0;
    switch (opcode) {
    case 0x087: w->form = FORM_XCHG; break;
    case 0x089: w->form = FORM_STORE; break;
    case 0x021: w->form = FORM_AND; break;
    case 0x009: w->form = FORM_OR; break;
    case 0x1b1: w->form = FORM_CMPXCHG; break;
    case 0x0c7:
        if (reg)
            return false;
        w->form = FORM_STORE_IMM;
        w->imm = (uint64_t)(int64_t)(int32_t)(p[len] | p[len + 1] << 8 | p[len + 2] << 16 |
                                              (uint32_t)p[len + 3] << 24);
        len += 4;
        break;
    case 0x1ba:
        if (reg != 6 && reg != 5)
            return false;
        w->form = reg == 6 ? FORM_BTR : FORM_BTS;
        w->imm = p[len] & 63;
        len++;
        break;
    default:
        return false;
    }
    w->length = (unsigned int)(p - start) + len;
    return true;
}

static uint64_t *guest_register(struct cpu_user_regs *r, unsigned int n)
{
    static const uint8_t at[16] = {
        offsetof(struct cpu_user_regs, rax) / 8, offsetof(struct cpu_user_regs, rcx) / 8,
        offsetof(struct cpu_user_regs, rdx) / 8, offsetof(struct cpu_user_regs, rbx) / 8,
        offsetof(struct cpu_user_regs, rsp) / 8, offsetof(struct cpu_user_regs, rbp) / 8,
        offsetof(struct cpu_user_regs, rsi) / 8, offsetof(struct cpu_user_regs, rdi) / 8,
        offsetof(struct cpu_user_regs, r8) / 8, offsetof(struct cpu_user_regs, r9) / 8,
        offsetof(struct cpu_user_regs, r10) / 8, offsetof(struct cpu_user_regs, r11) / 8,
        offsetof(struct cpu_user_regs, r12) / 8, offsetof(struct cpu_user_regs, r13) / 8,
        offsetof(struct cpu_user_regs, r14) / 8, offsetof(struct cpu_user_regs, r15) / 8,
    };
    return (uint64_t *)r + at[n];
}

/* ZF, SF, PF of a 64-bit logical result; CF and OF clear, AF undefined. */
static uint64_t logic_flags(uint64_t flags, uint64_t result)
{
    flags &= ~0x8d5UL;
    if (!result)
        flags |= 0x40;
    if (result >> 63)
        flags |= 0x80;
    if (!(__builtin_popcount((uint8_t)result) & 1))
        flags |= 0x04;
    return flags;
}

static bool perform(struct cpu_user_regs *regs, const struct write *w, struct domain *d, pte_t *pe)
{
    pte_t old = *pe, new = old;
    uint64_t *reg = guest_register(regs, w->reg), flags = regs->rflags;
    const pte_t ad = PTE_ACCESSED | PTE_DIRTY;

    switch (w->form) {
    case FORM_XCHG: case FORM_STORE: new = *reg; break;
    case FORM_STORE_IMM: new = w->imm; break;
    case FORM_AND: new = old & *reg; flags = logic_flags(flags, new); break;
    case FORM_OR: new = old | *reg; flags = logic_flags(flags, new); break;
    case FORM_BTR:
        new = old & ~(1UL << w->imm);
        flags = (flags & ~1UL) | (old >> w->imm & 1);
        break;
    case FORM_BTS: new = old | 1UL << w->imm; flags = (flags & ~1UL) | (old >> w->imm & 1); break;
    case FORM_CMPXCHG:
        if (old != regs->rax)
            return false;                       /* rare: the emulator gets its flags right */
        new = *reg;
        flags = (flags & ~0x8d5UL) | 0x44;
        break;
    }
    /* Single bits and masks keep what the processor sets meanwhile; a whole value replaces it, and
     * XCHG must return it. */
    bool keep_ad =
        (w->form == FORM_AND || w->form == FORM_BTR || w->form == FORM_OR || w->form == FORM_BTS) &&
        (new & ad) == (old & ad);
    pte_t before;
    if (pv_l1_exchange(d, d, pe, new, keep_ad, &before))
        return false;
    if (w->form == FORM_XCHG)
        *reg = before;
    regs->rflags = flags;
    regs->rip += w->length;
    return true;
}

/* ---- the general path ---- */

struct table_write { struct domain *d; pte_t *pe; uint64_t address; };

static int fetch(struct emul_ctxt *ctxt, uint64_t offset, void *buf, unsigned bytes)
{
    unsigned long left = copy_from_guest_va(buf, offset, bytes);
    return left ? emulate_raise_page_fault(ctxt, PF_USER | PF_FETCH, offset + bytes - left)
                : EMUL_OK;
}

static int read_memory(struct emul_ctxt *ctxt, enum emul_seg seg, uint64_t offset, void *buf,
                       unsigned bytes)
{
    uint64_t linear;
    int rc = emulate_linear(ctxt, seg, offset, bytes, EMUL_READ, &linear);
    if (rc != EMUL_OK)
        return rc;
    return copy_from_guest_va(buf, linear, bytes) ? emulate_raise_page_fault(ctxt, PF_USER, linear)
                                                  : EMUL_OK;
}

static int store(struct emul_ctxt *ctxt, uint64_t linear, const void *buf, unsigned bytes,
                 const void *expected)
{
    struct table_write *t = ctxt->opaque;
    unsigned int shift = linear & 7;

    if ((linear & ~7UL) != (t->address & ~7UL) || shift + bytes > 8)
        return EMUL_UNHANDLED;
    pte_t old = *t->pe, new = old;
    if (expected && memcmp((char *)&old + shift, expected, bytes)) {
        memcpy((void *)expected, (char *)&old + shift, bytes);
        return EMUL_MISMATCH;
    }
    memcpy((char *)&new + shift, buf, bytes);
    /* Half-written entries (4 bytes at a time) must not look present. */
    if (bytes < 8 && shift == 0 && (new & PTE_PRESENT) && ((old ^ new) & PTE_ADDR_MASK))
        return EMUL_UNHANDLED;
    pte_t before;
    return pv_l1_exchange(t->d, t->d, t->pe, new, false, &before) ? EMUL_UNHANDLED : EMUL_OK;
}

static int write_memory(struct emul_ctxt *ctxt, enum emul_seg seg, uint64_t offset, const void *buf,
                        unsigned bytes)
{
    uint64_t linear;
    int rc = emulate_linear(ctxt, seg, offset, bytes, EMUL_WRITE, &linear);
    return rc == EMUL_OK ? store(ctxt, linear, buf, bytes, NULL) : rc;
}

static int cmpxchg_memory(struct emul_ctxt *ctxt, enum emul_seg seg, uint64_t offset,
                          void *expected, const void *desired, unsigned bytes, bool locked)
{
    uint64_t linear;
    int rc = emulate_linear(ctxt, seg, offset, bytes, EMUL_WRITE, &linear);
    if (rc == EMUL_OK && bytes > 8)
        return EMUL_UNHANDLED;
    return rc == EMUL_OK ? store(ctxt, linear, desired, bytes, expected) : rc;
}

static int only_plain_writes(struct emul_ctxt *ctxt, const struct emul_insn *insn)
{
    return emulate_writes_memory(insn) ? EMUL_OK : EMUL_UNHANDLED;
}

static const struct emul_ops table_write_ops = {
    .fetch = fetch, .read = read_memory, .write = write_memory, .cmpxchg = cmpxchg_memory,
    .validate = only_plain_writes,
};

static bool emulate_slowly(struct cpu_user_regs *regs, struct table_write *t)
{
    struct emul_ctxt ctxt = { .regs = regs,
                              .ops = &table_write_ops,
                              .opaque = t,
                              .code_bits = 64,
                              .stack_bits = 64,
                              .cpl = 0 };
    uint64_t flags = regs->rflags;
    int rc = emulate_insn(&ctxt);
    regs->rflags =
        (regs->rflags & ~(uint64_t)(FLAGS_IF | FLAGS_IOPL)) | (flags & (FLAGS_IF | FLAGS_IOPL));
    return rc == EMUL_OK;
}

bool pv_emulate_table_write(struct cpu_user_regs *regs, uint64_t address)
{
    struct vcpu *v = current;
    uint8_t code[16];
    struct write w;
    pte_t *pe;

    if (!pv_address_ok(address))
        return false;
    struct frame *f = find_entry(v, address, &pe);
    if (!f)
        return false;
    bool done = false;
    uint64_t rip = regs->rip;
    if (!(address & 7) && !copy_from_guest_va(code, regs->rip, sizeof(code)) && decode(code, &w))
        done = perform(regs, &w, v->domain, pe);
    if (!done)
        done = emulate_slowly(regs, &(struct table_write){ v->domain, pe, address });
    if (done) {
        trace_table_write(*pe, address, rip);
        perf_count(PERF_TABLE_WRITE);
    }
    pv_release_l1(f);
    return done;
}
