/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Another domain, made by a test that is dom0: an unprivileged copy of the test itself, which
 * starts with the memory as it is at that moment and runs one function.
 *
 *     struct child c;
 *     child_create(&c, 1);
 *     child_start(&c, function);
 *     EXPECT(child_wait(&c));                  it ended well, without a failed expectation
 *     child_destroy(&c);
 *
 * The child has the library, one vCPU of its own and the pool's free pages; what it writes into
 * variables the parent reads through child_view().
 */
#ifndef GUEST_DOMAIN_H
#define GUEST_DOMAIN_H

#define __XEN_TOOLS__
#include <public/domctl.h>
#include "guest.h"

#define CHILD_PAGES 1600

struct child {
    domid_t id;
    unsigned int nr_pages;
    xen_pfn_t frames[CHILD_PAGES];      /* of guest frame kernel_start and up; then page tables */
    unsigned long shared_info_mfn;
};

/* One domctl: the union's contents are the caller's, in `domctl_args`. */
extern struct xen_domctl domctl_args;
long domctl(unsigned int cmd, unsigned int domid);

/* Paused, without memory; with a limit that lets it be started. */
void child_create(struct child *c, unsigned int vcpus);
/* Its memory is a copy of ours, and its first vCPU will run `function`. */
void child_build(struct child *c, void (*function)(void));
void child_start(struct child *c, void (*function)(void));      /* builds, and lets it go */
bool child_wait(struct child *c);
/* Its copy of something of ours, for reading, until the next call. */
const void *child_view(const struct child *c, const void *ours);
void child_destroy(struct child *c);
/* Its id; in the child's own copy of the memory, too. */
extern domid_t child_id;

#endif
