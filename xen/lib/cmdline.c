/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Boot options. Knows no option itself.
 */
#include <lib/cmdline.h>

#include <lib/errno.h>
#include <lib/math.h>
#include <lib/parse.h>
#include <lib/string.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_end_mark(const char *s)
{
    return s[0] == '-' && s[1] == '-' && (s[2] == '\0' || is_blank(s[2]));
}

static const char *skip_blanks(const char *s)
{
    while (is_blank(*s))
        s++;
    return s;
}

bool cmdline_word(const char **cursor, char *buf, size_t size, bool *cut)
{
    const char *s = skip_blanks(*cursor);
    bool is_quoted = false;
    size_t len = 0;

    *cursor = s;
    *cut = false;
    if (*s == '\0' || is_end_mark(s))
        return false;
    for (; *s != '\0' && (is_quoted || !is_blank(*s)); s++) {
        if (*s == '"')
            is_quoted = !is_quoted;
        else if (len + 1 < size)
            buf[len++] = *s;
        else
            *cut = true;
    }
    buf[len] = '\0';
    *cursor = s;
    return true;
}

/* False if the value does not fit the variable. */
static bool store_uint(const struct boot_option *option, uint64_t value)
{
    if (option->size < 8 && value >> (8 * option->size) != 0)
        return false;
    switch (option->size) {
    case 1: *(uint8_t *)option->var = (uint8_t)value; return true;
    case 2: *(uint16_t *)option->var = (uint16_t)value; return true;
    case 4: *(uint32_t *)option->var = (uint32_t)value; return true;
    case 8: *(uint64_t *)option->var = value; return true;
    default: return false;
    }
}

static const char *number_error(int rc)
{
    return rc == -ERANGE ? "number too large" : "not a number";
}

/* These return what is wrong, NULL if nothing. 'value' is NULL where no '=' was given. */

static const char *set_bool(const struct boot_option *option, const char *value, bool is_negated)
{
    int wanted = value == NULL ? 1 : parse_bool(value, strlen(value));

    if (wanted < 0 || (is_negated && value != NULL))
        return "neither yes nor no";
    store_uint(option, (uint64_t)(is_negated ? !wanted : wanted));
    return NULL;
}

static const char *set_uint(const struct boot_option *option, const char *value)
{
    uint64_t number;
    int rc = parse_uint(value, strlen(value), &number);

    if (rc != 0)
        return number_error(rc);
    return store_uint(option, number) ? NULL : "number too large";
}

static const char *set_size(const struct boot_option *option, const char *value)
{
    const char *end;
    uint64_t bytes;
    int rc = parse_size(value, &end, &bytes);

    if (rc != 0)
        return number_error(rc);
    if (*end != '\0')
        return "not a size";
    return store_uint(option, bytes) ? NULL : "number too large";
}

static const char *set_string(const struct boot_option *option, const char *value)
{
    if (strlen(value) >= option->size)
        return "text too long";
    strlcpy(option->var, value, option->size);
    return NULL;
}

static const char *set_custom(const struct boot_option *option, const char *value, bool is_negated)
{
    if (is_negated && value != NULL)
        return "a no- option takes no value";
    const char *text = is_negated ? "no" : value != NULL ? value : "";
    return option->parse(text) == 0 ? NULL : "value not understood";
}

static const char *set_option(const struct boot_option *option, const char *value, bool is_negated)
{
    if (option->type == OPTION_BOOL)
        return set_bool(option, value, is_negated);
    if (option->type == OPTION_CUSTOM)
        return set_custom(option, value, is_negated);
    if (is_negated)
        return "not a yes-or-no option";
    if (value == NULL)
        return "needs a value";
    switch (option->type) {
    case OPTION_UINT: return set_uint(option, value);
    case OPTION_SIZE: return set_size(option, value);
    default: return set_string(option, value);
    }
}

static const struct boot_option *find_option(const struct boot_option *table, size_t n,
                                             const char *name, size_t len)
{
    for (size_t i = 0; i < n; i++) {
        if (parse_is(name, len, table[i].name))
            return &table[i];
    }
    return NULL;
}

/* One word, as written: returns what is wrong with it. */
static const char *take_word(const char *word, const struct boot_option *table, size_t n)
{
    const char *equals = strchr(word, '=');
    size_t len = equals != NULL ? (size_t)(equals - word) : strlen(word);
    const char *value = equals != NULL ? equals + 1 : NULL;
    const struct boot_option *option = find_option(table, n, word, len);

    if (option != NULL)
        return set_option(option, value, false);
    if (len > 3 && memcmp(word, "no-", 3) == 0)
        option = find_option(table, n, word + 3, len - 3);
    return option != NULL ? set_option(option, value, true) : "unknown option";
}

const char *cmdline_parse(const char *line, const struct boot_option *table, size_t n,
                          void (*warn)(const char *option, const char *why))
{
    char word[CMDLINE_WORD];
    const char *cursor = line;
    bool cut;

    while (cmdline_word(&cursor, word, sizeof(word), &cut)) {
        const char *why = cut ? "word too long" : take_word(word, table, n);
        if (why != NULL && warn != NULL)
            warn(word, why);
    }
    return *cursor == '-' ? skip_blanks(cursor + 2) : NULL;
}
