/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CPU pools: made, filled, emptied, taken apart.
 *
 * An operation is checked first, so that a refused one has changed nothing; a create that fails
 * half-way takes its pool apart again.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <base/alloc.h>
#include <base/log.h>
#include <base/strings.h>
#include <base/sxp.h>
#include <xc/xc.h>
#include <xen/sched_params.h>
#include <xen/sysctl.h>

#include "node/cpupool.h"
#include "store.h"

#define CPUS_MAX 4096
#define NAME_SIZE 64
#define FILE_MAX 4096
#define ANY_POOL UINT32_MAX

static const struct {
    unsigned int id;
    const char *name;
} schedulers[] = {
    { XEN_SCHEDULER_CREDIT, "credit" }, { XEN_SCHEDULER_CREDIT2, "credit2" },
    { XEN_SCHEDULER_SEDF, "sedf" }, { XEN_SCHEDULER_BVT, "bvt" }, { XEN_SCHEDULER_RTDS, "rtds" },
    { XEN_SCHEDULER_NULL, "null" }, { XEN_SCHEDULER_ARINC653, "arinc653" },
};

const char *scheduler_name(unsigned int id)
{
    for (size_t i = 0; i < sizeof(schedulers) / sizeof(schedulers[0]); i++) {
        if (schedulers[i].id == id)
            return schedulers[i].name;
    }
    return "unknown";
}

static int scheduler_id(const char *name, unsigned int *id, struct failure *f)
{
    for (size_t i = 0; i < sizeof(schedulers) / sizeof(schedulers[0]); i++) {
        if (strcmp(schedulers[i].name, name))
            continue;
        *id = schedulers[i].id;
        return 0;
    }
    return fail(f, -EINVAL, "there is no scheduler '%s': credit, credit2, sedf and bvt are", name);
}

/* ---- sets of CPUs ---- */

static bool has_cpu(const uint8_t *map, unsigned int cpu)
{
    return map[cpu / 8] >> cpu % 8 & 1;
}

static unsigned int count_cpus(const uint8_t *map)
{
    unsigned int n = 0;

    for (unsigned int i = 0; i < CPUS_MAX / 8; i++)
        n += __builtin_popcount(map[i]);
    return n;
}

/* "0-2,4"; "-" for none. */
static char *cpus_text(const uint8_t *map)
{
    struct buffer text = { 0 };

    for (unsigned int c = 0; c < CPUS_MAX; c++) {
        unsigned int first = c;

        if (!has_cpu(map, c))
            continue;
        while (c + 1 < CPUS_MAX && has_cpu(map, c + 1))
            c++;
        buffer_printf(&text, text.len ? ",%u" : "%u", first);
        if (c > first)
            buffer_printf(&text, "-%u", c);
    }
    if (!text.len)
        buffer_puts(&text, "-");
    return buffer_detach(&text);
}

static int refused(struct failure *f, int rc, const char *what, const char *pool)
{
    return fail(f, rc, "%s pool '%s' failed: %s", what, pool, strerror(-rc));
}

/* ---- finding ---- */

char *cpupool_name(struct xend *x, uint32_t id)
{
    char *name = store_get(x, "/local/pool/%u/name", id);

    return name && *name ? name : xasprintf("Pool-%u", id);
}

static bool find(struct xend *x, const char *word, struct xc_cpupool *pool)
{
    unsigned long long number = ANY_POOL;
    bool has_number = parse_number(word, ANY_POOL - 1, &number);

    memset(pool, 0, sizeof(*pool));
    for (; !xc_cpupool_info(x->xc, pool); pool->id++) {
        char *name = cpupool_name(x, pool->id);
        bool is_it = !strcmp(name, word) || (has_number && number == pool->id);

        free(name);
        if (is_it)
            return true;
    }
    return false;
}

static char *definition_path(struct xend *x, const char *name)
{
    return xasprintf("%s/pools/%s.sxp", x->config.state_path, name);
}

static struct sxp *read_definition(struct xend *x, const char *name)
{
    char *path = definition_path(x, name), text[FILE_MAX], error[100];
    FILE *file = fopen(path, "re");

    free(path);
    if (!file)
        return NULL;
    struct sxp *s = sxp_parse(text, fread(text, 1, sizeof(text), file), NULL, error, sizeof(error));

    fclose(file);
    return s;
}

int cpupool_find(struct xend *x, const char *name, struct xc_cpupool *pool, struct failure *f)
{
    if (find(x, name, pool))
        return 0;
    struct sxp *known = read_definition(x, name);

    if (!known)
        return fail(f, -ENOENT, "Pool '%s' does not exist.", name);
    sxp_free(known);
    return fail(f, -ENOENT, "Pool '%s' is not active.", name);
}

/* ---- what a configuration asks for ---- */

struct wanted {
    const char *name, *cpus;
    unsigned int sched;
    uint8_t map[CPUS_MAX / 8];
};

static int check_name(const char *name, struct failure *f)
{
    size_t good = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                         "_-.:+");

    if (*name && *name != '.' && !name[good] && strlen(name) < NAME_SIZE)
        return 0;
    return fail(f, -EINVAL, "'%s' is no name for a pool: letters, digits and _-.:+, at most %d",
                name, NAME_SIZE - 1);
}

/* "#2": any two that are free. */
static int take_any(const char *text, const uint8_t *free_map, uint8_t *map, struct failure *f)
{
    unsigned int available = count_cpus(free_map);
    unsigned long long count;

    if (!parse_number(text, CPUS_MAX, &count) || !count)
        return fail(f, -EINVAL, "cpus '#%s': expected a number of CPUs", text);
    if (count > available)
        return fail(f, -EBUSY, "%llu CPUs are wanted, but %u are in no pool: take some out of one "
                    "first (cpupool-cpu-remove)", count, available);
    for (unsigned int c = 0; count; c++) {
        if (!has_cpu(free_map, c))
            continue;
        map[c / 8] |= 1 << c % 8;
        count--;
    }
    return 0;
}

static int take_listed(struct xend *x, const char *text, const uint8_t *free_map, uint8_t *map,
                       struct failure *f)
{
    struct xen_sysctl_physinfo machine;
    struct config_error e;
    uint64_t words[CPUS_MAX / 64] = { 0 };
    int rc = xc_physinfo(x->xc, &machine);

    if (rc)
        return fail(f, rc, "the hypervisor does not tell: %s", strerror(-rc));
    if (config_cpus_parse(text, words, machine.max_cpu_id + 1, &e))
        return fail(f, -EINVAL, "%s; there are 0-%u", e.what, machine.max_cpu_id);
    memcpy(map, words, sizeof(words));
    if (!count_cpus(map))
        return fail(f, -EINVAL, "cpus '%s': that is no CPU at all", text);
    for (unsigned int c = 0; c < CPUS_MAX; c++) {
        if (has_cpu(map, c) && !has_cpu(free_map, c))
            return fail(f, -EBUSY, "CPU %u is in a pool: take it out first "
                        "(cpupool-cpu-remove)", c);
    }
    return 0;
}

static int read_wanted(const struct sxp *config, struct wanted *w, struct failure *f)
{
    const char *name = sxp_value(config, "name"), *sched = sxp_value(config, "sched");

    memset(w, 0, sizeof(*w));
    w->name = name ? name : "";
    w->cpus = sxp_value(config, "cpus");
    if (!w->cpus || !*w->cpus)
        w->cpus = "#1";
    int rc = check_name(w->name, f);

    return rc ? rc : scheduler_id(sched && *sched ? sched : "credit", &w->sched, f);
}

static int choose_cpus(struct xend *x, struct wanted *w, struct failure *f)
{
    uint8_t free_map[CPUS_MAX / 8] = { 0 };
    int rc = xc_cpupool_free_cpus(x->xc, free_map, sizeof(free_map));

    if (rc)
        return fail(f, rc, "the hypervisor does not tell which CPUs are free: %s", strerror(-rc));
    return *w->cpus == '#' ? take_any(w->cpus + 1, free_map, w->map, f)
                           : take_listed(x, w->cpus, free_map, w->map, f);
}

/* ---- making and taking apart ---- */

static int fill(struct xend *x, uint32_t id, const struct wanted *w, struct failure *f)
{
    for (unsigned int c = 0; c < CPUS_MAX; c++) {
        int rc = has_cpu(w->map, c) ? xc_cpupool_add_cpu(x->xc, id, c) : 0;

        if (rc)
            return fail(f, rc, "CPU %u cannot be added to pool '%s': %s", c, w->name,
                        strerror(-rc));
    }
    return 0;
}

/* A pool without domains; some hypervisors want it without CPUs, too. */
static int take_apart(struct xend *x, uint32_t id)
{
    struct xc_cpupool pool = { .id = id };
    int rc = xc_cpupool_info(x->xc, &pool);

    for (unsigned int c = 0; c < CPUS_MAX && !rc && pool.id == id; c++)
        rc = has_cpu(pool.cpus, c) ? xc_cpupool_remove_cpu(x->xc, id, c) : 0;
    return rc ? rc : xc_cpupool_destroy(x->xc, id);
}

static int activate(struct xend *x, struct wanted *w, struct failure *f)
{
    struct xc_cpupool other;
    uint32_t id = ANY_POOL;

    if (find(x, w->name, &other))
        return fail(f, -EEXIST, "Pool '%s' is active already", w->name);
    int rc = choose_cpus(x, w, f);

    if (rc)
        return rc;
    rc = xc_cpupool_create(x->xc, &id, w->sched);
    if (rc)
        return fail(f, rc, "the hypervisor refuses a pool with scheduler %s: %s",
                    scheduler_name(w->sched), strerror(-rc));
    rc = fill(x, id, w, f);
    if (!rc) {
        rc = store_set(x, w->name, "/local/pool/%u/name", id);
        if (rc)
            fail(f, rc, "cannot write to the store: %s", strerror(-rc));
    }
    if (rc)
        take_apart(x, id);
    return rc;
}

int cpupool_create(struct xend *x, const struct sxp *config, struct failure *f)
{
    struct wanted w;
    int rc = read_wanted(config, &w, f);

    return rc ? rc : activate(x, &w, f);
}

static int write_definition(struct xend *x, const char *name, const struct sxp *config)
{
    char *folder = xasprintf("%s/pools", x->config.state_path), *path = definition_path(x, name);
    struct buffer text = { 0 };

    sxp_print_pretty(&text, config);
    mkdir(x->config.state_path, 0755);
    mkdir(folder, 0755);
    FILE *file = fopen(path, "we");
    int rc = file && fputs(buffer_string(&text), file) >= 0 ? 0 : -errno;

    if (file && fclose(file) && !rc)
        rc = -errno;
    buffer_free(&text);
    free(folder);
    free(path);
    return rc;
}

int cpupool_define(struct xend *x, const struct sxp *config, struct failure *f)
{
    struct xc_cpupool other;
    struct wanted w;
    int rc = read_wanted(config, &w, f);

    if (rc)
        return rc;
    struct sxp *known = read_definition(x, w.name);

    sxp_free(known);
    if (known || find(x, w.name, &other))
        return fail(f, -EEXIST, "Pool '%s' exists already", w.name);
    rc = write_definition(x, w.name, config);
    return rc ? refused(f, rc, "Writing down", w.name) : 0;
}

int cpupool_start(struct xend *x, const char *name, struct failure *f)
{
    struct sxp *config = check_name(name, f) ? NULL : read_definition(x, name);
    struct xc_cpupool other;

    if (!config)
        return find(x, name, &other) ? fail(f, -EEXIST, "Pool '%s' is active already", name)
                                     : fail(f, -ENOENT, "Pool '%s' does not exist.", name);
    int rc = cpupool_create(x, config, f);

    sxp_free(config);
    return rc;
}

int cpupool_destroy(struct xend *x, const char *name, struct failure *f)
{
    struct xc_cpupool pool;
    int rc = cpupool_find(x, name, &pool, f);

    if (rc)
        return rc;
    if (!pool.id)
        return fail(f, -EPERM, "Pool '%s' is the one that dom0 is in: it stays", name);
    if (pool.domains)
        return fail(f, -EBUSY, "Pool '%s' has %u domains: move them first (cpupool-migrate)", name,
                    pool.domains);
    rc = take_apart(x, pool.id);
    if (rc)
        return refused(f, rc, "Taking apart", name);
    store_drop(x, "/local/pool/%u", pool.id);
    return 0;
}

int cpupool_delete(struct xend *x, const char *name, struct failure *f)
{
    struct xc_cpupool pool;
    struct sxp *known = check_name(name, f) ? NULL : read_definition(x, name);

    sxp_free(known);
    if (!known)
        return find(x, name, &pool) ? fail(f, -EINVAL, "Pool '%s' is not a managed one", name)
                                    : fail(f, -ENOENT, "Pool '%s' does not exist.", name);
    if (find(x, name, &pool))
        return fail(f, -EBUSY, "Pool '%s' is active: destroy it first (cpupool-destroy)", name);
    char *path = definition_path(x, name);
    int rc = unlink(path) ? -errno : 0;

    free(path);
    return rc ? refused(f, rc, "Deleting", name) : 0;
}

/* ---- CPUs come and go ---- */

static int read_cpu(struct xend *x, const char *text, unsigned int *cpu, struct failure *f)
{
    struct xen_sysctl_physinfo machine;
    unsigned long long n;
    int rc = xc_physinfo(x->xc, &machine);

    if (rc)
        return fail(f, rc, "the hypervisor does not tell: %s", strerror(-rc));
    if (!parse_number(text, machine.max_cpu_id, &n))
        return fail(f, -EINVAL, "there is no CPU '%s': 0-%u are", text, machine.max_cpu_id);
    *cpu = n;
    return 0;
}

int cpupool_add_cpu(struct xend *x, const char *name, const char *text, struct failure *f)
{
    uint8_t free_map[CPUS_MAX / 8] = { 0 };
    struct xc_cpupool pool;
    unsigned int cpu;
    int rc = cpupool_find(x, name, &pool, f);

    if (!rc)
        rc = read_cpu(x, text, &cpu, f);
    if (!rc && (rc = xc_cpupool_free_cpus(x->xc, free_map, sizeof(free_map))))
        return refused(f, rc, "Asking for", name);
    if (!rc && !has_cpu(free_map, cpu))
        return fail(f, -EBUSY, "CPU %u is in a pool: take it out first (cpupool-cpu-remove)", cpu);
    if (!rc && (rc = xc_cpupool_add_cpu(x->xc, pool.id, cpu)))
        return refused(f, rc, "Adding a CPU to", name);
    return rc;
}

int cpupool_remove_cpu(struct xend *x, const char *name, const char *text, struct failure *f)
{
    struct xc_cpupool pool;
    unsigned int cpu;
    int rc = cpupool_find(x, name, &pool, f);

    if (!rc)
        rc = read_cpu(x, text, &cpu, f);
    if (rc)
        return rc;
    if (!has_cpu(pool.cpus, cpu)) {
        char *cpus = cpus_text(pool.cpus);

        rc = fail(f, -EINVAL, "CPU %u is not in pool '%s', which has %s", cpu, name, cpus);
        free(cpus);
        return rc;
    }
    if (count_cpus(pool.cpus) == 1 && pool.domains)
        return fail(f, -EBUSY, "CPU %u is the last of pool '%s', which has %u domains", cpu, name,
                    pool.domains);
    rc = xc_cpupool_remove_cpu(x->xc, pool.id, cpu);
    return rc ? refused(f, rc, "Removing a CPU from", name) : 0;
}

int cpupool_rename(struct xend *x, const char *name, const char *new_name, struct failure *f)
{
    struct xc_cpupool pool, other;
    int rc = check_name(new_name, f);

    if (!rc)
        rc = cpupool_find(x, name, &pool, f);
    if (rc)
        return rc;
    if (find(x, new_name, &other))
        return fail(f, -EEXIST, "Pool '%s' exists already", new_name);
    rc = store_set(x, new_name, "/local/pool/%u/name", pool.id);
    return rc ? refused(f, rc, "Renaming", name) : 0;
}

/* ---- a pool for each node ---- */

static int make_node_pool(struct xend *x, unsigned int node, unsigned int sched,
                          const struct xen_sysctl_cputopo *topology, unsigned int cpus,
                          struct failure *f)
{
    char name[NAME_SIZE];
    struct wanted w = { .name = name, .sched = sched };
    uint32_t id = ANY_POOL;
    int rc = 0;

    snprintf(name, sizeof(name), "Pool-node%u", node);
    for (unsigned int c = 0; c < cpus; c++) {
        if (topology[c].node != node)
            continue;
        rc = xc_cpupool_remove_cpu(x->xc, 0, c);
        if (rc)
            return fail(f, rc, "CPU %u cannot leave its pool: %s", c, strerror(-rc));
        w.map[c / 8] |= 1 << c % 8;
    }
    if (!count_cpus(w.map))
        return 0;
    rc = xc_cpupool_create(x->xc, &id, sched);
    if (rc)
        return refused(f, rc, "Making", name);
    store_set(x, name, "/local/pool/%u/name", id);
    return fill(x, id, &w, f);
}

int cpupool_split_nodes(struct xend *x, struct failure *f)
{
    static struct xen_sysctl_cputopo topology[CPUS_MAX];
    struct xc_cpupool pool = { .id = 1 };
    unsigned int cpus = CPUS_MAX, last = 0;

    if (!xc_cpupool_info(x->xc, &pool))
        return fail(f, -EBUSY, "there are other pools than the first: destroy them before");
    pool.id = 0;
    int rc = xc_cpupool_info(x->xc, &pool);

    if (!rc)
        rc = xc_cpu_topology(x->xc, topology, &cpus);
    if (rc)
        return fail(f, rc, "the hypervisor does not tell: %s", strerror(-rc));
    for (unsigned int c = 0; c < cpus; c++) {
        if (topology[c].node < CPUS_MAX && topology[c].node > last)
            last = topology[c].node;
    }
    if (!last)
        return fail(f, -EINVAL, "this machine has one node: there is nothing to split");
    unsigned int first = topology[0].node;

    for (unsigned int node = 0; node <= last && !rc; node++) {
        if (node != first)
            rc = make_node_pool(x, node, pool.sched_id, topology, cpus, f);
    }
    if (!rc) {
        char name[NAME_SIZE];

        snprintf(name, sizeof(name), "Pool-node%u", first);
        store_set(x, name, "/local/pool/0/name");
    }
    return rc;
}

/* ---- listing ---- */

static struct sxp *active_sxp(struct xend *x, const struct xc_cpupool *pool)
{
    struct sxp *s = sxp_list("pool");
    char *name = cpupool_name(x, pool->id), *cpus = cpus_text(pool->cpus);

    sxp_add_pair(s, "name", name);
    sxp_add_pairf(s, "id", "%u", pool->id);
    sxp_add_pair(s, "sched", scheduler_name(pool->sched_id));
    sxp_add_pairf(s, "count", "%u", count_cpus(pool->cpus));
    sxp_add_pair(s, "cpus", cpus);
    sxp_add_pair(s, "active", "1");
    sxp_add_pairf(s, "domains", "%u", pool->domains);
    free(name);
    free(cpus);
    return s;
}

static void add_inactive(struct xend *x, const char *name, void *arg)
{
    struct sxp *out = arg;
    struct xc_cpupool pool;
    struct sxp *config = read_definition(x, name);

    if (config && !find(x, name, &pool)) {
        const char *sched = sxp_value(config, "sched");
        struct sxp *s = sxp_add(out, sxp_list("pool"));

        sxp_add_pair(s, "name", name);
        sxp_add_pair(s, "sched", sched ? sched : "credit");
        sxp_add_pair(s, "count", "0");
        sxp_add_pair(s, "cpus", "-");
        sxp_add_pair(s, "active", "0");
        sxp_add_pair(s, "domains", "0");
    }
    sxp_free(config);
}

/* Calls fn with the name of each definition. */
static void for_each_definition(struct xend *x, void (*fn)(struct xend *x, const char *name,
                                                           void *arg), void *arg)
{
    char *folder = xasprintf("%s/pools", x->config.state_path);
    DIR *dir = opendir(folder);
    const struct dirent *entry;

    while (dir && (entry = readdir(dir))) {
        const char *dot = strrchr(entry->d_name, '.');

        if (dot && dot > entry->d_name && !strcmp(dot, ".sxp")) {
            char *name = xstrndup(entry->d_name, dot - entry->d_name);

            fn(x, name, arg);
            free(name);
        }
    }
    if (dir)
        closedir(dir);
    free(folder);
}

struct sxp *cpupool_list(struct xend *x)
{
    struct xc_cpupool pool = { 0 };
    struct sxp *out = sxp_list("pools");

    for (; !xc_cpupool_info(x->xc, &pool); pool.id++)
        sxp_add(out, active_sxp(x, &pool));
    for_each_definition(x, add_inactive, out);
    return out;
}

/* ---- with xend's start ---- */

static void start_one(struct xend *x, const char *name, void *arg)
{
    struct xc_cpupool pool;
    struct failure f;

    (void)arg;
    if (find(x, name, &pool))
        return;
    if (cpupool_start(x, name, &f))
        log_error("pool '%s' is not started: %s", name, f.text);
    else
        log_info("pool '%s' is started", name);
}

void cpupool_start_managed(struct xend *x)
{
    for_each_definition(x, start_one, NULL);
}
