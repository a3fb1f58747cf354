/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Version 2 of the table: 64-bit frames, parts of pages, transitive grants; reading and writing
 * are told in pages of their own, so that the granter withdraws an entry by a plain store: flags
 * = 0, a barrier, and then a look at status. We do the opposite, status first and then a second
 * look at flags, so that one of us sees the other.
 */
#include <lib/math.h>
#include <lib/string.h>
#include <xen/heap.h>

#include "private.h"

static grant_status_t *status_of(const struct grant_table *gt, grant_ref_t ref)
{
    return &gt->status[ref / STATUS_PER_FRAME][ref % STATUS_PER_FRAME];
}

/* flags and domid together. */
static uint32_t head_of(const struct grant_table *gt, grant_ref_t ref)
{
    return read_once(*(uint32_t *)v2_entry(gt, ref));
}

static bool head_permits(uint32_t head, domid_t by, unsigned int how)
{
    uint16_t type = head & GTF_type_mask;
    return (type == GTF_permit_access || type == GTF_transitive) && (domid_t)(head >> 16) == by
           && !((how & PIN_WRITE) && (head & GTF_readonly));
}

int v2_flags_set(struct grant_table *gt, grant_ref_t ref, domid_t by, unsigned int how,
                 uint16_t *flags)
{
    uint16_t add = GTF_reading | (how & PIN_WRITE ? GTF_writing : 0);
    for (unsigned int tries = 0; tries < 8; tries++) {
        uint32_t head = head_of(gt, ref);
        if (!head_permits(head, by, how))
            return GNTST_general_error;
        (void)__atomic_fetch_or(status_of(gt, ref), add, __ATOMIC_SEQ_CST);
        if (head_of(gt, ref) == head) {
            *flags = (uint16_t)head;
            return GNTST_okay;
        }
    }
    return GNTST_general_error;         /* the caller clears what no pin needs */
}

void v2_flags_clear(struct grant_table *gt, grant_ref_t ref, uint16_t flags)
{
    (void)__atomic_fetch_and(status_of(gt, ref), (uint16_t)~flags, __ATOMIC_SEQ_CST);
}

int v2_read(struct grant_table *gt, grant_ref_t ref, uint16_t flags, struct grant_active *act,
            uint64_t *gfn)
{
    const union grant_entry_v2 *e = v2_entry(gt, ref);
    if ((flags & GTF_type_mask) == GTF_transitive) {
        act->trans_domid = read_once(e->transitive.trans_domid);
        act->trans_ref = read_once(e->transitive.gref);
        return act->trans_domid < DOMID_FIRST_RESERVED ? GNTST_okay : GNTST_general_error;
    }
    *gfn = read_once(e->full_page.frame);
    if (flags & GTF_sub_page) {
        act->start = read_once(e->sub_page.page_off);
        act->length = read_once(e->sub_page.length);
        if (act->start + act->length > PAGE_SIZE)
            return GNTST_general_error;
    }
    return GNTST_okay;
}

/* ---- Status frames and the change of version: under the table's lock for writing ------------ */

int grant_status_grow(struct domain *d, unsigned int nr_frames)
{
    struct grant_table *gt = d->grant;
    unsigned int wanted = (unsigned int)div_round_up(nr_frames * V2_PER_FRAME, STATUS_PER_FRAME);
    while (gt->nr_status < wanted) {
        gt->status[gt->nr_status] = grant_page_share(d);
        if (!gt->status[gt->nr_status])
            return -ENOMEM;
        gt->nr_status++;
    }
    return 0;
}

static bool others_are_pinned(const struct grant_table *gt)
{
    for (grant_ref_t ref = GNTTAB_NR_RESERVED_ENTRIES; ref < grant_nr_entries(gt); ref++) {
        const struct grant_active *act = active_of(gt, ref);
        if (act->readers || act->writers)
            return true;
    }
    return false;
}

#define GUEST_FLAGS ((uint16_t)~(GTF_reading | GTF_writing))

/*
 * The reserved entries, each version's as full pages of the other; -ERANGE if one cannot be told
 * so.
 */
static int reserved_to_v2(const struct grant_table *gt, union grant_entry_v2 *out)
{
    for (grant_ref_t ref = 0; ref < GNTTAB_NR_RESERVED_ENTRIES; ref++) {
        struct grant_entry_v1 e = *(const volatile struct grant_entry_v1 *)v1_entry(gt, ref);
        uint16_t type = e.flags & GTF_type_mask;
        if (type != GTF_permit_access && type != GTF_invalid)
            return -ERANGE;
        out[ref].full_page.hdr.flags = e.flags & GUEST_FLAGS;
        out[ref].full_page.hdr.domid = e.domid;
        out[ref].full_page.frame = e.frame;
    }
    return 0;
}

static int reserved_to_v1(const struct grant_table *gt, struct grant_entry_v1 *out)
{
    for (grant_ref_t ref = 0; ref < GNTTAB_NR_RESERVED_ENTRIES; ref++) {
        union grant_entry_v2 e = *(const volatile union grant_entry_v2 *)v2_entry(gt, ref);
        uint16_t flags = e.hdr.flags, type = flags & GTF_type_mask;
        bool plain = type == GTF_invalid || (type == GTF_permit_access && !(flags & GTF_sub_page));
        if (!plain || e.full_page.frame > UINT32_MAX)
            return -ERANGE;
        const struct grant_active *act = active_of(gt, ref);
        out[ref].flags = (flags & GUEST_FLAGS) | (act->readers || act->writers ? GTF_reading : 0)
                         | (act->writers ? GTF_writing : 0);
        out[ref].domid = e.hdr.domid;
        out[ref].frame = (uint32_t)e.full_page.frame;
    }
    return 0;
}

static void entries_replace(struct grant_table *gt, const void *reserved, size_t size)
{
    for (unsigned int i = 0; i < gt->nr_frames; i++)
        memset(gt->shared[i], 0, PAGE_SIZE);
    memcpy(gt->shared[0], reserved, size);
}

static int version_to_2(struct domain *d)
{
    struct grant_table *gt = d->grant;
    union grant_entry_v2 reserved[GNTTAB_NR_RESERVED_ENTRIES] = { 0 };
    int rc = reserved_to_v2(gt, reserved);
    rc = rc ? rc : grant_status_grow(d, gt->nr_frames);
    if (rc)
        return rc;
    for (unsigned int i = 0; i < gt->nr_status; i++)
        memset(gt->status[i], 0, PAGE_SIZE);
    for (grant_ref_t ref = 0; ref < GNTTAB_NR_RESERVED_ENTRIES; ref++) {
        const struct grant_active *act = active_of(gt, ref);
        *status_of(gt, ref) = (act->readers || act->writers ? GTF_reading : 0)
                              | (act->writers ? GTF_writing : 0);
    }
    entries_replace(gt, reserved, sizeof(reserved));
    gt->version = 2;
    return 0;
}

static int version_to_1(struct domain *d)
{
    struct grant_table *gt = d->grant;
    struct grant_entry_v1 reserved[GNTTAB_NR_RESERVED_ENTRIES];
    int rc = reserved_to_v1(gt, reserved);
    if (rc)
        return rc;
    /* The status frames stay, unused: the guest may still map them. */
    entries_replace(gt, reserved, sizeof(reserved));
    gt->version = 1;
    return 0;
}

int grant_set_version(struct domain *d, unsigned int version)
{
    struct grant_table *gt = d->grant;
    if (version != 1 && version != 2)
        return -EINVAL;
    if (version > grant_max_version)
        return -ENOSYS;
    int rc = 0;
    write_lock(&gt->lock);
    if (version != gt->version)
        rc = others_are_pinned(gt) ? -EBUSY : version == 2 ? version_to_2(d) : version_to_1(d);
    write_unlock(&gt->lock);
    return rc;
}
