/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Linux's x86 boot image: a real-mode part, then protected-mode code that carries the packed
 * kernel.
 */
#ifndef LIB_BZIMAGE_H
#define LIB_BZIMAGE_H

#include <stddef.h>
#include <stdint.h>

struct bzimage {
    unsigned int version;       /* boot protocol, 0x20c for 2.12 */
    const void *payload;        /* the packed ELF kernel, inside the image */
    size_t payload_len;
    uint64_t init_size;         /* memory that the kernel wants at its start; 0 before 2.10 */
};

/*
 * -ENOEXEC: no such image, or older than 2.08 and thus without a payload to find. -EINVAL: it is
 * one, but its numbers point outside of it.
 */
int bzimage_open(struct bzimage *image, const void *data, size_t size);

#endif
