/* SPDX-License-Identifier: GPL-2.0-only */
/* Instructions that may fault on a guest's account: where to go on when they do.  Positions are
 * relative. */
#ifndef ASM_EXTABLE_H
#define ASM_EXTABLE_H

#define EXTABLE(from, to) \
    ".pushsection .extable, \"a\", @progbits\n" \
    ".long " from " - ., " to " - .\n" \
    ".popsection\n"

#endif
