/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interrupts as a domain numbers them: pirqs.
 *
 *     (absent) --map--> mapped --bind--> bound to a port --unbind--> mapped --unmap--> (absent)
 *
 * dom0's GSIs have the same number as pirq; MSIs follow above.  The page of PHYSDEVOP_pirq_eoi_gmfn
 * has a bit per bound pirq that wants an EOI.  Lock: d->arch.pirq_lock for the map and its entries;
 * the line's inside it.
 */
#include <x86/domain.h>
#include <xen/arch.h>
#include <xen/bitops.h>
#include <xen/domain.h>
#include <xen/event.h>
#include <xen/frame.h>
#include <xen/heap.h>
#include <xen/irq.h>
#include <xen/options.h>
#include <xen/pci.h>
#include <xen/printk.h>

#include "private.h"

struct pirq_map {
    unsigned int count;
    struct pirq *slot[];
};

/* extra_guest_irqs=DOMU,DOM0: pirqs besides the GSIs. */
static unsigned int opt_extra_domu = 32, opt_extra_dom0 = UINT32_MAX;

static int parse_extra(const char *value)
{
    unsigned int n[2] = { 0, 0 }, field = 0;
    bool digits = false;
    for (const char *p = value; *p; p++) {
        if (*p == ',' && field == 0 && digits) {
            field = 1;
            digits = false;
        } else if (*p >= '0' && *p <= '9' && n[field] < 100000) {
            n[field] = n[field] * 10 + (unsigned int)(*p - '0');
            digits = true;
        } else {
            return -EINVAL;
        }
    }
    if (!digits)
        return -EINVAL;
    opt_extra_domu = n[0];
    opt_extra_dom0 = field ? n[1] : opt_extra_dom0;
    return 0;
}
OPTION_CUSTOM(extra, "extra_guest_irqs", parse_extra);

unsigned int pirq_count(const struct domain *d)
{
    unsigned int extra = d->is_privileged ? opt_extra_dom0 : opt_extra_domu;
    unsigned int room = irq_line_count - irq_gsi_count;
    return irq_gsi_count + (extra < room ? extra : room);
}

static struct pirq_map *map_of(struct domain *d)
{
    if (!d->arch.pirqs) {
        unsigned int count = pirq_count(d);
        struct pirq_map *map = pool_zalloc(sizeof(*map) + count * sizeof(map->slot[0]));
        if (map)
            map->count = count;
        d->arch.pirqs = map;
    }
    return d->arch.pirqs;
}

static struct pirq *pirq_find(struct domain *d, unsigned int pirq)
{
    struct pirq_map *map = d->arch.pirqs;
    return map && pirq < map->count ? map->slot[pirq] : NULL;
}

/* The one that is mapped, or NULL. */
static struct pirq *pirq_find_mapped(struct domain *d, unsigned int pirq)
{
    struct pirq *p = pirq_find(d, pirq);
    return p && p->desc ? p : NULL;
}

/* ---- Mapping --------------------------------------------------------------------------------- */

static bool is_range_free(const struct pirq_map *map, unsigned int first, unsigned int n)
{
    for (unsigned int i = 0; i < n; i++) {
        if (first + i >= map->count || (map->slot[first + i] && map->slot[first + i]->desc))
            return false;
    }
    return true;
}

/* n numbers in a row that are neither mapped nor reserved. */
static int find_range(const struct pirq_map *map, unsigned int n)
{
    unsigned int run = 0;
    for (unsigned int i = irq_gsi_count; i < map->count; i++) {
        run = map->slot[i] ? 0 : run + 1;
        if (run == n)
            return (int)(i + 1 - n);
    }
    return -ENOSPC;
}

static int choose_range(const struct pirq_map *map, int wanted, unsigned int irq, unsigned int n)
{
    if (wanted >= 0)
        return is_range_free(map, (unsigned int)wanted, n) ? wanted : -EBUSY;
    if (irq < irq_gsi_count && is_range_free(map, irq, n))
        return (int)irq;
    return find_range(map, n);
}

static struct pirq *slot_fill(struct domain *d, unsigned int pirq, struct irq_desc *desc)
{
    struct pirq *p = d->arch.pirqs->slot[pirq];
    if (!p) {
        p = new(struct pirq);
        if (!p)
            return NULL;
        p->domain = d;
        p->number = pirq;
        d->arch.pirqs->slot[pirq] = p;
    }
    p->desc = desc;
    return p;
}

static void slot_clear(struct domain *d, unsigned int pirq)
{
    pool_free(d->arch.pirqs->slot[pirq]);
    d->arch.pirqs->slot[pirq] = NULL;
}

/* The same mapping once more is no error. */
static bool is_mapped_so(struct domain *d, int wanted, unsigned int irq, unsigned int n)
{
    unsigned int pirq = wanted >= 0 ? (unsigned int)wanted : irq;
    struct pirq *p = n == 1 && irq < irq_gsi_count ? pirq_find_mapped(d, pirq) : NULL;
    return p && p->desc->irq == irq;
}

static int map_locked(struct domain *d, int wanted, unsigned int irq, unsigned int n)
{
    struct pirq_map *map = map_of(d);
    if (!map)
        return -ENOMEM;
    if (is_mapped_so(d, wanted, irq, n))
        return wanted >= 0 ? wanted : (int)irq;
    int first = choose_range(map, wanted, irq, n);
    for (unsigned int i = 0; first >= 0 && i < n; i++) {
        if (!slot_fill(d, (unsigned int)first + i, irq_to_desc(irq + i))) {
            while (i--)
                slot_clear(d, (unsigned int)first + i);
            return -ENOMEM;
        }
    }
    return first;
}

int pirq_map_lines(struct domain *d, int wanted, unsigned int irq, unsigned int n)
{
    if (n == 0 || n > irq_line_count || irq > irq_line_count - n || !irq_to_desc(irq)->chip)
        return -EINVAL;
    if (wanted >= 0 && (unsigned int)wanted >= pirq_count(d))
        return -EINVAL;
    spin_lock(&d->arch.pirq_lock);
    int rc = map_locked(d, wanted, irq, n);
    spin_unlock(&d->arch.pirq_lock);
    return rc;
}

int pirq_alloc_free(struct domain *d)
{
    spin_lock(&d->arch.pirq_lock);
    struct pirq_map *map = map_of(d);
    int pirq = map ? find_range(map, 1) : -ENOMEM;
    if (pirq >= 0 && !slot_fill(d, (unsigned int)pirq, NULL))
        pirq = -ENOMEM;
    spin_unlock(&d->arch.pirq_lock);
    return pirq;
}

int pirq_to_irq(struct domain *d, unsigned int pirq)
{
    spin_lock(&d->arch.pirq_lock);
    struct pirq *p = pirq_find_mapped(d, pirq);
    int irq = p ? (int)p->desc->irq : -ENOENT;
    spin_unlock(&d->arch.pirq_lock);
    return irq;
}

/* ---- Binding to a port ----------------------------------------------------------------------- */

static void eoi_page_assign(struct domain *d, unsigned int pirq, bool wants_eoi)
{
    if (!d->arch.pirq_eoi_map || pirq >= PAGE_SIZE * 8)
        return;
    if (wants_eoi)
        atomic_set_bit(pirq, d->arch.pirq_eoi_map);
    else
        atomic_clear_bit(pirq, d->arch.pirq_eoi_map);
}

int pirq_bind(struct vcpu *v, unsigned int pirq, unsigned int port, bool may_share)
{
    struct domain *d = v->domain;
    if (pirq >= pirq_count(d))
        return -EINVAL;
    spin_lock(&d->arch.pirq_lock);
    struct pirq *p = pirq_find_mapped(d, pirq);
    int rc = !p ? -EINVAL : p->port ? -EEXIST : 0;
    if (!rc) {
        p->port = port;                 /* first: it may fire before attach returns */
        eoi_page_assign(d, pirq, p->desc->level);
        rc = line_guest_attach(p->desc, p, v->processor, may_share);
        if (rc) {
            p->port = 0;
            eoi_page_assign(d, pirq, false);
        }
    }
    spin_unlock(&d->arch.pirq_lock);
    return rc;
}

static void unbind_locked(struct domain *d, struct pirq *p)
{
    if (!p || !p->port)
        return;
    line_guest_detach(p->desc, p);
    p->port = 0;
    eoi_page_assign(d, p->number, false);
}

void pirq_unbind(struct domain *d, unsigned int pirq)
{
    spin_lock(&d->arch.pirq_lock);
    unbind_locked(d, pirq_find_mapped(d, pirq));
    spin_unlock(&d->arch.pirq_lock);
}

int pirq_guest_eoi(struct domain *d, unsigned int pirq)
{
    int rc = -EINVAL;
    spin_lock(&d->arch.pirq_lock);
    struct pirq *p = pirq_find_mapped(d, pirq);
    if (p && p->port)
        line_guest_eoi(p->desc, p);
    if (p || pirq < pirq_count(d))
        rc = 0;
    spin_unlock(&d->arch.pirq_lock);
    return rc;
}

void pirq_eoi(struct domain *d, unsigned int pirq)
{
    int rc = pirq_guest_eoi(d, pirq);
    (void)rc;
}

void pirq_set_affinity(struct domain *d, unsigned int pirq, struct vcpu *v)
{
    spin_lock(&d->arch.pirq_lock);
    struct pirq *p = pirq_find_mapped(d, pirq);
    if (p && p->port)
        line_guest_affinity(p->desc, v->processor);
    spin_unlock(&d->arch.pirq_lock);
}

unsigned int pirq_port(struct domain *d, unsigned int pirq)
{
    spin_lock(&d->arch.pirq_lock);
    struct pirq *p = pirq_find_mapped(d, pirq);
    unsigned int port = p ? p->port : 0;
    spin_unlock(&d->arch.pirq_lock);
    return port;
}

bool pirq_needs_eoi(struct domain *d, unsigned int pirq)
{
    spin_lock(&d->arch.pirq_lock);
    struct pirq *p = pirq_find_mapped(d, pirq);
    bool answer = p && p->desc->level;
    spin_unlock(&d->arch.pirq_lock);
    return answer;
}

bool pirq_is_shared(struct domain *d, unsigned int pirq)
{
    spin_lock(&d->arch.pirq_lock);
    struct pirq *p = pirq_find_mapped(d, pirq);
    bool answer = p && p->desc->nr_guests > 1;
    spin_unlock(&d->arch.pirq_lock);
    return answer;
}

int pirq_set_eoi_page(struct domain *d, uint64_t gmfn, bool auto_unmask)
{
    struct frame *f = arch_gfn_to_frame(d, gfn_of(gmfn));
    if (!f)
        return -EINVAL;
    int rc = frame_get_type(f, FRAME_KIND_WRITABLE);
    if (rc) {
        frame_put(f);
        return rc;
    }
    spin_lock(&d->arch.pirq_lock);
    if (d->arch.pirq_eoi_map) {
        spin_unlock(&d->arch.pirq_lock);
        frame_put_and_type(f);
        return -EBUSY;
    }
    d->arch.pirq_eoi_frame = f;
    d->arch.pirq_eoi_map = frame_to_virt(f);
    d->arch.auto_unmask = auto_unmask;
    for (unsigned int pirq = 0; pirq < pirq_count(d); pirq++) {
        struct pirq *p = pirq_find_mapped(d, pirq);
        eoi_page_assign(d, pirq, p && p->port && p->desc->level);
    }
    spin_unlock(&d->arch.pirq_lock);
    return 0;
}

/* ---- Going away ------------------------------------------------------------------------------ */

/* All pirqs of an MSI group go at once; returns the group's first line if it has to be freed. */
static int unmap_locked(struct domain *d, unsigned int pirq)
{
    struct pirq *p = pirq_find(d, pirq);
    if (!p)
        return -EINVAL;
    if (!p->desc || p->desc->irq < irq_gsi_count) {
        unbind_locked(d, p);
        slot_clear(d, pirq);
        return 0;
    }
    unsigned int n, first = msi_group(p->desc->irq, &n);
    unsigned int base = pirq - (p->desc->irq - first);
    for (unsigned int i = 0; i < n; i++) {
        unbind_locked(d, pirq_find(d, base + i));
        slot_clear(d, base + i);
    }
    return (int)first;
}

int pirq_unmap(struct domain *d, unsigned int pirq)
{
    spin_lock(&d->arch.pirq_lock);
    int rc = unmap_locked(d, pirq);
    spin_unlock(&d->arch.pirq_lock);
    if (rc <= 0)
        return rc;
    msi_free((unsigned int)rc);
    return 0;
}

void pirq_domain_destroy(struct domain *d)
{
    struct pirq_map *map = d->arch.pirqs;
    for (unsigned int pirq = 0; map && pirq < map->count; pirq++) {
        if (map->slot[pirq]) {
            int rc = pirq_unmap(d, pirq);
            (void)rc;                   /* it is there */
        }
    }
    d->arch.pirqs = NULL;
    pool_free(map);
    if (d->arch.pirq_eoi_frame) {
        d->arch.pirq_eoi_map = NULL;
        frame_put_and_type(d->arch.pirq_eoi_frame);
        d->arch.pirq_eoi_frame = NULL;
    }
}
