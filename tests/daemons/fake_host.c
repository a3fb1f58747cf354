/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * As much of a machine and its hypervisor as xend and xm use: domains that never run, CPU pools,
 * schedulers' parameters. Four CPUs, 4 GiB.
 *
 * All that it knows is in the file $FAKE_XC/host, which every process maps; without that variable
 * it is this process's. What changes a domain is told, a line each, in $FAKE_XC/calls. A built
 * domain is also a folder for fake_xc.c, which plays xenstored's and xenconsoled's part.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <guest/guest.h>
#include <xc/xc.h>
#include <xen/sched_params.h>
#include <xen/sysctl.h>
#include <xen/version.h>

#include "fake_host.h"

#define CPUS 4
#define DOMAINS 64
#define POOLS 8
#define TOTAL_PAGES (1ull << 20)
#define ALL_CPUS ((1 << CPUS) - 1)

struct fake_domain {
    bool exists;
    struct xen_domctl_getdomaininfo info;
    unsigned int weight, cap;
    uint8_t pinned[8];          /* the first VCPUs; 0: may run anywhere */
    struct xen_domctl_sched_sedf sedf;
    struct xen_domctl_sched_bvt bvt;
};

struct fake_pool {
    bool exists;
    unsigned int sched;
    uint8_t cpus;
};

struct xc {
    bool is_set_up;
    struct fake_domain domain[DOMAINS];
    struct fake_pool pool[POOLS];
};

static struct xc *host;

/* ---- the machine ---- */

static char *path_of(const char *fmt, ...)
{
    static char path[200];
    va_list args;
    int n = snprintf(path, sizeof(path), "%s/", getenv("FAKE_XC"));

    va_start(args, fmt);
    vsnprintf(path + n, sizeof(path) - n, fmt, args);
    va_end(args);
    return path;
}

/* Whole lines: other processes write there, too. */
static void __attribute__((format(printf, 1, 2))) note(const char *fmt, ...)
{
    char line[600];
    va_list args;

    if (!getenv("FAKE_XC"))
        return;
    va_start(args, fmt);
    int n = vsnprintf(line, sizeof(line) - 1, fmt, args);

    va_end(args);
    n = n > (int)sizeof(line) - 2 ? (int)sizeof(line) - 2 : n;
    line[n] = '\n';
    int fd = open(path_of("calls"), O_WRONLY | O_APPEND | O_CREAT, 0600);

    if (write(fd, line, n + 1) != n + 1)
        abort();
    close(fd);
}

static void set_up_domain(struct fake_domain *d, unsigned int pool)
{
    *d = (struct fake_domain){ .exists = true, .weight = 256 };
    d->sedf = (struct xen_domctl_sched_sedf){ .period = 100000000, .is_extra = 1, .weight = 1 };
    d->bvt.weight = 10;
    d->info.domain = d - host->domain;
    d->info.cpupool = pool;
    d->info.flags = XEN_DOMINF_paused;
}

void fake_host_reset(void)
{
    memset(host, 0, sizeof(*host));
    host->is_set_up = true;
    host->pool[0] = (struct fake_pool){ true, XEN_SCHEDULER_CREDIT, ALL_CPUS };
    set_up_domain(&host->domain[0], 0);
    host->domain[0].info.flags = XEN_DOMINF_running;
    host->domain[0].info.tot_pages = TOTAL_PAGES / 4;
    host->domain[0].info.max_pages = UINT64_MAX;
    host->domain[0].info.max_vcpu_id = CPUS - 1;
    host->domain[0].info.nr_online_vcpus = CPUS;
}

int xc_open(struct xc **xc)
{
    int fd = getenv("FAKE_XC") ? open(path_of("host"), O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;

    if (!host) {
        if (fd >= 0 && ftruncate(fd, sizeof(*host)))
            abort();
        host = mmap(NULL, sizeof(*host), PROT_READ | PROT_WRITE,
                    MAP_SHARED | (fd < 0 ? MAP_ANONYMOUS : 0), fd, 0);
        if (!host->is_set_up)
            fake_host_reset();
    }
    if (fd >= 0)
        close(fd);
    *xc = host;
    return 0;
}

void xc_close(struct xc *xc)
{
    (void)xc;
}

static uint64_t used_pages(const struct xc *xc)
{
    uint64_t used = 0;

    for (unsigned int i = 0; i < DOMAINS; i++)
        used += xc->domain[i].exists ? xc->domain[i].info.tot_pages : 0;
    return used;
}

static unsigned long long claimed_pages(const struct xc *xc)
{
    unsigned long long claimed = 0;

    for (unsigned int i = 0; i < DOMAINS; i++)
        claimed += xc->domain[i].exists ? xc->domain[i].info.outstanding_pages : 0;
    return claimed;
}

int xc_physinfo(struct xc *xc, struct xen_sysctl_physinfo *info)
{
    *info = (struct xen_sysctl_physinfo){
        .threads_per_core = 1, .cores_per_socket = CPUS, .nr_cpus = CPUS, .max_cpu_id = CPUS - 1,
        .nr_nodes = 1, .cpu_khz = 2000000, .total_pages = TOTAL_PAGES,
        .free_pages = TOTAL_PAGES - used_pages(xc), .outstanding_pages = claimed_pages(xc),
    };
    return 0;
}

int xc_cpu_topology(struct xc *xc, struct xen_sysctl_cputopo *topology, unsigned int *count)
{
    for (unsigned int i = 0; i < CPUS && i < *count; i++)
        topology[i] = (struct xen_sysctl_cputopo){ .core = i };
    *count = CPUS;
    (void)xc;
    return 0;
}

int xc_numa_info(struct xc *xc, struct xen_sysctl_meminfo *memory, uint32_t *distance,
                 unsigned int *count)
{
    (void)xc;
    if (memory)
        *memory = (struct xen_sysctl_meminfo){ .memsize = TOTAL_PAGES << 12 };
    if (distance)
        *distance = 10;
    *count = 1;
    return 0;
}

int xc_console_read(struct xc *xc, char *text, uint32_t *size, bool clear, bool incremental,
                    uint32_t *index)
{
    (void)xc, (void)clear;
    bool is_read = incremental && *index;

    *size = is_read ? 0 : snprintf(text, *size, "(XEN) hello\n");
    *index += *size;
    return 0;
}

int xc_debug_keys(struct xc *xc, const char *keys)
{
    (void)xc;
    note("keys %s", keys);
    return 0;
}

/* ---- what it says of itself ---- */

int xc_version(struct xc *xc)
{
    (void)xc;
    return 4 << 16 | 17;
}

int xc_version_pagesize(struct xc *xc)
{
    (void)xc;
    return 4096;
}

int xc_version_platform(struct xc *xc, unsigned long *virt_start)
{
    (void)xc;
    *virt_start = 0xffff800000000000;
    return 0;
}

int xc_version_compile(struct xc *xc, struct xen_compile_info *info)
{
    (void)xc;
    memset(info, 0, sizeof(*info));
    return 0;
}

#define TEXT(name) \
    int xc_version_##name(struct xc *xc, char *text, size_t size) \
    { \
        (void)xc; \
        snprintf(text, size, "%s", #name); \
        return 0; \
    }
TEXT(extra)
TEXT(capabilities)
TEXT(changeset)
TEXT(command_line)

/* ---- domains ---- */

static struct fake_domain *find(uint32_t domid)
{
    return domid < DOMAINS && host->domain[domid].exists ? &host->domain[domid] : NULL;
}

/* What needs a domain, and is but noted. */
static int noted(uint32_t domid, const char *what, long long value)
{
    if (!find(domid))
        return -ESRCH;
    note("%s %u %lld", what, domid, value);
    return 0;
}

int xc_domain_create(struct xc *xc, uint32_t *domid, const struct xen_domctl_createdomain *config)
{
    uint32_t id = 1;

    while (id < DOMAINS && xc->domain[id].exists)
        id++;
    if (id == DOMAINS)
        return -ENOMEM;
    if (config->cpupool_id >= POOLS || !xc->pool[config->cpupool_id].exists)
        return -EINVAL;
    struct fake_domain *d = &xc->domain[id];

    set_up_domain(d, config->cpupool_id);
    d->info.max_vcpu_id = config->max_vcpus - 1;
    d->info.nr_online_vcpus = config->max_vcpus;
    memcpy(d->info.handle, config->handle, sizeof(d->info.handle));
    note("create %u pool %u", id, config->cpupool_id);
    *domid = id;
    return 0;
}

int xc_domain_destroy(struct xc *xc, uint32_t domid)
{
    static const char *const files[] = { "/page-1", "/page-2", "/port-1", "/port-2", "" };

    if (noted(domid, "destroy", 0))
        return -ESRCH;
    for (unsigned int i = 0; i < 5 && getenv("FAKE_XC"); i++)
        remove(path_of("%u%s", domid, files[i]));
    xc->domain[domid].exists = false;
    return 0;
}

int xc_domain_info(struct xc *xc, uint32_t domid, struct xen_domctl_getdomaininfo *info)
{
    unsigned int one = 1;

    xc_domain_list(xc, domid, info, &one);
    return one && info->domain == domid ? 0 : -ESRCH;
}

int xc_domain_list(struct xc *xc, uint32_t first, struct xen_domctl_getdomaininfo *info,
                   unsigned int *count)
{
    unsigned int found = 0;

    for (uint32_t i = first; i < DOMAINS && found < *count; i++) {
        if (xc->domain[i].exists)
            info[found++] = xc->domain[i].info;
    }
    *count = found;
    return 0;
}

static int set_flag(uint32_t domid, uint32_t flag, bool is_on)
{
    struct fake_domain *d = find(domid);

    if (!d)
        return -ESRCH;
    d->info.flags = is_on ? d->info.flags | flag : d->info.flags & ~flag;
    return 0;
}

int xc_domain_pause(struct xc *xc, uint32_t domid)
{
    (void)xc;
    return set_flag(domid, XEN_DOMINF_paused, true);
}

int xc_domain_unpause(struct xc *xc, uint32_t domid)
{
    (void)xc;
    return set_flag(domid, XEN_DOMINF_paused, false);
}

int xc_domain_set_handle(struct xc *xc, uint32_t domid, const uint8_t handle[16])
{
    (void)xc, (void)handle;
    return noted(domid, "handle", 0);
}

int xc_domain_set_max_mem(struct xc *xc, uint32_t domid, uint64_t max_kib)
{
    (void)xc;
    return noted(domid, "max-mem", max_kib);
}

int xc_memory_claim(struct xc *xc, uint32_t domid, unsigned long pages)
{
    if (pages > TOTAL_PAGES - used_pages(xc) - claimed_pages(xc))
        return -ENOMEM;
    int rc = noted(domid, "claim", pages);

    if (!rc)
        xc->domain[domid].info.outstanding_pages = pages;
    return rc;
}

int xc_domain_set_time_offset(struct xc *xc, uint32_t domid, int64_t seconds)
{
    (void)xc;
    return noted(domid, "time-offset", seconds);
}

int xc_domain_set_tsc_info(struct xc *xc, uint32_t domid, uint32_t mode, uint64_t elapsed_ns,
                           uint32_t khz, uint32_t incarnation)
{
    (void)xc, (void)elapsed_ns, (void)khz, (void)incarnation;
    return noted(domid, "tsc-mode", mode);
}

int xc_domain_send_trigger(struct xc *xc, uint32_t domid, unsigned int trigger, unsigned int vcpu)
{
    (void)xc, (void)vcpu;
    return noted(domid, "trigger", trigger);
}

int xc_domain_get_address_size(struct xc *xc, uint32_t domid, unsigned int *bits)
{
    (void)xc;
    *bits = 64;
    return find(domid) ? 0 : -ESRCH;
}

/* The first serial line is the hypervisor's own. */
int xc_domain_ioport_permission(struct xc *xc, uint32_t domid, unsigned int port,
                                unsigned int count, bool allow)
{
    (void)xc;
    note("ioports %u %x-%x %d", domid, port, port + count - 1, allow);
    return !find(domid) ? -ESRCH : port < 0x400 && port + count > 0x3f8 ? -EPERM : 0;
}

int xc_domain_irq_permission(struct xc *xc, uint32_t domid, unsigned int pirq, bool allow)
{
    (void)xc;
    note("irq %u %u %d", domid, pirq, allow);
    return !find(domid) ? -ESRCH : pirq > 255 ? -EINVAL : 0;
}

/* ---- VCPUs ---- */

int xc_vcpu_info(struct xc *xc, uint32_t domid, unsigned int vcpu,
                 struct xen_domctl_getvcpuinfo *info)
{
    const struct fake_domain *d = find(domid);

    (void)xc;
    if (!d || vcpu > d->info.max_vcpu_id)
        return -ESRCH;
    *info = (struct xen_domctl_getvcpuinfo){ .vcpu = vcpu, .online = 1, .blocked = 1 };
    return 0;
}

int xc_vcpu_set_affinity(struct xc *xc, uint32_t domid, unsigned int vcpu, uint8_t *hard,
                         uint8_t *soft, size_t map_size)
{
    struct fake_domain *d = find(domid);

    (void)soft, (void)map_size;
    if (!d || !(hard[0] & xc->pool[d->info.cpupool].cpus))
        return d ? -EINVAL : -ESRCH;
    if (vcpu < sizeof(d->pinned))
        d->pinned[vcpu] = hard[0] == 0xff ? 0 : hard[0];
    note("pin %u %u %x", domid, vcpu, hard[0] & ALL_CPUS);
    return 0;
}

int xc_vcpu_get_affinity(struct xc *xc, uint32_t domid, unsigned int vcpu, uint8_t *hard,
                         uint8_t *soft, size_t map_size)
{
    const struct fake_domain *d = find(domid);
    uint8_t pinned = d && vcpu < sizeof(d->pinned) ? d->pinned[vcpu] : 0;

    (void)xc, (void)soft;
    memset(hard, pinned ? 0 : 0xff, map_size);
    if (pinned)
        hard[0] = pinned;
    return d ? 0 : -ESRCH;
}

/* ---- memory and cores: there is nothing to see ---- */

long xc_memory_current(struct xc *xc, uint32_t domid)
{
    (void)xc;
    return find(domid) ? (long)find(domid)->info.tot_pages : -ESRCH;
}

long xc_memory_max_ram_page(struct xc *xc)
{
    (void)xc;
    return TOTAL_PAGES;
}

long xc_memory_maximum_gpfn(struct xc *xc, uint32_t domid)
{
    return xc_memory_current(xc, domid);
}

int xc_memory_m2p_frames(struct xc *xc, xen_pfn_t *frames, unsigned int *count)
{
    (void)xc, (void)frames, (void)count;
    return -ENOSYS;
}

int xc_frame_types(struct xc *xc, uint32_t domid, xen_pfn_t *frames, unsigned int count)
{
    (void)xc, (void)domid, (void)frames, (void)count;
    return -ENOSYS;
}

int xc_vcpu_get_context(struct xc *xc, uint32_t domid, unsigned int vcpu, void *context,
                        size_t size)
{
    (void)xc, (void)domid, (void)vcpu, (void)context, (void)size;
    return -ENOSYS;
}

void *xc_map_frames(struct xc *xc, uint32_t domid, int prot, const xen_pfn_t *frames,
                    unsigned int count, int *errors)
{
    (void)xc, (void)domid, (void)prot, (void)frames, (void)count, (void)errors;
    errno = ENOSYS;
    return NULL;
}

int xc_unmap_frames(void *address, unsigned int count)
{
    (void)address, (void)count;
    return -ENOSYS;
}

/* ---- schedulers: a domain has the parameters of its pool's, and no others ---- */

static struct fake_domain *under(uint32_t domid, unsigned int sched)
{
    struct fake_domain *d = find(domid);

    return d && host->pool[d->info.cpupool].sched == sched ? d : NULL;
}

int xc_sched_id(struct xc *xc, unsigned int *id)
{
    *id = xc->pool[0].sched;
    return 0;
}

#define SHARES(name, sched) \
    int xc_sched_##name##_get(struct xc *xc, uint32_t domid, unsigned int *weight, \
                              unsigned int *cap) \
    { \
        const struct fake_domain *d = under(domid, sched); \
        (void)xc; \
        if (!d) \
            return -EINVAL; \
        *weight = d->weight; \
        *cap = d->cap; \
        return 0; \
    } \
    int xc_sched_##name##_set(struct xc *xc, uint32_t domid, unsigned int weight, \
                              unsigned int cap) \
    { \
        struct fake_domain *d = under(domid, sched); \
        (void)xc; \
        if (!d) \
            return -EINVAL; \
        d->weight = weight; \
        d->cap = cap; \
        return 0; \
    }
SHARES(credit, XEN_SCHEDULER_CREDIT)
SHARES(credit2, XEN_SCHEDULER_CREDIT2)

#define PARAMETERS(name, id) \
    int xc_sched_##name##_get(struct xc *xc, uint32_t domid, struct xen_domctl_sched_##name *p) \
    { \
        (void)xc; \
        if (!under(domid, id)) \
            return -EINVAL; \
        *p = under(domid, id)->name; \
        return 0; \
    } \
    int xc_sched_##name##_set(struct xc *xc, uint32_t domid, \
                              const struct xen_domctl_sched_##name *p) \
    { \
        (void)xc; \
        if (!under(domid, id)) \
            return -EINVAL; \
        under(domid, id)->name = *p; \
        return 0; \
    }
PARAMETERS(sedf, XEN_SCHEDULER_SEDF)
PARAMETERS(bvt, XEN_SCHEDULER_BVT)

/* ---- CPU pools ---- */

static uint8_t free_cpus(const struct xc *xc)
{
    uint8_t taken = 0;

    for (unsigned int i = 0; i < POOLS; i++)
        taken |= xc->pool[i].exists ? xc->pool[i].cpus : 0;
    return ALL_CPUS & ~taken;
}

static unsigned int domains_in(const struct xc *xc, uint32_t id)
{
    unsigned int n = 0;

    for (unsigned int i = 0; i < DOMAINS; i++)
        n += xc->domain[i].exists && xc->domain[i].info.cpupool == id;
    return n;
}

static struct fake_pool *find_pool(struct xc *xc, uint32_t id)
{
    return id < POOLS && xc->pool[id].exists ? &xc->pool[id] : NULL;
}

int xc_cpupool_create(struct xc *xc, uint32_t *id, unsigned int sched_id)
{
    for (*id = 1; *id < POOLS; ++*id) {
        if (xc->pool[*id].exists)
            continue;
        xc->pool[*id] = (struct fake_pool){ .exists = true, .sched = sched_id };
        return 0;
    }
    return -ENOSPC;
}

int xc_cpupool_destroy(struct xc *xc, uint32_t id)
{
    if (!find_pool(xc, id))
        return -ENOENT;
    if (!id || domains_in(xc, id))
        return -EBUSY;
    xc->pool[id].exists = false;
    return 0;
}

int xc_cpupool_info(struct xc *xc, struct xc_cpupool *pool)
{
    while (pool->id < POOLS && !xc->pool[pool->id].exists)
        pool->id++;
    if (pool->id >= POOLS)
        return -ENOENT;
    memset(pool->cpus, 0, sizeof(pool->cpus));
    pool->sched_id = xc->pool[pool->id].sched;
    pool->cpus[0] = xc->pool[pool->id].cpus;
    pool->domains = domains_in(xc, pool->id);
    return 0;
}

int xc_cpupool_add_cpu(struct xc *xc, uint32_t id, int cpu)
{
    struct fake_pool *p = find_pool(xc, id);

    if (!p || cpu < 0 || cpu >= CPUS || !(free_cpus(xc) & 1 << cpu))
        return p ? -EBUSY : -ENOENT;
    p->cpus |= 1 << cpu;
    return 0;
}

int xc_cpupool_remove_cpu(struct xc *xc, uint32_t id, int cpu)
{
    struct fake_pool *p = find_pool(xc, id);

    if (!p || cpu < 0 || cpu >= CPUS || !(p->cpus & 1 << cpu))
        return p ? -EINVAL : -ENOENT;
    p->cpus &= ~(1 << cpu);
    return 0;
}

int xc_cpupool_move_domain(struct xc *xc, uint32_t id, uint32_t domid)
{
    const struct fake_pool *p = find_pool(xc, id);

    if (!p || !find(domid))
        return -ENOENT;
    if (!p->cpus)
        return -ENODEV;
    find(domid)->info.cpupool = id;
    note("move %u pool %u", domid, id);
    return 0;
}

int xc_cpupool_free_cpus(struct xc *xc, uint8_t *map, size_t size)
{
    memset(map, 0, size);
    map[0] = free_cpus(xc);
    return 0;
}

/* ---- building ---- */

static void make_page(uint32_t domid, unsigned int number)
{
    int fd = open(path_of("%u/page-%u", domid, number), O_RDWR | O_CREAT | O_TRUNC, 0600);

    if (fd < 0 || ftruncate(fd, 4096))
        abort();
    close(fd);
}

static void make_folder(uint32_t domid)
{
    if (mkdir(path_of("%u", domid), 0700) && errno != EEXIST)
        abort();
    make_page(domid, 1);
    make_page(domid, 2);
}

/* A kernel is any file; its first line is noted, and "slow" makes the build take its time. */
int guest_build_pv(struct xc *xc, uint32_t domid, const struct guest_pv_config *config,
                   struct guest_pv_result *result, char *error)
{
    FILE *kernel = fopen(config->kernel, "r");
    char line[80] = "";

    if (!kernel) {
        snprintf(error, GUEST_ERROR_SIZE, "%s: %s", config->kernel, strerror(errno));
        return -ENOENT;
    }
    if (fgets(line, sizeof(line), kernel))
        line[strcspn(line, "\n")] = '\0';
    fclose(kernel);
    note("build %u %s ramdisk %s line '%s'", domid, line,
         config->ramdisk && !access(config->ramdisk, R_OK) ? "yes" : "no", config->cmdline);
    if (getenv("FAKE_XC") && !strcmp(line, "slow"))
        sleep(1000);
    if (getenv("FAKE_XC"))
        make_folder(domid);
    xc->domain[domid].info.tot_pages = config->memory_kib / 4;
    xc->domain[domid].info.outstanding_pages = 0;
    *result = (struct guest_pv_result){
        .store_gfn = 1, .store_port = 1, .console_gfn = 2, .console_port = 2,
        .pages = config->memory_kib / 4,
        .kernel.packing = "none",
    };
    return 0;
}

/* Nothing is packed here. */
int guest_cache_fill(const char *dir, const char *kernel, char *error)
{
    (void)dir;
    (void)kernel;
    (void)error;
    return 0;
}

void guest_cache_tidy(const char *dir)
{
    (void)dir;
}
