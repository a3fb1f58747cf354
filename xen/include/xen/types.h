/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Numbers that mean different things have different types.
 *
 * A machine frame (mfn), a guest frame (gfn) and a machine address (maddr) are all 64-bit numbers,
 * and mixing them up is the classic hypervisor bug; as one-member structures they do not convert
 * into each other.  The named functions below are the only crossings.
 */
#ifndef XEN_TYPES_H
#define XEN_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lib/errno.h>

typedef struct { uint64_t m; } mfn_t;       /* machine frame number: a 4 KiB page of the host */
/* guest frame number: what a domain calls a page (PV: its mfn) */
typedef struct { uint64_t g; } gfn_t;
typedef struct { uint64_t a; } maddr_t;     /* machine address, bytes */

typedef uint16_t domid_type;

#define INVALID_MFN ((mfn_t){ ~0ULL })
#define INVALID_GFN ((gfn_t){ ~0ULL })

static inline mfn_t mfn_of(uint64_t m) { return (mfn_t){ m }; }
static inline gfn_t gfn_of(uint64_t g) { return (gfn_t){ g }; }
static inline maddr_t maddr_of(uint64_t a) { return (maddr_t){ a }; }
static inline uint64_t mfn_nr(mfn_t m) { return m.m; }
static inline uint64_t gfn_nr(gfn_t g) { return g.g; }
static inline uint64_t maddr_nr(maddr_t a) { return a.a; }
static inline bool mfn_eq(mfn_t a, mfn_t b) { return a.m == b.m; }
static inline bool gfn_eq(gfn_t a, gfn_t b) { return a.g == b.g; }
static inline mfn_t mfn_add(mfn_t m, uint64_t n) { return (mfn_t){ m.m + n }; }
static inline maddr_t mfn_to_maddr(mfn_t m) { return (maddr_t){ m.m << 12 }; }
static inline mfn_t maddr_to_mfn(maddr_t a) { return (mfn_t){ a.a >> 12 }; }

/* Attributes that the whole tree uses. */
#define must_check      __attribute__((warn_unused_result))
#define noreturn        __attribute__((noreturn))
#define packed          __attribute__((packed))
#define aligned(n)      __attribute__((aligned(n)))
#define cold            __attribute__((cold, noinline))
#define always_inline   inline __attribute__((always_inline))
#define printf_like(f, a) __attribute__((format(printf, f, a)))
/* code only used while booting */
#define init_text       __attribute__((section(".init.text"), __cold__))
#define init_data       __attribute__((section(".init.data")))
#define init_const      __attribute__((section(".init.rodata")))
#define read_mostly     __attribute__((section(".data.read_mostly")))
#define likely(x)       __builtin_expect(!!(x), 1)
#define unlikely(x)     __builtin_expect(!!(x), 0)

#endif
