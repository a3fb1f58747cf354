/* SPDX-License-Identifier: GPL-2.0-only */
/* HYPERVISOR_xen_version: who we are and what a guest may rely on. */
#include <compile.h>
#include <lib/string.h>
#include <public/features.h>
#include <public/version.h>
#include <xen/arch.h>
#include <xen/boot.h>
#include <xen/guest_access.h>
#include <xen/hypercall.h>
#include <xen/page.h>

#include "private.h"

/* Text fields are copied whole, so what follows the text must be zero. */
#define COPY_TEXT(type, text, arg) ({ \
        type t_ = { 0 }; \
        strlcpy((char *)&t_, (text), sizeof(t_)); \
        copy_arg_to_guest((arg), &t_) ? -EFAULT : 0; })

static const char capabilities[] = "xen-3.0-x86_64 ";

const char *xen_extra_version(void) { return XEN_EXTRAVERSION; }

static long compile_info(uint64_t arg)
{
    xen_compile_info_t info = { 0 };
    strlcpy(info.compiler, XEN_COMPILER, sizeof(info.compiler));
    strlcpy(info.compile_by, XEN_COMPILE_BY, sizeof(info.compile_by));
    strlcpy(info.compile_domain, XEN_COMPILE_DOMAIN, sizeof(info.compile_domain));
    strlcpy(info.compile_date, XEN_COMPILE_DATE, sizeof(info.compile_date));
    return copy_arg_to_guest(arg, &info) ? -EFAULT : 0;
}

static long features(uint64_t arg)
{
    xen_feature_info_t fi;
    if (copy_arg_from_guest(&fi, arg))
        return -EFAULT;
    if (fi.submap_idx)
        fi.submap = 0;
    else
        fi.submap = 1u << XENFEAT_pae_pgdir_above_4gb | 1u << XENFEAT_mmu_pt_update_preserve_ad |
                    1u << XENFEAT_gnttab_map_avail_bits | 1u << XENFEAT_highmem_assist |
                    1u << XENFEAT_memory_op_vnode_supported |
                    (current->domain->is_privileged ? 1u << XENFEAT_dom0 : 0);
    return copy_arg_to_guest(arg, &fi) ? -EFAULT : 0;
}

/* No build id: our image carries none.  A probe (null argument) asks for its length. */
long do_xen_version(int cmd, uint64_t arg)
{
    switch (cmd) {
    case XENVER_version: return XEN_VERSION << 16 | XEN_SUBVERSION;
    case XENVER_extraversion: return COPY_TEXT(xen_extraversion_t, XEN_EXTRAVERSION, arg);
    case XENVER_compile_info: return compile_info(arg);
    case XENVER_capabilities: return COPY_TEXT(xen_capabilities_info_t, capabilities, arg);
    case XENVER_changeset: return COPY_TEXT(xen_changeset_info_t, XEN_CHANGESET, arg);
    case XENVER_platform_parameters: {
        xen_platform_parameters_t p = { .virt_start = HYPERVISOR_START };
        return copy_arg_to_guest(arg, &p) ? -EFAULT : 0;
    }
    case XENVER_get_features: return features(arg);
    case XENVER_pagesize: return arg ? -EINVAL : PAGE_SIZE;
    case XENVER_guest_handle:
        return copy_to_guest_va(arg, current->domain->handle, sizeof(xen_domain_handle_t)) ? -EFAULT
                                                                                           : 0;
    case XENVER_commandline:
        if (!current->domain->is_privileged)
            return COPY_TEXT(xen_commandline_t, "", arg);
        return COPY_TEXT(xen_commandline_t, boot_cmdline(), arg);
    case XENVER_build_id: return -ENODATA;
    default: return -ENOSYS;
    }
}
