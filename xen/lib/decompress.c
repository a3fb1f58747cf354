/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Unpacking a kernel, whichever way it was packed.
 *
 * The work area is the one static thing in this folder: it is too large for a stack, and
 * unpacking is done by one processor at a time.
 */
#include <lib/decompress.h>

#include <lib/math.h>
#include <lib/unpack.h>

static union {
    struct gzip_work gzip;
    struct xz_work xz;
    struct zstd_work zstd;
} work;

static const struct {
    enum packing packing;
    const char *name;
    uint8_t len;
    uint8_t magic[6];
} formats[] = {
    { PACKING_GZIP, "gzip", 3, { 0x1f, 0x8b, 8 } },
    { PACKING_XZ, "xz", 6, { 0xfd, '7', 'z', 'X', 'Z', 0 } },
    { PACKING_ZSTD, "zstd", 4, { 0x28, 0xb5, 0x2f, 0xfd } },
    { PACKING_LZ4, "lz4", 4, { 0x02, 0x21, 0x4c, 0x18 } },  /* as Linux uses it */
    { PACKING_LZ4, "lz4", 4, { 0x04, 0x22, 0x4d, 0x18 } },
};

enum packing decompress_packing(const void *in, size_t in_len)
{
    for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
        if (in_len >= formats[i].len && memcmp(in, formats[i].magic, formats[i].len) == 0)
            return formats[i].packing;
    }
    return PACKING_NONE;
}

const char *decompress_name(enum packing packing)
{
    for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
        if (formats[i].packing == packing)
            return formats[i].name;
    }
    return "none";
}

size_t decompress_size(const void *in, size_t in_len)
{
    if (decompress_packing(in, in_len) == PACKING_NONE || in_len < 8)
        return 0;
    return unpack_le32((const uint8_t *)in + in_len - 4);
}

int decompress(const void *in, size_t in_len, void *out, size_t out_len, size_t *written)
{
    struct unpack u = { .in = in, .in_len = in_len, .out = out, .out_len = out_len };
    int rc = -ENOEXEC;

    switch (decompress_packing(in, in_len)) {
    case PACKING_GZIP: rc = unpack_gzip(&u, &work.gzip); break;
    case PACKING_XZ: rc = unpack_xz(&u, &work.xz); break;
    case PACKING_ZSTD: rc = unpack_zstd(&u, &work.zstd); break;
    case PACKING_LZ4: rc = unpack_lz4(&u); break;
    case PACKING_NONE: break;
    }
    *written = u.out_pos;
    return rc;
}
