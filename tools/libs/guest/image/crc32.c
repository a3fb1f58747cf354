/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CRC-32 of much data by carry-less multiplication, where the processor has it: 64 bytes in the
 * time that a table takes for six. Bits are reflected, as in xz: the first of the data is the
 * highest power.
 */
#include <immintrin.h>

#include <lib/unpack.h>

#include "../private.h"

#define LEAST 256               /* bytes that are worth it */
#define FAST  __attribute__((target("pclmul,sse2")))

/* What each half is multiplied with to stand 64 or 16 bytes further on: powers of x, modulo the
 * polynomial: 512 + 32 and 512 - 32; 128 + 32 and 128 - 32. */
static const uint64_t by_64[2] = { 0x154442bd4, 0x1c6e41596 };
static const uint64_t by_16[2] = { 0x1751997d0, 0x0ccaa009e };

static inline FAST __m128i fold(__m128i x, __m128i by, __m128i next)
{
    __m128i low = _mm_clmulepi64_si128(x, by, 0x00), high = _mm_clmulepi64_si128(x, by, 0x11);

    return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

static inline FAST __m128i load(const void *p)
{
    return _mm_loadu_si128(p);
}

/* Sixteen bytes that have the same sum as whole times 64 bytes, whatever follows. */
static FAST void fold_all(const uint8_t *p, size_t whole, uint8_t out[16])
{
    /* A sum begins with all ones: the same as with zero, and the first four bytes inverted. */
    const __m128i k64 = load(by_64), k16 = load(by_16), ones = _mm_cvtsi32_si128(-1);
    __m128i x[4];

    for (unsigned int i = 0; i < 4; i++)
        x[i] = load(p + 16 * i);
    x[0] = _mm_xor_si128(x[0], ones);
    while (--whole) {
        p += 64;
        for (unsigned int i = 0; i < 4; i++)
            x[i] = fold(x[i], k64, load(p + 16 * i));
    }
    for (unsigned int i = 1; i < 4; i++)
        x[i] = fold(x[i - 1], k16, x[i]);
    _mm_storeu_si128((__m128i *)out, _mm_xor_si128(x[3], ones));
}

uint32_t crc32_quickly(const struct crc32_table *table, const void *data, size_t len)
{
    uint8_t rest[16 + 63];
    const uint8_t *p = data;
    size_t whole = len / 64 * 64;

    if (len < LEAST || !__builtin_cpu_supports("pclmul"))
        return crc32_bytes(table, data, len);
    fold_all(p, whole / 64, rest);
    memcpy(rest + 16, p + whole, len - whole);
    return crc32_bytes(table, rest, 16 + len - whole);
}
