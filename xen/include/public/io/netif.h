/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Network devices: a ring to send and one to receive, per queue, and one for control.
 *
 * A packet takes a chain of slots. On the way out the first slot has the size of the whole packet,
 * then come extra-info slots while the flag says so, then the other fragments. A received packet is
 * chained by more_data as well, each slot with the size of its part in status.
 */
#ifndef PUBLIC_IO_NETIF_H
#define PUBLIC_IO_NETIF_H

#include "ring.h"
#include "../grant_table.h"

#define XEN_NETIF_NR_SLOTS_MIN 18       /* a back takes at least so many slots per packet */
#define XEN_NETIF_MAX_TX_SIZE  0xFFFF

/* netif_tx_request.flags */
#define _NETTXF_csum_blank     (0)      /* protocol checksum still to be filled in */
#define NETTXF_csum_blank      (xen_mk_uint(1)<<_NETTXF_csum_blank)
#define _NETTXF_data_validated (1)
#define NETTXF_data_validated  (xen_mk_uint(1)<<_NETTXF_data_validated)
#define _NETTXF_more_data      (2)
#define NETTXF_more_data       (xen_mk_uint(1)<<_NETTXF_more_data)
#define _NETTXF_extra_info     (3)
#define NETTXF_extra_info      (xen_mk_uint(1)<<_NETTXF_extra_info)

/* netif_rx_response.flags */
#define _NETRXF_data_validated (0)
#define NETRXF_data_validated  (xen_mk_uint(1)<<_NETRXF_data_validated)
#define _NETRXF_csum_blank     (1)
#define NETRXF_csum_blank      (xen_mk_uint(1)<<_NETRXF_csum_blank)
#define _NETRXF_more_data      (2)
#define NETRXF_more_data       (xen_mk_uint(1)<<_NETRXF_more_data)
#define _NETRXF_extra_info     (3)
#define NETRXF_extra_info      (xen_mk_uint(1)<<_NETRXF_extra_info)
#define _NETRXF_gso_prefix     (4)
#define NETRXF_gso_prefix      (xen_mk_uint(1)<<_NETRXF_gso_prefix)

/* status of responses, if not a size */
#define NETIF_RSP_DROPPED -2
#define NETIF_RSP_ERROR   -1
#define NETIF_RSP_OKAY     0
#define NETIF_RSP_NULL     1            /* for a slot of extra info */

/* netif_extra_info.type, .flags */
#define XEN_NETIF_EXTRA_TYPE_NONE      (0)
#define XEN_NETIF_EXTRA_TYPE_GSO       (1)
#define XEN_NETIF_EXTRA_TYPE_MCAST_ADD (2)
#define XEN_NETIF_EXTRA_TYPE_MCAST_DEL (3)
#define XEN_NETIF_EXTRA_TYPE_HASH      (4)
#define XEN_NETIF_EXTRA_TYPE_MAX       (5)
#define _XEN_NETIF_EXTRA_FLAG_MORE (0)
#define XEN_NETIF_EXTRA_FLAG_MORE  (xen_mk_uint(1)<<_XEN_NETIF_EXTRA_FLAG_MORE)

#define XEN_NETIF_GSO_TYPE_NONE  (0)
#define XEN_NETIF_GSO_TYPE_TCPV4 (1)
#define XEN_NETIF_GSO_TYPE_TCPV6 (2)

/* Hashes that spread packets over queues. */
#define _XEN_NETIF_CTRL_HASH_TYPE_IPV4     0
#define XEN_NETIF_CTRL_HASH_TYPE_IPV4      (1 << _XEN_NETIF_CTRL_HASH_TYPE_IPV4)
#define _XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP 1
#define XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP  (1 << _XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP)
#define _XEN_NETIF_CTRL_HASH_TYPE_IPV6     2
#define XEN_NETIF_CTRL_HASH_TYPE_IPV6      (1 << _XEN_NETIF_CTRL_HASH_TYPE_IPV6)
#define _XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP 3
#define XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP  (1 << _XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP)
#define XEN_NETIF_CTRL_HASH_ALGORITHM_NONE     0
#define XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ 1

/* Control ring. */
#define XEN_NETIF_CTRL_TYPE_INVALID               0
#define XEN_NETIF_CTRL_TYPE_GET_HASH_FLAGS        1
#define XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS        2
#define XEN_NETIF_CTRL_TYPE_SET_HASH_KEY          3
#define XEN_NETIF_CTRL_TYPE_GET_HASH_MAPPING_SIZE 4
#define XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE 5
#define XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING      6
#define XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM    7
#define XEN_NETIF_CTRL_TYPE_GET_GREF_MAPPING_SIZE 8
#define XEN_NETIF_CTRL_TYPE_ADD_GREF_MAPPING      9
#define XEN_NETIF_CTRL_TYPE_DEL_GREF_MAPPING      10

#define XEN_NETIF_CTRL_STATUS_SUCCESS           0
#define XEN_NETIF_CTRL_STATUS_NOT_SUPPORTED     1
#define XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER 2
#define XEN_NETIF_CTRL_STATUS_BUFFER_OVERFLOW   3

#define _XEN_NETIF_CTRLF_GREF_readonly 0
#define XEN_NETIF_CTRLF_GREF_readonly  (xen_mk_uint(1)<<_XEN_NETIF_CTRLF_GREF_readonly)

#ifndef __ASSEMBLY__

struct netif_tx_request {
    grant_ref_t gref;
    uint16_t offset;
    uint16_t flags;                 /* NETTXF_* */
    uint16_t id;                    /* comes back in the response */
    uint16_t size;
};
typedef struct netif_tx_request netif_tx_request_t;

struct netif_tx_response {
    uint16_t id;
    int16_t status;                 /* NETIF_RSP_* */
};
typedef struct netif_tx_response netif_tx_response_t;

/* In place of a request or response. */
struct netif_extra_info {
    uint8_t type;                   /* XEN_NETIF_EXTRA_TYPE_* */
    uint8_t flags;                  /* XEN_NETIF_EXTRA_FLAG_* */
    union {
        struct {
            uint16_t size;          /* payload of one segment */
            uint8_t type;           /* XEN_NETIF_GSO_TYPE_* */
            uint8_t pad;
            uint16_t features;      /* zero */
        } gso;
        struct {
            uint8_t addr[6];
        } mcast;
        struct {
            uint8_t type;           /* bit number of XEN_NETIF_CTRL_HASH_TYPE_* */
            uint8_t algorithm;
            uint8_t value[4];
        } hash;
        uint16_t pad[3];
    } u;
};
typedef struct netif_extra_info netif_extra_info_t;

struct netif_rx_request {
    uint16_t id;
    uint16_t pad;
    grant_ref_t gref;
};
typedef struct netif_rx_request netif_rx_request_t;

struct netif_rx_response {
    uint16_t id;
    uint16_t offset;
    uint16_t flags;                 /* NETRXF_* */
    int16_t status;                 /* bytes, or NETIF_RSP_* */
};
typedef struct netif_rx_response netif_rx_response_t;

struct xen_netif_ctrl_request {
    uint16_t id;
    uint16_t type;                  /* XEN_NETIF_CTRL_TYPE_* */
    uint32_t data[3];
};

struct xen_netif_ctrl_response {
    uint16_t id;
    uint16_t type;
    uint32_t status;                /* XEN_NETIF_CTRL_STATUS_* */
    uint32_t data;
};

/* An element of the page that ADD and DEL_GREF_MAPPING pass. */
struct xen_netif_gref {
    grant_ref_t ref;
    uint16_t flags;                 /* XEN_NETIF_CTRLF_GREF_* */
    uint16_t status;                /* out */
};

DEFINE_RING_TYPES(netif_tx, struct netif_tx_request, struct netif_tx_response);
DEFINE_RING_TYPES(netif_rx, struct netif_rx_request, struct netif_rx_response);
DEFINE_RING_TYPES(xen_netif_ctrl, struct xen_netif_ctrl_request, struct xen_netif_ctrl_response);

#endif /* __ASSEMBLY__ */
#endif
