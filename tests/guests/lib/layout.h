/* SPDX-License-Identifier: GPL-2.0-only */
/* What holds for start_info whatever the kernel's notes ask for. */
#ifndef GUEST_LAYOUT_H
#define GUEST_LAYOUT_H

extern char kernel_start[], kernel_end[];

void layout_check(void);

/* The pattern that tests/guests/run puts into modules. */
static inline unsigned char module_byte(unsigned long i)
{
    return i * 7 + i / 256;
}

#endif
