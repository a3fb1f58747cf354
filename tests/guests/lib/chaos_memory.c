/* SPDX-License-Identifier: GPL-2.0-only */
/* Random calls about pages: page tables, reservations, descriptors. */
#include "chaos.h"

static void update_tables(struct chaos *c)
{
    unsigned int n = 1 + chaos_below(c, chaos_rarely(c, 8) ? 40 : 4);
    struct mmu_update *u = chaos_place(c, n * sizeof(*u));

    for (unsigned int i = 0; i < n; i++) {
        u[i].ptr = maddr_of(chaos_entry(c)) | (chaos_rarely(c, 8) ? chaos_below(c, 8) : 0);
        u[i].val = chaos_pte(c);
        /* Below the kernel's own slots, should it be a root. */
        if (chaos_rarely(c, 16))
            u[i].ptr = chaos_mfn(c) << PAGE_SHIFT | chaos_below(c, 300) * 8;
        if (chaos_rarely(c, 16)) {
            u[i].ptr = chaos_mfn(c) << PAGE_SHIFT | MMU_MACHPHYS_UPDATE;
            u[i].val = chaos_pfn(u[i].ptr >> PAGE_SHIFT);
        }
    }
    uint32_t *done = chaos_rarely(c, 2) ? NULL : chaos_pointer(c);
    unsigned int domain = chaos_rarely(c, 8) ? chaos_domid(c) : DOMID_SELF;

    if (chaos_rarely(c, 32))
        domain |= (chaos_domid(c) + 1u) << 16;
    mmu_update(chaos_args(c, u), n | (chaos_rarely(c, 32) ? 1u << 31 : 0), done, domain);
}

static void fill_extended(struct chaos *c, struct mmuext_op *op)
{
    static const unsigned int cmds[] = {
        MMUEXT_PIN_L1_TABLE, MMUEXT_PIN_L1_TABLE, MMUEXT_PIN_L2_TABLE, MMUEXT_PIN_L3_TABLE,
        MMUEXT_PIN_L4_TABLE, MMUEXT_UNPIN_TABLE, MMUEXT_UNPIN_TABLE, MMUEXT_UNPIN_TABLE,
        MMUEXT_CLEAR_PAGE, MMUEXT_COPY_PAGE, MMUEXT_NEW_BASEPTR, MMUEXT_NEW_USER_BASEPTR,
    };

    op->cmd = chaos_rarely(c, 2) ? cmds[chaos_below(c, ARRAY_SIZE(cmds))] : chaos_below(c, 24);
    op->arg1.mfn = chaos_mfn(c);
    op->arg2.src_mfn = chaos_mfn(c);
    switch (op->cmd) {
    case MMUEXT_NEW_BASEPTR:
        if (!(c->flags & CHAOS_FATAL))
            op->arg1.mfn = mfn_of(kernel_root());
        else if (!chaos_rarely(c, 64))
            op->arg1.mfn = mfn_of(chaos_rarely(c, 2) ? kernel_root() : arena_root);
        break;
    case MMUEXT_INVLPG_LOCAL: case MMUEXT_INVLPG_MULTI: case MMUEXT_INVLPG_ALL:
        op->arg1.linear_addr = chaos_va(c);
        op->arg2.src_mfn = (uint64_t)chaos_pointer(c);
        break;
    case MMUEXT_TLB_FLUSH_MULTI:
        op->arg2.src_mfn = (uint64_t)chaos_pointer(c);
        break;
    case MMUEXT_SET_LDT:
        op->arg1.linear_addr = chaos_va(c);
        op->arg2.nr_ents = chaos_rarely(c, 4) ? chaos_count(c) : 512 * chaos_below(c, 18);
        break;
    }
}

static void extended(struct chaos *c)
{
    unsigned int n = 1 + chaos_below(c, chaos_rarely(c, 8) ? 20 : 2);
    struct mmuext_op *op = chaos_place(c, n * sizeof(*op));

    for (unsigned int i = 0; i < n; i++)
        fill_extended(c, &op[i]);
    mmuext_op(chaos_args(c, op), n | (chaos_rarely(c, 32) ? 1u << 31 : 0),
              chaos_rarely(c, 2) ? NULL : chaos_pointer(c),
              chaos_rarely(c, 16) ? chaos_domid(c) : DOMID_SELF);
}

static void update_mapping(struct chaos *c)
{
    uint64_t va = chaos_va(c), entry = chaos_pte(c);
    unsigned long flags = chaos_below(c, 8);

    if (chaos_rarely(c, 8))
        flags = (uint64_t)chaos_pointer(c) | chaos_below(c, 3);
    if (chaos_rarely(c, 16))
        HYPERCALL_4(update_va_mapping_otherdomain, va, entry, flags, chaos_domid(c));
    else
        update_va_mapping((void *)va, entry, flags);
}

/* An arena's page as it should be: plain, mapped at its place; a new one, if it is gone. */
static void repair(struct chaos *c)
{
    void *page = arena[chaos_below(c, ARENA_PAGES)];
    xen_pfn_t *frame = chaos_place(c, 8);
    struct xen_memory_reservation r = { .nr_extents = 1, .domid = DOMID_SELF };

    if (!page_remap(page, PTE_RW))
        return;
    mmuext_mfn(MMUEXT_UNPIN_TABLE, mfn_of(page));
    if (!page_remap(page, PTE_RW))
        return;
    *frame = pfn_of(page);
    set_xen_guest_handle(r.extent_start, frame);
    if (memory_op(XENMEM_populate_physmap, &r) != 1)
        return;
    p2m_set(pfn_of(page), *frame);
    page_remap(page, PTE_RW);
}

static void give_back(struct chaos *c)
{
    void *page = arena[chaos_below(c, ARENA_PAGES)];
    xen_pfn_t *frame = chaos_place(c, 8);
    struct xen_memory_reservation r = { .nr_extents = 1, .domid = DOMID_SELF };

    *frame = mfn_of(page);
    update_va_mapping(page, 0, UVMF_INVLPG | UVMF_ALL);
    set_xen_guest_handle(r.extent_start, frame);
    memory_op(XENMEM_decrease_reservation, &r);
    repair(c);
}

static void reserve(struct chaos *c, struct xen_memory_reservation *r, xen_pfn_t *frames)
{
    memset(r, 0, sizeof(*r));
    for (unsigned int i = 0; i < 8; i++)
        frames[i] = chaos_rarely(c, 4) ? chaos_value(c) : chaos_own_mfn(c);
    set_xen_guest_handle(r->extent_start, chaos_rarely(c, 16) ? chaos_pointer(c) : frames);
    r->nr_extents = chaos_rarely(c, 16) ? chaos_count(c) : chaos_below(c, 8);
    r->extent_order = chaos_rarely(c, 8) ? chaos_below(c, 64) : chaos_below(c, 2);
    r->mem_flags = chaos_rarely(c, 2) ? chaos_value(c) : 0;
    r->domid = chaos_rarely(c, 8) ? chaos_domid(c) : DOMID_SELF;
    /* Not the machine's whole memory, nor the pages behind the list. */
    if (r->nr_extents > 64 && r->nr_extents < 0x7fffffff)
        r->nr_extents = 64;
}

static void exchange(struct chaos *c)
{
    struct xen_memory_exchange *x = chaos_place(c, sizeof(*x));
    xen_pfn_t *in = (xen_pfn_t *)(c->scratch + 2048), *out = in + 16;
    void *page = arena[chaos_below(c, ARENA_PAGES)];

    memset(x, 0, sizeof(*x));
    reserve(c, &x->in, in);
    reserve(c, &x->out, out);
    if (!chaos_rarely(c, 4)) {
        x->in.nr_extents = x->out.nr_extents = 1;
        x->in.extent_order = x->out.extent_order = 0;
        x->in.domid = x->out.domid = DOMID_SELF;
        in[0] = mfn_of(page);
        out[0] = pfn_of(page);
        update_va_mapping(page, 0, UVMF_INVLPG | UVMF_ALL);
    }
    x->nr_exchanged = chaos_rarely(c, 8) ? chaos_count(c) : 0;
    if (!memory_op(XENMEM_exchange, chaos_args(c, x)) && out[0] < 1UL << 40)
        p2m_set(pfn_of(page), out[0]);
    repair(c);
}

void chaos_memory(struct chaos *c)
{
    struct xen_memory_reservation *r = chaos_place(c, sizeof(*r));
    unsigned long cmd = chaos_below(c, 30);

    switch (chaos_below(c, 8)) {
    case 0: give_back(c); return;
    case 1: exchange(c); return;
    case 2: case 3: repair(c); return;
    case 4:
        reserve(c, r, (xen_pfn_t *)(c->scratch + 2048));
        cmd = (unsigned long[]){ 0, 1, 6 }[chaos_below(c, 3)];
        break;
    default:
        chaos_fill(c, r, 64);
        break;
    }
    if (chaos_rarely(c, 16))
        cmd |= chaos_value(c) << 6;             /* as if it had been preempted there */
    if ((c->flags & CHAOS_PRIVILEGED) && (cmd & 63) == XENMEM_claim_pages)
        return;
    memory_op(cmd, chaos_args(c, r));
}

static void descriptors(struct chaos *c)
{
    xen_pfn_t *frames = chaos_place(c, 16 * 8);

    for (unsigned int i = 0; i < 16; i++)
        frames[i] = chaos_rarely(c, 4) ? chaos_mfn(c) : chaos_own_mfn(c);
    switch (chaos_below(c, 3)) {
    case 0:
        set_gdt(chaos_args(c, frames), chaos_rarely(c, 4) ? chaos_count(c)
                                                          : 512 * chaos_below(c, 4));
        break;
    case 1:
        HYPERCALL_2(update_descriptor, chaos_mfn(c) << PAGE_SHIFT | chaos_below(c, 512) * 8,
                    chaos_value(c));
        break;
    default:
        mmuext(MMUEXT_SET_LDT, chaos_va(c), 512 * chaos_below(c, 4));
        break;
    }
}

void chaos_mmu(struct chaos *c)
{
    switch (chaos_below(c, 8)) {
    case 0: case 1: case 2: update_tables(c); break;
    case 3: case 4: extended(c); break;
    case 5: case 6: update_mapping(c); break;
    default: descriptors(c); break;
    }
}
