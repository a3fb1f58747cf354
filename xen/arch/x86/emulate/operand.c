/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Operands of emulated instructions: the register file, memory through the caller's operations,
 * the stack, segment checks, and the recording of exceptions.
 */
#include "private.h"

#define SLOT(name) offsetof(struct cpu_user_regs, name)

/* Registers by their number in instructions. */
static const uint8_t reg_offset[16] = {
    SLOT(rax), SLOT(rcx), SLOT(rdx), SLOT(rbx), SLOT(rsp), SLOT(rbp), SLOT(rsi), SLOT(rdi),
    SLOT(r8), SLOT(r9), SLOT(r10), SLOT(r11), SLOT(r12), SLOT(r13), SLOT(r14), SLOT(r15),
};

int emulate_raise(struct emul_ctxt *ctxt, uint8_t vector)
{
    ctxt->fault = (struct emul_fault){ .vector = vector };
    return EMUL_FAULT;
}

int emulate_raise_error(struct emul_ctxt *ctxt, uint8_t vector, uint32_t error_code)
{
    ctxt->fault = (struct emul_fault){
        .vector = vector, .has_error = true, .error_code = error_code,
    };
    return EMUL_FAULT;
}

int emulate_raise_page_fault(struct emul_ctxt *ctxt, uint32_t error_code, uint64_t cr2)
{
    ctxt->fault = (struct emul_fault){
        .vector = VECTOR_PF, .has_error = true, .error_code = error_code, .cr2 = cr2,
    };
    return EMUL_FAULT;
}

uint64_t *emul_slot(struct cpu_user_regs *regs, unsigned reg)
{
    return (uint64_t *)((char *)regs + reg_offset[reg & 15]);
}

uint64_t emul_reg(const struct emul_ctxt *ctxt, unsigned reg, unsigned bytes)
{
    return *emul_slot(ctxt->regs, reg) & size_mask(bytes);
}

/* As the processor does: 32 bits clear the upper half, 8 and 16 leave the rest alone. */
void emul_set_reg(struct emul_ctxt *ctxt, unsigned reg, unsigned bytes, uint64_t value)
{
    uint64_t *slot = emul_slot(ctxt->regs, reg);
    uint64_t mask = size_mask(bytes);
    uint64_t kept = bytes < 4 ? *slot & ~mask : 0;
    *slot = kept | (value & mask);
}

int emul_load(struct emul_ctxt *ctxt, unsigned seg, uint64_t offset, unsigned bytes,
              uint64_t *value)
{
    *value = 0;
    return ctxt->ops->read(ctxt, seg, offset, value, bytes);
}

int emul_store(struct emul_ctxt *ctxt, unsigned seg, uint64_t offset, unsigned bytes,
               uint64_t value)
{
    return ctxt->ops->write(ctxt, seg, offset, &value, bytes);
}

static uint64_t high_byte_read(struct emul_ctxt *ctxt, unsigned reg)
{
    return (*emul_slot(ctxt->regs, reg) >> 8) & 0xff;
}

static void high_byte_write(struct emul_ctxt *ctxt, unsigned reg, uint64_t value)
{
    uint64_t *slot = emul_slot(ctxt->regs, reg);
    *slot = (*slot & ~0xff00ull) | ((value & 0xff) << 8);
}

/*
 * Operands that are no plain value (an address, a control register) load as 0; their handlers
 * know.
 */
int operand_load(struct emul_ctxt *ctxt, const struct emul_operand *operand, uint64_t *value)
{
    *value = 0;
    switch (operand->kind) {
    case EMUL_OPERAND_REG:
        *value = operand->high ? high_byte_read(ctxt, operand->reg)
                               : emul_reg(ctxt, operand->reg, operand->size);
        return EMUL_OK;
    case EMUL_OPERAND_MEM:
        if (!operand->size)
            return EMUL_OK;
        return emul_load(ctxt, operand->seg, operand->offset, operand->size, value);
    case EMUL_OPERAND_IMM:
        *value = operand->value & size_mask(operand->size);
        return EMUL_OK;
    default:
        return EMUL_OK;
    }
}

int operand_store(struct emul_ctxt *ctxt, const struct emul_operand *operand, uint64_t value)
{
    switch (operand->kind) {
    case EMUL_OPERAND_REG:
        if (operand->high)
            high_byte_write(ctxt, operand->reg, value);
        else
            emul_set_reg(ctxt, operand->reg, operand->size, value);
        return EMUL_OK;
    case EMUL_OPERAND_MEM:
        return emul_store(ctxt, operand->seg, operand->offset, operand->size, value);
    default:
        return EMUL_UNHANDLED;
    }
}

/* The offset in SS at `delta` from the top of stack, cut to the stack's width. */
uint64_t emul_stack(const struct emul_ctxt *ctxt, int64_t delta)
{
    return (ctxt->regs->rsp + (uint64_t)delta) & size_mask(ctxt->stack_bits / 8);
}

void emul_stack_move(struct emul_ctxt *ctxt, int64_t delta)
{
    emul_set_reg(ctxt, REG_SP, ctxt->stack_bits / 8, emul_stack(ctxt, delta));
}

int emul_push(struct emul_ctxt *ctxt, unsigned bytes, uint64_t value)
{
    int64_t delta = -(int64_t)bytes;
    int rc = emul_store(ctxt, EMUL_SS, emul_stack(ctxt, delta), bytes, value);
    if (rc == EMUL_OK)
        emul_stack_move(ctxt, delta);
    return rc;
}

/* Reads the stack without moving it; a pop moves it once nothing can fail any more. */
int emul_peek(struct emul_ctxt *ctxt, int64_t delta, unsigned bytes, uint64_t *value)
{
    return emul_load(ctxt, EMUL_SS, emul_stack(ctxt, delta), bytes, value);
}

/*
 * Near branches: the target is cut to the operand size, and must be one the processor would fetch
 * from.
 */
int emul_branch(struct exec *x, uint64_t target)
{
    struct emul_ctxt *ctxt = x->ctxt;
    target &= size_mask(x->insn->op_bytes);
    if (ctxt->code_bits == 64) {
        if (!is_canonical(target))
            return emulate_raise_error(ctxt, VECTOR_GP, 0);
    } else if (ctxt->ops->read_segment) {
        struct emul_segment cs;
        int rc = ctxt->ops->read_segment(ctxt, EMUL_CS, &cs);
        if (rc != EMUL_OK)
            return rc;
        if (target > cs.limit)
            return emulate_raise_error(ctxt, VECTOR_GP, 0);
    }
    x->rip = target;
    return EMUL_OK;
}

/* Condition codes as Jcc, SETcc and CMOVcc number them. */
bool emul_condition(uint64_t rflags, unsigned code)
{
    bool less = !(rflags & RFLAGS_SF) != !(rflags & RFLAGS_OF);
    bool holds = false;
    switch ((code >> 1) & 7) {
    case 0: holds = rflags & RFLAGS_OF; break;
    case 1: holds = rflags & RFLAGS_CF; break;
    case 2: holds = rflags & RFLAGS_ZF; break;
    case 3: holds = rflags & (RFLAGS_CF | RFLAGS_ZF); break;
    case 4: holds = rflags & RFLAGS_SF; break;
    case 5: holds = rflags & RFLAGS_PF; break;
    case 6: holds = less; break;
    case 7: holds = less || (rflags & RFLAGS_ZF); break;
    }
    return holds != (code & 1);
}

static int raise_segment(struct emul_ctxt *ctxt, enum emul_seg seg)
{
    return emulate_raise_error(ctxt, seg == EMUL_SS ? VECTOR_SS : VECTOR_GP, 0);
}

/* Is [offset, last] inside the segment's limit? */
static bool within_limit(const struct emul_segment *segment, uint64_t offset, uint64_t last)
{
    bool down = (segment->attr & (EMUL_SEG_CODE | EMUL_SEG_DOWN)) == EMUL_SEG_DOWN;
    if (!down)
        return last <= segment->limit;
    uint64_t top = segment->attr & EMUL_SEG_BIG ? 0xffffffff : 0xffff;
    return offset > segment->limit && last <= top;
}

static bool access_allowed(const struct emul_segment *segment, enum emul_access access)
{
    bool code = segment->attr & EMUL_SEG_CODE;
    bool bit = segment->attr & EMUL_SEG_WRITABLE;
    if (!(segment->attr & EMUL_SEG_PRESENT))
        return false;
    if (access == EMUL_WRITE)
        return !code && bit;
    return access == EMUL_READ ? !code || bit : true;
}

static int linear_64(struct emul_ctxt *ctxt, enum emul_seg seg, uint64_t offset, unsigned bytes,
                     uint64_t *linear)
{
    uint64_t base = 0;
    if (seg == EMUL_FS || seg == EMUL_GS) {
        struct emul_segment segment;
        if (!ctxt->ops->read_segment)
            return EMUL_UNHANDLED;
        int rc = ctxt->ops->read_segment(ctxt, seg, &segment);
        if (rc != EMUL_OK)
            return rc;
        base = segment.base;
    }
    uint64_t first = base + offset;
    if (!is_canonical(first) || !is_canonical(first + bytes - 1))
        return raise_segment(ctxt, seg);
    *linear = first;
    return EMUL_OK;
}

int emulate_linear(struct emul_ctxt *ctxt, enum emul_seg seg, uint64_t offset, unsigned bytes,
                   enum emul_access access, uint64_t *linear)
{
    if (ctxt->code_bits == 64)
        return linear_64(ctxt, seg, offset, bytes, linear);
    if (!ctxt->ops->read_segment)
        return EMUL_UNHANDLED;

    struct emul_segment segment;
    int rc = ctxt->ops->read_segment(ctxt, seg, &segment);
    if (rc != EMUL_OK)
        return rc;
    if (!within_limit(&segment, offset, offset + bytes - 1))
        return raise_segment(ctxt, seg);
    if (!ctxt->real_mode && !ctxt->vm86 && !access_allowed(&segment, access))
        return raise_segment(ctxt, seg);
    *linear = (uint32_t)(segment.base + offset);
    return EMUL_OK;
}
