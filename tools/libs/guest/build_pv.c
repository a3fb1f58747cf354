/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Building a 64-bit PV domain: a list of steps, in guest_build_pv() at the end.
 *
 * Nothing is undone on failure: the caller destroys the domain, which gives everything back.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <xen/domctl.h>
#include <xen/elfnote.h>
#include <xen/features.h>
#include <xen/xen.h>

#include "pv.h"

/* What a PV domain may own beyond its configured memory: rounding of balloons. */
#define SLACK_KIB 1024

struct build {
    struct xc *xc;
    uint32_t domid;
    const struct guest_pv_config *config;
    struct guest_pv_result *result;
    char *error;
    struct guest_image *image;
    struct pv_layout layout;
    int ramdisk;                /* descriptor, or -1 */
    xen_pfn_t *p2m;
    xen_pfn_t shared_info;
};

static int failed(struct build *b, int rc, const char *what)
{
    return rc ? guest_fail(b->error, rc, "%s: %s", what, strerror(-rc)) : 0;
}

/* ---- before there is memory ---- */

static int check_config(const struct guest_pv_config *c, char *error)
{
    if (!c->kernel)
        return guest_fail(error, -EINVAL, "no kernel is configured");
    if (c->vcpus < 1 || c->vcpus > 8192)
        return guest_fail(error, -EINVAL, "%u VCPUs: at least one, at most 8192", c->vcpus);
    if (c->cmdline && strlen(c->cmdline) >= MAX_GUEST_CMDLINE)
        return guest_fail(error, -E2BIG, "the kernel's command line is longer than %d bytes",
                          MAX_GUEST_CMDLINE - 1);
    if (c->max_memory_kib && c->max_memory_kib < c->memory_kib)
        return guest_fail(error, -EINVAL, "maximum memory (%llu MiB) below memory (%llu MiB)",
                          (unsigned long long)c->max_memory_kib >> 10,
                          (unsigned long long)c->memory_kib >> 10);
    return 0;
}

/* Features that PV domains have: an image that requires others cannot run. */
static int check_features(const struct guest_pv_config *c, const struct guest_image_info *info,
                          char *error)
{
    const uint64_t ours = 1ull << XENFEAT_writable_page_tables |
                          1ull << XENFEAT_pae_pgdir_above_4gb |
                          1ull << XENFEAT_mmu_pt_update_preserve_ad |
                          1ull << XENFEAT_gnttab_map_avail_bits;
    uint64_t wanted = 0, unused = 0;

    if (info->requires_unknown || info->required_features & ~ours)
        return guest_fail(error, -ENOEXEC, "%s: the kernel requires features that PV domains do "
                          "not have (%s)", c->kernel, info->features);
    if (!c->features)
        return 0;
    if (features_parse(c->features, strlen(c->features), &wanted, &unused))
        return guest_fail(error, -EINVAL, "features '%s': one is not known", c->features);
    if (wanted & ~info->supported_features)
        return guest_fail(error, -ENOEXEC, "%s: the kernel has not all of the features '%s' (it "
                          "has '%s')", c->kernel, c->features, info->features);
    return 0;
}

static int open_kernel(struct build *b)
{
    const struct guest_pv_config *c = b->config;
    int rc = image_open_cached(c->kernel, c->cache_dir, &b->image, b->error);

    if (rc)
        return rc;
    const struct guest_image_info *info = guest_image_info(b->image);

    if (!info->present)
        return guest_fail(b->error, -ENOEXEC, "%s: not a PV kernel (it has no Xen ELF notes)",
                          c->kernel);
    if (info->present == 1u << XEN_ELFNOTE_PHYS32_ENTRY)
        return guest_fail(b->error, -ENOEXEC, "%s: a PVH kernel; a PV domain needs a PV one",
                          c->kernel);
    if (info->bits != 64)
        return guest_fail(b->error, -ENOEXEC, "%s: a 32-bit PV kernel; only 64-bit ones can be "
                          "built", c->kernel);
    return check_features(c, info, b->error);
}

static int open_ramdisk(struct build *b, uint64_t *size)
{
    const char *path = b->config->ramdisk;
    struct stat st;

    *size = 0;
    if (!path)
        return 0;
    b->ramdisk = open(path, O_RDONLY | O_CLOEXEC);
    if (b->ramdisk < 0 || fstat(b->ramdisk, &st))
        return guest_fail(b->error, -errno, "ramdisk %s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return guest_fail(b->error, -EINVAL, "ramdisk %s: not a file", path);
    *size = st.st_size;
    return 0;
}

static int plan(struct build *b)
{
    char inner[GUEST_ERROR_SIZE] = "";
    uint64_t ramdisk_size;
    int rc = check_config(b->config, b->error);

    if (!rc)
        rc = open_kernel(b);
    if (!rc)
        rc = open_ramdisk(b, &ramdisk_size);
    if (rc)
        return rc;
    rc = pv_layout_plan(guest_image_info(b->image), b->config->memory_kib >> 2, ramdisk_size,
                        &b->layout, inner);
    return rc ? guest_fail(b->error, rc, "%s: %s", b->config->kernel, inner) : 0;
}

/* ---- the domain's frame ---- */

/* What the guest sees of its memory: RAM from 0 to where its balloon may go. */
static int set_memory_map(struct build *b, uint64_t max_kib)
{
    struct { uint64_t address, size; uint32_t type; } __attribute__((packed)) ram = {
        0, max_kib << 10, 1,
    };

    return failed(b, xc_memory_set_map(b->xc, b->domid, &ram, 1), "cannot set the memory map");
}

static int set_limits(struct build *b)
{
    const struct guest_pv_config *c = b->config;
    uint64_t max_kib = c->max_memory_kib ? c->max_memory_kib : c->memory_kib;
    int rc = failed(b, xc_domain_set_max_vcpus(b->xc, b->domid, c->vcpus), "cannot make its VCPUs");

    if (!rc)
        rc = failed(b, xc_domain_set_max_mem(b->xc, b->domid, c->memory_kib + SLACK_KIB),
                    "cannot set its memory limit");
    return rc ? rc : set_memory_map(b, max_kib);
}

static int make_port(struct build *b, uint32_t wanted, uint32_t remote, uint32_t *port)
{
    *port = wanted;
    if (wanted)
        return 0;
    int rc = xc_evtchn_alloc_unbound(b->xc, b->domid, remote);

    if (rc < 0)
        return failed(b, rc, "cannot make an event channel");
    *port = rc;
    return 0;
}

static int make_ports(struct build *b)
{
    const struct guest_pv_config *c = b->config;
    int rc = make_port(b, c->store_port, c->store_domid, &b->result->store_port);

    return rc ? rc : make_port(b, c->console_port, c->console_domid, &b->result->console_port);
}

static int populate(struct build *b)
{
    struct pv_layout *l = &b->layout;

    b->p2m = calloc(l->pages, sizeof(*b->p2m));
    if (!b->p2m)
        return guest_fail(b->error, -ENOMEM, "out of memory");
    int rc = pv_memory_populate(b->xc, b->domid, l->pages, b->p2m, b->error);

    b->result->pages = l->pages;
    b->result->store_gfn = b->p2m[l->store_pfn];
    b->result->console_gfn = b->p2m[l->console_pfn];
    return rc;
}

/* ---- content ---- */

static int write_to(struct build *b, uint64_t to, const void *from, uint64_t size)
{
    return pv_memory_write(b->xc, b->domid, b->p2m, to, from, size, b->error);
}

static int load_kernel(struct build *b)
{
    int rc = 0;

    for (unsigned int i = 0; i < b->image->program_count && !rc; i++) {
        struct image_segment s;

        elf_segment(b->image, i, &s);
        if (s.type != SEGMENT_LOAD)
            continue;
        uint64_t to = s.paddr - b->layout.load_offset;

        rc = write_to(b, to, (char *)b->image->data + s.offset, s.file_size);
        if (!rc)
            rc = write_to(b, to + s.file_size, NULL, s.memory_size - s.file_size);
    }
    return rc;
}

static int load_ramdisk(struct build *b)
{
    char inner[GUEST_ERROR_SIZE] = "";

    if (b->ramdisk < 0)
        return 0;
    int rc = pv_memory_read_file(b->xc, b->domid, b->p2m, b->layout.ramdisk_pfn << PAGE_SHIFT,
                                 b->ramdisk, b->layout.ramdisk_size, inner);

    return rc ? guest_fail(b->error, rc, "ramdisk %s: %s", b->config->ramdisk, inner) : 0;
}

static int write_p2m(struct build *b)
{
    _Static_assert(sizeof(*b->p2m) == 8, "the guest's list is ours");
    return write_to(b, b->layout.p2m_pfn << PAGE_SHIFT, b->p2m,
                    b->layout.pages * sizeof(*b->p2m));
}

static int clear_rings(struct build *b)
{
    int rc = write_to(b, b->layout.store_pfn << PAGE_SHIFT, NULL, PAGE_SIZE);

    return rc ? rc : write_to(b, b->layout.console_pfn << PAGE_SHIFT, NULL, PAGE_SIZE);
}

static void describe_ramdisk(const struct pv_layout *l, struct start_info *si)
{
    if (!l->ramdisk_size)
        return;
    si->mod_len = l->ramdisk_size;
    si->mod_start = pv_address(l, l->ramdisk_pfn);
    if (l->ramdisk_is_unmapped) {
        si->mod_start = l->ramdisk_pfn;
        si->flags |= SIF_MOD_START_PFN;
    }
}

static int write_start_info(struct build *b)
{
    const struct pv_layout *l = &b->layout;
    const struct guest_pv_result *r = b->result;
    union { struct start_info si; char page[PAGE_SIZE]; } u;

    memset(&u, 0, sizeof(u));
    strcpy(u.si.magic, "xen-3.0-x86_64");
    u.si.nr_pages = l->pages;
    u.si.shared_info = b->shared_info << PAGE_SHIFT;
    u.si.flags = b->config->flags;
    u.si.store_mfn = r->store_gfn;
    u.si.store_evtchn = r->store_port;
    u.si.console.domU.mfn = r->console_gfn;
    u.si.console.domU.evtchn = r->console_port;
    u.si.pt_base = pv_address(l, l->l4_pfn);
    u.si.nr_pt_frames = l->table_pages;
    u.si.mfn_list = l->p2m_address;
    if (l->p2m_is_elsewhere) {
        u.si.first_p2m_pfn = l->p2m_pfn;
        u.si.nr_p2m_frames = l->p2m_range.tables_pfn - l->p2m_pfn + l->p2m_range.count[1] +
                             l->p2m_range.count[2] + l->p2m_range.count[3];
    }
    describe_ramdisk(l, &u.si);
    strcpy((char *)u.si.cmd_line, b->config->cmdline ? b->config->cmdline : "");
    return write_to(b, l->start_info_pfn << PAGE_SHIFT, &u, sizeof(u));
}

/* ---- page tables ---- */

static void *map(struct build *b, uint64_t pfn, uint64_t count)
{
    return pv_memory_map(b->xc, b->domid, b->p2m, pfn, count, b->error);
}

static int fill_range(struct build *b, const struct pv_range *r, uint64_t *l4)
{
    uint64_t count = r->count[1] + r->count[2] + r->count[3];
    uint64_t *tables = map(b, r->tables_pfn, count);

    if (!tables)
        return -errno;
    pv_tables_fill(r, tables, l4, b->p2m, b->layout.l4_pfn,
                   b->layout.l4_pfn + b->layout.table_pages);
    return xc_unmap_frames(tables, count);
}

/* Pages that the tables' count was rounded up by would have any content. */
static int clear_tables(struct build *b)
{
    return write_to(b, b->layout.l4_pfn << PAGE_SHIFT, NULL, b->layout.table_pages << PAGE_SHIFT);
}

/* Nothing of the tables may be mapped writable any more when they are pinned. */
static int make_tables(struct build *b)
{
    const struct pv_layout *l = &b->layout;
    int rc = clear_tables(b);
    uint64_t *l4 = rc ? NULL : map(b, l->l4_pfn, 1);

    if (!l4)
        return rc ? rc : -errno;
    rc = fill_range(b, &l->range, l4);
    if (!rc && l->p2m_is_elsewhere)
        rc = fill_range(b, &l->p2m_range, l4);
    xc_unmap_frames(l4, 1);
    if (rc)
        return rc;
    return failed(b, xc_pin_table(b->xc, b->domid, 4, b->p2m[l->l4_pfn]),
                  "the hypervisor refuses the first page tables");
}

/* ---- the hypervisor's part ---- */

static int find_shared_info(struct build *b)
{
    struct xen_domctl_getdomaininfo info;
    int rc = xc_domain_info(b->xc, b->domid, &info);

    b->shared_info = rc ? 0 : info.shared_info_frame;
    return failed(b, rc, "cannot ask about the domain");
}

/* VCPUs begin with events off; the rest is as the hypervisor made it. */
static int init_shared_info(struct build *b)
{
    struct shared_info *s = xc_map_frames(b->xc, b->domid, PROT_READ | PROT_WRITE, &b->shared_info,
                                          1, NULL);

    if (!s)
        return failed(b, -errno, "cannot map its shared information");
    for (unsigned int i = 0; i < XEN_LEGACY_MAX_VCPUS; i++)
        s->vcpu_info[i].evtchn_upcall_mask = 1;
    return xc_unmap_frames(s, 1);
}

static int init_hypercall_page(struct build *b)
{
    const struct guest_image_info *info = guest_image_info(b->image);

    if (!has_note(info, XEN_ELFNOTE_HYPERCALL_PAGE))
        return 0;
    uint64_t pfn = (info->hypercall_page - b->layout.virt_base) >> PAGE_SHIFT;

    return failed(b, xc_domain_hypercall_init(b->xc, b->domid, b->p2m[pfn]),
                  "cannot fill the hypercall page");
}

static int init_vcpu(struct build *b)
{
    const struct pv_layout *l = &b->layout;
    struct vcpu_guest_context *c = calloc(1, sizeof(*c));

    if (!c)
        return guest_fail(b->error, -ENOMEM, "out of memory");
    c->flags = VGCF_in_kernel | VGCF_online;
    c->user_regs.rip = l->entry;
    c->user_regs.rsp = pv_address(l, l->stack_pfn + 1);
    c->user_regs.rsi = pv_address(l, l->start_info_pfn);
    c->user_regs.rflags = 1 << 9;       /* interrupts on, for a PV kernel's privilege */
    c->user_regs.cs = FLAT_KERNEL_CS;
    c->user_regs.ds = FLAT_KERNEL_DS;
    c->user_regs.es = FLAT_KERNEL_DS;
    c->user_regs.fs = FLAT_KERNEL_DS;
    c->user_regs.gs = FLAT_KERNEL_DS;
    c->user_regs.ss = FLAT_KERNEL_SS;
    c->kernel_ss = FLAT_KERNEL_SS;
    c->kernel_sp = c->user_regs.rsp;
    c->ctrlreg[3] = (uint64_t)b->p2m[l->l4_pfn] << PAGE_SHIFT;
    int rc = xc_vcpu_set_context(b->xc, b->domid, 0, c, sizeof(*c));

    free(c);
    return failed(b, rc, "the hypervisor refuses the first VCPU's context");
}

static int seed_grants(struct build *b)
{
    const struct guest_pv_config *c = b->config;
    const struct guest_pv_result *r = b->result;

    return failed(b, xc_gnttab_seed(b->xc, b->domid, r->console_gfn, c->console_domid,
                                    r->store_gfn, c->store_domid),
                  "cannot grant its console and store rings");
}

static void clean_up(struct build *b)
{
    if (b->ramdisk >= 0)
        close(b->ramdisk);
    guest_image_close(b->image);
    free(b->p2m);
}

int guest_build_pv(struct xc *xc, uint32_t domid, const struct guest_pv_config *config,
                   struct guest_pv_result *result, char *error)
{
    static int (*const steps[])(struct build *b) = {
        plan, set_limits, make_ports, populate, find_shared_info, load_kernel, load_ramdisk,
        write_p2m, clear_rings, write_start_info, make_tables, init_hypercall_page,
        init_shared_info, init_vcpu, seed_grants,
    };
    struct guest_pv_result unused;
    struct build b = {
        .xc = xc, .domid = domid, .config = config, .result = result ? result : &unused,
        .error = error, .ramdisk = -1,
    };
    int rc = 0;

    memset(b.result, 0, sizeof(*b.result));
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && !rc; i++)
        rc = steps[i](&b);
    if (!rc)
        b.result->kernel = *guest_image_info(b.image);
    clean_up(&b);
    return rc;
}

int guest_check_pv(const struct guest_pv_config *config, char *error)
{
    struct build b = { .config = config, .error = error, .ramdisk = -1 };
    int rc = plan(&b);

    clean_up(&b);
    return rc;
}
