/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * LZMA2: chunks of LZMA, or of plain bytes, with resets between.
 *
 * The output is the dictionary: it begins at 'base', where the last dictionary reset was.
 */
#include <lib/math.h>
#include <lib/unpack.h>

#define PROB_BITS   11u
#define PROB_START  (1u << (PROB_BITS - 1))
#define MOVE_BITS   5u
#define MOVE_UP     ((1 << PROB_BITS) - (1 << MOVE_BITS) + 1)
#define TOP         (1u << 24)

/*
 * A symbol takes at most this many bytes of input. After a valid chunk the end marker, the index
 * and the footer follow, which is more: so one test before each symbol keeps all reads inside.
 */
#define SYMBOL_BYTES 21

enum { MATCH_MIN = 2, FIRST_SPECIAL = 4, FIRST_DIRECT = 14, ALIGN_BITS = 4 };

struct range {
    uint32_t range;
    uint32_t code;
    const uint8_t *in;
};

#define INLINE static inline __attribute__((always_inline))

INLINE void normalize(struct range *r)
{
    if (r->range < TOP) {
        r->range <<= 8;
        r->code = r->code << 8 | *r->in++;
    }
}

INLINE unsigned int bit(struct range *r, uint16_t *prob)
{
    normalize(r);
    uint32_t p = *prob;
    uint32_t bound = (r->range >> PROB_BITS) * p;

    if (r->code < bound) {
        r->range = bound;
        /* p + ((2048 - p) >> 5), in fewer steps */
        *prob = (uint16_t)(p - (uint32_t)(((int32_t)p - MOVE_UP) >> MOVE_BITS));
        return 0;
    }
    r->range -= bound;
    r->code -= bound;
    *prob = (uint16_t)(p - (p >> MOVE_BITS));
    return 1;
}

/* A number of n bits, highest first; probs has 2^n entries, of which the first is not used. */
INLINE unsigned int tree(struct range *r, uint16_t *probs, unsigned int n)
{
    unsigned int node = 1;
    _Pragma("GCC unroll 8")
    for (unsigned int i = 0; i < n; i++)
        node = node << 1 | bit(r, &probs[node]);
    return node - (1u << n);
}

/* The same, lowest first. */
INLINE unsigned int reverse_tree(struct range *r, uint16_t *probs, unsigned int n)
{
    unsigned int node = 1, value = 0;
    for (unsigned int i = 0; i < n; i++) {
        unsigned int b = bit(r, &probs[node]);
        node = node << 1 | b;
        value |= b << i;
    }
    return value;
}

INLINE uint32_t direct_bits(struct range *r, unsigned int n)
{
    uint32_t value = 0;
    for (; n > 0; n--) {
        normalize(r);
        r->range >>= 1;
        uint32_t is_one = r->code >= r->range;
        r->code -= is_one ? r->range : 0;
        value = value << 1 | is_one;
    }
    return value;
}

INLINE unsigned int read_length(struct range *r, struct lzma_lengths *l, unsigned int pos_state)
{
    if (bit(r, &l->choice) == 0)
        return MATCH_MIN + tree(r, l->low[pos_state], 3);
    if (bit(r, &l->choice2) == 0)
        return MATCH_MIN + 8 + tree(r, l->mid[pos_state], 3);
    return MATCH_MIN + 16 + tree(r, l->high, 8);
}

INLINE uint32_t read_distance(struct range *r, struct lzma_probs *p, unsigned int len)
{
    unsigned int slot = tree(r, p->dist_slot[min(len - MATCH_MIN, 3u)], 6);

    if (slot < FIRST_SPECIAL)
        return slot;
    unsigned int n = (slot >> 1) - 1;
    uint32_t distance = (2 | (slot & 1)) << n;
    if (slot < FIRST_DIRECT) {
        /* The trees of these slots lie so that each one's unused first entry is another's. */
        return distance + reverse_tree(r, p->dist_special + (distance - slot), n);
    }
    distance += direct_bits(r, n - ALIGN_BITS) << ALIGN_BITS;
    return distance + reverse_tree(r, p->dist_align, ALIGN_BITS);
}

INLINE uint8_t read_literal(struct range *r, uint16_t *probs, bool is_after_match, uint8_t expected)
{
    unsigned int symbol = 1;

    if (is_after_match) {
        unsigned int match = expected;
        unsigned int offset = 0x100;
        _Pragma("GCC unroll 8")
        for (unsigned int i = 0; i < 8; i++) {
            match <<= 1;
            unsigned int match_bit = match & offset;
            unsigned int b = bit(r, &probs[offset + match_bit + symbol]);
            symbol = symbol << 1 | b;
            offset &= b ? match_bit : ~match_bit;
        }
        return (uint8_t)symbol;
    }
    return (uint8_t)tree(r, probs, 8);
}

/* A repeat of one of the last four distances. Returns its length; rep[0] is then the distance. */
INLINE unsigned int read_rep(struct range *r, struct lzma_work *w, unsigned int pos_state)
{
    struct lzma_probs *p = &w->probs;
    unsigned int state = w->state;

    if (bit(r, &p->is_rep0[state]) == 0) {
        if (bit(r, &p->is_rep0_long[state][pos_state]) == 0) {
            w->state = state < 7 ? 9 : 11;
            return 1;
        }
    } else {
        unsigned int which = bit(r, &p->is_rep1[state]) == 0 ? 1 : 2 + bit(r, &p->is_rep2[state]);
        uint32_t distance = w->rep[which];
        for (; which > 0; which--)
            w->rep[which] = w->rep[which - 1];
        w->rep[0] = distance;
    }
    w->state = state < 7 ? 8 : 11;
    return read_length(r, &p->rep_len, pos_state);
}

INLINE unsigned int read_match(struct range *r, struct lzma_work *w, unsigned int pos_state)
{
    unsigned int len = read_length(r, &w->probs.match_len, pos_state);

    w->state = w->state < 7 ? 7 : 10;
    w->rep[3] = w->rep[2];
    w->rep[2] = w->rep[1];
    w->rep[1] = w->rep[0];
    w->rep[0] = read_distance(r, &w->probs, len);
    return len;
}

INLINE void put_literal(struct range *r, struct lzma_work *w, struct unpack *u, size_t base)
{
    size_t pos = u->out_pos - base;
    const uint8_t *here = u->out + u->out_pos;
    unsigned int previous = pos > 0 ? here[-1] : 0;
    size_t context = ((pos & w->lp_mask) << w->lc) + (previous >> (8 - w->lc));
    bool is_after_match = w->state >= 7;
    uint8_t expected = is_after_match ? *(here - w->rep[0] - 1) : 0;

    u->out[u->out_pos++] = read_literal(r, w->probs.literal + 0x300 * context, is_after_match,
                                        expected);
    w->state = w->state < 4 ? 0 : w->state < 10 ? w->state - 3 : w->state - 6;
}

/*
 * unpack_repeat() by words only: it may write up to seven bytes too many, which what comes next
 * overwrites.
 */
INLINE void repeat(struct unpack *u, size_t distance, size_t len)
{
    static const uint8_t period[8] = { 0, 8, 8, 9, 8, 10, 12, 14 };     /* of short distances */

    if (u->out_len - u->out_pos - len < 8 || (distance < 8 && len < 8)) {
        unpack_repeat(u, distance, len);
        return;
    }
    uint8_t *to = u->out + u->out_pos;
    const uint8_t *from = to - distance;
    const uint8_t *end = to + len;

    u->out_pos += len;
    if (distance < 8) {
        for (size_t n = period[distance] - distance; n > 0; n--)
            *to++ = *from++;
        from = to - period[distance];
    }
    for (; to < end; to += 8, from += 8) {
        uint64_t word;
        memcpy(&word, from, sizeof(word));
        memcpy(to, &word, sizeof(word));
    }
}

/*
 * Decodes until out_pos is 'out_end'. After a match rep[0] always lies inside the dictionary,
 * since it is checked right there and the dictionary only grows: so put_literal() may look at
 * what stood there.
 */
static int run(struct unpack *u, struct lzma_work *w, struct range *range, size_t base,
               size_t out_end)
{
    struct range r = *range;
    const uint8_t *in_end = u->in + u->in_len;

    while (u->out_pos < out_end) {
        if (in_end - r.in < SYMBOL_BYTES)
            return -EBADMSG;
        unsigned int pos_state = (unsigned int)(u->out_pos - base) & w->pb_mask;
        if (bit(&r, &w->probs.is_match[w->state][pos_state]) == 0) {
            put_literal(&r, w, u, base);
            continue;
        }
        unsigned int len = bit(&r, &w->probs.is_rep[w->state]) != 0 ? read_rep(&r, w, pos_state)
                                                                    : read_match(&r, w, pos_state);
        if (w->rep[0] >= u->out_pos - base || len > out_end - u->out_pos)
            return -EBADMSG;
        repeat(u, (size_t)w->rep[0] + 1, len);
    }
    if (in_end - r.in < SYMBOL_BYTES)
        return -EBADMSG;
    normalize(&r);
    *range = r;
    return 0;
}

static void reset_state(struct lzma_work *w)
{
    uint16_t *prob = (uint16_t *)&w->probs;

    for (size_t i = 0; i < sizeof(w->probs) / sizeof(*prob); i++)
        prob[i] = PROB_START;
    memset(w->rep, 0, sizeof(w->rep));
    w->state = 0;
}

static int set_properties(struct lzma_work *w, unsigned int byte)
{
    unsigned int lc = byte % 9;
    unsigned int lp = byte / 9 % 5;
    unsigned int pb = byte / 45;

    if (pb > 4 || lc + lp > 4)
        return -EBADMSG;
    w->lc = lc;
    w->lp_mask = (1u << lp) - 1;
    w->pb_mask = (1u << pb) - 1;
    return 0;
}

/* The packed bytes of one chunk: 'packed' bytes at in_pos become 'size' bytes. */
static int lzma_chunk(struct unpack *u, struct lzma_work *w, size_t base, size_t packed,
                      size_t size)
{
    const uint8_t *p = u->in + u->in_pos;
    struct range r = { .range = 0xffffffff, .in = p + 5 };

    if (packed < 5 || packed > u->in_len - u->in_pos || p[0] != 0)
        return -EBADMSG;
    if (size > u->out_len - u->out_pos)
        return -ENOSPC;
    r.code = (uint32_t)p[1] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 8 | p[4];
    int rc = run(u, w, &r, base, u->out_pos + size);
    if (rc != 0)
        return rc;
    if (r.in != p + packed || r.code != 0)
        return -EBADMSG;
    u->in_pos += packed;
    return 0;
}

static int plain_chunk(struct unpack *u)
{
    if (u->in_len - u->in_pos < 2)
        return -EBADMSG;
    size_t size = ((size_t)u->in[u->in_pos] << 8 | u->in[u->in_pos + 1]) + 1;
    u->in_pos += 2;
    if (size > u->in_len - u->in_pos)
        return -EBADMSG;
    if (size > u->out_len - u->out_pos)
        return -ENOSPC;
    memcpy(u->out + u->out_pos, u->in + u->in_pos, size);
    u->in_pos += size;
    u->out_pos += size;
    return 0;
}

/* What the next packed chunk has to reset at least, in the terms of its control byte. */
enum { NEED_NOTHING = 0, NEED_PROPERTIES = 2, NEED_DICTIONARY = 3 };

/*
 * Control byte of a packed chunk: bits 5-6 say how much is reset: nothing, state, properties as
 * well, dictionary as well; then the sizes and, where they are reset, the properties follow.
 */
static int packed_chunk(struct unpack *u, struct lzma_work *w, unsigned int control, int *need,
                        size_t base)
{
    int reset = (int)(control >> 5 & 3);
    size_t header = reset >= 2 ? 5 : 4;
    const uint8_t *p = u->in + u->in_pos;

    if (reset < *need || u->in_len - u->in_pos < header)
        return -EBADMSG;
    size_t size = ((size_t)(control & 0x1f) << 16 | (size_t)p[0] << 8 | p[1]) + 1;
    size_t packed = ((size_t)p[2] << 8 | p[3]) + 1;
    u->in_pos += header;
    if (reset >= 2 && set_properties(w, p[4]) != 0)
        return -EBADMSG;
    if (reset >= 1)
        reset_state(w);
    *need = NEED_NOTHING;
    return lzma_chunk(u, w, base, packed, size);
}

int unpack_lzma2(struct unpack *u, struct lzma_work *w)
{
    size_t base = u->out_pos;
    int need = NEED_DICTIONARY;

    while (u->in_pos < u->in_len) {
        unsigned int control = u->in[u->in_pos++];
        int rc;

        if (control == 0)
            return 0;
        if (control == 1 || control >= 0xe0) {
            base = u->out_pos;
            need = control == 1 ? NEED_PROPERTIES : need;
        } else if (need == NEED_DICTIONARY) {
            return -EBADMSG;
        }
        if (control >= 0x80)
            rc = packed_chunk(u, w, control, &need, base);
        else if (control <= 2)
            rc = plain_chunk(u);
        else
            rc = -EBADMSG;
        if (rc != 0)
            return rc;
    }
    return -EBADMSG;
}
