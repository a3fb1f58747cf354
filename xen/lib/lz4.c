/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lz4: blocks, in the old frame that Linux's build uses and in the present one.
 */
#include <lib/math.h>
#include <lib/unpack.h>

#define MAGIC_OLD   0x184c2102u
#define OLD_BLOCK   (8u << 20)          /* the most that a block of the old frame unpacks to */
#define UNPACKED    0x80000000u         /* in a block's size: it is stored as it is */

enum { FLAG_DICTIONARY = 1, FLAG_CHECK = 4, FLAG_SIZE = 8, FLAG_BLOCK_CHECK = 16 };
enum { VERSION_MASK = 0xc0, VERSION_1 = 0x40, RESERVED_FLAG = 2 };

/* A length that began as 15 goes on in bytes, of which only the last is not 255. */
static bool read_length(struct unpack *u, size_t end, size_t *len)
{
    uint8_t byte;

    if (*len != 15)
        return true;
    do {
        if (u->in_pos >= end)
            return false;
        byte = u->in[u->in_pos++];
        *len += byte;
    } while (byte == 255);
    return true;
}

static int copy_in(struct unpack *u, size_t end, size_t len)
{
    if (len > end - u->in_pos)
        return -EBADMSG;
    if (len > u->out_len - u->out_pos)
        return -ENOSPC;
    memcpy(u->out + u->out_pos, u->in + u->in_pos, len);
    u->in_pos += len;
    u->out_pos += len;
    return 0;
}

/* The block is the input up to 'end'. It may repeat what lies at or behind 'base' of the output. */
static int unpack_block(struct unpack *u, size_t end, size_t base)
{
    while (u->in_pos < end) {
        uint8_t token = u->in[u->in_pos++];
        size_t literals = token >> 4;

        if (!read_length(u, end, &literals))
            return -EBADMSG;
        int rc = copy_in(u, end, literals);
        if (rc != 0)
            return rc;
        if (u->in_pos == end) {
            return 0;           /* the last sequence is literals alone */
        }
        if (end - u->in_pos < 2)
            return -EBADMSG;
        size_t distance = u->in[u->in_pos] | (size_t)u->in[u->in_pos + 1] << 8;
        size_t len = token & 15;
        u->in_pos += 2;
        if (!read_length(u, end, &len) || distance == 0 || distance > u->out_pos - base)
            return -EBADMSG;
        len += 4;
        if (len > u->out_len - u->out_pos)
            return -ENOSPC;
        unpack_repeat(u, distance, len);
    }
    return -EBADMSG;            /* an empty block, or one that ends in a repeat */
}

/*
 * Sizes and blocks up to the end of the input, where the unpacked size may stand in place of a
 * block.
 */
static int unpack_old_frame(struct unpack *u)
{
    u->in_pos = 4;
    while (u->in_len - u->in_pos > 4) {
        size_t size = unpack_le32(u->in + u->in_pos);
        u->in_pos += 4;
        if (size == MAGIC_OLD) {
            continue;           /* another frame */
        }
        if (size == 0 || size > u->in_len - u->in_pos)
            return -EBADMSG;
        size_t base = u->out_pos;
        int rc = unpack_block(u, u->in_pos + size, base);
        if (rc != 0)
            return rc;
        if (u->out_pos - base > OLD_BLOCK)
            return -EBADMSG;
    }
    return 0;
}

/* One block of the present frame; *is_end at the mark that ends them. */
static int frame_block(struct unpack *u, unsigned int flags, bool *is_end)
{
    size_t check = (flags & FLAG_BLOCK_CHECK) != 0 ? 4 : 0;

    if (u->in_len - u->in_pos < 4)
        return -EBADMSG;
    uint32_t head = unpack_le32(u->in + u->in_pos);
    size_t size = head & ~UNPACKED;
    u->in_pos += 4;
    *is_end = head == 0;
    if (*is_end)
        return 0;
    if (size + check > u->in_len - u->in_pos)
        return -EBADMSG;
    const uint8_t *data = u->in + u->in_pos;
    size_t end = u->in_pos + size;
    int rc = (head & UNPACKED) != 0 ? copy_in(u, end, size) : unpack_block(u, end, 0);
    if (rc != 0)
        return rc;
    if (check != 0 && unpack_le32(data + size) != xxhash32(data, size))
        return -EBADMSG;
    u->in_pos += check;
    return 0;
}

static int unpack_frame(struct unpack *u)
{
    if (u->in_len < 7)
        return -EBADMSG;
    unsigned int flags = u->in[4];
    size_t header = 6 + ((flags & FLAG_SIZE) != 0 ? 8 : 0);

    if ((flags & VERSION_MASK) != VERSION_1 || (flags & (FLAG_DICTIONARY | RESERVED_FLAG)) != 0)
        return -EOPNOTSUPP;
    if (u->in_len <= header || u->in[header] != (xxhash32(u->in + 4, header - 4) >> 8 & 0xff))
        return -EBADMSG;
    u->in_pos = header + 1;
    for (bool is_end = false; !is_end;) {
        int rc = frame_block(u, flags, &is_end);
        if (rc != 0)
            return rc;
    }
    if ((flags & FLAG_SIZE) != 0 &&
        (unpack_le32(u->in + 6) != (uint32_t)u->out_pos ||
         unpack_le32(u->in + 10) != (uint32_t)((uint64_t)u->out_pos >> 32))) {
        return -EBADMSG;
    }
    if ((flags & FLAG_CHECK) != 0) {
        if (u->in_len - u->in_pos < 4 ||
            unpack_le32(u->in + u->in_pos) != xxhash32(u->out, u->out_pos)) {
            return -EBADMSG;
        }
        u->in_pos += 4;
    }
    return 0;
}

int unpack_lz4(struct unpack *u)
{
    return unpack_le32(u->in) == MAGIC_OLD ? unpack_old_frame(u) : unpack_frame(u);
}
