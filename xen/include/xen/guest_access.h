/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reaching the current guest's memory.  A handle holds an address, never something to dereference.
 * Each function returns the number of bytes (or elements) NOT copied: 0 is success.  What was read
 * is a private copy: check it, use it, never read it again.
 */
#ifndef XEN_GUEST_ACCESS_H
#define XEN_GUEST_ACCESS_H

#include <public/xen.h>
#include <xen/types.h>

unsigned long copy_from_guest_va(void *to, uint64_t va, size_t n) must_check;
unsigned long copy_to_guest_va(uint64_t va, const void *from, size_t n) must_check;
unsigned long clear_guest_va(uint64_t va, size_t n) must_check;

/* Not ours: says nothing about whether it is mapped. */
bool guest_va_ok(uint64_t va, size_t n);

/* hnd is a XEN_GUEST_HANDLE: struct { type *p; }.  n counts elements. */
#define guest_handle_is_null(hnd) ((hnd).p == NULL)
#define guest_handle_add(hnd, n) ((hnd).p += (n))
#define copy_from_guest(ptr, hnd, n) \
    copy_from_guest_va((ptr), (uint64_t)(hnd).p, sizeof(*(ptr)) * (n))
#define copy_to_guest(hnd, ptr, n) \
    copy_to_guest_va((uint64_t)(hnd).p, (ptr), sizeof(*(ptr)) * (n))
#define copy_from_guest_offset(ptr, hnd, off, n)                                    \
    copy_from_guest_va((ptr), (uint64_t)(hnd).p + (uint64_t)(off) * sizeof(*(ptr)), \
                       sizeof(*(ptr)) * (n))
#define copy_to_guest_offset(hnd, off, ptr, n)                                    \
    copy_to_guest_va((uint64_t)(hnd).p + (uint64_t)(off) * sizeof(*(ptr)), (ptr), \
                     sizeof(*(ptr)) * (n))
/* A hypercall handler's argument: an address in a register, seen as a handle. */
#define copy_arg_from_guest(ptr, va) copy_from_guest_va((ptr), (va), sizeof(*(ptr)))
#define copy_arg_to_guest(va, ptr) copy_to_guest_va((va), (ptr), sizeof(*(ptr)))

#endif
