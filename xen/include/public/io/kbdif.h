/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Keyboards, mice, touch screens: a page with a queue of events to the front, and one back that
 * nobody uses. Key codes are Linux's. An unknown event is skipped.
 */
#ifndef PUBLIC_IO_KBDIF_H
#define PUBLIC_IO_KBDIF_H

#define XENKBD_TYPE_MOTION    1
#define XENKBD_TYPE_RESERVED  2
#define XENKBD_TYPE_KEY       3
#define XENKBD_TYPE_POS       4
#define XENKBD_TYPE_MTOUCH    5

/* xenkbd_mtouch.event_type */
#define XENKBD_MT_EV_DOWN     0
#define XENKBD_MT_EV_UP       1
#define XENKBD_MT_EV_MOTION   2
#define XENKBD_MT_EV_SYN      3     /* end of what belongs together */
#define XENKBD_MT_EV_SHAPE    4
#define XENKBD_MT_EV_ORIENT   5

/* Keys in xenstore: what the back offers, what the front wants, and how they meet. */
#define XENKBD_DRIVER_NAME "vkbd"
#define XENKBD_FIELD_FEAT_DSBL_KEYBRD  "feature-disable-keyboard"
#define XENKBD_FIELD_FEAT_DSBL_POINTER "feature-disable-pointer"
#define XENKBD_FIELD_FEAT_ABS_POINTER  "feature-abs-pointer"
#define XENKBD_FIELD_FEAT_RAW_POINTER  "feature-raw-pointer"
#define XENKBD_FIELD_FEAT_MTOUCH       "feature-multi-touch"
#define XENKBD_FIELD_REQ_ABS_POINTER   "request-abs-pointer"
#define XENKBD_FIELD_REQ_RAW_POINTER   "request-raw-pointer"
#define XENKBD_FIELD_REQ_MTOUCH        "request-multi-touch"
#define XENKBD_FIELD_RING_GREF         "page-gref"
#define XENKBD_FIELD_RING_REF          "page-ref"
#define XENKBD_FIELD_EVT_CHANNEL       "event-channel"
#define XENKBD_FIELD_WIDTH             "width"
#define XENKBD_FIELD_HEIGHT            "height"
#define XENKBD_FIELD_MT_WIDTH          "multi-touch-width"
#define XENKBD_FIELD_MT_HEIGHT         "multi-touch-height"
#define XENKBD_FIELD_MT_NUM_CONTACTS   "multi-touch-num-contacts"
#define XENKBD_FIELD_UNIQUE_ID         "unique-id"

#define XENKBD_IN_EVENT_SIZE  40
#define XENKBD_IN_RING_SIZE   2048
#define XENKBD_IN_RING_LEN    (XENKBD_IN_RING_SIZE / XENKBD_IN_EVENT_SIZE)
#define XENKBD_IN_RING_OFFS   1024
#define XENKBD_OUT_EVENT_SIZE 40
#define XENKBD_OUT_RING_SIZE  1024
#define XENKBD_OUT_RING_LEN   (XENKBD_OUT_RING_SIZE / XENKBD_OUT_EVENT_SIZE)
#define XENKBD_OUT_RING_OFFS  (XENKBD_IN_RING_OFFS + XENKBD_IN_RING_SIZE)

#ifndef __ASSEMBLY__
#include <stdint.h>

struct xenkbd_motion {
    uint8_t type;
    int32_t rel_x;
    int32_t rel_y;
    int32_t rel_z;                  /* wheel */
};

struct xenkbd_key {
    uint8_t type;
    uint8_t pressed;
    uint32_t keycode;
};

struct xenkbd_position {
    uint8_t type;
    int32_t abs_x;                  /* pixels, or 0 to 32767 when raw */
    int32_t abs_y;
    int32_t rel_z;
};

struct xenkbd_mtouch {
    uint8_t type;
    uint8_t event_type;             /* XENKBD_MT_EV_* */
    uint8_t contact_id;
    uint8_t reserved[5];
    union {
        struct {
            int32_t abs_x;
            int32_t abs_y;
        } pos;
        struct {
            uint32_t major;         /* axes of the ellipse, pixels */
            uint32_t minor;
        } shape;
        int16_t orientation;        /* degrees, clockwise */
    } u;
};

union xenkbd_in_event {
    uint8_t type;
    struct xenkbd_motion motion;
    struct xenkbd_key key;
    struct xenkbd_position pos;
    struct xenkbd_mtouch mtouch;
    char pad[XENKBD_IN_EVENT_SIZE];
};

union xenkbd_out_event {
    uint8_t type;
    char pad[XENKBD_OUT_EVENT_SIZE];
};

struct xenkbd_page {
    uint32_t in_cons, in_prod;
    uint32_t out_cons, out_prod;
};

#define XENKBD_IN_RING(page) ((union xenkbd_in_event *)((char *)(page) + XENKBD_IN_RING_OFFS))
#define XENKBD_IN_RING_REF(page, idx) (XENKBD_IN_RING((page))[(idx) % XENKBD_IN_RING_LEN])
#define XENKBD_OUT_RING(page) ((union xenkbd_out_event *)((char *)(page) + XENKBD_OUT_RING_OFFS))
#define XENKBD_OUT_RING_REF(page, idx) (XENKBD_OUT_RING((page))[(idx) % XENKBD_OUT_RING_LEN])

#endif /* __ASSEMBLY__ */
#endif
