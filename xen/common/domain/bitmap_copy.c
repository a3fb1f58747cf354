/* SPDX-License-Identifier: GPL-2.0-only */
/* Bitmaps between us and a caller, who counts in bytes and may have another length in mind. */
#include <lib/bitmap.h>
#include <lib/math.h>
#include <xen/control.h>
#include <xen/guest_access.h>

static unsigned int to_bytes(unsigned int bits) { return bits / 8 + !!(bits % 8); }

int bitmap_from_guest(unsigned long *map, unsigned int nr_bits, const struct xenctl_bitmap *from)
{
    unsigned int bits = min(nr_bits, from->nr_bits);

    bitmap_zero(map, nr_bits);
    if (copy_from_guest_va(map, (uint64_t)from->bitmap.p, to_bytes(bits)))
        return -EFAULT;
    bitmap_clear_range(map, bits, BITS_TO_LONGS(nr_bits) * BITS_PER_LONG - bits);
    return 0;
}

int bitmap_to_guest(const struct xenctl_bitmap *to, const unsigned long *map, unsigned int nr_bits)
{
    unsigned int bits = min(nr_bits, to->nr_bits), whole = bits / 8, all = to_bytes(to->nr_bits);
    uint64_t va = (uint64_t)to->bitmap.p;

    if (copy_to_guest_va(va, map, whole))
        return -EFAULT;
    if (bits % 8) {
        uint8_t last =
            (uint8_t)(map[whole / 8] >> (whole % 8 * 8)) & (uint8_t)((1u << (bits % 8)) - 1);
        if (copy_to_guest_va(va + whole, &last, 1))
            return -EFAULT;
        whole++;
    }
    return clear_guest_va(va + whole, all - whole) ? -EFAULT : 0;
}
