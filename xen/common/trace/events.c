/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Events whose records are more than a few words: what is recorded of each.  Only reached while
 * somebody traces.
 */
#include <public/xen.h>
#include <xen/domain.h>
#include <xen/trace.h>

#include "private.h"

void trace_put(uint32_t event, unsigned int words, uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
    trace_write(event, words, (const uint32_t[]){ a, b, c, d });
}

/* Words: a, then b, then c as far as they fit; with three words c follows a. */
void trace_put_long(uint32_t event, unsigned int words, uint64_t a, uint64_t b, uint32_t c)
{
    const uint32_t two[] = { (uint32_t)a, (uint32_t)(a >> 32), c };
    const uint32_t all[] = { (uint32_t)a, (uint32_t)(a >> 32), (uint32_t)b, (uint32_t)(b >> 32),
                             c };

    trace_write(event, words, words <= 3 ? two : all);
}

void trace_put_vcpu(uint32_t event, const struct vcpu *v, uint32_t more, unsigned int words)
{
    trace_write(event, words, (const uint32_t[]){ v->domain->id, v->vcpu_id, more });
}

/* Which states is part of the event's number. */
void trace_put_runstate(const struct vcpu *v, int from, int to)
{
    if (from == to)
        return;
    uint32_t event =
        TRC_SCHED_RUNSTATE_CHANGE + ((uint32_t)from << 8) + ((uint32_t)to << 4);
    trace_write(event, 1, (const uint32_t[]){ (uint32_t)v->domain->id << 16 | v->vcpu_id });
}

void trace_put_runstate_kept(const struct vcpu *v)
{
    trace_write(TRC_SCHED_CONTINUE_RUNNING, 1,
                (const uint32_t[]){ (uint32_t)v->domain->id << 16 | v->vcpu_id });
}

void trace_put_table_write(uint64_t entry, uint64_t address, uint64_t rip)
{
    const uint32_t data[] = { (uint32_t)entry, (uint32_t)(entry >> 32), (uint32_t)address,
                              (uint32_t)(address >> 32), (uint32_t)rip, (uint32_t)(rip >> 32) };
    trace_write(TRC_PV_PTWR_EMULATION_PAE | TRC_64_FLAG, 6, data);
}

void trace_put_placed(domid_t domid, uint64_t gfn, uint64_t mfn, unsigned int order)
{
    const uint32_t data[] = { (uint32_t)gfn, (uint32_t)(gfn >> 32), (uint32_t)mfn,
                              (uint32_t)(mfn >> 32), 0, domid | order << 16 };
    trace_write(TRC_MEM_SET_P2M_ENTRY, 6, data);
}

/* Which of a hypercall's arguments tell something, and how wide they are. */
#define ARG32(i) (TRC_PV_HYPERCALL_V2_ARG_32(i) >> 20)
#define ARG64(i) (TRC_PV_HYPERCALL_V2_ARG_64(i) >> 20)

static const uint16_t telling[64] = {
    [__HYPERVISOR_mmu_update]         = ARG64(0) | ARG32(1) | ARG32(3),
    [__HYPERVISOR_multicall]          = ARG64(0) | ARG32(1),
    [__HYPERVISOR_memory_op]          = ARG32(0) | ARG64(1),
    [__HYPERVISOR_update_va_mapping]  = ARG64(0) | ARG64(1) | ARG32(2),
    [__HYPERVISOR_grant_table_op]     = ARG32(0) | ARG64(1) | ARG32(2),
    [__HYPERVISOR_vcpu_op]            = ARG32(0) | ARG32(1) | ARG64(2),
    [__HYPERVISOR_mmuext_op]          = ARG64(0) | ARG32(1) | ARG32(3),
    [__HYPERVISOR_sched_op]           = ARG32(0) | ARG64(1),
    [__HYPERVISOR_event_channel_op]   = ARG32(0) | ARG64(1),
    [__HYPERVISOR_physdev_op]         = ARG32(0) | ARG64(1),
    [__HYPERVISOR_console_io]         = ARG32(0) | ARG32(1),
    [__HYPERVISOR_xen_version]        = ARG32(0),
    [__HYPERVISOR_vm_assist]          = ARG32(0) | ARG32(1),
    [__HYPERVISOR_set_timer_op]       = ARG64(0),
    [__HYPERVISOR_set_segment_base]   = ARG32(0) | ARG64(1),
    [__HYPERVISOR_stack_switch]       = ARG32(0) | ARG64(1),
    [__HYPERVISOR_fpu_taskswitch]     = ARG32(0),
    [__HYPERVISOR_update_descriptor]  = ARG64(0) | ARG64(1),
};

void trace_put_hypercall(uint32_t event, uint64_t nr, const uint64_t *args)
{
    uint32_t kinds = nr < 64 ? telling[nr] : 0, data[TRACE_EXTRA_MAX];
    unsigned int n = 0;

    data[n++] = (uint32_t)(nr & 0xfffff) | kinds << 20;
    for (unsigned int i = 0; i < 4; i++) {
        uint32_t kind = kinds >> (2 * i) & 3;
        if (kind)
            data[n++] = (uint32_t)args[i];
        if (kind == 2)
            data[n++] = (uint32_t)(args[i] >> 32);
    }
    trace_write(event, n, data);
}
