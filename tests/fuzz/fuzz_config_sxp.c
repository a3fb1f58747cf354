/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Any text as xend-config.sxp and, if it is an S-expression, as a domain.
 *
 * sources: tools/libs/config/[a-z]*.c tools/libs/config/script/[a-z]*.c tools/libs/base/[a-z]*.c
 * flags: -lm
 */
#include <stdlib.h>

#include <config/config.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct config_error e = { 0 };
    struct config_domain d;
    struct config_xend x;
    char why[100];

    if (config_xend_parse("fuzz", text, size, &x, &e) && !*e.what)
        abort();
    config_xend_free(&x);
    struct sxp *s = sxp_parse(text, size, NULL, why, sizeof(why));

    if (!s)
        return 0;
    if (!config_from_sxp(s, &d, &e)) {
        struct config_domain back;
        struct sxp *first = config_to_sxp(&d, "domain");

        if (config_from_sxp(first, &back, &e))
            abort();
        sxp_free(first);
        config_domain_free(&back);
    }
    config_domain_free(&d);
    sxp_free(s);
    return 0;
}
