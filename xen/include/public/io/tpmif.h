/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * TPM devices. Protocol 2 ("feature-protocol-v2"): one command and then its answer in a shared
 * page, state telling whose turn it is. The older protocol passed buffers by grants.
 */
#ifndef PUBLIC_IO_TPMIF_H
#define PUBLIC_IO_TPMIF_H

#include "../grant_table.h"

#define TPMIF_TX_RING_SIZE 1

#ifndef __ASSEMBLY__

enum tpmif_state {
    TPMIF_STATE_IDLE,               /* nothing, or an answer is there */
    TPMIF_STATE_SUBMIT,             /* front: a command is there */
    TPMIF_STATE_FINISH,             /* back: the answer is there */
    TPMIF_STATE_CANCEL,             /* front: never mind */
};

struct tpmif_shared_page {
    uint32_t length;                /* bytes of command or answer */
    uint8_t state;                  /* TPMIF_STATE_* */
    uint8_t locality;
    uint8_t pad;                    /* zero */
    uint8_t nr_extra_pages;
    uint32_t extra_pages[];         /* their grants; the data follows */
};
typedef struct tpmif_shared_page tpmif_shared_page_t;

struct tpmif_tx_request {
    unsigned long addr;
    grant_ref_t ref;
    uint16_t unused;
    uint16_t size;
};
typedef struct tpmif_tx_request tpmif_tx_request_t;

typedef uint32_t TPMIF_RING_IDX;

struct tpmif_ring {
    struct tpmif_tx_request req;
};
typedef struct tpmif_ring tpmif_ring_t;

struct tpmif_tx_interface {
    struct tpmif_ring ring[TPMIF_TX_RING_SIZE];
};
typedef struct tpmif_tx_interface tpmif_tx_interface_t;

#endif /* __ASSEMBLY__ */
#endif
