/* SPDX-License-Identifier: GPL-2.0-only */
/* The machine-to-phys table: what a PV guest calls a machine frame.  Guests read it, and ask us to
 * write it. */
#include <x86/mm.h>
#include <xen/arch.h>

void arch_set_m2p(mfn_t mfn, uint64_t pfn)
{
    *m2p_entry(mfn) = pfn;
}

uint64_t arch_get_m2p(mfn_t mfn)
{
    return *m2p_entry(mfn);
}

/* PV: a guest frame number is a machine frame number. */
mfn_t arch_gfn_to_mfn(struct domain *d, gfn_t gfn)
{
    return mfn_of(gfn_nr(gfn));
}

struct frame *arch_gfn_to_frame(struct domain *d, gfn_t gfn)
{
    mfn_t mfn = mfn_of(gfn_nr(gfn));
    if (!mfn_valid(mfn))
        return NULL;
    struct frame *f = mfn_to_frame(mfn);
    return frame_get(f, d) ? f : NULL;
}
