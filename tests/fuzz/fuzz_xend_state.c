/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Any bytes as what a former xend kept: a managed domain's config.sxp, a living one's running.sxp,
 * a pool's definition, in this order with NULs between them. xend comes up, shows what it took,
 * starts what it is to start; and when all domains were ended nothing is left of them.
 *
 * sources: tests/fuzz/xend_machine.c tests/daemons/fake_host.c tools/libs/host/[a-z]*.c
 * sources: tools/xend/api/[cmprsu]*.c tools/xend/state.c tools/xend/store.c tools/xend/failure.c
 * sources: tools/xend/domain/registry.c tools/xend/domain/create.c tools/xend/domain/destroy.c
 * sources: tools/xend/domain/reboot.c tools/xend/domain/control.c tools/xend/domain/nodes.c
 * sources: tools/xend/domain/memory.c tools/xend/domain/settings.c tools/xend/node/cpupool.c
 * sources: tools/xend/device/device.c tools/xend/device/handshake.c tools/xend/device/block.c
 * sources: tools/xend/device/sharing.c tools/xend/device/image.c tools/xend/device/net.c
 * sources: tools/xend/device/vfb.c tools/xend/device/hardware.c tools/xend/device/qemu_args.c
 * sources: tools/libs/config/[a-z]*.c tools/libs/config/script/[a-z]*.c tools/libs/base/[a-z]*.c
 * flags: -Itools/xend -DXENITH_VERSION=__FILE__ -levent_core -lm
 */
#include <stdlib.h>
#include <string.h>

#include <host/host.h>
#include <xc/xc.h>
#include <xen/domctl.h>

#include <xend/api/api.h>
#include <xend/domain/domain.h>
#include <xend/node/cpupool.h>

#include "xend_machine.h"

#define UUID "01234567-89ab-cdef-0123-456789abcdef"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The part up to a NUL goes to a file, unless there is none of it. */
static void keep(const char *name, const uint8_t **data, size_t *size)
{
    const uint8_t *end = memchr(*data, 0, *size);
    size_t n = end ? (size_t)(end - *data) : *size;

    if (n)
        machine_write(name, *data, n);
    *data += end ? n + 1 : n;
    *size -= end ? n + 1 : n;
}

/* The domain that it may be about. */
static void make_domain(struct xend *x)
{
    struct xen_domctl_createdomain c = { .max_vcpus = 1 };
    uint32_t domid;

    if (!host_uuid_parse(UUID, c.handle) || xc_domain_create(x->xc, &domid, &c))
        abort();
}

static void ask(struct xend *x, method_fn *read, const char *domain)
{
    struct request *r = calloc(1, sizeof(*r));

    r->x = x;
    r->words = sxp_list("x");
    if (domain)
        sxp_add(r->words, sxp_atom(domain));
    read(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct xend *x = machine_start();
    bool lives = size && *data % 2;

    if (lives)
        make_domain(x);
    keep("domains/" UUID "/config.sxp", &data, &size);
    keep("domains/" UUID "/running.sxp", &data, &size);
    keep("state/pools/p.sxp", &data, &size);
    state_recover(x);
    const struct domain *d = domain_find_uuid(x, UUID);

    /* What cannot be read stays for a person to look at. */
    if (!d || d->phase == DOMAIN_FOREIGN)
        machine_remove("domains/" UUID);
    machine_run();
    cpupool_start_managed(x);
    ask(x, read_domains, NULL);
    ask(x, read_pools, NULL);
    ask(x, read_config, UUID);
    ask(x, read_sched, UUID);
    ask(x, change_start, UUID);
    machine_run();
    domains_check(x);
    machine_run();
    machine_end();
    return 0;
}
