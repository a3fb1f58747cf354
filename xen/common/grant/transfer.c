/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Giving a page away for good, into an entry of the receiver's that waits for it; and exchanging
 * two entries.
 *
 * The receiver's entry is marked committed before the page moves and completed after, so that the
 * receiver, who sees committed, waits for completed.
 */
#include <xen/arch.h>
#include <xen/assert.h>
#include <xen/heap.h>
#include <xen/trace.h>

#include "private.h"

/* The page leaves its owner: nobody maps it, and no TLB knows it. */
static struct frame *page_steal(struct domain *d, uint64_t gfn)
{
    struct frame *f = arch_gfn_to_frame(d, gfn_of(gfn));
    if (!f)
        return NULL;
    if (domain_steal_frame(d, f)) {
        frame_put(f);
        return NULL;
    }
    arch_frames_settle(f, 0);
    return f;
}

/* The head of either version's entry is flags and domid in one word. */
static uint32_t *entry_head(struct grant_table *gt, grant_ref_t ref)
{
    return gt->version == 1 ? (uint32_t *)v1_entry(gt, ref) : (uint32_t *)v2_entry(gt, ref);
}

/* Under the table's lock. */
static bool entry_commit(struct grant_table *gt, grant_ref_t ref, domid_t from)
{
    uint32_t *head = entry_head(gt, ref);
    uint32_t word = GTF_accept_transfer | (uint32_t)from << 16;
    return atomic_cas(head, &word, word | GTF_transfer_committed);
}

/* Unless the granter has made something else of it: the bit means "read-only" elsewhere. */
static void entry_uncommit(struct grant_table *gt, grant_ref_t ref, domid_t from)
{
    uint32_t word = GTF_accept_transfer | GTF_transfer_committed | (uint32_t)from << 16;
    (void)atomic_cas(entry_head(gt, ref), &word, word & ~(uint32_t)GTF_transfer_committed);
}

static void entry_complete(struct grant_table *gt, grant_ref_t ref, mfn_t mfn)
{
    if (gt->version == 1)
        write_once(v1_entry(gt, ref)->frame, (uint32_t)mfn_nr(mfn));
    else
        write_once(v2_entry(gt, ref)->full_page.frame, mfn_nr(mfn));
    (void)__atomic_fetch_or((uint16_t *)entry_head(gt, ref), (uint16_t)GTF_transfer_completed,
                            __ATOMIC_SEQ_CST);
}

/* The caller owns f and loses it, one way or the other. */
static int page_hand_over(struct domain *ld, struct domain *rd, struct frame *f, grant_ref_t ref)
{
    struct grant_table *gt = rd->grant;
    int rc = GNTST_general_error;

    read_lock(&gt->lock);
    bool exists = ref < grant_nr_entries(gt);
    if (gt->version == 1 && mfn_nr(frame_to_mfn(f)) > UINT32_MAX) {
        rc = GNTST_address_too_big;
    } else if (exists && entry_commit(gt, ref, ld->id)) {
        if (domain_assign_frame(rd, f, 0)) {
            entry_uncommit(gt, ref, ld->id);
        } else {
            entry_complete(gt, ref, frame_to_mfn(f));
            rc = GNTST_okay;
        }
    }
    read_unlock(&gt->lock);
    if (rc)
        heap_free_domain_page(f);
    return rc;
}

static int transfer(struct grant_batch *b, const struct gnttab_transfer *op)
{
    struct domain *rd = grant_batch_domain(b, op->domid);
    if (!rd || !rd->grant || rd->dying)
        return GNTST_bad_domain;
    struct frame *f = page_steal(b->ld, op->mfn);
    trace_1(TRC_MEM_PAGE_GRANT_TRANSFER, rd->id);
    return f ? page_hand_over(b->ld, rd, f, op->ref) : GNTST_bad_page;
}

void grant_transfer_one(struct grant_batch *b, void *arg)
{
    struct gnttab_transfer *op = arg;
    op->status = (int16_t)transfer(b, op);
}

/* ---- Exchange -------------------------------------------------------------------------------- */

static bool is_pinned(const struct grant_table *gt, grant_ref_t ref)
{
    const struct grant_active *act = active_of(gt, ref);
    return act->readers || act->writers;
}

static int swap(struct grant_table *gt, grant_ref_t a, grant_ref_t b)
{
    if (a >= grant_nr_entries(gt) || b >= grant_nr_entries(gt))
        return GNTST_bad_gntref;
    if (is_pinned(gt, a) || is_pinned(gt, b))
        return GNTST_eagain;
    if (gt->version == 1) {
        struct grant_entry_v1 e = *v1_entry(gt, a);
        *v1_entry(gt, a) = *v1_entry(gt, b);
        *v1_entry(gt, b) = e;
    } else {
        union grant_entry_v2 e = *v2_entry(gt, a);
        *v2_entry(gt, a) = *v2_entry(gt, b);
        *v2_entry(gt, b) = e;
    }
    return GNTST_okay;
}

void grant_swap_one(struct grant_batch *b, void *arg)
{
    struct gnttab_swap_grant_ref *op = arg;
    write_lock(&b->ld->grant->lock);
    op->status = (int16_t)swap(b->ld->grant, op->ref_a, op->ref_b);
    write_unlock(&b->ld->grant->lock);
}
