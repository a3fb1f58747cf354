/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The heart of the ABI: hypercall numbers, page-table calls, domain ids, and the pages that
 * hypervisor and guest share.
 *
 * A hypercall returns 0 or a positive result, or a negated number of errno.h. Everything outside
 * the __ASSEMBLY__ guards can be used from assembly.
 */
#ifndef PUBLIC_XEN_H
#define PUBLIC_XEN_H

#include "xen-compat.h"
#include "handle.h"

/* Numbers that are plain in assembly and have a type in C. */
#ifdef __ASSEMBLY__
#define xen_mk_uint(x) x
#define xen_mk_ulong(x) x
#define xen_mk_ullong(x) x
#else
#define __xen_mk_uint(x) x##U
#define __xen_mk_ulong(x) x##UL
#define __xen_mk_ullong(x) x##ULL
#define xen_mk_uint(x) __xen_mk_uint(x)
#define xen_mk_ulong(x) __xen_mk_ulong(x)
#define xen_mk_ullong(x) __xen_mk_ullong(x)

/* The dimension of an array that ends a structure and is as long as its owner says. */
#define XEN_FLEX_ARRAY_DIM
#endif

#include "arch-x86/xen.h"

/* ---- Hypercalls ------------------------------------------------------------------------------ */

/* The processor's state as a PV guest sees it, and page tables. */
#define __HYPERVISOR_set_trap_table                 0
#define __HYPERVISOR_mmu_update                     1
#define __HYPERVISOR_set_gdt                        2
#define __HYPERVISOR_stack_switch                   3
#define __HYPERVISOR_set_callbacks                  4
#define __HYPERVISOR_fpu_taskswitch                 5
#define __HYPERVISOR_set_debugreg                   8
#define __HYPERVISOR_get_debugreg                   9
#define __HYPERVISOR_update_descriptor             10
#define __HYPERVISOR_update_va_mapping             14
#define __HYPERVISOR_update_va_mapping_otherdomain 22
#define __HYPERVISOR_iret                          23
#define __HYPERVISOR_set_segment_base              25
#define __HYPERVISOR_mmuext_op                     26

/* What every guest uses: memory, time, events, grants, scheduling, asking who we are. */
#define __HYPERVISOR_memory_op                     12
#define __HYPERVISOR_multicall                     13
#define __HYPERVISOR_set_timer_op                  15
#define __HYPERVISOR_xen_version                   17
#define __HYPERVISOR_console_io                    18
#define __HYPERVISOR_grant_table_op                20
#define __HYPERVISOR_vm_assist                     21
#define __HYPERVISOR_vcpu_op                       24
#define __HYPERVISOR_nmi_op                        28
#define __HYPERVISOR_sched_op                      29
#define __HYPERVISOR_callback_op                   30
#define __HYPERVISOR_event_channel_op              32
#define __HYPERVISOR_hvm_op                        34
#define __HYPERVISOR_argo_op                       39
#define __HYPERVISOR_xenpmu_op                     40

/* For domains with privilege: hardware, control of the machine and of other domains. */
#define __HYPERVISOR_platform_op                    7
#define __HYPERVISOR_xsm_op                        27
#define __HYPERVISOR_xenoprof_op                   31
#define __HYPERVISOR_physdev_op                    33
#define __HYPERVISOR_sysctl                        35
#define __HYPERVISOR_domctl                        36
#define __HYPERVISOR_kexec_op                      37
#define __HYPERVISOR_tmem_op                       38
#define __HYPERVISOR_dm_op                         41
#define __HYPERVISOR_hypfs_op                      42

/* The first forms of three calls; each took its arguments differently. */
#define __HYPERVISOR_sched_op_compat                6
#define __HYPERVISOR_event_channel_op_compat       16
#define __HYPERVISOR_physdev_op_compat             19

/* Left to the processor's side of the ABI; arch_0 is the machine-check call. */
#define __HYPERVISOR_arch_0                        48
#define __HYPERVISOR_arch_1                        49
#define __HYPERVISOR_arch_2                        50
#define __HYPERVISOR_arch_3                        51
#define __HYPERVISOR_arch_4                        52
#define __HYPERVISOR_arch_5                        53
#define __HYPERVISOR_arch_6                        54
#define __HYPERVISOR_arch_7                        55

/* ---- Virtual interrupts ---------------------------------------------------------------------- */

/* One per vCPU: bound on each vCPU separately, and stays there. */
#define VIRQ_TIMER       0  /* a timer of this vCPU expired */
#define VIRQ_DEBUG       1  /* somebody asks for a dump of the guest's state */
#define VIRQ_XENOPROF    7  /* a profile sample is ready */
#define VIRQ_XENPMU     13  /* a performance counter overflowed */

/*
 * One per machine: first bound on vCPU 0, may then be moved. All but ARGO go to a control domain.
 */
#define VIRQ_CONSOLE     2  /* input on the hypervisor's console */
#define VIRQ_DOM_EXC     3  /* a domain shut down, crashed or is dying */
#define VIRQ_TBUF        4  /* trace buffers fill up */
#define VIRQ_DEBUGGER    6  /* a domain stopped for its debugger */
#define VIRQ_CON_RING    8  /* output went to the console ring */
#define VIRQ_PCPU_STATE  9  /* a processor went on- or offline */
#define VIRQ_MEM_EVENT  10  /* a memory event waits */
#define VIRQ_ARGO       11  /* an argo message arrived */
#define VIRQ_ENOMEM     12  /* free memory fell below the watermark */

#define VIRQ_ARCH_0     16
#define VIRQ_ARCH_1     17
#define VIRQ_ARCH_2     18
#define VIRQ_ARCH_3     19
#define VIRQ_ARCH_4     20
#define VIRQ_ARCH_5     21
#define VIRQ_ARCH_6     22
#define VIRQ_ARCH_7     23
#define NR_VIRQS        24

/* ---- Domain ids ------------------------------------------------------------------------------ */

/* Real domains are below FIRST_RESERVED. */
#define DOMID_FIRST_RESERVED xen_mk_uint(0x7FF0)
#define DOMID_SELF           xen_mk_uint(0x7FF0)  /* the caller */
#define DOMID_IO             xen_mk_uint(0x7FF1)  /* owns what is not RAM */
#define DOMID_XEN            xen_mk_uint(0x7FF2)  /* owns what the hypervisor shares */
#define DOMID_COW            xen_mk_uint(0x7FF3)  /* owns pages shared copy-on-write */
#define DOMID_INVALID        xen_mk_uint(0x7FF4)  /* nobody */
#define DOMID_IDLE           xen_mk_uint(0x7FFF)  /* the idle vCPUs */
#define DOMID_MASK           xen_mk_uint(0x7FFF)

/* ---- mmu_update(reqs, count, *done, foreigndom) ---------------------------------------------- */

/*
 * Bits 1:0 of a request's ptr choose the command, the rest is a machine address. foreigndom: bits
 * 15:0 name the owner of the pages that entries refer to, bits 31:16 the owner of the tables, plus
 * one (0: the caller). On a partial failure *done tells how many requests took effect.
 */
#define MMU_NORMAL_PT_UPDATE        0  /* write a page-table entry, checked */
#define MMU_MACHPHYS_UPDATE         1  /* set the machine-to-physical entry of the frame */
#define MMU_PT_UPDATE_PRESERVE_AD   2  /* as 0, and keep accessed and dirty bits that are set now */
#define MMU_PT_UPDATE_NO_TRANSLATE  3  /* as 0, the value is never translated */

/* ---- mmuext_op(ops, count, *done, foreigndom) ------------------------------------------------ */

/* arg1.mfn: keep a frame validated as a table of this level, or let it go. */
#define MMUEXT_PIN_L1_TABLE        0
#define MMUEXT_PIN_L2_TABLE        1
#define MMUEXT_PIN_L3_TABLE        2
#define MMUEXT_PIN_L4_TABLE        3
#define MMUEXT_UNPIN_TABLE         4
/* arg1.mfn: load the root for kernel mode, for user mode. */
#define MMUEXT_NEW_BASEPTR         5
#define MMUEXT_NEW_USER_BASEPTR   15
/* This vCPU; the vCPUs in the bitmap arg2.vcpumask; all. INVLPG takes arg1.linear_addr. */
#define MMUEXT_TLB_FLUSH_LOCAL     6
#define MMUEXT_INVLPG_LOCAL        7
#define MMUEXT_TLB_FLUSH_MULTI     8
#define MMUEXT_INVLPG_MULTI        9
#define MMUEXT_TLB_FLUSH_ALL      10
#define MMUEXT_INVLPG_ALL         11
/* Write back and invalidate caches: this processor, all. For domains with access to devices. */
#define MMUEXT_FLUSH_CACHE        12
#define MMUEXT_FLUSH_CACHE_GLOBAL 18
/* arg1.linear_addr page aligned, arg2.nr_ents entries; none removes the LDT. */
#define MMUEXT_SET_LDT            13
/* arg1.mfn is cleared, or becomes a copy of arg2.src_mfn. */
#define MMUEXT_CLEAR_PAGE         16
#define MMUEXT_COPY_PAGE          17
/* Obsolete. */
#define MMUEXT_MARK_SUPER         19
#define MMUEXT_UNMARK_SUPER       20

/* ---- update_va_mapping(va, entry, flags): what to flush, and where --------------------------- */

/* In place of ALL and LOCAL the flags may hold the address of a bitmap of vCPUs (MULTI). */
#define UVMF_NONE           (xen_mk_ulong(0)<<0)
#define UVMF_TLB_FLUSH      (xen_mk_ulong(1)<<0)
#define UVMF_INVLPG         (xen_mk_ulong(2)<<0)
#define UVMF_FLUSHTYPE_MASK (xen_mk_ulong(3)<<0)
#define UVMF_MULTI          (xen_mk_ulong(0)<<2)
#define UVMF_LOCAL          (xen_mk_ulong(0)<<2)
#define UVMF_ALL            (xen_mk_ulong(1)<<2)

/* ---- console_io(cmd, count, buffer): read returns the number of bytes ------------------------ */

#define CONSOLEIO_write 0
#define CONSOLEIO_read  1

/* ---- vm_assist(cmd, type): habits a guest may switch on -------------------------------------- */

#define VMASST_CMD_enable                 0
#define VMASST_CMD_disable                1

/* 32-bit: emulate segments that reach into our space */
#define VMASST_TYPE_4gb_segments          0
#define VMASST_TYPE_4gb_segments_notify   1  /* and raise trap 15 each time */
#define VMASST_TYPE_writable_pagetables   2  /* a write to a page table traps and is applied */
#define VMASST_TYPE_pae_extended_cr3      3  /* 32-bit: an L3 table may be above 4 GiB */
#define VMASST_TYPE_architectural_iopl    4  /* IOPL is what the guest's flags on its stack say */
#define VMASST_TYPE_runstate_update_flag  5  /* mark runstate areas while they change */
#define VMASST_TYPE_m2p_strict           32  /* user mode sees no machine-to-physical table */

/* ---- start_info.flags ------------------------------------------------------------------------ */

#define SIF_PRIVILEGED      (1<<0)
#define SIF_INITDOMAIN      (1<<1)
#define SIF_MULTIBOOT_MOD   (1<<2)     /* the module is a list, xen_multiboot_mod_list */
#define SIF_MOD_START_PFN   (1<<3)     /* mod_start is a frame number, the module is not mapped */
#define SIF_VIRT_P2M_4TOOLS (1<<4)     /* tools can read a linear p2m, no tree is needed */
#define SIF_PM_MASK         (0xFF<<8)  /* who manages power */

#define MAX_GUEST_CMDLINE 1024

/* dom0_vga_console_info.video_type */
#define XEN_VGATYPE_TEXT_MODE_3 0x03
#define XEN_VGATYPE_VESA_LFB    0x23
#define XEN_VGATYPE_EFI_LFB     0x70

/* vcpu_time_info.flags */
#define XEN_PVCLOCK_TSC_STABLE_BIT (1 << 0)  /* readings agree across vCPUs */
#define XEN_PVCLOCK_GUEST_STOPPED  (1 << 1)  /* the guest was paused by its host */

#ifndef __ASSEMBLY__

DEFINE_XEN_GUEST_HANDLE(char);
DEFINE_XEN_GUEST_HANDLE(int);
DEFINE_XEN_GUEST_HANDLE(void);
DEFINE_XEN_GUEST_HANDLE(uint64_t);
DEFINE_XEN_GUEST_HANDLE(xen_pfn_t);
DEFINE_XEN_GUEST_HANDLE(xen_ulong_t);
__DEFINE_XEN_GUEST_HANDLE(uchar, unsigned char);
__DEFINE_XEN_GUEST_HANDLE(uint, unsigned int);
__DEFINE_XEN_GUEST_HANDLE(uint8, uint8_t);
__DEFINE_XEN_GUEST_HANDLE(uint16, uint16_t);
__DEFINE_XEN_GUEST_HANDLE(uint32, uint32_t);
__DEFINE_XEN_GUEST_HANDLE(uint64, uint64_t);

typedef uint16_t domid_t;
typedef uint8_t xen_domain_handle_t[16];

struct mmu_update {
    uint64_t ptr;                   /* machine address of the entry, command in bits 1:0 */
    uint64_t val;
};
XEN_ABI_STRUCT(mmu_update);

struct mmuext_op {
    unsigned int cmd;               /* MMUEXT_* */
    union {
        xen_pfn_t mfn;
        unsigned long linear_addr;
    } arg1;
    union {
        unsigned int nr_ents;
        XEN_GUEST_HANDLE(const_void) vcpumask;
        xen_pfn_t src_mfn;
    } arg2;
};
XEN_ABI_STRUCT(mmuext_op);

/* One call of a multicall; the list is done in order, each with its own result. */
struct multicall_entry {
    xen_ulong_t op, result;
    xen_ulong_t args[6];
};
XEN_ABI_STRUCT(multicall_entry);

/*
 * The clock of one vCPU. Valid if version is even and the same before and after reading:
 * now = system_time + (((tsc - tsc_timestamp) << tsc_shift) * tsc_to_system_mul >> 32), in ns since
 * boot; a negative shift goes right.
 */
struct vcpu_time_info {
    uint32_t version;
    uint32_t pad0;
    uint64_t tsc_timestamp;
    uint64_t system_time;
    uint32_t tsc_to_system_mul;
    int8_t tsc_shift;
    uint8_t flags;                  /* XEN_PVCLOCK_* */
    uint8_t pad1[2];
};
typedef struct vcpu_time_info vcpu_time_info_t;

/* What the hypervisor and one vCPU tell each other. 64 bytes. */
struct vcpu_info {
    uint8_t evtchn_upcall_pending;  /* set by us; the guest clears it before it scans */
    uint8_t evtchn_upcall_mask;     /* PV: no upcall while set, as interrupts off */
    xen_ulong_t evtchn_pending_sel; /* words of evtchn_pending worth a look */
    struct arch_vcpu_info arch;
    vcpu_time_info_t time;
};
typedef struct vcpu_info vcpu_info_t;

/*
 * One page per domain. A port's event is delivered when its pending bit rises while its mask is
 * clear.
 */
struct shared_info {
    struct vcpu_info vcpu_info[XEN_LEGACY_MAX_VCPUS];
    xen_ulong_t evtchn_pending[sizeof(xen_ulong_t) * 8];
    xen_ulong_t evtchn_mask[sizeof(xen_ulong_t) * 8];
    uint32_t wc_version;            /* odd while the wall clock changes */
    uint32_t wc_sec;                /* UTC when system time was 0, with wc_sec_hi above */
    uint32_t wc_nsec;
#ifdef __i386__
#define xen_wc_sec_hi arch.wc_sec_hi
#else
    uint32_t wc_sec_hi;
#define xen_wc_sec_hi wc_sec_hi
#endif
    struct arch_shared_info arch;
};
typedef struct shared_info shared_info_t;

/*
 * The page a PV guest finds at its start (register rsi). In virtual memory from the kernel's base
 * follow, page aligned: kernel, module, p2m list, this page, xenstore and console rings (not for
 * the first domain), page tables, a stack page, and at least 512 KiB mapped beyond, up to a 4 MiB
 * boundary.
 */
struct start_info {
    /* Set at first start and after each resume. */
    char magic[32];                 /* "xen-<version>-<platform>" */
    unsigned long nr_pages;
    unsigned long shared_info;      /* machine address */
    uint32_t flags;                 /* SIF_* */
    xen_pfn_t store_mfn;            /* machine frame of the xenstore ring */
    uint32_t store_evtchn;
    union {
        struct {
            xen_pfn_t mfn;          /* machine frame of the console ring */
            uint32_t evtchn;
        } domU;
        struct {
            uint32_t info_off;      /* dom0_vga_console_info, from the start of this page */
            uint32_t info_size;
        } dom0;
    } console;
    /* Set at first start only; virtual addresses. */
    unsigned long pt_base;
    unsigned long nr_pt_frames;
    unsigned long mfn_list;
    unsigned long mod_start;        /* a frame number with SIF_MOD_START_PFN; 0: no module */
    unsigned long mod_len;          /* bytes */
    int8_t cmd_line[MAX_GUEST_CMDLINE];
    unsigned long first_p2m_pfn;    /* frames of the p2m list, if outside the mapping */
    unsigned long nr_p2m_frames;
};
typedef struct start_info start_info_t;

/*
 * An element of the list at a multiboot module's start; offsets from there; ends with mod_start 0.
 */
struct xen_multiboot_mod_list {
    uint32_t mod_start;
    uint32_t mod_end;
    uint32_t cmdline;
    uint32_t pad;                   /* zero */
};

/* The screen as firmware and loader left it, for the first domain. */
typedef struct dom0_vga_console_info {
    uint8_t video_type;             /* XEN_VGATYPE_* */
    union {
        struct {
            uint16_t font_height;
            uint16_t cursor_x, cursor_y;
            uint16_t rows, columns;
        } text_mode_3;
        struct {
            uint16_t width, height;
            uint16_t bytes_per_line;
            uint16_t bits_per_pixel;
            uint32_t lfb_base;      /* low half of the physical address */
            uint32_t lfb_size;      /* in 64 KiB */
            uint8_t red_pos, red_size;
            uint8_t green_pos, green_size;
            uint8_t blue_pos, blue_size;
            uint8_t rsvd_pos, rsvd_size;
            uint32_t gbl_caps;      /* from VBE function 0 */
            uint16_t mode_attrs;    /* from VBE function 1 */
            uint16_t pad;
            uint32_t ext_lfb_base;  /* high half */
        } vesa_lfb;
    } u;
} dom0_vga_console_info_t;
#define xen_vga_console_info dom0_vga_console_info
#define xen_vga_console_info_t dom0_vga_console_info_t

/* A UUID in the order it is printed: every number big-endian. */
typedef struct {
    uint8_t a[16];
} xen_uuid_t;

#define XEN_UUID_BYTE(x, shift) (((x) >> (shift)) & 0xFF)
#define XEN_DEFINE_UUID_(a, b, c, d, e1, e2, e3, e4, e5, e6) \
    {{ XEN_UUID_BYTE(a, 24), XEN_UUID_BYTE(a, 16), XEN_UUID_BYTE(a, 8), XEN_UUID_BYTE(a, 0), \
       XEN_UUID_BYTE(b, 8), XEN_UUID_BYTE(b, 0), XEN_UUID_BYTE(c, 8), XEN_UUID_BYTE(c, 0), \
       XEN_UUID_BYTE(d, 8), XEN_UUID_BYTE(d, 0), e1, e2, e3, e4, e5, e6 }}
#define XEN_DEFINE_UUID(a, b, c, d, e1, e2, e3, e4, e5, e6) \
    ((xen_uuid_t)XEN_DEFINE_UUID_(a, b, c, d, e1, e2, e3, e4, e5, e6))

#if defined(__XEN__) || defined(__XEN_TOOLS__)
/* Control interfaces look alike to 32- and 64-bit callers; for us both forms are one. */
#define int64_aligned_t int64_t
#define uint64_aligned_t uint64_t
#define XEN_GUEST_HANDLE_64(name) XEN_GUEST_HANDLE(name)

struct xenctl_bitmap {
    XEN_GUEST_HANDLE_64(uint8) bitmap;  /* bytes, lowest bit first */
    uint32_t nr_bits;
};
typedef struct xenctl_bitmap xenctl_bitmap_t;
#endif

#endif /* __ASSEMBLY__ */
#endif
