/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kernels that domains are likely to want next are unpacked before they are: after xend's start,
 * when nothing else starts, and when a package brings one (`xend unpack`).
 *
 * The child that does it takes only time that nobody else wants, is the first to die where memory
 * is short, and dies with us. That a file is no kernel, or no room is left, is no error here: then
 * the first create unpacks.
 */
#include <dirent.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <base/alloc.h>
#include <base/log.h>
#include <base/strings.h>
#include <guest/guest.h>

#include "domain/domain.h"
#include "worker.h"

#define AHEAD 3                 /* of the four that the folder keeps */
#define AGAIN_MS 1000
#define CONFIG_MAX 65536        /* what is larger in /etc/xen is no configuration */

/* ---- which ---- */

static void add(struct strings *kernels, const char *path)
{
    char *real = path && *path == '/' ? realpath(path, NULL) : NULL;

    if (real && kernels->count < AHEAD && !strings_has(kernels, real))
        strings_add(kernels, real);
    free(real);
}

static void add_domains(struct strings *kernels, struct xend *x)
{
    for_each_list(l, &x->domains) {
        const struct domain *d = list_entry(l, struct domain, link);
        struct config_domain c;
        struct config_error e;

        if (!d->config || config_from_sxp(d->config, &c, &e))
            continue;
        add(kernels, c.kernel);
        config_domain_free(&c);
    }
}

static void swallow(void *arg, const char *text, size_t len)
{
    (void)arg;
    (void)text;
    (void)len;
}

static void add_config(struct strings *kernels, const char *path)
{
    const struct config_options quiet = { .print = swallow };
    struct config_vars vars;
    struct config_error e;
    struct stat st;

    if (stat(path, &st) || !S_ISREG(st.st_mode) || st.st_size > CONFIG_MAX ||
        config_evaluate_file(path, &quiet, &vars, &e))
        return;
    const struct config_var *kernel = config_var_find(&vars, "kernel");

    if (kernel && kernel->kind == CONFIG_VAR_STR)
        add(kernels, kernel->text);
    config_vars_free(&vars);
}

static void add_folder(struct strings *kernels, const char *folder)
{
    DIR *dir = opendir(folder);

    if (!dir)
        return;
    for (struct dirent *e; (e = readdir(dir));) {
        char *path = xasprintf("%s/%s", folder, e->d_name);

        if (e->d_name[0] != '.')
            add_config(kernels, path);
        free(path);
    }
    closedir(dir);
}

static void add_running(struct strings *kernels)
{
    struct utsname u;

    if (uname(&u))
        return;
    char *path = xasprintf("/boot/vmlinuz-%s", u.release);

    add(kernels, path);
    free(path);
}

/* ---- unpacking ---- */

static unsigned long long available_memory(void)
{
    FILE *f = fopen("/proc/meminfo", "re");
    char line[128];
    unsigned long long kib = 0;

    while (f && fgets(line, sizeof(line), f) && sscanf(line, "MemAvailable: %llu", &kib) != 1)
        ;
    if (f)
        fclose(f);
    return kib << 10;
}

/* Somebody who waited for the last kernel may have made us usual again. */
static void stand_back(void)
{
    const struct sched_param none = { 0 };
    unsigned long long memory = available_memory() / 2;
    const struct rlimit limit = { memory, RLIM_INFINITY };
    FILE *f = fopen("/proc/self/oom_score_adj", "we");

    sched_setscheduler(0, SCHED_IDLE, &none);
    if (memory)
        setrlimit(RLIMIT_DATA, &limit);
    if (!f)
        return;
    fprintf(f, "1000\n");
    fclose(f);
}

static void unpack(const char *kernel)
{
    char error[GUEST_ERROR_SIZE] = "";

    stand_back();
    int rc = guest_cache_fill(KERNEL_CACHE, kernel, error);

    if (rc > 0)
        log_info("kernel %s: unpacked ahead", kernel);
    else if (rc < 0)
        log_debug("kernel %s: not unpacked ahead: %s", kernel, error);
}

/* ---- after xend's start ---- */

/* What is kept in memory is gone at the next boot, and memory better used. */
static bool is_in_memory(const char *folder)
{
    struct statfs fs;

    return statfs(folder, &fs) || fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC;
}

static int unpack_likely(struct xc *xc, const void *arg, void *result, struct failure *f)
{
    struct strings kernels = { 0 };

    (void)xc;
    (void)result;
    (void)f;
    if (is_in_memory(XEND_DIR))
        return 0;
    stand_back();
    guest_cache_tidy(KERNEL_CACHE);
    add_domains(&kernels, (struct xend *)arg);
    add_folder(&kernels, "/etc/xen/auto");
    add_folder(&kernels, "/etc/xen");
    add_running(&kernels);
    for (size_t i = 0; i < kernels.count; i++)
        unpack(kernels.item[i]);
    strings_free(&kernels);
    return 0;
}

static void unpacked(void *arg, int rc, const void *result, struct failure *f)
{
    struct xend *x = arg;

    (void)result;
    x->unpacker = NULL;
    if (rc)
        log_debug("kernels: not unpacked ahead: %s", f->text);
}

static bool somebody_starts(const struct xend *x)
{
    for_each_list(l, &x->domains) {
        if (list_entry(l, struct domain, link)->start)
            return true;
    }
    return false;
}

static void unpack_now(void *arg)
{
    struct xend *x = arg;

    if (somebody_starts(x))
        kernels_unpack_ahead(x);
    else
        x->unpacker = worker_start(x, unpack_likely, x, unpacked, x);
}

void kernels_unpack_ahead(struct xend *x)
{
    loop_after(x, &x->unpack_timer, AGAIN_MS, unpack_now, x);
}

/* ---- xend unpack ---- */

int kernels_unpack(const char *const *kernels)
{
    mkdir(XEND_DIR, 0700);
    stand_back();
    guest_cache_tidy(KERNEL_CACHE);
    int status = 0;

    for (; *kernels; kernels++) {
        char error[GUEST_ERROR_SIZE] = "";

        stand_back();
        if (guest_cache_fill(KERNEL_CACHE, *kernels, error) >= 0)
            continue;
        fprintf(stderr, "xend: %s\n", error);
        status = 1;
    }
    return status;
}
