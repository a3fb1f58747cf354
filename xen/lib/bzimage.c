/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Finds the payload of a Linux boot image. Offsets are those of Documentation/x86/boot.rst in
 * Linux.
 */
#include <lib/bzimage.h>

#include <lib/errno.h>
#include <lib/string.h>

enum {
    SETUP_SECTS = 0x1f1,
    BOOT_FLAG = 0x1fe,
    MAGIC = 0x202,
    VERSION = 0x206,
    PAYLOAD_OFFSET = 0x248,
    PAYLOAD_LENGTH = 0x24c,
    INIT_SIZE = 0x260,
    HEADER_END = 0x264,
    SECTOR = 512
};

static uint32_t read32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

int bzimage_open(struct bzimage *image, const void *data, size_t size)
{
    const uint8_t *p = data;

    if (size < HEADER_END || p[BOOT_FLAG] != 0x55 || p[BOOT_FLAG + 1] != 0xaa ||
        memcmp(p + MAGIC, "HdrS", 4) != 0) {
        return -ENOEXEC;
    }
    unsigned int version = p[VERSION] | (unsigned int)p[VERSION + 1] << 8;
    if (version < 0x208)
        return -ENOEXEC;
    uint64_t setup_sects = p[SETUP_SECTS] != 0 ? p[SETUP_SECTS] : 4;
    uint64_t offset = (setup_sects + 1) * SECTOR + read32(p + PAYLOAD_OFFSET);
    uint64_t len = read32(p + PAYLOAD_LENGTH);

    if (len == 0 || offset > size || len > size - offset)
        return -EINVAL;
    *image = (struct bzimage){
        .version = version,
        .payload = p + offset,
        .payload_len = len,
        .init_size = version >= 0x20a ? read32(p + INIT_SIZE) : 0,
    };
    return 0;
}
