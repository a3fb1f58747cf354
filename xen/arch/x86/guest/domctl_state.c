/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A vcpu's state beyond its context: extended registers, MSRs, entry points of 32-bit code.
 *
 * Its domain is paused while they are read or written, so that what is in the structures is all
 * there is.
 */
#include <lib/math.h>
#include <lib/string.h>
#include <x86/cpu.h>
#include <x86/guest.h>
#include <x86/pv.h>
#include <xen/control.h>
#include <xen/guest_access.h>
#include <xen/heap.h>
#include <xen/sched.h>

#define MSR_TSC_AUX 0xc0000103
#define MCG_CAP     0                   /* no machine check banks */

/* In front of the XSAVE area: XCR0, and the largest one so far. */
struct xstate_header { uint64_t xcr0, xcr0_accum; };

static int begin(struct domain *d, uint32_t vcpu_id, struct vcpu **v)
{
    *v = domain_vcpu(d, vcpu_id);
    if (d == current->domain)
        return -EINVAL;
    if (!*v)
        return vcpu_id < d->max_vcpus ? -ESRCH : -EINVAL;
    domain_pause(d);
    return 0;
}

/* ---- FPU and further ------------------------------------------------------------------------- */

int arch_domctl_get_xstate(struct domain *d, struct xen_domctl *op)
{
    struct xen_domctl_vcpuextstate *x = &op->u.vcpuextstate;
    const struct vcpu *own = domain_vcpu(d, x->vcpu);
    uint64_t all = sizeof(struct xstate_header) + xstate_area_size(), to = (uint64_t)x->buffer.p;
    struct vcpu *v;

    if (!own)
        return x->vcpu < d->max_vcpus ? -ESRCH : -EINVAL;
    if (!cpu_features.xsave)
        all = 0;                        /* the context holds it all */
    if (!x->size || !to) {
        x->size = all;
        x->xfeature_mask = xstate_mask;
        return 0;
    }
    if (x->size != all)
        return -EINVAL;
    int rc = begin(d, x->vcpu, &v);
    if (rc)
        return rc;
    struct xstate_header h = { v->arch.xcr0, v->arch.xcr0 | xstate_in_use(v) };
    x->xfeature_mask = xstate_mask;
    if (copy_arg_to_guest(to, &h) ||
        copy_to_guest_va(to + sizeof(h), v->arch.xsave, xstate_area_size()))
        rc = -EFAULT;
    domain_unpause(d);
    return rc;
}

int arch_domctl_set_xstate(struct domain *d, struct xen_domctl *op)
{
    const struct xen_domctl_vcpuextstate *x = &op->u.vcpuextstate;
    uint64_t from = (uint64_t)x->buffer.p, size = x->size - sizeof(struct xstate_header);
    struct xstate_header h;
    struct vcpu *v;

    if (!cpu_features.xsave || x->size < sizeof(h) + XSAVE_HEADER_END || size > xstate_area_size())
        return -EINVAL;
    uint8_t *area = pool_zalloc(xstate_area_size());
    if (!area)
        return -ENOMEM;
    int rc = copy_arg_from_guest(&h, from) || copy_from_guest_va(area, from + sizeof(h), size)
                 ? -EFAULT
                 : 0;
    if (!rc)
        rc = begin(d, x->vcpu, &v);
    if (!rc) {
        rc = xstate_replace(v, h.xcr0, area);
        domain_unpause(d);
    }
    pool_free(area);
    return rc;
}

/* ---- MSRs: those that are a PV vcpu's own and not in its context
 * ------------------------------- */

int arch_domctl_get_msrs(struct domain *d, struct xen_domctl *op)
{
    struct xen_domctl_vcpu_msrs *m = &op->u.vcpu_msrs;
    struct vcpu *v;

    if (guest_handle_is_null(m->msrs)) {
        m->msr_count = 1;
        return 0;
    }
    int rc = begin(d, m->vcpu, &v);
    if (rc)
        return rc;
    struct xen_domctl_vcpu_msr e = { .index = MSR_TSC_AUX, .value = v->arch.tsc_aux };
    uint32_t n = e.value != 0;
    if (m->msr_count < n)
        rc = -ENOBUFS;
    else if (n && copy_to_guest(m->msrs, &e, 1))
        rc = -EFAULT;
    m->msr_count = n;
    domain_unpause(d);
    return rc;
}

/* On an error msr_count tells how far it came. */
int arch_domctl_set_msrs(struct domain *d, struct xen_domctl *op)
{
    struct xen_domctl_vcpu_msrs *m = &op->u.vcpu_msrs;
    uint32_t i, n = m->msr_count;
    struct vcpu *v;

    if (n > 1024)
        return -EINVAL;
    int rc = begin(d, m->vcpu, &v);
    if (rc)
        return rc;
    for (i = 0; i < n && !rc; i++) {
        struct xen_domctl_vcpu_msr e;
        if (copy_from_guest_offset(&e, m->msrs, i, 1))
            rc = -EFAULT;
        else if (e.reserved || e.index != MSR_TSC_AUX || e.value > UINT32_MAX)
            rc = -EINVAL;
        else
            v->arch.tsc_aux = e.value;
    }
    m->msr_count = rc ? i - 1 : n;
    domain_unpause(d);
    return rc;
}

/* ---- Entry points ---------------------------------------------------------------------------- */

int arch_domctl_get_ext_context(struct domain *d, struct xen_domctl *op)
{
    struct xen_domctl_ext_vcpucontext *x = &op->u.ext_vcpucontext;
    const struct vcpu *v = domain_vcpu(d, x->vcpu);

    if (!v)
        return x->vcpu < d->max_vcpus ? -ESRCH : -EINVAL;
    uint32_t vcpu_id = x->vcpu;
    *x = (struct xen_domctl_ext_vcpucontext){ .vcpu = vcpu_id,
                                              .size = sizeof(*x),
                                              .mcg_cap = MCG_CAP };
    pv_vcpu_get_ext_context(v, x);
    return 0;
}

int arch_domctl_set_ext_context(struct domain *d, struct xen_domctl *op)
{
    const struct xen_domctl_ext_vcpucontext *x = &op->u.ext_vcpucontext;
    struct vcpu *v;

    if (x->size < offsetof(struct xen_domctl_ext_vcpucontext, mcg_cap))
        return -EINVAL;
    int rc = begin(d, x->vcpu, &v);
    if (rc)
        return rc;
    rc = pv_vcpu_set_ext_context(v, x);
    domain_unpause(d);
    return rc;
}
