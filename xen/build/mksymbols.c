/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Turns the output of `nm -n` into an assembly file with the table of function names that stack
 * traces use: symbol_count, symbol_offsets[] (32-bit, from image_start), symbol_names[] (strings,
 * one after another) and symbol_name_offsets[].
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct symbol { uint64_t addr; char name[128]; };

int main(void)
{
    static struct symbol syms[65536];
    size_t n = 0;
    uint64_t base = 0;
    char line[512];

    while (fgets(line, sizeof(line), stdin)) {
        unsigned long long addr;
        char type, name[256];
        if (sscanf(line, "%llx %c %255s", &addr, &type, name) != 3)
            continue;
        if (!strcmp(name, "image_start"))
            base = addr;
        if ((type != 't' && type != 'T') || strlen(name) >= sizeof(syms[0].name) ||
            n == sizeof(syms) / sizeof(*syms))
            continue;
        syms[n].addr = addr;
        strcpy(syms[n++].name, name);
    }

    printf("    .section .symbols,\"a\"\n    .balign 8\n    .globl symbol_count\nsymbol_count: "
           ".quad %zu\n",
           n);
    printf("    .globl symbol_offsets\nsymbol_offsets:\n");
    for (size_t i = 0; i < n; i++)
        printf("    .long %llu\n", (unsigned long long)(syms[i].addr - base));
    printf("    .globl symbol_name_offsets\nsymbol_name_offsets:\n");
    size_t off = 0;
    for (size_t i = 0; i < n; i++) {
        printf("    .long %zu\n", off);
        off += strlen(syms[i].name) + 1;
    }
    printf("    .globl symbol_names\nsymbol_names:\n");
    for (size_t i = 0; i < n; i++)
        printf("    .asciz \"%s\"\n", syms[i].name);
    printf("    .section .note.GNU-stack,\"\",@progbits\n");
    return 0;
}
