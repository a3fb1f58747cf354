/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * libxenith-guest: kernel images, and domains made of them.
 *
 * Functions return 0 or a negative errno value; where they take an error text, they then say in it
 * what was wrong, in one line for a person. The library keeps no state of its own: a call touches
 * what it is given, and calls for different domains may run at once, each with its own xc handle.
 */
#ifndef GUEST_H
#define GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

struct xc;

/* Where an error is told; NULL in place of it where a caller does not care. */
#define GUEST_ERROR_SIZE 512

/* ---- image/: kernel images ---- */

struct guest_image;

enum guest_pae { GUEST_PAE_NO, GUEST_PAE_YES, GUEST_PAE_BIMODAL };

/* What a kernel says of itself. Numbers are 0 and texts "" where it says nothing. */
struct guest_image_info {
    unsigned int bits;              /* 64 or 32 */
    bool is_bzimage;
    const char *packing;            /* "none", "gzip", "xz", "lzma", "zstd", "lz4", "cached" */
    uint64_t elf_entry;
    uint64_t load_start, load_end;  /* the segments' physical addresses */

    /* The rest is of a PV kernel's notes; present has a bit per XEN_ELFNOTE_* number. */
    uint32_t present;
    char guest_os[32];
    char guest_version[32];
    char xen_version[32];
    char loader[32];
    char features[512];
    enum guest_pae pae;
    uint64_t entry;
    uint64_t hypercall_page;
    uint64_t virt_base;
    uint64_t paddr_offset;
    uint64_t init_p2m;
    uint64_t mod_start_pfn;
    uint64_t hv_start_low;
    uint64_t suspend_cancel;
    uint64_t phys32_entry;
    uint64_t supported_features;    /* a bit per XENFEAT_* */
    uint64_t required_features;
    bool requires_unknown;          /* a feature that has no number here */
};

/*
 * Reads an ELF kernel, a packed one or a bzImage, with or without Xen's notes. *image is closed by
 * the caller.
 */
int guest_image_open(const char *path, struct guest_image **image, char *error);
/* The same of bytes in memory, which are copied. */
int guest_image_parse(const void *data, size_t size, struct guest_image **image, char *error);
void guest_image_close(struct guest_image *image);
/* Valid until the image is closed. */
const struct guest_image_info *guest_image_info(const struct guest_image *image);

/*
 * Unpacks gzip, xz, lzma, zstd and (as kernels have it) lz4: *out comes from malloc. -ENOEXEC: not
 * packed in a way known here. -EFBIG: more than limit bytes. *packing names what it was.
 */
int guest_unpack(const void *data, size_t size, size_t limit, void **out, size_t *out_size,
                 const char **packing);

/*
 * Unpacks a kernel ahead of its use into dir, another call's cache_dir: 1 if it had to be, 0 if it
 * is there or is not packed. There it stays over boots, unless four others are used after it or its
 * file goes. Who fills with SCHED_IDLE gets the usual priority when a build waits for that kernel.
 */
int guest_cache_fill(const char *dir, const char *kernel, char *error);
/* Removes what was unpacked of files that are gone. */
void guest_cache_tidy(const char *dir);

/* A XENFEAT_* number by its name without the prefix, or -ENOENT. */
int guest_feature_number(const char *name, size_t len);

/* ---- build_pv.c: 64-bit paravirtual domains ---- */

struct guest_pv_config {
    const char *kernel;             /* a file */
    const char *ramdisk;            /* a file, or NULL: none */
    const char *cmdline;            /* NULL: empty */
    const char *features;           /* "a|b": the kernel must support these; NULL: no matter */
    const char *cache_dir;          /* keeps unpacked kernels (made 0700 if absent), or NULL */
    uint64_t memory_kib;            /* what the domain has at its start */
    uint64_t max_memory_kib;        /* what it may be given later; 0: memory_kib */
    unsigned int vcpus;
    uint32_t flags;                 /* SIF_* besides those that follow from the rest */
    uint32_t console_domid;         /* who serves its console and its store */
    uint32_t store_domid;
    uint32_t console_port;          /* its event channels to them; 0: made here */
    uint32_t store_port;
};

struct guest_pv_result {
    uint32_t console_port;          /* in the domain */
    uint32_t store_port;
    uint64_t console_gfn;           /* the rings: what console/ring-ref and introducing want */
    uint64_t store_gfn;
    uint64_t pages;
    struct guest_image_info kernel;
};

/*
 * Makes a newly created domain (without memory or context) ready to be unpaused: its VCPUs,
 * memory, kernel, ramdisk, page tables, first VCPU's context, grants to console and store.
 * On failure the domain is half made and wants to be destroyed.
 */
int guest_build_pv(struct xc *xc, uint32_t domid, const struct guest_pv_config *config,
                   struct guest_pv_result *result, char *error);

/* Reads the kernel and plans with it: what of a build can be checked without a domain. */
int guest_check_pv(const struct guest_pv_config *config, char *error);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
