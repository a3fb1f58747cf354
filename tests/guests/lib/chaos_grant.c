/* SPDX-License-Identifier: GPL-2.0-only */
/* Random calls about grants: our own table's entries, mappings, copies, transfers. */
#include "chaos.h"
#include "grant.h"

/* Each vCPU maps at places of its own: who maps over a grant is ended. */
#define PLACES 8
static struct place {
    uint64_t host_addr;
    grant_handle_t handle;
    bool taken;
} places[MAX_VCPUS][PLACES];

static grant_ref_t any_ref(struct chaos *c, domid_t *whose)
{
    *whose = chaos_rarely(c, 8) ? chaos_domid(c) : chaos_rarely(c, 3) ? 0 : chaos_target.ids[1];
    if (chaos_rarely(c, 16))
        return chaos_count(c);
    if (*whose == 0 && chaos_target.nr_refs)
        return chaos_target.first_ref + chaos_below(c, chaos_target.nr_refs + 1);
    return chaos_below(c, 24);
}

/* An entry of ours, in the layout of either version. */
static void change_entry(struct chaos *c)
{
    static const uint16_t flags[] = {
        GTF_permit_access, GTF_permit_access, GTF_permit_access | GTF_readonly, GTF_invalid,
        GTF_accept_transfer, GTF_transitive, GTF_permit_access | GTF_sub_page,
        GTF_permit_access | GTF_reading, GTF_permit_access | GTF_writing | GTF_reading,
        GTF_accept_transfer | GTF_transfer_committed, 0xffff,
    };
    unsigned int ref = chaos_below(c, 24);
    uint64_t frame = chaos_mfn(c);
    grant_entry_v1_t v1 = {
        .flags = flags[chaos_below(c, ARRAY_SIZE(flags))],
        .domid = chaos_rarely(c, 2) ? chaos_target.ids[1] : chaos_domid(c), .frame = frame,
    };

    if (chaos_rarely(c, 2)) {
        TRAP_OF("movq %1, (%0)", :: "r"(&GRANT_TABLE[ref]),
                "r"((uint64_t)frame << 32 | (uint32_t)v1.domid << 16 | v1.flags) : "memory");
        return;
    }
    TRAP_OF("movq %1, (%0); movq %2, 8(%0)", :: "r"(&GRANT_TABLE_V2[ref % 16 + 2]),
            "r"((uint64_t)chaos_below(c, 24) << 32 | (uint32_t)v1.domid << 16 | v1.flags),
            "r"(frame) : "memory");
}

static uint32_t mapping_flags(struct chaos *c)
{
    if (chaos_rarely(c, 8))
        return chaos_value(c);
    return GNTMAP_host_map | (chaos_rarely(c, 2) ? GNTMAP_readonly : 0) |
           (chaos_rarely(c, 4) ? GNTMAP_contains_pte : 0) |
           (chaos_rarely(c, 8) ? GNTMAP_device_map : 0) |
           (chaos_rarely(c, 8) ? GNTMAP_application_map : 0);
}

/* Where place number k is, or anywhere, which may well be fatal. */
static uint64_t mapping_address(struct chaos *c, unsigned int k, uint32_t flags)
{
    uint8_t *va = GRANT_SPOT + (current()->id * PLACES + k) * PAGE_SIZE;
    bool anywhere = (c->flags & CHAOS_FATAL) && chaos_rarely(c, 64);

    if (flags & GNTMAP_contains_pte)
        return maddr_of(anywhere ? chaos_entry(c) : pt_entry(kernel_root(), va, 1));
    return anywhere ? chaos_va(c) : (uint64_t)va;
}

static void map(struct chaos *c)
{
    unsigned int n = 1 + chaos_below(c, 3), k = chaos_below(c, PLACES - 2);
    struct gnttab_map_grant_ref *m = chaos_place(c, n * sizeof(*m));
    struct place *place = &places[current()->id][k];

    for (unsigned int i = 0; i < n; i++) {
        if (place[i].taken)
            return;
        m[i].flags = mapping_flags(c);
        m[i].host_addr = mapping_address(c, k + i, m[i].flags);
        m[i].ref = any_ref(c, &m[i].dom);
        m[i].status = 99;
    }
    grant_table_op(GNTTABOP_map_grant_ref, m, n);
    for (unsigned int i = 0; i < n; i++) {
        place[i].taken = !m[i].status;
        place[i].handle = m[i].handle;
        place[i].host_addr = m[i].host_addr;
    }
}

static void unmap(struct chaos *c)
{
    unsigned int n = 1 + chaos_below(c, 3), k = chaos_below(c, PLACES - 2);
    struct gnttab_unmap_grant_ref *u = chaos_place(c, 3 * sizeof(*u));
    struct place *place = &places[current()->id][k];

    for (unsigned int i = 0; i < n; i++) {
        bool wrong = chaos_rarely(c, 8);

        u[i].handle = wrong ? chaos_count(c) : place[i].handle;
        u[i].host_addr = chaos_rarely(c, 8) ? chaos_va(c) : place[i].host_addr;
        /* Another's: then nobody knows what is where, and sooner or later maps over it. */
        if ((c->flags & CHAOS_FATAL) && chaos_rarely(c, 8))
            u[i].host_addr = place[(i + 1) % n].host_addr;
        u[i].dev_bus_addr = chaos_rarely(c, 8) ? chaos_mfn(c) << PAGE_SHIFT : 0;
        u[i].status = 99;
    }
    grant_table_op(GNTTABOP_unmap_grant_ref, u, n);
    for (unsigned int i = 0; i < n; i++)
        if (!u[i].status && u[i].handle == place[i].handle &&
            u[i].host_addr == place[i].host_addr)
            place[i].taken = false;
}

static void unmap_and_replace(struct chaos *c)
{
    struct gnttab_unmap_and_replace *r = chaos_place(c, sizeof(*r));
    struct place *place = &places[current()->id][chaos_below(c, PLACES)];

    r->handle = place->handle;
    r->host_addr = place->host_addr;
    r->new_addr = (uint64_t)CHAOS_WINDOW + (16 + chaos_below(c, 16)) * PAGE_SIZE;
    r->status = 99;
    if (!grant_table_op(GNTTABOP_unmap_and_replace, r, 1) && !r->status)
        place->taken = false;
}

static void copy(struct chaos *c)
{
    unsigned int n = 1 + chaos_below(c, 4);
    struct gnttab_copy *op = chaos_place(c, n * sizeof(*op));

    for (unsigned int i = 0; i < n; i++) {
        struct gnttab_copy_ptr *side[] = { &op[i].source, &op[i].dest };

        op[i].flags = chaos_rarely(c, 16) ? chaos_value(c) : chaos_below(c, 4);
        op[i].len = chaos_rarely(c, 4) ? chaos_value(c) : chaos_below(c, 4097);
        for (unsigned int k = 0; k < 2; k++) {
            side[k]->offset = chaos_rarely(c, 4) ? chaos_value(c) : 0;
            side[k]->domid = chaos_rarely(c, 8) ? chaos_domid(c) : DOMID_SELF;
            side[k]->u.gmfn = chaos_mfn(c);
            if (op[i].flags >> k & 1)
                side[k]->u.ref = any_ref(c, &side[k]->domid);
        }
    }
    grant_table_op(GNTTABOP_copy, chaos_args(c, op), n);
}

static void transfer(struct chaos *c)
{
    struct gnttab_transfer *t = chaos_place(c, sizeof(*t));

    t->mfn = chaos_mfn(c);
    t->ref = any_ref(c, &t->domid);
    grant_table_op(GNTTABOP_transfer, chaos_args(c, t), 1);
}

static bool may_be_long(struct chaos *c)
{
    return (c->flags & CHAOS_FATAL) && chaos_rarely(c, 64);
}

void chaos_grant(struct chaos *c)
{
    void *args = chaos_place(c, 256);
    uint64_t count;

    switch (chaos_below(c, 10)) {
    case 0: case 1: change_entry(c); return;
    case 2: case 3: map(c); return;
    case 4: case 5: unmap(c); return;
    case 6:
        if (chaos_rarely(c, 4))
            unmap_and_replace(c);
        else
            copy(c);
        return;
    case 7: transfer(c); return;
    case 8: {
        struct gnttab_set_version *v = args;

        v->version = chaos_rarely(c, 4) ? chaos_value(c) : 1 + chaos_below(c, 2);
        if (chaos_rarely(c, 4))
            grant_table_op(GNTTABOP_set_version, v, 1);
        return;
    }
    default:
        chaos_fill(c, args, 256);
        if (chaos_rarely(c, 2))
            *(domid_t *)args = DOMID_SELF;
        /* A long list is all memory behind it, the kernel's image too. */
        count = may_be_long(c) ? chaos_count(c) : 1 + chaos_below(c, 3);
        /* A mapping that nobody knows of would be overwritten, which is fatal. */
        grant_table_op((c->flags & CHAOS_FATAL ? 0 : 1) + chaos_below(c, 13), chaos_args(c, args),
                       count);
        return;
    }
}
