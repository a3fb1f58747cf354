/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Commands that give a domain more or less.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "xm.h"

/* "256", "256M", "1g", "65536k" as MiB. */
static bool parse_mib(const char *text, unsigned long long *mib)
{
    char *end;
    unsigned int shift = 20;

    if (!isdigit((unsigned char)*text))
        return false;
    unsigned long long n = strtoull(text, &end, 10);

    if (*end && end[1])
        return false;
    switch (*end) {
    case '\0': case 'm': case 'M': break;
    case 'k': case 'K': shift = 10; break;
    case 'g': case 'G': shift = 30; break;
    default: return false;
    }
    if (n >> (63 - shift))
        return false;
    *mib = n << shift >> 20;
    return true;
}

static int set_memory(int argc, char **argv, const char *method)
{
    unsigned long long mib;
    char text[24];

    if (count_is_wrong(argc - 1))
        return 1;
    if (!parse_mib(argv[2], &mib))
        return usage_error("Invalid argument.");
    snprintf(text, sizeof(text), "%llu", mib);
    return ask(NULL, method, argv[1], text, NULL);
}

int cmd_mem_set(int argc, char **argv)
{
    return set_memory(argc, argv, "mem-set");
}

int cmd_mem_max(int argc, char **argv)
{
    return set_memory(argc, argv, "mem-max");
}

int cmd_vcpu_set(int argc, char **argv)
{
    if (count_is_wrong(argc - 1))
        return 1;
    return ask(NULL, "vcpu-set", argv[1], argv[2], NULL);
}
