/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hypervisor's message ring as one text.
 */
#include <base/buffer.h>
#include <xc/xc.h>

#include "host.h"

#define PIECE 16384

int host_messages(struct xc *xc, bool clear, char **text)
{
    struct buffer all = { 0 };
    uint32_t index = 0;

    for (;;) {
        uint32_t size = PIECE;
        int rc = xc_console_read(xc, buffer_room(&all, PIECE), &size, false, true, &index);

        if (rc) {
            buffer_free(&all);
            return rc;
        }
        if (!size)
            break;
        buffer_grow(&all, size);
    }
    if (clear) {
        char last[1];
        uint32_t size = sizeof(last);

        xc_console_read(xc, last, &size, true, false, &index);
    }
    *text = buffer_detach(&all);
    return 0;
}
