/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The state of one end of a device, in its "state" key. Front and back each move their own and
 * watch the other's: 1, 2 (back), 3 (front), 4, and 5, 6 on the way out.
 */
#ifndef PUBLIC_IO_XENBUS_H
#define PUBLIC_IO_XENBUS_H

#ifndef __ASSEMBLY__

enum xenbus_state {
    XenbusStateUnknown       = 0,
    XenbusStateInitialising  = 1,
    XenbusStateInitWait      = 2,   /* waits for what the other end has to write */
    XenbusStateInitialised   = 3,   /* has written it */
    XenbusStateConnected     = 4,
    XenbusStateClosing       = 5,
    XenbusStateClosed        = 6,
    XenbusStateReconfiguring = 7,   /* PCI: devices come or go */
    XenbusStateReconfigured  = 8
};
typedef enum xenbus_state XenbusState;

#endif /* __ASSEMBLY__ */
#endif
