/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two kinds of promise.  assert() states an invariant and is compiled out of release builds;
 * check() is what must hold in every build, or the machine is not safe to run on.  Neither may have
 * a side effect, and neither is ever applied to a value a guest controls.
 */
#ifndef XEN_ASSERT_H
#define XEN_ASSERT_H

void __attribute__((__noreturn__, __cold__))
assertion_failed(const char *what, const char *file, int line);

#define check(c)                                           \
    do {                                                   \
        if (__builtin_expect(!(c), 0))                     \
            assertion_failed(#c, __FILE_NAME__, __LINE__); \
    } while (0)

#ifndef NDEBUG
#define assert(c) check(c)
#else
#define assert(c) ((void)sizeof(c))
#endif

#define unreachable(why) assertion_failed(why, __FILE_NAME__, __LINE__)

#endif
