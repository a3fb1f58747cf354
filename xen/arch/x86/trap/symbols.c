/* SPDX-License-Identifier: GPL-2.0-only */
/* Names of our own code, from the table that the build appends (build/mksymbols.c). */
#include <x86/trap.h>

extern const uint64_t symbol_count;
extern const uint32_t symbol_offsets[], symbol_name_offsets[];
extern const char symbol_names[], image_start[], text_end[];

const char *symbol_find(uint64_t address, uint64_t *offset)
{
    if (address < (uint64_t)image_start || address >= (uint64_t)text_end || !symbol_count)
        return NULL;
    uint64_t at = address - (uint64_t)image_start, low = 0, high = symbol_count;
    while (high - low > 1) {
        uint64_t mid = (low + high) / 2;
        if (symbol_offsets[mid] <= at)
            low = mid;
        else
            high = mid;
    }
    *offset = at - symbol_offsets[low];
    return symbol_names + symbol_name_offsets[low];
}
