/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A script's variables to a domain's configuration; its life; its command line.
 */
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "private.h"

void domain_warn(struct config_domain *d, const char *fmt, ...)
{
    char text[300];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    strings_add(&d->warnings, text);
}

static void place_error(struct config_error *e, const struct config_var *var)
{
    if (!var || !var->file)
        return;
    snprintf(e->file, sizeof(e->file), "%s", var->file);
    e->line = var->line;
}

static int apply_list(struct config_domain *d, const struct config_key *key,
                      const struct config_var *var, struct config_error *e)
{
    if (var->kind == CONFIG_VAR_LIST) {
        for (size_t i = 0; i < var->list.count; i++)
            strings_add(key_field(d, key), var->list.item[i]);
        if (!strcmp(key->name, "cpus"))
            d->cpus_each = true;
        return 0;
    }
    if (key->type == CONFIG_LIST && *var->text)
        return config_fail(e, "%s must be a list: %s = [ '%.100s' ]", key->name, key->name,
                           var->text);
    if (*var->text)
        strings_add(key_field(d, key), var->text);
    return 0;
}

static int apply_var(struct config_domain *d, const struct config_key *key,
                     const struct config_var *var, struct config_error *e)
{
    if (var->kind == CONFIG_VAR_OTHER)
        return config_fail(e, "%s cannot be %s", key->name, var->text);
    if (key->type == CONFIG_LIST || key->type == CONFIG_STR_OR_LIST)
        return apply_list(d, key, var, e);
    if (var->kind == CONFIG_VAR_LIST)
        return config_fail(e, "%s must be a %s, not a list", key->name,
                           key->type == CONFIG_STR ? "string" : "number");
    return key_set(d, key, var->text, key->name, e);
}

static void warn_unknown(struct config_domain *d, const struct config_var *var)
{
    const char *near = config_key_nearest(var->name);
    char place[300] = "";

    if (var->is_used)
        return;
    if (var->file)
        snprintf(place, sizeof(place), "%s:%u: ", var->file, var->line);
    char *hint = near ? xasprintf("; did you mean '%s'?", near) : xstrdup("");

    strings_give(&d->warnings, xasprintf("%s'%s' is no directive and nothing uses it%s", place,
                                         var->name, hint));
    free(hint);
}

static int apply_vars(struct config_domain *d, const struct config_vars *vars,
                      struct config_error *e)
{
    size_t count;
    const struct config_key *keys = config_keys(&count);

    for (size_t i = 0; i < vars->warnings.count; i++)
        strings_add(&d->warnings, vars->warnings.item[i]);
    for (size_t i = 0; i < vars->count; i++) {
        const struct config_var *var = &vars->item[i];
        const struct config_key *key = config_key_find(var->name);

        if (!key) {
            warn_unknown(d, var);
            continue;
        }
        int rc = apply_var(d, key, var, e);

        if (rc) {
            place_error(e, var);
            return rc;
        }
        d->given[key - keys] = true;
    }
    return 0;
}

int config_from_vars(const struct config_vars *vars, const char *fallback_name,
                     struct config_domain *d, struct config_error *e)
{
    const char *about = NULL;

    config_domain_init(d);
    int rc = apply_vars(d, vars, e);

    if (!rc && (!d->name || !*d->name) && fallback_name) {
        free(d->name);
        d->name = xstrdup(fallback_name);
    }
    if (!rc) {
        rc = domain_finish(d, &about, e);
        if (rc && about)
            place_error(e, config_var_find(vars, about));
    }
    if (rc)
        config_domain_free(d);
    else
        domain_warn_ignored(d);
    return rc;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

int config_parse(const char *name, const char *text, size_t len,
                 const struct config_options *options, struct config_domain *d,
                 struct config_error *e)
{
    struct config_vars vars;

    *d = (struct config_domain){ 0 };
    int rc = config_evaluate(name, text, len, options, &vars, e);

    if (!rc)
        rc = config_from_vars(&vars, base_name(name), d, e);
    config_vars_free(&vars);
    return rc;
}

int config_load(const char *path, const struct config_options *options, struct config_domain *d,
                struct config_error *e)
{
    struct config_vars vars;

    *d = (struct config_domain){ 0 };
    int rc = config_evaluate_file(path, options, &vars, e);

    if (!rc)
        rc = config_from_vars(&vars, base_name(path), d, e);
    config_vars_free(&vars);
    return rc;
}

/* The arrays by themselves: what failed half-way has its count right. */
static void free_devices(struct config_domain *d)
{
    for (size_t i = 0; i < d->disk_count; i++)
        config_disk_free(&d->disks[i]);
    for (size_t i = 0; i < d->vif_count; i++)
        config_vif_free(&d->vifs[i]);
    for (size_t i = 0; i < d->vif2_count; i++)
        vif2_free(&d->vif2s[i]);
    for (size_t i = 0; i < d->vfb_count; i++)
        config_vfb_free(&d->vfbs[i]);
    for (size_t i = 0; i < d->pci_count; i++)
        config_pci_free(&d->pcis[i]);
    for (size_t i = 0; i < d->vtpm_count; i++)
        vtpm_free(&d->vtpms[i]);
    for (size_t i = 0; i < d->vscsi_count; i++)
        config_vscsi_free(&d->vscsis[i]);
    for (size_t i = 0; i < d->vusb_count; i++)
        vusb_free(&d->vusbs[i]);
    for (size_t i = 0; i < d->cpuid_count; i++)
        cpuid_free(&d->cpuid_rules[i]);
    for (size_t i = 0; i < d->cpuid_check_count; i++)
        cpuid_free(&d->cpuid_checks[i]);
}

void config_domain_free(struct config_domain *d)
{
    size_t count;
    const struct config_key *keys = config_keys(&count);

    free_devices(d);
    free(d->disks);
    free(d->vifs);
    free(d->vif2s);
    free(d->vfbs);
    free(d->pcis);
    free(d->vtpms);
    free(d->vscsis);
    free(d->vusbs);
    free(d->ioport_ranges);
    free(d->irqs);
    free(d->cpuid_rules);
    free(d->cpuid_checks);
    free(d->security_policy);
    free(d->security_label);
    free(d->ip_line);
    keys_free(d, keys, count);
    strings_free(&d->warnings);
    *d = (struct config_domain){ 0 };
}

/* True if a word of the line begins with what. */
static bool line_has(const char *line, const char *what)
{
    for (const char *p = line; p && (p = strstr(p, what)); p++) {
        if (p == line || p[-1] == ' ' || p[-1] == '\t')
            return true;
    }
    return false;
}

static void add_word(struct buffer *line, const char *prefix, const char *text)
{
    if (line->len)
        buffer_putc(line, ' ');
    buffer_printf(line, "%s%s", prefix, text);
}

char *config_command_line(const struct config_domain *d)
{
    struct buffer line = { 0 };
    const char *extra = d->extra ? d->extra : "";

    if (d->root && *d->root && !line_has(extra, "root="))
        add_word(&line, strncmp(d->root, "root=", 5) ? "root=" : "", d->root);
    if (d->ip_line && !line_has(extra, "ip="))
        add_word(&line, "ip=", d->ip_line);
    if (*extra)
        add_word(&line, "", extra);
    buffer_string(&line);
    return buffer_detach(&line);
}

static int check_file(char **path, const char *what, struct config_error *e)
{
    char folder[PATH_MAX];

    if (!*path || !**path)
        return 0;
    if (access(*path, R_OK)) {
        config_fail(e, "Cannot %s %s \"%.300s\"", errno == ENOENT ? "find" : "read", what, *path);
        return -ENOENT;
    }
    if (**path == '/' || !getcwd(folder, sizeof(folder)))
        return 0;
    char *absolute = xasprintf("%s/%s", folder, *path);

    free(*path);
    *path = absolute;
    return 0;
}

int config_check_files(struct config_domain *d, struct config_error *e)
{
    bool has_kernel = d->kernel && *d->kernel, has_boot = d->bootloader && *d->bootloader;

    if (!has_kernel && !has_boot)
        return config_fail(e, "neither a kernel nor a bootloader is given");
    if (has_boot)
        return 0;
    int rc = check_file(&d->kernel, "kernel", e);

    if (!rc)
        rc = check_file(&d->ramdisk, "ramdisk", e);
    return rc ? rc : check_file(&d->loader, "loader", e);
}
