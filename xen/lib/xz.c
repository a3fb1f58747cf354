/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The xz container: blocks of LZMA2, perhaps behind the filter for x86 code, with a checksum each.
 *
 * The index behind the blocks must agree with them in number and sums, so that no block can vanish.
 */
#include <lib/unpack.h>

enum { STREAM_HEADER = 12, FILTER_X86 = 4, FILTER_LZMA2 = 0x21 };
enum { CHECK_NONE = 0, CHECK_CRC32 = 1, CHECK_CRC64 = 4 };
enum { BLOCK_PACKED_SIZE = 0x40, BLOCK_SIZE = 0x80, BLOCK_RESERVED = 0x3c };

struct block {
    bool is_x86;                /* code was filtered */
    uint32_t x86_start;         /* the address that its first byte stands for */
    bool has_packed_size, has_size;
    uint64_t packed_size, size;
};

/* What the index has to repeat. */
struct totals {
    uint64_t blocks;
    uint64_t unpadded;          /* header, packed data and check, without padding */
    uint64_t size;
};

/* A span of the input that is read from its start. */
struct reader {
    const uint8_t *p;
    size_t left;
};

static int read_byte(struct reader *r)
{
    if (r->left == 0)
        return -EBADMSG;
    r->left--;
    return *r->p++;
}

/* Seven bits to the byte, lowest first, the top bit says that more follow. */
static int read_number(struct reader *r, uint64_t *out)
{
    uint64_t value = 0;

    for (unsigned int shift = 0; shift < 63; shift += 7) {
        int byte = read_byte(r);
        if (byte < 0)
            return byte;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0) {
            *out = value;
            return byte == 0 && shift > 0 ? -EBADMSG : 0;
        }
    }
    return -EBADMSG;
}

static int read_x86_properties(struct reader *r, uint64_t len, struct block *block)
{
    if (len != 0 && len != 4)
        return -EBADMSG;
    block->is_x86 = true;
    if (len == 4) {
        block->x86_start = unpack_le32(r->p);
        r->p += 4;
        r->left -= 4;
    }
    return 0;
}

/* The last filter has to be LZMA2; before it only the one for x86 code is known. */
static int read_filter(struct reader *r, bool is_last, struct block *block)
{
    uint64_t id, len;

    if (read_number(r, &id) != 0 || read_number(r, &len) != 0 || len > r->left)
        return -EBADMSG;
    if (id == FILTER_X86 && !is_last && !block->is_x86)
        return read_x86_properties(r, len, block);
    if (id != FILTER_LZMA2 || !is_last)
        return -EOPNOTSUPP;
    return len == 1 && read_byte(r) <= 40 ? 0 : -EBADMSG;      /* the size of a dictionary */
}

/* The block header at in_pos, whose first byte is not 0. */
static int read_header(struct unpack *u, const struct crc32_table *crc, struct block *block)
{
    const uint8_t *p = u->in + u->in_pos;
    size_t size = ((size_t)p[0] + 1) * 4;

    if (size > u->in_len - u->in_pos ||
        unpack_le32(p + size - 4) != crc32_bytes(crc, p, size - 4)) {
        return -EBADMSG;
    }
    u->in_pos += size;

    struct reader r = { p + 2, size - 6 };
    unsigned int flags = p[1];
    *block = (struct block){ .has_packed_size = (flags & BLOCK_PACKED_SIZE) != 0,
                             .has_size = (flags & BLOCK_SIZE) != 0 };
    if ((flags & BLOCK_RESERVED) != 0)
        return -EOPNOTSUPP;
    if ((block->has_packed_size && read_number(&r, &block->packed_size) != 0) ||
        (block->has_size && read_number(&r, &block->size) != 0)) {
        return -EBADMSG;
    }
    for (unsigned int left = flags & 3;; left--) {
        int rc = read_filter(&r, left == 0, block);
        if (rc != 0 || left == 0)
            return rc;
    }
}

static bool is_sign_byte(uint8_t byte)
{
    return byte == 0 || byte == 0xff;
}

static void store32(uint8_t *p, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(value >> (8 * i));
}

/*
 * 'recent' has bit k set if k + 1 bytes back stood an opcode whose operand was left alone. Such
 * an operand reaches over this one's place. The encoder goes on only with at most one of them,
 * and only if the byte of it that is the top byte of ours does not look like a sign.
 */
static bool may_convert(const uint8_t *p, unsigned int recent)
{
    switch (recent) {
    case 0: return true;
    case 1: return !is_sign_byte(p[3]);
    case 2: return !is_sign_byte(p[2]);
    case 4: return !is_sign_byte(p[1]);
    default: return false;
    }
}

/*
 * The operand of a call or jump, from absolute back to relative; 'next' is the address behind it.
 */
static uint32_t to_relative(uint32_t value, uint32_t next, unsigned int recent)
{
    uint32_t relative = value - next;

    if (recent != 0) {
        unsigned int shift = recent == 1 ? 24 - 8 : recent == 2 ? 24 - 16 : 0;
        if (is_sign_byte((uint8_t)(relative >> shift)))
            relative = (relative ^ ((1u << (shift + 8)) - 1)) - next;
    }
    relative &= 0x01ffffff;
    return relative & 0x01000000 ? relative | 0xff000000 : relative;
}

/* The first e8 or e9 from 'i' on, or a place from which fewer than eight bytes are left. */
static size_t find_opcode(const uint8_t *data, size_t i, size_t len)
{
    const uint64_t ones = 0x0101010101010101ull;
    uint64_t word;

    for (; i + sizeof(word) <= len; i += sizeof(word)) {
        memcpy(&word, data + i, sizeof(word));
        word = (word & ~ones) ^ 0xe8 * ones;
        uint64_t found = (word - ones) & ~word & 0x80 * ones;   /* lowest: the first zero byte */
        if (found != 0)
            return i + (size_t)__builtin_ctzll(found) / 8;
    }
    return i;
}

/*
 * Undoes the filter for x86 code in place: calls and jumps (e8, e9) got absolute targets to pack
 * better.
 */
static void unfilter_x86(uint8_t *data, size_t len, uint32_t start)
{
    unsigned int recent = 0;

    for (size_t i = 0; i + 5 <= len; i++) {
        if (recent == 0)
            i = find_opcode(data, i, len);
        if (i + 5 > len)
            return;
        uint8_t *p = data + i;
        if ((*p & 0xfe) != 0xe8) {
            recent = recent << 1 & 7;
            continue;
        }
        if (!is_sign_byte(p[4]) || !may_convert(p, recent)) {
            recent = (recent << 1 | 1) & 7;
            continue;
        }
        uint32_t next = start + (uint32_t)i + 5;
        store32(p + 1, to_relative(unpack_le32(p + 1), next, recent));
        recent = 0;
        i += 4;
    }
}

static size_t check_size(unsigned int check)
{
    return check == CHECK_CRC32 ? 4 : check == CHECK_CRC64 ? 8 : 0;
}

static bool check_is_right(const struct xz_work *work, unsigned int check, const uint8_t *stored,
                           const uint8_t *data, size_t len)
{
    switch (check) {
    case CHECK_CRC32:
        return unpack_le32(stored) ==
               (work->quick_crc32 ?: crc32_bytes)(&work->crc32, data, len);
    case CHECK_CRC64: {
        uint64_t wanted = unpack_le32(stored) | (uint64_t)unpack_le32(stored + 4) << 32;
        return wanted == crc64_bytes(&work->crc64, data, len);
    }
    default:
        return true;
    }
}

/* The packed data behind a block's header. */
static int unpack_data(struct unpack *u, struct xz_work *work, const struct block *block)
{
    size_t in_start = u->in_pos;
    size_t out_start = u->out_pos;
    int rc = unpack_lzma2(u, &work->lzma);
    size_t len = u->out_pos - out_start;

    if (block->is_x86)
        unfilter_x86(u->out + out_start, len, block->x86_start);
    if (rc != 0)
        return rc;
    if ((block->has_packed_size && block->packed_size != u->in_pos - in_start) ||
        (block->has_size && block->size != len)) {
        return -EBADMSG;
    }
    return 0;
}

static int unpack_block(struct unpack *u, struct xz_work *work, unsigned int check,
                        struct totals *totals)
{
    size_t in_start = u->in_pos;
    size_t out_start = u->out_pos;
    struct block block;
    int rc = read_header(u, &work->crc32, &block);

    if (rc == 0)
        rc = unpack_data(u, work, &block);
    if (rc != 0)
        return rc;
    size_t len = u->out_pos - out_start;
    size_t padding = -u->in_pos & 3;
    size_t unpadded = u->in_pos - in_start + check_size(check);
    if (padding + check_size(check) > u->in_len - u->in_pos)
        return -EBADMSG;
    u->in_pos += padding;
    if (!check_is_right(work, check, u->in + u->in_pos, u->out + out_start, len))
        return -EBADMSG;
    u->in_pos += check_size(check);
    totals->blocks++;
    totals->unpadded += unpadded;
    totals->size += len;
    return 0;
}

/* The index at in_pos: a zero, the number of blocks, two sizes of each, padding and checksum. */
static int check_index(struct unpack *u, const struct crc32_table *crc,
                       const struct totals *expected)
{
    const uint8_t *start = u->in + u->in_pos;
    struct reader r = { start + 1, u->in_len - u->in_pos - 1 };
    struct totals sum = { 0 };
    uint64_t blocks, unpadded, size;

    if (read_number(&r, &blocks) != 0 || blocks != expected->blocks)
        return -EBADMSG;
    for (; sum.blocks < blocks; sum.blocks++) {
        if (read_number(&r, &unpadded) != 0 || read_number(&r, &size) != 0)
            return -EBADMSG;
        sum.unpadded += unpadded;
        sum.size += size;
    }
    size_t len = (size_t)(r.p - start);
    size_t padding = -len & 3;
    if (r.left < padding + 4 || sum.unpadded != expected->unpadded || sum.size != expected->size ||
        unpack_le32(r.p + padding) != crc32_bytes(crc, start, len + padding)) {
        return -EBADMSG;
    }
    u->in_pos += len + padding + 4;
    return 0;
}

int unpack_xz(struct unpack *u, struct xz_work *work)
{
    crc32_init(&work->crc32);
    if (u->in_len < STREAM_HEADER ||
        unpack_le32(u->in + 8) != crc32_bytes(&work->crc32, u->in + 6, 2)) {
        return -EBADMSG;
    }
    unsigned int check = u->in[7];
    if (u->in[6] != 0 || (check != CHECK_NONE && check != CHECK_CRC32 && check != CHECK_CRC64))
        return -EOPNOTSUPP;
    if (check == CHECK_CRC64)
        crc64_init(&work->crc64);
    struct totals totals = { 0 };
    u->in_pos = STREAM_HEADER;
    while (u->in_pos < u->in_len) {
        if (u->in[u->in_pos] == 0)
            return check_index(u, &work->crc32, &totals);
        int rc = unpack_block(u, work, check, &totals);
        if (rc != 0)
            return rc;
    }
    return -EBADMSG;
}
