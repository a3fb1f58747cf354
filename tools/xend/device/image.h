/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Disk images by their first bytes.
 */
#ifndef XEND_IMAGE_H
#define XEND_IMAGE_H

/* "qcow", "qcow2", "vmdk", "vhd", or "raw" for all else; NULL if it cannot be read. */
const char *image_format(const char *path);
/* What QEMU calls the driver of tap:DRIVER:, and the format that its images must have. */
const char *image_qemu_driver(const char *tap_driver, const char **format);

#endif
