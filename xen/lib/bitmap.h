/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bitmaps: arrays of unsigned long, lowest bit first, of a length in bits that the caller knows.
 *
 * Nothing here is atomic. Bits past the length in the last word are never read; whole-map
 * operations may write them.
 */
#ifndef LIB_BITMAP_H
#define LIB_BITMAP_H

#include <stdbool.h>
#include <stddef.h>

#define BITS_PER_LONG 64ul
#define BITS_TO_LONGS(bits) (((bits) + BITS_PER_LONG - 1) / BITS_PER_LONG)
#define DECLARE_BITMAP(name, bits) unsigned long name[BITS_TO_LONGS(bits)]

static inline void bitmap_set(unsigned long *map, unsigned long bit)
{
    map[bit / BITS_PER_LONG] |= 1ul << (bit % BITS_PER_LONG);
}

static inline void bitmap_clear(unsigned long *map, unsigned long bit)
{
    map[bit / BITS_PER_LONG] &= ~(1ul << (bit % BITS_PER_LONG));
}

static inline bool bitmap_test(const unsigned long *map, unsigned long bit)
{
    return (map[bit / BITS_PER_LONG] >> (bit % BITS_PER_LONG)) & 1;
}

/* These two return the bit's former value. */
static inline bool bitmap_test_and_set(unsigned long *map, unsigned long bit)
{
    bool old = bitmap_test(map, bit);
    bitmap_set(map, bit);
    return old;
}

static inline bool bitmap_test_and_clear(unsigned long *map, unsigned long bit)
{
    bool old = bitmap_test(map, bit);
    bitmap_clear(map, bit);
    return old;
}

static inline void bitmap_assign(unsigned long *map, unsigned long bit, bool value)
{
    value ? bitmap_set(map, bit) : bitmap_clear(map, bit);
}

void bitmap_zero(unsigned long *map, unsigned long bits);
void bitmap_fill(unsigned long *map, unsigned long bits);
void bitmap_copy(unsigned long *to, const unsigned long *from, unsigned long bits);
void bitmap_set_range(unsigned long *map, unsigned long first, unsigned long count);
void bitmap_clear_range(unsigned long *map, unsigned long first, unsigned long count);

/* The first bit at or after 'start' that is set, or zero; 'bits' if there is none. */
unsigned long bitmap_find_next(const unsigned long *map, unsigned long bits, unsigned long start);
unsigned long bitmap_find_next_zero(const unsigned long *map, unsigned long bits,
                                    unsigned long start);

static inline unsigned long bitmap_find_first(const unsigned long *map, unsigned long bits)
{
    return bitmap_find_next(map, bits, 0);
}

static inline unsigned long bitmap_find_first_zero(const unsigned long *map, unsigned long bits)
{
    return bitmap_find_next_zero(map, bits, 0);
}

unsigned long bitmap_weight(const unsigned long *map, unsigned long bits);
bool bitmap_is_empty(const unsigned long *map, unsigned long bits);
bool bitmap_is_full(const unsigned long *map, unsigned long bits);
bool bitmap_equal(const unsigned long *a, const unsigned long *b, unsigned long bits);
bool bitmap_intersects(const unsigned long *a, const unsigned long *b, unsigned long bits);
bool bitmap_is_subset(const unsigned long *part, const unsigned long *whole, unsigned long bits);

/* 'to' may be 'a' or 'b'. */
void bitmap_and(unsigned long *to, const unsigned long *a, const unsigned long *b,
                unsigned long bits);
void bitmap_or(unsigned long *to, const unsigned long *a, const unsigned long *b,
               unsigned long bits);
void bitmap_andnot(unsigned long *to, const unsigned long *a, const unsigned long *b,
                   unsigned long bits);

/*
 * "0-3,5" as format() writes: returns the whole length, cuts what does not fit. No bit gives an
 * empty text.
 */
int bitmap_print_list(char *buf, size_t size, const unsigned long *map, unsigned long bits);

#define bitmap_for_each(bit, map, bits)                                 \
    for (bit = bitmap_find_first(map, bits);                            \
         (unsigned long)(bit) < (unsigned long)(bits);                  \
         bit = bitmap_find_next(map, bits, (unsigned long)bit + 1))

#endif
