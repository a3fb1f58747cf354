/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mapping other domains' memory, by frame or by resource.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <xen/memory.h>

#include "private.h"

static void *reserve(struct xc *xc, unsigned int count, int prot)
{
    void *address = mmap(NULL, (size_t)count << XC_PAGE_SHIFT, prot, MAP_SHARED, xc->privcmd, 0);

    return address == MAP_FAILED ? NULL : address;
}

static void *give_up(void *address, unsigned int count, int error)
{
    munmap(address, (size_t)count << XC_PAGE_SHIFT);
    errno = error;
    return NULL;
}

static int map_batch(struct xc *xc, uint32_t domid, char *address, const xen_pfn_t *frames,
                     unsigned int count, int *errors)
{
    struct linux_mmapbatch batch = {
        .count = count, .domid = domid, .address = (uintptr_t)address, .frames = frames,
        .errors = errors,
    };

    /* The kernel reports single failures in errors, and by ENOENT that there is one. */
    if (ioctl(xc->privcmd, LINUX_MMAPBATCH_V2, &batch) < 0 && errno != ENOENT)
        return -errno;
    return 0;
}

static int first_error(const int *errors, unsigned int count)
{
    for (unsigned int i = 0; i < count; i++) {
        if (errors[i])
            return -errors[i];
    }
    return 0;
}

void *xc_map_frames(struct xc *xc, uint32_t domid, int prot, const xen_pfn_t *frames,
                    unsigned int count, int *errors)
{
    int few[64] = { 0 };
    int *list = errors ? errors : count <= 64 ? few : calloc(count, sizeof(*list));
    char *address = reserve(xc, count, prot);
    int error = !list ? ENOMEM : !address ? errno : 0;

    if (!error)
        error = -map_batch(xc, domid, address, frames, count, list);
    if (!error && !errors)
        error = first_error(list, count);
    if (list != few && list != errors)
        free(list);
    if (!error)
        return address;
    if (address)
        return give_up(address, count, error);
    errno = error;
    return NULL;
}

int xc_unmap_frames(void *address, unsigned int count)
{
    return munmap(address, (size_t)count << XC_PAGE_SHIFT) ? -errno : 0;
}

void *xc_map_resource(struct xc *xc, uint32_t domid, unsigned int type, unsigned int id,
                      unsigned int index, unsigned int count, int prot)
{
    void *address = reserve(xc, count, prot);
    struct linux_mmap_resource resource = {
        .domid = domid, .type = type, .id = id, .index = index, .count = count,
        .address = (uintptr_t)address,
    };

    if (!address)
        return NULL;
    if (ioctl(xc->privcmd, LINUX_MMAP_RESOURCE, &resource) < 0)
        return give_up(address, count, errno);
    return address;
}

int xc_resource_size(struct xc *xc, uint32_t domid, unsigned int type, unsigned int id,
                     unsigned long *frames)
{
    struct xen_mem_acquire_resource op = { .domid = domid, .type = type, .id = id };
    long rc = xc_call_struct(xc, __HYPERVISOR_memory_op, XENMEM_acquire_resource, &op, sizeof(op));

    if (rc < 0)
        return rc;
    *frames = op.nr_frames;
    return 0;
}
