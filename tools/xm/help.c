/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Help texts, and errors that end in one.
 */
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "xm.h"

/* Text in words, wrapped to width, its later lines indented. */
static void print_wrapped(const char *text, size_t width, int indent)
{
    size_t column = 0;

    while (*text) {
        size_t len = strcspn(text, " ");

        if (column && column + 1 + len > width) {
            printf("\n%*s", indent, "");
            column = 0;
        }
        printf("%s%.*s", column ? " " : "", (int)len, text);
        column += len + (column ? 1 : 0);
        text += len;
        text += strspn(text, " ");
    }
    putchar('\n');
}

static void print_header(void)
{
    printf("Usage: xm <subcommand> [args]\n\nControl, list, and manipulate Xen guest instances.\n"
           "\n");
}

static void print_row(const struct command *c)
{
    printf(" %-20s ", c->name);
    print_wrapped(c->help, 50, 22);
}

static void print_footer(void)
{
    printf(
        "\n<Domain> can either be the Domain Name or Id.\n"
        "For more help on 'xm' see the xm(1) man page; on configuration files, xmdomain.cfg(5).\n");
}

void help_short(void)
{
    print_header();
    printf("Common 'xm' commands:\n\n");
    for (size_t i = 0; i < command_count; i++) {
        if (commands[i].is_common)
            print_row(&commands[i]);
    }
    print_footer();
    printf("For a complete list of subcommands run 'xm help'.\n");
}

void help_long(void)
{
    print_header();
    printf("xm full list of subcommands:\n\n");
    for (size_t i = 0; i < command_count; i++)
        print_row(&commands[i]);
    print_footer();
}

void help_command(const struct command *c)
{
    printf("Usage: xm %s %s\n\n%s\n", c->name, c->usage, c->help);
    if (!c->options)
        return;
    putchar('\n');
    for (const char *p = c->options; *p;) {
        printf("  %-30s ", p);
        p += strlen(p) + 1;
        print_wrapped(p, 43, 33);
        p += strlen(p) + 1;
    }
}

void help_words(const char *name)
{
    const struct command *c = name ? command_find(name) : NULL;

    for (size_t i = 0; !name && i < command_count; i++)
        puts(commands[i].name);
    if (!c)
        return;
    puts(c->usage);
    for (const char *p = c->options; p && *p;) {
        /* "-l, --long=<x>" is two words. */
        for (const char *word = p; *word; word += strspn(word, ", ")) {
            size_t len = strcspn(word, ", =");

            printf("%.*s\n", (int)len, word);
            word += strcspn(word, ", ");
        }
        p += strlen(p) + 1;
        p += strlen(p) + 1;
    }
}

static void print_error(const char *fmt, va_list args)
{
    fflush(stdout);
    fputs("Error: ", stderr);
    vfprintf(stderr, fmt, args);
    fputc('\n', stderr);
}

int error(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    print_error(fmt, args);
    va_end(args);
    return 1;
}

int usage_error(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    print_error(fmt, args);
    va_end(args);
    if (command_current())
        help_command(command_current());
    return 1;
}

bool count_is_wrong(int count)
{
    const struct command *c = command_current();

    if (count >= c->min_args && (c->max_args < 0 || count <= c->max_args))
        return false;
    if (c->min_args == c->max_args)
        usage_error("'xm %s' requires %d argument%s.", c->name, c->min_args,
                    c->min_args == 1 ? "" : "s");
    else if (c->max_args < 0)
        usage_error("'xm %s' requires at least %d argument%s.", c->name, c->min_args,
                    c->min_args == 1 ? "" : "s");
    else
        usage_error("'xm %s' requires between %d and %d arguments.", c->name, c->min_args,
                    c->max_args);
    return true;
}

/* A switch of the command, "-x" or "--xxx", that should have had an argument. */
static bool lacks_argument(const char *word)
{
    const struct command *c = command_current();

    for (const char *p = c->options; p && *p; p += strlen(p) + 1) {
        const char *at = strstr(p, word);

        if (at && strchr(" ,=", at[strlen(word)]) && strchr(at, '='))
            return true;
        p += strlen(p) + 1;
    }
    return false;
}

int bad_option(char **argv)
{
    const char *word = argv[optind - 1];

    return usage_error(lacks_argument(word) ? "option %s requires argument"
                       : "option %s not recognized", word);
}

int cmd_help(int argc, char **argv)
{
    const struct command *c = argc > 1 ? command_find(argv[1]) : NULL;

    if (c)
        help_command(c);
    else
        help_long();
    return 0;
}
