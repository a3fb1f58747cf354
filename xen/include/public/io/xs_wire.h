/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The xenstore protocol, the same on rings and sockets: a header and a payload in each direction.
 *
 * Paths and texts in a payload are zero-terminated. An answer repeats type, req_id and tx_id, or
 * has type XS_ERROR and the error's name.
 */
#ifndef PUBLIC_IO_XS_WIRE_H
#define PUBLIC_IO_XS_WIRE_H

#define XENSTORE_RING_SIZE   1024
#define XENSTORE_PAYLOAD_MAX 4096           /* bytes, without the header */
#define XENSTORE_ABS_PATH_MAX 3072          /* characters, without the final zero */
#define XENSTORE_REL_PATH_MAX 2048          /* relative to /local/domain/<id> */

/* xenstore_domain_interface.server_features */
#define XENSTORE_SERVER_FEATURE_RECONNECTION 1
#define XENSTORE_SERVER_FEATURE_ERROR        2

/* .connection: the guest sets RECONNECT, the server CONNECTED when indices are 0 again. */
#define XENSTORE_CONNECTED 0
#define XENSTORE_RECONNECT 1

/* .error: why the server stopped serving this ring. */
#define XENSTORE_ERROR_NONE    0
#define XENSTORE_ERROR_COMM    1
#define XENSTORE_ERROR_RINGIDX 2
#define XENSTORE_ERROR_PROTO   3

/* Modes of XS_WRITE in very old clients. */
#define XS_WRITE_NONE        "NONE"
#define XS_WRITE_CREATE      "CREATE"
#define XS_WRITE_CREATE_EXCL "CREATE|EXCL"

#ifndef __ASSEMBLY__
#include <stdint.h>

enum xsd_sockmsg_type {
    XS_CONTROL              = 0,
    XS_DIRECTORY            = 1,
    XS_READ                 = 2,
    XS_GET_PERMS            = 3,
    XS_WATCH                = 4,
    XS_UNWATCH              = 5,
    XS_TRANSACTION_START    = 6,
    XS_TRANSACTION_END      = 7,
    XS_INTRODUCE            = 8,
    XS_RELEASE              = 9,
    XS_GET_DOMAIN_PATH      = 10,
    XS_WRITE                = 11,
    XS_MKDIR                = 12,
    XS_RM                   = 13,
    XS_SET_PERMS            = 14,
    XS_WATCH_EVENT          = 15,           /* from the server, unasked: path, token */
    XS_ERROR                = 16,
    XS_IS_DOMAIN_INTRODUCED = 17,
    XS_RESUME               = 18,
    XS_SET_TARGET           = 19,
    XS_RESET_WATCHES        = 21,
    XS_DIRECTORY_PART       = 22,
    XS_TYPE_COUNT           = 23,
    XS_INVALID              = 0xffff
};
#define XS_DEBUG XS_CONTROL

struct xsd_sockmsg {
    uint32_t type;                          /* XS_* */
    uint32_t req_id;                        /* the client's, 0 in events */
    uint32_t tx_id;                         /* 0 outside a transaction */
    uint32_t len;                           /* bytes that follow */
};

/* The two texts of an event. */
enum xs_watch_type {
    XS_WATCH_PATH  = 0,
    XS_WATCH_TOKEN = 1
};

/* Errors by name; for those who have included an errno.h before. */
struct xsd_errors {
    int errnum;
    const char *errstring;
};

#ifdef EINVAL
#define XSD_ERROR(x) { x, #x }
static const struct xsd_errors xsd_errors[] __attribute__((unused)) = {
    XSD_ERROR(EINVAL),
    XSD_ERROR(EACCES),
    XSD_ERROR(EEXIST),
    XSD_ERROR(EISDIR),
    XSD_ERROR(ENOENT),
    XSD_ERROR(ENOMEM),
    XSD_ERROR(ENOSPC),
    XSD_ERROR(EIO),
    XSD_ERROR(ENOTEMPTY),
    XSD_ERROR(ENOSYS),
    XSD_ERROR(EROFS),
    XSD_ERROR(EBUSY),
    XSD_ERROR(EAGAIN),
    XSD_ERROR(EISCONN),
    XSD_ERROR(E2BIG),
    XSD_ERROR(EPERM),
};
#endif

typedef uint32_t XENSTORE_RING_IDX;
#define MASK_XENSTORE_IDX(idx) ((idx) & (XENSTORE_RING_SIZE - 1))

/* The page a domain shares with xenstored. Indices run free. */
struct xenstore_domain_interface {
    char req[XENSTORE_RING_SIZE];
    char rsp[XENSTORE_RING_SIZE];
    XENSTORE_RING_IDX req_cons, req_prod;
    XENSTORE_RING_IDX rsp_cons, rsp_prod;
    uint32_t server_features;               /* XENSTORE_SERVER_FEATURE_* */
    uint32_t connection;                    /* XENSTORE_CONNECTED, _RECONNECT */
    uint32_t error;                         /* XENSTORE_ERROR_* */
};

#endif /* __ASSEMBLY__ */
#endif
