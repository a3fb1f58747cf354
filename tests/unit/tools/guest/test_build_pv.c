/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The PV builder against a pretended hypervisor: what a kernel would find through its own first
 * page tables, and every hypercall's failure.
 *
 * sources: tools/libs/guest/error.c tools/libs/guest/image/file.c tools/libs/guest/image/unpack.c
 * sources: tools/libs/guest/image/elf.c tools/libs/guest/image/notes.c
 * sources: tools/libs/guest/image/cache.c tools/libs/guest/image/image.c
 * sources: tools/libs/guest/image/digest.c
 * sources: tools/libs/guest/pv_layout.c tools/libs/guest/pv_tables.c
 * sources: tools/libs/guest/pv_memory.c tools/libs/guest/build_pv.c
 * sources: tools/libs/guest/image/xz.c tools/libs/guest/image/crc32.c
 * sources: xen/lib/xz.c xen/lib/lzma.c xen/lib/crc.c
 * flags: -lz -llzma -lzstd -llz4 -lsodium
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <guest/guest.h>
#include <xc/xc.h>
#include <xen/domctl.h>
#include <xen/elfnote.h>
#include <xen/sysctl.h>

#include "images.h"

/* ---- the pretended hypervisor: 64 MiB of machine memory in a file, so that it can be mapped
 * ---- */

#define MACHINE_PAGES 16384
#define PAGE          4096ul

static int machine = -1;
static uint8_t *memory;             /* all of it */
static unsigned long next_large, next_small, pages_given, pages_limit;
static unsigned long mapped;        /* pages mapped at the moment */
static int fail_at, calls;          /* the call that fails, if not 0 */
static int fail_with;
static xen_pfn_t shared_frame, pinned;
static struct vcpu_guest_context context;
static xen_pfn_t seeded_console, seeded_store, hypercall_frame;

static int call(void)
{
    return ++calls == fail_at ? fail_with : 0;
}

int xc_domain_set_max_vcpus(struct xc *xc, uint32_t domid, unsigned int max) { return call(); }
int xc_domain_set_max_mem(struct xc *xc, uint32_t domid, uint64_t max_kib) { return call(); }
int xc_memory_set_map(struct xc *xc, uint32_t domid, const void *entries, unsigned int count)
{
    return call();
}

int xc_evtchn_alloc_unbound(struct xc *xc, uint32_t domid, uint32_t remote)
{
    int rc = call();

    return rc ? rc : 7;
}

int xc_physinfo(struct xc *xc, struct xen_sysctl_physinfo *info)
{
    memset(info, 0, sizeof(*info));
    info->free_pages = pages_limit - pages_given;
    return 0;
}

long xc_memory_current(struct xc *xc, uint32_t domid)
{
    return pages_given;
}

/* Large ones from the bottom, single ones from the top downwards: nothing is in order by luck. */
int xc_memory_populate(struct xc *xc, uint32_t domid, unsigned long count, unsigned int order,
                       unsigned int flags, xen_pfn_t *frames)
{
    int rc = call();

    for (unsigned long i = 0; i < count && !rc; i++) {
        if (order && (next_large + 1) * 512 > 8192)
            return -ENOMEM;
        if (pages_given + (1ul << order) > pages_limit)
            return -ENOMEM;
        frames[i] = order ? next_large++ * 512 : MACHINE_PAGES - 2 - next_small++;
        pages_given += 1ul << order;
    }
    return rc;
}

void *xc_map_frames(struct xc *xc, uint32_t domid, int prot, const xen_pfn_t *frames,
                    unsigned int count, int *errors)
{
    int rc = call();

    if (rc) {
        errno = -rc;
        return NULL;
    }
    uint8_t *at = mmap(NULL, count * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    for (unsigned int i = 0; i < count; i++) {
        assert_in_range(frames[i], 0, MACHINE_PAGES - 1);
        assert_ptr_equal(mmap(at + i * PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
                              machine, frames[i] * PAGE), at + i * PAGE);
    }
    mapped += count;
    return at;
}

int xc_unmap_frames(void *address, unsigned int count)
{
    mapped -= count;
    return munmap(address, count * PAGE);
}

int xc_pin_table(struct xc *xc, uint32_t domid, unsigned int level, xen_pfn_t mfn)
{
    assert_int_equal(level, 4);
    assert_int_equal(mapped, 0);        /* a table that is mapped writable could not be pinned */
    pinned = mfn;
    return call();
}

int xc_domain_info(struct xc *xc, uint32_t domid, struct xen_domctl_getdomaininfo *info)
{
    memset(info, 0, sizeof(*info));
    info->shared_info_frame = shared_frame;
    return call();
}

int xc_domain_hypercall_init(struct xc *xc, uint32_t domid, xen_pfn_t gfn)
{
    hypercall_frame = gfn;
    return call();
}

int xc_vcpu_set_context(struct xc *xc, uint32_t domid, unsigned int vcpu, const void *c,
                        size_t size)
{
    assert_int_equal(size, sizeof(context));
    memcpy(&context, c, size);
    return call();
}

int xc_gnttab_seed(struct xc *xc, uint32_t domid, xen_pfn_t console_gfn, uint32_t console_domid,
                   xen_pfn_t store_gfn, uint32_t store_domid)
{
    seeded_console = console_gfn;
    seeded_store = store_gfn;
    return call();
}

/* ---- what the kernel sees ---- */

static uint64_t *table(xen_pfn_t mfn)
{
    return (uint64_t *)(memory + mfn * PAGE);
}

/* The L1 entry for an address, or 0. */
static uint64_t walk(uint64_t address)
{
    uint64_t entry = context.ctrlreg[3] | 1;

    for (unsigned int level = 4; level >= 1; level--) {
        if (!(entry & 1))
            return 0;
        entry = table((entry & 0xffffffffff000) >> 12)[address >> (3 + 9 * level) & 511];
    }
    return entry & 1 ? entry : 0;
}

static void *see(uint64_t address)
{
    uint64_t entry = walk(address);

    if (!entry)
        fail_msg("%lx is not mapped", address);
    return memory + (entry & 0xffffffffff000) + (address & 4095);
}

/* ---- fixtures ---- */

static char kernel[] = "/tmp/guest-kernel-XXXXXX", ramdisk[] = "/tmp/guest-ramdisk-XXXXXX";
static struct guest_pv_config config;
static struct guest_pv_result result;
static char error[GUEST_ERROR_SIZE];
static struct image image;

#define BASE 0xffffffff80000000ul
#define RAMDISK_SIZE 10000

static void save_kernel(void)
{
    int fd = open(kernel, O_WRONLY | O_TRUNC);

    assert_int_equal(write(fd, image.bytes, sizeof(image.bytes)), sizeof(image.bytes));
    close(fd);
}

static int setup(void **state)
{
    int fd = mkstemp(ramdisk);

    close(mkstemp(kernel));
    for (int i = 0; i < RAMDISK_SIZE; i++)
        assert_int_equal(write(fd, &i, 1), 1);
    close(fd);
    machine = memfd_create("machine", 0);
    assert_int_equal(ftruncate(machine, MACHINE_PAGES * PAGE), 0);
    memory = mmap(NULL, MACHINE_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, machine, 0);
    return memory == MAP_FAILED;
}

static int teardown(void **state)
{
    unlink(kernel);
    unlink(ramdisk);
    munmap(memory, MACHINE_PAGES * PAGE);
    return close(machine);
}

static void reset(void)
{
    memset(memory, 0xaa, MACHINE_PAGES * PAGE);
    next_large = 1;
    next_small = pages_given = mapped = 0;
    pages_limit = MACHINE_PAGES;
    fail_at = calls = 0;
    shared_frame = MACHINE_PAGES - 1;
    memset(memory + shared_frame * PAGE, 0, PAGE);
    error[0] = '\0';
    config = (struct guest_pv_config){
        .kernel = kernel, .ramdisk = ramdisk, .cmdline = "root=/dev/xvda1 ro",
        .memory_kib = 40 << 10, .vcpus = 2,
    };
}

static void modern_kernel(void)
{
    image_init(&image);
    memset(image.bytes + 256, 'K', 256);
    note_text(&image, XEN_ELFNOTE_GUEST_OS, "linux");
    note_number(&image, XEN_ELFNOTE_VIRT_BASE, BASE);
    note_number(&image, XEN_ELFNOTE_ENTRY, BASE + 0x100010);
    note_number(&image, XEN_ELFNOTE_HYPERCALL_PAGE, BASE + 0x101000);
    note_number(&image, XEN_ELFNOTE_INIT_P2M, 0x8000000000);
    note_number(&image, XEN_ELFNOTE_MOD_START_PFN, 1);
    save_kernel();
}

static int build(void)
{
    int rc = guest_build_pv(NULL, 5, &config, &result, error);

    assert_int_equal(mapped, 0);
    return rc;
}

static void good(void)
{
    if (build())
        fail_msg("%s", error);
}

static void bad(int rc, const char *text)
{
    assert_int_equal(build(), rc);
    if (!strstr(error, text))
        fail_msg("'%s' has no '%s'", error, text);
}

/* ---- tests ---- */

static void check_start_info(const struct start_info *si)
{
    assert_string_equal(si->magic, "xen-3.0-x86_64");
    assert_int_equal(si->nr_pages, 10240);
    assert_int_equal(si->shared_info, shared_frame * PAGE);
    assert_int_equal(si->store_mfn, result.store_gfn);
    assert_int_equal(si->console.domU.mfn, result.console_gfn);
    assert_int_equal(si->store_evtchn, 7);
    assert_int_equal(si->console.domU.evtchn, 7);
    assert_string_equal((char *)si->cmd_line, "root=/dev/xvda1 ro");
    assert_int_equal(si->mod_len, RAMDISK_SIZE);
    /* The first tables map themselves, read-only. */
    assert_int_equal((walk(si->pt_base) & 0xffffffffff000) >> 12, pinned);
    for (unsigned int i = 0; i < si->nr_pt_frames; i++)
        assert_int_equal(walk(si->pt_base + i * PAGE) & 2, 0);
    assert_int_equal(walk(si->pt_base + si->nr_pt_frames * PAGE) & 2, 2);
}

static const uint64_t *check_list(const struct start_info *si)
{
    const uint64_t *list = see(si->mfn_list);

    for (unsigned int i = 0; i < si->nr_pages; i++) {
        list = see(si->mfn_list + i * 8);
        assert_in_range(*list, 1, MACHINE_PAGES - 2);
        /* The mapping is that of the list. */
        if (i < 1024)
            assert_int_equal((walk(BASE + i * PAGE) & 0xffffffffff000) >> 12, *list);
    }
    return see(si->mfn_list);
}

static void check_ramdisk(const struct start_info *si)
{
    for (int i = 0; i < RAMDISK_SIZE; i++) {
        uint64_t mfn;
        const uint8_t *p;

        if (si->flags & SIF_MOD_START_PFN) {
            mfn = *(uint64_t *)see(si->mfn_list + (si->mod_start + i / PAGE) * 8);
            p = memory + mfn * PAGE + i % PAGE;
        } else {
            p = see(si->mod_start + i);
        }
        assert_int_equal(*p, (uint8_t)i);
    }
}

static void test_modern(void **state)
{
    reset();
    modern_kernel();
    good();
    const struct start_info *si = see(context.user_regs.rsi);

    assert_int_equal(context.user_regs.rip, BASE + 0x100010);
    assert_int_equal(*(char *)see(BASE + 0x100000), 'K');
    assert_int_equal(*(char *)see(BASE + 0x1000ff), 'K');
    for (uint64_t at = BASE + 0x100100; at < BASE + 0x103000; at++)
        assert_int_equal(*(char *)see(at), 0);
    check_start_info(si);
    check_list(si);
    assert_int_equal(si->mfn_list, 0x8000000000);
    assert_true(si->flags & SIF_MOD_START_PFN);
    check_ramdisk(si);
    assert_int_equal(hypercall_frame * PAGE, walk(BASE + 0x101000) & 0xffffffffff000);
    /* The list's own tables and pages are not in the first mapping. */
    assert_true(BASE + si->first_p2m_pfn * PAGE >= context.user_regs.rsp + (512 << 10));
    assert_int_equal(walk(BASE + si->first_p2m_pfn * PAGE), 0);
    assert_int_equal(si->nr_p2m_frames, 20 + 3);
    assert_int_equal(seeded_console, result.console_gfn);
    assert_int_equal(seeded_store, result.store_gfn);
    assert_int_equal(*(char *)(memory + result.console_gfn * PAGE), 0);
    /* The stack, and room behind it to the end of 4 MiB. */
    assert_true(walk(context.user_regs.rsp - 8) & 2);
    assert_true(walk(BASE + (4 << 20) - 8) & 2);
    assert_int_equal(walk(BASE + (4 << 20)), 0);
    const struct shared_info *shared = (void *)(memory + shared_frame * PAGE);

    assert_int_equal(shared->vcpu_info[0].evtchn_upcall_mask, 1);
    assert_int_equal(shared->vcpu_info[31].evtchn_upcall_mask, 1);
}

/* A kernel that knows no newer notes gets all in its first mapping. */
static void test_old(void **state)
{
    reset();
    image_init(&image);
    note_text(&image, XEN_ELFNOTE_GUEST_OS, "old");
    note_number(&image, XEN_ELFNOTE_VIRT_BASE, BASE);
    note_number(&image, XEN_ELFNOTE_ENTRY, BASE + 0x100000);
    save_kernel();
    good();
    const struct start_info *si = see(context.user_regs.rsi);

    check_start_info(si);
    check_list(si);
    assert_int_equal(si->mod_start, BASE + 0x103000);
    assert_int_equal(si->mfn_list, BASE + 0x106000);
    assert_int_equal(context.user_regs.rsi, BASE + 0x106000 + 20 * PAGE);
    assert_false(si->flags & SIF_MOD_START_PFN);
    check_ramdisk(si);
}

/* Without a base the kernel is at 0, as the ABI says. */
static void test_no_base(void **state)
{
    reset();
    image_init(&image);
    note_text(&image, XEN_ELFNOTE_GUEST_OS, "old");
    save_kernel();
    config.ramdisk = NULL;
    config.console_port = 11;
    config.store_port = 12;
    good();
    const struct start_info *si = see(context.user_regs.rsi);

    assert_int_equal(context.user_regs.rip, 0x100010);
    assert_int_equal(si->mod_len, 0);
    assert_int_equal(si->store_evtchn, 12);
    assert_int_equal(result.console_port, 11);
    see(0);
}

static void test_no_large_pages(void **state)
{
    reset();
    next_large = 100;
    modern_kernel();
    good();
    check_list(see(context.user_regs.rsi));
}

static void test_too_little(void **state)
{
    reset();
    modern_kernel();
    config.memory_kib = 1 << 10;
    bad(-ENOMEM, "the kernel alone needs 2 MiB, and 1 MiB are configured");
    reset();
    config.memory_kib = 3 << 10;
    bad(-ENOMEM, "with this ramdisk needs at least 5 MiB, and 3 MiB are configured");
    reset();
    pages_limit = 30 << 8;
    bad(-ENOMEM, "40 MiB wanted, 30 MiB free");
    reset();
    config.memory_kib = 0;
    bad(-EINVAL, "must be between");
}

static void test_bad_config(void **state)
{
    char line[2000];

    reset();
    config.kernel = "/nonexistent";
    bad(-ENOENT, "/nonexistent: No such file");
    reset();
    config.ramdisk = "/nonexistent";
    bad(-ENOENT, "ramdisk /nonexistent: No such file");
    reset();
    config.ramdisk = "/dev";
    bad(-EINVAL, "not a file");
    reset();
    memset(line, 'x', sizeof(line));
    line[1024] = '\0';
    config.cmdline = line;
    bad(-E2BIG, "longer than 1023");
    line[1023] = '\0';
    good();
    reset();
    config.vcpus = 0;
    bad(-EINVAL, "VCPUs");
    reset();
    config.max_memory_kib = 1024;
    bad(-EINVAL, "below");
    reset();
    config.features = "dom0";
    bad(-ENOEXEC, "has not all");
    config.features = "!what";
    bad(-EINVAL, "not known");
}

static void test_bad_kernels(void **state)
{
    reset();
    image_init(&image);
    save_kernel();
    bad(-ENOEXEC, "not a PV kernel");
    modern_kernel();
    note_text(&image, XEN_ELFNOTE_FEATURES, "!auto_translated_physmap");
    save_kernel();
    bad(-ENOEXEC, "requires features");
    modern_kernel();
    note_number(&image, XEN_ELFNOTE_VIRT_BASE, 0xffff800000000000);
    save_kernel();
    bad(-ENOEXEC, "cannot be");
    modern_kernel();
    note_number(&image, XEN_ELFNOTE_VIRT_BASE, 0x7ffffff00000);
    save_kernel();
    bad(-ENOEXEC, "cannot be");
    modern_kernel();
    note_number(&image, XEN_ELFNOTE_VIRT_BASE, -0x180000ul);
    note_number(&image, XEN_ELFNOTE_ENTRY, -0x180000ul + 0x100000);
    note_number(&image, XEN_ELFNOTE_HYPERCALL_PAGE, -0x180000ul + 0x101000);
    save_kernel();
    bad(-ENOEXEC, "does not fit");
    modern_kernel();
    note_number(&image, XEN_ELFNOTE_ENTRY, 0);
    save_kernel();
    bad(-ENOEXEC, "entry point");
    modern_kernel();
    note_number(&image, XEN_ELFNOTE_HYPERCALL_PAGE, BASE + 0x200000);
    save_kernel();
    bad(-ENOEXEC, "hypercall page");
    modern_kernel();
    note_number(&image, XEN_ELFNOTE_INIT_P2M, BASE + 0x40000000);
    save_kernel();
    bad(-ENOEXEC, "p2m");
    modern_kernel();
    note_number(&image, XEN_ELFNOTE_PADDR_OFFSET, 0x200000);
    save_kernel();
    bad(-ENOEXEC, "cannot be");
}

/* Whatever fails, it is said, and nothing stays mapped or allocated. */
static void test_failures(void **state)
{
    reset();
    modern_kernel();
    good();
    int count = calls;

    assert_in_range(count, 15, 60);
    for (int i = 1; i <= count; i++) {
        reset();
        fail_at = i;
        fail_with = -EPERM;
        assert_int_equal(build(), -EPERM);
        if (!strstr(error, "not permitted"))
            fail_msg("call %d: '%s'", i, error);
    }
}

static void test_check(void **state)
{
    reset();
    modern_kernel();
    assert_int_equal(guest_check_pv(&config, error), 0);
    assert_int_equal(calls, 0);
    config.kernel = "/dev/null";
    assert_int_equal(guest_check_pv(&config, NULL), -ENOEXEC);
}

/* A packed kernel is unpacked once, until it changes. */
static void test_cache(void **state)
{
    char dir[] = "/tmp/guest-cache-XXXXXX", command[64];

    assert_non_null(mkdtemp(dir));
    for (int i = 0; i < 7; i++) {
        reset();
        modern_kernel();
        image.bytes[300] = i;
        gzFile packed = gzopen(kernel, "w");

        assert_int_equal(gzwrite(packed, image.bytes, sizeof(image.bytes)), sizeof(image.bytes));
        gzclose(packed);
        config.cache_dir = dir;
        good();
        assert_string_equal(result.kernel.packing, "gzip");
        assert_int_equal(*(char *)see(BASE + 0x100000 + 44), i);
        reset();
        config.cache_dir = dir;
        good();
        assert_string_equal(result.kernel.packing, "cached");
        assert_int_equal(*(char *)see(BASE + 0x100000 + 44), i);
    }
    /* What is no kernel there is not believed, and what is open to others not used. */
    sprintf(command, "ls %s | grep -cv lock | grep -qx 4", dir);
    assert_int_equal(system(command), 0);
    sprintf(command, "for f in %s/*; do echo x > $f; done", dir);
    assert_int_equal(system(command), 0);
    reset();
    config.cache_dir = dir;
    good();
    assert_string_equal(result.kernel.packing, "gzip");
    chmod(dir, 0755);
    reset();
    config.cache_dir = dir;
    good();
    assert_string_equal(result.kernel.packing, "gzip");
    sprintf(command, "rm -r %s", dir);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_modern),
        cmocka_unit_test(test_old),
        cmocka_unit_test(test_no_base),
        cmocka_unit_test(test_no_large_pages),
        cmocka_unit_test(test_too_little),
        cmocka_unit_test(test_bad_config),
        cmocka_unit_test(test_bad_kernels),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_check),
        cmocka_unit_test(test_cache),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
