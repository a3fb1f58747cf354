/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * zstd: RFC 8878. Frames, blocks, literals and sequences.
 *
 * The output is the window, so repeats may reach back to the frame's start. Literals of a block
 * are decoded to the far end of the output: as each of them is still to be written, writing never
 * passes the one to be read next.
 */
#include <lib/math.h>
#include <lib/unpack.h>

enum { BLOCK_RAW, BLOCK_RLE, BLOCK_PACKED };
enum { LITERALS_RAW, LITERALS_RLE, LITERALS_PACKED, LITERALS_SAME_TREE };
enum { TABLE_DEFAULT, TABLE_SINGLE, TABLE_NEW, TABLE_SAME };
enum { LITERAL_LENGTH, OFFSET, MATCH_LENGTH };

#define BLOCK_MAX (128u << 10)

static const int16_t default_literal_lengths[36] = {
    4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1,
    -1, -1, -1, -1
};
static const int16_t default_offsets[29] = {
    1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1
};
static const int16_t default_match_lengths[53] = {
    1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1
};

/* Indexed by kind of code. An offset's value takes as many bits as its code says. */
static const struct {
    const int16_t *probability;
    unsigned int symbols;       /* of the default */
    unsigned int log;           /* of the default */
    unsigned int max_symbols;
    unsigned int max_log;
} codes[3] = {
    [LITERAL_LENGTH] = { default_literal_lengths, 36, 6, 36, 9 },
    [OFFSET] = { default_offsets, 29, 5, 32, 8 },
    [MATCH_LENGTH] = { default_match_lengths, 53, 6, 53, 9 },
};

/* Codes from 16 on, and from 32 on: where they begin, and how many bits are added. */
static const uint32_t literal_base[20] = {
    16, 18, 20, 22, 24, 28, 32, 40, 48, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768,
    65536
};
static const uint8_t literal_bits[20] = {
    1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16
};
static const uint32_t match_base[21] = {
    35, 37, 39, 41, 43, 47, 51, 59, 67, 83, 99, 131, 259, 515, 1027, 2051, 4099, 8195, 16387, 32771,
    65539
};
static const uint8_t match_bits[21] = {
    1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16
};

/* A block while it is unpacked: what is left of its input, and its literals. */
struct block {
    const uint8_t *in;
    size_t left;
    const uint8_t *literals;        /* in the input, or at the far end of the output */
    size_t literals_left;
    size_t reserved;                /* bytes at the end of the output that hold literals to come */
};

static void advance(struct block *b, size_t n)
{
    b->in += n;
    b->left -= n;
}

/* Bytes that may be read from here on, the block's end notwithstanding. */
static size_t readable(const struct unpack *u, const uint8_t *p)
{
    return (size_t)(u->in + u->in_len - p);
}

struct literals_header {
    unsigned int type;
    unsigned int streams;
    size_t size;            /* unpacked */
    size_t packed;          /* where it is packed */
};

static uint64_t read_le(const uint8_t *p, size_t n)
{
    uint64_t value = 0;
    for (size_t i = 0; i < n; i++)
        value |= (uint64_t)p[i] << (8 * i);
    return value;
}

/* Two bits of type, two of format, then sizes that are as wide as the format says. */
static int read_literals_header(struct block *b, struct literals_header *h)
{
    if (b->left == 0)
        return -EBADMSG;
    unsigned int format = b->in[0] >> 2 & 3;
    h->type = b->in[0] & 3;
    h->streams = format == 0 ? 1 : 4;
    h->packed = 0;

    if (h->type == LITERALS_RAW || h->type == LITERALS_RLE) {
        size_t bytes = format == 1 ? 2 : format == 3 ? 3 : 1;
        if (bytes > b->left)
            return -EBADMSG;
        h->size = read_le(b->in, bytes) >> (bytes == 1 ? 3 : 4);
        advance(b, bytes);
        return 0;
    }
    size_t bytes = format < 2 ? 3 : format + 2;
    unsigned int width = format < 2 ? 10 : format == 2 ? 14 : 18;
    if (bytes > b->left)
        return -EBADMSG;
    uint64_t value = read_le(b->in, bytes) >> 4;
    h->size = value & ((1u << width) - 1);
    h->packed = value >> width & ((1u << width) - 1);
    advance(b, bytes);
    return h->packed > b->left ? -EBADMSG : 0;
}

/*
 * Four streams, the sizes of three stand before them; each but the last gives a quarter, rounded
 * up.
 */
static int decode_four(struct unpack *u, const struct huffman_table *table, const uint8_t *in,
                       size_t len, uint8_t *out, size_t n)
{
    size_t quarter = (n + 3) / 4;
    size_t at = 6;

    if (len < 6 || quarter * 3 > n)
        return -EBADMSG;
    for (size_t i = 0; i < 4; i++) {
        size_t size = i < 3 ? in[2 * i] | (size_t)in[2 * i + 1] << 8 : len - at;
        if (size > len - at)
            return -EBADMSG;
        int rc = huffman_decode(table, in + at, size, readable(u, in + at), out + i * quarter,
                                i < 3 ? quarter : n - 3 * quarter);
        if (rc != 0)
            return rc;
        at += size;
    }
    return 0;
}

static int unpack_literals(struct unpack *u, struct zstd_work *work, struct block *b,
                           const struct literals_header *h, uint8_t *out)
{
    const uint8_t *in = b->in;
    size_t len = h->packed;

    if (h->type == LITERALS_PACKED) {
        ptrdiff_t used = huffman_read(&work->literals, &work->weights, in, len);
        if (used < 0)
            return -EBADMSG;
        in += used;
        len -= (size_t)used;
    } else if (work->literals.log == 0) {
        return -EBADMSG;
    }
    advance(b, h->packed);
    return h->streams == 4
               ? decode_four(u, &work->literals, in, len, out, h->size)
               : huffman_decode(&work->literals, in, len, readable(u, in), out, h->size);
}

static int read_literals(struct unpack *u, struct zstd_work *work, struct block *b)
{
    struct literals_header h;
    int rc = read_literals_header(b, &h);

    if (rc != 0 || h.size > BLOCK_MAX)
        return -EBADMSG;
    if (h.size > u->out_len - u->out_pos)
        return -ENOSPC;
    b->literals_left = h.size;
    if (h.type == LITERALS_RAW) {
        if (h.size > b->left)
            return -EBADMSG;
        b->literals = b->in;
        advance(b, h.size);
        return 0;
    }
    uint8_t *far_end = u->out + u->out_len - h.size;
    b->literals = far_end;
    b->reserved = h.size;
    if (h.type == LITERALS_RLE) {
        if (b->left == 0)
            return -EBADMSG;
        memset(far_end, b->in[0], h.size);
        advance(b, 1);
        return 0;
    }
    return unpack_literals(u, work, b, &h, far_end);
}

/* Appends n literals; they may move down over their own place. */
static int put_literals(struct unpack *u, struct block *b, size_t n)
{
    if (n > b->literals_left)
        return -EBADMSG;
    if (n > u->out_len - u->out_pos)
        return -ENOSPC;
    uint8_t *to = u->out + u->out_pos;
    const uint8_t *from = b->literals;
    b->literals += n;
    b->literals_left -= n;
    b->reserved -= b->reserved > 0 ? n : 0;
    u->out_pos += n;
    if (n < 16) {
        while (n-- > 0)
            *to++ = *from++;
    } else {
        memmove(to, from, n);
    }
    return 0;
}

/* The table of one kind of code, as the two bits of 'mode' say. */
static int read_table(struct zstd_work *work, struct block *b, unsigned int kind,
                      struct fse_table *table, unsigned int mode)
{
    switch (mode) {
    case TABLE_DEFAULT:
        fse_build(table, codes[kind].probability, codes[kind].symbols, codes[kind].log);
        break;
    case TABLE_SINGLE:
        if (b->left == 0 || b->in[0] >= codes[kind].max_symbols)
            return -EBADMSG;
        fse_single(table, b->in[0]);
        advance(b, 1);
        break;
    case TABLE_NEW: {
        ptrdiff_t used = fse_read(table, b->in, b->left, codes[kind].max_symbols,
                                  codes[kind].max_log);
        if (used < 0) {
            work->known[kind] = false;
            return -EBADMSG;
        }
        advance(b, (size_t)used);
        break;
    }
    default:
        return work->known[kind] ? 0 : -EBADMSG;
    }
    work->known[kind] = true;
    return 0;
}

/* The number of sequences, the modes of the three codes, their tables. */
static int read_sequences_header(struct zstd_work *work, struct block *b, size_t *count)
{
    if (b->left == 0)
        return -EBADMSG;
    unsigned int first = b->in[0];
    size_t bytes = first < 128 ? 1 : first < 255 ? 2 : 3;
    if (bytes > b->left)
        return -EBADMSG;
    *count = first < 128 ? first
             : first < 255 ? (size_t)(first - 128) << 8 | b->in[1]
                           : (b->in[1] | (size_t)b->in[2] << 8) + 0x7f00;
    advance(b, bytes);
    if (*count == 0)
        return b->left == 0 ? 0 : -EBADMSG;
    if (b->left == 0)
        return -EBADMSG;
    unsigned int modes = b->in[0];
    advance(b, 1);
    if ((modes & 3) != 0)
        return -EBADMSG;
    int rc = read_table(work, b, LITERAL_LENGTH, &work->literal_lengths, modes >> 6);
    if (rc == 0)
        rc = read_table(work, b, OFFSET, &work->offsets, modes >> 4 & 3);
    if (rc == 0)
        rc = read_table(work, b, MATCH_LENGTH, &work->match_lengths, modes >> 2 & 3);
    return rc;
}

/*
 * Values 1 to 3 name one of the last three distances, shifted by one if no literals precede;
 * others are distances plus 3. Moves what was used to the front. 0 if there is no such distance.
 */
static uint32_t find_distance(uint32_t *rep, uint32_t value, bool has_literals)
{
    if (value > 3) {
        rep[2] = rep[1];
        rep[1] = rep[0];
        rep[0] = value - 3;
        return rep[0];
    }
    unsigned int which = value - (has_literals ? 1 : 0);
    uint32_t distance = which == 3 ? rep[0] - 1 : rep[which];

    if (which > 1)
        rep[2] = rep[1];
    if (which > 0) {
        rep[1] = rep[0];
        rep[0] = distance;
    }
    return distance;
}

struct sequence {
    uint32_t literals;
    uint32_t length;
    uint32_t offset;        /* as find_distance() takes it */
};

/* Bits of the offset come first, then those of the match's and the literals' length. */
static void read_sequence(struct bits_back *bits, unsigned int literal_code,
                          unsigned int offset_code, unsigned int match_code, struct sequence *s)
{
    s->offset = (1u << offset_code) + bits_back_take(bits, offset_code);
    s->length = match_code < 32 ? match_code + 3
                                : match_base[match_code - 32] +
                                      bits_back_take(bits, match_bits[match_code - 32]);
    s->literals = literal_code < 16 ? literal_code
                                    : literal_base[literal_code - 16] +
                                          bits_back_take(bits, literal_bits[literal_code - 16]);
}

static int run_sequence(struct unpack *u, struct zstd_work *work, struct block *b,
                        const struct sequence *s)
{
    int rc = put_literals(u, b, s->literals);
    if (rc != 0)
        return rc;
    uint32_t distance = find_distance(work->rep, s->offset, s->literals > 0);
    if (distance == 0 || distance > u->out_pos)
        return -EBADMSG;
    if (s->length > u->out_len - u->out_pos - b->reserved)
        return -ENOSPC;
    unpack_repeat(u, distance, s->length);
    return 0;
}

static int run_sequences(struct unpack *u, struct zstd_work *work, struct block *b, size_t count)
{
    const struct fse_entry *ll = work->literal_lengths.entry;
    const struct fse_entry *of = work->offsets.entry;
    const struct fse_entry *ml = work->match_lengths.entry;
    struct bits_back bits;

    if (!bits_back_open(&bits, b->in, b->left, readable(u, b->in)))
        return -EBADMSG;
    ll += bits_back_take(&bits, work->literal_lengths.log);
    of += bits_back_take(&bits, work->offsets.log);
    ml += bits_back_take(&bits, work->match_lengths.log);

    while (true) {
        struct sequence s;
        read_sequence(&bits, ll->symbol, of->symbol, ml->symbol, &s);
        if (bits.left < 0)
            return -EBADMSG;
        int rc = run_sequence(u, work, b, &s);
        if (rc != 0)
            return rc;
        if (--count == 0)
            return bits.left == 0 ? 0 : -EBADMSG;
        ll = work->literal_lengths.entry + ll->base + bits_back_take(&bits, ll->bits);
        ml = work->match_lengths.entry + ml->base + bits_back_take(&bits, ml->bits);
        of = work->offsets.entry + of->base + bits_back_take(&bits, of->bits);
    }
}

static int packed_block(struct unpack *u, struct zstd_work *work, size_t size)
{
    struct block b = { .in = u->in + u->in_pos, .left = size };
    size_t count;
    int rc = read_literals(u, work, &b);

    if (rc == 0)
        rc = read_sequences_header(work, &b, &count);
    if (rc == 0 && count > 0)
        rc = run_sequences(u, work, &b, count);
    return rc != 0 ? rc : put_literals(u, &b, b.literals_left);
}

static int one_block(struct unpack *u, struct zstd_work *work, bool *is_last)
{
    if (u->in_len - u->in_pos < 3)
        return -EBADMSG;
    uint32_t head = (uint32_t)read_le(u->in + u->in_pos, 3);
    unsigned int type = head >> 1 & 3;
    size_t size = head >> 3;
    size_t packed = type == BLOCK_RLE ? 1 : size;
    size_t start = u->out_pos;

    *is_last = head & 1;
    u->in_pos += 3;
    if (packed > u->in_len - u->in_pos || size > BLOCK_MAX)
        return -EBADMSG;
    if (type == BLOCK_PACKED) {
        int rc = packed_block(u, work, size);
        if (rc != 0)
            return rc;
    } else if (type > BLOCK_PACKED) {
        return -EBADMSG;
    } else if (size > u->out_len - u->out_pos) {
        return -ENOSPC;
    } else if (type == BLOCK_RAW) {
        memcpy(u->out + u->out_pos, u->in + u->in_pos, size);
        u->out_pos += size;
    } else {
        memset(u->out + u->out_pos, u->in[u->in_pos], size);
        u->out_pos += size;
    }
    u->in_pos += packed;
    return u->out_pos - start > BLOCK_MAX ? -EBADMSG : 0;
}

struct frame {
    bool has_check;
    bool has_size;
    uint64_t size;
};

static int read_frame_header(struct unpack *u, struct frame *frame)
{
    static const uint8_t dictionary_bytes[4] = { 0, 1, 2, 4 };

    if (u->in_len < 6)
        return -EBADMSG;
    unsigned int flags = u->in[4];
    bool is_single = flags & 0x20;
    unsigned int size_code = flags >> 6;
    size_t size_bytes = size_code == 0 ? is_single : 1u << size_code;
    size_t dictionary = dictionary_bytes[flags & 3];
    size_t at = 5 + (is_single ? 0 : 1);

    if ((flags & 8) != 0 || at + dictionary + size_bytes > u->in_len)
        return -EBADMSG;
    if (read_le(u->in + at, dictionary) != 0)
        return -EOPNOTSUPP;
    at += dictionary;
    frame->has_check = flags & 4;
    frame->has_size = size_bytes > 0;
    frame->size = read_le(u->in + at, size_bytes) + (size_bytes == 2 ? 256 : 0);
    u->in_pos = at + size_bytes;
    return 0;
}

static int check_frame(struct unpack *u, const struct frame *frame)
{
    if (frame->has_size && frame->size != u->out_pos)
        return -EBADMSG;
    if (!frame->has_check)
        return 0;
    if (u->in_len - u->in_pos < 4 ||
        unpack_le32(u->in + u->in_pos) != (uint32_t)xxhash64(u->out, u->out_pos)) {
        return -EBADMSG;
    }
    u->in_pos += 4;
    return 0;
}

int unpack_zstd(struct unpack *u, struct zstd_work *work)
{
    struct frame frame = { .size = 0 };
    int rc = read_frame_header(u, &frame);

    work->literals.log = 0;
    memset(work->known, 0, sizeof(work->known));
    work->rep[0] = 1;
    work->rep[1] = 4;
    work->rep[2] = 8;

    for (bool is_last = false; rc == 0 && !is_last;)
        rc = one_block(u, work, &is_last);
    return rc != 0 ? rc : check_frame(u, &frame);
}
