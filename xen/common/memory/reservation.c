/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A domain's reservation grows and shrinks: lists of extents, each 2^order pages.
 *
 * The answer is how many extents were done; so a mistake in the list simply ends it there.  A list
 * that takes long is interrupted between extents and goes on from the number in cmd.
 */
#include <lib/math.h>
#include <lib/parse.h>
#include <lib/string.h>
#include <xen/arch.h>
#include <xen/atomic.h>
#include <xen/guest_access.h>
#include <xen/heap.h>
#include <xen/hypercall.h>
#include <xen/options.h>
#include <xen/page.h>
#include <xen/trace.h>

#include "memop.h"

/* memop-max-order=<domU>,<control domain>,<hardware domain>,<with devices> */
enum { OF_DOMU, OF_CONTROL, OF_HARDWARE, OF_PASSTHROUGH, ORDERS };
static unsigned int max_order[ORDERS] = { 9, 18, 12, 12 };

static int parse_max_order(const char *value)
{
    const char *cursor = value, *item;
    size_t len;

    for (unsigned int i = 0; parse_list(&cursor, &item, &len); i++) {
        uint64_t n;
        if (i == ORDERS)
            return -EINVAL;
        if (!len)
            continue;
        if (parse_uint(item, len, &n) || n > HEAP_MAX_ORDER)
            return -EINVAL;
        max_order[i] = (unsigned int)n;
    }
    return 0;
}
OPTION_CUSTOM(memop_max_order, "memop-max-order", parse_max_order);

unsigned int memop_max_order(void)
{
    const struct domain *d = current->domain;
    unsigned int order = max_order[OF_DOMU];

    if (!rangeset_is_empty(d->iomem_caps))
        order = max(order, max_order[OF_PASSTHROUGH]);
    if (d->is_privileged)
        order = max(order, max_order[OF_CONTROL]);
    if (d == hardware_domain)
        order = max(order, max_order[OF_HARDWARE]);
    return order;
}

bool memop_heap_flags(unsigned int mem_flags, unsigned int *heap_flags)
{
    unsigned int bits = XENMEMF_get_address_bits(mem_flags), node = XENMEMF_get_node(mem_flags);

    *heap_flags = 0;
    if (bits && bits <= PAGE_SHIFT)
        return false;
    if (bits && bits < 64)
        *heap_flags = HEAP_BITS(bits);
    /* Guests have no nodes of their own; and where exactly a page is to be, the one who builds
     * domains may say. */
    if ((mem_flags & XENMEMF_vnode) || node >= HEAP_MAX_NODES)
        return true;
    *heap_flags |= HEAP_NODE(node);
    if ((mem_flags & XENMEMF_exact_node_request) && current->domain->is_privileged)
        *heap_flags |= node < heap_nr_nodes ? HEAP_EXACT_NODE : 0;
    return true;
}

struct request {
    struct domain *d;
    unsigned int op, heap_flags;
    struct xen_memory_reservation r;
};

/*
 * The owner gives up its own reference, once.  Whatever else refers to the page, its own mappings
 * and others' of a grant, keeps it alive until that goes too.
 */
static bool give_back(struct domain *d, uint64_t gmfn)
{
    struct frame *f = arch_gfn_to_frame(d, gfn_of(gmfn));
    if (!f) {
        refuse(d, -EINVAL, "gives back mfn %lx, which is not its memory", gmfn);
        return false;
    }
    bool done = false;
    uint64_t old = read_once(f->count);
    while ((old & FRAME_ALLOCATED) && !done)
        done = atomic_cas(&f->count, &old, old & ~FRAME_ALLOCATED);
    if (done) {
        arch_set_m2p(frame_to_mfn(f), ~0ull);
        frame_put(f);
    }
    frame_put(f);
    return done;
}

/* The guest is told, or does not get the pages; their order in it is machine order. */
static bool report(const struct request *q, unsigned long i, mfn_t mfn)
{
    uint64_t nr = mfn_nr(mfn);

    if (guest_handle_is_null(q->r.extent_start) ||
        !copy_to_guest_offset(q->r.extent_start, i, &nr, 1))
        return true;
    for (unsigned long k = 0; k < 1ul << q->r.extent_order; k++)
        give_back(q->d, nr + k);
    return false;
}

static bool increase(const struct request *q, unsigned long i)
{
    struct frame *f = domain_alloc_frame(q->d, q->r.extent_order, q->heap_flags);
    if (!f)
        return false;
    trace_placed(q->d->id, ~0ull, mfn_nr(frame_to_mfn(f)), q->r.extent_order);
    return report(q, i, frame_to_mfn(f));
}

/* The same with a place in the guest's numbering, which the machine-to-phys table then shows. */
static bool populate(const struct request *q, unsigned long i)
{
    uint64_t gpfn;

    if (copy_from_guest_offset(&gpfn, q->r.extent_start, i, 1))
        return false;
    struct frame *f = domain_alloc_frame(q->d, q->r.extent_order, q->heap_flags);
    if (!f)
        return false;
    mfn_t mfn = frame_to_mfn(f);
    for (unsigned long k = 0; k < 1ul << q->r.extent_order; k++)
        arch_set_m2p(mfn_add(mfn, k), gpfn + k);
    trace_placed(q->d->id, gpfn, mfn_nr(mfn), q->r.extent_order);
    return report(q, i, mfn);
}

static bool decrease(const struct request *q, unsigned long i)
{
    uint64_t gmfn;

    if (copy_from_guest_offset(&gmfn, q->r.extent_start, i, 1))
        return false;
    trace_decrease(q->d->id, gmfn, q->r.extent_order);
    for (unsigned long k = 0; k < 1ul << q->r.extent_order; k++)
        if (!give_back(q->d, gmfn + k))
            return false;
    return true;
}

static bool do_extent(const struct request *q, unsigned long i)
{
    switch (q->op) {
    case XENMEM_increase_reservation: return increase(q, i);
    case XENMEM_populate_physmap: return populate(q, i);
    default: return decrease(q, i);
    }
}

static bool is_sound(struct request *q, unsigned long start)
{
    return q->r.extent_order <= memop_max_order() && start < q->r.nr_extents &&
           q->r.nr_extents <= ~0ul >> MEMOP_EXTENT_SHIFT &&
           !(q->r.mem_flags & XENMEMF_populate_on_demand) && !q->d->is_hvm &&
           memop_heap_flags(q->r.mem_flags, &q->heap_flags);
}

long memop_reservation(unsigned int op, unsigned long start, uint64_t arg)
{
    struct request q = { .op = op };

    if (copy_arg_from_guest(&q.r, arg))
        return (long)start;
    int rc = domain_find_for(q.r.domid, &q.d);
    if (rc)
        return rc == -EPERM ? rc : (long)start;
    unsigned long i = start;
    bool interrupted = false;
    if (is_sound(&q, start)) {
        while (i < q.r.nr_extents && do_extent(&q, i)) {
            i++;
            if (i < q.r.nr_extents && hypercall_preempt_check()) {
                interrupted = true;
                break;
            }
        }
    }
    domain_put(q.d);
    if (interrupted)
        return hypercall_continue(__HYPERVISOR_memory_op, 2, memop_cmd(op, i), (unsigned long)arg);
    return (long)i;
}
