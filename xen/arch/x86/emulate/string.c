/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * String instructions: MOVS CMPS STOS LODS SCAS INS OUTS, with REP.
 *
 * Each iteration completes (memory, then index registers and count) before the next begins, as on
 * the processor: a fault in the middle leaves the registers at the iteration that faulted. After
 * MAX_ITERATIONS the instruction is left unfinished at its own address, so that interrupts and
 * scheduling get their turn.
 */
#include "private.h"

#define MAX_ITERATIONS 256

typedef int step_fn(struct exec *x, unsigned limit, unsigned *done);

static uint64_t index_read(const struct exec *x, unsigned reg)
{
    return emul_reg(x->ctxt, reg, x->insn->ad_bytes);
}

static void index_advance(struct exec *x, unsigned reg, unsigned bytes, unsigned count)
{
    uint64_t distance = (uint64_t)bytes * count;
    if (x->rflags & RFLAGS_DF)
        distance = -distance;
    emul_set_reg(x->ctxt, reg, x->insn->ad_bytes, index_read(x, reg) + distance);
}

/* REPE and REPNE end CMPS and SCAS early; for the others both prefixes just repeat. */
static bool condition_ends(const struct exec *x)
{
    unsigned op = x->insn->op;
    if (op != EMUL_OP_CMPS && op != EMUL_OP_SCAS)
        return false;
    return !(x->rflags & RFLAGS_ZF) == (x->insn->rep == 0xf3);
}

static int once(struct exec *x, step_fn *step)
{
    unsigned done = 1;
    return step(x, 1, &done);
}

static int repeat(struct exec *x, step_fn *step)
{
    struct emul_ctxt *ctxt = x->ctxt;
    if (!x->insn->rep)
        return once(x, step);

    unsigned budget = x->rflags & RFLAGS_TF ? 1 : MAX_ITERATIONS, total = 0;
    while (index_read(x, REG_CX)) {
        if (total == budget) {
            ctxt->retire.repeat = true;
            break;
        }
        uint64_t count = index_read(x, REG_CX);
        unsigned limit = count < budget - total ? (unsigned)count : budget - total, done = 1;
        int rc = step(x, limit, &done);
        if (rc != EMUL_OK && (rc == EMUL_FAULT || !total))
            return rc;
        if (rc != EMUL_OK) {            /* what was done stays; the guest comes back for the rest */
            ctxt->retire.repeat = true;
            break;
        }
        emul_set_reg(ctxt, REG_CX, x->insn->ad_bytes, count - done);
        total += done;
        if (condition_ends(x))
            break;
    }
    if (ctxt->retire.repeat)
        x->rip = ctxt->regs->rip;
    return EMUL_OK;
}

static int step_movs(struct exec *x, unsigned limit, unsigned *done)
{
    const struct emul_operand *src = &x->insn->src, *dst = &x->insn->dst;
    uint64_t value;
    (void)limit;
    (void)done;
    int rc = emul_load(x->ctxt, src->seg, index_read(x, REG_SI), src->size, &value);
    if (rc == EMUL_OK)
        rc = emul_store(x->ctxt, dst->seg, index_read(x, REG_DI), dst->size, value);
    if (rc != EMUL_OK)
        return rc;
    index_advance(x, REG_SI, src->size, 1);
    index_advance(x, REG_DI, dst->size, 1);
    return EMUL_OK;
}

/* Compares [SI] with [DI], in this order, though the destination index is the first operand. */
static int step_cmps(struct exec *x, unsigned limit, unsigned *done)
{
    const struct emul_operand *src = &x->insn->src, *dst = &x->insn->dst;
    uint64_t first, second;
    (void)limit;
    (void)done;
    int rc = emul_load(x->ctxt, src->seg, index_read(x, REG_SI), src->size, &first);
    if (rc == EMUL_OK)
        rc = emul_load(x->ctxt, dst->seg, index_read(x, REG_DI), dst->size, &second);
    if (rc != EMUL_OK)
        return rc;
    alu_subtract(x, first, second, false, src->size);
    index_advance(x, REG_SI, src->size, 1);
    index_advance(x, REG_DI, dst->size, 1);
    return EMUL_OK;
}

static int step_stos(struct exec *x, unsigned limit, unsigned *done)
{
    const struct emul_operand *dst = &x->insn->dst;
    (void)limit;
    (void)done;
    int rc = emul_store(x->ctxt, dst->seg, index_read(x, REG_DI), dst->size, x->src);
    if (rc == EMUL_OK)
        index_advance(x, REG_DI, dst->size, 1);
    return rc;
}

static int step_lods(struct exec *x, unsigned limit, unsigned *done)
{
    const struct emul_operand *src = &x->insn->src;
    uint64_t value;
    (void)limit;
    (void)done;
    int rc = emul_load(x->ctxt, src->seg, index_read(x, REG_SI), src->size, &value);
    if (rc != EMUL_OK)
        return rc;
    emul_set_reg(x->ctxt, REG_AX, src->size, value);
    index_advance(x, REG_SI, src->size, 1);
    return EMUL_OK;
}

static int step_scas(struct exec *x, unsigned limit, unsigned *done)
{
    const struct emul_operand *dst = &x->insn->dst;
    uint64_t value;
    (void)limit;
    (void)done;
    int rc = emul_load(x->ctxt, dst->seg, index_read(x, REG_DI), dst->size, &value);
    if (rc != EMUL_OK)
        return rc;
    alu_subtract(x, x->src, value, false, dst->size);
    index_advance(x, REG_DI, dst->size, 1);
    return EMUL_OK;
}

/* Runs go upwards only, and end where the index would wrap. */
static unsigned run_length(const struct exec *x, unsigned reg, unsigned bytes, unsigned limit)
{
    if (x->rflags & RFLAGS_DF)
        return 1;
    uint64_t room = (size_mask(x->insn->ad_bytes) - index_read(x, reg)) / bytes;
    if (room < limit)
        limit = (unsigned)room;
    return limit ? limit : 1;
}

/* Without rep_ins the port is read before memory is known to be writable. */
static int step_ins(struct exec *x, unsigned limit, unsigned *done)
{
    struct emul_ctxt *ctxt = x->ctxt;
    const struct emul_operand *dst = &x->insn->dst;
    uint64_t offset = index_read(x, REG_DI);
    uint16_t port = (uint16_t)x->src;
    int rc = EMUL_UNHANDLED;
    if (ctxt->ops->rep_ins) {
        *done = run_length(x, REG_DI, dst->size, limit);
        rc = ctxt->ops->rep_ins(ctxt, port, dst->seg, offset, dst->size, done);
    } else if (ctxt->ops->read_io) {
        uint32_t value = 0;
        rc = ctxt->ops->read_io(ctxt, port, dst->size, &value);
        if (rc == EMUL_OK)
            rc = emul_store(ctxt, dst->seg, offset, dst->size, value);
    }
    if (rc == EMUL_OK)
        index_advance(x, REG_DI, dst->size, *done);
    return rc;
}

static int step_outs(struct exec *x, unsigned limit, unsigned *done)
{
    struct emul_ctxt *ctxt = x->ctxt;
    const struct emul_operand *src = &x->insn->src;
    uint64_t offset = index_read(x, REG_SI);
    uint16_t port = (uint16_t)x->dst;
    int rc = EMUL_UNHANDLED;
    if (ctxt->ops->rep_outs) {
        *done = run_length(x, REG_SI, src->size, limit);
        rc = ctxt->ops->rep_outs(ctxt, port, src->seg, offset, src->size, done);
    } else if (ctxt->ops->write_io) {
        uint64_t value;
        rc = emul_load(ctxt, src->seg, offset, src->size, &value);
        if (rc == EMUL_OK)
            rc = ctxt->ops->write_io(ctxt, port, src->size, (uint32_t)value);
    }
    if (rc == EMUL_OK)
        index_advance(x, REG_SI, src->size, *done);
    return rc;
}

int exec_movs(struct exec *x) { return repeat(x, step_movs); }
int exec_cmps(struct exec *x) { return repeat(x, step_cmps); }
int exec_stos(struct exec *x) { return repeat(x, step_stos); }
int exec_lods(struct exec *x) { return repeat(x, step_lods); }
int exec_scas(struct exec *x) { return repeat(x, step_scas); }
int exec_ins(struct exec *x) { return repeat(x, step_ins); }
int exec_outs(struct exec *x) { return repeat(x, step_outs); }
