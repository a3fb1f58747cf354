/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The configuration language at fault: where errors point, what limits stop, hostile input.
 *
 * sources: tools/libs/config/error.c tools/libs/config/vars.c tools/libs/config/keys.c
 * sources: tools/libs/config/field.c tools/libs/config/domain.c tools/libs/config/finish.c
 * sources: tools/libs/config/disk.c tools/libs/config/vif.c tools/libs/config/vfb.c
 * sources: tools/libs/config/pci.c tools/libs/config/device.c tools/libs/config/cpu.c
 * sources: tools/libs/config/to_sxp.c tools/libs/config/from_sxp.c
 * sources: tools/libs/config/device_sxp.c tools/libs/config/xend.c $(wildcard
 * sources: tools/libs/config/script/[a-z]*.c) tools/libs/base/[a-z]*.c
 * flags: -Itests/unit/tools/config -lm
 */
#include <time.h>

#include "helper.h"

static void test_syntax(void **state)
{
    (void)state;
    expect_error("a = 1\nmemory = = 3\n", 2, "expected a value, found '='");
    expect_error("x = [ 'a',\n  'b'\n", 1, "never closed");
    expect_error("x = 1)\n", 1, "never opened");
    expect_error("x = (1]\n", 1, "does not match");
    expect_error("x = 'abc\n", 1, "does not end on its line");
    expect_error("x = '''abc\n\n", 1, "does not end");
    expect_error("if 1:\nx = 1", 2, "expected an indented block");
    expect_error("x = 1\n  y = 2", 2, "unexpected indentation");
    expect_error("if 1:\n    x = 1\n  y = 2", 3, "matches no line above");
    expect_error("x = 1 y = 2", 1, "expected the statement to end, found 'y'");
    expect_error("x = ['a' 'b', 'c' d]", 1, "expected ',' or ']', found 'd'");
    expect_error("f(1 = 2)", 1, "expected ',' or ')'");
    expect_error("1 = x", 1, "cannot be assigned to");
    expect_error("f() = 1", 1, "cannot be assigned to");
    expect_error("x = 09", 1, "octal");
    expect_error("x = 12abc", 1, "malformed");
    expect_error("x = 10.0.0.1", 1, "malformed number");
    expect_error("break", 1, "belong into a loop");
    expect_error("return 1", 1, "belongs into a function");
    expect_error("class A:\n  pass", 1, "'class' is not supported");
    expect_error("x = f'{y}'", 1, "f-strings");
    expect_error("x = \xc3\xa9", 1, "outside ASCII");
    expect_error("x = $HOME", 1, "unexpected character");
    expect_error("if x = 1: y", 1, "expected ':', found '='");
    expect_error("def f(a, a): pass", 1, "two parameters");
    expect_error("for 1 in x: pass", 1, "cannot be assigned to");
    expect_error("try:\n  x = 1\ny = 2", 3, "expected 'except'");
    expect_error("x = ", 1, "found the end of the line");
}

static void test_runtime(void **state)
{
    (void)state;
    expect_error("x = 1\ny = xx + 1", 2, "NameError: name 'xx' is not defined");
    expect_error("x = 'a' + 1", 1, "TypeError: cannot join str and int with '+'; use str(...)");
    expect_error("x = 1 / 0", 1, "ZeroDivisionError");
    expect_error("x = [1][3]", 1, "IndexError");
    expect_error("x = {}['k']", 1, "KeyError: 'k'");
    expect_error("x = int('abc')", 1, "invalid literal for int() with base 10: 'abc'");
    expect_error("x = 'a'.foo()", 1, "AttributeError: a str has no 'foo'");
    expect_error("x = '%d' % 'a'", 1, "%d needs a number, not a str");
    expect_error("x = '%d %d' % 1", 1, "more values than the 1 given");
    expect_error("x = '%d' % (1, 2)", 1, "takes 1 of the 2 values");
    expect_error("x = '%q' % 1", 1, "unknown conversion 'q'");
    expect_error("\n\nraise ValueError('my text')", 3, "ValueError: my text");
    expect_error("raise 'old style'", 1, "Exception: old style");
    expect_error("def f(a): pass\nf()", 2, "needs the argument 'a'");
    expect_error("def f(a): pass\nf(1, 2)", 2, "takes 1 arguments, not 2");
    expect_error("len()", 1, "needs 1 argument");
    expect_error("import random\nrandom.randint(1, 2)", 2, "not available");
    expect_error("from subprocess import call\ncall('ls')", 2, "not available");
    expect_error("import os\nos.system('ls')", 2, "'os.system' is not available");
    expect_error("open('/tmp/x', 'w')", 1, "only open files for reading");
    expect_error("execfile('/nonexistent')", 1, "cannot read /nonexistent: No such file");
    expect_error("execfile('/dev/zero')", 1, "cannot read /dev/zero");
    expect_error("import sys\nsys.exit('stop here')", 2, "SystemExit: stop here");
    expect_error("assert 1 == 2, 'broken'", 1, "AssertionError: broken");
    expect_error("x = 'abc' < 5", 1, "have no order");
    expect_error("a, b = [1]", 1, "1 values for 2 names");
    expect_error("x = 2 ** 200", 1, "OverflowError");
    expect_error("x = 1 << 127", 1, "OverflowError");
    expect_error("x = (1, 2)\nx[0] = 3", 2, "cannot be changed");
    expect_error("exec 'y = 1\\nz ='", 2, "expected a value");
}

static void test_place(void **state)
{
    const char *script = "name = 'a'\n\tmemory = 3\n";
    struct config_vars vars;
    struct config_error e;
    char text[600];

    (void)state;
    assert_int_not_equal(config_evaluate("/etc/xen/a", script, strlen(script), NULL, &vars, &e),
                         0);
    assert_true(e.is_syntax);
    config_error_format(&e, text, sizeof(text));
    assert_string_equal(text, "/etc/xen/a:2:2: unexpected indentation\n    \tmemory = 3\n    \t^");
    script = "x = 1\ny = 'abc' + len(undefined_name)\n";
    assert_int_not_equal(config_evaluate("f", script, strlen(script), NULL, &vars, &e), 0);
    assert_false(e.is_syntax);
    config_error_format(&e, text, sizeof(text));
    assert_string_equal(text, "f:2:17: NameError: name 'undefined_name' is not defined\n"
                              "    y = 'abc' + len(undefined_name)\n"
                              "                    ^");
}

/* Stops, and soon. */
static void expect_stop(const char *script, const char *part)
{
    clock_t start = clock();
    struct config_vars vars;
    struct config_error e;

    if (!config_evaluate("test", script, strlen(script), NULL, &vars, &e))
        fail_msg("did not stop: %s", script);
    if (!strstr(e.what, part))
        fail_msg("'%s' is not in '%s'", part, e.what);
    assert_true(clock() - start < 20 * CLOCKS_PER_SEC);
}

static void test_limits(void **state)
{
    (void)state;
    expect_stop("while 1: pass", "runs for too long");
    expect_stop("while 1:\n  try:\n    while 1: pass\n  except: pass", "runs for too long");
    expect_stop("def f(): return f()\nf()", "nested too deeply");
    expect_stop("x = 'a'\nwhile 1: x = x + x", "MemoryError");
    expect_stop("x = [1]\nwhile 1: x = x + x", "MemoryError");
    expect_stop("s = 'a' * 20000\nx = []\nwhile 1: x.append(s + s)", "too much memory");
    expect_stop("x = 'a' * 10 ** 30", "MemoryError");
    expect_stop("x = range(10 ** 30)", "MemoryError");
    expect_stop("x = '%1000000d' % 1", "wider than");
    expect_stop("l = [1]\nfor i in range(60): l = [l, l]\nx = str(l)", "");
    expect_stop("a = [1]\nb = [1]\nfor i in range(60):\n  a = [a, a]\n  b = [b, b]\nx = a == b",
                "runs for too long");
    expect_stop("l = []\nl.append(l)\nx = '%s' % l", "nested too deeply");
    expect_stop("l = []\nl.append(l)\nm = []\nm.append(m)\nx = l == m", "nested too deeply");
    expect_stop("import re\nre.search('(a*)*(a*)*(a*)*b', 'a' * 60)", "");
    expect_stop("exec open(xm_file)", "cannot read");
    expect_stop("s = 'exec s'\nexec s", "too deeply");
    expect_stop("l = [1]\nfor i in l: l.append(i)", "MemoryError");
    expect_stop("x = 'x'\nfor i in range(100000): x = x.replace('x', 'xy') + x", "");
}

static void repeat_stop(const char *head, const char *piece, size_t count, const char *part)
{
    size_t len = strlen(head) + strlen(piece) * count;
    char *script = malloc(len + 1), *p = script + strlen(head);

    strcpy(script, head);
    for (size_t i = 0; i < count; i++, p += strlen(piece))
        strcpy(p, piece);
    expect_stop(script, part);
    free(script);
}

static void test_depth(void **state)
{
    (void)state;
    repeat_stop("x = ", "(", 100000, "nest");
    repeat_stop("x = ", "[", 150, "never closed");
    repeat_stop("x = ", "-", 100000, "nest");
    repeat_stop("x = ", "not ", 100000, "nest");
    repeat_stop("x = 2", "**2", 100000, "nest");
    repeat_stop("x = 1", " + 1", 100000, "nested too deeply");
    repeat_stop("x = 1", " if 1 else 1", 10000, "nest");
    repeat_stop("x = ", "lambda: ", 10000, "nest");
    repeat_stop("x = int", ".a", 100000, "nested too deeply");
    repeat_stop("x = 1 ", "< 2 ", 1000, "fewer comparisons");
    repeat_stop("", "if 1:\n", 100, "indented block");
    repeat_stop("x = 0\n", "#", 2000000, "longer than");
    expect_stop("import re\nre.search('(' * 10000, 'x')", "nest");
}

static void test_memory_of_parsing(void **state)
{
    const size_t size = 1000000;
    char *text = malloc(size + 8);
    struct config_vars vars;
    struct config_error e;

    (void)state;
    memcpy(text, "x = [", 5);
    for (size_t i = 5; i < size; i += 2)
        memcpy(text + i, "1,", 2);
    text[size] = ']';
    assert_int_not_equal(config_evaluate("t", text, size, NULL, &vars, &e), 0);
    memset(text, '\n', size);
    assert_int_equal(config_evaluate("t", text, size, NULL, &vars, &e), 0);
    config_vars_free(&vars);
    free(text);
}

static void ignore(void *arg, const char *text, size_t len)
{
    (void)arg, (void)text, (void)len;
}

/* Random text from the language's own words: no crash, no leak, no hang. */
static void test_random(void **state)
{
    static const char *const word[] = {
        "x", "y", "=", "==", "(", ")", "[", "]", "{", "}", ",", ":", "\n", "\n  ", "\n    ", "1",
        "'a'", "\"%s\"", "%", "+", "*", "-", "if ", "else", "for ", " in ", "while ", "def ", "f",
        "return ", "try", "except", "raise ", "lambda ", "not ", "and ", ".", "split", "join",
        "range", "str", "int", "import ", "os", "print ", "0x", "'''", "\\", "#", "exec ", "del ",
        "global ", "**", "<<", "[:]", "None", "break", ";", "xm_vars", "finally", " is ", "\t",
    };
    struct config_options o = { .is_sealed = true, .max_steps = 5000, .print = ignore };
    struct config_vars vars;
    struct config_error e;
    char text[1200];

    (void)state;
    srandom(1);
    for (int round = 0; round < 20000; round++) {
        size_t words = random() % 60;

        *text = '\0';
        for (size_t i = 0; i < words; i++)
            strcat(text, word[random() % (sizeof(word) / sizeof(*word))]);
        if (!config_evaluate("random", text, strlen(text), &o, &vars, &e))
            config_vars_free(&vars);
        else
            assert_true(*e.what);
    }
}

static void test_sealed(void **state)
{
    struct config_options o = { .is_sealed = true };
    const char *script = "import os\nx = [ str(os.getenv('PATH')), str(os.path.exists('/')), "
                         "os.getcwd(), str(len(os.environ)) ]";
    struct config_vars vars;
    struct config_error e;

    (void)state;
    assert_int_equal(config_evaluate("t", script, strlen(script), &o, &vars, &e), 0);
    const struct config_var *x = config_var_find(&vars, "x");

    assert_string_equal(x->list.item[0], "None");
    assert_string_equal(x->list.item[1], "False");
    assert_string_equal(x->list.item[2], "/");
    assert_string_equal(x->list.item[3], "0");
    config_vars_free(&vars);
}

static void test_bad_settings(void **state)
{
    static const char *const set[] = { "=3" };
    struct config_options o = { .set = set, .set_count = 1 };
    struct config_vars vars;
    struct config_error e;

    (void)state;
    assert_int_not_equal(config_evaluate("t", "", 0, &o, &vars, &e), 0);
    o = (struct config_options){ .max_steps = 1 };
    assert_int_not_equal(config_evaluate("t", "x = 1", 5, &o, &vars, &e), 0);
    assert_int_not_equal(config_evaluate("t", "x = 1\0", 6, NULL, &vars, &e), 0);
    assert_non_null(strstr(e.what, "NUL"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_syntax), cmocka_unit_test(test_runtime),
        cmocka_unit_test(test_place), cmocka_unit_test(test_limits),
        cmocka_unit_test(test_depth), cmocka_unit_test(test_memory_of_parsing),
        cmocka_unit_test(test_random), cmocka_unit_test(test_sealed),
        cmocka_unit_test(test_bad_settings),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
