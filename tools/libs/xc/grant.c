/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Grants: mapping what others granted, and writing the first entries of a new domain's table.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xen/grant_table.h>
#include <xen/memory.h>

#include "private.h"

struct xc_gnttab {
    int fd;
};

int xc_gnttab_open(struct xc_gnttab **out)
{
    struct xc_gnttab *g = malloc(sizeof(*g));

    if (!g)
        return -ENOMEM;
    g->fd = open(DEVICE_GNTDEV, O_RDWR | O_CLOEXEC);
    if (g->fd < 0) {
        int rc = -errno;

        free(g);
        return rc;
    }
    *out = g;
    return 0;
}

void xc_gnttab_close(struct xc_gnttab *g)
{
    if (!g)
        return;
    close(g->fd);
    free(g);
}

static void forget(struct xc_gnttab *g, uint64_t index, unsigned int count)
{
    struct linux_unmap_grants unmap = { .index = index, .count = count };
    int saved = errno;

    ioctl(g->fd, LINUX_UNMAP_GRANTS, &unmap);
    errno = saved;
}

void *xc_gnttab_map(struct xc_gnttab *g, uint32_t domid, const uint32_t *refs, unsigned int count,
                    int prot)
{
    struct linux_map_grants *map;
    void *address = NULL;

    if (!count) {
        errno = EINVAL;
        return NULL;
    }
    map = calloc(1, sizeof(*map) + (count - 1) * sizeof(map->grants[0]));
    if (!map)
        return NULL;
    map->count = count;
    for (unsigned int i = 0; i < count; i++)
        map->grants[i] = (struct linux_grant){ domid, refs[i] };
    if (!ioctl(g->fd, LINUX_MAP_GRANTS, map)) {
        address = mmap(NULL, (size_t)count << XC_PAGE_SHIFT, prot, MAP_SHARED, g->fd, map->index);
        if (address == MAP_FAILED) {
            address = NULL;
            forget(g, map->index, count);
        }
    }
    free(map);
    return address;
}

int xc_gnttab_unmap(struct xc_gnttab *g, void *address, unsigned int count)
{
    struct linux_grant_offset where = { .address = (uintptr_t)address };

    if (ioctl(g->fd, LINUX_GRANT_OFFSET, &where))
        return -errno;
    if (where.count != count)
        return -EINVAL;
    if (munmap(address, (size_t)count << XC_PAGE_SHIFT))
        return -errno;
    forget(g, where.offset, count);
    return 0;
}

static void seed_entry(grant_entry_v1_t *table, unsigned int ref, xen_pfn_t gfn, uint32_t domid)
{
    table[ref].frame = gfn;
    table[ref].domid = domid;
    /* The entry is live once its flags are: they come last. */
    __atomic_store_n(&table[ref].flags, GTF_permit_access, __ATOMIC_RELEASE);
}

int xc_gnttab_seed(struct xc *xc, uint32_t domid, xen_pfn_t console_gfn, uint32_t console_domid,
                   xen_pfn_t store_gfn, uint32_t store_domid)
{
    grant_entry_v1_t *table = xc_map_resource(xc, domid, XENMEM_resource_grant_table,
                                              XENMEM_resource_grant_table_id_shared, 0, 1,
                                              PROT_READ | PROT_WRITE);

    if (!table)
        return -errno;
    seed_entry(table, GNTTAB_RESERVED_CONSOLE, console_gfn, console_domid);
    seed_entry(table, GNTTAB_RESERVED_XENSTORE, store_gfn, store_domid);
    munmap(table, XC_PAGE_SIZE);
    return 0;
}
