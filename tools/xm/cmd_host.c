/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Commands about the machine.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "xm.h"

static int print_config(void)
{
    struct config_xend x;
    struct config_error e;
    size_t count;
    const struct config_key *keys = config_xend_keys(&count);

    if (config_xend_load(NULL, &x, &e)) {
        config_error_print(&e, stderr);
        return 1;
    }
    for (size_t i = 0; i < count; i++) {
        const char *field = (const char *)&x + keys[i].offset;

        if (keys[i].type == CONFIG_STR) {
            const char *text = *(char *const *)field;

            printf("%-38s: %s\n", keys[i].name, text ? text : "");
        } else if (keys[i].type == CONFIG_INT || keys[i].type == CONFIG_BOOL) {
            printf("%-38s: %lld\n", keys[i].name, (long long)*(const int64_t *)field);
        }
    }
    config_xend_free(&x);
    return 0;
}

static void print_info(const struct sxp *info)
{
    for (size_t i = 1; i < info->count; i++) {
        const struct sxp *pair = info->item[i];
        const char *value = pair->count > 1 ? pair->item[1]->atom : NULL;

        printf("%-23s: %s\n", sxp_head(pair), value && *value ? value : "(none)");
    }
}

static int print_topology(void)
{
    struct sxp *tables;
    int rc = xend_is_up() ? ask(&tables, "topology", NULL) : local_topology(&tables);

    if (rc)
        return rc;
    for (size_t i = 1; i < tables->count; i++)
        printf("%-23s:\n%s", sxp_head(tables->item[i]), tables->item[i]->item[1]->atom);
    sxp_free(tables);
    return 0;
}

int cmd_info(int argc, char **argv)
{
    static const struct option options[] = {
        { "config", no_argument, NULL, 'c' }, { "numa", no_argument, NULL, 'n' },
        { "json", no_argument, NULL, 'j' }, { 0 },
    };
    struct sxp *info;
    bool is_numa = false, is_json = false;
    int option;

    optind = 0;
    while ((option = getopt_long(argc, argv, "cn", options, NULL)) >= 0) {
        if (option == 'c')
            return print_config();
        if (option != 'n' && option != 'j')
            return bad_option(argv);
        is_numa |= option == 'n';
        is_json |= option == 'j';
    }
    if (is_json && is_numa)
        return usage_error("--json has no tables of nodes");
    if (count_is_wrong(argc - optind))
        return 1;
    int rc = xend_is_up() ? ask(&info, "info", NULL) : local_info(&info);

    if (rc)
        return rc;
    (is_json ? print_json : print_info)(info);
    sxp_free(info);
    return is_numa ? print_topology() : 0;
}

int cmd_dmesg(int argc, char **argv)
{
    static const struct option options[] = { { "clear", no_argument, NULL, 'c' }, { 0 } };
    bool clear = false;
    struct sxp *text;
    int option;

    optind = 0;
    while ((option = getopt_long(argc, argv, "c", options, NULL)) >= 0) {
        if (option != 'c')
            return bad_option(argv);
        clear = true;
    }
    if (optind < argc)
        return usage_error("No parameter required");
    int rc = xend_is_up() ? ask(&text, "messages", clear ? "1" : "0", NULL)
                          : local_messages(clear, &text);

    if (rc)
        return rc;
    fputs(text->atom, stdout);
    sxp_free(text);
    return 0;
}

int cmd_log(int argc, char **argv)
{
    struct sxp *text;

    (void)argv;
    if (count_is_wrong(argc - 1))
        return 1;
    int rc = ask(&text, "log", NULL);

    if (rc)
        return rc;
    fputs(text->atom, stdout);
    sxp_free(text);
    return 0;
}

int cmd_debug_keys(int argc, char **argv)
{
    if (count_is_wrong(argc - 1))
        return 1;
    return xend_is_up() ? ask(NULL, "debug-keys", argv[1], NULL) : local_debug_keys(argv[1]);
}

int cmd_top(int argc, char **argv)
{
    (void)argc;
    if (geteuid())
        return error("Most commands need root access. Please try again as root.");
    if (!xend_is_up())
        local_notice();
    argv[0] = "xentop";
    return become("xentop", argv);
}
