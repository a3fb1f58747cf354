/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Page tables of PV domains: pinning, single updates in batches, types of frames.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"

#define BATCH (XC_PAGE_SIZE / sizeof(struct mmu_update))

struct xc_mmu {
    struct xc *xc;
    uint32_t domid;
    unsigned int count;
    struct mmu_update *update;      /* one page that the hypervisor can read */
};

int xc_mmuext_op(struct xc *xc, uint32_t domid, struct mmuext_op *ops, unsigned int count)
{
    struct xc_bounce b;
    int rc = xc_bounce_in(xc, &b, ops, count * sizeof(*ops), BOUNCE_IN | BOUNCE_OUT);

    if (rc)
        return rc;
    rc = xc_hypercall(xc, __HYPERVISOR_mmuext_op, (uintptr_t)b.buffer, count, 0, domid, 0);
    xc_bounce_out(xc, &b, rc);
    return rc < 0 ? rc : 0;
}

int xc_pin_table(struct xc *xc, uint32_t domid, unsigned int level, xen_pfn_t mfn)
{
    static const unsigned int command[] = {
        MMUEXT_PIN_L1_TABLE, MMUEXT_PIN_L2_TABLE, MMUEXT_PIN_L3_TABLE, MMUEXT_PIN_L4_TABLE,
    };
    struct mmuext_op op = { 0 };

    if (level < 1 || level > 4)
        return -EINVAL;
    op.cmd = command[level - 1];
    op.arg1.mfn = mfn;
    return xc_mmuext_op(xc, domid, &op, 1);
}

int xc_unpin_table(struct xc *xc, uint32_t domid, xen_pfn_t mfn)
{
    struct mmuext_op op = { .cmd = MMUEXT_UNPIN_TABLE };

    op.arg1.mfn = mfn;
    return xc_mmuext_op(xc, domid, &op, 1);
}

int xc_clear_frame(struct xc *xc, uint32_t domid, xen_pfn_t mfn)
{
    struct mmuext_op op = { .cmd = MMUEXT_CLEAR_PAGE };

    op.arg1.mfn = mfn;
    return xc_mmuext_op(xc, domid, &op, 1);
}

/* What the hypervisor takes in one call. */
#define TYPES_AT_ONCE 1024u

static int some_frame_types(struct xc *xc, uint32_t domid, xen_pfn_t *frames, unsigned int count)
{
    struct xen_domctl op;
    struct xc_bounce b;
    int rc = xc_bounce_in(xc, &b, frames, count * sizeof(*frames), BOUNCE_IN | BOUNCE_OUT);

    if (rc)
        return rc;
    memset(&op, 0, sizeof(op));
    op.cmd = XEN_DOMCTL_getpageframeinfo3;
    op.domain = domid;
    op.u.getpageframeinfo3.num = count;
    set_xen_guest_handle(op.u.getpageframeinfo3.array, b.buffer);
    rc = xc_domctl(xc, &op);
    xc_bounce_out(xc, &b, rc);
    return rc;
}

int xc_frame_types(struct xc *xc, uint32_t domid, xen_pfn_t *frames, unsigned int count)
{
    int rc = 0;

    for (unsigned int done = 0; done < count && !rc; done += TYPES_AT_ONCE) {
        unsigned int some = count - done < TYPES_AT_ONCE ? count - done : TYPES_AT_ONCE;

        rc = some_frame_types(xc, domid, frames + done, some);
    }
    return rc;
}

int xc_mmu_begin(struct xc *xc, uint32_t domid, struct xc_mmu **out)
{
    struct xc_mmu *mmu = calloc(1, sizeof(*mmu));

    if (!mmu)
        return -ENOMEM;
    mmu->xc = xc;
    mmu->domid = domid;
    mmu->update = xc_buffer_get(xc, XC_PAGE_SIZE);
    if (!mmu->update) {
        free(mmu);
        return -ENOMEM;
    }
    *out = mmu;
    return 0;
}

int xc_mmu_flush(struct xc_mmu *mmu)
{
    if (!mmu->count)
        return 0;
    int rc = xc_hypercall(mmu->xc, __HYPERVISOR_mmu_update, (uintptr_t)mmu->update, mmu->count, 0,
                          mmu->domid, 0);

    mmu->count = 0;
    return rc < 0 ? rc : 0;
}

int xc_mmu_add(struct xc_mmu *mmu, uint64_t pointer, uint64_t value)
{
    mmu->update[mmu->count].ptr = pointer;
    mmu->update[mmu->count].val = value;
    return ++mmu->count == BATCH ? xc_mmu_flush(mmu) : 0;
}

int xc_mmu_set_m2p(struct xc_mmu *mmu, xen_pfn_t mfn, xen_pfn_t pfn)
{
    return xc_mmu_add(mmu, ((uint64_t)mfn << XC_PAGE_SHIFT) | MMU_MACHPHYS_UPDATE, pfn);
}

void xc_mmu_end(struct xc_mmu *mmu)
{
    if (!mmu)
        return;
    xc_buffer_put(mmu->xc, mmu->update, XC_PAGE_SIZE);
    free(mmu);
}
