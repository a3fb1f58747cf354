/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Disks: "tap:aio:/img,xvda:disk,w" and its S-expression; the numbers of device names.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"

static const char *const classes[] = {
    [CONFIG_DISK_VBD] = "vbd", [CONFIG_DISK_TAP] = "tap", [CONFIG_DISK_TAP2] = "tap2",
};
static const char *const types[] = {
    [CONFIG_DISK_DISK] = "disk", [CONFIG_DISK_CDROM] = "cdrom", [CONFIG_DISK_FLOPPY] = "floppy",
    [CONFIG_DISK_TAPDISK] = "tapdisk",
};
static const char *const modes[] = {
    [CONFIG_DISK_READ] = "r", [CONFIG_DISK_WRITE] = "w", [CONFIG_DISK_WRITE_SHARED] = "w!",
};
static const char *const schemes[] = { "phy", "file", "tap", "tap2", "nbd", "enbd", "drbd",
                                       "iscsi" };
static const char *const drivers[] = { "aio", "sync", "ram", "qcow", "qcow2", "vmdk", "vhd",
                                       "ioemu", "remus", "tapdisk" };
static const char *const protocols[] = { "x86_32-abi", "x86_64-abi", "ia64-abi" };

static int index_of(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (!strcmp(names[i], name))
            return i;
    }
    return -1;
}

void config_disk_free(struct config_disk *disk)
{
    free(disk->uname);
    free(disk->scheme);
    free(disk->driver);
    free(disk->path);
    free(disk->dev);
    free(disk->backend);
    free(disk->protocol);
    free(disk->uuid);
    *disk = (struct config_disk){ 0 };
}

const char *config_disk_mode_name(enum config_disk_mode mode)
{
    return modes[mode];
}

int config_disk_mode_parse(const char *text, enum config_disk_mode *mode)
{
    /* Books taught rw, and it worked. */
    const char *plain = !strcmp(text, "rw") ? "w" : !strcmp(text, "ro") ? "r" : text;
    int i = index_of(modes, KEY_COUNT(modes), plain);

    if (i < 0)
        return -EINVAL;
    *mode = i;
    return 0;
}

/* a is 0, z 25, aa 26. False if there is no letter, or too many. */
static bool read_letters(const char **text, unsigned int *n)
{
    unsigned int value = 0, count = 0;

    for (; **text >= 'a' && **text <= 'z'; ++*text, count++) {
        value = value * 26 + (**text - 'a' + 1);
        if (count == 4)
            return false;
    }
    *n = value - 1;
    return count > 0;
}

/* The digits behind the letters; no digits is 0, the whole disk. */
static bool read_partition(const char *text, unsigned int *n)
{
    unsigned long long value = 0;

    *n = 0;
    if (!*text)
        return true;
    if (*text == '0' || !parse_number(text, 255, &value))
        return false;
    *n = value;
    return true;
}

static bool xvd_number(unsigned int disk, unsigned int part, uint32_t *number)
{
    if (disk < 16 && part < 16)
        *number = 202u << 8 | disk << 4 | part;
    else
        *number = 1u << 28 | disk << 8 | part;
    return disk < 1u << 20;
}

static bool sd_number(unsigned int disk, unsigned int part, uint32_t *number)
{
    unsigned int group = disk / 16;
    unsigned int major = group == 0 ? 8 : group <= 7 ? 64 + group : 120 + group;

    *number = major << 8 | disk % 16 << 4 | part;
    return group < 16 && part < 16;
}

static bool hd_number(unsigned int disk, unsigned int part, uint32_t *number)
{
    static const unsigned char majors[] = { 3, 22, 33, 34, 56, 57, 88, 89, 90, 91 };

    if (disk / 2 >= sizeof(majors) || part >= 64)
        return false;
    *number = majors[disk / 2] << 8 | disk % 2 << 6 | part;
    return true;
}

bool config_device_number(const char *text, uint32_t *number)
{
    unsigned int disk, part;
    unsigned long long plain;

    if (!strncmp(text, "/dev/", 5))
        text += 5;
    if (isdigit((unsigned char)*text)) {
        if (!parse_number_any(text, (1u << 29) - 1, &plain))
            return false;
        *number = plain;
        return true;
    }
    const char *p = text + (strncmp(text, "xvd", 3) ? 2 : 3);

    if (strncmp(text, "xvd", 3) && strncmp(text, "sd", 2) && strncmp(text, "hd", 2))
        return false;
    if (!read_letters(&p, &disk) || !read_partition(p, &part))
        return false;
    return *text == 'x' ? xvd_number(disk, part, number)
         : *text == 's' ? sd_number(disk, part, number) : hd_number(disk, part, number);
}

/* A path of phy: names a device below /dev unless it is absolute. */
static char *backing_path(const char *scheme, const char *path)
{
    bool in_dev = !strcmp(scheme, "phy") && *path && *path != '/';

    return in_dev ? xasprintf("/dev/%s", path) : xstrdup(path);
}

static int set_scheme(struct config_disk *disk, const char *text, size_t len,
                      struct config_error *e)
{
    disk->scheme = xstrndup(text, len);
    if (index_of(schemes, KEY_COUNT(schemes), disk->scheme) >= 0)
        return 0;
    const char *near = config_nearest(disk->scheme, schemes, KEY_COUNT(schemes));

    /* Any other may be served by a script block-X, but hardly one that looks like a slip. */
    if (near)
        return config_fail(e, "disk '%.150s': unknown prefix '%.40s:'; did you mean '%s:'?",
                           disk->uname, disk->scheme, near);
    for (const char *p = disk->scheme; *p; p++) {
        if (!isalnum((unsigned char)*p) && !strchr("_-.", *p))
            return config_fail(e, "disk '%.150s': the prefix before ':' is malformed",
                               disk->uname);
    }
    return 0;
}

/* Behind tap: or tap2: a driver, or tapdisk:DRIVER. */
static int set_driver(struct config_disk *disk, const char **rest, struct config_error *e)
{
    const char *text = *rest;

    if (!strncmp(text, "tapdisk:", 8))
        text += 8;
    const char *colon = strchr(text, ':');

    if (!colon)
        return config_fail(e, "disk '%.150s': expected %s:DRIVER:PATH, as in %s:aio:/path",
                           disk->uname, disk->scheme, disk->scheme);
    disk->driver = xstrndup(text, colon - text);
    *rest = colon + 1;
    if (index_of(drivers, KEY_COUNT(drivers), disk->driver) >= 0)
        return 0;
    const char *near = config_nearest(disk->driver, drivers, KEY_COUNT(drivers));

    return config_fail(e, "disk '%.150s': unknown driver '%.40s'%s%s%s", disk->uname,
                       disk->driver, near ? "; did you mean '" : "", near ? near : "",
                       near ? "'?" : "");
}

static int set_uname(struct config_disk *disk, const char *uname, struct config_error *e)
{
    const char *colon = strchr(uname, ':'), *rest = colon ? colon + 1 : uname;

    disk->uname = xstrdup(uname);
    if (!*uname) {
        disk->scheme = xstrdup("");
        disk->path = xstrdup("");
        return 0;
    }
    if (!colon || colon == uname)
        return config_fail(e, "disk '%.150s': expected a prefix such as phy: or file:", uname);
    int rc = set_scheme(disk, uname, colon - uname, e);

    if (!rc && !strncmp(disk->scheme, "tap", 3)) {
        disk->device_class = strcmp(disk->scheme, "tap2") ? CONFIG_DISK_TAP : CONFIG_DISK_TAP2;
        rc = set_driver(disk, &rest, e);
    }
    if (rc)
        return rc;
    if (!*rest)
        return config_fail(e, "disk '%.150s': nothing behind the prefix", uname);
    disk->path = backing_path(disk->scheme, rest);
    return 0;
}

/* [ioemu:][/dev/]xvda[:cdrom] */
static int set_dev(struct config_disk *disk, const char *text, struct config_error *e)
{
    int type = CONFIG_DISK_DISK;

    if (!strncmp(text, "ioemu:", 6))
        text += 6;
    if (!strncmp(text, "/dev/", 5))
        text += 5;
    const char *colon = strchrnul(text, ':');

    disk->dev = xstrndup(text, colon - text);
    if (*colon)
        type = index_of(types, KEY_COUNT(types), colon + 1);
    if (type < 0)
        return config_fail(e, "disk device '%.60s': the type is disk, cdrom, floppy or tapdisk, "
                           "not '%.60s'", disk->dev, colon + 1);
    disk->type = type;
    if (!config_device_number(disk->dev, &disk->number))
        return config_fail(e, "Unable to find number for device (%.60s)", disk->dev);
    if (!*disk->uname && type != CONFIG_DISK_CDROM && type != CONFIG_DISK_FLOPPY)
        return config_fail(e, "disk device '%.60s': only a cdrom or floppy may be empty",
                           disk->dev);
    return 0;
}

static int set_protocol(struct config_disk *disk, const char *text, struct config_error *e)
{
    if (index_of(protocols, KEY_COUNT(protocols), text) < 0)
        return config_fail(e, "disk device '%.60s': unknown protocol '%.60s'", disk->dev, text);
    disk->protocol = xstrdup(text);
    return 0;
}

static int set_fields(struct config_disk *disk, char **field, size_t count,
                      struct config_error *e)
{
    int rc = set_uname(disk, field[0], e);

    if (!rc)
        rc = set_dev(disk, field[1], e);
    if (rc)
        return rc;
    if (config_disk_mode_parse(field[2], &disk->mode))
        return config_fail(e, "Invalid mode '%.40s' of disk %.100s: it is r, w or w!", field[2],
                           disk->dev);
    if (count > 3 && *field[3])
        disk->backend = xstrdup(field[3]);
    return count > 4 && *field[4] ? set_protocol(disk, field[4], e) : 0;
}

int config_disk_parse(const char *text, struct config_disk *disk, struct config_error *e)
{
    struct strings fields = { 0 };

    *disk = (struct config_disk){ 0 };
    split_trimmed(&fields, text, ',');
    int rc = fields.count < 3 || fields.count > 5
           ? config_fail(e, "Invalid disk specifier: %.200s (expected UNAME,DEV,MODE)", text)
           : set_fields(disk, fields.item, fields.count, e);

    strings_free(&fields);
    if (rc)
        config_disk_free(disk);
    return rc;
}

static void add_set(struct sxp *s, const char *key, const char *value)
{
    if (value)
        sxp_add_pair(s, key, value);
}

struct sxp *config_disk_to_sxp(const struct config_disk *disk)
{
    struct sxp *s = sxp_list(classes[disk->device_class]);

    sxp_add_pair(s, "uname", disk->uname);
    if (disk->type == CONFIG_DISK_DISK)
        sxp_add_pair(s, "dev", disk->dev);
    else
        sxp_add_pairf(s, "dev", "%s:%s", disk->dev, types[disk->type]);
    sxp_add_pair(s, "mode", modes[disk->mode]);
    add_set(s, "backend", disk->backend);
    add_set(s, "protocol", disk->protocol);
    add_set(s, "uuid", disk->uuid);
    return s;
}

int config_disk_from_sxp(const struct sxp *s, struct config_disk *disk, struct config_error *e)
{
    const char *uname = sxp_value(s, "uname"), *dev = sxp_value(s, "dev");
    const char *mode = sxp_value(s, "mode"), *backend = sxp_value(s, "backend");
    const char *protocol = sxp_value(s, "protocol"), *uuid = sxp_value(s, "uuid");
    char *field[] = { (char *)(uname ? uname : ""), (char *)(dev ? dev : ""),
                      (char *)(mode ? mode : "r"), (char *)(backend ? backend : ""),
                      (char *)(protocol ? protocol : "") };

    *disk = (struct config_disk){ 0 };
    int rc = set_fields(disk, field, KEY_COUNT(field), e);

    if (!rc && uuid)
        disk->uuid = xstrdup(uuid);
    if (rc)
        config_disk_free(disk);
    return rc;
}
