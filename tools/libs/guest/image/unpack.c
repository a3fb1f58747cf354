/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Unpacking whatever a kernel was packed with.
 *
 * Input is somebody else's: output grows in steps up to the caller's limit, and bytes behind the
 * packed stream (Linux appends the unpacked size) are passed over.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <lz4.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include "../private.h"

struct output {
    char *data;
    size_t used, size, limit;
};

/* Makes room for at least one more byte. */
static int grow(struct output *o)
{
    if (o->used < o->size)
        return 0;
    if (o->size >= o->limit)
        return -EFBIG;
    size_t size = min_u64(o->size ? o->size * 2 : 1u << 20, o->limit);
    char *data = realloc(o->data, size);

    if (!data)
        return -ENOMEM;
    o->data = data;
    o->size = size;
    return 0;
}

static int run_gzip(z_stream *z, struct output *o)
{
    for (;;) {
        int rc = grow(o);

        if (rc)
            return rc;
        z->next_out = (Bytef *)o->data + o->used;
        z->avail_out = min_u64(o->size - o->used, 1u << 30);
        size_t room = z->avail_out;
        int result = inflate(z, Z_NO_FLUSH);

        o->used += room - z->avail_out;
        if (result == Z_STREAM_END)
            return 0;
        if (result != Z_OK)
            return result == Z_MEM_ERROR ? -ENOMEM : -EINVAL;
    }
}

static int unpack_gzip(const uint8_t *data, size_t size, struct output *o)
{
    z_stream z = { .next_in = (Bytef *)data, .avail_in = size };

    if (inflateInit2(&z, 15 + 16) != Z_OK)
        return -ENOMEM;
    int rc = run_gzip(&z, o);

    inflateEnd(&z);
    return rc;
}

static int run_lzma(lzma_stream *z, struct output *o)
{
    for (;;) {
        int rc = grow(o);

        if (rc)
            return rc;
        z->next_out = (uint8_t *)o->data + o->used;
        z->avail_out = o->size - o->used;
        lzma_ret result = lzma_code(z, LZMA_RUN);

        o->used = o->size - z->avail_out;
        if (result == LZMA_STREAM_END)
            return 0;
        if (result != LZMA_OK)
            return result == LZMA_MEM_ERROR ? -ENOMEM : -EINVAL;
    }
}

static int unpack_with(lzma_stream *z, lzma_ret ready, const uint8_t *data, size_t size,
                       struct output *o)
{
    if (ready != LZMA_OK)
        return -ENOMEM;
    z->next_in = data;
    z->avail_in = size;
    int rc = run_lzma(z, o);

    lzma_end(z);
    return rc;
}

/* Dictionaries beyond this are no kernel's. */
#define LZMA_MEMORY (256ull << 20)

static int unpack_xz(const uint8_t *data, size_t size, struct output *o)
{
    lzma_stream z = LZMA_STREAM_INIT;

    if (!xz_unpack_sized(data, size, o->limit, (void **)&o->data, &o->used))
        return 0;
    return unpack_with(&z, lzma_stream_decoder(&z, LZMA_MEMORY, 0), data, size, o);
}

static int unpack_lzma(const uint8_t *data, size_t size, struct output *o)
{
    lzma_stream z = LZMA_STREAM_INIT;

    return unpack_with(&z, lzma_alone_decoder(&z, LZMA_MEMORY), data, size, o);
}

static int run_zstd(ZSTD_DStream *z, ZSTD_inBuffer *in, struct output *o)
{
    for (;;) {
        int rc = grow(o);

        if (rc)
            return rc;
        ZSTD_outBuffer out = { o->data, o->size, o->used };
        size_t before = in->pos, left = ZSTD_decompressStream(z, &out, in);
        bool stuck = out.pos == o->used && in->pos == before;

        if (ZSTD_isError(left) || (stuck && left))
            return -EINVAL;
        o->used = out.pos;
        if (!left)
            return 0;
    }
}

static int unpack_zstd(const uint8_t *data, size_t size, struct output *o)
{
    ZSTD_inBuffer in = { data, size, 0 };
    ZSTD_DStream *z = ZSTD_createDStream();

    if (!z)
        return -ENOMEM;
    ZSTD_DCtx_setParameter(z, ZSTD_d_windowLogMax, 28);
    int rc = run_zstd(z, &in, o);

    ZSTD_freeDStream(z);
    return rc;
}

/* The format of "lz4 -l": a magic, then blocks of up to 8 MiB, each with its packed length. */
#define LZ4_BLOCK (8u << 20)
#define LZ4_MAGIC 0x184c2102u

static int unpack_lz4_block(const uint8_t *data, size_t size, struct output *o)
{
    size_t room = min_u64(LZ4_BLOCK, o->limit - o->used);

    if (!room)
        return -EFBIG;
    if (o->size - o->used < room) {
        char *bigger = realloc(o->data, o->used + room);

        if (!bigger)
            return -ENOMEM;
        o->data = bigger;
        o->size = o->used + room;
    }
    int n = LZ4_decompress_safe((const char *)data, o->data + o->used, size, room);

    if (n < 0)
        return room < LZ4_BLOCK ? -EFBIG : -EINVAL;
    o->used += n;
    return 0;
}

static int unpack_lz4(const uint8_t *data, size_t size, struct output *o)
{
    size_t at = 4;

    while (size - at > 4) {
        uint32_t length = read_le(data + at, 4);

        at += 4;
        if (length == LZ4_MAGIC)
            continue;
        if (!length || length > size - at || length > (uint32_t)LZ4_COMPRESSBOUND(LZ4_BLOCK))
            return -EINVAL;
        int rc = unpack_lz4_block(data + at, length, o);

        if (rc)
            return rc;
        at += length;
    }
    return o->used ? 0 : -EINVAL;
}

static const struct packing {
    const char *name;
    const char *magic;
    unsigned int magic_size;
    int (*unpack)(const uint8_t *data, size_t size, struct output *o);
} packings[] = {
    { "gzip", "\x1f\x8b", 2, unpack_gzip },
    { "xz", "\xfd" "7zXZ", 6, unpack_xz },
    { "lzma", "\x5d\0\0", 3, unpack_lzma },
    { "zstd", "\x28\xb5\x2f\xfd", 4, unpack_zstd },
    { "lz4", "\x02\x21\x4c\x18", 4, unpack_lz4 },
};

static const struct packing *find_packing(const void *data, size_t size)
{
    for (unsigned int i = 0; i < sizeof(packings) / sizeof(packings[0]); i++) {
        const struct packing *p = &packings[i];

        if (size > p->magic_size && !memcmp(data, p->magic, p->magic_size))
            return p;
    }
    return NULL;
}

int guest_unpack(const void *data, size_t size, size_t limit, void **out, size_t *out_size,
                 const char **packing)
{
    const struct packing *p = find_packing(data, size);
    struct output o = { .limit = limit };

    if (!p || size > UINT32_MAX)
        return -ENOEXEC;
    *packing = p->name;
    int rc = p->unpack(data, size, &o);

    if (rc) {
        free(o.data);
        return rc;
    }
    *out = o.data;
    *out_size = o.used;
    return 0;
}
