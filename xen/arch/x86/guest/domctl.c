/* SPDX-License-Identifier: GPL-2.0-only */
/* The processor's share of domctl: kinds of domains, frames and their types, ports. */
#include <x86/cpu.h>
#include <x86/guest.h>
#include <x86/mm.h>
#include <xen/control.h>
#include <xen/guest_access.h>
#include <xen/heap.h>
#include <xen/page.h>
#include <xen/xsm.h>

#define MAX_FRAME_BATCH 1024            /* frames that one getpageframeinfo3 may ask of */

/* ---- The kind of domain ---------------------------------------------------------------------- */

int arch_domain_check_config(const struct xen_domctl_createdomain *c)
{
    if (c->arch.misc_flags & ~XEN_X86_MISC_FLAGS_MAX)
        return -EINVAL;
    /* Emulated devices are for HVM guests. */
    return c->arch.emulation_flags ? -EOPNOTSUPP : 0;
}

void arch_domain_describe(const struct domain *d, struct xen_domctl_getdomaininfo *info)
{
    info->shared_info_frame = virt_to_mfn(d->shared_info).m;
    info->gpaddr_bits = (uint8_t)cpu_features.phys_bits;
    /* dom0 has the machine's timer, which tools know as this. */
    info->arch_config.emulation_flags = d->is_privileged ? XEN_X86_EMU_PIT : 0;
    info->arch_config.misc_flags = d->arch.msr_relaxed ? XEN_X86_MSR_RELAXED : 0;
}

int arch_domctl_set_address_size(struct domain *d, struct xen_domctl *op)
{
    (void)d;
    return op->u.address_size.size == 64 ? 0 : -EINVAL;
}

int arch_domctl_get_address_size(struct domain *d, struct xen_domctl *op)
{
    op->u.address_size.size = d->arch.is_pv32 ? 32 : 64;
    return 0;
}

/* ---- Frames ---------------------------------------------------------------------------------- */

static uint64_t describe_frame(struct domain *d, uint64_t mfn)
{
    static const uint32_t tables[] = {
        [FRAME_KIND_L1] = XEN_DOMCTL_PFINFO_L1TAB, [FRAME_KIND_L2] = XEN_DOMCTL_PFINFO_L2TAB,
        [FRAME_KIND_L3] = XEN_DOMCTL_PFINFO_L3TAB, [FRAME_KIND_L4] = XEN_DOMCTL_PFINFO_L4TAB,
    };
    struct frame *f = mfn_valid(mfn_of(mfn)) ? mfn_to_frame(mfn_of(mfn)) : NULL;

    if (!f || !frame_get(f, d))
        return XEN_DOMCTL_PFINFO_XTAB;
    uint64_t type = __atomic_load_n(&f->type, __ATOMIC_RELAXED);
    enum frame_kind kind = frame_kind(f);
    uint32_t what = XEN_DOMCTL_PFINFO_NOTAB;
    if ((type & FRAME_TYPE_REFS_MASK) && kind >= FRAME_KIND_L1 && kind <= FRAME_KIND_L4)
        what = tables[kind] | (type & FRAME_PINNED ? XEN_DOMCTL_PFINFO_LPINTAB : 0);
    frame_put(f);
    return what;
}

int arch_domctl_frame_info(struct domain *d, struct xen_domctl *op)
{
    const struct xen_domctl_getpageframeinfo3 *q = &op->u.getpageframeinfo3;

    if (q->num > MAX_FRAME_BATCH)
        return -E2BIG;
    for (uint64_t i = 0; i < q->num; i++) {
        xen_pfn_t entry;
        if (copy_from_guest_offset(&entry, q->array, i, 1))
            return -EFAULT;
        entry = describe_frame(d, entry);
        if (copy_to_guest_offset(q->array, i, &entry, 1))
            return -EFAULT;
    }
    return 0;
}

int arch_domctl_hypercall_init(struct domain *d, struct xen_domctl *op)
{
    mfn_t mfn = mfn_of(op->u.hypercall_init.gmfn);

    if (!mfn_valid(mfn))
        return -EACCES;
    struct frame *f = mfn_to_frame(mfn);
    int rc = frame_get_and_type(f, d, FRAME_KIND_WRITABLE);
    if (rc)
        return rc;
    hypercall_page_fill(frame_to_virt(f));
    frame_put_and_type(f);
    return 0;
}

/* A PV guest has neither shadows to switch nor a log of what it writes. */
int arch_domctl_shadow(struct domain *d, struct xen_domctl *op)
{
    (void)d;
    switch (op->u.shadow_op.op) {
    case XEN_DOMCTL_SHADOW_OP_ENABLE_TEST:
    case XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY:
    case XEN_DOMCTL_SHADOW_OP_ENABLE:
        return -EOPNOTSUPP;
    default:
        return -EINVAL;
    }
}

int arch_domctl_paging_pool(struct domain *d, struct xen_domctl *op)
{
    (void)d;
    (void)op;
    return -EOPNOTSUPP;
}

/* ---- Ports ----------------------------------------------------------------------------------- */

int arch_domctl_ioport_permission(struct domain *d, struct xen_domctl *op)
{
    const struct xen_domctl_ioport_permission *p = &op->u.ioport_permission;

    if (!p->nr_ports || p->first_port > 0xffff || p->nr_ports > 0x10000 - p->first_port)
        return -EINVAL;
    uint32_t last = p->first_port + p->nr_ports - 1;
    int rc = xsm_ioports(current->domain, d, p->first_port, last);
    return rc ? rc
              : domain_change_access(d, d->arch.ioport_caps, p->first_port, last, p->allow_access);
}

int arch_domctl_ioport_mapping(struct domain *d, struct xen_domctl *op)
{
    (void)d;
    (void)op;
    return -EOPNOTSUPP;                 /* only HVM guests have ports of their own numbering */
}
