/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Any text as a command line.
 *
 * sources: xen/lib/cmdline.c xen/lib/parse.c
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <lib/cmdline.h>

static bool b;
static uint16_t u;
static uint64_t s;
static char text[16];

static int take(const char *value)
{
    return value[0] == 'x' ? -1 : 0;
}

static void warn(const char *option, const char *why)
{
    if (strlen(option) >= CMDLINE_WORD || why[0] == '\0')
        abort();
}

static const struct boot_option table[] = {
    { .name = "b", .type = OPTION_BOOL, .var = &b, .size = sizeof(b) },
    { .name = "u", .type = OPTION_UINT, .var = &u, .size = sizeof(u) },
    { .name = "s", .type = OPTION_SIZE, .var = &s, .size = sizeof(s) },
    { .name = "t", .type = OPTION_STRING, .var = text, .size = sizeof(text) },
    { .name = "c", .type = OPTION_CUSTOM, .parse = take },
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *line = malloc(size + 1);

    memcpy(line, data, size);
    line[size] = '\0';
    const char *rest = cmdline_parse(line, table, sizeof(table) / sizeof(table[0]), warn);
    if (rest != NULL && (rest < line || rest > line + size))
        abort();
    free(line);
    return 0;
}
