/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Any bytes as packed data, into a buffer of exact size that the first byte chooses.
 *
 * sources: xen/lib/decompress.c xen/lib/inflate.c xen/lib/lz4.c xen/lib/lzma.c xen/lib/xz.c
 * sources: xen/lib/zstd.c xen/lib/zstd_entropy.c xen/lib/crc.c
 */
#include <stdlib.h>

#include <lib/decompress.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    size_t room = (size_t)data[0] << 6;
    uint8_t *out = malloc(room);
    size_t written;

    decompress(data + 1, size - 1, out, room, &written);
    if (written > room)
        abort();
    free(out);
    return 0;
}
