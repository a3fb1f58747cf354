/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the decoders of decompress.c share. Private to them.
 *
 * A decoder starts with the positions at 0, never reads at or past in_len, never writes at or
 * past out_len, and leaves out_pos behind the last valid byte.
 */
#ifndef LIB_UNPACK_H
#define LIB_UNPACK_H

#include <lib/crc.h>
#include <lib/errno.h>
#include <lib/string.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct unpack {
    const uint8_t *in;
    size_t in_len;
    size_t in_pos;
    uint8_t *out;
    size_t out_len;
    size_t out_pos;
};

/* --- gzip: inflate.c --- */

#define INFLATE_FAST 10         /* codes up to so many bits are found in one step */

struct inflate_code {
    uint16_t fast[1 << INFLATE_FAST];   /* symbol << 4 | length; 0: longer than INFLATE_FAST */
    uint16_t count[16];                 /* codes of each length */
    uint16_t symbol[288];               /* in the order of their codes */
};

struct gzip_work {
    struct inflate_code literals;
    struct inflate_code distances;
    uint8_t lengths[320];
    struct crc32_table crc32;
};

int unpack_gzip(struct unpack *u, struct gzip_work *work);

/* --- lz4: lz4.c --- */

int unpack_lz4(struct unpack *u);

/* --- xz: xz.c, lzma.c --- */

struct lzma_lengths {
    uint16_t choice;
    uint16_t choice2;
    uint16_t low[16][8];
    uint16_t mid[16][8];
    uint16_t high[256];
};

/* The adaptive probabilities; all of it is uint16_t and is reset as one array. */
struct lzma_probs {
    uint16_t is_match[12][16];
    uint16_t is_rep[12];
    uint16_t is_rep0[12];
    uint16_t is_rep1[12];
    uint16_t is_rep2[12];
    uint16_t is_rep0_long[12][16];
    uint16_t dist_slot[4][64];
    uint16_t dist_special[115];
    uint16_t dist_align[16];
    struct lzma_lengths match_len;
    struct lzma_lengths rep_len;
    uint16_t literal[16 * 0x300];       /* lc + lp <= 4 in LZMA2 */
};

struct lzma_work {
    struct lzma_probs probs;
    unsigned int state;
    uint32_t rep[4];            /* the last distances, less one */
    unsigned int lc;
    unsigned int lp_mask;
    unsigned int pb_mask;
};

typedef uint32_t crc32_fn(const struct crc32_table *table, const void *data, size_t len);

struct xz_work {
    struct lzma_work lzma;
    struct crc32_table crc32;
    struct crc64_table crc64;
    crc32_fn *quick_crc32;      /* for much data, or NULL */
};

int unpack_xz(struct unpack *u, struct xz_work *work);

/* The LZMA2 chunks at in_pos, up to and with their end marker. */
int unpack_lzma2(struct unpack *u, struct lzma_work *work);

/* --- zstd: zstd.c, zstd_entropy.c --- */

#define FSE_MAX_LOG     9
#define HUFFMAN_MAX_LOG 11

struct fse_entry {
    uint16_t base;              /* the next state, before the bits are added */
    uint8_t symbol;
    uint8_t bits;
};

struct fse_table {
    unsigned int log;           /* of the number of entries */
    struct fse_entry entry[1 << FSE_MAX_LOG];
};

struct huffman_entry {
    uint8_t symbol;
    uint8_t bits;
};

struct huffman_table {
    unsigned int log;           /* 0: none yet */
    struct huffman_entry entry[1 << HUFFMAN_MAX_LOG];
};

struct zstd_work {
    struct fse_table literal_lengths;   /* log is meaningless until a block set it: see 'known' */
    struct fse_table offsets;
    struct fse_table match_lengths;
    struct fse_table weights;
    struct huffman_table literals;
    bool known[3];                      /* of the three kinds above: can be used again */
    uint32_t rep[3];
};

int unpack_zstd(struct unpack *u, struct zstd_work *work);

/*
 * A stream that is read from its end: bits [0, left) are still to come, the highest next. 'limit'
 * bytes from 'start' may be read. 'left' below 0 means that more was taken than there was.
 */
struct bits_back {
    const uint8_t *start;
    size_t limit;
    ptrdiff_t left;
};

/* False if the last byte lacks the mark that ends the stream. */
bool bits_back_open(struct bits_back *b, const uint8_t *start, size_t size, size_t limit);

uint64_t bits_back_load_slow(const struct bits_back *b, size_t byte);

/* The n <= 56 bits below bit 'end' of the stream; end >= n. */
static inline uint64_t bits_back_at(const struct bits_back *b, ptrdiff_t end, unsigned int n)
{
    size_t low = (size_t)(end - (ptrdiff_t)n);
    size_t byte = low >> 3;
    uint64_t word;

    if (byte + 8 <= b->limit)
        memcpy(&word, b->start + byte, sizeof(word));
    else
        word = bits_back_load_slow(b, byte);
    return word >> (low & 7) & ((1ull << n) - 1);
}

/* Takes n <= 32 bits; past the start of the stream they are 0 and 'left' turns negative. */
static inline uint32_t bits_back_take(struct bits_back *b, unsigned int n)
{
    ptrdiff_t end = b->left;

    b->left -= n;
    return b->left >= 0 ? (uint32_t)bits_back_at(b, end, n) : 0;
}

/*
 * Reads a description of at most 'symbols' symbols and builds the table. Returns the bytes it
 * took, or -EBADMSG.
 */
ptrdiff_t fse_read(struct fse_table *table, const uint8_t *in, size_t len, unsigned int symbols,
                   unsigned int max_log);
void fse_build(struct fse_table *table, const int16_t *probability, unsigned int symbols,
               unsigned int log);
void fse_single(struct fse_table *table, uint8_t symbol);

/* Likewise for a Huffman tree. */
ptrdiff_t huffman_read(struct huffman_table *table, struct fse_table *scratch, const uint8_t *in,
                       size_t len);

/* Decodes exactly n symbols, which must use the stream up. */
int huffman_decode(const struct huffman_table *table, const uint8_t *in, size_t len, size_t limit,
                   uint8_t *out, size_t n);

/* --- shared --- */

static inline uint32_t unpack_le32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/*
 * Repeats len bytes from 'distance' back. The caller checked 0 < distance <= pos and len <=
 * out_len - pos.
 */
static inline void unpack_repeat(struct unpack *u, size_t distance, size_t len)
{
    uint8_t *to = u->out + u->out_pos;
    const uint8_t *from = to - distance;

    u->out_pos += len;
    if (distance >= 8) {
        for (; len >= 8; len -= 8, to += 8, from += 8) {
            uint64_t word;
            memcpy(&word, from, sizeof(word));
            memcpy(to, &word, sizeof(word));
        }
    }
    while (len-- > 0)
        *to++ = *from++;
}

#endif
