/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The level of the ABI.
 *
 * These headers describe exactly one level, the one of Xen 4.17. Names that older levels used for
 * the same things are not here, so a program that asks for another level is refused at compile
 * time.
 */
#ifndef PUBLIC_XEN_COMPAT_H
#define PUBLIC_XEN_COMPAT_H

#define __XEN_LATEST_INTERFACE_VERSION__ 0x00040e00

#ifndef __XEN_INTERFACE_VERSION__
#define __XEN_INTERFACE_VERSION__ __XEN_LATEST_INTERFACE_VERSION__
#endif

#if __XEN_INTERFACE_VERSION__ != __XEN_LATEST_INTERFACE_VERSION__
#error "only interface version 0x00040e00 is described here"
#endif

#define COMPAT_FLEX_ARRAY_DIM XEN_FLEX_ARRAY_DIM

#endif
