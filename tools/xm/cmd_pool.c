/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Commands of CPU pools.
 *
 * A pool's configuration is a file in the language of domains' ones: name, sched, cpus.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <base/strings.h>

#include "xm.h"

#define SEARCH ".:/etc/xen/cpupool:/etc/xen"

/* ---- configurations ---- */

static const char *text_var(const struct config_vars *vars, const char *name)
{
    const struct config_var *v = config_var_find(vars, name);

    return v && v->kind != CONFIG_VAR_LIST ? v->text : NULL;
}

/* A number is that many CPUs, a list is one of CPUs. */
static void add_cpus(struct sxp *s, const struct config_vars *vars)
{
    const struct config_var *v = config_var_find(vars, "cpus");
    struct buffer text = { 0 };

    if (!v)
        return;
    if (v->kind == CONFIG_VAR_LIST) {
        for (size_t i = 0; i < v->list.count; i++)
            buffer_printf(&text, i ? ",%s" : "%s", v->list.item[i]);
    } else {
        buffer_printf(&text, v->kind == CONFIG_VAR_INT ? "#%s" : "%s", v->text);
    }
    sxp_add_pair(s, "cpus", buffer_string(&text));
    buffer_free(&text);
}

static struct sxp *to_sxp(const struct config_vars *vars, const char *path)
{
    struct sxp *s = sxp_list("cpupool");
    const char *slash = path ? strrchr(path, '/') : NULL;
    const char *name = text_var(vars, "name"), *sched = text_var(vars, "sched");

    if (!name && path)
        name = slash ? slash + 1 : path;
    sxp_add_pair(s, "name", name ? name : "");
    sxp_add_pair(s, "sched", sched ? sched : "credit");
    add_cpus(s, vars);
    return s;
}

static void warn_unknown(const struct config_vars *vars)
{
    static const char *const known[] = { "name", "sched", "cpus", "other_config" };

    for (size_t i = 0; i < vars->count; i++) {
        const struct config_var *v = &vars->item[i];
        bool is_known = v->is_used;

        for (size_t k = 0; k < sizeof(known) / sizeof(known[0]); k++)
            is_known |= !strcmp(known[k], v->name);
        if (!is_known)
            fprintf(stderr, "Warning: %s:%u: '%s' is nothing that a pool has\n",
                    v->file ? v->file : "", v->line, v->name);
    }
}

static int load(int argc, char **argv, struct sxp **out)
{
    struct strings set = { 0 };
    struct config_vars vars;
    struct config_error e;
    const char *file = NULL;
    char *path = NULL;
    int rc = 0;

    for (int i = 1; i < argc && !rc; i++) {
        if (strchr(argv[i], '='))
            strings_add(&set, argv[i]);
        else if (!file)
            file = argv[i];
        else
            rc = usage_error("Invalid argument: '%s'", argv[i]);
    }
    struct config_options options = {
        .set = (const char *const *)set.item, .set_count = set.count,
    };

    if (!rc && file && config_find_file(file, SEARCH, &path, &e))
        rc = usage_error("%s", e.what);
    if (!rc && (path ? config_evaluate_file(path, &options, &vars, &e)
                     : config_evaluate("command line", "", 0, &options, &vars, &e))) {
        config_error_print(&e, stderr);
        rc = 1;
    }
    if (!rc) {
        warn_unknown(&vars);
        *out = to_sxp(&vars, path);
        config_vars_free(&vars);
    }
    strings_free(&set);
    free(path);
    return rc;
}

static int send_config(int argc, char **argv, const char *method)
{
    struct sxp *config, *message;

    if (argc < 2)
        return usage_error("'xm %s' requires a configuration.", argv[0]);
    int rc = load(argc, argv, &config);

    if (rc)
        return rc;
    message = sxp_list(method);
    sxp_add(message, config);
    return ask_sxp(NULL, message) ? 1 : 0;
}

int cmd_cpupool_create(int argc, char **argv)
{
    return send_config(argc, argv, "pool-create");
}

int cmd_cpupool_new(int argc, char **argv)
{
    return send_config(argc, argv, "pool-new");
}

/* ---- by name ---- */

static int send_words(int argc, char **argv, const char *method)
{
    if (count_is_wrong(argc - 1))
        return 1;
    return argc == 2 ? ask(NULL, method, argv[1], NULL) : ask(NULL, method, argv[1], argv[2], NULL);
}

int cmd_cpupool_start(int argc, char **argv)
{
    return send_words(argc, argv, "pool-start");
}

int cmd_cpupool_destroy(int argc, char **argv)
{
    return send_words(argc, argv, "pool-destroy");
}

int cmd_cpupool_delete(int argc, char **argv)
{
    return send_words(argc, argv, "pool-delete");
}

int cmd_cpupool_cpu_add(int argc, char **argv)
{
    return send_words(argc, argv, "pool-cpu-add");
}

int cmd_cpupool_cpu_remove(int argc, char **argv)
{
    return send_words(argc, argv, "pool-cpu-remove");
}

int cmd_cpupool_migrate(int argc, char **argv)
{
    return send_words(argc, argv, "pool-migrate");
}

int cmd_cpupool_rename(int argc, char **argv)
{
    return send_words(argc, argv, "pool-rename");
}

int cmd_cpupool_numa_split(int argc, char **argv)
{
    (void)argv;
    return count_is_wrong(argc - 1) ? 1 : ask(NULL, "pool-split", NULL);
}

/* ---- listing ---- */

enum pool_format { POOL_ROWS, POOL_CPUS, POOL_LONG, POOL_JSON };

static void print_pool(const struct sxp *p, enum pool_format format)
{
    struct buffer text = { 0 };

    switch (format) {
    case POOL_ROWS:
        printf("%-16s   %3s  %8s       %s          %s\n", text_of(p, "name", ""),
               text_of(p, "count", ""), text_of(p, "sched", ""),
               number_of(p, "active", 0) ? "y" : "n", text_of(p, "domains", ""));
        break;
    case POOL_CPUS:
        printf("%-16s %s\n", text_of(p, "name", ""), text_of(p, "cpus", ""));
        break;
    case POOL_LONG:
        sxp_print_pretty(&text, p);
        fputs(buffer_string(&text), stdout);
        buffer_free(&text);
        break;
    case POOL_JSON:
        break;
    }
}

static void print_head(enum pool_format format)
{
    if (format == POOL_ROWS)
        printf("%-16s   %-3s   %-5s     %-6s   %s\n", "Name", "CPUs", "Sched", "Active",
               "Domain count");
    else if (format == POOL_CPUS)
        printf("%-16s %s\n", "Name", "CPU list");
}

static int print_pools(struct sxp *pools, const char *name, enum pool_format format)
{
    const struct sxp *p;

    for (size_t i = pools->count; name && i-- > 1;) {
        if (strcmp(text_of(pools->item[i], "name", ""), name))
            sxp_remove(pools, i);
    }
    if (name && pools->count == 1)
        return error("Pool '%s' does not exist.", name);
    if (format == POOL_JSON)
        print_json_list(pools, "pool");
    print_head(format);
    for (size_t i = 0; (p = sxp_find(pools, "pool", i)); i++)
        print_pool(p, format);
    return 0;
}

int cmd_cpupool_list(int argc, char **argv)
{
    static const struct option options[] = {
        { "long", no_argument, NULL, 'l' }, { "cpus", no_argument, NULL, 'c' },
        { "json", no_argument, NULL, 'j' }, { 0 },
    };
    enum pool_format format = POOL_ROWS;
    struct sxp *pools;
    int option;

    optind = 0;
    while ((option = getopt_long(argc, argv, "lc", options, NULL)) >= 0) {
        switch (option) {
        case 'l': format = POOL_LONG; break;
        case 'c': format = POOL_CPUS; break;
        case 'j': format = POOL_JSON; break;
        default: return bad_option(argv);
        }
    }
    if (argc - optind > 1)
        return usage_error("Only one cpupool name for selection allowed");
    int rc = ask(&pools, "pools", NULL);

    if (rc)
        return rc;
    rc = print_pools(pools, argc > optind ? argv[optind] : NULL, format);
    sxp_free(pools);
    return rc;
}
