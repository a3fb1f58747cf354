/* SPDX-License-Identifier: GPL-2.0-only */
/* Verdicts: the first failure is remembered and told at the end. */
#include <public/sched.h>
#include "guest.h"

static struct {
    const char *file;
    int line;
    const char *why;
    unsigned int count;
} failure;

bool told(const char *words)
{
    return strstr_in((const char *)start_info->cmd_line, words);
}

uint64_t told_number(const char *name, uint64_t otherwise)
{
    const char *at = (const char *)start_info->cmd_line;
    uint64_t value = 0;

    for (; *at; at++) {
        if (strncmp(at, name, strlen(name)))
            continue;
        for (at += strlen(name); *at >= '0' && *at <= '9'; at++)
            value = value * 10 + *at - '0';
        return value;
    }
    return otherwise;
}

/* Without the folders above the test's. */
static const char *base_name(const char *path)
{
    const char *name = path, *above = path;

    for (; *path; path++) {
        if (*path == '/') {
            name = above;
            above = path + 1;
        }
    }
    return name;
}

static void failure_note(const char *file, int line, const char *why)
{
    if (!__atomic_fetch_add(&failure.count, 1, __ATOMIC_RELAXED)) {
        failure.file = base_name(file);
        failure.line = line;
        failure.why = why;
    }
}

unsigned int test_failures(void)
{
    return failure.count;
}

noreturn void shutdown(unsigned int reason)
{
    struct sched_shutdown arg = { .reason = reason };

    sched_op(SCHEDOP_shutdown, &arg);
    for (;;)
        sched_op(SCHEDOP_block, NULL);
}

noreturn void verdict(void)
{
    if (failure.count)
        printf("TEST %s: FAIL: %s (%s:%d)%s\n", test_name, failure.why, failure.file, failure.line,
               failure.count > 1 ? ", and others" : "");
    else
        printf("TEST %s: PASS\n", test_name);
    shutdown(SHUTDOWN_reboot);
}

noreturn void skip(const char *why)
{
    if (failure.count)
        verdict();
    printf("TEST %s: SKIP: %s\n", test_name, why);
    shutdown(SHUTDOWN_reboot);
}

noreturn void fail(const char *file, int line, const char *why)
{
    failure_note(file, line, why);
    verdict();
}

void section(const char *what)
{
    printf("  - %s\n", what);
}

bool expect_failed(const char *file, int line, const char *text)
{
    printf("  %s:%d: not true: %s\n", base_name(file), line, text);
    failure_note(file, line, text);
    return false;
}

bool expect_eq(const char *file, int line, const char *text, uint64_t got, uint64_t wanted)
{
    if (got == wanted)
        return true;
    printf("  %s:%d: %s is %ld (0x%lx), not %ld (0x%lx)\n", base_name(file), line, text, (long)got,
           got, (long)wanted, wanted);
    failure_note(file, line, text);
    return false;
}

bool expect_any(const char *file, int line, const char *text, long got, const long *wanted,
                size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (got == wanted[i])
            return true;
    printf("  %s:%d: %s is %ld, none of", base_name(file), line, text, got);
    for (size_t i = 0; i < n; i++)
        printf(" %ld", wanted[i]);
    printf("\n");
    failure_note(file, line, text);
    return false;
}

bool on_tcg(void)
{
    struct cpuid r;

    for (uint32_t leaf = 0x40000000; leaf <= 0x40000400; leaf += 0x100) {
        r = cpuid(leaf, 0);
        if (r.b == 0x54474354)                          /* "TCGT" */
            return true;
    }
    r = cpuid(0x80000002, 0);
    return r.a == 0x554d4551;                           /* "QEMU" */
}
