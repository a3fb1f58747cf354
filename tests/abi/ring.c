/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Drives the macros of io/ring.h with a fixed sequence of pseudo-random numbers and prints what
 * they yield. Compiled against either tree, the two outputs must be the same.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define xen_mb() __sync_synchronize()
#define xen_rmb() __sync_synchronize()
#define xen_wmb() __sync_synchronize()
typedef uint32_t grant_ref_t;
#include RING_H

struct test_request {
    uint32_t id, data[4];
};
struct test_response {
    uint32_t id;
};

DEFINE_RING_TYPES(test, struct test_request, struct test_response);
DEFINE_XEN_FLEX_RING_AND_INTF(flow);

static uint32_t seed = 12345;

static uint32_t draw(uint32_t below)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % below;
}

static _Alignas(4096) unsigned char page[4096];

static void front_step(test_front_ring_t *front, uint32_t *id)
{
    for (uint32_t n = draw(6); n && !RING_FULL(front); n--) {
        RING_GET_REQUEST(front, front->req_prod_pvt)->id = (*id)++;
        front->req_prod_pvt++;
    }
    int notify;
    RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(front, notify);
    printf("front pushed %u notify %d free %u\n", front->sring->req_prod, notify,
           RING_FREE_REQUESTS(front));
    int more;
    RING_FINAL_CHECK_FOR_RESPONSES(front, more);
    uint32_t waiting = RING_HAS_UNCONSUMED_RESPONSES(front);
    printf("front more %d waiting %u event %u\n", !!more, waiting, front->sring->rsp_event);
    for (uint32_t n = draw(waiting + 1); n; n--) {
        struct test_response response;
        RING_COPY_RESPONSE(front, front->rsp_cons, &response);
        printf("front got %u\n", response.id);
        front->rsp_cons++;
    }
}

static void back_step(test_back_ring_t *back)
{
    int more;
    RING_FINAL_CHECK_FOR_REQUESTS(back, more);
    uint32_t waiting = RING_HAS_UNCONSUMED_REQUESTS(back);
    printf("back more %d waiting %u event %u overflow %d %d\n", !!more, waiting,
           back->sring->req_event, RING_REQUEST_PROD_OVERFLOW(back, back->sring->req_prod),
           RING_REQUEST_CONS_OVERFLOW(back, back->req_cons + draw(64)));
    for (uint32_t n = draw(waiting + 1); n; n--) {
        struct test_request request;
        RING_COPY_REQUEST(back, back->req_cons, &request);
        back->req_cons++;
        RING_GET_RESPONSE(back, back->rsp_prod_pvt)->id = request.id ^ 0x8000;
        back->rsp_prod_pvt++;
    }
    int notify;
    RING_PUSH_RESPONSES_AND_CHECK_NOTIFY(back, notify);
    printf("back pushed %u notify %d\n", back->sring->rsp_prod, notify);
}

static void requests_and_responses(void)
{
    struct test_sring *sring = (struct test_sring *)page;
    test_front_ring_t front;
    test_back_ring_t back;
    SHARED_RING_INIT(sring);
    FRONT_RING_INIT(&front, sring, 4096);
    BACK_RING_ATTACH(&back, sring, 0, 4096);
    printf("slots %u %u constant %u\n", RING_SIZE(&front), RING_SIZE(&back),
           (unsigned int)__CONST_RING_SIZE(test, 65536));
    uint32_t id = 1;
    for (int i = 0; i < 300; i++) {
        front_step(&front, &id);
        back_step(&back);
        printf("broken back %d\n",
               RING_RESPONSE_PROD_OVERFLOW(&front, sring->rsp_prod + draw(40)));
    }
    sring->req_prod += 100000;      /* a front that lies */
    printf("lie %d %u\n", RING_REQUEST_PROD_OVERFLOW(&back, sring->req_prod),
           XEN_RING_NR_UNCONSUMED_REQUESTS(&back));
}

static void bytes(void)
{
    RING_IDX size = XEN_FLEX_RING_SIZE(1), prod = 0xfffff000, cons = 0xfffff000;
    unsigned char out[600], in[600];
    for (int i = 0; i < 300; i++) {
        uint32_t n = draw(sizeof(out));
        RING_IDX masked_prod = flow_mask(prod, size), masked_cons = flow_mask(cons, size);
        if (n <= size - flow_queued(prod, cons, size)) {
            for (uint32_t j = 0; j < n; j++)
                out[j] = draw(256);
            flow_write_packet(page, out, n, &masked_prod, masked_cons, size);
            prod += n;
        }
        uint32_t queued = flow_queued(prod, cons, size);
        printf("prod %x cons %x masked %x queued %u\n", prod, cons, masked_prod, queued);
        n = draw((queued < sizeof(in) ? queued : sizeof(in)) + 1);
        flow_read_packet(in, page, n, masked_prod, &masked_cons, size);
        cons += n;
        uint32_t sum = 0;
        for (uint32_t j = 0; j < n; j++)
            sum = sum * 31 + in[j];
        printf("read %u sum %x at %td\n", n, sum, flow_get_ring_ptr(page, cons, size) - page);
    }
    printf("full %u empty %u\n", flow_queued(size, 0, size), flow_queued(size, size, size));
}

int main(void)
{
    requests_and_responses();
    bytes();
    return 0;
}
