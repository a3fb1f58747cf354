/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The two entropy codes of zstd (RFC 8878, section 4): FSE tables and Huffman trees, and the
 * streams that are read from their end.
 */
#include <lib/math.h>
#include <lib/unpack.h>

#define WEIGHTS_LOG     6u      /* of the table that codes a tree's weights */
#define SYMBOLS         256u

bool bits_back_open(struct bits_back *b, const uint8_t *start, size_t size, size_t limit)
{
    if (size == 0 || start[size - 1] == 0)
        return false;
    *b = (struct bits_back){ .start = start, .limit = limit };
    b->left = (ptrdiff_t)((size - 1) * 8 + ilog2(start[size - 1]));
    return true;
}

uint64_t bits_back_load_slow(const struct bits_back *b, size_t byte)
{
    uint64_t word = 0;

    for (size_t i = 0; i < 8 && byte + i < b->limit; i++)
        word |= (uint64_t)b->start[byte + i] << (8 * i);
    return word;
}

/* n <= 24 bits at bit 'pos' of the input, read forward; zeros behind its end. */
static uint32_t bits_at(const uint8_t *in, size_t len, size_t pos, unsigned int n)
{
    uint32_t word = 0;

    for (size_t i = 0; i < 4 && pos / 8 + i < len; i++)
        word |= (uint32_t)in[pos / 8 + i] << (8 * i);
    return word >> (pos % 8) & ((1u << n) - 1);
}

/*
 * One probability plus one, between 0 and remaining + 1. The smaller values take a bit less than
 * the others, since not all values of the full width can occur.
 */
static unsigned int read_share(const uint8_t *in, size_t len, size_t *pos, unsigned int remaining)
{
    unsigned int n = ilog2(remaining + 1) + 1;
    unsigned int mask = (1u << (n - 1)) - 1;
    unsigned int unused = (1u << n) - 1 - (remaining + 1);
    unsigned int value = bits_at(in, len, *pos, n);

    if ((value & mask) < unused) {
        *pos += n - 1;
        return value & mask;
    }
    *pos += n;
    return value > mask ? value - unused : value;
}

ptrdiff_t fse_read(struct fse_table *table, const uint8_t *in, size_t len, unsigned int symbols,
                   unsigned int max_log)
{
    int16_t probability[SYMBOLS];
    unsigned int log = 5 + bits_at(in, len, 0, 4);
    unsigned int remaining = 1u << log;
    unsigned int n = 0;
    size_t pos = 4;

    if (log > max_log)
        return -EBADMSG;
    while (remaining > 0) {
        if (n >= symbols || pos > len * 8)
            return -EBADMSG;
        int share = (int)read_share(in, len, &pos, remaining) - 1;
        probability[n++] = (int16_t)share;
        remaining -= share < 0 ? 1 : (unsigned int)share;
        if (share != 0)
            continue;
        unsigned int zeros;     /* how many more symbols never occur, three at a time */
        do {
            zeros = bits_at(in, len, pos, 2);
            pos += 2;
            for (unsigned int i = 0; i < zeros; i++) {
                if (n >= symbols)
                    return -EBADMSG;
                probability[n++] = 0;
            }
        } while (zeros == 3);
    }
    if (pos > len * 8)
        return -EBADMSG;
    fse_build(table, probability, n, log);
    return (ptrdiff_t)((pos + 7) / 8);
}

void fse_build(struct fse_table *table, const int16_t *probability, unsigned int symbols,
               unsigned int log)
{
    uint16_t next[SYMBOLS];
    unsigned int size = 1u << log;
    unsigned int end = size;        /* rare symbols fill the table from here down */

    table->log = log;
    for (unsigned int s = 0; s < symbols; s++) {
        next[s] = probability[s] < 0 ? 1 : (uint16_t)probability[s];
        if (probability[s] < 0)
            table->entry[--end].symbol = (uint8_t)s;
    }
    unsigned int step = (size >> 1) + (size >> 3) + 3;
    unsigned int pos = 0;
    for (unsigned int s = 0; s < symbols; s++) {
        for (int i = 0; i < probability[s]; i++) {
            table->entry[pos].symbol = (uint8_t)s;
            do {
                pos = (pos + step) & (size - 1);
            } while (pos >= end);
        }
    }
    for (unsigned int i = 0; i < size; i++) {
        struct fse_entry *e = &table->entry[i];
        unsigned int x = next[e->symbol]++;
        e->bits = (uint8_t)(log - ilog2(x));
        e->base = (uint16_t)((x << e->bits) - size);
    }
}

void fse_single(struct fse_table *table, uint8_t symbol)
{
    table->log = 0;
    table->entry[0] = (struct fse_entry){ .symbol = symbol };
}

/* Takes the bits to the next state; false if the stream does not have them. */
static bool next_state(const struct fse_table *table, struct bits_back *b, uint32_t *state)
{
    const struct fse_entry *e = &table->entry[*state];

    if (b->left < e->bits)
        return false;
    *state = e->base + bits_back_take(b, e->bits);
    return true;
}

/*
 * Weights of a tree, coded by two states in turn until the stream is used up. Returns their
 * number.
 */
static int read_packed_weights(struct fse_table *table, const uint8_t *in, size_t len,
                               uint8_t *weights)
{
    ptrdiff_t used = fse_read(table, in, len, SYMBOLS, WEIGHTS_LOG);
    struct bits_back b;

    if (used < 0 || !bits_back_open(&b, in + used, len - (size_t)used, len - (size_t)used))
        return -EBADMSG;
    uint32_t state[2];
    state[0] = bits_back_take(&b, table->log);
    state[1] = bits_back_take(&b, table->log);
    if (b.left < 0)
        return -EBADMSG;
    for (unsigned int n = 0; n < SYMBOLS - 2; n++) {
        uint32_t *now = &state[n & 1];
        weights[n] = table->entry[*now].symbol;
        if (!next_state(table, &b, now)) {
            weights[n + 1] = table->entry[state[(n + 1) & 1]].symbol;
            return (int)n + 2;
        }
    }
    return -EBADMSG;
}

/*
 * The last symbol's weight is not stored: it is what makes the sum a power of two. Fills the
 * table: codes of the least weight, the longest, come first, symbols of one weight in their
 * order.
 */
static int build_tree(struct huffman_table *table, uint8_t *weights, unsigned int n)
{
    unsigned int sum = 0;

    for (unsigned int i = 0; i < n; i++) {
        if (weights[i] > HUFFMAN_MAX_LOG)
            return -EBADMSG;
        sum += weights[i] > 0 ? 1u << (weights[i] - 1) : 0;
    }
    if (sum == 0 || ilog2(sum) + 1 > HUFFMAN_MAX_LOG)
        return -EBADMSG;
    unsigned int log = ilog2(sum) + 1;
    unsigned int rest = (1u << log) - sum;
    if (!is_pow2(rest))
        return -EBADMSG;
    weights[n++] = (uint8_t)(ilog2(rest) + 1);

    unsigned int at = 0;
    for (unsigned int weight = 1; weight <= log; weight++) {
        for (unsigned int i = 0; i < n; i++) {
            if (weights[i] != weight)
                continue;
            for (unsigned int k = 0; k < 1u << (weight - 1); k++) {
                table->entry[at++] = (struct huffman_entry){ (uint8_t)i,
                                                             (uint8_t)(log + 1 - weight) };
            }
        }
    }
    table->log = log;
    return 0;
}

ptrdiff_t huffman_read(struct huffman_table *table, struct fse_table *scratch, const uint8_t *in,
                       size_t len)
{
    uint8_t weights[SYMBOLS];

    table->log = 0;
    if (len == 0)
        return -EBADMSG;
    unsigned int head = in[0];
    size_t size = head < 128 ? head : (head - 127 + 1) / 2;
    int n = (int)head - 127;

    if (size > len - 1)
        return -EBADMSG;
    if (head < 128) {
        n = read_packed_weights(scratch, in + 1, size, weights);
    } else {
        for (int i = 0; i < n; i++)
            weights[i] = i % 2 == 0 ? in[1 + i / 2] >> 4 : in[1 + i / 2] & 15;
    }
    if (n < 0 || build_tree(table, weights, (unsigned int)n) != 0)
        return -EBADMSG;
    return (ptrdiff_t)(1 + size);
}

int huffman_decode(const struct huffman_table *table, const uint8_t *in, size_t len, size_t limit,
                   uint8_t *out, size_t n)
{
    unsigned int log = table->log;
    struct bits_back b;

    if (!bits_back_open(&b, in, len, limit))
        return -EBADMSG;
    for (size_t i = 0; i < n; i++) {
        /*
         * Near the start of the stream the code is shorter than the table's index: zeros fill it.
         */
        size_t index = b.left >= (ptrdiff_t)log
                           ? bits_back_at(&b, b.left, log)
                           : bits_back_at(&b, b.left, (unsigned int)b.left) << (log - b.left);
        struct huffman_entry e = table->entry[index];
        out[i] = e.symbol;
        b.left -= e.bits;
        if (b.left < 0)
            return -EBADMSG;
    }
    return b.left == 0 ? 0 : -EBADMSG;
}
