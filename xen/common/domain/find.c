/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Finding domains: a table by id and a list by ascending id.
 *
 * Writers hold domain_list_lock; readers are in an RCU read section and take a reference before
 * they leave it.  A domain is in both from the end of its creation until nothing of it is left but
 * references.
 */
#include <xen/assert.h>
#include <xen/atomic.h>
#include <xen/heap.h>

#include "private.h"

DEFINE_SPINLOCK(domain_list_lock, LOCK_DOMCTL_LIST);
static LIST_HEAD(domain_list);
static struct domain *domain_table[DOMID_FIRST_RESERVED];

struct domain *hardware_domain, *idle_domain, *system_domain_xen, *system_domain_io;

struct domain *domain_by_id_unlocked(domid_t id)
{
    return id < DOMID_FIRST_RESERVED ? rcu_dereference(domain_table[id]) : NULL;
}

void domain_list_add(struct domain *d)
{
    struct list_head *at;

    spin_lock(&domain_list_lock);
    assert(!domain_table[d->id]);
    for (at = domain_list.next; at != &domain_list; at = at->next)
        if (container_of(at, struct domain, link)->id > d->id)
            break;
    /* Linked forwards last, so that a reader sees a whole node. */
    d->link.next = at;
    d->link.prev = at->prev;
    rcu_assign_pointer(at->prev->next, &d->link);
    at->prev = &d->link;
    rcu_assign_pointer(domain_table[d->id], d);
    spin_unlock(&domain_list_lock);
}

void domain_list_remove(struct domain *d)
{
    spin_lock(&domain_list_lock);
    rcu_assign_pointer(domain_table[d->id], NULL);
    /* Its own forward link stays: a reader that stands on it goes on. */
    rcu_assign_pointer(d->link.prev->next, d->link.next);
    d->link.next->prev = d->link.prev;
    spin_unlock(&domain_list_lock);
}

static struct domain *entry(struct list_head *link)
{
    return link == &domain_list ? NULL : container_of(link, struct domain, link);
}

struct domain *domain_first(void) { return entry(rcu_dereference(domain_list.next)); }
struct domain *domain_next(struct domain *d) { return entry(rcu_dereference(d->link.next)); }

bool domain_get(struct domain *d)
{
    uint32_t old = read_once(d->refs);
    do {
        if (!old || old == UINT32_MAX)
            return false;
    } while (!atomic_cas(&d->refs, &old, old + 1));
    return true;
}

void domain_put(struct domain *d)
{
    if (!atomic_sub_return(&d->refs, 1))
        domain_free(d);
}

struct domain *domain_find(domid_t id)
{
    rcu_read_lock();
    struct domain *d = domain_by_id_unlocked(id);
    if (d && !domain_get(d))
        d = NULL;
    rcu_read_unlock();
    return d;
}

struct domain *domain_find_any(domid_t id)
{
    return domain_find(id == DOMID_SELF ? current->domain->id : id);
}

int domain_find_for(domid_t id, struct domain **out)
{
    struct domain *self = current->domain;
    struct domain *d = domain_find_any(id);

    if (!d)
        return -ESRCH;
    if (d != self && !self->is_privileged) {
        domain_put(d);
        return -EPERM;
    }
    *out = d;
    return 0;
}
