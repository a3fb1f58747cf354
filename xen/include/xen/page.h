/* SPDX-License-Identifier: GPL-2.0-only */
/* Page sizes and the direct map: the common face of asm/page.h. */
#ifndef XEN_PAGE_H
#define XEN_PAGE_H
#include <asm/page.h>
#endif
