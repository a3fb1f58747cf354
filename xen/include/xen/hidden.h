/* SPDX-License-Identifier: GPL-2.0-only */
/* Included before everything else: all symbols, declarations too, are resolved inside the image, so
 * no access goes through a GOT. */
#pragma GCC visibility push(hidden)
