/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Commands that list domains and their VCPUs.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "xm.h"

enum { OPT_STATE = 256, OPT_POOL, OPT_LABEL, OPT_JSON };

/* Those that "running" and the like are about; xend has none that is suspended. */
static const char *const states[] = {
    "all", "halted", "paused", "running", "suspended", "shutdown", "crashed", "unknown",
};

static bool is_state(const char *word)
{
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        if (!strcmp(states[i], word))
            return true;
    }
    return false;
}

static bool has_state(const struct sxp *d, const char *wanted)
{
    const char *state = text_of(d, "state", "");

    if (!strcmp(wanted, "all"))
        return true;
    if (!strcmp(wanted, "halted"))
        return !*state;
    if (strlen(state) < 6)
        return false;
    if (!strcmp(wanted, "paused"))
        return state[2] == 'p';
    if (!strcmp(wanted, "shutdown"))
        return state[3] == 's';
    if (!strcmp(wanted, "crashed"))
        return state[4] == 'c';
    if (!strcmp(wanted, "running"))
        return state[2] == '-' && state[3] == '-' && state[4] == '-' && state[5] == '-';
    return false;
}

/* In place of each domain's line all that there is to know of it; with xend down it stays. */
static int get_details(struct sxp *domains)
{
    for (size_t i = 1; xend_is_up() && i < domains->count; i++) {
        const struct sxp *d = domains->item[i];
        struct sxp *config;

        if (ask(&config, "config", text_of(d, "domid", text_of(d, "uuid", "")), NULL))
            return 1;
        sxp_free(domains->item[i]);
        domains->item[i] = config;
    }
    return 0;
}

static void print_long(const struct sxp *domains)
{
    const struct sxp *d;

    for (size_t i = 0; (d = sxp_find(domains, "domain", i)); i++) {
        struct buffer text = { 0 };

        sxp_print_pretty(&text, d);
        fputs(buffer_string(&text), stdout);
        buffer_free(&text);
    }
}

static void print_brief(const struct sxp *domains)
{
    const struct sxp *d;

    print_domain_header();
    for (size_t i = 0; (d = sxp_find(domains, "domain", i)); i++)
        print_domain(d);
}

/* The number of a pool; -1 and an error on any failure. */
static long long pool_number(const char *name)
{
    struct sxp *pools;
    const struct sxp *pool;
    long long id = -1;

    if (ask(&pools, "pools", NULL))
        return -1;
    for (size_t i = 0; id < 0 && (pool = sxp_find(pools, "pool", i)); i++) {
        if (!strcmp(text_of(pool, "name", ""), name))
            id = number_of(pool, "id", -1);
    }
    sxp_free(pools);
    if (id < 0)
        error("Pool '%s' does not exist.", name);
    return id;
}

/* Leaves those that are in that state and pool; NULL and -1 stand for any. */
static void select_domains(struct sxp *domains, const char *state, long long pool)
{
    for (size_t i = domains->count; i-- > 1;) {
        const struct sxp *d = domains->item[i];

        if ((state && !has_state(d, state)) || (pool >= 0 && number_of(d, "cpupool", -1) != pool))
            sxp_remove(domains, i);
    }
}

int cmd_list(int argc, char **argv)
{
    static const struct option options[] = {
        { "long", no_argument, NULL, 'l' }, { "vcpus", no_argument, NULL, 'v' },
        { "state", required_argument, NULL, OPT_STATE },
        { "pool", required_argument, NULL, OPT_POOL },
        { "label", no_argument, NULL, OPT_LABEL }, { "json", no_argument, NULL, OPT_JSON },
        { 0 },
    };
    const char *state = NULL, *pool = NULL;
    long long pool_id = -1;
    bool is_long = false, is_json = false;
    struct sxp *domains;
    int option;

    optind = 0;
    while ((option = getopt_long(argc, argv, "lv", options, NULL)) >= 0) {
        switch (option) {
        case 'l': is_long = true; break;
        case 'v':
            fprintf(stderr, "xm list -v is deprecated.  Please use xm vcpu-list.\n");
            return cmd_vcpu_list(argc - optind + 1, argv + optind - 1);
        case OPT_STATE: state = optarg; break;
        case OPT_POOL: pool = optarg; break;
        case OPT_LABEL: return not_supported("list --label", "domains have no labels");
        case OPT_JSON: is_json = true; break;
        default: return bad_option(argv);
        }
    }
    if (state && optind < argc)
        return usage_error("You may specify either a state or a particular VM, but not both");
    if (pool && optind < argc)
        return usage_error("You may specify either a pool or a particular VM, but not both");
    if (state && !is_state(state))
        return usage_error("There is no state '%s': all, halted, paused, running, suspended, "
                           "shutdown, crashed and unknown are", state);
    if (pool && (pool_id = pool_number(pool)) < 0)
        return 1;
    int rc = get_domains(argc - optind, argv + optind, &domains);

    if (rc)
        return rc;
    if (optind == argc)
        sort_domains(domains);
    select_domains(domains, state, pool_id);
    if (is_long)
        rc = get_details(domains);
    if (!rc && is_json)
        print_json_list(domains, "domain");
    else if (!rc)
        (is_long ? print_long : print_brief)(domains);
    sxp_free(domains);
    return rc;
}

/* In place of each domain its VCPUs: (domain (name N) (vcpu …) …). */
static int get_vcpus(struct sxp *domains)
{
    for (size_t i = 1; i < domains->count; i++) {
        const struct sxp *d = domains->item[i];
        const char *name = text_of(d, "domid", text_of(d, "uuid", ""));
        struct sxp *vcpus;
        int rc = xend_is_up() ? ask(&vcpus, "vcpus", name, NULL) : local_vcpus(name, &vcpus);

        if (rc)
            return rc;
        sxp_free(domains->item[i]);
        domains->item[i] = vcpus;
    }
    return 0;
}

int cmd_vcpu_list(int argc, char **argv)
{
    static const struct option options[] = { { "json", no_argument, NULL, OPT_JSON }, { 0 } };
    bool is_json = false;
    struct sxp *domains;
    const struct sxp *d;
    int option;

    optind = 0;
    while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
        if (option != OPT_JSON)
            return bad_option(argv);
        is_json = true;
    }
    int rc = get_domains(argc - optind, argv + optind, &domains);

    if (rc)
        return rc;
    if (optind == argc)
        sort_domains(domains);
    rc = get_vcpus(domains);
    if (!rc && is_json)
        print_json_list(domains, "domain");
    else if (!rc)
        print_vcpu_header();
    for (size_t i = 0; !rc && !is_json && (d = sxp_find(domains, "domain", i)); i++)
        print_vcpus(d);
    sxp_free(domains);
    return rc;
}

static uint64_t uptime_of(const struct sxp *d)
{
    double start = real_of(d, "start_time"), up = 0;

    if (number_of(d, "domid", -1) == 0) {
        FILE *file = fopen("/proc/uptime", "re");

        if (file && fscanf(file, "%lf", &up) != 1)
            up = 0;
        if (file)
            fclose(file);
        return up;
    }
    double now = time(NULL);

    return sxp_value(d, "domid") && start && now > start ? now - start : 0;
}

static void print_uptime(const struct sxp *d, bool is_short)
{
    char text[64], clock[16];
    time_t now = time(NULL);

    format_uptime(uptime_of(d), is_short, text, sizeof(text));
    if (!is_short) {
        printf("%-32s %5s %s\n", text_of(d, "name", ""), text_of(d, "domid", ""), text);
        return;
    }
    strftime(clock, sizeof(clock), "%H:%M:%S", localtime(&now));
    printf(" %s up %s, %s (%s)\n", clock, text, text_of(d, "name", ""), text_of(d, "domid", ""));
}

int cmd_uptime(int argc, char **argv)
{
    static const struct option options[] = { { "short", no_argument, NULL, 's' }, { 0 } };
    bool is_short = false;
    struct sxp *domains;
    const struct sxp *d;
    int option;

    optind = 0;
    while ((option = getopt_long(argc, argv, "s", options, NULL)) >= 0) {
        if (option != 's')
            return bad_option(argv);
        is_short = true;
    }
    int rc = get_domains(argc - optind, argv + optind, &domains);

    if (rc)
        return rc;
    if (optind == argc)
        sort_domains(domains);
    if (!is_short)
        printf("%-33s %4s %s \n", "Name", "ID", "Uptime");
    for (size_t i = 0; (d = sxp_find(domains, "domain", i)); i++)
        print_uptime(d, is_short);
    sxp_free(domains);
    return 0;
}
