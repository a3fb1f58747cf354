/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The small languages of devices, as typed at `xm block-attach` and the like: a text as each of
 * them. What is taken becomes an S-expression that reads back as the same.
 *
 * sources: tools/libs/config/[a-z]*.c tools/libs/config/script/[a-z]*.c tools/libs/base/[a-z]*.c
 * flags: -lm
 */
#include <stdlib.h>
#include <string.h>

#include <config/config.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct config_error error;

/* An error names itself; and both, what it makes of s, print the same. */
static void expect_told(void)
{
    if (!*error.what)
        abort();
    error = (struct config_error){ 0 };
}

static void expect_equal(struct sxp *a, struct sxp *b)
{
    if (!sxp_equal(a, b))
        abort();
    sxp_free(a);
    sxp_free(b);
}

static void disk(const char *text)
{
    struct config_disk d = { 0 }, back = { 0 };

    if (config_disk_parse(text, &d, &error)) {
        expect_told();
    } else {
        struct sxp *s = config_disk_to_sxp(&d);

        if (config_disk_from_sxp(s, &back, &error))
            abort();
        expect_equal(s, config_disk_to_sxp(&back));
    }
    config_disk_free(&d);
    config_disk_free(&back);
}

static void vif(const char *text)
{
    struct config_vif v = { 0 }, back = { 0 };

    if (config_vif_parse(text, &v, &error)) {
        expect_told();
    } else {
        struct sxp *s = config_vif_to_sxp(&v);

        if (config_vif_from_sxp(s, &back, &error))
            abort();
        expect_equal(s, config_vif_to_sxp(&back));
    }
    config_vif_free(&v);
    config_vif_free(&back);
}

static void vfb(const char *text)
{
    struct config_vfb v = { 0 }, back = { 0 };

    if (config_vfb_parse(text, &v, &error)) {
        expect_told();
    } else {
        struct sxp *s = config_vfb_to_sxp(&v);

        if (config_vfb_from_sxp(s, &back, &error))
            abort();
        expect_equal(s, config_vfb_to_sxp(&back));
    }
    config_vfb_free(&v);
    config_vfb_free(&back);
}

static void pci(const char *text)
{
    struct config_pci p = { 0 };

    if (config_pci_parse(text, &p, &error))
        expect_told();
    else if (p.segment > 0xffff || p.bus > 0xff || p.slot > 31 || p.function > 7)
        abort();
    config_pci_free(&p);
}

static void others(const char *text)
{
    struct config_vscsi v = { 0 };
    uint64_t map[4] = { 0 };
    uint8_t mac[6];
    uint32_t number;
    int64_t bytes, usecs;

    if (config_vscsi_parse(text, &v, &error))
        expect_told();
    config_vscsi_free(&v);
    if (config_cpus_parse(text, map, 250, &error))
        expect_told();
    else if (map[3] >> 58)
        abort();
    if (config_mac_parse(text, mac) && mac[0] & 1)
        abort();
    if (config_rate_parse(text, &bytes, &usecs) && (bytes < 0 || usecs < 0))
        abort();
    config_device_number(text, &number);
    config_key_nearest(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);

    memcpy(text, data, size);
    text[size] = '\0';
    disk(text);
    vif(text);
    vfb(text);
    pci(text);
    others(text);
    free(text);
    return 0;
}
