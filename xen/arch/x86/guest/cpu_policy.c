/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CPUID as a list of answers: the machine's, what guests can have of it, what one domain is to see.
 *
 * Toolstacks read policies, change them, and set a domain's before it runs.  A domain can only lose
 * features by this: what it is shown is what pv_cpuid() finds fit for it, without the features its
 * policy lacks.
 */
#include <lib/math.h>
#include <lib/string.h>
#include <x86/cpu.h>
#include <x86/guest.h>
#include <x86/mm.h>
#include <xen/arch.h>
#include <xen/control.h>
#include <xen/guest_access.h>
#include <xen/heap.h>
#include <xen/sched.h>

/* The leaves of a policy; numbers of the ABI's makers, who size their buffers by them. */
#define NR_BASIC    14                  /* up to 0xd */
#define NR_CACHE    6                   /* leaf 4 */
#define NR_FEATURE  3                   /* leaf 7 */
#define NR_TOPOLOGY 2                   /* leaf 0xb */
#define NR_XSTATE   63                  /* leaf 0xd */
#define NR_OURS     2                   /* 0x40000000 and 0x40000100: not the toolstack's */
#define NR_EXTENDED 0x22                /* 0x80000000 up to 0x80000021 */
#define MAX_LEAVES \
    (NR_BASIC - 4 + NR_CACHE + NR_FEATURE + NR_TOPOLOGY + NR_XSTATE + NR_OURS + NR_EXTENDED)
#define EXTENDED    0x80000000u

#define MSR_PLATFORM_INFO   0xce
#define MSR_ARCH_CAPS       0x10a
#define NR_MSRS             2
#define FEATURE_WORDS       19

/* Features of leaf 1's edx that AMD repeats in 0x80000001's: told once. */
#define EXTENDED_COMMON     0x0183f3ffu
#define ECX1_OSXSAVE        (1u << 27)
#define ECX7_OSPKE          (1u << 4)
#define EBX1_APIC_ID        0xff000000u

struct cpu_policy {
    struct cpuid_regs basic[NR_BASIC], cache[NR_CACHE], feature[NR_FEATURE], topology[NR_TOPOLOGY],
        xstate[NR_XSTATE], ours[NR_OURS], extended[NR_EXTENDED];
};

/* ---- Making ---------------------------------------------------------------------------------- */

typedef void (*reader)(uint32_t leaf, uint32_t subleaf, struct cpuid_regs *r);

static void read_machine(uint32_t leaf, uint32_t subleaf, struct cpuid_regs *r)
{
    bool known = leaf <= cpuid(leaf & EXTENDED, 0).eax;
    *r = known ? cpuid(leaf, subleaf) : (struct cpuid_regs){ 0 };
}

static void read_subleaves(reader read, uint32_t leaf, struct cpuid_regs *list, unsigned int n)
{
    for (unsigned int i = 0; i < n; i++)
        read(leaf, i, &list[i]);
}

/* What depends on who asks, or when, is no policy. */
static void drop_dynamic(struct cpu_policy *p)
{
    p->basic[1].ebx &= ~EBX1_APIC_ID;
    p->basic[1].ecx &= ~ECX1_OSXSAVE;
    p->feature[0].ecx &= ~ECX7_OSPKE;
    p->xstate[0].ebx = p->xstate[1].ebx = 0;
    memset(p->topology, 0, sizeof(p->topology));
}

static void policy_read(struct cpu_policy *p, reader read)
{
    memset(p, 0, sizeof(*p));
    for (uint32_t i = 0; i < NR_BASIC; i++)
        if (i != 4 && i != 7 && i != 0xb && i != 0xd)
            read(i, 0, &p->basic[i]);
    for (uint32_t i = 0; i < NR_EXTENDED; i++)
        read(EXTENDED + i, 0, &p->extended[i]);
    read_subleaves(read, 4, p->cache, NR_CACHE);
    read_subleaves(read, 7, p->feature, NR_FEATURE);
    read_subleaves(read, 0xb, p->topology, NR_TOPOLOGY);
    read_subleaves(read, 0xd, p->xstate, NR_XSTATE);
    p->basic[0].eax = min(p->basic[0].eax, NR_BASIC - 1u);
    p->extended[0].eax = min(p->extended[0].eax, EXTENDED + NR_EXTENDED - 1u);
    p->feature[0].eax = min(p->feature[0].eax, NR_FEATURE - 1u);
}

static void policy_of_machine(struct cpu_policy *p) { policy_read(p, read_machine); }

static void policy_of_host(struct cpu_policy *p)
{
    policy_read(p, read_machine);
    drop_dynamic(p);
}

static void policy_of_pv(struct cpu_policy *p)
{
    policy_read(p, pv_cpuid_default);
    drop_dynamic(p);
    p->extended[1].edx &= ~EXTENDED_COMMON;
}

static int policy_of(struct cpu_policy *p, uint32_t index)
{
    switch (index) {
    case XEN_SYSCTL_cpu_policy_raw: policy_of_machine(p); return 0;
    case XEN_SYSCTL_cpu_policy_host: policy_of_host(p); return 0;
    case XEN_SYSCTL_cpu_policy_pv_max:
    case XEN_SYSCTL_cpu_policy_pv_default: policy_of_pv(p); return 0;
    case XEN_SYSCTL_cpu_policy_hvm_max:
    case XEN_SYSCTL_cpu_policy_hvm_default: return -EOPNOTSUPP;
    default: return -EINVAL;
    }
}

/* ---- As lists of leaves ---------------------------------------------------------------------- */

/* The place of a leaf; NULL: policies do not have it.  Leaves without subleaves are asked for as
 * such. */
static struct cpuid_regs *policy_leaf(struct cpu_policy *p, uint32_t leaf, uint32_t subleaf)
{
    switch (leaf) {
    case 4: return subleaf < NR_CACHE ? &p->cache[subleaf] : NULL;
    case 7: return subleaf < NR_FEATURE ? &p->feature[subleaf] : NULL;
    case 0xb: return subleaf < NR_TOPOLOGY ? &p->topology[subleaf] : NULL;
    case 0xd: return subleaf < NR_XSTATE ? &p->xstate[subleaf] : NULL;
    }
    if (subleaf != XEN_CPUID_NO_SUBLEAF)
        return NULL;
    if (leaf < NR_BASIC)
        return &p->basic[leaf];
    if (leaf >= EXTENDED && leaf < EXTENDED + NR_EXTENDED)
        return &p->extended[leaf - EXTENDED];
    return leaf == 0x40000000 ? &p->ours[0] : leaf == 0x40000100 ? &p->ours[1] : NULL;
}

struct leaf_list { xen_cpuid_leaf_t *leaves; uint32_t n; };

static void put(struct leaf_list *out, uint32_t leaf, uint32_t subleaf, const struct cpuid_regs *r)
{
    out->leaves[out->n++] = (xen_cpuid_leaf_t){ leaf, subleaf, r->eax, r->ebx, r->ecx, r->edx };
}

static void put_subleaves(struct leaf_list *out, uint32_t leaf, const struct cpuid_regs *list,
                          unsigned int n)
{
    for (unsigned int i = 0; i < n; i++)
        put(out, leaf, i, &list[i]);
}

static unsigned int nr_caches(const struct cpu_policy *p)
{
    unsigned int n = 0;
    while (n < NR_CACHE - 1 && (p->cache[n].eax & 0x1f))
        n++;
    return n + 1;
}

static unsigned int nr_xstates(const struct cpu_policy *p)
{
    uint64_t all = p->xstate[0].eax | (uint64_t)p->xstate[0].edx << 32 | p->xstate[1].ecx |
                   (uint64_t)p->xstate[1].edx << 32;
    return max(2u, min(all ? ilog2(all) + 1 : 0, (unsigned int)NR_XSTATE));
}

/* Ascending; room for MAX_LEAVES. */
static uint32_t policy_to_leaves(const struct cpu_policy *p, xen_cpuid_leaf_t *leaves)
{
    struct leaf_list out = { leaves, 0 };

    for (uint32_t i = 0; i <= min(p->basic[0].eax, NR_BASIC - 1u); i++)
        switch (i) {
        case 4: put_subleaves(&out, i, p->cache, nr_caches(p)); break;
        case 7:
            put_subleaves(&out, i, p->feature, min(p->feature[0].eax, NR_FEATURE - 1u) + 1);
            break;
        case 0xb: put_subleaves(&out, i, p->topology, NR_TOPOLOGY); break;
        case 0xd: put_subleaves(&out, i, p->xstate, nr_xstates(p)); break;
        default: put(&out, i, XEN_CPUID_NO_SUBLEAF, &p->basic[i]);
        }
    put(&out, 0x40000000, XEN_CPUID_NO_SUBLEAF, &p->ours[0]);
    put(&out, 0x40000100, XEN_CPUID_NO_SUBLEAF, &p->ours[1]);
    for (uint32_t i = 0; i <= min(p->extended[0].eax & 0xffff, NR_EXTENDED - 1u); i++)
        put(&out, EXTENDED + i, XEN_CPUID_NO_SUBLEAF, &p->extended[i]);
    return out.n;
}

/* To the caller's buffers; *nr_leaves, *nr_msrs: room, then how many.  -ENOBUFS, -EFAULT,
 * -ENOMEM. */
static int policy_to_guest(const struct cpu_policy *p, uint64_t to_leaves, uint32_t *nr_leaves,
                           uint64_t to_msrs, uint32_t *nr_msrs)
{
    static const xen_msr_entry_t msrs[NR_MSRS] = { { .idx = MSR_PLATFORM_INFO },
                                                   { .idx = MSR_ARCH_CAPS } };
    xen_cpuid_leaf_t *leaves = pool_alloc(MAX_LEAVES * sizeof(*leaves));
    int rc = 0;

    if (!leaves)
        return -ENOMEM;
    uint32_t n = policy_to_leaves(p, leaves);
    if (to_leaves) {
        rc = *nr_leaves < n                                             ? -ENOBUFS
             : copy_to_guest_va(to_leaves, leaves, n * sizeof(*leaves)) ? -EFAULT
                                                                        : 0;
        *nr_leaves = n;
    }
    if (!rc && to_msrs) {
        rc = *nr_msrs < NR_MSRS                              ? -ENOBUFS
             : copy_to_guest_va(to_msrs, msrs, sizeof(msrs)) ? -EFAULT
                                                             : 0;
        *nr_msrs = NR_MSRS;
    }
    pool_free(leaves);
    return rc;
}

/* ---- What the machine has: sysctl ------------------------------------------------------------ */

int arch_sysctl_cpu_policy(struct xen_sysctl *op)
{
    struct xen_sysctl_cpu_policy *q = &op->u.cpu_policy;
    uint64_t leaves = (uint64_t)q->leaves.p, msrs = (uint64_t)q->msrs.p;

    if (q->index > XEN_SYSCTL_cpu_policy_hvm_default)
        return -EINVAL;
    if (!leaves && !msrs) {
        q->nr_leaves = MAX_LEAVES;
        q->nr_msrs = NR_MSRS;
        return 0;
    }
    struct cpu_policy *p = new(struct cpu_policy);
    if (!p)
        return -ENOMEM;
    int rc = policy_of(p, q->index);
    if (!rc)
        rc = policy_to_guest(p, leaves, &q->nr_leaves, msrs, &q->nr_msrs);
    pool_free(p);
    return rc;
}

/* The words in their order (public/arch-x86/cpufeatureset.h); arch capabilities are not told. */
static void policy_features(const struct cpu_policy *p, uint32_t words[FEATURE_WORDS])
{
    const uint32_t all[FEATURE_WORDS] = {
        p->basic[1].edx,
        p->basic[1].ecx,
        p->extended[1].edx,
        p->extended[1].ecx,
        p->xstate[1].eax,
        p->feature[0].ebx,
        p->feature[0].ecx,
        p->extended[7].edx,
        p->extended[8].ebx,
        p->feature[0].edx,
        p->feature[1].eax,
        p->extended[0x21].eax,
        p->feature[1].ebx,
        p->feature[2].edx,
        p->feature[1].ecx,
        p->feature[1].edx,
        0,
        0,
        p->extended[0x21].ecx,
    };
    memcpy(words, all, sizeof(all));
}

static int features_of(uint32_t policy, uint32_t words[FEATURE_WORDS])
{
    struct cpu_policy *p = new(struct cpu_policy);
    if (!p)
        return -ENOMEM;
    int rc = policy_of(p, policy);
    if (!rc)
        policy_features(p, words);
    pool_free(p);
    return rc;
}

int arch_sysctl_featureset(struct xen_sysctl *op)
{
    static const uint8_t policies[] = {
        [XEN_SYSCTL_cpu_featureset_raw] = XEN_SYSCTL_cpu_policy_raw,
        [XEN_SYSCTL_cpu_featureset_host] = XEN_SYSCTL_cpu_policy_host,
        [XEN_SYSCTL_cpu_featureset_pv] = XEN_SYSCTL_cpu_policy_pv_default,
        [XEN_SYSCTL_cpu_featureset_hvm] = XEN_SYSCTL_cpu_policy_hvm_default,
        [XEN_SYSCTL_cpu_featureset_pv_max] = XEN_SYSCTL_cpu_policy_pv_max,
        [XEN_SYSCTL_cpu_featureset_hvm_max] = XEN_SYSCTL_cpu_policy_hvm_max,
    };
    struct xen_sysctl_cpu_featureset *q = &op->u.cpu_featureset;
    uint32_t words[FEATURE_WORDS], room = q->nr_features;

    q->nr_features = FEATURE_WORDS;
    if (guest_handle_is_null(q->features))
        return 0;
    if (q->index >= sizeof(policies))
        return -EINVAL;
    int rc = features_of(policies[q->index], words);
    if (rc)
        return rc;
    q->nr_features = min(room, (uint32_t)FEATURE_WORDS);
    if (copy_to_guest(q->features, words, q->nr_features))
        return -EFAULT;
    return room < FEATURE_WORDS ? -ENOBUFS : 0;
}

/* A guest's bare CPUID is the processor's: nothing can be changed about it. */
int arch_sysctl_levelling(struct xen_sysctl *op)
{
    op->u.cpu_levelling_caps.caps = 0;
    return 0;
}

void arch_sysctl_physinfo(struct xen_sysctl_physinfo *info)
{
    uint32_t words[FEATURE_WORDS];

    info->max_mfn = max_mfn - 1;
    if (!features_of(XEN_SYSCTL_cpu_policy_host, words))
        memcpy(info->hw_cap, words, sizeof(info->hw_cap));
}

struct cpu_place arch_cpu_place(unsigned int cpu)
{
    return (struct cpu_place){ cpu_core_id(cpu), cpu_socket_id(cpu), cpu_node_id(cpu) };
}

/* ---- What a domain sees: domctl -------------------------------------------------------------- */

int arch_domctl_get_cpu_policy(struct domain *d, struct xen_domctl *op)
{
    struct xen_domctl_cpu_policy *q = &op->u.cpu_policy;
    uint64_t leaves = (uint64_t)q->leaves.p, msrs = (uint64_t)q->msrs.p;
    struct cpu_policy *p = d->arch.cpu_policy;

    if (p)
        return policy_to_guest(p, leaves, &q->nr_leaves, msrs, &q->nr_msrs);
    p = new(struct cpu_policy);
    if (!p)
        return -ENOMEM;
    policy_of_pv(p);
    int rc = policy_to_guest(p, leaves, &q->nr_leaves, msrs, &q->nr_msrs);
    pool_free(p);
    return rc;
}

static int merge_leaves(struct cpu_policy *p, struct xen_domctl_cpu_policy *q)
{
    for (uint32_t i = 0; i < q->nr_leaves; i++) {
        xen_cpuid_leaf_t l;

        if (copy_from_guest_offset(&l, q->leaves, i, 1))
            return -EFAULT;
        struct cpuid_regs *r = policy_leaf(p, l.leaf, l.subleaf);
        if (!r) {
            q->err_leaf = l.leaf;
            q->err_subleaf = l.subleaf;
            return -ERANGE;
        }
        *r = (struct cpuid_regs){ l.a, l.b, l.c, l.d };
    }
    return 0;
}

/* Those that there are are 0, and stay it. */
static int check_msrs(struct xen_domctl_cpu_policy *q)
{
    for (uint32_t i = 0; i < q->nr_msrs; i++) {
        xen_msr_entry_t e;

        if (copy_from_guest_offset(&e, q->msrs, i, 1))
            return -EFAULT;
        if (e.flags || e.val || (e.idx != MSR_PLATFORM_INFO && e.idx != MSR_ARCH_CAPS)) {
            q->err_msr = e.idx;
            return -EINVAL;
        }
    }
    return 0;
}

/* More leaves than a guest can have are a promise we could not keep. */
static int check_limits(const struct cpu_policy *p, struct xen_domctl_cpu_policy *q)
{
    const uint32_t given[] = { p->basic[0].eax, p->extended[0].eax, p->feature[0].eax };
    const uint32_t most[] = { NR_BASIC - 1, EXTENDED + NR_EXTENDED - 1, NR_FEATURE - 1 };
    const uint32_t leaf[] = { 0, EXTENDED, 7 };

    for (unsigned int i = 0; i < ARRAY_SIZE(given); i++)
        if (given[i] > most[i]) {
            q->err_leaf = leaf[i];
            q->err_subleaf = leaf[i] == 7 ? 0 : XEN_CPUID_NO_SUBLEAF;
            return -EINVAL;
        }
    return 0;
}

int arch_domctl_set_cpu_policy(struct domain *d, struct xen_domctl *op)
{
    struct xen_domctl_cpu_policy *q = &op->u.cpu_policy;

    if (d == current->domain)
        return -EINVAL;
    if (q->nr_leaves > MAX_LEAVES || q->nr_msrs > NR_MSRS)
        return -E2BIG;
    q->err_leaf = q->err_subleaf = q->err_msr = ~0u;
    struct cpu_policy *p = new(struct cpu_policy);
    if (!p)
        return -ENOMEM;
    if (d->arch.cpu_policy)
        *p = *d->arch.cpu_policy;
    else
        policy_of_pv(p);
    int rc = merge_leaves(p, q);
    if (!rc)
        rc = check_msrs(q);
    if (!rc)
        rc = check_limits(p, q);
    if (!rc) {
        domain_pause(d);
        struct cpu_policy *old = d->arch.cpu_policy;
        d->arch.cpu_policy = p;
        p = old;
        domain_unpause(d);
    }
    pool_free(p);
    return rc;
}

void cpu_policy_free(struct domain *d)
{
    pool_free(d->arch.cpu_policy);
    d->arch.cpu_policy = NULL;
}

/* ---- Applied --------------------------------------------------------------------------------- */

static void restrict_to(struct cpuid_regs *r, uint32_t eax, uint32_t ebx, uint32_t ecx,
                        uint32_t edx)
{
    r->eax &= eax;
    r->ebx &= ebx;
    r->ecx &= ecx;
    r->edx &= edx;
}

void cpu_policy_apply(const struct domain *d, uint32_t leaf, uint32_t subleaf, struct cpuid_regs *r)
{
    struct cpu_policy *p = d->arch.cpu_policy;

    if (!p)
        return;
    uint32_t limit = leaf >= EXTENDED ? p->extended[0].eax : p->basic[0].eax;
    bool has_subleaves = leaf == 4 || leaf == 7 || leaf == 0xb || leaf == 0xd;
    const struct cpuid_regs *e =
        policy_leaf(p, leaf, has_subleaves ? subleaf : XEN_CPUID_NO_SUBLEAF);
    if (!e || leaf > limit) {
        *r = (struct cpuid_regs){ 0 };
        return;
    }
    switch (leaf) {
    case 1:
        restrict_to(r, 0, ~0u, e->ecx | ECX1_OSXSAVE, e->edx);
        r->eax = e->eax;
        return;
    case 7: restrict_to(r, subleaf ? e->eax : ~0u, e->ebx, e->ecx, e->edx); return;
    case 0xb: return;
    case 0xd: restrict_to(r, subleaf > 1 ? ~0u : e->eax, ~0u, ~0u, ~0u); return;
    case EXTENDED + 1:
        restrict_to(r, 0, ~0u, e->ecx, e->edx | EXTENDED_COMMON);
        r->eax = e->eax;
        return;
    case EXTENDED + 7: restrict_to(r, ~0u, ~0u, ~0u, e->edx); return;
    case EXTENDED + 8:
        restrict_to(r, 0, e->ebx, ~0u, ~0u);
        r->eax = e->eax;
        return;
    case EXTENDED + 0x21: restrict_to(r, e->eax, ~0u, e->ecx, ~0u); return;
    default: *r = *e;
    }
}
