/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the domain room share. */
#ifndef DOMAIN_PRIVATE_H
#define DOMAIN_PRIVATE_H

#include <xen/domain.h>

/* The list of domains and the table by id change under it; readers use RCU. */
extern struct spinlock domain_list_lock;
void domain_list_add(struct domain *d);
void domain_list_remove(struct domain *d);
void domain_free(struct domain *d);         /* the last reference went */
void vcpu_free(struct vcpu *v);
void vcpu_poll_timeout(void *arg);

#endif
