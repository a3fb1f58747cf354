/* SPDX-License-Identifier: GPL-2.0-only */
/* Event channels: the upcall's scan of the bitmaps, and the operations. */
#include "guest.h"

volatile unsigned int event_count[4096];
volatile unsigned int upcall_count;
void (*event_hook)(void);

static void bit_set(xen_ulong_t *map, unsigned int bit)
{
    asm volatile("lock btsq %1, %0" : "+m"(*map) : "r"((uint64_t)bit) : "memory");
}

static bool bit_clear(xen_ulong_t *map, unsigned int bit)
{
    bool was;

    asm volatile("lock btrq %2, %0" : "+m"(*map), "=@ccc"(was) : "r"((uint64_t)bit) : "memory");
    return was;
}

static bool bit_test(const xen_ulong_t *map, unsigned int bit)
{
    return READ_ONCE(map[bit / 64]) >> bit % 64 & 1;
}

/* Called from the entry of upcalls, upcalls masked. */
void event_upcall(void)
{
    struct vcpu_info *info = vcpu_info();

    upcall_count++;
    if (event_hook) {
        event_hook();
        return;
    }
    while (xchg8(&info->evtchn_upcall_pending, 0)) {
        uint64_t words = xchg64(&info->evtchn_pending_sel, 0);

        for (; words; words &= words - 1) {
            unsigned int word = __builtin_ctzl(words);
            uint64_t ports = shared_info->evtchn_pending[word] & ~shared_info->evtchn_mask[word];

            for (; ports; ports &= ports - 1) {
                unsigned int port = word * 64 + __builtin_ctzl(ports);

                bit_clear(shared_info->evtchn_pending, port);
                event_count[port]++;
            }
        }
    }
}

void event_init(void)
{
    memset(shared_info->evtchn_mask, 0xff, sizeof(shared_info->evtchn_mask));
    REQUIRE_EQ(set_callbacks(event_entry, failsafe_entry, syscall_entry), 0);
}

bool event_pending(evtchn_port_t port)
{
    return bit_test(shared_info->evtchn_pending, port);
}

bool event_take(evtchn_port_t port)
{
    return bit_clear(shared_info->evtchn_pending, port);
}

void event_mask(evtchn_port_t port)
{
    bit_set(shared_info->evtchn_mask, port);
}

bool event_masked(evtchn_port_t port)
{
    return bit_test(shared_info->evtchn_mask, port);
}

void event_unmask(evtchn_port_t port)
{
    struct evtchn_unmask arg = { .port = port };

    EXPECT_EQ(event_channel_op(EVTCHNOP_unmask, &arg), 0);
}

bool event_wait(evtchn_port_t port, uint64_t ns)
{
    uint64_t end = time_now() + ns;
    bool is_over;

    do {
        is_over = time_now() > end;     /* before the look: the host may stop us in between */
        if (event_take(port))
            return true;
        cpu_relax();
    } while (!is_over);
    return false;
}

void upcalls_enable(void)
{
    struct vcpu_info *info = vcpu_info();

    barrier();
    WRITE_ONCE(info->evtchn_upcall_mask, 0);
    barrier();
    if (READ_ONCE(info->evtchn_upcall_pending))
        hypercall(__HYPERVISOR_xen_version, 0, 0, 0, 0, 0);     /* delivers on its way back */
}

void upcalls_disable(void)
{
    WRITE_ONCE(vcpu_info()->evtchn_upcall_mask, 1);
    barrier();
}

long event_alloc_unbound(domid_t dom, domid_t remote)
{
    struct evtchn_alloc_unbound arg = { .dom = dom, .remote_dom = remote };
    long rc = event_channel_op(EVTCHNOP_alloc_unbound, &arg);

    return rc ? rc : (long)arg.port;
}

long event_bind_interdomain(domid_t remote, evtchn_port_t port)
{
    struct evtchn_bind_interdomain arg = { .remote_dom = remote, .remote_port = port };
    long rc = event_channel_op(EVTCHNOP_bind_interdomain, &arg);

    return rc ? rc : (long)arg.local_port;
}

long event_bind_virq(unsigned int virq, unsigned int vcpu)
{
    struct evtchn_bind_virq arg = { .virq = virq, .vcpu = vcpu };
    long rc = event_channel_op(EVTCHNOP_bind_virq, &arg);

    return rc ? rc : (long)arg.port;
}

long event_bind_ipi(unsigned int vcpu)
{
    struct evtchn_bind_ipi arg = { .vcpu = vcpu };
    long rc = event_channel_op(EVTCHNOP_bind_ipi, &arg);

    return rc ? rc : (long)arg.port;
}

long event_bind_vcpu(evtchn_port_t port, unsigned int vcpu)
{
    struct evtchn_bind_vcpu arg = { .port = port, .vcpu = vcpu };

    return event_channel_op(EVTCHNOP_bind_vcpu, &arg);
}

long event_close(evtchn_port_t port)
{
    struct evtchn_close arg = { .port = port };

    return event_channel_op(EVTCHNOP_close, &arg);
}

long event_send(evtchn_port_t port)
{
    struct evtchn_send arg = { .port = port };

    return event_channel_op(EVTCHNOP_send, &arg);
}

long event_status(evtchn_port_t port, struct evtchn_status *status)
{
    memset(status, 0, sizeof(*status));
    status->dom = DOMID_SELF;
    status->port = port;
    return event_channel_op(EVTCHNOP_status, status);
}
