/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Commands of the schedulers: each lists a domain's parameters, or all domains', or sets some of
 * one.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xm.h"

/* What options gave; "" leaves a value as it is. */
struct params {
    const char *domain, *value[5];
    bool is_set;
};

/* Calls print for the named domain, or for all by name. */
static int list(const char *name, void (*print)(const struct sxp *sched))
{
    char *names[] = { (char *)name };
    struct sxp *domains, *sched;
    const struct sxp *d;
    int rc = get_domains(name ? 1 : 0, names, &domains);

    if (rc)
        return rc;
    sort_domains(domains);
    for (size_t i = 0; !rc && (d = sxp_find(domains, "domain", i)); i++) {
        rc = ask(&sched, "sched", text_of(d, "domid", text_of(d, "uuid", "")), NULL);
        if (rc)
            break;
        print(sched);
        sxp_free(sched);
    }
    sxp_free(domains);
    return rc;
}

/* Options, each with a value, in the order of letters; -d is the domain. 0, or the exit status. */
static int parse(int argc, char **argv, const char *letters, const struct option *options,
                 struct params *p)
{
    const char *setters = strchr(letters, 'd') ? letters + 2 : letters;
    int option;

    for (size_t i = 0; i < sizeof(p->value) / sizeof(p->value[0]); i++)
        p->value[i] = "";
    optind = 0;
    while ((option = getopt_long(argc, argv, letters, options, NULL)) >= 0) {
        if (option == '?')
            return bad_option(argv);
        if (option == 'd') {
            p->domain = optarg;
            continue;
        }
        const char *where = strchr(setters, option);

        if (!where || !*optarg)
            return usage_error("Invalid argument.");
        p->value[(where - setters) / 2] = optarg;
        p->is_set = true;
    }
    return 0;
}

/* ---- credit ---- */

static void print_credit(const struct sxp *s)
{
    printf("%-32s %5s %6d %4d\n", text_of(s, "name", ""), text_of(s, "domid", ""),
           (int)number_of(s, "weight", -1), (int)number_of(s, "cap", -1));
}

int cmd_sched_credit(int argc, char **argv)
{
    static const struct option options[] = {
        { "domain", required_argument, NULL, 'd' }, { "weight", required_argument, NULL, 'w' },
        { "cap", required_argument, NULL, 'c' }, { 0 },
    };
    struct params p = { 0 };
    int rc = parse(argc, argv, "d:w:c:", options, &p);

    if (rc)
        return rc;
    if (optind < argc)
        return usage_error("Invalid argument: '%s'", argv[optind]);
    if (p.is_set && !p.domain)
        return usage_error("No domain given.");
    if (p.is_set)
        return ask(NULL, "sched-credit", p.domain, p.value[0], p.value[1], NULL);
    printf("%-33s %4s %6s %4s\n", "Name", "ID", "Weight", "Cap");
    return list(p.domain, print_credit);
}

static void print_credit2(const struct sxp *s)
{
    printf("%-32s %5s %6d\n", text_of(s, "name", ""), text_of(s, "domid", ""),
           (int)number_of(s, "weight", -1));
}

int cmd_sched_credit2(int argc, char **argv)
{
    static const struct option options[] = {
        { "domain", required_argument, NULL, 'd' }, { "weight", required_argument, NULL, 'w' },
        { 0 },
    };
    struct params p = { 0 };
    int rc = parse(argc, argv, "d:w:", options, &p);

    if (rc)
        return rc;
    if (optind < argc)
        return usage_error("Invalid argument: '%s'", argv[optind]);
    if (p.is_set && !p.domain)
        return usage_error("No domain given.");
    if (p.is_set)
        return ask(NULL, "sched-credit", p.domain, p.value[0], "", NULL);
    printf("%-33s %4s %6s\n", "Name", "ID", "Weight");
    return list(p.domain, print_credit2);
}

/* ---- sedf ---- */

static void print_sedf(const struct sxp *s)
{
    if (!sxp_value(s, "period"))
        return;
    printf("%-32s %5d %9.1f %9.1f %7.1f %6d %6d\n", text_of(s, "name", ""),
           (int)number_of(s, "domid", -1), real_of(s, "period"), real_of(s, "slice"),
           real_of(s, "latency"), (int)number_of(s, "extra", 0), (int)number_of(s, "weight", 0));
}

int cmd_sched_sedf(int argc, char **argv)
{
    static const struct option options[] = {
        { "period", required_argument, NULL, 'p' }, { "slice", required_argument, NULL, 's' },
        { "latency", required_argument, NULL, 'l' }, { "extratime", required_argument, NULL, 'e' },
        { "weight", required_argument, NULL, 'w' }, { 0 },
    };
    struct params p = { 0 };
    int rc = parse(argc, argv, "p:s:l:e:w:", options, &p);

    if (rc)
        return rc;
    if (argc - optind > 1)
        return usage_error("Invalid argument: '%s'", argv[optind + 1]);
    p.domain = argc > optind ? argv[optind] : NULL;
    if (p.is_set && !p.domain)
        return usage_error("No domain given.");
    if (p.is_set)
        return ask(NULL, "sched-sedf", p.domain, p.value[0], p.value[1], p.value[2], p.value[3],
                   p.value[4], NULL);
    printf("%-33s %4s %-4s %-4s %-7s %-5s %-6s\n", "Name", "ID", "Period(ms)", "Slice(ms)",
           "Lat(ms)", "Extra", "Weight");
    return list(p.domain, print_sedf);
}

/* ---- bvt ---- */

static void print_bvt(const struct sxp *s)
{
    if (!sxp_value(s, "warp"))
        return;
    printf("%-32s %5d %6d %9d %14d %11d\n", text_of(s, "name", ""), (int)number_of(s, "domid", -1),
           (int)number_of(s, "weight", 0), (int)number_of(s, "warp", 0),
           (int)number_of(s, "warp_limit", 0), (int)number_of(s, "unwarp", 0));
}

int cmd_sched_bvt(int argc, char **argv)
{
    static const struct option options[] = {
        { "domain", required_argument, NULL, 'd' }, { "weight", required_argument, NULL, 'w' },
        { "warp", required_argument, NULL, 'v' }, { "limit", required_argument, NULL, 'l' },
        { "unwarp", required_argument, NULL, 'u' }, { 0 },
    };
    struct params p = { 0 };
    int rc = parse(argc, argv, "d:w:v:l:u:", options, &p);

    if (rc)
        return rc;
    if (optind < argc)
        return usage_error("Invalid argument: '%s'", argv[optind]);
    if (p.is_set && !p.domain)
        return usage_error("No domain given.");
    if (p.is_set)
        return ask(NULL, "sched-bvt", p.domain, p.value[0], p.value[1], p.value[2], p.value[3],
                   NULL);
    printf("%-33s %4s %6s %9s %14s %11s\n", "Name", "ID", "Weight", "Warp(us)", "Warp limit(us)",
           "Unwarp(us)");
    return list(p.domain, print_bvt);
}
