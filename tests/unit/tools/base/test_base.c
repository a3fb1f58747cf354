/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The base library: buffers, strings, maps, JSON, S-expressions and their hostile input.
 *
 * sources: tools/libs/base/[a-z]*.c
 * flags: -lm
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include <base/buffer.h>
#include <base/json.h>
#include <base/list.h>
#include <base/log.h>
#include <base/map.h>
#include <base/strings.h>
#include <base/sxp.h>

static void test_buffer(void **state)
{
    struct buffer b = { 0 };
    size_t in = 0, out = 0;

    (void)state;
    assert_string_equal(buffer_string(&b), "");
    /* A queue: more in than out, then the other way round. */
    for (int i = 0; i < 3000; i++) {
        for (int k = 0; k < (i < 1500 ? 7 : 2); k++)
            buffer_putc(&b, in++);
        for (int k = 0; k < 4 && b.len; k++) {
            assert_int_equal((unsigned char)*buffer_head(&b), (unsigned char)out++);
            buffer_take(&b, 1);
        }
    }
    assert_int_equal(in - out, b.len);
    buffer_clear(&b);
    buffer_printf(&b, "%0300d|%s", 5, "end");
    assert_int_equal(b.len, 304);
    buffer_take(&b, 299);
    char *text = buffer_detach(&b);

    assert_string_equal(text, "5|end");
    assert_null(b.data);
    free(text);
}

static void test_strings(void **state)
{
    struct strings s = { 0 };
    unsigned long long n;

    (void)state;
    strings_split(&s, "b,,a", ',');
    assert_int_equal(s.count, 3);
    assert_string_equal(s.item[1], "");
    strings_sort(&s);
    assert_string_equal(s.item[1], "a");
    assert_true(strings_has(&s, "b"));
    assert_false(strings_has(&s, "c"));
    assert_null(s.item[3]);
    strings_free(&s);

    assert_true(parse_number("65535", 65535, &n));
    assert_int_equal(n, 65535);
    assert_false(parse_number("65536", 65535, &n));
    assert_false(parse_number("", 10, &n));
    assert_false(parse_number("-1", 10, &n));
    assert_false(parse_number(" 1", 10, &n));
    assert_false(parse_number("1x", 10, &n));
    assert_false(parse_number("99999999999999999999999", ~0ull, &n));
    assert_true(parse_number_any("0xfF", 255, &n));
    assert_int_equal(n, 255);
    assert_false(parse_number_any("0x", 255, &n));
}

static void test_map(void **state)
{
    struct map m = { 0 };
    char key[16];
    size_t seen = 0;

    (void)state;
    assert_null(map_get(&m, "x"));
    assert_null(map_remove(&m, "x"));
    for (size_t i = 0; i < 5000; i++) {
        snprintf(key, sizeof(key), "key%zu", i);
        map_put(&m, key, (void *)(i + 1));
    }
    assert_int_equal(m.count, 5000);
    for (struct map_entry *e = map_next(&m, NULL); e; e = map_next(&m, e))
        seen += (size_t)e->value;
    assert_int_equal(seen, 5000 * 5001 / 2);
    for (size_t i = 0; i < 5000; i += 2) {
        snprintf(key, sizeof(key), "key%zu", i);
        assert_int_equal((size_t)map_remove(&m, key), i + 1);
    }
    assert_null(map_get(&m, "key0"));
    assert_int_equal((size_t)map_get_n(&m, "key1zzz", 4), 2);
    assert_int_equal(m.count, 2500);
    map_free(&m);
}

static void test_list(void **state)
{
    struct item {
        int n;
        struct list link;
    } items[5];
    struct list head = LIST_INIT(head);
    int sum = 0;

    (void)state;
    for (int i = 0; i < 5; i++) {
        items[i].n = i;
        list_add_tail(&head, &items[i].link);
    }
    for_each_list_safe(l, &head) {
        if (list_entry(l, struct item, link)->n % 2)
            list_remove(l);
    }
    for_each_list(l, &head)
        sum = sum * 10 + list_entry(l, struct item, link)->n;
    assert_int_equal(sum, 24);
    assert_int_equal(list_count(&head), 3);
    list_remove(&items[1].link);
}

static void test_json(void **state)
{
    struct buffer b = { 0 };
    struct json j;

    (void)state;
    json_init(&j, &b);
    json_object_begin(&j);
    json_key(&j, "name");
    json_string(&j, "a\"b\\c\n\x01");
    json_key(&j, "list");
    json_array_begin(&j);
    json_int(&j, -5);
    json_bool(&j, true);
    json_string(&j, NULL);
    json_array_end(&j);
    json_key(&j, "empty");
    json_object_begin(&j);
    json_object_end(&j);
    json_key(&j, "half");
    json_double(&j, 0.5);
    json_object_end(&j);
    assert_string_equal(buffer_string(&b),
                        "{\n    \"name\": \"a\\\"b\\\\c\\n\\u0001\",\n"
                        "    \"list\": [\n        -5,\n        true,\n        null\n    ],\n"
                        "    \"empty\": {},\n    \"half\": 0.5\n}");
    buffer_free(&b);
}

static struct sxp *parse(const char *text)
{
    char error[80];
    struct sxp *s = sxp_parse(text, strlen(text), NULL, error, sizeof(error));

    if (!s)
        fail_msg("%s: %s", text, error);
    return s;
}

static void test_sxp(void **state)
{
    struct sxp *s = parse("# note\n(domain (name 'my vm') (memory 64)\n"
                          " (device (vif (mac \"a\\\"b\"))) (device (vbd)) (empty '') )");
    struct buffer b = { 0 };

    (void)state;
    assert_string_equal(sxp_head(s), "domain");
    assert_string_equal(sxp_value(s, "name"), "my vm");
    assert_string_equal(sxp_value(s, "memory"), "64");
    assert_string_equal(sxp_value(s, "empty"), "");
    assert_null(sxp_value(s, "device"));
    assert_null(sxp_value(s, "nothing"));
    assert_string_equal(sxp_head(sxp_find(s, "device", 1)->item[1]), "vbd");
    assert_null(sxp_find(s, "device", 2));
    sxp_print(&b, s);
    assert_string_equal(buffer_string(&b), "(domain (name 'my vm') (memory 64)"
                        " (device (vif (mac 'a\"b'))) (device (vbd)) (empty ''))");
    struct sxp *again = parse(buffer_string(&b));

    assert_true(sxp_equal(s, again));
    sxp_free(again);
    buffer_clear(&b);
    sxp_print_pretty(&b, s);
    again = parse(buffer_string(&b));
    assert_true(sxp_equal(s, again));
    sxp_add_pairf(again, "n", "%d", 5);
    assert_false(sxp_equal(s, again));
    sxp_remove(again, again->count - 1);
    assert_true(sxp_equal(s, again));
    sxp_free(s);
    s = sxp_copy(again);
    assert_true(sxp_equal(s, again));
    sxp_free(again);
    sxp_free(s);
    buffer_free(&b);
}

static void test_sxp_errors(void **state)
{
    static const char *const bad[] = {
        "", "(", "(a", "(a 'b", ")", "'x", "(a \"\\x00\")", "  # x",
    };
    char error[80], deep[1000];

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        error[0] = '\0';
        assert_null(sxp_parse(bad[i], strlen(bad[i]), NULL, error, sizeof(error)));
        assert_memory_equal(error, "line 1:", 7);
    }
    memset(deep, '(', sizeof(deep));
    assert_null(sxp_parse(deep, sizeof(deep), NULL, error, sizeof(error)));
}

/* What was printed reads back as it was, whatever the atoms hold. */
static void test_sxp_random(void **state)
{
    char error[80];

    (void)state;
    srandom(5);
    for (int i = 0; i < 2000; i++) {
        struct sxp *s = sxp_list(NULL), *inner = sxp_add(s, sxp_list("head"));
        struct buffer b = { 0 };

        for (int k = random() % 5; k >= 0; k--) {
            char atom[12] = { 0 };

            for (int n = random() % 11; n > 0; n--)
                atom[n - 1] = random() % 4 ? " ()'\"\\#ax\n\t7"[random() % 12] : 1 + random() % 255;
            sxp_add(random() % 2 ? s : inner, sxp_atom(atom));
        }
        sxp_print(&b, s);
        struct sxp *again = sxp_parse(buffer_head(&b), b.len, NULL, error, sizeof(error));

        assert_non_null(again);
        assert_true(sxp_equal(s, again));
        sxp_free(again);
        sxp_free(s);
        buffer_free(&b);
    }
    for (int i = 0; i < 5000; i++) {
        char noise[40];

        for (size_t k = 0; k < sizeof(noise); k++)
            noise[k] = random() % 3 ? "()'\" \\x#"[random() % 8] : random();
        sxp_free(sxp_parse(noise, random() % sizeof(noise), NULL, error, sizeof(error)));
    }
}

static void test_log(void **state)
{
    static const char path[] = "/tmp/base-test-log";
    char line[200];
    enum log_level level;

    (void)state;
    unlink(path);
    assert_int_equal(log_open(path, "prog", LOG_LEVEL_INFO), 0);
    log_debug("not this");
    log_warn("this %d", 5);
    log_open(NULL, NULL, LOG_LEVEL_INFO);
    FILE *f = fopen(path, "r");

    assert_non_null(fgets(line, sizeof(line), f));
    assert_non_null(strstr(line, "] WARN (prog:"));
    assert_non_null(strstr(line, ") this 5\n"));
    assert_null(fgets(line, sizeof(line), f));
    fclose(f);
    unlink(path);
    assert_int_equal(log_parse_level("debug", &level), 0);
    assert_int_equal(level, LOG_LEVEL_DEBUG);
    assert_true(log_parse_level("loud", &level) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_buffer), cmocka_unit_test(test_strings), cmocka_unit_test(test_map),
        cmocka_unit_test(test_list), cmocka_unit_test(test_json), cmocka_unit_test(test_sxp),
        cmocka_unit_test(test_sxp_errors), cmocka_unit_test(test_sxp_random),
        cmocka_unit_test(test_log),
    };

    return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
