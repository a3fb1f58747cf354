/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copying between pages: each side is a frame of the caller's own or an entry that some domain
 * granted to it.
 *
 * A side stays pinned from one element of a call to the next that names the same, and no longer
 * than the call.
 */
#include <lib/string.h>
#include <xen/arch.h>
#include <xen/assert.h>

#include "private.h"

static void side_release(struct grant_copy_side *side)
{
    if (!side->valid)
        return;
    side->write ? frame_put_and_type(side->f) : frame_put(side->f);
    if (side->td) {
        grant_unpin(side->td, side->trans_ref, side->write, 1);
        domain_put(side->td);
    }
    if (side->rd) {
        grant_unpin(side->rd, (grant_ref_t)side->number, side->write, 1);
        domain_put(side->rd);
    }
    side->valid = false;
}

/* The entry says: see that entry of td, which td granted to rd.  One step and no further. */
static int side_follow(struct grant_copy_side *side, struct grant_view *view, unsigned int how)
{
    if (!grant_allow_transitive)
        return GNTST_general_error;
    struct domain *td = domain_find(view->trans_domid);
    if (!td)
        return GNTST_general_error;
    grant_ref_t ref = view->trans_ref;
    int rc = td->grant ? grant_pin(td, ref, side->rd->id, how, 1, view) : GNTST_general_error;
    if (!rc && !view->f) {
        grant_unpin(td, ref, how & PIN_WRITE, 1);
        rc = GNTST_general_error;
    }
    if (rc) {
        domain_put(td);
        return rc;
    }
    side->td = td;
    side->trans_ref = ref;
    return GNTST_okay;
}

static int side_pin(struct grant_copy_side *side)
{
    unsigned int how = PIN_COPY | (side->write ? PIN_WRITE : 0);
    grant_ref_t ref = (grant_ref_t)side->number;
    struct grant_view view;

    side->rd = domain_find_any(side->domid);
    if (!side->rd)
        return GNTST_bad_domain;
    int rc = side->rd->grant ? grant_pin(side->rd, ref, current->domain->id, how, 1, &view)
                             : GNTST_bad_domain;
    if (!rc && !view.f) {
        rc = side_follow(side, &view, how);
        if (rc)
            grant_unpin(side->rd, ref, side->write, 1);
    }
    if (rc) {
        domain_put(side->rd);
        side->rd = NULL;
        return rc;
    }
    side->f = view.f;
    side->start = view.start;
    side->length = view.length;
    return GNTST_okay;
}

static int side_own(struct grant_copy_side *side)
{
    if (side->domid != DOMID_SELF)
        return GNTST_permission_denied;
    side->f = arch_gfn_to_frame(current->domain, gfn_of(side->number));
    side->start = 0;
    side->length = PAGE_SIZE;
    return side->f ? GNTST_okay : GNTST_bad_page;
}

static int side_acquire(struct grant_copy_side *side, const struct gnttab_copy_ptr *ptr,
                        bool is_gref, bool write)
{
    uint64_t number = is_gref ? ptr->u.ref : ptr->u.gmfn;
    if (side->valid && side->number == number && side->is_gref == is_gref
        && side->domid == ptr->domid) {
        return GNTST_okay;
    }
    side_release(side);
    *side = (struct grant_copy_side){
        .write = write, .is_gref = is_gref, .domid = ptr->domid, .number = number,
    };
    int rc = is_gref ? side_pin(side) : side_own(side);
    if (rc)
        return rc;
    side->valid = true;
    if (write && frame_get_type(side->f, FRAME_KIND_WRITABLE)) {
        side->write = false;            /* so that no type is given back; the pin was for writing */
        frame_put(side->f);
        side->valid = false;
        if (side->td) {
            grant_unpin(side->td, side->trans_ref, true, 1);
            domain_put(side->td);
        }
        if (side->rd) {
            grant_unpin(side->rd, (grant_ref_t)number, true, 1);
            domain_put(side->rd);
        }
        return GNTST_general_error;
    }
    return GNTST_okay;
}

static bool side_covers(const struct grant_copy_side *side, uint16_t offset, uint16_t len)
{
    return offset >= side->start && offset + len <= side->start + side->length;
}

static int copy_grant(struct grant_batch *b, const struct gnttab_copy *op)
{
    if (op->source.offset + op->len > PAGE_SIZE || op->dest.offset + op->len > PAGE_SIZE)
        return GNTST_bad_copy_arg;
    int rc = side_acquire(&b->source, &op->source, op->flags & GNTCOPY_source_gref, false);
    if (rc)
        return rc;
    rc = side_acquire(&b->dest, &op->dest, op->flags & GNTCOPY_dest_gref, true);
    if (rc)
        return rc;
    if (!side_covers(&b->source, op->source.offset, op->len)
        || !side_covers(&b->dest, op->dest.offset, op->len)) {
        return GNTST_general_error;
    }
    char *to = (char *)frame_to_virt(b->dest.f) + op->dest.offset;
    const char *from = (const char *)frame_to_virt(b->source.f) + op->source.offset;
    if (likely(b->dest.f != b->source.f))
        memcpy(to, from, op->len);
    else
        memmove(to, from, op->len);
    struct domain *owner = b->dest.td ? b->dest.td : b->dest.rd ? b->dest.rd : b->ld;
    arch_mark_dirty(owner, frame_to_mfn(b->dest.f));
    return GNTST_okay;
}

void grant_copy_one(struct grant_batch *b, void *arg)
{
    struct gnttab_copy *op = arg;
    op->status = (int16_t)copy_grant(b, op);
}

void grant_copy_finish(struct grant_batch *b)
{
    side_release(&b->source);
    side_release(&b->dest);
}
