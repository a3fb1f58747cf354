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

#define MAX_VALUES 5

struct scheduler {
    const char *method;                 /* of xend, which takes the domain and then the values */
    const char *letters;                /* getopt's; -d, if it is there, first */
    const struct option *options;
    unsigned int values;                /* how many the method takes */
    const char *heading;
    void (*print)(const struct sxp *sched);
};

/* What options gave; "" leaves a value as it is. */
struct params {
    const char *domain, *value[MAX_VALUES];
    bool is_set;
};

/* The named domain, or all by name. */
static int list(const char *name, const struct scheduler *c)
{
    struct sxp *domains, *sched;
    const struct sxp *d;
    int rc = ask(&domains, "domains", name, NULL);

    if (rc)
        return rc;
    puts(c->heading);
    sort_domains(domains);
    for (size_t i = 0; !rc && (d = sxp_find(domains, "domain", i)); i++) {
        rc = ask(&sched, "sched", text_of(d, "domid", text_of(d, "uuid", "")), NULL);
        if (rc)
            break;
        c->print(sched);
        sxp_free(sched);
    }
    sxp_free(domains);
    return rc;
}

/* Options, each with a value, in the order of letters. 0, or the exit status. */
static int parse(int argc, char **argv, const struct scheduler *c, struct params *p)
{
    const char *setters = *c->letters == 'd' ? c->letters + 2 : c->letters;
    int option;

    for (unsigned int i = 0; i < MAX_VALUES; i++)
        p->value[i] = "";
    optind = 0;
    while ((option = getopt_long(argc, argv, c->letters, c->options, NULL)) >= 0) {
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
    /* Where -d is no option, the domain stands by itself. */
    if (setters == c->letters && optind < argc)
        p->domain = argv[optind++];
    return optind < argc ? usage_error("Invalid argument: '%s'", argv[optind]) : 0;
}

static int set(const struct scheduler *c, const struct params *p)
{
    struct sxp *message = sxp_list(c->method);

    sxp_add(message, sxp_atom(p->domain));
    for (unsigned int i = 0; i < c->values; i++)
        sxp_add(message, sxp_atom(p->value[i]));
    return ask_sxp(NULL, message);
}

static int run(int argc, char **argv, const struct scheduler *c)
{
    struct params p = { 0 };
    int rc = parse(argc, argv, c, &p);

    if (rc)
        return rc;
    if (p.is_set)
        return p.domain ? set(c, &p) : usage_error("No domain given.");
    return list(p.domain, c);
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
    return run(argc, argv, &(struct scheduler){
        "sched-credit", "d:w:c:", options, 2,
        "Name                                ID Weight  Cap", print_credit });
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
    return run(argc, argv, &(struct scheduler){
        "sched-credit2", "d:w:", options, 2,
        "Name                                ID Weight", print_credit2 });
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
    return run(argc, argv, &(struct scheduler){
        "sched-sedf", "p:s:l:e:w:", options, 5,
        "Name                                ID Period(ms) Slice(ms) Lat(ms) Extra Weight",
        print_sedf });
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
    return run(argc, argv, &(struct scheduler){
        "sched-bvt", "d:w:v:l:u:", options, 4,
        "Name                                ID Weight  Warp(us) Warp limit(us)  Unwarp(us)",
        print_bvt });
}
