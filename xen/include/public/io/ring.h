/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Rings in a shared page, the carrier of most split drivers.
 *
 * Requests go from front to back, responses the other way, through the same slots. Producer indices
 * are public and only grow; each end keeps its consumer index to itself. An index becomes visible
 * after what it covers, by a write barrier, and the other end's "event" says at which index it
 * wants to be woken.
 *
 * The includer supplies xen_mb(), xen_rmb(), xen_wmb(), and memset() or memcpy() if it uses what
 * needs them. The other end may write anything at any time: copy an element before looking at it.
 */
#ifndef PUBLIC_IO_RING_H
#define PUBLIC_IO_RING_H

#include "../xen-compat.h"

#ifndef __ASSEMBLY__
#include <stddef.h>
#include <stdint.h>

typedef unsigned int RING_IDX;

/* Slots that fit in a page of the given size: the power of two at or below. */
#define XEN_RING_ROUND(n) (1U << (31 - __builtin_clz((unsigned int)(n))))
#define __CONST_RING_SIZE(_s, _sz) \
    XEN_RING_ROUND(((_sz) - offsetof(struct _s##_sring, ring)) / \
                   sizeof(((struct _s##_sring *)0)->ring[0]))
#define __RING_SIZE(_s, _sz) \
    XEN_RING_ROUND(((_sz) - ((char *)(_s)->ring - (char *)(_s))) / sizeof((_s)->ring[0]))

/* The types of a ring called name: the shared page, and what each end keeps for itself. */
#define DEFINE_RING_TYPES(__name, __req_t, __rsp_t) \
    union __name##_sring_entry { \
        __req_t req; \
        __rsp_t rsp; \
    }; \
    struct __name##_sring { \
        RING_IDX req_prod, req_event; \
        RING_IDX rsp_prod, rsp_event; \
        union { \
            struct { \
                uint8_t smartpoll_active; \
            } netif; \
            struct { \
                uint8_t msg; \
            } tapif_user; \
            uint8_t pvt_pad[4]; \
        } pvt; \
        uint8_t __pad[44]; \
        union __name##_sring_entry ring[1]; \
    }; \
    struct __name##_front_ring { \
        RING_IDX req_prod_pvt; \
        RING_IDX rsp_cons; \
        unsigned int nr_ents; \
        struct __name##_sring *sring; \
    }; \
    struct __name##_back_ring { \
        RING_IDX rsp_prod_pvt; \
        RING_IDX req_cons; \
        unsigned int nr_ents; \
        struct __name##_sring *sring; \
    }; \
    typedef struct __name##_sring __name##_sring_t; \
    typedef struct __name##_front_ring __name##_front_ring_t; \
    typedef struct __name##_back_ring __name##_back_ring_t

/* ---- Beginning ------------------------------------------------------------------------------- */

/* The front does this once; both indices of a new ring are 0 and ask for the first event. */
#define SHARED_RING_INIT(_s) \
    do { \
        (void)memset((_s), 0, offsetof(__typeof__(*(_s)), ring)); \
        (_s)->req_event = (_s)->rsp_event = 1; \
    } while (0)

/* Each end joins at an index, the same for both kinds. */
#define XEN_RING_ATTACH(_r, _s, _prod, _cons, _i, _size) \
    do { \
        (_r)->_prod = (_r)->_cons = (_i); \
        (_r)->nr_ents = __RING_SIZE(_s, _size); \
        (_r)->sring = (_s); \
    } while (0)
#define FRONT_RING_ATTACH(_r, _s, _i, __size) \
    XEN_RING_ATTACH(_r, _s, req_prod_pvt, rsp_cons, _i, __size)
#define BACK_RING_ATTACH(_r, _s, _i, __size) \
    XEN_RING_ATTACH(_r, _s, rsp_prod_pvt, req_cons, _i, __size)
#define FRONT_RING_INIT(_r, _s, __size) FRONT_RING_ATTACH(_r, _s, 0, __size)
#define BACK_RING_INIT(_r, _s, __size) BACK_RING_ATTACH(_r, _s, 0, __size)
#define XEN_FRONT_RING_INIT(r, s, size) \
    do { \
        SHARED_RING_INIT(s); \
        FRONT_RING_INIT(r, s, size); \
    } while (0)

/* ---- Elements -------------------------------------------------------------------------------- */

#define RING_SIZE(_r) ((_r)->nr_ents)
#define XEN_RING_SLOT(_r, _idx) ((_r)->sring->ring[(_idx) & (RING_SIZE(_r) - 1)])
#define RING_GET_REQUEST(_r, _idx) (&XEN_RING_SLOT(_r, _idx).req)
#define RING_GET_RESPONSE(_r, _idx) (&XEN_RING_SLOT(_r, _idx).rsp)

/* Volatile, so that the compiler does not read the page again later. */
#define RING_COPY_(type, r, idx, dest) \
    do { \
        *(dest) = *(volatile __typeof__(dest))RING_GET_##type(r, idx); \
    } while (0)
#define RING_COPY_REQUEST(r, idx, req) RING_COPY_(REQUEST, r, idx, req)
#define RING_COPY_RESPONSE(r, idx, rsp) RING_COPY_(RESPONSE, r, idx, rsp)

/* ---- How full -------------------------------------------------------------------------------- */

#define RING_FREE_REQUESTS(_r) (RING_SIZE(_r) - ((_r)->req_prod_pvt - (_r)->rsp_cons))
#define RING_FULL(_r) (RING_FREE_REQUESTS(_r) == 0)

/* Never more requests than there is room for answers, whatever the front's index claims. */
#define XEN_RING_NR_UNCONSUMED_RESPONSES(_r) ((_r)->sring->rsp_prod - (_r)->rsp_cons)
#define XEN_RING_NR_UNCONSUMED_REQUESTS(_r) ({ \
    unsigned int xr_claimed = (_r)->sring->req_prod - (_r)->req_cons; \
    unsigned int xr_room = RING_SIZE(_r) - ((_r)->req_cons - (_r)->rsp_prod_pvt); \
    xr_claimed < xr_room ? xr_claimed : xr_room; \
})
#ifdef XEN_RING_HAS_UNCONSUMED_IS_BOOL
#define RING_HAS_UNCONSUMED_RESPONSES(_r) (XEN_RING_NR_UNCONSUMED_RESPONSES(_r) != 0)
#define RING_HAS_UNCONSUMED_REQUESTS(_r) (XEN_RING_NR_UNCONSUMED_REQUESTS(_r) != 0)
#else
#define RING_HAS_UNCONSUMED_RESPONSES(_r) XEN_RING_NR_UNCONSUMED_RESPONSES(_r)
#define RING_HAS_UNCONSUMED_REQUESTS(_r) XEN_RING_NR_UNCONSUMED_REQUESTS(_r)
#endif

/* Would an index run past what can be there? The last two tell a broken front or back. */
#define RING_REQUEST_CONS_OVERFLOW(_r, _cons) (((_cons) - (_r)->rsp_prod_pvt) >= RING_SIZE(_r))
#define RING_REQUEST_PROD_OVERFLOW(_r, _prod) (((_prod) - (_r)->rsp_prod_pvt) > RING_SIZE(_r))
#define RING_RESPONSE_PROD_OVERFLOW(_r, _prod) (((_prod) - (_r)->rsp_cons) > RING_SIZE(_r))

/* ---- Publishing ------------------------------------------------------------------------------ */

#define XEN_RING_PUSH(_r, _prod) \
    do { \
        xen_wmb(); \
        (_r)->sring->_prod = (_r)->_prod##_pvt; \
    } while (0)
#define RING_PUSH_REQUESTS(_r) XEN_RING_PUSH(_r, req_prod)
#define RING_PUSH_RESPONSES(_r) XEN_RING_PUSH(_r, rsp_prod)

/* _notify becomes true if the other end's event lies among what was just published. */
#define XEN_RING_PUSH_NOTIFY(_r, _prod, _event, _notify) \
    do { \
        RING_IDX xr_old = (_r)->sring->_prod; \
        RING_IDX xr_new = (_r)->_prod##_pvt; \
        XEN_RING_PUSH(_r, _prod); \
        xen_mb(); \
        (_notify) = (RING_IDX)(xr_new - (_r)->sring->_event) < (RING_IDX)(xr_new - xr_old); \
    } while (0)
#define RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(_r, _notify) \
    XEN_RING_PUSH_NOTIFY(_r, req_prod, req_event, _notify)
#define RING_PUSH_RESPONSES_AND_CHECK_NOTIFY(_r, _notify) \
    XEN_RING_PUSH_NOTIFY(_r, rsp_prod, rsp_event, _notify)

/*
 * Before sleeping: ask for an event at the next element, then look once more for what raced with
 * it.
 */
#define XEN_RING_FINAL_CHECK(_r, _kind, _event, _cons, _more) \
    do { \
        (_more) = RING_HAS_UNCONSUMED_##_kind(_r); \
        if (!(_more)) { \
            (_r)->sring->_event = (_r)->_cons + 1; \
            xen_mb(); \
            (_more) = RING_HAS_UNCONSUMED_##_kind(_r); \
        } \
    } while (0)
#define RING_FINAL_CHECK_FOR_REQUESTS(_r, _work_to_do) \
    XEN_RING_FINAL_CHECK(_r, REQUESTS, req_event, req_cons, _work_to_do)
#define RING_FINAL_CHECK_FOR_RESPONSES(_r, _work_to_do) \
    XEN_RING_FINAL_CHECK(_r, RESPONSES, rsp_event, rsp_cons, _work_to_do)

/* ---- Byte streams ---------------------------------------------------------------------------- */

/*
 * Two streams in 2^order pages, half of them each, their indices in a page of its own. Indices run
 * free; a stream is reduced to its size, a power of two, when bytes are touched.
 */
#ifndef XEN_PAGE_SHIFT
#define XEN_PAGE_SHIFT 12
#endif
#define XEN_FLEX_RING_SIZE(order) (1UL << ((order) + XEN_PAGE_SHIFT - 1))

#define DEFINE_XEN_FLEX_RING(name) \
    static inline RING_IDX name##_mask(RING_IDX idx, RING_IDX ring_size) { \
        return idx & (ring_size - 1); \
    } \
    static inline unsigned char *name##_get_ring_ptr(unsigned char *buf, RING_IDX idx, \
                                                     RING_IDX ring_size) { \
        return &buf[name##_mask(idx, ring_size)]; \
    } \
    /* Bytes that wait between two free-running indices. */ \
    static inline RING_IDX name##_queued(RING_IDX prod, RING_IDX cons, RING_IDX ring_size) { \
        RING_IDX used = name##_mask(prod - cons, ring_size); \
        return used == 0 && prod != cons ? ring_size : used; \
    } \
    /* The caller made sure that there are, or fit, so many bytes; indices here are reduced. */ \
    static inline void name##_read_packet(void *opaque, const unsigned char *buf, size_t size, \
                                          RING_IDX masked_prod, RING_IDX *masked_cons, \
                                          RING_IDX ring_size) { \
        size_t to_end = ring_size - *masked_cons; \
        size_t first = size < to_end ? size : to_end; \
        (void)masked_prod; \
        memcpy(opaque, &buf[*masked_cons], first); \
        memcpy((unsigned char *)opaque + first, buf, size - first); \
        *masked_cons = name##_mask(*masked_cons + size, ring_size); \
    } \
    static inline void name##_write_packet(unsigned char *buf, const void *opaque, size_t size, \
                                           RING_IDX *masked_prod, RING_IDX masked_cons, \
                                           RING_IDX ring_size) { \
        size_t to_end = ring_size - *masked_prod; \
        size_t first = size < to_end ? size : to_end; \
        (void)masked_cons; \
        memcpy(&buf[*masked_prod], opaque, first); \
        memcpy(buf, (const unsigned char *)opaque + first, size - first); \
        *masked_prod = name##_mask(*masked_prod + size, ring_size); \
    } \
    struct name##_data { \
        unsigned char *in; \
        unsigned char *out; \
    }

#define DEFINE_XEN_FLEX_RING_AND_INTF(name) \
    struct name##_data_intf { \
        RING_IDX in_cons, in_prod; \
        uint8_t pad1[56]; \
        RING_IDX out_cons, out_prod; \
        uint8_t pad2[56]; \
        RING_IDX ring_order; \
        grant_ref_t ref[]; \
    }; \
    DEFINE_XEN_FLEX_RING(name)

#endif /* __ASSEMBLY__ */
#endif
