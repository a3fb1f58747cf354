/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A domain's configuration as the S-expression that xend takes and keeps.
 */
#include <string.h>

#include "private.h"

static bool is_hvm(const struct config_domain *d)
{
    return !strcmp(d->builder, "hvm");
}

static void add_strings(struct sxp *out, const char *name, const struct strings *list)
{
    struct sxp *pair, *items;

    if (!list->count)
        return;
    if (list->count == 1) {
        sxp_add_pair(out, name, list->item[0]);
        return;
    }
    pair = sxp_add(out, sxp_list(name));
    items = sxp_add(pair, sxp_list(NULL));
    for (size_t i = 0; i < list->count; i++)
        sxp_add(items, sxp_atom(list->item[i]));
}

static void add_key(struct sxp *out, const struct config_domain *d, const struct config_key *key)
{
    const char *name = key->sxp ? key->sxp : key->name;
    const void *field = key_field(d, key);

    switch (key->type) {
    case CONFIG_STR:
        if (*(char *const *)field && **(char *const *)field)
            sxp_add_pair(out, name, *(char *const *)field);
        break;
    case CONFIG_INT:
    case CONFIG_BOOL:
        if (*(const int64_t *)field != CONFIG_UNSET)
            sxp_add_pairf(out, name, "%lld", (long long)*(const int64_t *)field);
        break;
    default:
        add_strings(out, name, field);
    }
}

static void add_keys(struct sxp *out, const struct config_domain *d, enum config_place place)
{
    size_t count;
    const struct config_key *keys = config_keys(&count);

    for (size_t i = 0; i < count; i++) {
        /* Last of the domain's own, behind the image. */
        if (keys[i].place == place && strcmp(keys[i].name, "s3_integrity"))
            add_key(out, d, &keys[i]);
    }
}

static void add_cpus(struct sxp *out, const struct config_domain *d)
{
    if (!d->cpus.count)
        return;
    if (!d->cpus_each) {
        sxp_add_pair(out, "cpus", d->cpus.item[0]);
        return;
    }
    struct sxp *items = sxp_add(sxp_add(out, sxp_list("cpus")), sxp_list(NULL));

    for (size_t i = 0; i < d->cpus.count; i++)
        sxp_add(items, sxp_atom(d->cpus.item[i]));
}

static void add_backend(struct sxp *out, const struct config_domain *d)
{
    if (d->blkif == 1)
        sxp_add(sxp_add(out, sxp_list("backend")), sxp_list("blkif"));
    if (d->netif == 1)
        sxp_add(sxp_add(out, sxp_list("backend")), sxp_list("netif"));
    if (d->tpmif == 1)
        sxp_add(sxp_add(out, sxp_list("backend")), sxp_list("tpmif"));
}

static void add_image(struct sxp *out, const struct config_domain *d)
{
    struct sxp *image = sxp_add(out, sxp_list("image"));
    struct sxp *kind = sxp_add(image, sxp_list(d->builder));

    add_keys(kind, d, CONFIG_IN_IMAGE);
    if (d->ip_line)
        sxp_add_pair(kind, "ip", d->ip_line);
    if (is_hvm(d))
        add_keys(kind, d, CONFIG_IN_HVM);
    if (d->cpuid_count)
        sxp_add(kind, cpuid_to_sxp("cpuid", d->cpuid_rules, d->cpuid_count));
    if (d->cpuid_check_count)
        sxp_add(kind, cpuid_to_sxp("cpuid_check", d->cpuid_checks, d->cpuid_check_count));
}

static void add_device(struct sxp *out, struct sxp *device)
{
    sxp_add(sxp_add(out, sxp_list("device")), device);
}

static void add_devices(struct sxp *out, const struct config_domain *d)
{
    for (size_t i = 0; i < d->disk_count; i++)
        add_device(out, config_disk_to_sxp(&d->disks[i]));
    if (d->pci_count)
        add_device(out, pcis_to_sxp(d));
    for (size_t i = 0; i < d->vscsi_count; i++)
        add_device(out, vscsi_to_sxp(&d->vscsis[i]));
    for (size_t i = 0; i < d->vusb_count; i++)
        add_device(out, vusb_to_sxp(&d->vusbs[i]));
    for (size_t i = 0; i < d->ioport_count; i++) {
        struct sxp *s = sxp_list("ioports");

        sxp_add_pairf(s, "from", "%x", d->ioport_ranges[i].from);
        sxp_add_pairf(s, "to", "%x", d->ioport_ranges[i].to);
        add_device(out, s);
    }
    for (size_t i = 0; i < d->irq_count; i++) {
        struct sxp *s = sxp_list("irq");

        sxp_add_pairf(s, "irq", "%u", d->irqs[i]);
        add_device(out, s);
    }
    for (size_t i = 0; i < d->vfb_count; i++) {
        add_device(out, sxp_list("vkbd"));
        add_device(out, config_vfb_to_sxp(&d->vfbs[i]));
    }
    for (size_t i = 0; i < d->vif_count; i++)
        add_device(out, config_vif_to_sxp(&d->vifs[i]));
    for (size_t i = 0; i < d->vif2_count; i++)
        add_device(out, vif2_to_sxp(&d->vif2s[i]));
    for (size_t i = 0; i < d->vtpm_count; i++)
        add_device(out, vtpm_to_sxp(&d->vtpms[i]));
}

static void add_security(struct sxp *out, const struct config_domain *d)
{
    if (!d->security_label)
        return;
    struct sxp *list = sxp_add(sxp_add(out, sxp_list("security")), sxp_list(NULL));
    struct sxp *control = sxp_add(list, sxp_list("access_control"));

    sxp_add_pair(control, "policy", d->security_policy);
    sxp_add_pair(control, "label", d->security_label);
}

struct sxp *config_to_sxp(const struct config_domain *d, const char *head)
{
    struct sxp *s = sxp_list(head);

    add_keys(s, d, CONFIG_IN_VM);
    add_cpus(s, d);
    add_backend(s, d);
    add_image(s, d);
    add_key(s, d, config_key_find("s3_integrity"));
    add_devices(s, d);
    add_security(s, d);
    return s;
}
