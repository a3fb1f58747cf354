/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bytes and zero-terminated strings, with the meaning that ISO C and POSIX give them.
 *
 * Host builds use libc's; string.c is built for the hypervisor only (and by its own test, under
 * other names).
 */
#ifndef LIB_STRING_H
#define LIB_STRING_H

#include <stddef.h>

#if __STDC_HOSTED__ && !defined(LIB_STRING_OWN)
#include <string.h>
#include <strings.h>
#else

void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int byte, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memchr(const void *s, int byte, size_t n);

size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
int strcasecmp(const char *a, const char *b);
int strncasecmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);
char *strstr(const char *s, const char *what);

#endif

/*
 * -ffreestanding forgets what these mean; telling the compiler lets it inline copies of small
 * constant size.
 */
#if !__STDC_HOSTED__
#define memcpy(to, from, n)     __builtin_memcpy(to, from, n)
#define memmove(to, from, n)    __builtin_memmove(to, from, n)
#define memset(to, byte, n)     __builtin_memset(to, byte, n)
#define memcmp(a, b, n)         __builtin_memcmp(a, b, n)
#define strlen(s)               __builtin_strlen(s)
#define strcmp(a, b)            __builtin_strcmp(a, b)
#endif

/*
 * Copies at most size - 1 characters and always terminates (if size > 0). Returns the length of
 * 'from', so that a result >= size means truncation. Some C libraries own the plain name, hence
 * the detour.
 */
#define strlcpy lib_strlcpy
static inline size_t lib_strlcpy(char *to, const char *from, size_t size)
{
    size_t len = strlen(from);
    if (size == 0)
        return len;
    size_t n = len < size ? len : size - 1;
    memcpy(to, from, n);
    to[n] = '\0';
    return len;
}

#endif
