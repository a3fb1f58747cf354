/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Unpacking what the formats' own libraries packed; then the same cut off, flipped and with too
 * little room.
 *
 * A flipped bit must be noticed wherever the format has a checksum over it, and must never lead
 * outside a buffer: all buffers here are of exact size, ASan looks on.
 *
 * sources: xen/lib/decompress.c xen/lib/inflate.c xen/lib/lz4.c xen/lib/lzma.c xen/lib/xz.c
 * sources: xen/lib/zstd.c xen/lib/zstd_entropy.c xen/lib/crc.c
 * flags: -lz -llzma -lzstd -llz4
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include <lz4frame.h>
#include <lz4hc.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <lib/crc.h>
#include <lib/decompress.h>
#include <lib/errno.h>
#include <lib/math.h>
#include <lib/string.h>

#define ROOM (4u << 20)         /* for packed data */

struct bytes {
    uint8_t *p;
    size_t len;
};

/* --- what to pack --- */

/* Text with repeats near and far, runs, code-like calls and noise: every kind of symbol occurs. */
static struct bytes mixture(size_t len)
{
    struct bytes b = { malloc(len), len };
    size_t n = 0;

    while (n < len) {
        size_t part = min((size_t)(1 + rand() % 4000), len - n);
        size_t period = 1 + (size_t)rand() % 17;
        switch (rand() % 6) {
        case 0:
            memset(b.p + n, rand(), part);
            break;
        case 1:
            for (size_t i = 0; i < part; i++)
                b.p[n + i] = (uint8_t)rand();
            break;
        case 2:
            for (size_t i = 0; i < part; i++)
                b.p[n + i] = n == 0 ? 'x' : b.p[(n + i) - 1 - (size_t)rand() % 3 % n];
            break;
        case 3:
            for (size_t i = 0; i < part; i++)
                b.p[n + i] = i % 5 == 0 ? 0xe8 : i % 5 == 4 ? 0xff * (rand() & 1) : (uint8_t)rand();
            break;
        case 4:
            for (size_t i = 0; i < part; i++)
                b.p[n + i] = i < period ? (uint8_t)rand() : b.p[n + i - period];
            break;
        default:
            if (n > 0) {
                size_t from = ((size_t)rand() * 7919) % n;
                for (size_t i = 0; i < part; i++)
                    b.p[n + i] = b.p[from + i % (n - from)];
            } else {
                memset(b.p, 'a', part);
            }
            break;
        }
        n += part;
    }
    return b;
}

/*
 * --- packers: each returns the packed length; the level varies what they use of their format ---
 */

static size_t pack_gzip(struct bytes in, uint8_t *out, int level)
{
    z_stream z = { .next_in = in.p, .avail_in = (uInt)in.len, .next_out = out, .avail_out = ROOM };
    int strategy = level == 0 ? Z_FIXED : level == 1 ? Z_HUFFMAN_ONLY : Z_DEFAULT_STRATEGY;
    gz_header head = { .name = (Bytef *)"vmlinux", .comment = (Bytef *)"none",
                       .extra = (Bytef *)"abc", .extra_len = 3, .hcrc = 1 };

    deflateInit2(&z, level == 2 ? 0 : level * 3 % 10, Z_DEFLATED, 31, 8, strategy);
    if (level == 3)
        deflateSetHeader(&z, &head);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    deflateEnd(&z);
    return z.total_out;
}

static size_t pack_xz(struct bytes in, uint8_t *out, int level)
{
    static const lzma_check checks[] = { LZMA_CHECK_CRC32, LZMA_CHECK_CRC64, LZMA_CHECK_CRC32 };
    static const struct {
        uint32_t lc, lp, pb;
    } modes[] = { { 3, 0, 2 }, { 0, 4, 0 }, { 4, 0, 4 }, { 1, 2, 3 } };
    lzma_options_lzma options;
    lzma_lzma_preset(&options, (uint32_t)level * 2 % 10);
    options.lc = modes[level % 4].lc;
    options.lp = modes[level % 4].lp;
    options.pb = modes[level % 4].pb;
    options.dict_size = 1u << 20;
    lzma_filter filters[3] = { { LZMA_FILTER_X86, NULL }, { LZMA_FILTER_LZMA2, &options },
                               { LZMA_VLI_UNKNOWN, NULL } };
    size_t n = 0;

    assert_int_equal(lzma_stream_buffer_encode(filters + (level % 2), checks[level % 3], NULL,
                                               in.p, in.len, out, &n, ROOM), LZMA_OK);
    return n;
}

static size_t pack_zstd(struct bytes in, uint8_t *out, int level)
{
    static const int levels[] = { 1, 3, -5, 19 };
    ZSTD_CCtx *c = ZSTD_createCCtx();

    ZSTD_CCtx_setParameter(c, ZSTD_c_compressionLevel, levels[level]);
    ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1);
    ZSTD_CCtx_setParameter(c, ZSTD_c_contentSizeFlag, level % 2);
    size_t n = ZSTD_compress2(c, out, ROOM, in.p, in.len);
    assert_false(ZSTD_isError(n));
    ZSTD_freeCCtx(c);
    return n;
}

static size_t pack_lz4(struct bytes in, uint8_t *out, int level)
{
    LZ4F_preferences_t p = {
        .frameInfo = { .blockSizeID = LZ4F_max64KB, .contentChecksumFlag = 1,
                       .blockMode = level % 2 ? LZ4F_blockLinked : LZ4F_blockIndependent,
                       .blockChecksumFlag = level > 1,
                       .contentSize = level % 3 == 0 ? in.len : 0 },
        .compressionLevel = level * 3,
    };
    size_t n = LZ4F_compressFrame(out, ROOM, in.p, in.len, &p);
    assert_false(LZ4F_isError(n));
    return n;
}

static void put32(uint8_t *p, size_t value)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(value >> (8 * i));
}

/* As Linux's build packs: the old frame, and the unpacked size behind it. */
static size_t pack_lz4_old(struct bytes in, uint8_t *out, int level)
{
    size_t block = level == 0 ? 8u << 20 : 50000;
    size_t n = 4;

    put32(out, 0x184c2102);
    for (size_t at = 0; at < in.len; at += block) {
        int packed = LZ4_compress_HC((const char *)in.p + at, (char *)out + n + 4,
                                     (int)min(block, in.len - at), (int)(ROOM - n - 4), 3 * level);
        put32(out + n, (size_t)packed);
        n += 4 + (size_t)packed;
    }
    put32(out + n, in.len);
    return n + 4;
}

static const struct format {
    const char *name;
    enum packing packing;
    size_t (*pack)(struct bytes in, uint8_t *out, int level);
    bool has_check;
} formats[] = {
    { "gzip", PACKING_GZIP, pack_gzip, true },
    { "xz", PACKING_XZ, pack_xz, true },
    { "zstd", PACKING_ZSTD, pack_zstd, true },
    { "lz4", PACKING_LZ4, pack_lz4, true },
    { "lz4", PACKING_LZ4, pack_lz4_old, false },
};
#define LEVELS 4

static struct bytes pack(const struct format *f, struct bytes in, int level)
{
    uint8_t *out = malloc(ROOM);
    size_t n = f->pack(in, out, level);
    return (struct bytes){ realloc(out, n), n };
}

/* --- the tests --- */

static void round_trips(void **state)
{
    static const size_t sizes[] = { 1, 2, 3, 17, 100, 255, 256, 257, 4096, 65537, 140000, 1000000 };

    for (size_t f = 0; f < ARRAY_SIZE(formats); f++) {
        for (size_t s = 0; s < ARRAY_SIZE(sizes); s++) {
            for (int level = 0; level < LEVELS; level++) {
                struct bytes in = mixture(sizes[s]);
                struct bytes packed = pack(&formats[f], in, level);
                uint8_t *out = malloc(in.len);
                size_t written = 0;
                assert_int_equal(decompress_packing(packed.p, packed.len), formats[f].packing);
                int rc = decompress(packed.p, packed.len, out, in.len, &written);
                if (rc != 0 || written != in.len || memcmp(in.p, out, in.len) != 0) {
                    fail_msg("%s of %zu bytes, level %d: %d, %zu written", formats[f].name, in.len,
                             level, rc, written);
                }
                free(out);
                free(packed.p);
                free(in.p);
            }
        }
    }
}

static void sizes_and_names(void **state)
{
    struct bytes in = mixture(5000);
    struct bytes gzip = pack(&formats[0], in, 3), lz4 = pack(&formats[4], in, 1);

    assert_int_equal(decompress_size(gzip.p, gzip.len), 5000);
    assert_int_equal(decompress_size(lz4.p, lz4.len), 5000);
    assert_int_equal(decompress_size(in.p, in.len), 0);
    assert_int_equal(decompress_size(gzip.p, 5), 0);
    assert_string_equal(decompress_name(PACKING_ZSTD), "zstd");
    assert_string_equal(decompress_name(PACKING_NONE), "none");
    size_t written = 1;
    assert_int_equal(decompress("\177ELF", 4, in.p, in.len, &written), -ENOEXEC);
    assert_int_equal(written, 0);
    assert_int_equal(decompress("", 0, in.p, in.len, &written), -ENOEXEC);
    free(gzip.p);
    free(lz4.p);
    free(in.p);
}

/* What follows a stream does not matter: Linux appends the size. */
static void trailing_bytes(void **state)
{
    struct bytes in = mixture(30000);
    uint8_t *out = malloc(in.len);

    for (size_t f = 0; f < 4; f++) {
        struct bytes packed = pack(&formats[f], in, 1);
        packed.p = realloc(packed.p, packed.len + 4);
        put32(packed.p + packed.len, in.len);
        size_t written;
        assert_int_equal(decompress_size(packed.p, packed.len + 4), in.len);
        assert_int_equal(decompress(packed.p, packed.len + 4, out, in.len, &written), 0);
        assert_int_equal(written, in.len);
        free(packed.p);
    }
    free(out);
    free(in.p);
}

static void too_little_room(void **state)
{
    struct bytes in = mixture(70000);

    for (size_t f = 0; f < ARRAY_SIZE(formats); f++) {
        for (int level = 0; level < LEVELS; level++) {
            struct bytes packed = pack(&formats[f], in, level);
            for (size_t room = 0; room < in.len; room = room * 3 / 2 + 1) {
                uint8_t *out = malloc(room);
                size_t written = 0;
                int rc = decompress(packed.p, packed.len, out, room, &written);
                assert_int_equal(rc, -ENOSPC);
                assert_true(written <= room);
                assert_memory_equal(out, in.p, written);
                free(out);
            }
            free(packed.p);
        }
    }
    free(in.p);
}

/*
 * Runs a damaged copy of exact size. True if its user can tell: by an error, or as less came out
 * than he expects (a gzip stream can turn into an empty one, for example); or if no harm was
 * done.
 */
static bool is_noticed(const uint8_t *data, size_t len, struct bytes in)
{
    uint8_t *copy = malloc(len);
    uint8_t *out = malloc(in.len);
    size_t written = 0;

    memcpy(copy, data, len);
    int rc = decompress(copy, len, out, in.len, &written);
    assert_true(written <= in.len);
    bool is_wrong = rc == 0 && written == in.len && memcmp(out, in.p, in.len) != 0;
    free(copy);
    free(out);
    return !is_wrong;
}

static void cut_off(void **state)
{
    struct bytes in = mixture(9000);

    for (size_t f = 0; f < ARRAY_SIZE(formats); f++) {
        for (int level = 0; level < LEVELS; level++) {
            struct bytes packed = pack(&formats[f], in, level);
            for (size_t len = 0; len < packed.len; len++)
                assert_true(is_noticed(packed.p, len, in));
            free(packed.p);
        }
    }
    free(in.p);
}

/* Flips a few bits of a packed text, many times over. */
static void flip_some(const struct format *f, int level)
{
    struct bytes in = mixture((size_t)(100 + rand() % 20000));
    struct bytes packed = pack(f, in, level);
    uint8_t *bad = malloc(packed.len);

    for (int round = 0; round < 500; round++) {
        memcpy(bad, packed.p, packed.len);
        for (int k = round % 3; k >= 0; k--)
            bad[(size_t)rand() % packed.len] ^= (uint8_t)(1u << (rand() % 8));
        /* Of several flips one may switch off the check and another do the damage. */
        if (!is_noticed(bad, packed.len, in) && f->has_check && round % 3 == 0)
            fail_msg("%s: damage was not noticed", f->name);
    }
    free(bad);
    free(packed.p);
    free(in.p);
}

static void flipped_bits(void **state)
{
    for (size_t f = 0; f < ARRAY_SIZE(formats); f++) {
        for (int round = 0; round < 8; round++)
            flip_some(&formats[f], round % LEVELS);
    }
}

/* Small streams with every bit flipped, and every byte made 0 and 255. */
static void every_byte(void **state)
{
    struct bytes in = mixture(600);

    for (size_t f = 0; f < ARRAY_SIZE(formats); f++) {
        for (int level = 0; level < LEVELS; level++) {
            struct bytes packed = pack(&formats[f], in, level);
            for (size_t i = 0; i < packed.len; i++) {
                uint8_t old = packed.p[i];
                for (int bit = 0; bit < 10; bit++) {
                    packed.p[i] = (uint8_t)(bit < 8 ? old ^ 1 << bit : bit == 8 ? 0 : 255);
                    assert_true(is_noticed(packed.p, packed.len, in) || !formats[f].has_check);
                }
                packed.p[i] = old;
            }
            free(packed.p);
        }
    }
    free(in.p);
}

static void checksums(void **state)
{
    static const char text[] = "123456789";
    struct crc32_table t32;
    struct crc64_table t64;

    crc32_init(&t32);
    crc64_init(&t64);
    assert_int_equal(crc32_bytes(&t32, text, 9), 0xcbf43926);
    assert_true(crc64_bytes(&t64, text, 9) == 0x995dc9bbdf1939faull);
    assert_int_equal(xxhash32("", 0), 0x02cc5d05);
    assert_true(xxhash64("", 0) == 0xef46db3751d8e999ull);
    for (size_t len = 0; len < 100; len++) {
        struct bytes in = mixture(len + 1);
        assert_int_equal(crc32_bytes(&t32, in.p, len), crc32(0, in.p, (uInt)len));
        assert_true(crc64_bytes(&t64, in.p, len) == lzma_crc64(in.p, len, 0));
        free(in.p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checksums),
        cmocka_unit_test(round_trips),
        cmocka_unit_test(sizes_and_names),
        cmocka_unit_test(trailing_bytes),
        cmocka_unit_test(too_little_room),
        cmocka_unit_test(cut_off),
        cmocka_unit_test(flipped_bits),
        cmocka_unit_test(every_byte),
    };
    srand(1);
    return cmocka_run_group_tests_name("decompress", tests, NULL, NULL);
}
