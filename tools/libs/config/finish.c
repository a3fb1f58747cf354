/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is left when the directives stand in their fields: the devices' texts are parsed, old
 * directives become new ones, and what belongs together is checked.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"

/* Behind what an S-expression gave. One for each type of array: C cannot say it once. */
#define PARSE_ALL(d, text, array, counter, parse, e) \
({ \
    int rc_ = 0; \
    (d)->array = xrealloc((d)->array, \
                          ((d)->counter + (d)->text.count) * sizeof(*(d)->array)); \
    for (size_t i_ = 0; i_ < (d)->text.count && !rc_; i_++) { \
        rc_ = parse((d)->text.item[i_], &(d)->array[(d)->counter], e); \
        (d)->counter += !rc_; \
    } \
    rc_; \
})

static void replace(char **field, const char *text)
{
    free(*field);
    *field = xstrdup(text);
}

static bool is_set(const char *text)
{
    return text && *text;
}

static int check_name(struct config_domain *d, struct config_error *e)
{
    if (!is_set(d->name))
        return config_fail(e, "Missing VM Name");
    for (const char *p = d->name; *p; p++) {
        if (!isalnum((unsigned char)*p) && !strchr("_-.:+", *p))
            return config_fail(e, "Invalid VM Name '%.100s': only letters, digits and "
                               "_ - . : + may be in it", d->name);
    }
    return 0;
}

/* Dashes anywhere or nowhere, to the usual form. */
static int check_uuid(struct config_domain *d, struct config_error *e)
{
    char hex[33], text[40];
    size_t n = 0;

    for (const char *p = d->uuid; is_set(p); p++) {
        if (*p == '-')
            continue;
        if (!isxdigit((unsigned char)*p) || n == 32)
            return config_fail(e, "uuid '%.60s' is not 32 hexadecimal digits", d->uuid);
        hex[n++] = tolower((unsigned char)*p);
    }
    if (!is_set(d->uuid))
        return 0;
    if (n != 32)
        return config_fail(e, "uuid '%.60s' is not 32 hexadecimal digits", d->uuid);
    hex[32] = '\0';
    snprintf(text, sizeof(text), "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16,
             hex + 20);
    replace(&d->uuid, text);
    return 0;
}

static int check_memory(struct config_domain *d, struct config_error *e)
{
    if (d->maxmem == CONFIG_UNSET)
        d->maxmem = d->memory;
    if (d->maxmem < d->memory)
        return config_fail(e, "maxmem (%lld) is less than memory (%lld)", (long long)d->maxmem,
                           (long long)d->memory);
    return 0;
}

static int finish_vcpus(struct config_domain *d, struct config_error *e)
{
    if (d->vcpu_avail) {
        int64_t bits;

        if (!parse_int64(d->vcpu_avail, &bits) &&
            strspn(d->vcpu_avail, "0123456789") != strlen(d->vcpu_avail))
            return config_fail(e, "vcpu_avail must be a number, not '%.60s'", d->vcpu_avail);
    }
    if (d->maxvcpus == CONFIG_UNSET)
        return 0;
    if (d->maxvcpus < d->vcpus)
        return config_fail(e, "maxvcpus (%lld) is less than vcpus (%lld)",
                           (long long)d->maxvcpus, (long long)d->vcpus);
    if (!d->vcpu_avail)
        d->vcpu_avail = ones_in_decimal(d->vcpus);
    d->vcpus = d->maxvcpus;
    d->maxvcpus = CONFIG_UNSET;
    return 0;
}

/* cpu places the first vcpu; cpus what is left. */
static void join_cpu(struct config_domain *d)
{
    struct strings all = { 0 };
    char first[24];

    if (d->cpu == CONFIG_UNSET)
        return;
    snprintf(first, sizeof(first), "%lld", (long long)d->cpu);
    strings_add(&all, first);
    for (int64_t v = 1; v < d->vcpus; v++) {
        size_t at = d->cpus_each ? (size_t)v - 1 : 0;

        strings_add(&all, at < d->cpus.count ? d->cpus.item[at] : "all");
    }
    strings_free(&d->cpus);
    d->cpus = all;
    d->cpus_each = true;
    d->cpu = CONFIG_UNSET;
}

static int check_cpus(struct config_domain *d, struct config_error *e)
{
    uint64_t map[8192 / 64] = { 0 };

    join_cpu(d);
    if (!d->cpus.count)
        d->cpus_each = false;
    if (d->cpus_each && d->cpus.count != (size_t)d->vcpus)
        return config_fail(e, "vcpus and the item number of cpus are not same: %lld and %zu",
                           (long long)d->vcpus, d->cpus.count);
    for (size_t i = 0; i < d->cpus.count; i++) {
        int rc = config_cpus_parse(d->cpus.item[i], map, 8192, e);

        if (rc)
            return rc;
    }
    return 0;
}

static void finish_restart(struct config_domain *d)
{
    if (!d->restart)
        return;
    bool always = !strcmp(d->restart, "always"), never = !strcmp(d->restart, "never");

    if (!config_is_given(d, "on_poweroff"))
        replace(&d->on_poweroff, always ? "restart" : "destroy");
    if (!config_is_given(d, "on_reboot"))
        replace(&d->on_reboot, never ? "destroy" : "restart");
    if (!config_is_given(d, "on_crash"))
        replace(&d->on_crash, always ? "restart" : "destroy");
    domain_warn(d, "'restart' is deprecated; use on_poweroff, on_reboot and on_crash");
    replace(&d->restart, "");
}

static void finish_ip(struct config_domain *d)
{
    bool is_on = d->dhcp && strcmp(d->dhcp, "off") && strcmp(d->dhcp, "0") && *d->dhcp;

    if (d->ip_line || (!is_set(d->ip) && !is_on))
        return;
    d->ip_line = xasprintf("%s:%s:%s:%s:%s:%s:%s", d->ip ? d->ip : "",
                           is_set(d->nfs_server) ? d->nfs_server : "127.0.255.255",
                           d->gateway ? d->gateway : "", d->netmask ? d->netmask : "",
                           d->hostname ? d->hostname : "", d->interface ? d->interface : "",
                           d->dhcp ? d->dhcp : "off");
}

static int finish_boot_line(struct config_domain *d, struct config_error *e)
{
    if (d->root && !strncmp(d->root, "root=", 5)) {
        char *bare = xstrdup(d->root + 5);

        free(d->root);
        d->root = bare;
    }
    if (is_set(d->nfs_root)) {
        if (!is_set(d->nfs_server))
            return config_fail(e, "Must set nfs root and nfs server");
        char *extra = xasprintf("nfsroot=%s:%s %s", d->nfs_server, d->nfs_root,
                                d->extra ? d->extra : "");

        free(d->extra);
        d->extra = extra;
        replace(&d->nfs_root, "");
    }
    finish_ip(d);
    return 0;
}

static int finish_security(struct config_domain *d, struct config_error *e)
{
    struct strings pairs = { 0 };

    if (!d->access_control.count)
        return 0;
    if (d->access_control.count > 1)
        return config_fail(e, "Multiple access_control definitions.");
    split_trimmed(&pairs, d->access_control.item[0], ',');
    for (size_t i = 0; i < pairs.count; i++) {
        const char *pair = pairs.item[i];

        if (!strncmp(pair, "policy=", 7))
            replace(&d->security_policy, pair + 7);
        else if (!strncmp(pair, "label=", 6))
            replace(&d->security_label, pair + 6);
    }
    bool good = pairs.count == 2 && is_set(d->security_policy) && is_set(d->security_label);

    strings_free(&pairs);
    return good ? 0 : config_fail(e, "Invalid access_control specifier: %.150s "
                                  "(expected policy=NAME,label=LABEL)",
                                  d->access_control.item[0]);
}

static int finish_disks(struct config_domain *d, struct config_error *e)
{
    int rc = PARSE_ALL(d, disk, disks, disk_count, config_disk_parse, e);

    for (size_t i = 0; i < d->disk_count && !rc; i++) {
        for (size_t k = 0; k < i && !rc; k++) {
            if (d->disks[i].number == d->disks[k].number)
                rc = config_fail(e, "disk device %.60s is given twice", d->disks[i].dev);
        }
    }
    return rc;
}

/* What only emulated cards have, from the first one of the script on. */
static void warn_of_emulation(struct config_domain *d, size_t first)
{
    for (size_t i = first; i < d->vif_count && strcmp(d->builder, "hvm"); i++)
        config_vif_warn(&d->vifs[i], &d->warnings);
}

static int finish_vifs(struct config_domain *d, struct config_error *e)
{
    if (d->nics != CONFIG_UNSET) {
        domain_warn(d, "'nics' is deprecated; use vif = [ '', ... ]");
        while ((int64_t)d->vif.count < d->nics)
            strings_add(&d->vif, "");
        d->nics = CONFIG_UNSET;
    }
    size_t first = d->vif_count;
    int rc = PARSE_ALL(d, vif, vifs, vif_count, config_vif_parse, e);

    if (!rc)
        warn_of_emulation(d, first);
    return rc;
}

/* vnc and sdl of an HVM domain make its frame buffer. */
static void vfb_of_hvm(struct config_domain *d)
{
    struct buffer b = { 0 };

    if (strcmp(d->builder, "hvm") || d->vfb.count || d->vfb_count ||
        (d->vnc != 1 && d->sdl != 1))
        return;
    buffer_puts(&b, d->vnc == 1 ? "vnc=1" : "sdl=1");
    if (d->vnc == 1 && d->vncunused != CONFIG_UNSET)
        buffer_printf(&b, ",vncunused=%d", (int)d->vncunused);
    if (d->vnc == 1 && d->vncdisplay != CONFIG_UNSET)
        buffer_printf(&b, ",vncdisplay=%d", (int)d->vncdisplay);
    if (d->vnc == 1 && is_set(d->vnclisten))
        buffer_printf(&b, ",vnclisten=%s", d->vnclisten);
    strings_give(&d->vfb, buffer_detach(&b));
}

static int finish_vfb(struct config_domain *d, struct config_error *e)
{
    vfb_of_hvm(d);
    if (d->vfb.count + d->vfb_count > 1)
        return config_fail(e, "a domain has at most one vfb");
    return PARSE_ALL(d, vfb, vfbs, vfb_count, config_vfb_parse, e);
}

static int finish_vtpm(struct config_domain *d, struct config_error *e)
{
    if (d->vtpm.count + d->vtpm_count > 1)
        return config_fail(e, "a domain has at most one vtpm");
    return PARSE_ALL(d, vtpm, vtpms, vtpm_count, vtpm_parse, e);
}

static int finish_vif2(struct config_domain *d, struct config_error *e)
{
    return PARSE_ALL(d, vif2, vif2s, vif2_count, vif2_parse, e);
}

static int finish_pci(struct config_domain *d, struct config_error *e)
{
    return PARSE_ALL(d, pci, pcis, pci_count, config_pci_parse, e);
}

static int finish_vscsi(struct config_domain *d, struct config_error *e)
{
    return PARSE_ALL(d, vscsi, vscsis, vscsi_count, config_vscsi_parse, e);
}

static int finish_vusb(struct config_domain *d, struct config_error *e)
{
    return PARSE_ALL(d, vusb, vusbs, vusb_count, vusb_parse, e);
}

static int finish_ioports(struct config_domain *d, struct config_error *e)
{
    return PARSE_ALL(d, ioports, ioport_ranges, ioport_count, ioports_parse, e);
}

static int finish_irqs(struct config_domain *d, struct config_error *e)
{
    return PARSE_ALL(d, irq, irqs, irq_count, irq_parse, e);
}

static int rule_parse(const char *text, struct config_cpuid *c, struct config_error *e)
{
    return cpuid_parse(text, c, false, e);
}

static int check_parse(const char *text, struct config_cpuid *c, struct config_error *e)
{
    return cpuid_parse(text, c, true, e);
}

static int finish_cpuid(struct config_domain *d, struct config_error *e)
{
    return PARSE_ALL(d, cpuid, cpuid_rules, cpuid_count, rule_parse, e);
}

static int finish_cpuid_check(struct config_domain *d, struct config_error *e)
{
    return PARSE_ALL(d, cpuid_check, cpuid_checks, cpuid_check_count, check_parse, e);
}

static int finish_old(struct config_domain *d, struct config_error *e)
{
    finish_restart(d);
    if (d->enable_audio == 1 && !is_set(d->soundhw))
        replace(&d->soundhw, "sb16");
    if (is_set(d->bootentry))
        domain_warn(d, "'bootentry' is ignored; use bootargs");
    if (d->vncviewer == 1)
        domain_warn(d, "'vncviewer' is ignored; use xm create --vncviewer");
    if (d->boot && strspn(d->boot, "acdn") != strlen(d->boot))
        return config_fail(e, "boot is '%.60s', but only the letters a, c, d and n mean devices",
                           d->boot);
    return 0;
}

int domain_finish(struct config_domain *d, const char **about, struct config_error *e)
{
    static const struct {
        const char *about;
        int (*step)(struct config_domain *d, struct config_error *e);
    } steps[] = {
        { "name", check_name }, { "uuid", check_uuid }, { "maxmem", check_memory },
        { "vcpus", finish_vcpus }, { "cpus", check_cpus }, { "boot", finish_old },
        { "nfs_root", finish_boot_line }, { "access_control", finish_security },
        { "disk", finish_disks }, { "vif", finish_vifs }, { "vif2", finish_vif2 },
        { "vfb", finish_vfb }, { "pci", finish_pci }, { "vtpm", finish_vtpm },
        { "vscsi", finish_vscsi }, { "vusb", finish_vusb }, { "ioports", finish_ioports },
        { "irq", finish_irqs }, { "cpuid", finish_cpuid },
        { "cpuid_check", finish_cpuid_check },
    };

    for (size_t i = 0; i < KEY_COUNT(steps); i++) {
        int rc = steps[i].step(d, e);

        if (!rc)
            continue;
        *about = steps[i].about;
        return rc;
    }
    return 0;
}

/* What has a meaning elsewhere, and none for us: better known than relied upon. */
void domain_warn_ignored(struct config_domain *d)
{
    const struct {
        const char *name;
        bool is_set;
    } ignored[] = {
        { "superpages", d->superpages == 1 }, { "cpuid", d->cpuid.count || d->cpuid_count },
        { "cpuid_check", d->cpuid_check.count || d->cpuid_check_count },
        { "machine_address_size", d->machine_address_size != CONFIG_UNSET },
        { "suppress_spurious_page_faults", d->suppress_spurious_page_faults == 1 },
        { "blkif", d->blkif == 1 }, { "netif", d->netif == 1 }, { "tpmif", d->tpmif == 1 },
        { "target", d->target != CONFIG_UNSET && d->target },
    };

    for (size_t i = 0; i < KEY_COUNT(ignored) && strcmp(d->builder, "hvm"); i++) {
        if (ignored[i].is_set)
            domain_warn(d, "'%s' has no effect on a paravirtual domain here", ignored[i].name);
    }
    if (!strcmp(d->on_xend_stop, "suspend"))
        domain_warn(d, "on_xend_stop 'suspend' is ignored: domains cannot be saved");
}
