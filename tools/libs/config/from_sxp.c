/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reads the S-expression of a domain: what --dryrun printed, a file of xm create -F, what xend
 * keeps. device_sxp.c has the devices.
 */
#include <stdlib.h>
#include <string.h>

#include "private.h"

/* What xend adds while a domain lives; it says nothing about its configuration. */
static const char *const state_names[] = {
    "domid", "cpu_time", "start_time", "online_vcpus", "status", "state", "store_mfn",
    "console_mfn", "on_suspend", "security_label", "shutdown_reason", "up_time", "notes",
    "is_a_template", "auto_power_on", "is_control_domain", "superpages_used", "label",
};

static bool is_state(const char *name)
{
    for (size_t i = 0; i < KEY_COUNT(state_names); i++) {
        if (!strcmp(state_names[i], name))
            return true;
    }
    return false;
}

/* The atom behind the head; NULL if there is none. */
static const char *atom_of(const struct sxp *pair)
{
    return pair->count > 1 ? pair->item[1]->atom : NULL;
}

static void mark_given(struct config_domain *d, const char *name)
{
    size_t count;
    const struct config_key *keys = config_keys(&count), *key = config_key_find(name);

    if (key)
        d->given[key - keys] = true;
}

static void take_texts(struct strings *out, const struct sxp *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct sxp *item = list->item[i];

        if (item->atom) {
            strings_add(out, item->atom);
            continue;
        }
        /* A list of CPU numbers, as xm list -l shows them. */
        struct buffer b = { 0 };

        for (size_t k = 0; k < item->count; k++) {
            if (item->item[k]->atom)
                buffer_printf(&b, "%s%s", b.len ? "," : "", item->item[k]->atom);
        }
        buffer_string(&b);
        strings_give(out, buffer_detach(&b));
    }
}

static void take_cpus(struct config_domain *d, const struct sxp *pair)
{
    const char *atom = atom_of(pair);

    strings_free(&d->cpus);
    d->cpus_each = !atom && pair->count > 1;
    if (atom && *atom)
        strings_add(&d->cpus, atom);
    else if (!atom && pair->count > 1)
        take_texts(&d->cpus, pair->item[1]);
}

/* A running domain's list may have been written when it had another number of vcpus: what is kept
 * must load again. */
static void settle_cpus(struct config_domain *d)
{
    if (!d->cpus_each || d->cpus.count == (size_t)d->vcpus)
        return;
    d->cpus_each = false;
    if (d->cpus.count == 1)
        return;
    domain_warn(d, "cpus has %zu entries for %lld vcpus; ignored", d->cpus.count,
                (long long)d->vcpus);
    strings_free(&d->cpus);
}

static int take_key(struct config_domain *d, const struct config_key *key,
                    const struct sxp *pair, struct config_error *e)
{
    const char *atom = atom_of(pair);

    mark_given(d, key->name);
    if (key->type == CONFIG_STR_OR_LIST && !atom && pair->count > 1) {
        take_texts(key_field(d, key), pair->item[1]);
        return 0;
    }
    /* (key), (key ()) and (key None) say that it is not set. */
    if (!atom || !strcmp(atom, "None"))
        return 0;
    return key_set(d, key, atom, key->name, e);
}

static void warn_unknown(struct config_domain *d, const char *name)
{
    const char *near = config_key_nearest(name);

    if (is_state(name))
        return;
    domain_warn(d, "unknown key '%.60s'%s%s%s", name, near ? "; did you mean '" : "",
                near ? near : "", near ? "'?" : "");
}

static const struct config_key *find_key(const char *name, bool in_image)
{
    size_t count;
    const struct config_key *keys = config_keys(&count);

    for (size_t i = 0; i < count; i++) {
        bool is_image = keys[i].place == CONFIG_IN_IMAGE || keys[i].place == CONFIG_IN_HVM;

        if (is_image != in_image || (!is_image && keys[i].place != CONFIG_IN_VM))
            continue;
        if (!strcmp(keys[i].sxp ? keys[i].sxp : keys[i].name, name))
            return &keys[i];
    }
    return NULL;
}

static void replace(char **field, const char *text)
{
    free(*field);
    *field = text ? xstrdup(text) : NULL;
}

static int take_image_key(struct config_domain *d, const struct sxp *pair,
                          struct config_error *e)
{
    const char *name = sxp_head(pair);
    const struct config_key *key = name ? find_key(name, true) : NULL;

    if (key)
        return take_key(d, key, pair, e);
    if (!name || !strcmp(name, "pci") || !strcmp(name, "vcpus") || !strcmp(name, "localtime"))
        return 0;       /* repeated from outside */
    if (!strcmp(name, "ip"))
        replace(&d->ip_line, atom_of(pair));
    else if (!strcmp(name, "cpuid"))
        cpuid_from_sxp(pair, &d->cpuid);
    else if (!strcmp(name, "cpuid_check"))
        cpuid_from_sxp(pair, &d->cpuid_check);
    else
        warn_unknown(d, name);
    return 0;
}

static int take_image(struct config_domain *d, const struct sxp *pair, struct config_error *e)
{
    const struct sxp *kind = pair->count > 1 ? pair->item[1] : NULL;
    const char *builder = kind ? sxp_head(kind) : NULL;
    int rc = 0;

    if (!builder)
        return config_fail(e, "(image) must hold (linux ...) or (hvm ...)");
    if (strcmp(builder, "linux") && strcmp(builder, "hvm"))
        return config_fail(e, "unknown image type: %.60s", builder);
    replace(&d->builder, builder);
    for (size_t i = 1; i < kind->count && !rc; i++) {
        if (sxp_is_list(kind->item[i]))
            rc = take_image_key(d, kind->item[i], e);
    }
    return rc;
}

static void take_backend(struct config_domain *d, const struct sxp *pair)
{
    const struct sxp *what = pair->count > 1 ? pair->item[1] : NULL;
    const char *name = what ? (what->atom ? what->atom : sxp_head(what)) : NULL;

    if (name && !strcmp(name, "blkif"))
        d->blkif = 1;
    else if (name && !strcmp(name, "netif"))
        d->netif = 1;
    else if (name && !strcmp(name, "tpmif"))
        d->tpmif = 1;
}

static void take_security(struct config_domain *d, const struct sxp *pair)
{
    const struct sxp *list = pair->count > 1 ? pair->item[1] : NULL;
    const struct sxp *control = list ? sxp_find(list, "access_control", 0) : NULL;
    const char *policy = control ? sxp_value(control, "policy") : NULL;
    const char *label = control ? sxp_value(control, "label") : NULL;

    if (policy && label)
        strings_give(&d->access_control, xasprintf("policy=%s,label=%s", policy, label));
}

static int take_pair(struct config_domain *d, const struct sxp *pair, struct config_error *e)
{
    const char *name = sxp_head(pair);

    if (!name)
        return 0;
    const struct config_key *key = find_key(name, false);

    if (key)
        return take_key(d, key, pair, e);
    if (!strcmp(name, "image"))
        return take_image(d, pair, e);
    if (!strcmp(name, "device"))
        return pair->count > 1 ? device_from_sxp(pair->item[1], d, e) : 0;
    if (!strcmp(name, "cpus"))
        take_cpus(d, pair);
    else if (!strcmp(name, "cpuid"))
        cpuid_from_sxp(pair, &d->cpuid);
    else if (!strcmp(name, "cpuid_check"))
        cpuid_from_sxp(pair, &d->cpuid_check);
    else if (!strcmp(name, "backend"))
        take_backend(d, pair);
    else if (!strcmp(name, "security"))
        take_security(d, pair);
    else
        warn_unknown(d, name);
    return 0;
}

int config_from_sxp(const struct sxp *s, struct config_domain *d, struct config_error *e)
{
    const char *head = sxp_head(s), *about;
    int rc = 0;

    config_domain_init(d);
    if (!head || (strcmp(head, "vm") && strcmp(head, "domain")))
        rc = config_fail(e, "not a domain's configuration: it begins with (vm or (domain");
    for (size_t i = 1; i < s->count && !rc; i++) {
        if (sxp_is_list(s->item[i]))
            rc = take_pair(d, s->item[i], e);
    }
    if (!rc) {
        settle_cpus(d);
        rc = domain_finish(d, &about, e);
    }
    if (rc)
        config_domain_free(d);
    return rc;
}

int config_load_sxp(const char *path, struct config_domain *d, struct config_error *e)
{
    char *text, why[160];
    size_t len;

    *d = (struct config_domain){ 0 };
    int rc = config_read_file(path, &text, &len, e);

    if (rc)
        return rc;
    struct sxp *s = sxp_parse(text, len, NULL, why, sizeof(why));

    rc = s ? config_from_sxp(s, d, e) : config_fail(e, "%s", why);
    if (rc)
        snprintf(e->file, sizeof(e->file), "%s", path);
    else
        domain_warn_ignored(d);
    sxp_free(s);
    free(text);
    return rc;
}
