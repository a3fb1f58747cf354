/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The boot, top to bottom: from the boot loader's hand-over to a running dom0.  The order of the
 * calls is the order in which things become usable; nothing starts itself.
 */
#include <compile.h>
#include <lib/cmdline.h>
#include <lib/format.h>
#include <lib/math.h>
#include <lib/string.h>
#include <public/xen.h>
#include <x86/cpu.h>
#include <x86/guest.h>
#include <x86/irq.h>
#include <x86/mm.h>
#include <x86/trap.h>
#include <xen/arch.h>
#include <xen/assert.h>
#include <xen/boot.h>
#include <xen/console.h>
#include <xen/domain.h>
#include <xen/grant.h>
#include <xen/heap.h>
#include <xen/options.h>
#include <xen/pci.h>
#include <xen/perf.h>
#include <xen/platform.h>
#include <xen/printk.h>
#include <xen/rcu.h>
#include <xen/sched.h>
#include <xen/softirq.h>
#include <xen/time.h>
#include <xen/trace.h>

#ifndef NDEBUG
#define DEBUG_TEXT "y"
#else
#define DEBUG_TEXT "n"
#endif

static uint64_t opt_mem, opt_availmem;
OPTION_SIZE(mem, "mem", opt_mem);
OPTION_SIZE(availmem, "availmem", opt_availmem);

extern const char image_start[], image_end[];

static const char *dom0_options;            /* what follows " -- " on our own line */

/* Options are read before any console exists: what is wrong with them is said once one does. */
static char option_warnings[16][128];
static unsigned int nr_option_warnings;

static void init_text warn_option(const char *option, const char *why)
{
    if (nr_option_warnings < ARRAY_SIZE(option_warnings))
        format(option_warnings[nr_option_warnings++], sizeof(option_warnings[0]), "%s: %s", option,
               why);
}

static void init_text read_boot_info(uint32_t magic, uint32_t info)
{
    int rc = magic == MULTIBOOT2_MAGIC ? multiboot2_parse(info, &boot_info)
             : magic == MULTIBOOT1_MAGIC ? multiboot1_parse(info, &boot_info) : -ENOEXEC;
    dom0_options = cmdline_parse(boot_cmdline(), options_start,
                                 (size_t)(options_end - options_start), warn_option);
    console_init_early();
    if (rc == -ENOEXEC)
        panic("The boot loader is not a Multiboot one (magic %08x)\n", magic);
    if (rc)
        panic("%s: no memory map\n", boot_info.protocol);
}

static void init_text say_hello(void)
{
    log_always("Xen version %u.%u%s (%s@%s) (%s) debug=%s %s\n", XEN_VERSION, XEN_SUBVERSION,
               XEN_EXTRAVERSION, XEN_COMPILE_BY, XEN_COMPILE_DOMAIN, XEN_COMPILER, DEBUG_TEXT,
               XEN_COMPILE_DATE);
    log_always("Latest ChangeSet: %s\n", XEN_CHANGESET);
    log_always("Bootloader: %s (%s)\n", boot_info.loader[0] ? boot_info.loader : "unknown",
               boot_info.protocol);
    log_always("Command line: %s\n", boot_cmdline());
    for (unsigned int i = 0; i < nr_option_warnings; i++)
        log_warn("option %s\n", option_warnings[i]);
    if (boot_info.nr_modules_dropped)
        log_warn("%u more modules than we can keep were dropped\n", boot_info.nr_modules_dropped);
}

static void init_text prepare_memory(void)
{
    memory_map_tidy(&boot_info);
    if (opt_mem)
        memory_map_limit(&boot_info, opt_mem);
    if (opt_availmem)
        memory_map_limit(&boot_info, memory_map_address_of(&boot_info, opt_availmem));
    memory_map_print(&boot_info);
    log_always("System RAM: %luMB (%lukB)\n", memory_map_ram(&boot_info) >> 20,
               memory_map_ram(&boot_info) >> 10);

    boot_reserve(0, LOW_MEMORY_END);
    boot_reserve(image_to_maddr(image_start).a, image_to_maddr(image_end).a);
    for (unsigned int i = 0; i < boot_info.nr_modules; i++)
        boot_reserve(boot_info.module[i].start, boot_info.module[i].end);
    paging_init();
    cpu_enter_own_stack();
    heap_init();
    boot_memory_to_heap();
    paging_use_heap();
}

/* Modules 1 and 2 are in dom0 now; the rest stays for whoever knows what it is. */
static void init_text free_dom0_modules(void)
{
    for (unsigned int i = 0; i < boot_info.nr_modules && i < 2; i++)
        heap_add(boot_info.module[i].start, boot_info.module[i].end);
}

static void init_text make_system_domains(void)
{
    struct domain_config config = { .max_vcpus = cpu_count };

    check(!domain_create(DOMID_IDLE, &config, &idle_domain));
    config.max_vcpus = 0;
    check(!domain_create(DOMID_XEN, &config, &system_domain_xen));
    check(!domain_create(DOMID_IO, &config, &system_domain_io));
    m2p_share(system_domain_xen);
    for (unsigned int cpu = 0; cpu < cpu_count; cpu++)
        check(!vcpu_create(idle_domain, cpu, cpu));
    cpu_info()->vcpu = idle_domain->vcpu[0];
}

static noreturn void init_text give_up(void)
{
    log_error("No dom0 can be started: %s\n",
              noreboot ? "halting ('noreboot')" : "rebooting in 5 seconds");
    if (noreboot)
        arch_machine_halt();
    arch_machine_restart(5000);
}

/* Called by boot/head.S; each ends in the idle loop. */
noreturn void boot_main(uint32_t magic, uint32_t info);
static noreturn void boot_late(void);

void init_text boot_main(uint32_t magic, uint32_t info)
{
    /* Early: one processor, no memory of our own, no interrupts. */
    percpu_init();                          /* keeps the initial image of per-CPU data */
    cpu_init_boot_tables();                 /* exceptions are caught from here */
    trap_init();                            /* and some of them are expected */
    read_boot_info(magic, info);            /* options are set, consoles talk (by polling) */
    say_hello();
    cpu_detect();
    cpu_init_features();
    idle_init();
    xstate_init();

    /* Memory: our page tables, the frame table, the heap. */
    prepare_memory();
    boot_late();
}

/* On the boot CPU's own stack. */
static void init_text boot_late(void)
{
    /* Processors and interrupts. */
    platform.rsdp = boot_info.rsdp;
    acpi_init();                            /* what the firmware says of the machine */
    lapic_init_boot_cpu();
    smp_prepare();                          /* CPUs have numbers */
    heap_know_machine();                    /* memory has nodes */
    softirq_init();
    rcu_init();
    keys_init();
    timers_init();
    time_init();                            /* time_now() works */
    irq_init();                             /* interrupt lines */
    make_system_domains();                  /* `current` is an idle vcpu */
    sched_init();
    sched_init_cpu(0);
    mce_init_cpu();
    wallclock_init();
    event_init();
    domain_keys_init();
    grant_init();
    console_init_irq();                     /* serial ports by interrupt */
    arch_irq_enable();
    pci_init();
    smp_boot_all();                         /* every processor idles in its own loop */
    nmi_watchdog_start();
    trace_init();                           /* tbuf_size= */
    perf_init();

    /* dom0. */
    if (dom0_build(dom0_options))
        give_up();
    free_dom0_modules();
    heap_scrub_all();                       /* as bootscrub= says */
    time_refine();                          /* the clock's rate, over all this time */
    console_end_boot();                     /* input goes to dom0 */
    domain_unpause(hardware_domain);
    arch_irq_disable();
    idle_loop();
}
