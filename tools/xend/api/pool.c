/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Methods about CPU pools.
 */
#include <errno.h>
#include <string.h>

#include "api/api.h"
#include "node/cpupool.h"

void read_pools(struct request *r)
{
    answer_ok(r, cpupool_list(r->x));
}

static void with_config(struct request *r,
                        int (*fn)(struct xend *x, const struct sxp *config, struct failure *f))
{
    const struct sxp *config = r->words->item[1];
    struct failure f;
    int rc = sxp_is_list(config) ? fn(r->x, config, &f)
                                 : fail(&f, -EINVAL, "a pool's configuration is needed");

    answer(r, rc, &f);
}

static void with_name(struct request *r,
                      int (*fn)(struct xend *x, const char *name, struct failure *f))
{
    struct failure f;

    answer(r, fn(r->x, word(r, 0), &f), &f);
}

static void with_word(struct request *r, int (*fn)(struct xend *x, const char *name,
                                                   const char *text, struct failure *f))
{
    struct failure f;

    answer(r, fn(r->x, word(r, 0), word(r, 1), &f), &f);
}

void change_pool_create(struct request *r)
{
    with_config(r, cpupool_create);
}

void change_pool_new(struct request *r)
{
    with_config(r, cpupool_define);
}

void change_pool_start(struct request *r)
{
    with_name(r, cpupool_start);
}

void change_pool_destroy(struct request *r)
{
    with_name(r, cpupool_destroy);
}

void change_pool_delete(struct request *r)
{
    with_name(r, cpupool_delete);
}

void change_pool_add_cpu(struct request *r)
{
    with_word(r, cpupool_add_cpu);
}

void change_pool_remove_cpu(struct request *r)
{
    with_word(r, cpupool_remove_cpu);
}

void change_pool_rename(struct request *r)
{
    with_word(r, cpupool_rename);
}

void change_pool_split(struct request *r)
{
    struct failure f;

    answer(r, cpupool_split_nodes(r->x, &f), &f);
}
