/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Any text as a domain's configuration file; what is taken must print and read back.
 *
 * sources: tools/libs/config/[a-z]*.c tools/libs/config/script/[a-z]*.c tools/libs/base/[a-z]*.c
 * flags: -lm
 */
#include <stdlib.h>

#include <config/config.h>

static void ignore(void *arg, const char *text, size_t len)
{
    (void)arg, (void)text, (void)len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const set[] = { "vmid=3" };
    struct config_options o = { .set = set, .set_count = 1, .is_sealed = true,
                                .max_steps = 20000, .print = ignore };
    struct config_domain d, back;
    struct config_error e;
    char text[600];

    if (config_parse("fuzz", (const char *)data, size, &o, &d, &e)) {
        if (!*e.what || config_error_format(&e, text, sizeof(text)) <= 0)
            abort();
        return 0;
    }
    struct sxp *s = config_to_sxp(&d, "vm");

    if (config_from_sxp(s, &back, &e))
        abort();
    struct sxp *again = config_to_sxp(&back, "vm");

    if (!sxp_equal(s, again))
        abort();
    sxp_free(s);
    sxp_free(again);
    free(config_command_line(&d));
    config_domain_free(&d);
    config_domain_free(&back);
    return 0;
}
