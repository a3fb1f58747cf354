/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A domain's grant table: its pages, and pinning entries.  The picture and the locks are in
 * private.h.
 */
#include <lib/math.h>
#include <lib/parse.h>
#include <xen/arch.h>
#include <xen/assert.h>
#include <xen/heap.h>
#include <xen/options.h>
#include <xen/printk.h>

#include "private.h"

static unsigned int default_max_frames = 64;
static unsigned int default_max_maptrack = 1024;
unsigned int grant_max_version = 2;
bool grant_allow_transitive = true;

OPTION_UINT(max_frames, "gnttab_max_frames", default_max_frames);
OPTION_UINT(max_maptrack, "gnttab_max_maptrack_frames", default_max_maptrack);

/* gnttab=max-ver:<1|2>,[no-]transitive */
static int parse_gnttab(const char *s)
{
    const char *item;
    size_t len;
    while (parse_list(&s, &item, &len)) {
        if (parse_is(item, len, "max-ver:1") || parse_is(item, len, "max-ver:2"))
            grant_max_version = (unsigned int)(item[8] - '0');
        else if (parse_is(item, len, "transitive") || parse_is(item, len, "transitive=1"))
            grant_allow_transitive = true;
        else if (parse_is(item, len, "no-transitive") || parse_is(item, len, "transitive=0"))
            grant_allow_transitive = false;
        else
            return -EINVAL;
    }
    return 0;
}

OPTION_CUSTOM(gnttab, "gnttab", parse_gnttab);

/* ---- Pages ----------------------------------------------------------------------------------- */

void *grant_page_share(struct domain *d)
{
    void *page = alloc_pages(0, HEAP_ZERO);
    if (page) {
        frame_share_with(virt_to_frame(page), d, false);
        arch_set_m2p(virt_to_mfn(page), ~0ull);
    }
    return page;
}

int grant_page_unshare(void *page)
{
    int rc = frame_unshare(virt_to_frame(page));
    if (!rc)
        free_pages(page, 0);
    return rc;
}

unsigned int grant_nr_entries(const struct grant_table *gt)
{
    return gt->nr_frames * (gt->version == 1 ? V1_PER_FRAME : V2_PER_FRAME);
}

static int frame_add(struct domain *d)
{
    struct grant_table *gt = d->grant;
    struct grant_active *active = new_array(struct grant_active, V1_PER_FRAME);
    void *page = active ? grant_page_share(d) : NULL;
    if (!page) {
        pool_free(active);
        return -ENOMEM;
    }
    for (unsigned int i = 0; i < V1_PER_FRAME; i++)
        spin_lock_init(&active[i].lock, LOCK_GRANT_ENTRY);
    gt->shared[gt->nr_frames] = page;
    gt->active[gt->nr_frames] = active;
    gt->nr_frames++;
    return 0;
}

int grant_table_grow(struct domain *d, unsigned int nr_frames)
{
    struct grant_table *gt = d->grant;
    if (nr_frames > gt->max_frames) {
        return refuse(d, -EINVAL, "grant table of %u frames, %u allowed", nr_frames,
                      gt->max_frames);
    }
    int rc = gt->version == 2 ? grant_status_grow(d, nr_frames) : 0;
    while (!rc && gt->nr_frames < nr_frames)
        rc = frame_add(d);
    return rc;
}

int grant_table_create(struct domain *d, unsigned int max_frames, unsigned int max_maptrack)
{
    struct grant_table *gt = new(struct grant_table);
    if (!gt)
        return -ENOMEM;
    rwlock_init(&gt->lock, LOCK_GRANT);
    gt->version = 1;
    gt->max_frames = clamp(max_frames == ~0u ? default_max_frames : max_frames, 1u, 65536u);
    gt->shared = new_array(void *, gt->max_frames);
    gt->active = new_array(struct grant_active *, gt->max_frames);
    gt->status = new_array(grant_status_t *, div_round_up(gt->max_frames * V2_PER_FRAME,
                                                          STATUS_PER_FRAME));
    grant_handles_init(gt, max_maptrack == ~0u ? default_max_maptrack : max_maptrack);
    d->grant = gt;
    if (!gt->shared || !gt->active || !gt->status || grant_table_grow(d, 1)) {
        grant_table_destroy(d);
        return -ENOMEM;
    }
    return 0;
}

void grant_table_destroy(struct domain *d)
{
    struct grant_table *gt = d->grant;
    if (!gt)
        return;
    for (unsigned int i = 0; i < gt->nr_frames; i++) {
        frame_abandon(virt_to_frame(gt->shared[i]));
        pool_free(gt->active[i]);
    }
    for (unsigned int i = 0; i < gt->nr_status; i++)
        frame_abandon(virt_to_frame(gt->status[i]));
    grant_handles_free(gt);
    pool_free(gt->shared);
    pool_free(gt->active);
    pool_free(gt->status);
    pool_free(gt);
    d->grant = NULL;
}

int grant_table_frame(struct domain *d, unsigned int idx, mfn_t *mfn)
{
    struct grant_table *gt = d->grant;
    bool is_status = idx & GRANT_STATUS_FRAME;
    idx &= ~GRANT_STATUS_FRAME;

    write_lock(&gt->lock);
    int rc = 0;
    if (is_status)
        rc = gt->version == 2 && idx < gt->nr_status ? 0 : -EINVAL;
    else if (idx >= gt->nr_frames)
        rc = idx < gt->max_frames ? grant_table_grow(d, idx + 1) : -EINVAL;
    if (!rc)
        *mfn = virt_to_mfn(is_status ? (void *)gt->status[idx] : gt->shared[idx]);
    write_unlock(&gt->lock);
    return rc;
}

unsigned int grant_table_max_frames(struct domain *d, bool status)
{
    struct grant_table *gt = d->grant;

    read_lock(&gt->lock);
    unsigned int n = !status ? gt->max_frames : gt->version == 2 ? gt->nr_status : 0;
    read_unlock(&gt->lock);
    return n;
}

/* ---- Pins: under the table's lock for reading and the active entry's ------------------------ */

/* flags and domid of a version 1 entry are one word, so a change of either makes the swap fail. */
static int v1_flags_set(struct grant_table *gt, grant_ref_t ref, domid_t by, unsigned int how,
                        uint16_t *flags)
{
    uint32_t *head = (uint32_t *)v1_entry(gt, ref), word = read_once(*head);
    uint16_t add = GTF_reading | (how & PIN_WRITE ? GTF_writing : 0);

    for (unsigned int tries = 0; tries < 8; tries++) {
        *flags = (uint16_t)word;
        if ((*flags & GTF_type_mask) != GTF_permit_access || (domid_t)(word >> 16) != by
            || ((how & PIN_WRITE) && (*flags & GTF_readonly))) {
            return GNTST_general_error;
        }
        if (atomic_cas(head, &word, word | add))
            return GNTST_okay;
    }
    return GNTST_general_error;
}

/* The guest sees what the pins say. */
static void flags_settle(struct grant_table *gt, grant_ref_t ref, const struct grant_active *act)
{
    if (act->writers)
        return;
    uint16_t clear = act->readers ? GTF_writing : GTF_writing | GTF_reading;
    if (gt->version == 1)
        (void)__atomic_fetch_and(&v1_entry(gt, ref)->flags, (uint16_t)~clear, __ATOMIC_SEQ_CST);
    else
        v2_flags_clear(gt, ref, clear);
}

/* On failure nothing is set: in version 1 these bits mean other things in other types of entry. */
static int flags_set(struct grant_table *gt, grant_ref_t ref, const struct grant_active *act,
                     domid_t by, unsigned int how, uint16_t *flags)
{
    if (gt->version == 1)
        return v1_flags_set(gt, ref, by, how, flags);
    int rc = v2_flags_set(gt, ref, by, how, flags);
    if (rc)
        flags_settle(gt, ref, act);
    return rc;
}

/* First pin: note what is granted.  *f is the frame with a reference. */
static int entry_note(struct domain *rd, grant_ref_t ref, uint16_t flags, struct grant_active *act,
                      struct frame **f)
{
    struct grant_table *gt = rd->grant;
    uint64_t gfn = 0;

    act->trans_domid = DOMID_INVALID;
    act->start = 0;
    act->length = PAGE_SIZE;
    if (gt->version == 1) {
        gfn = read_once(v1_entry(gt, ref)->frame);
    } else {
        int rc = v2_read(gt, ref, flags, act, &gfn);
        if (rc || act->trans_domid != DOMID_INVALID)
            return rc;
    }
    *f = arch_gfn_to_frame(rd, gfn_of(gfn));
    if (!*f)
        return GNTST_bad_page;
    act->mfn = mfn_nr(frame_to_mfn(*f));
    return GNTST_okay;
}

static int active_pin(struct domain *rd, grant_ref_t ref, struct grant_active *act, domid_t by,
                      unsigned int how, struct frame **f)
{
    bool first = !act->readers && !act->writers;
    uint16_t flags = 0;
    int rc = GNTST_okay;

    *f = NULL;
    if (!first && act->domid != by)
        return GNTST_general_error;
    if (first || ((how & PIN_WRITE) && !act->writers)) {
        rc = flags_set(rd->grant, ref, act, by, how, &flags);
        if (rc)
            return rc;
    }
    if (!(how & PIN_COPY) && (flags & (GTF_PWT | GTF_PCD | GTF_PAT))) {
        rc = GNTST_general_error;       /* RAM is mapped write-back or not at all */
    } else if (first) {
        rc = entry_note(rd, ref, flags, act, f);
    } else if (act->trans_domid == DOMID_INVALID) {
        *f = mfn_to_frame(mfn_of(act->mfn));
        if (!frame_get(*f, rd)) {
            *f = NULL;
            rc = GNTST_bad_page;
        }
    }
    if (!rc && !(how & PIN_COPY)
        && (act->trans_domid != DOMID_INVALID || act->length != PAGE_SIZE)) {
        rc = GNTST_general_error;
    }
    if (rc) {
        if (*f)
            frame_put(*f);
        flags_settle(rd->grant, ref, act);
    }
    return rc;
}

int grant_pin(struct domain *rd, grant_ref_t ref, domid_t by, unsigned int how, unsigned int n,
              struct grant_view *view)
{
    struct grant_table *gt = rd->grant;
    read_lock(&gt->lock);
    if (unlikely(ref >= grant_nr_entries(gt))) {
        read_unlock(&gt->lock);
        return GNTST_bad_gntref;
    }
    ref = (grant_ref_t)index_nospec(ref, grant_nr_entries(gt));
    struct grant_active *act = active_of(gt, ref);
    spin_lock(&act->lock);
    int rc = active_pin(rd, ref, act, by, how, &view->f);
    if (likely(!rc)) {
        act->domid = by;
        act->readers += how & PIN_WRITE ? 0 : n;
        act->writers += how & PIN_WRITE ? n : 0;
        view->start = act->start;
        view->length = act->length;
        view->trans_domid = act->trans_domid;
        view->trans_ref = act->trans_domid != DOMID_INVALID ? act->trans_ref : 0;
    }
    spin_unlock(&act->lock);
    read_unlock(&gt->lock);
    return rc;
}

void grant_unpin(struct domain *rd, grant_ref_t ref, bool write, unsigned int n)
{
    struct grant_table *gt = rd->grant;
    read_lock(&gt->lock);
    struct grant_active *act = active_of(gt, ref);
    spin_lock(&act->lock);
    uint32_t *pins = write ? &act->writers : &act->readers;
    check(*pins >= n);
    *pins -= n;
    flags_settle(gt, ref, act);
    spin_unlock(&act->lock);
    read_unlock(&gt->lock);
}

/* No lock: the pin keeps the active entry and its note. */
struct frame *grant_pinned_frame(struct domain *rd, grant_ref_t ref)
{
    return mfn_to_frame(mfn_of(active_of(rd->grant, ref)->mfn));
}
