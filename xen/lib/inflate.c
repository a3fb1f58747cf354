/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * gzip: RFC 1952 around RFC 1951.
 */
#include <lib/unpack.h>

enum { FLAG_CRC = 2, FLAG_EXTRA = 4, FLAG_NAME = 8, FLAG_COMMENT = 16, FLAG_UNKNOWN = 0xe0 };
enum { END_OF_BLOCK = 256, LITERALS = 288, DISTANCES = 32, LENGTH_CODES = 19 };

/*
 * Bits come lowest first; 'held' has 'count' of them, zeros above. Past the end zeros are fed in.
 */
struct bits {
    struct unpack *u;
    uint64_t held;
    unsigned int count;
    unsigned int missing;       /* bits that were fed in; never more than a few bytes */
};

static void refill(struct bits *b)
{
    while (b->count <= 56) {
        if (b->u->in_pos < b->u->in_len)
            b->held |= (uint64_t)b->u->in[b->u->in_pos++] << b->count;
        else
            b->missing += 8;
        b->count += 8;
    }
}

static void drop(struct bits *b, unsigned int n)
{
    b->held >>= n;
    b->count -= n;
}

/* n <= 16 */
static unsigned int take(struct bits *b, unsigned int n)
{
    if (b->count < n)
        refill(b);
    unsigned int value = (unsigned int)b->held & ((1u << n) - 1);
    drop(b, n);
    return value;
}

/* Bits were used that the input does not have. */
static bool is_cut(const struct bits *b)
{
    return b->missing > b->count;
}

static unsigned int reverse(unsigned int code, unsigned int len)
{
    unsigned int out = 0;
    for (; len > 0; len--, code >>= 1)
        out = out << 1 | (code & 1);
    return out;
}

/*
 * Builds a canonical code from the length of each symbol's code. An over-full code is refused;
 * one with gaps is taken, and running into a gap is an error of the data.
 */
static int build(struct inflate_code *code, const uint8_t *lengths, unsigned int n)
{
    uint16_t next_code[16], next_place[16];
    int room = 1;

    memset(code, 0, sizeof(*code));
    for (unsigned int i = 0; i < n; i++)
        code->count[lengths[i]]++;
    code->count[0] = 0;
    next_code[0] = 0;
    next_place[0] = 0;
    for (unsigned int len = 1; len < 16; len++) {
        room = room * 2 - code->count[len];
        if (room < 0)
            return -EBADMSG;
        next_code[len] = (uint16_t)((next_code[len - 1] + code->count[len - 1]) << 1);
        next_place[len] = (uint16_t)(next_place[len - 1] + code->count[len - 1]);
    }
    for (unsigned int i = 0; i < n; i++) {
        unsigned int len = lengths[i];
        if (len == 0)
            continue;
        code->symbol[next_place[len]++] = (uint16_t)i;
        unsigned int bits = reverse(next_code[len]++, len);
        if (len > INFLATE_FAST)
            continue;
        for (; bits < 1u << INFLATE_FAST; bits += 1u << len)
            code->fast[bits] = (uint16_t)(i << 4 | len);
    }
    return 0;
}

/* One bit at a time, for codes that are too long for the table. -EBADMSG in a gap. */
static int decode_slow(struct bits *b, const struct inflate_code *code)
{
    int value = 0, first = 0, place = 0;

    for (unsigned int len = 1; len < 16; len++) {
        value |= (int)(b->held >> (len - 1)) & 1;
        int count = code->count[len];
        if (value - first < count) {
            drop(b, len);
            return code->symbol[place + value - first];
        }
        place += count;
        first = (first + count) << 1;
        value <<= 1;
    }
    return -EBADMSG;
}

static inline int decode(struct bits *b, const struct inflate_code *code)
{
    if (b->count < 15)
        refill(b);
    unsigned int entry = code->fast[b->held & ((1u << INFLATE_FAST) - 1)];
    if (entry == 0)
        return decode_slow(b, code);
    drop(b, entry & 15);
    return (int)(entry >> 4);
}

static const uint16_t length_base[29] = {
    3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131,
    163, 195, 227, 258
};
static const uint8_t length_bits[29] = {
    0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0
};
static const uint16_t distance_base[30] = {
    1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049,
    3073, 4097, 6145, 8193, 12289, 16385, 24577
};

static int repeat(struct bits *b, const struct gzip_work *work, int symbol)
{
    struct unpack *u = b->u;

    if (symbol > 285)
        return -EBADMSG;
    size_t len = length_base[symbol - 257] + take(b, length_bits[symbol - 257]);
    int code = decode(b, &work->distances);
    if (code < 0 || code > 29)
        return -EBADMSG;
    size_t distance = distance_base[code] + take(b, code < 4 ? 0 : (unsigned int)code / 2 - 1);
    if (distance > u->out_pos)
        return -EBADMSG;
    if (len > u->out_len - u->out_pos)
        return -ENOSPC;
    unpack_repeat(u, distance, len);
    return 0;
}

static int coded_block(struct bits *b, const struct gzip_work *work)
{
    struct unpack *u = b->u;

    while (!is_cut(b)) {
        int symbol = decode(b, &work->literals);
        if (symbol < 0 || symbol == END_OF_BLOCK)
            return symbol < 0 ? symbol : 0;
        if (symbol > END_OF_BLOCK) {
            int rc = repeat(b, work, symbol);
            if (rc != 0)
                return rc;
            continue;
        }
        if (u->out_pos == u->out_len)
            return -ENOSPC;
        u->out[u->out_pos++] = (uint8_t)symbol;
    }
    return -EBADMSG;
}

/* Gives back whole bytes that were read ahead, so that in_pos is where the bits end. */
static int align(struct bits *b)
{
    if (is_cut(b))
        return -EBADMSG;
    drop(b, b->count % 8);
    b->u->in_pos -= (b->count - b->missing) / 8;
    b->held = 0;
    b->count = 0;
    b->missing = 0;
    return 0;
}

static int stored_block(struct bits *b)
{
    struct unpack *u = b->u;

    if (align(b) != 0 || u->in_len - u->in_pos < 4)
        return -EBADMSG;
    const uint8_t *p = u->in + u->in_pos;
    size_t len = p[0] | (size_t)p[1] << 8;
    size_t inverse = p[2] | (size_t)p[3] << 8;

    u->in_pos += 4;
    if ((len ^ inverse) != 0xffff || len > u->in_len - u->in_pos)
        return -EBADMSG;
    if (len > u->out_len - u->out_pos)
        return -ENOSPC;
    memcpy(u->out + u->out_pos, u->in + u->in_pos, len);
    u->in_pos += len;
    u->out_pos += len;
    return 0;
}

static int fixed_codes(struct gzip_work *work)
{
    memset(work->lengths, 8, 144);
    memset(work->lengths + 144, 9, 112);
    memset(work->lengths + 256, 7, 24);
    memset(work->lengths + 280, 8, 8);
    int rc = build(&work->literals, work->lengths, LITERALS);
    if (rc != 0)
        return rc;
    memset(work->lengths, 5, DISTANCES);
    return build(&work->distances, work->lengths, DISTANCES);
}

/*
 * The run-length coded lengths of 'n' codes, decoded with the code that stands in work->literals.
 */
static int read_lengths(struct bits *b, struct gzip_work *work, unsigned int n)
{
    unsigned int i = 0;

    while (i < n) {
        int symbol = decode(b, &work->literals);
        uint8_t value = 0;
        unsigned int times = 1;

        if (symbol < 0 || is_cut(b))
            return -EBADMSG;
        if (symbol < 16) {
            value = (uint8_t)symbol;
        } else if (symbol == 16) {
            if (i == 0)
                return -EBADMSG;
            value = work->lengths[i - 1];
            times = 3 + take(b, 2);
        } else {
            times = symbol == 17 ? 3 + take(b, 3) : 11 + take(b, 7);
        }
        if (times > n - i)
            return -EBADMSG;
        memset(work->lengths + i, value, times);
        i += times;
    }
    return 0;
}

static int dynamic_codes(struct bits *b, struct gzip_work *work)
{
    static const uint8_t order[LENGTH_CODES] = {
        16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15
    };
    unsigned int literals = 257 + take(b, 5);
    unsigned int distances = 1 + take(b, 5);
    unsigned int codes = 4 + take(b, 4);

    if (literals > LITERALS || is_cut(b))
        return -EBADMSG;
    memset(work->lengths, 0, LENGTH_CODES);
    for (unsigned int i = 0; i < codes; i++)
        work->lengths[order[i]] = (uint8_t)take(b, 3);
    int rc = build(&work->literals, work->lengths, LENGTH_CODES);
    if (rc == 0)
        rc = read_lengths(b, work, literals + distances);
    if (rc == 0)
        rc = build(&work->literals, work->lengths, literals);
    return rc != 0 ? rc : build(&work->distances, work->lengths + literals, distances);
}

static int inflate(struct unpack *u, struct gzip_work *work)
{
    struct bits b = { .u = u };
    bool is_last;

    do {
        is_last = take(&b, 1);
        int rc = -EBADMSG;
        switch (take(&b, 2)) {
        case 0:
            rc = stored_block(&b);
            break;
        case 1:
            rc = fixed_codes(work);
            rc = rc != 0 ? rc : coded_block(&b, work);
            break;
        case 2:
            rc = dynamic_codes(&b, work);
            rc = rc != 0 ? rc : coded_block(&b, work);
            break;
        default:
            break;
        }
        if (rc != 0)
            return rc;
    } while (!is_last);
    return align(&b);
}

/* Passes a text that ends with a zero. */
static bool skip_text(struct unpack *u)
{
    const uint8_t *end = memchr(u->in + u->in_pos, 0, u->in_len - u->in_pos);

    if (end != NULL)
        u->in_pos = (size_t)(end - u->in) + 1;
    return end != NULL;
}

static bool skip_bytes(struct unpack *u, size_t n)
{
    if (n > u->in_len - u->in_pos)
        return false;
    u->in_pos += n;
    return true;
}

static int skip_header(struct unpack *u)
{
    if (u->in_len < 10)
        return -EBADMSG;
    unsigned int flags = u->in[3];
    u->in_pos = 10;
    if ((flags & FLAG_UNKNOWN) != 0)
        return -EOPNOTSUPP;
    if ((flags & FLAG_EXTRA) != 0) {
        const uint8_t *p = u->in + u->in_pos;
        if (!skip_bytes(u, 2) || !skip_bytes(u, p[0] | (size_t)p[1] << 8))
            return -EBADMSG;
    }
    if (((flags & FLAG_NAME) != 0 && !skip_text(u)) ||
        ((flags & FLAG_COMMENT) != 0 && !skip_text(u)) ||
        ((flags & FLAG_CRC) != 0 && !skip_bytes(u, 2))) {
        return -EBADMSG;
    }
    return 0;
}

int unpack_gzip(struct unpack *u, struct gzip_work *work)
{
    int rc = skip_header(u);

    if (rc == 0)
        rc = inflate(u, work);
    if (rc != 0)
        return rc;
    if (u->in_len - u->in_pos < 8)
        return -EBADMSG;
    const uint8_t *trailer = u->in + u->in_pos;
    crc32_init(&work->crc32);
    if (unpack_le32(trailer) != crc32_bytes(&work->crc32, u->out, u->out_pos) ||
        unpack_le32(trailer + 4) != (uint32_t)u->out_pos) {
        return -EBADMSG;
    }
    u->in_pos += 8;
    return 0;
}
