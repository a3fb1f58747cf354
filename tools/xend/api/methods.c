/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The table of all that can be asked.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <base/log.h>
#include <base/sxp.h>

#include "api/api.h"
#include "domain/domain.h"

static const struct {
    const char *name;
    method_fn *run;
    size_t min_words;       /* besides the name */
    bool is_silent;         /* not worth a line of the log */
} table[] = {
    { "version", read_version, 0, true },
    { "domains", read_domains, 0, true },           /* [domain …] */
    { "config", read_config, 1, true },             /* domain */
    { "lookup", read_lookup, 1, true },             /* domain */
    { "vcpus", read_vcpus, 1, true },               /* domain */
    { "info", read_info, 0, true },
    { "messages", read_messages, 0, true },         /* [clear] */
    { "log", read_log, 0, true },
    { "devices", read_devices, 2, true },           /* domain class */
    { "vnc", read_vnc, 1, true },                   /* domain */

    { "create", change_create, 1, false },          /* (vm …) [paused console] */
    { "new", change_new, 1, false },                /* (vm …) */
    { "delete", change_delete, 1, false },          /* domain */
    { "start", change_start, 1, false },            /* domain [paused console] */
    { "destroy", change_destroy, 1, false },        /* domain */
    { "shutdown", change_shutdown, 2, false },      /* domain reason */
    { "pause", change_pause, 1, false },            /* domain */
    { "unpause", change_unpause, 1, false },        /* domain */
    { "sysrq", change_sysrq, 2, false },            /* domain letter */
    { "mem-set", change_memory, 2, false },         /* domain MiB */
    { "mem-max", change_max_memory, 2, false },     /* domain MiB */
    { "vcpu-set", change_vcpus, 2, false },         /* domain count */
    { "reset", change_reset, 1, false },            /* domain */
    { "dump", change_dump, 1, false },              /* domain [file live crash reset] */
    { "trigger", change_trigger, 2, false },        /* domain kind [vcpu] */
    { "rename", change_name, 2, false },            /* domain name */

    { "topology", read_topology, 0, true },
    { "sched", read_sched, 1, true },               /* domain */
    { "sched-credit", change_credit, 3, false },    /* domain weight cap; '': as it is */
    { "sched-credit2", change_credit2, 3, false },  /* the same */
    { "sched-sedf", change_sedf, 6, false },        /* domain period slice latency extra weight */
    { "sched-bvt", change_bvt, 5, false },          /* domain weight warp limit unwarp */
    { "vcpu-pin", change_pin, 3, false },           /* domain vcpu cpus */
    { "pools", read_pools, 0, true },
    { "pool-create", change_pool_create, 1, false },            /* (cpupool …) */
    { "pool-new", change_pool_new, 1, false },                  /* (cpupool …) */
    { "pool-start", change_pool_start, 1, false },              /* pool */
    { "pool-destroy", change_pool_destroy, 1, false },          /* pool */
    { "pool-delete", change_pool_delete, 1, false },            /* pool */
    { "pool-cpu-add", change_pool_add_cpu, 2, false },          /* pool cpu */
    { "pool-cpu-remove", change_pool_remove_cpu, 2, false },    /* pool cpu */
    { "pool-migrate", change_pool_migrate, 2, false },          /* domain pool */
    { "pool-rename", change_pool_rename, 2, false },            /* pool name */
    { "pool-split", change_pool_split, 0, false },

    { "debug-keys", change_debug_keys, 1, false },  /* keys */
    { "attach", change_attach, 2, false },          /* domain (vbd …) */
    { "configure", change_configure, 2, false },    /* domain (vbd …) */
    { "detach", change_detach, 3, false },          /* domain class number [force] */
};

const char *word(const struct request *r, size_t n)
{
    if (n + 1 >= r->words->count || sxp_is_list(r->words->item[n + 1]))
        return "";
    return r->words->item[n + 1]->atom;
}

bool flag(const struct request *r, size_t n)
{
    return !strcmp(word(r, n), "1");
}

struct domain *request_domain(struct request *r)
{
    struct failure f;
    struct domain *d = domain_find(r->x, word(r, 0), &f);

    if (!d)
        answer_fail(r, &f);
    return d;
}

void answer(struct request *r, int rc, const struct failure *f)
{
    if (rc)
        answer_fail(r, f);
    else
        answer_ok(r, NULL);
}

void method_call(struct request *r)
{
    const char *name = sxp_is_list(r->words) ? sxp_head(r->words) : NULL;
    struct failure f;

    for (size_t i = 0; name && i < sizeof(table) / sizeof(table[0]); i++) {
        if (strcmp(table[i].name, name))
            continue;
        if (r->words->count <= table[i].min_words) {
            fail(&f, -EINVAL, "%s: %zu arguments are needed", name, table[i].min_words);
            answer_fail(r, &f);
            return;
        }
        if (!table[i].is_silent)
            log_debug("asked: %s %s", name, word(r, 0));
        table[i].run(r);
        return;
    }
    fail(&f, -ENOSYS, "no method '%s'", name ? name : "");
    answer_fail(r, &f);
}
