/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * grant_table_op: lists of elements, each with a status of its own, and a few single questions
 * about tables.
 *
 * A list can be long: between elements we look whether something else waits, and if so return a
 * continuation with the rest of the list.
 */
#include <lib/math.h>
#include <xen/assert.h>
#include <xen/console.h>
#include <xen/guest_access.h>
#include <xen/hypercall.h>
#include <xen/printk.h>

#include "private.h"

/* ---- Lists ----------------------------------------------------------------------------------- */

struct list_command {
    void (*one)(struct grant_batch *b, void *op);
    size_t size;
};

static const struct list_command commands[] = {
    [GNTTABOP_map_grant_ref]     = { grant_map_one, sizeof(struct gnttab_map_grant_ref) },
    [GNTTABOP_unmap_grant_ref]   = { grant_unmap_one, sizeof(struct gnttab_unmap_grant_ref) },
    [GNTTABOP_unmap_and_replace] = { grant_unmap_replace_one,
                                     sizeof(struct gnttab_unmap_and_replace) },
    [GNTTABOP_transfer]          = { grant_transfer_one, sizeof(struct gnttab_transfer) },
    [GNTTABOP_copy]              = { grant_copy_one, sizeof(struct gnttab_copy) },
    [GNTTABOP_swap_grant_ref]    = { grant_swap_one, sizeof(struct gnttab_swap_grant_ref) },
};

struct domain *grant_batch_domain(struct grant_batch *b, domid_t id)
{
    if (b->rd && b->rd_asked == id)
        return b->rd;
    if (b->rd)
        domain_put(b->rd);
    b->rd = domain_find_any(id);
    b->rd_asked = id;
    return b->rd;
}

static void batch_finish(struct grant_batch *b)
{
    grant_unmap_finish(b);
    grant_copy_finish(b);
    if (b->rd)
        domain_put(b->rd);
}

static long list_run(unsigned int cmd, uint64_t uop, unsigned int count)
{
    const struct list_command *command = &commands[cmd];
    struct grant_batch b;
    union {
        struct gnttab_map_grant_ref map;
        struct gnttab_copy copy;
        uint64_t words[8];
    } op;
    long rc = 0;

    assert(command->size <= sizeof(op));
    b.ld = current->domain;
    b.rd = NULL;
    b.nr_unmaps = 0;
    b.must_flush = false;
    b.source.valid = b.dest.valid = false;
    for (unsigned int i = 0; i < count; i++) {
        if (i > 0 && hypercall_preempt_check()) {
            rc = hypercall_continue(__HYPERVISOR_grant_table_op, 3, (unsigned long)cmd,
                                    (unsigned long)uop, (unsigned long)(count - i));
            break;
        }
        if (copy_from_guest_va(&op, uop, command->size)) {
            rc = -EFAULT;
            break;
        }
        command->one(&b, &op);
        if (copy_to_guest_va(uop, &op, command->size)) {
            rc = -EFAULT;
            break;
        }
        uop += command->size;
    }
    batch_finish(&b);
    return rc;
}

/* ---- Single questions ------------------------------------------------------------------------ */

/* GNTST_* for a domain the caller may ask about. */
static int table_find(domid_t id, struct domain **d)
{
    int rc = domain_find_for(id, d);
    if (!rc && !(*d)->grant) {
        domain_put(*d);
        rc = -ESRCH;
    }
    return !rc ? GNTST_okay : rc == -EPERM ? GNTST_permission_denied : GNTST_bad_domain;
}

/* The numbers of n pages to the guest; false if it cannot take them. */
static bool pages_tell(uint64_t list, void *const *pages, unsigned int n)
{
    for (unsigned int i = 0; i < n; i++) {
        uint64_t nr = mfn_nr(virt_to_mfn(pages[i]));
        if (copy_to_guest_va(list + i * sizeof(nr), &nr, sizeof(nr)))
            return false;
    }
    return true;
}

/* Pages are never taken away, so that numbers told without the lock stay true. */
static int setup_table(const struct gnttab_setup_table *op)
{
    struct domain *d;
    int rc = table_find(op->dom, &d);
    if (rc)
        return rc;
    write_lock(&d->grant->lock);
    if (grant_table_grow(d, op->nr_frames))
        rc = GNTST_general_error;
    write_unlock(&d->grant->lock);
    if (!rc && !pages_tell((uint64_t)op->frame_list.p, d->grant->shared, op->nr_frames))
        rc = GNTST_bad_virt_addr;
    domain_put(d);
    return rc;
}

static int get_status_frames(const struct gnttab_get_status_frames *op)
{
    struct domain *d;
    int rc = table_find(op->dom, &d);
    if (rc)
        return rc;
    read_lock(&d->grant->lock);
    bool told = d->grant->version == 2 && op->nr_frames <= d->grant->nr_status;
    read_unlock(&d->grant->lock);
    if (!told)
        rc = GNTST_general_error;
    else if (!pages_tell((uint64_t)op->frame_list.p, (void **)d->grant->status, op->nr_frames))
        rc = GNTST_bad_virt_addr;
    domain_put(d);
    return rc;
}

static int query_size(struct gnttab_query_size *op)
{
    struct domain *d;
    int rc = table_find(op->dom, &d);
    if (rc)
        return rc;
    op->nr_frames = read_once(d->grant->nr_frames);
    op->max_nr_frames = d->grant->max_frames;
    domain_put(d);
    return rc;
}

static int dump_table(const struct gnttab_dump_table *op)
{
    struct domain *d;
    if (!current->domain->is_privileged)
        return GNTST_permission_denied;
    int rc = table_find(op->dom, &d);
    if (!rc) {
        grant_table_dump(d);
        domain_put(d);
    }
    return rc;
}

static long op_setup_table(uint64_t uop)
{
    struct gnttab_setup_table op;
    if (copy_arg_from_guest(&op, uop))
        return -EFAULT;
    op.status = (int16_t)setup_table(&op);
    return copy_arg_to_guest(uop, &op) ? -EFAULT : 0;
}

static long op_get_status_frames(uint64_t uop)
{
    struct gnttab_get_status_frames op;
    if (copy_arg_from_guest(&op, uop))
        return -EFAULT;
    op.status = (int16_t)get_status_frames(&op);
    return copy_arg_to_guest(uop, &op) ? -EFAULT : 0;
}

static long op_query_size(uint64_t uop)
{
    struct gnttab_query_size op;
    if (copy_arg_from_guest(&op, uop))
        return -EFAULT;
    op.status = (int16_t)query_size(&op);
    return copy_arg_to_guest(uop, &op) ? -EFAULT : 0;
}

static long op_dump_table(uint64_t uop)
{
    struct gnttab_dump_table op;
    if (copy_arg_from_guest(&op, uop))
        return -EFAULT;
    op.status = (int16_t)dump_table(&op);
    return copy_arg_to_guest(uop, &op) ? -EFAULT : 0;
}

static long op_set_version(uint64_t uop)
{
    struct gnttab_set_version op;
    if (copy_arg_from_guest(&op, uop))
        return -EFAULT;
    struct domain *d = current->domain;
    int rc = grant_set_version(d, op.version);
    op.version = d->grant->version;
    return copy_arg_to_guest(uop, &op) ? -EFAULT : rc;
}

static long op_get_version(uint64_t uop)
{
    struct gnttab_get_version op;
    struct domain *d;
    if (copy_arg_from_guest(&op, uop))
        return -EFAULT;
    int rc = domain_find_for(op.dom, &d);
    if (rc)
        return rc;
    op.version = d->grant ? d->grant->version : 0;
    domain_put(d);
    return copy_arg_to_guest(uop, &op) ? -EFAULT : 0;
}

long do_grant_table_op(unsigned int cmd, uint64_t uop, unsigned int count)
{
    if ((int)count < 0)
        return -EINVAL;
    if (!current->domain->grant)
        return -ENOSYS;
    if (cmd < ARRAY_SIZE(commands) && commands[cmd].one)
        return list_run(cmd, uop, count);
    static long (*const singles[])(uint64_t uop) = {
        [GNTTABOP_setup_table] = op_setup_table,
        [GNTTABOP_dump_table] = op_dump_table,
        [GNTTABOP_query_size] = op_query_size,
        [GNTTABOP_set_version] = op_set_version,
        [GNTTABOP_get_status_frames] = op_get_status_frames,
        [GNTTABOP_get_version] = op_get_version,
    };
    if (cmd == GNTTABOP_cache_flush) {
        return -EOPNOTSUPP;             /* caches and devices agree on this processor */
    }
    if (cmd >= ARRAY_SIZE(singles) || !singles[cmd])
        return -ENOSYS;
    return count == 1 ? singles[cmd](uop) : -EINVAL;
}

/* ---- Debug key ------------------------------------------------------------------------------- */

void grant_table_dump(struct domain *d)
{
    struct grant_table *gt = d->grant;
    if (!gt)
        return;
    read_lock(&gt->lock);
    log_always("d%u: grants: version %u, %u of %u frames", d->id, gt->version, gt->nr_frames,
               gt->max_frames);
    for (grant_ref_t ref = 0; ref < grant_nr_entries(gt); ref++) {
        struct grant_active *act = active_of(gt, ref);
        spin_lock(&act->lock);
        if (act->readers || act->writers) {
            log_always("  ref %u to d%u: %u readers, %u writers, frame %lx", ref, act->domid,
                       act->readers, act->writers, act->mfn);
        }
        spin_unlock(&act->lock);
    }
    read_unlock(&gt->lock);
}

static void dump_all(unsigned char key)
{
    (void)key;
    rcu_read_lock();
    for_each_domain(d)
        grant_table_dump(d);
    rcu_read_unlock();
}

void grant_init(void)
{
    key_register('g', dump_all, "grant tables: entries in use");
}
