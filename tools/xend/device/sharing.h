/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who else uses a disk's file or device: this machine itself, or other guests.
 */
#ifndef XEND_SHARING_H
#define XEND_SHARING_H

#include <sys/stat.h>

#include "device/device.h"

/* A file is told by its device and number, a block device by its own number. */
bool disk_is_same(const struct stat *a, const struct stat *b);
/* True if mounts (as /proc/mounts) has a file system on the block device; where: its place. */
bool disk_is_mounted(const char *mounts, const struct stat *disk, bool count_readonly,
                     char *where, size_t size);
/* 0 if v may have its disk, st: that of its path, or -EBUSY and by whom it is used. */
int disk_check_sharing(struct device *v, const struct stat *st, struct failure *f);

#endif
