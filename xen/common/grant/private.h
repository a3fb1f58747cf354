/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Grants, as the files of this room share them.
 *
 * A granter writes entries into pages it shares with us (hostile: read once, flags changed by
 * locked instructions). For each entry we keep an active entry, which counts pins: mappings and
 * copies under way, per reader and writer.
 *
 *   no pins --first pin: entry checked, reading (and writing) set in it, its frame noted--> pinned
 *   pinned  --more pins: same grantee only; the note counts, whatever the entry says now--> pinned
 *   pinned  --last writer gone: writing cleared;  last pin gone: reading cleared--------> no pins
 *
 * A grantee keeps a mapping per handle: one 64-bit word, changed by compare-and-swap, which says
 * of whom, which entry and how.  A live mapping holds: a reference on the granter's domain, and
 * per half (host, device) one pin and one reference (with a writable type if not read-only) on
 * the frame.  The host half's frame references belong to the PTE while it exists.
 *
 * Locks: the granter's table lock, for reading to use entries, for writing to change size or
 * version; under it the active entry's.  Never two tables' at once.  Handles have their own,
 * which nest in nothing of ours.
 */
#ifndef COMMON_GRANT_PRIVATE_H
#define COMMON_GRANT_PRIVATE_H

#include <public/grant_table.h>
#include <xen/atomic.h>
#include <xen/bitops.h>
#include <xen/domain.h>
#include <xen/frame.h>
#include <xen/grant.h>
#include <xen/page.h>

#define V1_PER_FRAME        (PAGE_SIZE / sizeof(struct grant_entry_v1))
#define V2_PER_FRAME        (PAGE_SIZE / sizeof(union grant_entry_v2))
#define STATUS_PER_FRAME    (PAGE_SIZE / sizeof(grant_status_t))
#define HANDLES_PER_PAGE    (PAGE_SIZE / sizeof(uint64_t))
#define HANDLE_LISTS        8

struct grant_active {
    struct spinlock lock;               /* LOCK_GRANT_ENTRY: all of this */
    union {
        uint64_t mfn;
        grant_ref_t trans_ref;
    };
    uint32_t readers, writers;          /* pins */
    domid_t domid;                      /* who has the pins */
    domid_t trans_domid;                /* whose trans_ref; DOMID_INVALID: not transitive */
    uint16_t start, length;             /* the part of the page that is granted */
};
_Static_assert(sizeof(struct grant_active) == 32, "512 of them fill four pages");

/* Free handles; a vcpu uses the list of its number, so that vcpus rarely meet. */
struct grant_handle_list {
    struct spinlock lock;               /* LOCK_MAPTRACK */
    uint32_t first;                     /* linked through the low halves of the words */
} aligned(64);

struct grant_table {
    struct rwlock lock;                 /* LOCK_GRANT: down to status */
    uint8_t version;
    unsigned int nr_frames, max_frames;
    unsigned int nr_status;             /* version 2 only */
    void **shared;                      /* pages of entries */
    struct grant_active **active;       /* V1_PER_FRAME for each of those pages */
    grant_status_t **status;

    struct spinlock grow_lock;          /* LOCK_MAPTRACK: more handles */
    unsigned int nr_handle_pages, max_handle_pages;
    uint64_t **handles;
    uint32_t release_next;              /* progress of teardown */
    struct grant_handle_list free[HANDLE_LISTS];
};

/* What a pin shows of the entry. */
struct grant_view {
    struct frame *f;                    /* with a reference; NULL: transitive */
    uint16_t start, length;
    domid_t trans_domid;
    grant_ref_t trans_ref;
};

#define PIN_WRITE   1u
#define PIN_COPY    2u                  /* also parts of pages and transitive grants */

/* table.c: n pins, for grantee `by`.  GNTST_*. */
int grant_pin(struct domain *rd, grant_ref_t ref, domid_t by, unsigned int how, unsigned int n,
              struct grant_view *view) must_check;
void grant_unpin(struct domain *rd, grant_ref_t ref, bool write, unsigned int n);
/* Of a pinned entry: its frame. */
struct frame *grant_pinned_frame(struct domain *rd, grant_ref_t ref);
unsigned int grant_nr_entries(const struct grant_table *gt);
static inline struct grant_active *active_of(const struct grant_table *gt, grant_ref_t ref)
{
    return &gt->active[ref / V1_PER_FRAME][ref % V1_PER_FRAME];
}
static inline struct grant_entry_v1 *v1_entry(const struct grant_table *gt, grant_ref_t ref)
{
    return (struct grant_entry_v1 *)gt->shared[ref / V1_PER_FRAME] + ref % V1_PER_FRAME;
}
static inline union grant_entry_v2 *v2_entry(const struct grant_table *gt, grant_ref_t ref)
{
    return (union grant_entry_v2 *)gt->shared[ref / V2_PER_FRAME] + ref % V2_PER_FRAME;
}
/* Under the table's lock for writing; 0 or -Exxx. */
int grant_table_grow(struct domain *d, unsigned int nr_frames) must_check;
/* A page of ours that the domain may map for writing, and back again. */
void *grant_page_share(struct domain *d) must_check;
int grant_page_unshare(void *page) must_check;

/* version2.c: the operations on entries of version 2, and changing the version. */
int v2_flags_set(struct grant_table *gt, grant_ref_t ref, domid_t by, unsigned int how,
                 uint16_t *flags) must_check;
void v2_flags_clear(struct grant_table *gt, grant_ref_t ref, uint16_t flags);
/* The entry's contents into the active entry: *gfn to be looked up, or transitive. */
int v2_read(struct grant_table *gt, grant_ref_t ref, uint16_t flags, struct grant_active *act,
            uint64_t *gfn) must_check;
int grant_status_grow(struct domain *d, unsigned int nr_frames) must_check;
int grant_set_version(struct domain *d, unsigned int version) must_check;

/* What a call's elements share: the last domain looked up, and what must wait for the TLB flush. */
struct grant_unmapping {
    struct domain *rd;                  /* the mapping's reference */
    struct frame *f;
    uint32_t handle;
    grant_ref_t ref;
    uint16_t flags, done;               /* GNTMAP_*: of the mapping; the halves that go */
};

struct grant_copy_side {
    bool valid, write, is_gref;
    domid_t domid;
    uint64_t number;                    /* gref or gmfn as the caller gave it */
    struct frame *f;                    /* with a reference, and a writable type if write */
    uint16_t start, length;
    struct domain *rd, *td;             /* granters, direct and transitive; or NULL */
    grant_ref_t trans_ref;
};

#define UNMAP_BATCH 32

struct grant_batch {
    struct domain *ld;                  /* the caller */
    struct domain *rd;                  /* last one looked up, with a reference, or NULL */
    domid_t rd_asked;
    unsigned int nr_unmaps;
    bool must_flush;                    /* TLBs may know some of them */
    struct grant_copy_side source, dest;
    struct grant_unmapping unmaps[UNMAP_BATCH];
};

struct domain *grant_batch_domain(struct grant_batch *b, domid_t id);  /* borrowed, or NULL */

/* map.c copy.c transfer.c: one element each; its status is set. */
void grant_map_one(struct grant_batch *b, void *op);
void grant_unmap_one(struct grant_batch *b, void *op);
void grant_unmap_replace_one(struct grant_batch *b, void *op);
void grant_unmap_finish(struct grant_batch *b);
void grant_copy_one(struct grant_batch *b, void *op);
void grant_copy_finish(struct grant_batch *b);
void grant_transfer_one(struct grant_batch *b, void *op);
void grant_swap_one(struct grant_batch *b, void *op);
void grant_handles_init(struct grant_table *gt, unsigned int max_pages);
void grant_handles_free(struct grant_table *gt);

extern unsigned int grant_max_version;
extern bool grant_allow_transitive;

#endif
