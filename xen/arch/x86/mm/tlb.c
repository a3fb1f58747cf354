/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Forgetting translations, here and on other CPUs, and not more often than needed.
 *
 * Why the clock of x86/mm.h is right: a frame's stamp is read from the clock after the last entry
 * that maps the frame was taken away; a CPU's note is read before it flushes.  If the note is
 * greater than the stamp, the clock ticked in between, so the flush came after the entry was gone.
 */
#include <asm/insn.h>
#include <asm/regs.h>
#include <lib/bitmap.h>
#include <x86/guest.h>
#include <x86/mm.h>
#include <xen/atomic.h>
#include <xen/domain.h>

uint32_t tlb_clock = 1;
DEFINE_PER_CPU(uint32_t, tlb_flushed_at);

void tlb_flush_local(void)
{
    load_cr3(read_cr3());
}

/* An idle CPU lets go of the guest's tables, and is not asked again until it needs them. */
static void flush_here(void *arg)
{
    if (!guest_unload_idle())
        tlb_flush_local();
}

static void flush_page_here(void *arg)
{
    if (!guest_unload_idle())
        invlpg((uint64_t)arg);
}

void tlb_flush_here_global(void)
{
    unsigned long cr4 = read_cr4();
    tlb_note_flush();
    write_cr4(cr4 & ~CR4_PGE);
    write_cr4(cr4);
}

static void flush_global_here(void *arg)
{
    tlb_flush_here_global();
}

static bool only_here(const struct cpumask *mask)
{
    unsigned int cpu = smp_cpu();
    for (unsigned int i = 0; i < (cpu_count + 63) / 64; i++)
        if (mask->bits[i] & ~(i == cpu / 64 ? 1UL << (cpu % 64) : 0))
            return false;
    return true;
}

void tlb_flush_mask(const struct cpumask *mask)
{
    if (!only_here(mask))
        smp_call(mask, flush_here, NULL);
    else if (mask->bits[smp_cpu() / 64] & (1UL << (smp_cpu() % 64)))
        tlb_flush_local();
}

void tlb_flush_page_mask(const struct cpumask *mask, uint64_t va)
{
    if (!only_here(mask))
        smp_call(mask, flush_page_here, (void *)va);
    else if (mask->bits[smp_cpu() / 64] & (1UL << (smp_cpu() % 64)))
        invlpg(va);
}

void tlb_flush_all_global(void)
{
    smp_call_all(flush_global_here, NULL);
}

void tlb_flush_for_reuse(const struct frame *f, unsigned int order, const struct cpumask *mask)
{
    uint32_t newest = f->tlb_stamp;
    for (uint64_t i = 1; i < 1UL << order; i++)
        if ((int32_t)(f[i].tlb_stamp - newest) > 0)
            newest = f[i].tlb_stamp;

    static struct cpumask none;
    struct cpumask *stale = &none;
    struct cpumask todo;
    bool any = false;
    for_each_online_cpu(cpu) {
        if (mask && !(read_once(mask->bits[cpu / 64]) & (1UL << (cpu % 64))))
            continue;
        if ((int32_t)(read_once(per_cpu(tlb_flushed_at, cpu)) - newest) > 0)
            continue;
        if (!any) {
            bitmap_zero(todo.bits, cpu_count);
            stale = &todo;
            any = true;
        }
        todo.bits[cpu / 64] |= 1UL << (cpu % 64);
    }
    if (!any)
        return;
    /* Whoever flushes from here on is known to be later than these stamps. */
    uint32_t seen = newest;
    atomic_cas(&tlb_clock, &seen, newest + 1);
    tlb_flush_mask(stale);
}

void arch_flush_domain_tlb(struct domain *d)
{
    tlb_flush_mask(d->dirty_cpus);
}
