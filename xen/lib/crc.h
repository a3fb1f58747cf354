/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The checksums of packed kernels: CRC-32 and CRC-64 (reflected, as gzip and xz use them), xxHash.
 *
 * Tables are made by whoever needs them, in memory of his own.
 */
#ifndef LIB_CRC_H
#define LIB_CRC_H

#include <stddef.h>
#include <stdint.h>

struct crc32_table {
    uint32_t by_byte[8][256];       /* the effect of a byte that has 0..7 bytes behind it */
};

struct crc64_table {
    uint64_t by_byte[256];
};

void crc32_init(struct crc32_table *table);
uint32_t crc32_bytes(const struct crc32_table *table, const void *data, size_t len);

void crc64_init(struct crc64_table *table);
uint64_t crc64_bytes(const struct crc64_table *table, const void *data, size_t len);

uint32_t xxhash32(const void *data, size_t len);        /* seed 0 */
uint64_t xxhash64(const void *data, size_t len);

#endif
