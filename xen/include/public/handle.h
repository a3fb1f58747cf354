/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Guest handles: typed pointers into the memory of whoever issues a hypercall.
 *
 * In memory a handle is one pointer; as a type it is a structure of its own per element type, so
 * that it cannot be dereferenced by accident nor confused with a handle of another element.
 */
#ifndef PUBLIC_HANDLE_H
#define PUBLIC_HANDLE_H

#ifndef __ASSEMBLY__
#include <stdint.h>

/* The type of a handle, in a structure and as a hypercall's argument; on x86 both are the same. */
#define __XEN_GUEST_HANDLE(name) __guest_handle_##name
#define XEN_GUEST_HANDLE(name) __XEN_GUEST_HANDLE(name)
#define XEN_GUEST_HANDLE_PARAM(name) XEN_GUEST_HANDLE(name)

/* Each definition makes a pair: the handle, and one whose element is const. */
#define ___DEFINE_XEN_GUEST_HANDLE(name, type) typedef struct { type *p; } __guest_handle_##name
#define __DEFINE_XEN_GUEST_HANDLE(name, type) \
    ___DEFINE_XEN_GUEST_HANDLE(name, type); \
    ___DEFINE_XEN_GUEST_HANDLE(const_##name, const type)
#define DEFINE_XEN_GUEST_HANDLE(name) __DEFINE_XEN_GUEST_HANDLE(name, name)

#define set_xen_guest_handle_raw(hnd, val) do { (hnd).p = val; } while (0)
#define set_xen_guest_handle(hnd, val) set_xen_guest_handle_raw(hnd, val)

/*
 * What nearly every structure of the ABI has beside its tag: the name "tag_t" and a handle to it.
 */
#define XEN_ABI_STRUCT(tag) \
    typedef struct tag tag##_t; \
    DEFINE_XEN_GUEST_HANDLE(tag##_t)

/* The same where the type's name is not the tag with "_t". */
#define XEN_ABI_STRUCT_AS(tag, type) \
    typedef struct tag type; \
    DEFINE_XEN_GUEST_HANDLE(type)

#endif /* __ASSEMBLY__ */
#endif
