/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Unpacking a kernel: gzip, xz, zstd and lz4, told apart by their first bytes.
 *
 * Input may be hostile: nothing outside the two buffers is touched, and time is bounded by their
 * sizes. Checksums in the data are verified. The output buffer serves as the window, so no other
 * memory grows with the data.
 */
#ifndef LIB_DECOMPRESS_H
#define LIB_DECOMPRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum packing { PACKING_NONE, PACKING_GZIP, PACKING_XZ, PACKING_ZSTD, PACKING_LZ4 };

enum packing decompress_packing(const void *in, size_t in_len);
const char *decompress_name(enum packing packing);      /* "gzip"; "none" */

/*
 * The unpacked size that stands in the last four bytes, as Linux's build appends it to each
 * payload (and gzip has it anyhow). 0 if that cannot be.
 */
size_t decompress_size(const void *in, size_t in_len);

/*
 * Unpacks one stream or frame; what follows it is ignored. *written is how much of 'out' is
 * valid, also on errors. -ENOEXEC: none of the formats. -EBADMSG: damaged or cut off. -ENOSPC:
 * out is too small. -EOPNOTSUPP: a variant that no kernel uses (preset dictionaries, other
 * filters, SHA-256).
 *
 * The tables (about 40 KiB) are static: one call at a time.
 */
int decompress(const void *in, size_t in_len, void *out, size_t out_len, size_t *written);

#endif
