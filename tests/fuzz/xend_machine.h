/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xend without what it reaches out to: the hypervisor is tests/daemons/fake_host.c, the store a
 * list, backends are ready at once, time goes by as soon as there is nothing else to do, workers
 * work in this process, no program is ever run.
 *
 * What xend keeps on disk is in a folder of the memory file system.
 */
#ifndef FUZZ_XEND_MACHINE_H
#define FUZZ_XEND_MACHINE_H

#include <xend/xend.h>

/* A machine just booted; its xend has read nothing yet. */
struct xend *machine_start(void);
/* Until nothing is to be done, or for long enough. */
void machine_run(void);
/* All domains end; aborts if the hypervisor, the store or the disk then still know of one. */
void machine_end(void);

/* A file that xend kept, below its state. */
void machine_write(const char *name, const void *bytes, size_t size);
/* That file or folder goes, or all with "". */
void machine_remove(const char *name);

#endif
