/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bitmaps, a word at a time.
 */
#include <lib/bitmap.h>

#include <lib/format.h>
#include <lib/math.h>
#include <lib/string.h>

/* The bits of word 'word' that belong to a map of 'bits'. */
static unsigned long valid_mask(unsigned long word, unsigned long bits)
{
    unsigned long left = bits - word * BITS_PER_LONG;
    return left >= BITS_PER_LONG ? ~0ul : (1ul << left) - 1;
}

void bitmap_zero(unsigned long *map, unsigned long bits)
{
    memset(map, 0, BITS_TO_LONGS(bits) * sizeof(*map));
}

void bitmap_fill(unsigned long *map, unsigned long bits)
{
    for (unsigned long i = 0; i < BITS_TO_LONGS(bits); i++)
        map[i] = valid_mask(i, bits);
}

void bitmap_copy(unsigned long *to, const unsigned long *from, unsigned long bits)
{
    memcpy(to, from, BITS_TO_LONGS(bits) * sizeof(*to));
}

/*
 * The bits of one word between 'first' and 'last', both inclusive, numbers of the whole map in
 * that word.
 */
static unsigned long span_mask(unsigned long first, unsigned long last)
{
    return (~0ul << (first % BITS_PER_LONG)) & (~0ul >> (BITS_PER_LONG - 1 - last % BITS_PER_LONG));
}

static void assign_range(unsigned long *map, unsigned long first, unsigned long count, bool value)
{
    while (count > 0) {
        unsigned long n = min(count, BITS_PER_LONG - first % BITS_PER_LONG);
        unsigned long mask = span_mask(first, first + n - 1);
        unsigned long *word = &map[first / BITS_PER_LONG];

        *word = value ? *word | mask : *word & ~mask;
        first += n;
        count -= n;
    }
}

void bitmap_set_range(unsigned long *map, unsigned long first, unsigned long count)
{
    assign_range(map, first, count, true);
}

void bitmap_clear_range(unsigned long *map, unsigned long first, unsigned long count)
{
    assign_range(map, first, count, false);
}

/* 'flip' is all ones to look for zeros. */
static unsigned long find_next(const unsigned long *map, unsigned long bits, unsigned long start,
                               unsigned long flip)
{
    if (start >= bits)
        return bits;
    unsigned long i = start / BITS_PER_LONG;
    unsigned long word = (map[i] ^ flip) & (~0ul << (start % BITS_PER_LONG));

    while (word == 0) {
        if (++i >= BITS_TO_LONGS(bits))
            return bits;
        word = map[i] ^ flip;
    }
    return min(bits, i * BITS_PER_LONG + (unsigned long)__builtin_ctzl(word));
}

unsigned long bitmap_find_next(const unsigned long *map, unsigned long bits, unsigned long start)
{
    return find_next(map, bits, start, 0);
}

unsigned long bitmap_find_next_zero(const unsigned long *map, unsigned long bits,
                                    unsigned long start)
{
    return find_next(map, bits, start, ~0ul);
}

unsigned long bitmap_weight(const unsigned long *map, unsigned long bits)
{
    unsigned long weight = 0;

    for (unsigned long i = 0; i < BITS_TO_LONGS(bits); i++)
        weight += count_bits(map[i] & valid_mask(i, bits));
    return weight;
}

bool bitmap_is_empty(const unsigned long *map, unsigned long bits)
{
    return bitmap_find_first(map, bits) == bits;
}

bool bitmap_is_full(const unsigned long *map, unsigned long bits)
{
    return bitmap_find_first_zero(map, bits) == bits;
}

bool bitmap_equal(const unsigned long *a, const unsigned long *b, unsigned long bits)
{
    for (unsigned long i = 0; i < BITS_TO_LONGS(bits); i++) {
        if (((a[i] ^ b[i]) & valid_mask(i, bits)) != 0)
            return false;
    }
    return true;
}

bool bitmap_intersects(const unsigned long *a, const unsigned long *b, unsigned long bits)
{
    for (unsigned long i = 0; i < BITS_TO_LONGS(bits); i++) {
        if ((a[i] & b[i] & valid_mask(i, bits)) != 0)
            return true;
    }
    return false;
}

bool bitmap_is_subset(const unsigned long *part, const unsigned long *whole, unsigned long bits)
{
    for (unsigned long i = 0; i < BITS_TO_LONGS(bits); i++) {
        if ((part[i] & ~whole[i] & valid_mask(i, bits)) != 0)
            return false;
    }
    return true;
}

void bitmap_and(unsigned long *to, const unsigned long *a, const unsigned long *b,
                unsigned long bits)
{
    for (unsigned long i = 0; i < BITS_TO_LONGS(bits); i++)
        to[i] = a[i] & b[i];
}

void bitmap_or(unsigned long *to, const unsigned long *a, const unsigned long *b,
               unsigned long bits)
{
    for (unsigned long i = 0; i < BITS_TO_LONGS(bits); i++)
        to[i] = a[i] | b[i];
}

void bitmap_andnot(unsigned long *to, const unsigned long *a, const unsigned long *b,
                   unsigned long bits)
{
    for (unsigned long i = 0; i < BITS_TO_LONGS(bits); i++)
        to[i] = a[i] & ~b[i];
}

int bitmap_print_list(char *buf, size_t size, const unsigned long *map, unsigned long bits)
{
    size_t len = 0;
    unsigned long first = bitmap_find_first(map, bits);

    if (size > 0)
        buf[0] = '\0';
    while (first < bits) {
        unsigned long end = bitmap_find_next_zero(map, bits, first);
        const char *comma = len > 0 ? "," : "";
        char *at = len < size ? buf + len : NULL;
        size_t room = len < size ? size - len : 0;
        int n = end - first > 1 ? format(at, room, "%s%lu-%lu", comma, first, end - 1)
                                : format(at, room, "%s%lu", comma, first);

        len += (size_t)n;
        first = bitmap_find_next(map, bits, end);
    }
    return (int)len;
}
