/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a guest can ask: one table, from which dispatch follows.
 *
 * A hypercall arrives with its number in RAX and up to five arguments in RDI RSI RDX R10 R8; the
 * result goes to RAX.  A continuation is the same call made again: new arguments in the registers
 * and RIP back on the SYSCALL instruction; or, inside a multicall, the entry rewritten and the
 * multicall itself continued.
 */
#include <stdarg.h>
#include <xen/arch.h>
#include <xen/assert.h>
#include <xen/bitops.h>
#include <xen/domain.h>
#include <xen/guest_access.h>
#include <xen/hypercall.h>
#include <xen/percpu.h>
#include <xen/perf.h>
#include <xen/softirq.h>
#include <xen/trace.h>

/* DOM0: only the hardware domain may call it (its sub-operations check no further). */
enum { ANY = 0, DOM0 = 1 };

struct row { hypercall_fn fn; const char *name; uint8_t flags; };

#define ROW(n, f, flags_) [__HYPERVISOR_##n] = { (hypercall_fn)(void *)(f), #n, (flags_) }

static const struct row table[64] = {
    ROW(set_trap_table,                 do_set_trap_table,      ANY),
    ROW(mmu_update,                     do_mmu_update,          ANY),
    ROW(set_gdt,                        do_set_gdt,             ANY),
    ROW(stack_switch,                   do_stack_switch,        ANY),
    ROW(set_callbacks,                  do_set_callbacks,       ANY),
    ROW(fpu_taskswitch,                 do_fpu_taskswitch,      ANY),
    ROW(sched_op_compat,                do_sched_op_compat,     ANY),
    ROW(platform_op,                    do_platform_op,         DOM0),
    ROW(set_debugreg,                   do_set_debugreg,        ANY),
    ROW(get_debugreg,                   do_get_debugreg,        ANY),
    ROW(update_descriptor,              do_update_descriptor,   ANY),
    ROW(memory_op,                      do_memory_op,           ANY),
    ROW(multicall,                      do_multicall,           ANY),
    ROW(update_va_mapping,              do_update_va_mapping,   ANY),
    ROW(set_timer_op,                   do_set_timer_op,        ANY),
    ROW(event_channel_op_compat,        do_event_channel_op_compat, ANY),
    ROW(xen_version,                    do_xen_version,         ANY),
    ROW(console_io,                     do_console_io,          ANY),
    ROW(physdev_op_compat,              do_physdev_op_compat,   ANY),
    ROW(grant_table_op,                 do_grant_table_op,      ANY),
    ROW(vm_assist,                      do_vm_assist,           ANY),
    ROW(update_va_mapping_otherdomain,  do_update_va_mapping_otherdomain, ANY),
    ROW(iret,                           do_iret,                ANY),
    ROW(vcpu_op,                        do_vcpu_op,             ANY),
    ROW(set_segment_base,               do_set_segment_base,    ANY),
    ROW(mmuext_op,                      do_mmuext_op,           ANY),
    ROW(nmi_op,                         do_nmi_op,              ANY),
    ROW(sched_op,                       do_sched_op,            ANY),
    ROW(callback_op,                    do_callback_op,         ANY),
    ROW(event_channel_op,               do_event_channel_op,    ANY),
    ROW(sysctl,                         do_sysctl,              ANY),
    ROW(domctl,                         do_domctl,              ANY),
    ROW(physdev_op,                     do_physdev_op,          ANY),
    ROW(arch_0,                         do_mca,                 DOM0),      /* machine checks */
};
/* Not there, and therefore -ENOSYS: acm (xsm_op), xenoprof, kexec, tmem, argo, xenpmu, hypfs, and
 * until they are written hvm_op and dm_op. */

/* Where the running hypercall's arguments go when it wants to be continued. */
struct continuation {
    struct multicall_entry *entry;      /* inside a multicall: its private copy */
    bool continued;                     /* the entry was rewritten: do it again */
};
DEFINE_STATIC_PER_CPU(struct continuation, continuation);

static inline const struct row *find_row(unsigned long nr)
{
    const unsigned long n = sizeof(table) / sizeof(table[0]);

    if (unlikely(nr >= n))
        return NULL;
    const struct row *row = &table[index_nospec(nr, n)];
    return likely(row->fn) ? row : NULL;
}

static void cold trace_call(const struct cpu_user_regs *regs)
{
    const uint64_t args[] = { regs->rdi, regs->rsi, regs->rdx, regs->r10 };

    trace_put_hypercall(TRC_PV_HYPERCALL_V2, regs->rax, args);
}

void hypercall_dispatch(struct cpu_user_regs *regs)
{
    /* First of all: what lives across it must be kept in registers that cost pushes. */
    if (trace_enabled())
        trace_call(regs);
    const struct row *row = find_row(regs->rax);

    if (unlikely(!row)) {
        regs->rax = (uint64_t)-ENOSYS;
        return;
    }
    if (unlikely(row->flags & DOM0) && !current->domain->is_privileged) {
        regs->rax = (uint64_t)-EPERM;
        return;
    }
    perf_count_of(PERF_HYPERCALLS, (unsigned int)regs->rax);
    uint64_t rip = regs->rip;
    long rc = row->fn(regs->rdi, regs->rsi, regs->rdx, regs->r10, regs->r8, 0);
    /* A continuation has set up RAX itself. */
    if (likely(regs->rip == rip || row->fn == (hypercall_fn)(void *)do_iret))
        regs->rax = (uint64_t)rc;
}

bool hypercall_preempt_check(void)
{
    const struct vcpu *v = current;
    return read_once(this_cpu(softirq_pending)) || (!v->is_idle && vcpu_event_pending(v));
}

long hypercall_continue(unsigned int nr, unsigned int n, ...)
{
    struct continuation *c = &this_cpu(continuation);
    struct cpu_user_regs *regs = guest_regs();
    uint64_t *const where[] = { &regs->rdi, &regs->rsi, &regs->rdx, &regs->r10, &regs->r8 };
    va_list args;

    assert(n <= 5);
    va_start(args, n);
    if (c->entry) {
        c->entry->op = nr;
        for (unsigned int i = 0; i < n; i++)
            c->entry->args[i] = va_arg(args, unsigned long);
        c->continued = true;
    } else {
        regs->rax = nr;
        for (unsigned int i = 0; i < n; i++)
            *where[i] = va_arg(args, unsigned long);
        regs->rip -= 2;         /* SYSCALL is 0f 05 */
    }
    va_end(args);
    return (long)nr;
}

static long call_entry(struct multicall_entry *e)
{
    if (trace_enabled())
        trace_put_hypercall(TRC_PV_HYPERCALL_SUBCALL, e->op, e->args);
    const struct row *row = find_row(e->op);

    if (!row)
        return -ENOSYS;
    if (row->fn == (hypercall_fn)(void *)do_multicall || row->fn == (hypercall_fn)(void *)do_iret)
        return -EINVAL;
    if ((row->flags & DOM0) && !current->domain->is_privileged)
        return -EPERM;
    perf_count(PERF_MULTICALL);
    return row->fn(e->args[0], e->args[1], e->args[2], e->args[3], e->args[4], 0);
}

long do_multicall(uint64_t call_list, unsigned int nr_calls)
{
    struct continuation *c = &this_cpu(continuation);

    for (unsigned int i = 0; i < nr_calls; i++) {
        uint64_t at = call_list + i * sizeof(struct multicall_entry);
        struct multicall_entry e;

        if (i && unlikely(hypercall_preempt_check()))
            return hypercall_continue(__HYPERVISOR_multicall, 2, at, (unsigned long)(nr_calls - i));
        if (unlikely(copy_from_guest_va(&e, at, sizeof(e))))
            return -EFAULT;
        c->entry = &e;
        c->continued = false;
        long rc = call_entry(&e);
        c->entry = NULL;
        if (unlikely(current->domain->is_shutting_down))
            return 0;
        if (c->continued) {
            /* What is left of it takes its place in the guest's list, and the list is taken up
             * again there. */
            if (copy_to_guest_va(at, &e, sizeof(e)))
                return -EFAULT;
            return hypercall_continue(__HYPERVISOR_multicall, 2, at, (unsigned long)(nr_calls - i));
        }
        if (unlikely(
                copy_to_guest_va(at + offsetof(struct multicall_entry, result), &rc, sizeof(rc))))
            return -EFAULT;
    }
    return 0;
}
