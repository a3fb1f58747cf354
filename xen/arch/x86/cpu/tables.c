/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a processor needs to take an exception or a system call: GDT, TSS, IDT, stacks.
 *
 * Each CPU owns one page of descriptors, which is page 14 (selectors 0xe000 and up) of whatever GDT
 * is loaded: the guest's window in the per-domain slot, or nothing but that page.
 */
#include <asm/insn.h>
#include <asm/msr.h>
#include <asm/regs.h>
#include <lib/string.h>
#include <x86/cpu.h>
#include <x86/mm.h>
#include <x86/trap.h>
#include <xen/assert.h>
#include <xen/heap.h>

#define GDT_OWN_PAGE    14
#define GDT_LIMIT       ((GDT_OWN_PAGE + 1) * PAGE_SIZE - 1)

enum { IST_NONE, IST_DF, IST_NMI, IST_MC, IST_DB };

struct packed tss {
    uint32_t reserved0;
    uint64_t rsp[3], ist[8];                /* ist[0] is reserved */
    uint8_t reserved2[8];
    uint16_t reserved3, iobitmap;
};
_Static_assert(sizeof(struct tss) == 104 && offsetof(struct tss, iobitmap) == 102,
               "SDM vol. 3, 8.7");

struct idt_gate {
    uint16_t offset_low, selector;
    uint8_t ist, type;
    uint16_t offset_mid;
    uint32_t offset_high, reserved;
};

DEFINE_STATIC_PER_CPU(struct tss, tss);
DEFINE_STATIC_PER_CPU(uint64_t *, gdt_page);        /* in the direct map */
DEFINE_STATIC_PER_CPU(uint64_t, ldt_loaded);        /* va of the LDT in LDTR, 0: none */
static struct idt_gate idt[256] aligned(4096);

static uint64_t boot_gdt_page[512] aligned(4096);
unsigned long ap_stack_top;

extern const uint64_t vector_stubs[256];
extern const char syscall_stub[], syscall_stub_jump[], syscall_stub_end[];
extern const char syscall32_stub[], syscall32_stub_jump[], syscall_entry[], syscall32_entry[];
extern const char sysenter_entry[];
extern char boot_stack[];

static uint64_t stack_area(unsigned int cpu)
{
    return PERCPU_MAP_START + (uint64_t)cpu * STACK_SIZE;
}

static void fill_gdt_page(uint64_t *gdt)
{
    gdt[SEL_HV_CS % PAGE_SIZE / 8] = 0x00af9b000000ffff;
    gdt[SEL_HV_DS % PAGE_SIZE / 8] = 0x00cf93000000ffff;
    gdt[FLAT_RING3_CS32 % PAGE_SIZE / 8] = 0x00cffb000000ffff;
    gdt[FLAT_RING3_DS32 % PAGE_SIZE / 8] = 0x00cff3000000ffff;
    gdt[FLAT_RING3_CS64 % PAGE_SIZE / 8] = 0x00affb000000ffff;
}

static void set_system_descriptor(uint64_t *gdt, uint16_t sel, uint64_t base, uint32_t limit,
                                  unsigned int type)
{
    uint64_t *e = &gdt[sel % PAGE_SIZE / 8];
    e[1] = base >> 32;
    e[0] = (limit & 0xffff) | (base & 0xffffff) << 16 | (uint64_t)(0x80 | type) << 40 |
           (uint64_t)(limit >> 16 & 0xf) << 48 | (base >> 24 & 0xff) << 56;
}

static void fill_tss(struct tss *t, uint64_t area)
{
    uint64_t regs =
        area + STACK_SIZE - sizeof(struct cpu_info) + offsetof(struct cpu_info, guest_regs);
    t->rsp[0] = regs + offsetof(struct cpu_user_regs, es);
    for (unsigned int i = IST_DF; i <= IST_DB; i++)
        t->ist[i] = area + (i + 1) * PAGE_SIZE;
    t->iobitmap = sizeof(*t);
}

static void set_gate(unsigned int vector, unsigned int dpl, unsigned int ist)
{
    uint64_t to = vector_stubs[vector];
    idt[vector] = (struct idt_gate){ .offset_low = (uint16_t)to,
                                     .selector = SEL_HV_CS,
                                     .ist = (uint8_t)ist,
                                     .type = (uint8_t)(0x8e | dpl << 5),
                                     .offset_mid = (uint16_t)(to >> 16),
                                     .offset_high = (uint32_t)(to >> 32) };
}

static void fill_idt(void)
{
    for (unsigned int v = 0; v < 256; v++)
        set_gate(v, 0, IST_NONE);
    set_gate(VEC_BP, 3, IST_NONE);
    set_gate(VEC_OF, 3, IST_NONE);
    set_gate(VEC_DF, 0, IST_DF);
    set_gate(VEC_NMI, 0, IST_NMI);
    set_gate(VEC_MC, 0, IST_MC);
    set_gate(VEC_DB, 0, IST_DB);
}

/* The last 256 bytes of a stack: who the CPU is. */
static void fill_cpu_info(void *area, unsigned int cpu)
{
    struct cpu_info *info = (struct cpu_info *)((char *)area + STACK_SIZE) - 1;
    info->cpu = cpu;
    info->percpu_offset = percpu_offset[cpu];
}

static void load_gdtr(uint64_t base)
{
    struct table_register r = { GDT_LIMIT, base };
    lgdt(&r);
}

void cpu_set_own_gdt(void)
{
    load_gdtr((uint64_t)this_cpu(gdt_page) - GDT_OWN_PAGE * PAGE_SIZE);
}

void cpu_set_guest_gdt(pte_t *own_page_slot, uint64_t gdt_va)
{
    pte_t mine = pte_make(virt_to_mfn(this_cpu(gdt_page)), HV_RW);
    if (*own_page_slot != mine) {
        *own_page_slot = mine;
        invlpg(gdt_va + GDT_OWN_PAGE * PAGE_SIZE);
    }
    load_gdtr(gdt_va);
}

void cpu_set_ldt(uint64_t va, unsigned int entries)
{
    if (!va) {
        if (this_cpu(ldt_loaded))
            lldt(0);
        this_cpu(ldt_loaded) = 0;
        return;
    }
    set_system_descriptor(this_cpu(gdt_page), SEL_LDT, va, entries * 8 - 1, 2);
    lldt(SEL_LDT);
    this_cpu(ldt_loaded) = va;
}

/* The copy's displacements are relative to itself; only the jump out of it needs its place. */
static void place_stub(char *page, uint64_t area, const char *jump, const char *target)
{
    uint64_t jump_at = area + (uint64_t)(jump - syscall_stub);
    int32_t rel = (int32_t)((uint64_t)target - (jump_at + 5));
    memcpy(page + (jump + 1 - syscall_stub), &rel, sizeof(rel));
}

static void map_stack(unsigned int cpu, void *memory, uint64_t maddr)
{
    uint64_t area = stack_area(cpu);
    char *page0 = memory;

    memcpy(page0, syscall_stub, (size_t)(syscall_stub_end - syscall_stub));
    place_stub(page0, area, syscall_stub_jump, syscall_entry);
    place_stub(page0, area, syscall32_stub_jump, syscall32_entry);
    map_pages(area, maddr, PAGE_SIZE, HV_RX);
    for (unsigned int page = 1; page < STACK_SIZE / PAGE_SIZE; page++)
        if (page != 5)
            map_pages(area + page * PAGE_SIZE, maddr + page * PAGE_SIZE, PAGE_SIZE, HV_RW);
}

void init_text cpu_init_boot_tables(void)
{
    fill_cpu_info(boot_stack, 0);
    this_cpu(gdt_page) = maddr_to_virt(image_to_maddr(boot_gdt_page));
    fill_gdt_page(this_cpu(gdt_page));
    fill_tss(&this_cpu(tss), (uint64_t)boot_stack);
    fill_idt();
    cpu_load_tables();
}

void init_text cpu_enter_own_stack(void)
{
    uint64_t old = (uint64_t)boot_stack, new = stack_area(0);

    map_stack(0, boot_stack, image_to_maddr(boot_stack).a);
    fill_tss(&this_cpu(tss), new);
    /* The same memory at another address: only the stack pointer changes. */
    asm volatile("add %0, %%rsp" :: "r"(new - old) : "memory");
    cpu_load_tables();
}

int cpu_prepare(unsigned int cpu)
{
    int rc = percpu_alloc(cpu);
    if (rc)
        return rc;
    char *memory = alloc_pages(STACK_ORDER, HEAP_ZERO);
    uint64_t *gdt = alloc_pages(0, HEAP_ZERO);
    if (!memory || !gdt)
        return -ENOMEM;
    fill_gdt_page(gdt);
    per_cpu(gdt_page, cpu) = gdt;
    fill_tss(&per_cpu(tss, cpu), stack_area(cpu));
    fill_cpu_info(memory, cpu);
    map_stack(cpu, memory, virt_to_maddr(memory).a);
    ap_stack_top = stack_area(cpu) + STACK_SIZE - sizeof(struct cpu_info);
    return 0;
}

void cpu_load_tables(void)
{
    uint64_t *gdt = this_cpu(gdt_page);
    struct table_register idtr = { sizeof(idt) - 1, (uint64_t)idt };
    uint64_t area = stack_area(smp_cpu());

    set_system_descriptor(gdt, SEL_TSS, (uint64_t)&this_cpu(tss), sizeof(struct tss) - 1, 9);
    cpu_set_own_gdt();
    asm volatile("pushq %0; leaq 1f(%%rip), %%rax; pushq %%rax; lretq; 1:" ::"i"(SEL_HV_CS)
                 : "rax", "memory");
    asm volatile("mov %0, %%ss" :: "r"(0));
    lldt(0);
    ltr(SEL_TSS);
    lidt(&idtr);

    wrmsr(MSR_STAR, (uint64_t)FLAT_RING3_CS32 << 48 | (uint64_t)SEL_HV_CS << 32);
    wrmsr(MSR_LSTAR, area);
    wrmsr(MSR_CSTAR, area + (uint64_t)(syscall32_stub - syscall_stub));
    /* Others have no SYSENTER in long mode. */
    wrmsr(MSR_SYSENTER_CS, cpu_features.intel ? SEL_HV_CS : 0);
    wrmsr(MSR_SYSENTER_EIP, (uint64_t)sysenter_entry);
    wrmsr(MSR_SYSENTER_ESP, per_cpu(tss, smp_cpu()).rsp[0] - offsetof(struct cpu_user_regs, es));
    wrmsr(MSR_SYSCALL_MASK,
          FLAGS_IF | FLAGS_TF | FLAGS_DF | FLAGS_NT | FLAGS_AC | FLAGS_IOPL | FLAGS_RF | FLAGS_VM);
}
