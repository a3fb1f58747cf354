/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CRC-32 eight bytes at a step, CRC-64 by bytes since it is rare, xxHash of both widths.
 */
#include <lib/crc.h>

#include <lib/string.h>

static uint32_t load32(const uint8_t *p)
{
    uint32_t value;
    memcpy(&value, p, sizeof(value));
    return value;
}

static uint64_t load64(const uint8_t *p)
{
    uint64_t value;
    memcpy(&value, p, sizeof(value));
    return value;
}

void crc32_init(struct crc32_table *table)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t crc = i;
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
        table->by_byte[0][i] = crc;
    }
    for (uint32_t i = 0; i < 256; i++) {
        for (int k = 1; k < 8; k++) {
            uint32_t shorter = table->by_byte[k - 1][i];
            table->by_byte[k][i] = shorter >> 8 ^ table->by_byte[0][shorter & 0xff];
        }
    }
}

uint32_t crc32_bytes(const struct crc32_table *table, const void *data, size_t len)
{
    const uint32_t (*t)[256] = table->by_byte;
    const uint8_t *p = data;
    uint32_t crc = ~0u;

    for (; len >= 8; p += 8, len -= 8) {
        uint32_t a = load32(p) ^ crc;
        uint32_t b = load32(p + 4);
        crc = t[7][a & 0xff] ^ t[6][a >> 8 & 0xff] ^ t[5][a >> 16 & 0xff] ^ t[4][a >> 24] ^
              t[3][b & 0xff] ^ t[2][b >> 8 & 0xff] ^ t[1][b >> 16 & 0xff] ^ t[0][b >> 24];
    }
    for (; len > 0; p++, len--)
        crc = crc >> 8 ^ t[0][(crc ^ *p) & 0xff];
    return ~crc;
}

void crc64_init(struct crc64_table *table)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint64_t crc = i;
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xc96c5795d7870f42u : 0);
        table->by_byte[i] = crc;
    }
}

uint64_t crc64_bytes(const struct crc64_table *table, const void *data, size_t len)
{
    const uint8_t *p = data;
    uint64_t crc = ~0ull;

    for (; len > 0; p++, len--)
        crc = crc >> 8 ^ table->by_byte[(crc ^ *p) & 0xff];
    return ~crc;
}

#define P32_1 0x9e3779b1u
#define P32_2 0x85ebca77u
#define P32_3 0xc2b2ae3du
#define P32_4 0x27d4eb2fu
#define P32_5 0x165667b1u

static uint32_t rotate32(uint32_t x, unsigned int n)
{
    return x << n | x >> (32 - n);
}

static uint32_t round32(uint32_t lane, uint32_t word)
{
    return rotate32(lane + word * P32_2, 13) * P32_1;
}

uint32_t xxhash32(const void *data, size_t len)
{
    const uint8_t *p = data;
    const uint8_t *end = p + len;
    uint32_t hash = P32_5;

    if (len >= 16) {
        uint32_t lane[4] = { P32_1 + P32_2, P32_2, 0, 0u - P32_1 };
        for (; end - p >= 16; p += 16) {
            for (int i = 0; i < 4; i++)
                lane[i] = round32(lane[i], load32(p + 4 * i));
        }
        hash = rotate32(lane[0], 1) + rotate32(lane[1], 7) + rotate32(lane[2], 12) +
               rotate32(lane[3], 18);
    }
    hash += (uint32_t)len;
    for (; end - p >= 4; p += 4)
        hash = rotate32(hash + load32(p) * P32_3, 17) * P32_4;
    for (; p < end; p++)
        hash = rotate32(hash + *p * P32_5, 11) * P32_1;
    hash = (hash ^ hash >> 15) * P32_2;
    hash = (hash ^ hash >> 13) * P32_3;
    return hash ^ hash >> 16;
}

#define P64_1 0x9e3779b185ebca87ull
#define P64_2 0xc2b2ae3d27d4eb4full
#define P64_3 0x165667b19e3779f9ull
#define P64_4 0x85ebca77c2b2ae63ull
#define P64_5 0x27d4eb2f165667c5ull

static uint64_t rotate64(uint64_t x, unsigned int n)
{
    return x << n | x >> (64 - n);
}

static uint64_t round64(uint64_t lane, uint64_t word)
{
    return rotate64(lane + word * P64_2, 31) * P64_1;
}

static uint64_t merge64(uint64_t hash, uint64_t lane)
{
    return (hash ^ round64(0, lane)) * P64_1 + P64_4;
}

static uint64_t tail64(uint64_t hash, const uint8_t *p, const uint8_t *end)
{
    for (; end - p >= 8; p += 8)
        hash = rotate64(hash ^ round64(0, load64(p)), 27) * P64_1 + P64_4;
    if (end - p >= 4) {
        hash = rotate64(hash ^ load32(p) * P64_1, 23) * P64_2 + P64_3;
        p += 4;
    }
    for (; p < end; p++)
        hash = rotate64(hash ^ *p * P64_5, 11) * P64_1;
    return hash;
}

uint64_t xxhash64(const void *data, size_t len)
{
    const uint8_t *p = data;
    const uint8_t *end = p + len;
    uint64_t hash = P64_5;

    if (len >= 32) {
        uint64_t lane[4] = { P64_1 + P64_2, P64_2, 0, 0ull - P64_1 };
        for (; end - p >= 32; p += 32) {
            for (int i = 0; i < 4; i++)
                lane[i] = round64(lane[i], load64(p + 8 * i));
        }
        hash = rotate64(lane[0], 1) + rotate64(lane[1], 7) + rotate64(lane[2], 12) +
               rotate64(lane[3], 18);
        for (int i = 0; i < 4; i++)
            hash = merge64(hash, lane[i]);
    }
    hash = tail64(hash + len, p, end);
    hash = (hash ^ hash >> 33) * P64_2;
    hash = (hash ^ hash >> 29) * P64_3;
    return hash ^ hash >> 32;
}
