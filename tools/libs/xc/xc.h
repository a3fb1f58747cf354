/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * libxc: the hypervisor from user space, typed and without policy.
 *
 * One call, one function. Functions return 0 or a negative errno value unless they say otherwise;
 * counts are returned through pointers. A handle belongs to one thread at a time. Layouts are
 * those of the public headers (<xen/…>), which a caller includes for what it names of them, with
 * __XEN_TOOLS__ defined.
 */
#ifndef XC_H
#define XC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xen/xen.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

#define XC_PAGE_SHIFT 12
#define XC_PAGE_SIZE  4096u

struct xc;
struct xen_domctl_createdomain;
struct xen_domctl_getdomaininfo;
struct xen_domctl_getvcpuinfo;
struct xen_domctl_shadow_op;
struct xen_domctl_shadow_op_stats;
struct xen_sysctl_physinfo;
struct xen_sysctl_cputopo;
struct xen_sysctl_cpuinfo;
struct mmuext_op;
struct vcpu_guest_context;
struct xen_compile_info;

int xc_open(struct xc **xc);
void xc_close(struct xc *xc);

/* ---- handle.c: the hypervisor itself ---- */

/* major << 16 | minor, or negative. */
int xc_version(struct xc *xc);
int xc_version_extra(struct xc *xc, char *text, size_t size);
int xc_version_capabilities(struct xc *xc, char *text, size_t size);
int xc_version_changeset(struct xc *xc, char *text, size_t size);
int xc_version_command_line(struct xc *xc, char *text, size_t size);
int xc_version_platform(struct xc *xc, unsigned long *virt_start);
/* Its texts end with a NUL. */
int xc_version_compile(struct xc *xc, struct xen_compile_info *info);
int xc_version_pagesize(struct xc *xc);

/* ---- domain.c ---- */

/* *domid: the one wanted, or 0 for any; the one made. */
int xc_domain_create(struct xc *xc, uint32_t *domid, const struct xen_domctl_createdomain *config);
/* Goes on until all is given back. */
int xc_domain_destroy(struct xc *xc, uint32_t domid);
int xc_domain_pause(struct xc *xc, uint32_t domid);
int xc_domain_unpause(struct xc *xc, uint32_t domid);
/* As if the domain had shut down by itself; reason: SHUTDOWN_*. */
int xc_domain_shutdown(struct xc *xc, uint32_t domid, unsigned int reason);
int xc_domain_resume(struct xc *xc, uint32_t domid);
int xc_domain_info(struct xc *xc, uint32_t domid, struct xen_domctl_getdomaininfo *info);
/* Domains from first on; *count is how many fit, then how many there were. */
int xc_domain_list(struct xc *xc, uint32_t first, struct xen_domctl_getdomaininfo *info,
                   unsigned int *count);
int xc_domain_set_handle(struct xc *xc, uint32_t domid, const uint8_t handle[16]);
int xc_domain_set_max_vcpus(struct xc *xc, uint32_t domid, unsigned int max);
int xc_domain_set_max_mem(struct xc *xc, uint32_t domid, uint64_t max_kib);
int xc_domain_set_time_offset(struct xc *xc, uint32_t domid, int64_t seconds);
int xc_domain_set_target(struct xc *xc, uint32_t domid, uint32_t target);
int xc_domain_set_address_size(struct xc *xc, uint32_t domid, unsigned int bits);
int xc_domain_get_address_size(struct xc *xc, uint32_t domid, unsigned int *bits);
int xc_domain_set_tsc_info(struct xc *xc, uint32_t domid, uint32_t mode, uint64_t elapsed_ns,
                           uint32_t khz, uint32_t incarnation);
int xc_domain_hypercall_init(struct xc *xc, uint32_t domid, xen_pfn_t gfn);
int xc_domain_set_debugging(struct xc *xc, uint32_t domid, bool enable);
int xc_domain_send_trigger(struct xc *xc, uint32_t domid, unsigned int trigger, unsigned int vcpu);
int xc_domain_set_virq_handler(struct xc *xc, uint32_t domid, unsigned int virq);
int xc_domain_shadow_op(struct xc *xc, uint32_t domid, struct xen_domctl_shadow_op *op,
                        void *bitmap, size_t bitmap_size);

/* Permissions to hardware. */
int xc_domain_iomem_permission(struct xc *xc, uint32_t domid, uint64_t mfn, uint64_t count,
                               bool allow);
int xc_domain_ioport_permission(struct xc *xc, uint32_t domid, unsigned int port,
                                unsigned int count, bool allow);
int xc_domain_irq_permission(struct xc *xc, uint32_t domid, unsigned int pirq, bool allow);
int xc_domain_memory_mapping(struct xc *xc, uint32_t domid, uint64_t gfn, uint64_t mfn,
                             uint64_t count, bool add);

/* HVM parameters (HVM_PARAM_*). */
int xc_hvm_param_set(struct xc *xc, uint32_t domid, uint32_t index, uint64_t value);
int xc_hvm_param_get(struct xc *xc, uint32_t domid, uint32_t index, uint64_t *value);
/* The saved state of an HVM domain's machine: with buffer NULL, *size is what it takes. */
int xc_domain_get_hvm_context(struct xc *xc, uint32_t domid, void *buffer, uint32_t *size);
int xc_domain_set_hvm_context(struct xc *xc, uint32_t domid, const void *buffer, uint32_t size);

/* ---- vcpu.c: a CPU map is bytes of bits, CPU 0 first ---- */

/*
 * context: size bytes, the layout of the domain's width (vcpu_guest_context). NULL: reset the
 * VCPU.
 */
int xc_vcpu_set_context(struct xc *xc, uint32_t domid, unsigned int vcpu, const void *context,
                        size_t size);
int xc_vcpu_get_context(struct xc *xc, uint32_t domid, unsigned int vcpu, void *context,
                        size_t size);
int xc_vcpu_info(struct xc *xc, uint32_t domid, unsigned int vcpu,
                 struct xen_domctl_getvcpuinfo *info);
/* Either map may be NULL; on return they hold what took effect. */
int xc_vcpu_set_affinity(struct xc *xc, uint32_t domid, unsigned int vcpu, uint8_t *hard,
                         uint8_t *soft, size_t map_size);
int xc_vcpu_get_affinity(struct xc *xc, uint32_t domid, unsigned int vcpu, uint8_t *hard,
                         uint8_t *soft, size_t map_size);

/* ---- memory.c ---- */

/* All of count extents or an error; frames: guest frames in, for PV machine frames out. */
int xc_memory_populate(struct xc *xc, uint32_t domid, unsigned long count, unsigned int order,
                       unsigned int flags, xen_pfn_t *frames);
/* *done extents were taken before any error. */
int xc_memory_increase(struct xc *xc, uint32_t domid, unsigned long count, unsigned int order,
                       unsigned int flags, xen_pfn_t *frames, unsigned long *done);
int xc_memory_decrease(struct xc *xc, uint32_t domid, unsigned long count, unsigned int order,
                       const xen_pfn_t *frames, unsigned long *done);
/* As XENMEM_add_to_physmap. */
int xc_memory_add_to_physmap(struct xc *xc, uint32_t domid, unsigned int space, unsigned long index,
                             xen_pfn_t gfn);
int xc_memory_remove_from_physmap(struct xc *xc, uint32_t domid, xen_pfn_t gfn);
int xc_memory_set_map(struct xc *xc, uint32_t domid, const void *entries, unsigned int count);
/* Pages, or negative. */
long xc_memory_current(struct xc *xc, uint32_t domid);
long xc_memory_maximum(struct xc *xc, uint32_t domid);
long xc_memory_maximum_gpfn(struct xc *xc, uint32_t domid);
long xc_memory_max_ram_page(struct xc *xc);
int xc_memory_claim(struct xc *xc, uint32_t domid, unsigned long pages);
/* Frames that hold the machine-to-phys table; *count as xc_domain_list(). */
int xc_memory_m2p_frames(struct xc *xc, xen_pfn_t *frames, unsigned int *count);

/* ---- mmu.c: page tables of PV domains ---- */

int xc_mmuext_op(struct xc *xc, uint32_t domid, struct mmuext_op *ops, unsigned int count);
int xc_pin_table(struct xc *xc, uint32_t domid, unsigned int level, xen_pfn_t mfn);
int xc_unpin_table(struct xc *xc, uint32_t domid, xen_pfn_t mfn);
int xc_clear_frame(struct xc *xc, uint32_t domid, xen_pfn_t mfn);
/* Types of frames (XEN_DOMCTL_PFINFO_*), in the place of their numbers. */
int xc_frame_types(struct xc *xc, uint32_t domid, xen_pfn_t *frames, unsigned int count);

/* Updates gathered, and sent when full or flushed. */
struct xc_mmu;
int xc_mmu_begin(struct xc *xc, uint32_t domid, struct xc_mmu **mmu);
int xc_mmu_add(struct xc_mmu *mmu, uint64_t pointer, uint64_t value);
int xc_mmu_set_m2p(struct xc_mmu *mmu, xen_pfn_t mfn, xen_pfn_t pfn);
int xc_mmu_flush(struct xc_mmu *mmu);
/* Frees it; what was not flushed is lost. */
void xc_mmu_end(struct xc_mmu *mmu);

/* ---- foreign.c: other domains' memory ---- */

/*
 * errors: one per frame, 0 or -E; if NULL, any failure fails the whole. prot: PROT_*.
 * NULL and errno on failure.
 */
void *xc_map_frames(struct xc *xc, uint32_t domid, int prot, const xen_pfn_t *frames,
                    unsigned int count, int *errors);
int xc_unmap_frames(void *address, unsigned int count);
/* XENMEM_resource_*: frames from index on. NULL and errno on failure. */
void *xc_map_resource(struct xc *xc, uint32_t domid, unsigned int type, unsigned int id,
                      unsigned int index, unsigned int count, int prot);
int xc_resource_size(struct xc *xc, uint32_t domid, unsigned int type, unsigned int id,
                     unsigned long *frames);

/* ---- event.c: event channels of the calling domain ---- */

struct xc_evtchn;

/* Non-blocking; polled through its descriptor. */
int xc_evtchn_open(struct xc_evtchn **e);
/* Over a descriptor of the device that was open before. */
int xc_evtchn_open_fd(int fd, struct xc_evtchn **e);
void xc_evtchn_close(struct xc_evtchn *e);
int xc_evtchn_fd(const struct xc_evtchn *e);
/* These three return the local port, or negative. */
int xc_evtchn_bind_interdomain(struct xc_evtchn *e, uint32_t domid, uint32_t remote_port);
int xc_evtchn_bind_virq(struct xc_evtchn *e, unsigned int virq);
int xc_evtchn_bind_unbound(struct xc_evtchn *e, uint32_t domid);
int xc_evtchn_unbind(struct xc_evtchn *e, uint32_t port);
int xc_evtchn_notify(struct xc_evtchn *e, uint32_t port);
/* A port that fired, masked until xc_evtchn_unmask(); -EAGAIN if none. */
int xc_evtchn_pending(struct xc_evtchn *e);
int xc_evtchn_unmask(struct xc_evtchn *e, uint32_t port);

/* Makes a port of domid that remote may bind to: the port, or negative. */
int xc_evtchn_alloc_unbound(struct xc *xc, uint32_t domid, uint32_t remote);
/* Closes all of another domain's ports. */
int xc_evtchn_reset(struct xc *xc, uint32_t domid);
struct evtchn_status;
int xc_evtchn_status(struct xc *xc, struct evtchn_status *status);

/* ---- grant.c ---- */

struct xc_gnttab;

int xc_gnttab_open(struct xc_gnttab **g);
void xc_gnttab_close(struct xc_gnttab *g);
/* Pages that one domain granted, side by side. NULL and errno on failure. */
void *xc_gnttab_map(struct xc_gnttab *g, uint32_t domid, const uint32_t *refs, unsigned int count,
                    int prot);
int xc_gnttab_unmap(struct xc_gnttab *g, void *address, unsigned int count);
/*
 * Gives a new domain's reserved grants to the daemons: console to console_domid, store to
 * store_domid. The frames are guest frames.
 */
int xc_gnttab_seed(struct xc *xc, uint32_t domid, xen_pfn_t console_gfn, uint32_t console_domid,
                   xen_pfn_t store_gfn, uint32_t store_domid);

/* ---- sched.c ---- */

int xc_sched_id(struct xc *xc, unsigned int *id);
int xc_sched_credit_get(struct xc *xc, uint32_t domid, unsigned int *weight, unsigned int *cap);
int xc_sched_credit_set(struct xc *xc, uint32_t domid, unsigned int weight, unsigned int cap);
int xc_sched_credit2_get(struct xc *xc, uint32_t domid, unsigned int *weight, unsigned int *cap);
int xc_sched_credit2_set(struct xc *xc, uint32_t domid, unsigned int weight, unsigned int cap);
/* sedf and bvt: <xen/sched_params.h>. */
struct xen_domctl_sched_sedf;
struct xen_domctl_sched_bvt;
int xc_sched_sedf_get(struct xc *xc, uint32_t domid, struct xen_domctl_sched_sedf *sedf);
int xc_sched_sedf_set(struct xc *xc, uint32_t domid, const struct xen_domctl_sched_sedf *sedf);
int xc_sched_bvt_get(struct xc *xc, uint32_t domid, struct xen_domctl_sched_bvt *bvt);
int xc_sched_bvt_set(struct xc *xc, uint32_t domid, const struct xen_domctl_sched_bvt *bvt);
int xc_sched_credit_params_get(struct xc *xc, uint32_t pool, unsigned int *tslice_ms,
                               unsigned int *ratelimit_us);
int xc_sched_credit_params_set(struct xc *xc, uint32_t pool, unsigned int tslice_ms,
                               unsigned int ratelimit_us);

/* ---- physdev.c: devices for domains ---- */

/* *pirq: the one wanted, or -1; the one mapped. */
int xc_physdev_map_pirq(struct xc *xc, uint32_t domid, int index, int *pirq);
int xc_physdev_unmap_pirq(struct xc *xc, uint32_t domid, int pirq);
int xc_device_assign(struct xc *xc, uint32_t domid, uint32_t sbdf, unsigned int flags);
int xc_device_deassign(struct xc *xc, uint32_t domid, uint32_t sbdf);
int xc_device_test_assign(struct xc *xc, uint32_t domid, uint32_t sbdf);

/* ---- sysctl.c: the machine ---- */

int xc_physinfo(struct xc *xc, struct xen_sysctl_physinfo *info);
/* *count as xc_domain_list(). */
int xc_cpu_topology(struct xc *xc, struct xen_sysctl_cputopo *topology, unsigned int *count);
/* Nodes' memory, and their distances in rows (either may be NULL); *count as xc_domain_list(). */
struct xen_sysctl_meminfo;
int xc_numa_info(struct xc *xc, struct xen_sysctl_meminfo *memory, uint32_t *distance,
                 unsigned int *count);
int xc_cpu_info(struct xc *xc, struct xen_sysctl_cpuinfo *info, unsigned int *count);
/* Bytes from *index on (if incremental); *size: room in, bytes out; *index: where to go on. */
int xc_console_read(struct xc *xc, char *text, uint32_t *size, bool clear, bool incremental,
                    uint32_t *index);
int xc_debug_keys(struct xc *xc, const char *keys);
int xc_available_memory(struct xc *xc, unsigned int min_width, unsigned int max_width, int node,
                        uint64_t *bytes);

/* CPU pools: maps as in vcpu.c. */
struct xc_cpupool {
    uint32_t id;
    uint32_t sched_id;
    uint32_t domains;
    uint8_t cpus[512];
};

int xc_cpupool_create(struct xc *xc, uint32_t *id, unsigned int sched_id);
int xc_cpupool_destroy(struct xc *xc, uint32_t id);
/* The first pool whose id is at least pool->id; -ENOENT if there is none. */
int xc_cpupool_info(struct xc *xc, struct xc_cpupool *pool);
int xc_cpupool_add_cpu(struct xc *xc, uint32_t id, int cpu);
int xc_cpupool_remove_cpu(struct xc *xc, uint32_t id, int cpu);
int xc_cpupool_move_domain(struct xc *xc, uint32_t id, uint32_t domid);
int xc_cpupool_free_cpus(struct xc *xc, uint8_t *map, size_t size);

/* ---- devicemodel.c: DM_OP with up to four buffers ---- */

struct xc_dm_buf {
    void *data;
    size_t size;
};

int xc_dm_op(struct xc *xc, uint32_t domid, const struct xc_dm_buf *bufs, unsigned int count);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
