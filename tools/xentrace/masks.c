/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which events and which CPUs: what a user writes, as bits.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "xentrace.h"

static const struct {
    const char *name;
    uint32_t mask;
} classes[] = {
    { "all", TRC_ALL }, { "gen", TRC_GEN }, { "sched", TRC_SCHED }, { "dom0op", TRC_DOM0OP },
    { "hvm", TRC_HVM }, { "mem", TRC_MEM }, { "pv", TRC_PV }, { "shadow", TRC_SHADOW },
    { "hw", TRC_HW }, { "guest", TRC_GUEST },
};

bool parse_range(const char *text, unsigned long min, unsigned long max, unsigned long *value)
{
    char *end;

    errno = 0;
    *value = strtoul(text, &end, 0);
    return isdigit((unsigned char)text[0]) && !*end && !errno && *value >= min && *value <= max;
}

double parse_mhz(const char *text)
{
    char *end;
    double mhz = strtod(text, &end);

    return end != text && !*end && mhz >= 1 && mhz <= 100000 ? mhz * 1000 : 0;
}

static bool add_class(const char *name, size_t len, uint32_t *mask)
{
    for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
        if (strlen(classes[i].name) == len && !strncasecmp(classes[i].name, name, len)) {
            *mask |= classes[i].mask;
            return true;
        }
    }
    return false;
}

bool parse_event_mask(const char *text, uint32_t *mask)
{
    unsigned long number;

    if (isdigit((unsigned char)text[0])) {
        *mask = parse_range(text, 1, UINT32_MAX, &number) ? number : 0;
        return *mask != 0;
    }
    *mask = 0;
    for (;;) {
        size_t len = strcspn(text, ",");

        if (!add_class(text, len, mask))
            return false;
        if (!text[len])
            return true;
        text += len + 1;
    }
}

static void set_bits(uint8_t *map, unsigned long from, unsigned long to)
{
    for (unsigned long cpu = from; cpu <= to; cpu++)
        map[cpu / 8] |= 1u << (cpu % 8);
}

/* "3", "0-3", "-3", "3-"; *text moves behind it. */
static bool parse_cpus(const char **text, unsigned int cpus, uint8_t *map)
{
    const char *p = *text;
    char *end;
    unsigned long from = 0, to = cpus - 1;

    if (isdigit((unsigned char)*p)) {
        from = to = strtoul(p, &end, 10);
        p = end;
        if (*p == '-')
            to = cpus - 1;
    } else if (*p != '-' || !isdigit((unsigned char)p[1])) {
        return false;
    }
    if (*p == '-' && isdigit((unsigned char)p[1])) {
        to = strtoul(p + 1, &end, 10);
        p = end;
    } else if (*p == '-') {
        p++;
    }
    *text = p;
    if (from > to || to >= cpus)
        return false;
    set_bits(map, from, to);
    return true;
}

bool parse_cpu_mask(const char *text, unsigned int cpus, uint8_t *map)
{
    unsigned long bits;

    memset(map, 0, (cpus + 7) / 8);
    if (!strcmp(text, "all")) {
        set_bits(map, 0, cpus - 1);
        return true;
    }
    if (!strncasecmp(text, "0x", 2)) {
        if (!parse_range(text, 1, UINT32_MAX, &bits))
            return false;
        for (unsigned int cpu = 0; cpu < 32 && bits >> cpu; cpu++) {
            if (bits >> cpu & 1) {
                if (cpu >= cpus)
                    return false;
                set_bits(map, cpu, cpu);
            }
        }
        return true;
    }
    while (parse_cpus(&text, cpus, map)) {
        if (!*text)
            return true;
        if (*text++ != ',')
            return false;
    }
    return false;
}
