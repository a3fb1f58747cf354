/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The handle, raw hypercalls, and questions about the hypervisor.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xen/version.h>

#include "private.h"

int xc_open(struct xc **out)
{
    struct xc *xc = calloc(1, sizeof(*xc));

    if (!xc)
        return -ENOMEM;
    xc->privcmd = open(DEVICE_PRIVCMD, O_RDWR | O_CLOEXEC);
    if (xc->privcmd < 0)
        xc->privcmd = open("/proc/xen/privcmd", O_RDWR | O_CLOEXEC);
    if (xc->privcmd < 0) {
        int rc = -errno;

        free(xc);
        return rc;
    }
    xc->memory = open(DEVICE_HYPERCALL, O_RDWR | O_CLOEXEC);
    *out = xc;
    return 0;
}

void xc_close(struct xc *xc)
{
    if (!xc)
        return;
    while (xc->cached_count)
        munmap(xc->cached[--xc->cached_count], XC_PAGE_SIZE);
    if (xc->memory >= 0)
        close(xc->memory);
    close(xc->privcmd);
    free(xc);
}

long xc_hypercall(struct xc *xc, unsigned int op, uint64_t a, uint64_t b, uint64_t c, uint64_t d,
                  uint64_t e)
{
    struct linux_hypercall call = { op, { a, b, c, d, e } };
    long rc = ioctl(xc->privcmd, LINUX_HYPERCALL, &call);

    return rc < 0 ? -errno : rc;
}

long xc_call_struct(struct xc *xc, unsigned int op, unsigned int cmd, void *arg, size_t size)
{
    struct xc_bounce b;
    long rc = xc_bounce_in(xc, &b, arg, size, BOUNCE_IN | BOUNCE_OUT);

    if (rc)
        return rc;
    rc = xc_hypercall(xc, op, cmd, (uintptr_t)b.buffer, 0, 0, 0);
    xc_bounce_out(xc, &b, rc);
    return rc;
}

int xc_domctl(struct xc *xc, struct xen_domctl *op)
{
    struct xc_bounce b;

    op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    int rc = xc_bounce_in(xc, &b, op, sizeof(*op), BOUNCE_IN | BOUNCE_OUT);

    if (rc)
        return rc;
    rc = xc_hypercall(xc, __HYPERVISOR_domctl, (uintptr_t)b.buffer, 0, 0, 0, 0);
    xc_bounce_out(xc, &b, rc);
    return rc;
}

int xc_sysctl(struct xc *xc, struct xen_sysctl *op)
{
    struct xc_bounce b;

    op->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    int rc = xc_bounce_in(xc, &b, op, sizeof(*op), BOUNCE_IN | BOUNCE_OUT);

    if (rc)
        return rc;
    rc = xc_hypercall(xc, __HYPERVISOR_sysctl, (uintptr_t)b.buffer, 0, 0, 0, 0);
    xc_bounce_out(xc, &b, rc);
    return rc;
}

int xc_version(struct xc *xc)
{
    return xc_hypercall(xc, __HYPERVISOR_xen_version, XENVER_version, 0, 0, 0, 0);
}

int xc_version_pagesize(struct xc *xc)
{
    return xc_hypercall(xc, __HYPERVISOR_xen_version, XENVER_pagesize, 0, 0, 0, 0);
}

/* A reply that is one fixed array of text. */
static int version_text(struct xc *xc, unsigned int cmd, size_t reply_size, char *text, size_t size)
{
    char reply[2048] = "";
    long rc = xc_call_struct(xc, __HYPERVISOR_xen_version, cmd, reply, reply_size);

    if (rc < 0)
        return rc;
    reply[reply_size - 1] = '\0';
    snprintf(text, size, "%s", reply);
    return 0;
}

int xc_version_extra(struct xc *xc, char *text, size_t size)
{
    return version_text(xc, XENVER_extraversion, sizeof(xen_extraversion_t), text, size);
}

int xc_version_capabilities(struct xc *xc, char *text, size_t size)
{
    return version_text(xc, XENVER_capabilities, sizeof(xen_capabilities_info_t), text, size);
}

int xc_version_changeset(struct xc *xc, char *text, size_t size)
{
    return version_text(xc, XENVER_changeset, sizeof(xen_changeset_info_t), text, size);
}

int xc_version_command_line(struct xc *xc, char *text, size_t size)
{
    return version_text(xc, XENVER_commandline, sizeof(xen_commandline_t), text, size);
}

int xc_version_platform(struct xc *xc, unsigned long *virt_start)
{
    struct xen_platform_parameters reply;
    long rc = xc_call_struct(xc, __HYPERVISOR_xen_version, XENVER_platform_parameters, &reply,
                             sizeof(reply));

    if (rc < 0)
        return rc;
    *virt_start = reply.virt_start;
    return 0;
}

int xc_version_compile(struct xc *xc, struct xen_compile_info *info)
{
    long rc = xc_call_struct(xc, __HYPERVISOR_xen_version, XENVER_compile_info, info,
                             sizeof(*info));

    if (rc < 0)
        return rc;
    info->compiler[sizeof(info->compiler) - 1] = '\0';
    info->compile_by[sizeof(info->compile_by) - 1] = '\0';
    info->compile_domain[sizeof(info->compile_domain) - 1] = '\0';
    info->compile_date[sizeof(info->compile_date) - 1] = '\0';
    return 0;
}
