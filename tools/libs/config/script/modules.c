/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What `import` finds: os, os.path, sys, string, re. Only what asks; nothing that changes the
 * machine. Any other module can be imported, with a warning, but not used.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "node.h"

#define FUNCTION(name) \
    static struct value *name(struct script *s, struct value *self, struct value **arg, \
                              size_t count)
#define UNUSED (void)s, (void)self, (void)arg, (void)count

FUNCTION(os_uname)
{
    struct value *t = value_tuple(s, 5);
    struct utsname u = { .sysname = "Linux", .machine = "x86_64" };

    UNUSED;
    if (!s->options->is_sealed)
        uname(&u);
    list_append(s, t, value_str(s, u.sysname));
    list_append(s, t, value_str(s, u.nodename));
    list_append(s, t, value_str(s, u.release));
    list_append(s, t, value_str(s, u.version));
    list_append(s, t, value_str(s, u.machine));
    return t;
}

FUNCTION(os_getenv)
{
    const char *name = str_arg(s, arg[0], "the variable's name");
    const char *text = s->options->is_sealed ? NULL : getenv(name);

    UNUSED;
    return text ? value_str(s, text) : arg[1] ? arg[1] : value_none(s);
}

FUNCTION(os_getcwd)
{
    char path[PATH_MAX];

    UNUSED;
    if (s->options->is_sealed || !getcwd(path, sizeof(path)))
        return value_str(s, "/");
    return value_str(s, path);
}

static bool has_mode(struct script *s, const struct value *path, mode_t mode)
{
    struct stat st;
    const char *name = str_arg(s, path, "the path");

    script_charge(s, 100);
    if (s->options->is_sealed || stat(name, &st))
        return false;
    return !mode || (st.st_mode & S_IFMT) == mode;
}

FUNCTION(path_exists)
{
    UNUSED;
    return value_bool(s, has_mode(s, arg[0], 0));
}

FUNCTION(path_isfile)
{
    UNUSED;
    return value_bool(s, has_mode(s, arg[0], S_IFREG));
}

FUNCTION(path_isdir)
{
    UNUSED;
    return value_bool(s, has_mode(s, arg[0], S_IFDIR));
}

static size_t folder_length(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 - path : 0;
}

FUNCTION(path_basename)
{
    const char *path = str_arg(s, arg[0], "the path");

    UNUSED;
    return value_str(s, path + folder_length(path));
}

FUNCTION(path_dirname)
{
    const char *path = str_arg(s, arg[0], "the path");
    size_t len = folder_length(path);

    UNUSED;
    while (len > 1 && path[len - 1] == '/')
        len--;
    return value_str_n(s, path, len);
}

FUNCTION(path_join)
{
    struct text t = { .s = s };

    (void)self;
    for (size_t i = 0; i < count; i++) {
        const char *part = str_arg(s, arg[i], "a part of the path");

        if (*part == '/')
            t.len = 0;
        else if (t.len && t.data[t.len - 1] != '/')
            text_putc(&t, '/');
        text_puts(&t, part);
    }
    return text_value(&t);
}

FUNCTION(path_abspath)
{
    const char *path = str_arg(s, arg[0], "the path");
    struct value *parts[] = { os_getcwd(s, NULL, NULL, 0), arg[0] };

    UNUSED;
    return *path == '/' ? arg[0] : path_join(s, NULL, parts, 2);
}

FUNCTION(sys_exit)
{
    (void)self, (void)count;
    struct value *v = arg[0];
    bool success = !v || v->kind == VALUE_NONE || (value_is_integer(v) && v->number == 0);

    if (success)
        script_stop(s);
    struct value *args = value_tuple(s, 1);

    list_append(s, args, v);
    script_throw(s, error_new(s, error_type_find("SystemExit"), args), s->at);
}

FUNCTION(stream_write)
{
    const char *text = str_arg(s, arg[0], "what write() takes");

    (void)count;
    script_charge(s, arg[0]->len / 16);
    script_print(s, text, arg[0]->len, self->number != 0);
    return value_none(s);
}

FUNCTION(nothing)
{
    UNUSED;
    return value_none(s);
}

FUNCTION(re_search)
{
    UNUSED;
    return regex_search(s, arg[0], arg[1], false);
}

FUNCTION(re_match)
{
    UNUSED;
    return regex_search(s, arg[0], arg[1], true);
}

/* string.split(text, …) is text.split(…). */
static struct value *by_method(struct script *s, const char *name, struct value **arg,
                               size_t count)
{
    str_arg(s, arg[0], "the first argument");
    struct value *method = value_builtin(s, str_method(name), arg[0]);

    return call(s, method, arg + 1, count - 1, NULL);
}

FUNCTION(string_split)
{
    (void)self;
    return by_method(s, "split", arg, count);
}

FUNCTION(string_strip)
{
    (void)self;
    return by_method(s, "strip", arg, count);
}

FUNCTION(string_replace)
{
    (void)self;
    return by_method(s, "replace", arg, count);
}

FUNCTION(string_lower)
{
    (void)self;
    return by_method(s, "lower", arg, count);
}

FUNCTION(string_upper)
{
    (void)self;
    return by_method(s, "upper", arg, count);
}

FUNCTION(string_find)
{
    (void)self;
    return by_method(s, "find", arg, count);
}

FUNCTION(string_zfill)
{
    (void)self;
    return by_method(s, "zfill", arg, count);
}

FUNCTION(string_join)
{
    struct value *blank = value_str(s, " ");

    (void)self, (void)count;
    str_arg(s, arg[1] ? arg[1] : blank, "the separator");
    return call(s, value_builtin(s, str_method("join"), arg[1] ? arg[1] : blank), arg, 1, NULL);
}

FUNCTION(string_atoi)
{
    wide n;

    (void)self, (void)count;
    if (!parse_wide(str_arg(s, arg[0], "the number"), arg[0]->len, 10, &n))
        script_raise(s, "ValueError", "not a number: %.100s", arg[0]->text);
    return value_int(s, n);
}

static const struct builtin os_functions[] = {
    { "getcwd", os_getcwd, 0, 0, NULL },
    { "getenv", os_getenv, 1, 2, NULL },
    { "uname", os_uname, 0, 0, NULL },
};

static const struct builtin path_functions[] = {
    { "abspath", path_abspath, 1, 1, NULL },
    { "basename", path_basename, 1, 1, NULL },
    { "dirname", path_dirname, 1, 1, NULL },
    { "exists", path_exists, 1, 1, NULL },
    { "isdir", path_isdir, 1, 1, NULL },
    { "isfile", path_isfile, 1, 1, NULL },
    { "join", path_join, 1, MANY, NULL },
};

static const struct builtin sys_functions[] = {
    { "exit", sys_exit, 0, 1, NULL },
};

static const struct builtin stream_functions[] = {
    { "flush", nothing, 0, 0, NULL },
    { "write", stream_write, 1, 1, NULL },
};

static const struct builtin re_functions[] = {
    { "match", re_match, 2, 2, NULL },
    { "search", re_search, 2, 2, NULL },
};

static const struct builtin string_functions[] = {
    { "atoi", string_atoi, 1, 1, NULL },
    { "find", string_find, 2, 3, NULL },
    { "join", string_join, 1, 2, NULL },
    { "lower", string_lower, 1, 1, NULL },
    { "replace", string_replace, 3, 4, NULL },
    { "split", string_split, 1, 3, NULL },
    { "strip", string_strip, 1, 2, NULL },
    { "upper", string_upper, 1, 1, NULL },
    { "zfill", string_zfill, 2, 2, NULL },
};

#define COUNT(table) (sizeof(table) / sizeof(*(table)))

static void offer(struct script *s, struct value *m, const struct builtin *table, size_t count)
{
    for (size_t i = 0; i < count; i++)
        env_set_name(s, m->module.names, table[i].name, value_builtin(s, &table[i], NULL));
}

static struct value *environment(struct script *s)
{
    struct value *dict = value_dict(s);

    for (char **e = environ; !s->options->is_sealed && e && *e; e++) {
        const char *equals = strchr(*e, '=');

        if (!equals)
            continue;
        /* Names are unique already: no lookup. */
        list_append(s, dict, value_str_n(s, *e, equals - *e));
        list_append(s, dict, value_str(s, equals + 1));
    }
    return dict;
}

static void fill_os(struct script *s, struct value *m)
{
    offer(s, m, os_functions, COUNT(os_functions));
    env_set_name(s, m->module.names, "environ", environment(s));
    env_set_name(s, m->module.names, "name", value_str(s, "posix"));
    env_set_name(s, m->module.names, "path", module_import(s, "os.path"));
    env_set_name(s, m->module.names, "sep", value_str(s, "/"));
}

static struct value *stream(struct script *s, const char *name, bool is_stderr)
{
    struct value *m = value_module(s, name);

    for (size_t i = 0; i < COUNT(stream_functions); i++)
        env_set_name(s, m->module.names, stream_functions[i].name,
                     value_builtin(s, &stream_functions[i], value_bool(s, is_stderr)));
    return m;
}

static void fill_sys(struct script *s, struct value *m)
{
    struct value *argv = value_list(s, 0);

    for (size_t i = 0; i < s->options->argc; i++)
        list_append(s, argv, value_str(s, s->options->argv[i]));
    offer(s, m, sys_functions, COUNT(sys_functions));
    env_set_name(s, m->module.names, "argv", argv);
    env_set_name(s, m->module.names, "platform", value_str(s, "linux2"));
    env_set_name(s, m->module.names, "version", value_str(s, "2.7"));
    env_set_name(s, m->module.names, "stdout", stream(s, "sys.stdout", false));
    env_set_name(s, m->module.names, "stderr", stream(s, "sys.stderr", true));
}

static void fill_path(struct script *s, struct value *m)
{
    offer(s, m, path_functions, COUNT(path_functions));
}

static void fill_re(struct script *s, struct value *m)
{
    offer(s, m, re_functions, COUNT(re_functions));
}

static void fill_string(struct script *s, struct value *m)
{
    offer(s, m, string_functions, COUNT(string_functions));
    env_set_name(s, m->module.names, "digits", value_str(s, "0123456789"));
    env_set_name(s, m->module.names, "letters",
                 value_str(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"));
}

struct value *module_import(struct script *s, const char *name)
{
    static const struct {
        const char *name;
        void (*fill)(struct script *s, struct value *m);
    } modules[] = {
        { "os", fill_os }, { "os.path", fill_path }, { "sys", fill_sys },
        { "string", fill_string }, { "re", fill_re },
    };
    struct value *m = value_module(s, name);

    script_charge(s, 100);
    for (size_t i = 0; i < COUNT(modules); i++) {
        if (strcmp(modules[i].name, name))
            continue;
        modules[i].fill(s, m);
        return m;
    }
    m->module.is_absent = true;
    script_warn(s, s->at, "module '%.60s' is not available in configuration files; ignored", name);
    return m;
}
