/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A test's story and its verdict.
 *
 *     TEST("name")
 *     {
 *         section("pinning");
 *         EXPECT_EQ(pin(frame), 0);
 *     }
 *
 * A failed expectation is printed and the test goes on; a failed REQUIRE ends it.  At the end one
 * line is printed, "TEST name: PASS", "FAIL: why (file:line)" or "SKIP: why", and the machine goes
 * down.
 */
#ifndef GUEST_TEST_H
#define GUEST_TEST_H

#include "types.h"

extern const char test_name[];
void test_main(void);
#define TEST(name) \
    const char test_name[] = name; \
    void test_main(void)

void printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
void console_write(const char *text, size_t n);

/* The kernel's command line: whether it has the words; the number behind "name=". */
bool told(const char *words);
uint64_t told_number(const char *name, uint64_t otherwise);

/* Printed when it begins, so that a log without a verdict tells where the test was. */
void section(const char *what);

noreturn void skip(const char *why);
noreturn void fail(const char *file, int line, const char *why);
noreturn void verdict(void);
noreturn void shutdown(unsigned int reason);
unsigned int test_failures(void);       /* so far */

bool expect_failed(const char *file, int line, const char *text);
bool expect_eq(const char *file, int line, const char *text, uint64_t got, uint64_t wanted);
bool expect_any(const char *file, int line, const char *text, long got, const long *wanted,
                size_t n);

/* A failed expectation that needs no condition; a failure that ends the test. */
#define UNEXPECTED(what) expect_failed(__FILE__, __LINE__, what)
#define FAIL(why) fail(__FILE__, __LINE__, why)
#define EXPECT(condition) \
    ((condition) ? true : expect_failed(__FILE__, __LINE__, #condition))
#define EXPECT_EQ(got, wanted) \
    expect_eq(__FILE__, __LINE__, #got, (uint64_t)(got), (uint64_t)(wanted))
/* One of several results, where the ABI leaves the choice. */
#define EXPECT_ANY(got, ...) \
    expect_any(__FILE__, __LINE__, #got, (long)(got), (const long[]){ __VA_ARGS__ }, \
               ARRAY_SIZE(((const long[]){ __VA_ARGS__ })))
/* Any refusal. */
#define EXPECT_ERROR(got)                                                                         \
    ({                                                                                            \
        long got_ = (long)(got);                                                                  \
        got_<0 && got_> - 4096 ? true : expect_eq(__FILE__, __LINE__, #got " refused", got_, -1); \
    })
#define REQUIRE(condition) \
    do { if (!(condition)) fail(__FILE__, __LINE__, #condition); } while (0)
#define REQUIRE_EQ(got, wanted) \
    do { if (!EXPECT_EQ(got, wanted)) verdict(); } while (0)

/* QEMU's interpreter differs from processors in places that a test must know. */
bool on_tcg(void);

#endif
