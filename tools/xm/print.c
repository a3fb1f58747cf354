/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tables as scripts know them, byte for byte.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xm.h"

const char *text_of(const struct sxp *s, const char *key, const char *fallback)
{
    const char *text = sxp_value(s, key);

    return text ? text : fallback;
}

long long number_of(const struct sxp *s, const char *key, long long fallback)
{
    const char *text = sxp_value(s, key);

    return text ? strtoll(text, NULL, 10) : fallback;
}

double real_of(const struct sxp *s, const char *key)
{
    return strtod(text_of(s, key, "0"), NULL);
}

void print_domain_header(void)
{
    printf("%-40s %5s %5s %5s %10s %9s\n", "Name", "ID", "Mem", "VCPUs", "State", "Time(s)");
}

void print_domain(const struct sxp *d)
{
    bool is_alive = sxp_value(d, "domid");

    printf("%-40s %5s %5d %5d %10s %8.1f\n", text_of(d, "name", ""), text_of(d, "domid", ""),
           (int)number_of(d, "memory", 0),
           (int)number_of(d, is_alive ? "online_vcpus" : "vcpus", 0), text_of(d, "state", ""),
           real_of(d, "cpu_time"));
}

void print_vcpu_header(void)
{
    printf("%-32s %5s %5s %5s %5s %9s %s\n", "Name", "ID", "VCPU", "CPU", "State", "Time(s)",
           "CPU Affinity");
}

static void print_vcpu(const struct sxp *d, const struct sxp *v)
{
    bool is_alive = sxp_value(d, "domid"), is_online = number_of(v, "online", 0);
    char state[4] = "";
    const char *cpu = "";

    if (is_alive && is_online) {
        cpu = text_of(v, "cpu", "");
        snprintf(state, sizeof(state), "%c%c-", number_of(v, "running", 0) ? 'r' : '-',
                 number_of(v, "blocked", 0) ? 'b' : '-');
    } else if (is_alive) {
        cpu = "-";
        strcpy(state, "--p");
    }
    printf("%-32s %5s %5d %5s %5s  %8.1f %s\n", text_of(d, "name", ""), text_of(d, "domid", ""),
           (int)number_of(v, "number", 0), cpu, state, real_of(v, "cpu_time"),
           text_of(v, "affinity", "any cpu"));
}

void print_vcpus(const struct sxp *d)
{
    const struct sxp *v;

    for (size_t i = 0; (v = sxp_find(d, "vcpu", i)); i++)
        print_vcpu(d, v);
}

void format_uptime(uint64_t seconds, bool is_short, char *text, size_t size)
{
    unsigned long long days = seconds / 86400;
    unsigned int hours = seconds / 3600 % 24, minutes = seconds / 60 % 60, rest = seconds % 60;
    char prefix[40] = "";

    if (days)
        snprintf(prefix, sizeof(prefix), "%llu day%s, ", days, days == 1 ? "" : "s");
    if (is_short)
        snprintf(text, size, "%s%2u:%02u", prefix, hours, minutes);
    else
        snprintf(text, size, "%s%2u:%02u:%02u", prefix, hours, minutes, rest);
}

static int by_name(const void *a, const void *b)
{
    const struct sxp *const *x = a, *const *y = b;

    return strcmp(text_of(*x, "name", ""), text_of(*y, "name", ""));
}

void sort_domains(struct sxp *domains)
{
    if (domains->count > 2)
        qsort(domains->item + 1, domains->count - 1, sizeof(*domains->item), by_name);
}
