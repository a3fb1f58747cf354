/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of the configuration library share: running a text, asking for one result.
 */
#ifndef TESTS_CONFIG_HELPER_H
#define TESTS_CONFIG_HELPER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <config/config.h>

/* The variable x of a script, lists as "a|b|c". The test fails if the script does. */
static inline void expect(const char *script, const char *x)
{
    struct config_vars vars;
    struct config_error e;
    char got[4000] = "";

    if (config_evaluate("test", script, strlen(script), NULL, &vars, &e)) {
        config_error_print(&e, stderr);
        fail_msg("failed: %s", script);
    }
    const struct config_var *v = config_var_find(&vars, "x");

    if (!v)
        fail_msg("no x: %s", script);
    for (size_t i = 0; v->kind == CONFIG_VAR_LIST && i < v->list.count; i++)
        snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%s", i ? "|" : "",
                 v->list.item[i]);
    assert_string_equal(v->kind == CONFIG_VAR_LIST ? got : v->text, x);
    config_vars_free(&vars);
}

/* The error of a script: its line, and a part of its text. */
static inline void expect_error(const char *script, unsigned int line, const char *part)
{
    struct config_vars vars;
    struct config_error e;

    if (!config_evaluate("test", script, strlen(script), NULL, &vars, &e))
        fail_msg("did not fail: %s", script);
    if (!strstr(e.what, part))
        fail_msg("'%s' is not in '%s' of: %s", part, e.what, script);
    assert_int_equal(e.line, line);
}

/* A configuration of these lines, with what every one needs. */
static inline int load(const char *lines, struct config_domain *d, struct config_error *e)
{
    char text[8000];

    snprintf(text, sizeof(text), "name = 'test'\n%s\n", lines);
    return config_parse("test", text, strlen(text), NULL, d, e);
}

static inline void load_good(const char *lines, struct config_domain *d)
{
    struct config_error e;

    if (load(lines, d, &e)) {
        config_error_print(&e, stderr);
        fail_msg("failed: %s", lines);
    }
}

static inline void load_bad(const char *lines, const char *part)
{
    struct config_domain d;
    struct config_error e;

    if (!load(lines, &d, &e))
        fail_msg("did not fail: %s", lines);
    if (!strstr(e.what, part))
        fail_msg("'%s' is not in '%s' of: %s", part, e.what, lines);
    config_domain_free(&d);
}

#endif
