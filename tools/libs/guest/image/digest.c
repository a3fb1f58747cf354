/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * BLAKE2b of 32 bytes (RFC 7693), without a key: the name of a file's content. Nobody can make two
 * contents of the same name, so a guest's own kernel may share a folder with everybody's.
 */
#include <string.h>

#include "../private.h"

#define BLOCK  128
#define ROUNDS 12

struct digest {
    uint64_t h[8];
    uint64_t count;             /* bytes taken in */
};

static const uint64_t start[8] = {
    0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
    0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
};

/* Which word of the block is used when; rounds 10 and 11 are 0 and 1 again. */
static const uint8_t order[10][16] = {
    { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 },
    { 14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3 },
    { 11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4 },
    { 7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8 },
    { 9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13 },
    { 2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9 },
    { 12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11 },
    { 13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10 },
    { 6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5 },
    { 10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0 },
};

static inline uint64_t rotate(uint64_t x, unsigned int by)
{
    return x >> by | x << (64 - by);
}

static inline __attribute__((always_inline)) void mix(uint64_t v[16], unsigned int a,
                                                      unsigned int b, unsigned int c,
                                                      unsigned int d, uint64_t x, uint64_t y)
{
    v[a] += v[b] + x;
    v[d] = rotate(v[d] ^ v[a], 32);
    v[c] += v[d];
    v[b] = rotate(v[b] ^ v[c], 24);
    v[a] += v[b] + y;
    v[d] = rotate(v[d] ^ v[a], 16);
    v[c] += v[d];
    v[b] = rotate(v[b] ^ v[c], 63);
}

static void compress(struct digest *d, const uint8_t *block, bool is_last)
{
    uint64_t v[16], m[16];

    memcpy(m, block, sizeof(m));
    memcpy(v, d->h, sizeof(d->h));
    memcpy(v + 8, start, sizeof(start));
    v[12] ^= d->count;
    if (is_last)
        v[14] = ~v[14];
    _Pragma("GCC unroll 12")            /* so that the order is known when this is compiled */
    for (unsigned int round = 0; round < ROUNDS; round++) {
        const uint8_t *s = order[round % 10];

        mix(v, 0, 4, 8, 12, m[s[0]], m[s[1]]);
        mix(v, 1, 5, 9, 13, m[s[2]], m[s[3]]);
        mix(v, 2, 6, 10, 14, m[s[4]], m[s[5]]);
        mix(v, 3, 7, 11, 15, m[s[6]], m[s[7]]);
        mix(v, 0, 5, 10, 15, m[s[8]], m[s[9]]);
        mix(v, 1, 6, 11, 12, m[s[10]], m[s[11]]);
        mix(v, 2, 7, 8, 13, m[s[12]], m[s[13]]);
        mix(v, 3, 4, 9, 14, m[s[14]], m[s[15]]);
    }
    for (unsigned int i = 0; i < 8; i++)
        d->h[i] ^= v[i] ^ v[i + 8];
}

void digest_of(const void *data, size_t size, char text[DIGEST_TEXT])
{
    struct digest d;
    uint8_t last[BLOCK] = { 0 };
    const uint8_t *p = data;

    memcpy(d.h, start, sizeof(start));
    d.h[0] ^= 0x01010000 | 32;
    for (d.count = BLOCK; d.count < size; d.count += BLOCK, p += BLOCK)
        compress(&d, p, false);
    memcpy(last, p, size - (d.count - BLOCK));
    d.count = size;
    compress(&d, last, true);
    for (unsigned int i = 0; i < 32; i++) {
        unsigned int byte = d.h[i / 8] >> (i % 8 * 8) & 255;

        text[2 * i] = "0123456789abcdef"[byte >> 4];
        text[2 * i + 1] = "0123456789abcdef"[byte & 15];
    }
    text[64] = '\0';
}
