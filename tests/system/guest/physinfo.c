/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Prints what the hypervisor knows of the machine, through /dev/xen/privcmd:
 *   "PHYSINFO total N free N scrub N cpus N", or "PHYSINFO error E".
 * The headers are those of libxen-dev: another's reading of the ABI than the tree's own.
 */
#define __XEN_TOOLS__ 1
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xen/sysctl.h>
#include <xen/sys/privcmd.h>

int main(void)
{
    /* The hypervisor cannot wait for a page of ours to be faulted in. */
    xen_sysctl_t *op = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE | MAP_LOCKED, -1, 0);
    int fd = open("/dev/xen/privcmd", O_RDWR);

    if (fd < 0 || op == MAP_FAILED) {
        printf("PHYSINFO error %d\n", errno);
        return 1;
    }
    op->cmd = XEN_SYSCTL_physinfo;
    op->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    privcmd_hypercall_t call = { .op = __HYPERVISOR_sysctl, .arg = { (uintptr_t)op } };
    if (ioctl(fd, IOCTL_PRIVCMD_HYPERCALL, &call) < 0) {
        printf("PHYSINFO error %d\n", errno);
        return 1;
    }
    struct xen_sysctl_physinfo *info = &op->u.physinfo;
    printf("PHYSINFO total %lu free %lu scrub %lu cpus %u\n", (unsigned long)info->total_pages,
           (unsigned long)info->free_pages, (unsigned long)info->scrub_pages, info->nr_cpus);
    return 0;
}
