/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * create and new: a configuration becomes a domain, now or later.
 *
 * The file is evaluated here, with the user's working directory and environment; xend gets the
 * finished S-expression.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <base/strings.h>

#include "xm.h"

enum { OPT_HELP_CONFIG = 256, OPT_PATH, OPT_VIEWER, OPT_AUTOPASS };

struct create {
    bool is_new, quiet, dryrun, paused, console, viewer, autopass;
    const char *file, *sxp_file, *path;
    struct strings set;
};

static void free_create(struct create *c)
{
    strings_free(&c->set);
}

static void print_help_config(void)
{
    size_t count;
    const struct config_key *keys = config_keys(&count);

    for (size_t i = 0; i < count; i++) {
        printf("  %-28s %s", keys[i].name, keys[i].help ? keys[i].help : "");
        if (keys[i].fallback && *keys[i].fallback)
            printf(" [%s]", keys[i].fallback);
        putchar('\n');
    }
}

/* 0: go on; otherwise the exit status is one less. */
static int parse(struct create *c, int argc, char **argv)
{
    static const struct option options[] = {
        { "help_config", no_argument, NULL, OPT_HELP_CONFIG },
        { "quiet", no_argument, NULL, 'q' }, { "path", required_argument, NULL, OPT_PATH },
        { "defconfig", required_argument, NULL, 'f' }, { "config", required_argument, NULL, 'F' },
        { "dryrun", no_argument, NULL, 'n' }, { "paused", no_argument, NULL, 'p' },
        { "console_autoconnect", no_argument, NULL, 'c' },
        { "vncviewer", no_argument, NULL, OPT_VIEWER },
        { "vncviewer-autopass", no_argument, NULL, OPT_AUTOPASS },
        { "xmldryrun", no_argument, NULL, 'x' }, { "skipdtd", no_argument, NULL, 's' }, { 0 },
    };
    int option;

    optind = 0;
    while ((option = getopt_long(argc, argv, "qf:F:npcxs", options, NULL)) >= 0) {
        switch (option) {
        case OPT_HELP_CONFIG: print_help_config(); return 1 + 0;
        case 'q': c->quiet = true; break;
        case OPT_PATH: c->path = optarg; break;
        case 'f': c->file = optarg; break;
        case 'F': c->sxp_file = optarg; break;
        case 'n': c->dryrun = true; break;
        case 'p': c->paused = true; break;
        case 'c': c->console = true; break;
        case 'x': case 's':
            return 1 + not_supported(option == 'x' ? "create --xmldryrun" : "create --skipdtd",
                                     "configurations are no XML");
        case OPT_VIEWER: c->viewer = true; break;
        case OPT_AUTOPASS: c->viewer = c->autopass = true; break;
        default: return 1 + bad_option(argv);
        }
    }
    for (int i = optind; i < argc; i++) {
        if (strchr(argv[i], '='))
            strings_add(&c->set, argv[i]);
        else if (!c->file)
            c->file = argv[i];
        else
            return 1 + usage_error("Invalid argument: '%s'", argv[i]);
    }
    return 0;
}

static int load_script(struct create *c, struct config_domain *d)
{
    const char *name = c->file ? c->file : "xmdefconfig";
    struct config_options options = {
        .set = (const char *const *)c->set.item, .set_count = c->set.count,
    };
    struct config_error e;
    char *path;
    int rc = config_find_file(name, c->path, &path, &e);

    if (rc)
        return usage_error("%s", e.what);
    if (!c->quiet && !c->dryrun)
        printf("Using config file \"%s\".\n", path);
    fflush(stdout);
    rc = config_load(path, &options, d, &e);
    free(path);
    if (!rc)
        return 0;
    config_error_print(&e, stderr);
    return 1;
}

static int load(struct create *c, struct config_domain *d)
{
    struct config_error e;

    if (!c->sxp_file)
        return load_script(c, d);
    if (!config_load_sxp(c->sxp_file, d, &e))
        return 0;
    config_error_print(&e, stderr);
    return 1;
}

static int dry_run(const struct config_domain *d)
{
    struct sxp *s = config_to_sxp(d, "vm");
    struct buffer text = { 0 };

    sxp_print_pretty(&text, s);
    fputs(buffer_string(&text), stdout);
    buffer_free(&text);
    sxp_free(s);
    return 0;
}

/* Who forgot the network is told so. */
static int report(const struct create *c, const struct sxp *started, bool has_network)
{
    const char *domid = text_of(started, "domid", "");

    if (!c->quiet && !console_is_open())
        printf("Started domain %s (id=%s)%s\n", text_of(started, "name", ""), domid,
               has_network ? "" : ", without network: it has no vif");
    if (c->viewer)
        start_viewer(domid, c->autopass);
    return c->console ? stay_at_console(domid) : 0;
}

static int send(struct create *c, const struct config_domain *d)
{
    struct sxp *message = sxp_list(c->is_new ? "new" : "create"), *started;

    sxp_add(message, config_to_sxp(d, "vm"));
    sxp_add(message, sxp_atom(c->paused ? "1" : "0"));
    sxp_add(message, sxp_atom(c->console ? "1" : "0"));
    int rc = ask_sxp(&started, message);

    /* Whatever failed, it is not that somebody named a domain that does not exist. */
    if (rc)
        return 1;
    if (!c->is_new)
        rc = report(c, started, d->vif_count || d->vif2_count);
    sxp_free(started);
    return rc;
}

static int create(int argc, char **argv, bool is_new)
{
    struct create c = { .is_new = is_new };
    struct config_domain d;
    struct config_error e;
    int rc = parse(&c, argc, argv);

    if (rc)
        return rc - 1;
    rc = load(&c, &d);
    if (rc) {
        free_create(&c);
        return rc;
    }
    for (size_t i = 0; i < d.warnings.count; i++)
        fprintf(stderr, "Warning: %s\n", d.warnings.item[i]);
    if (c.dryrun) {
        rc = dry_run(&d);
    } else if (config_check_files(&d, &e)) {
        config_error_print(&e, stderr);
        rc = 1;
    } else {
        rc = send(&c, &d);
    }
    config_domain_free(&d);
    free_create(&c);
    return rc;
}

int cmd_create(int argc, char **argv)
{
    return create(argc, argv, false);
}

int cmd_new(int argc, char **argv)
{
    return create(argc, argv, true);
}
