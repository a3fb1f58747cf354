/* SPDX-License-Identifier: GPL-2.0-only */
/* Showing registers and stacks, of guests and of ourselves, to whoever has to find out why. */
#include <asm/insn.h>
#include <asm/regs.h>
#include <x86/trap.h>
#include <xen/arch.h>
#include <xen/domain.h>
#include <xen/guest_access.h>
#include <xen/printk.h>

static bool from_guest(const struct cpu_user_regs *r) { return r->cs & 3; }

static void print_location(const char *what, uint64_t address)
{
    uint64_t off;
    const char *name = symbol_find(address, &off);
    if (name)
        log_always("%s %016lx %s+0x%lx\n", what, address, name, off);
    else
        log_always("%s %016lx\n", what, address);
}

void dump_registers(const struct cpu_user_regs *r)
{
    struct vcpu *v = current;

    log_always("----[ Xenith, CPU %u, d%uv%u ]----\n", smp_cpu(), v ? v->domain->id : 0,
               v ? v->vcpu_id : 0);
    if (from_guest(r))
        log_always("RIP    %04x:[<%016lx>] (guest)\n", r->cs, r->rip);
    else
        print_location("RIP   ", r->rip);
    log_always("RFLAGS %016lx   vector %u error %04x\n", r->rflags, r->entry_vector, r->error_code);
    log_always("rax %016lx rbx %016lx rcx %016lx\n", r->rax, r->rbx, r->rcx);
    log_always("rdx %016lx rsi %016lx rdi %016lx\n", r->rdx, r->rsi, r->rdi);
    log_always("rbp %016lx rsp %016lx r8  %016lx\n", r->rbp, r->rsp, r->r8);
    log_always("r9  %016lx r10 %016lx r11 %016lx\n", r->r9, r->r10, r->r11);
    log_always("r12 %016lx r13 %016lx r14 %016lx\n", r->r12, r->r13, r->r14);
    log_always("r15 %016lx cr3 %016lx cr2 %016lx\n", r->r15, read_cr3(), read_cr2());
}

/* A page of an exception ends in what the processor pushed: where it came from. */
static uint64_t *interrupted_stack(const uint64_t *end, uint64_t low, uint64_t top)
{
    uint64_t rsp = end[-2] & ~7UL;
    return rsp >= low && rsp < top ? (uint64_t *)rsp : (uint64_t *)top;
}

/* Whatever on the stack looks like a return address of ours, in order: no frame pointers are
 * needed, false positives are possible.  From an exception's stack it goes on to the main one. */
void dump_stack_trace(const struct cpu_user_regs *regs)
{
    uint64_t *sp = (uint64_t *)(regs->rsp & ~7UL);
    uint64_t top = ((uint64_t)regs | (STACK_SIZE - 1)) + 1 - sizeof(struct cpu_info);
    uint64_t area = (uint64_t)regs & -(uint64_t)STACK_SIZE;
    uint64_t low = area + STACK_MAIN_PAGE * PAGE_SIZE;
    unsigned int shown = 0;

    if ((uint64_t)sp < area || (uint64_t)sp > top)
        sp = (uint64_t *)(regs + 1);
    uint64_t end = (uint64_t)sp < low ? ((uint64_t)sp | (PAGE_SIZE - 1)) + 1 : top;
    log_always("Xen call trace:\n");
    for (; shown < 24; sp++) {
        if ((uint64_t)sp >= end && end != top) {
            sp = interrupted_stack((const uint64_t *)end, low, top);
            end = top;
        }
        if ((uint64_t)sp >= end)
            return;
        uint64_t off;
        const char *name = symbol_find(*sp, &off);
        if (name && off) {
            log_always("   [<%016lx>] %s+0x%lx\n", *sp, name, off);
            shown++;
        }
    }
}

void dump_guest_stack(const struct vcpu *v, const struct cpu_user_regs *regs)
{
    if (v != current)
        return;
    log_always("Guest stack from rsp=%016lx:\n", regs->rsp);
    for (unsigned int row = 0; row < 6; row++) {
        uint64_t w[4];
        if (copy_from_guest_va(w, regs->rsp + row * sizeof(w), sizeof(w))) {
            log_always("   (not readable)\n");
            return;
        }
        log_always("   %016lx %016lx %016lx %016lx\n", w[0], w[1], w[2], w[3]);
    }
}

void arch_dump_vcpu(struct vcpu *v)
{
    const struct cpu_user_regs *r = v == current ? guest_regs() : &v->arch.regs;

    log_always("d%uv%u on CPU %u:\n", v->domain->id, v->vcpu_id, v->processor);
    dump_registers(r);
    log_always("guest %s mode, tables %lx/%lx, upcall pending %u masked %u\n",
               v->arch.pv.in_kernel ? "kernel" : "user", v->arch.pv.kernel_cr3, v->arch.pv.user_cr3,
               v->info->evtchn_upcall_pending, v->info->evtchn_upcall_mask);
    dump_guest_stack(v, r);
}

void arch_dump_state(void)
{
    struct cpu_user_regs r = { .rip = (uint64_t)__builtin_return_address(0), .cs = SEL_HV_CS,
                               .rflags = read_flags(), .rsp = stack_pointer };
    dump_registers(&r);
    dump_stack_trace(&r);
}
