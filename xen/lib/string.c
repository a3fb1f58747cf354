/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bytes and strings for the hypervisor.
 *
 * Copying uses the string instructions, eight bytes a step: processors run them at full width,
 * emulators in few steps. The compiler itself emits calls to memcpy, memmove, memset and memcmp, so
 * these must exist as functions.
 */
#include <lib/string.h>

#if !__STDC_HOSTED__
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef strlen
#undef strcmp
#endif

/* Else the compiler would recognise the loops below and turn them into calls to themselves. */
#pragma GCC optimize("no-tree-loop-distribute-patterns")

void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
    void *cursor = to;
    size_t quads = n >> 3, rest = n & 7;
    asm volatile("rep movsq" : "+D"(cursor), "+S"(from), "+c"(quads) : : "memory");
    if (rest)
        asm volatile("rep movsb" : "+D"(cursor), "+S"(from), "+c"(rest) : : "memory");
    return to;
}

static void copy_backward(unsigned char *to, const unsigned char *from, size_t n)
{
    to += n - 1;
    from += n - 1;
    asm volatile("std; rep movsb; cld" : "+D"(to), "+S"(from), "+c"(n) : : "memory", "cc");
}

void *memmove(void *to, const void *from, size_t n)
{
    if (n == 0 || to == from)
        return to;
    if ((size_t)to - (size_t)from >= n) {   /* 'to' does not begin inside 'from' */
        return memcpy(to, from, n);
    }
    copy_backward(to, from, n);
    return to;
}

void *memset(void *to, int byte, size_t n)
{
    void *cursor = to;
    size_t quads = n >> 3, rest = n & 7;
    size_t pattern = (size_t)(unsigned char)byte * 0x0101010101010101;
    asm volatile("rep stosq" : "+D"(cursor), "+c"(quads) : "a"(pattern) : "memory");
    if (rest)
        asm volatile("rep stosb" : "+D"(cursor), "+c"(rest) : "a"(byte) : "memory");
    return to;
}

int memcmp(const void *a, const void *b, size_t n)
{
    const unsigned char *x = a;
    const unsigned char *y = b;

    for (size_t i = 0; i < n; i++) {
        if (x[i] != y[i])
            return x[i] - y[i];
    }
    return 0;
}

void *memchr(const void *s, int byte, size_t n)
{
    const unsigned char *p = s;

    for (size_t i = 0; i < n; i++) {
        if (p[i] == (unsigned char)byte)
            return (void *)&p[i];
    }
    return NULL;
}

size_t strlen(const char *s)
{
    size_t n = 0;
    while (s[n] != '\0')
        n++;
    return n;
}

size_t strnlen(const char *s, size_t max)
{
    size_t n = 0;
    while (n < max && s[n] != '\0')
        n++;
    return n;
}

int strcmp(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    return (unsigned char)*a - (unsigned char)*b;
}

int strncmp(const char *a, const char *b, size_t n)
{
    for (; n > 0; n--, a++, b++) {
        if (*a != *b || *a == '\0')
            return (unsigned char)*a - (unsigned char)*b;
    }
    return 0;
}

static int lower(char c)
{
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : (unsigned char)c;
}

int strncasecmp(const char *a, const char *b, size_t n)
{
    for (; n > 0; n--, a++, b++) {
        if (lower(*a) != lower(*b) || *a == '\0')
            return lower(*a) - lower(*b);
    }
    return 0;
}

int strcasecmp(const char *a, const char *b)
{
    return strncasecmp(a, b, (size_t)-1);
}

char *strchr(const char *s, int c)
{
    for (;; s++) {
        if (*s == (char)c)
            return (char *)s;
        if (*s == '\0')
            return NULL;
    }
}

char *strrchr(const char *s, int c)
{
    const char *found = NULL;

    for (;; s++) {
        if (*s == (char)c)
            found = s;
        if (*s == '\0')
            return (char *)found;
    }
}

char *strstr(const char *s, const char *what)
{
    size_t len = strlen(what);

    for (;; s++) {
        if (strncmp(s, what, len) == 0)
            return (char *)s;
        if (*s == '\0')
            return NULL;
    }
}
