/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The configuration language: what its expressions and statements give.
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
#include "helper.h"

static void test_strings(void **state)
{
    (void)state;
    expect("x = 'a'", "a");
    expect("x = \"it's\"", "it's");
    expect("x = '''two\nlines'''", "two\nlines");
    expect("x = \"\"\"a\"b\"\"\"", "a\"b");
    expect("x = 'a' \"b\" r'\\n'", "ab\\n");
    expect("x = ('a'\n  'b')", "ab");
    expect("x = 'a\\tb\\n\\\\ \\' \\x41\\101\\q'", "a\tb\n\\ ' AA\\q");
    expect("x = u'\\u00e9'", "\xc3\xa9");
    expect("x = 'con\\\ntinued'", "continued");
    expect("x = 'a' + 'b' * 3", "abbb");
    expect("x = 'hello'[1] + 'hello'[-1] + 'hello'[1:3] + 'hello'[::-1] + 'hello'[:2]",
           "eoelollehhe");
    expect("x = str('ell' in 'hello') + str('z' not in 'hello')", "TrueTrue");
}

static void test_numbers(void **state)
{
    (void)state;
    expect("x = 1 + 2 * 3 - 4 / 3", "6");
    expect("x = -7 / 2", "-4");
    expect("x = -7 % 3", "2");
    expect("x = 7 // 2", "3");
    expect("x = 2 ** 10", "1024");
    expect("x = -2 ** 2", "-4");
    expect("x = 0x1f + 0755 + 0o17 + 0b11 + 10L", "552");
    expect("x = 1.5 * 2", "3");
    expect("x = 7 / 2.0", "3.5");
    expect("x = 1 << 10 | 5 & 4 ^ 1", "1029");
    expect("x = 0xffffffffffffffff + 1", "18446744073709551616");
    expect("x = 10 ** 38 - 1", "99999999999999999999999999999999999999");
    expect("x = (1 + 2) * 3", "9");
    expect("x = True + True", "2");
    expect("x = ~5", "-6");
    expect("x = int('0x10', 16) + int(' 12 ') + int(3.9) + long('7')", "38");
    expect("x = int('0x1f', 0) + int('ff', 16)", "286");
    expect("x = float('1.5') + float(2)", "3.5");
    expect("x = hex(255) + oct(8) + bin(5)", "0xff0100b101");
    expect("x = round(2.567, 2)", "2.57");
}

static void test_logic(void **state)
{
    (void)state;
    expect("x = 1 < 2 < 3", "1");
    expect("x = 1 == 1.0 and 'a' != 'b'", "1");
    expect("x = '' or 'other'", "other");
    expect("x = 0 and fail", "0");
    expect("x = not []", "1");
    expect("x = 'yes' if 2 > 1 else 'no'", "yes");
    expect("x = [1, 2] == [1, 2] and (1, 'a') < (1, 'b')", "1");
    expect("x = None is None and None is not 1", "1");
    expect("x = 3 <> 4", "1");
    expect("x = 2 in [1, 2] and 'k' in {'k': 1}", "1");
}

static void test_lists(void **state)
{
    (void)state;
    expect("x = [ 'a', 'b', ]", "a|b");
    expect("x = [ 'a',   # one\n\n      'b'\n    ]", "a|b");
    expect("x = ['a'] + ['b'] * 2", "a|b|b");
    expect("x = ['a']\nx += ['b', 'c']\nx.append('d')\nx.insert(0, 'z')\nx.remove('b')",
           "z|a|c|d");
    expect("x = range(5)[1:4]", "1|2|3");
    expect("x = range(10, 0, -3)", "10|7|4|1");
    expect("x = [ 'vm%d' % i for i in range(4) if i % 2 ]", "vm1|vm3");
    expect("x = [ a + b for a in 'ab' for b in ['1', '2'] ]", "a1|a2|b1|b2");
    expect("x = ('a', 'b')", "a|b");
    expect("a, b = 1, 2\na, b = b, a\nx = [a, b]", "2|1");
    expect("x = list('ab') + list(('c',))", "a|b|c");
    expect("x = sorted([3, 1, 2])", "1|2|3");
    expect("x = sorted(['bb', 'a'], key=len, reverse=True)", "bb|a");
    expect("x = [3, 1, 2]\nx.sort()\nx.reverse()", "3|2|1");
    expect("x = [1, 2, 3, 4]\nx[1:3] = [9]\ndel x[0]", "9|4");
    expect("x = map(str, [1, 2]) + filter(None, ['', 'a'])", "1|2|a");
    expect("x = [len([1, 2]), sum([1, 2]), max(3, 4), min([2, 1]), abs(-3)]", "2|3|4|1|3");
    expect("x = [ '%d%s' % p for p in enumerate(['a', 'b']) ]", "0a|1b");
    expect("x = [ a + b for a, b in zip(['a', 'b'], ['c', 'd']) ]", "ac|bd");
    expect("x = [1, 2, 3].pop() + [5].index(5) + [1, 1].count(1)", "5");
}

static void test_dicts(void **state)
{
    (void)state;
    expect("d = {'a': 1, 'b': 2}\nx = d['a'] + d.get('c', 5)", "6");
    expect("d = {}\nd['k'] = 'v'\nx = d.keys() + d.values()", "k|v");
    expect("d = dict([('a', 1)])\nd.update({'b': 2})\nx = [ k for k, v in d.items() ]", "a|b");
    expect("d = {'n': 'web'}\nx = '%(n)s-%(n)s' % d", "web-web");
    expect("d = {1: 2}\ndel d[1]\nx = len(d) + d.has_key(1)", "0");
    expect("a = 'q'\nx = '%(a)s' % locals()", "q");
}

static void test_format(void **state)
{
    (void)state;
    expect("x = 'VM%d' % 3", "VM3");
    expect("x = '%s,%02d,%x,%X,%o,%%' % ('a', 7, 255, 255, 8)", "a,07,ff,FF,10,%");
    expect("x = '[%5d|%-5d|%+d|%5s|%-5s|%.2s]' % (1, 2, 3, 'a', 'b', 'xyz')",
           "[    1|2    |+3|    a|b    |xy]");
    expect("x = '%.2f %g %e' % (1.005, 0.5, 1000)", "1.00 0.5 1.000000e+03");
    expect("x = '%r %s' % ('a', [1, 'b'])", "'a' [1, 'b']");
    expect("x = '%#x %05.1f %*d' % (255, 2.25, 4, 7)", "0xff 002.2    7");
    expect("x = '%s' % None", "None");
    expect("x = '{} {1} {0!r:>5}'.format('a', 'b')", "a b   'a'");
    expect("x = '{0:05d}|{1:<4}|{2:^5}|{3:x}|{{}}'.format(42, 'a', 'b', 255)",
           "00042|a   |  b  |ff|{}");
    expect("x = '%02x:%02x' % (171, 5)", "ab:05");
}

static void test_methods(void **state)
{
    (void)state;
    expect("x = 'a,b,,c'.split(',')", "a|b||c");
    expect("x = ' a  b '.split()", "a|b");
    expect("x = 'a b c'.split(None, 1)", "a|b c");
    expect("x = 'a.b.c'.rsplit('.', 1)", "a.b|c");
    expect("x = '-'.join(['a', 'b'])", "a-b");
    expect("x = ','.join(str(i) for i in range(3))", "0,1,2");
    expect("x = '  ab '.strip() + 'xxaxx'.strip('x') + 'ab\\n'.rstrip()", "abaab");
    expect("x = 'aXbX'.replace('X', '--', 1)", "a--bX");
    expect("x = 'aBc'.lower() + 'aBc'.upper() + 'aBc'.capitalize() + 'a b'.title()",
           "abcABCAbcA B");
    expect("x = 'file:/x'.startswith('file:') and 'x.img'.endswith(('.img', '.iso'))", "1");
    expect("x = ['abcb'.find('b'), 'abcb'.rfind('b'), 'abc'.find('z'), 'abab'.count('ab')]",
           "1|3|-1|2");
    expect("x = '12'.isdigit() and not 'a1'.isalpha() and 'a1'.isalnum()", "1");
    expect("x = '7'.zfill(3) + 'a'.rjust(3) + 'a'.ljust(3) + '|'", "007  aa  |");
    expect("x = 'k=v=w'.partition('=')", "k|=|v=w");
    expect("x = 'a\\nb\\r\\nc'.splitlines()", "a|b|c");
}

static void test_statements(void **state)
{
    (void)state;
    expect("if 0:\n  x = 1\nelif 0: x = 2\nelse:\n  x = 3", "3");
    expect("x = 0\nwhile x < 10:\n  x += 1\n  if x == 5: break", "5");
    expect("x = 0\nfor i in range(5):\n  if i == 2: continue\n  x += i\nelse: x += 100", "108");
    expect("x = 1; y = 2; x = x + y", "3");
    expect("x = 1 + \\\n 2", "3");
    expect("x = y = 4", "4");
    expect("\n\n# comment\n\nx = 1 # end", "1");
    expect("if 1:\n\tx = 1\n\tif 1:\n\t\tx = 2\nx = x + 1", "3");
    expect("\xef\xbb\xbfx = 1\r\nif x:\r\n  x = 2\r\n", "2");
    expect("x = 1\ndel x\nx = 'z'", "z");
    expect("assert 1, 'no'\npass\nx = 1", "1");
    expect("exec 'x = 5'", "5");
    expect("import os, re\nfrom sys import argv\nx = os.path.basename('/a/b')", "b");
    expect("import os.path as p\nx = p.join('/a', 'b') + p.dirname('/c/d')", "/a/b/c");
    expect("import string\nx = string.join(string.split('a b'), '+')", "a+b");
}

static void test_functions(void **state)
{
    (void)state;
    expect("def f(a, b=2):\n  return a * b\nx = f(3) + f(3, 3) + f(b=1, a=1)", "16");
    expect("def f():\n  x = 5\nx = 1\nf()", "1");
    expect("def f():\n  global x\n  x = 5\nx = 1\nf()", "5");
    expect("def f(n):\n  if n < 2: return 1\n  return n * f(n - 1)\nx = f(10)", "3628800");
    expect("def f():\n  pass\nx = str(f())", "None");
    expect("x = (lambda a, b=1: a + b)(2)", "3");
    expect("def f():\n  def g(): return y\n  y = 4\n  return g()\nx = f()", "4");
    expect("def f(l=[]):\n  for v in [1, 2, 3]:\n    if v == 2: return v\nx = f()", "2");
}

static void test_try(void **state)
{
    (void)state;
    expect("try:\n  int('a')\nexcept ValueError, e:\n  x = 'bad'", "bad");
    expect("try:\n  1 / 0\nexcept (ValueError, ZeroDivisionError) as e:\n  x = str(e)",
           "division by zero");
    expect("try:\n  y\nexcept NameError:\n  x = 1\nelse:\n  x = 2\nfinally:\n  x += 10", "11");
    expect("try:\n  try:\n    raise KeyError('k')\n  finally:\n    y = 1\n"
           "except LookupError:\n  x = y", "1");
    expect("def f():\n  try:\n    return 1\n  finally:\n    global x\n    x = 7\nf()", "7");
    expect("try:\n  raise ValueError, 'text'\nexcept Exception, e:\n  x = e.args[0] + e.message",
           "texttext");
    expect("try:\n  try:\n    raise ValueError('a')\n  except ValueError:\n    raise\n"
           "except ValueError, e: x = str(e)", "a");
    expect("for i in [1, 2]:\n  try:\n    continue\n  finally:\n    x = i", "2");
}

static void test_regex(void **state)
{
    (void)state;
    expect("import re\nx = bool(re.search('64', 'x86_64'))", "1");
    expect("import re\nx = re.search('^(\\w+)-(\\d{2,3})?$', 'web-12').group(2)", "12");
    expect("import re\nx = re.match('(a|bc)+?d', 'abcd').groups()", "bc");
    expect("import re\nx = str(re.match('b', 'ab'))", "None");
    expect("import re\nx = re.search('[^a-c.]+', 'abcxyz.').group()", "xyz");
    expect("import re\nx = re.search(r'(\\d+)\\.(\\d+)', 'v4.17').groups()", "4|17");
    expect("import re\nx = bool(re.search('(?:ab)*c', 'ababc')) + bool(re.search('x?y', 'y'))",
           "2");
    expect("import re\nx = re.search('<.*?>', '<a><b>').group()", "<a>");
    expect("import re\nx = bool(re.search('\\\\bcat\\\\b', 'a cat')) and "
           "not re.search('\\\\bcat', 'concat')", "1");
}

static void test_helpers(void **state)
{
    (void)state;
    expect("x = add_offset_to_ip('10.0.0.250', 10)", "10.0.1.4");
    expect("x = check_subnet('10.1.2.3', '10.1.0.0', '255.255.0.0')", "1");
    expect("x = inet_ntoa(inet_aton('1.2.3.4') + 1)", "1.2.3.5");
    expect("x = isinstance(1, int) and isinstance('a', (str, int)) and type([]) == list", "1");
    expect("x = xm_file", "test");
}

static void collect(void *arg, const char *text, size_t len)
{
    strncat(arg, text, len);
}

static void test_print(void **state)
{
    const char *script = "print 'a', 1,\nprint 'b'\nprint('c')\nimport sys\n"
                         "print >>sys.stderr, 'd'\nsys.stdout.write('e')\nprint";
    char out[100] = "";
    struct config_options o = { .print = collect, .print_arg = out };
    struct config_vars vars;
    struct config_error e;

    (void)state;
    assert_int_equal(config_evaluate("t", script, strlen(script), &o, &vars, &e), 0);
    assert_string_equal(out, "a 1 b\nc\nd\ne\n");
    config_vars_free(&vars);
}

static void test_command_line(void **state)
{
    static const char *const set[] = { "vmid=7", "memory=99", "disk=a", "disk=b" };
    struct config_options o = { .set = set, .set_count = 4 };
    const char *script = "x = 'n' + vmid\nmemory = 5\ndisk = ['z']\n"
                         "import sys\ny = len(sys.argv)";
    struct config_vars vars;
    struct config_error e;

    (void)state;
    assert_int_equal(config_evaluate("t", script, strlen(script), &o, &vars, &e), 0);
    assert_string_equal(config_var_find(&vars, "x")->text, "n7");
    assert_string_equal(config_var_find(&vars, "memory")->text, "99");
    assert_int_equal(config_var_find(&vars, "disk")->list.count, 2);
    assert_string_equal(config_var_find(&vars, "disk")->list.item[1], "b");
    assert_true(config_var_find(&vars, "vmid")->is_used);
    assert_int_equal(config_var_find(&vars, "y")->line, 5);
    config_vars_free(&vars);
}

static void test_files(void **state)
{
    char folder[] = "/tmp/config-test-XXXXXX", path[64], script[300];
    FILE *f;

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/inc", folder);
    f = fopen(path, "w");
    fputs("x = 'included'\n", f);
    fclose(f);
    snprintf(script, sizeof(script), "execfile('%s')", path);
    expect(script, "included");
    snprintf(script, sizeof(script), "exec open('%s')", path);
    expect(script, "included");
    snprintf(script, sizeof(script), "exec(open('%s').read())", path);
    expect(script, "included");
    snprintf(script, sizeof(script), "x = open('%s').readlines()", path);
    expect(script, "x = 'included'\n");
    snprintf(script, sizeof(script), "import os\nx = os.path.exists('%s')", path);
    expect(script, "1");
    remove(path);
    remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strings), cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_logic), cmocka_unit_test(test_lists),
        cmocka_unit_test(test_dicts), cmocka_unit_test(test_format),
        cmocka_unit_test(test_methods), cmocka_unit_test(test_statements),
        cmocka_unit_test(test_functions), cmocka_unit_test(test_try),
        cmocka_unit_test(test_regex), cmocka_unit_test(test_helpers),
        cmocka_unit_test(test_print), cmocka_unit_test(test_command_line),
        cmocka_unit_test(test_files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
