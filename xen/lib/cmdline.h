/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Boot options: a command line, a table of what it may say, and what to do with each.
 *
 * Words stand between blanks; double quotes keep blanks together and vanish. The word -- ends our
 * part.
 */
#ifndef LIB_CMDLINE_H
#define LIB_CMDLINE_H

#include <stdbool.h>
#include <stddef.h>

enum boot_option_type {
    OPTION_BOOL,           /* name, name=yes, no-name; var is a bool or an int, by its size */
    OPTION_UINT,           /* name=NUMBER; var is an unsigned integer of 'size' bytes */
    OPTION_SIZE,           /* name=16M, result in bytes; the same */
    OPTION_STRING,         /* name=TEXT; var is an array of 'size' characters */
    OPTION_CUSTOM          /* parse() sees the value: "" for name, "no" for no-name */
};

struct boot_option {
    const char *name;
    enum boot_option_type type;
    void *var;
    size_t size;                        /* of *var */
    int (*parse)(const char *value);    /* OPTION_CUSTOM: 0, or -E if the value makes no sense */
};

/* Longest word that is understood, terminator included. */
#define CMDLINE_WORD 512

/*
 * Copies the next word at *cursor without its quotes, and advances. False at the end of the line
 * or after "--", with *cursor then at what follows. *cut tells that the word was longer than the
 * buffer.
 */
bool cmdline_word(const char **cursor, char *buf, size_t size, bool *cut);

/*
 * Reads a whole line into the table's variables. A later option overrides an earlier one. Calls
 * warn() (which may be NULL) with each word that is unknown or malformed and why; such a word
 * changes nothing. Returns what follows "--", NULL if there is no such word.
 */
const char *cmdline_parse(const char *line, const struct boot_option *table, size_t n,
                          void (*warn)(const char *option, const char *why));

#endif
