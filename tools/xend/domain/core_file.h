/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is in a domain's core, and its form as a file.
 */
#ifndef XEND_DOMAIN_CORE_FILE_H
#define XEND_DOMAIN_CORE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xen/xen.h>
#include <xen/version.h>

#define CORE_PAGE_SIZE 4096u

/* As the format has it: all texts whole, with their NULs. */
struct core_version {
    uint64_t major, minor;
    xen_extraversion_t extra;
    xen_compile_info_t compile;
    xen_capabilities_info_t capabilities;
    xen_changeset_info_t changeset;
    xen_platform_parameters_t platform;
    uint64_t pagesize;
};

struct core_page {
    uint64_t pfn, gmfn;
};

struct core {
    bool is_hvm;                /* its frame numbers are all there is */
    bool is_32bit;
    uint64_t vcpus;
    size_t context_size;
    void *context;              /* vcpus of them */
    const void *shared_info;    /* a page, or NULL */
    struct core_version version;
    struct core_page *page;     /* by pfn */
    uint64_t page_count;
};

/* Everything up to the pages' content. 0 or -E. */
int core_file_begin(int fd, const struct core *c);
/* Content of the next count pages. */
int core_file_add(int fd, const void *pages, uint64_t count);

#endif
