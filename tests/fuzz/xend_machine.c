/* SPDX-License-Identifier: GPL-2.0-only */
#include <dirent.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <base/alloc.h>
#include <base/log.h>
#include <xc/xc.h>
#include <xen/domctl.h>

#include "tests/daemons/fake_host.h"
#include "xend_machine.h"
#include <xend/device/device.h>
#include <xend/device/qemu.h>
#include <xend/domain/core.h>
#include <xend/domain/domain.h>
#include <xend/domain/loader.h>
#include <xend/store.h>
#include <xend/worker.h>

#define STEPS_MAX 3000          /* of an input */
#define STEPS_TO_END 100000     /* more: something turns round for ever */

static struct xend x;
static char folder[64];

/* ---- timers ---- */

struct delayed {
    struct list link;
    struct event **timer;
    uint64_t due_ms;
    void (*fn)(void *arg);
    void *arg;
};

static struct list timers;
static uint64_t now_ms;

void loop_after(struct xend *unused, struct event **timer, unsigned int ms, void (*fn)(void *arg),
                void *arg)
{
    struct delayed *call = xcalloc(1, sizeof(*call));

    (void)unused;
    loop_cancel(timer);
    *call = (struct delayed){ .timer = timer, .due_ms = now_ms + ms, .fn = fn, .arg = arg };
    list_add_tail(&timers, &call->link);
    *timer = (struct event *)call;
}

void loop_cancel(struct event **timer)
{
    struct delayed *call = (struct delayed *)*timer;

    if (!call)
        return;
    list_remove(&call->link);
    free(call);
    *timer = NULL;
}

void loop_stop(struct xend *unused)
{
    (void)unused;
}

static bool run_timer(void)
{
    const struct delayed *first = NULL;

    for_each_list(l, &timers) {
        const struct delayed *other = list_entry(l, struct delayed, link);

        if (!first || other->due_ms < first->due_ms)
            first = other;
    }
    if (!first)
        return false;
    struct delayed call = *first;

    now_ms = call.due_ms;
    loop_cancel(call.timer);
    call.fn(call.arg);
    return true;
}

/* ---- the store ---- */

struct node {
    struct list link;
    char *path, *value;
};

static struct list nodes;
static struct list events;      /* of watches: their first, no others */
static int event_fd;

struct queued {
    struct list link;
    char *token;
};

static struct node *find_node(const char *path)
{
    for_each_list(l, &nodes) {
        struct node *n = list_entry(l, struct node, link);

        if (!strcmp(n->path, path))
            return n;
    }
    return NULL;
}

int xs_open(unsigned int flags, struct xs **xs)
{
    (void)flags;
    *xs = (struct xs *)&nodes;
    return 0;
}

void xs_close(struct xs *xs)
{
    (void)xs;
}

int xs_fd(struct xs *xs)
{
    (void)xs;
    return event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

int xs_read(struct xs *xs, uint32_t tx, const char *path, char **value, size_t *len)
{
    const struct node *n = find_node(path);

    (void)xs, (void)tx;
    if (!n)
        return -ENOENT;
    *value = xstrdup(n->value);
    if (len)
        *len = strlen(n->value);
    return 0;
}

/* dom0's backends are quick: whatever they are told of is ready. */
static const char *as_backends_have_it(const char *path, const char *value)
{
    const char *name = strrchr(path, '/');
    bool is_new = !strncmp(path, "/local/domain/0/backend/", 24) && !strcmp(value, "1") &&
                  !strcmp(name, "/state");

    return is_new ? "2" : value;
}

int xs_write_string(struct xs *xs, uint32_t tx, const char *path, const char *value)
{
    struct node *n = find_node(path);

    (void)xs, (void)tx;
    value = as_backends_have_it(path, value);
    if (!n) {
        n = xcalloc(1, sizeof(*n));
        n->path = xstrdup(path);
        list_add_tail(&nodes, &n->link);
    }
    free(n->value);
    n->value = xstrdup(value);
    return 0;
}

int xs_printf(struct xs *xs, uint32_t tx, const char *path, const char *fmt, ...)
{
    char text[200];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    return xs_write_string(xs, tx, path, text);
}

int xs_mkdir(struct xs *xs, uint32_t tx, const char *path)
{
    return find_node(path) ? 0 : xs_write_string(xs, tx, path, "");
}

bool xs_exists(struct xs *xs, uint32_t tx, const char *path)
{
    (void)xs, (void)tx;
    return find_node(path);
}

int xs_remove(struct xs *xs, uint32_t tx, const char *path)
{
    size_t len = strlen(path);

    (void)xs, (void)tx;
    for_each_list_safe(l, &nodes) {
        struct node *n = list_entry(l, struct node, link);

        if (strncmp(n->path, path, len) || (n->path[len] && n->path[len] != '/'))
            continue;
        list_remove(l);
        free(n->path);
        free(n->value);
        free(n);
    }
    return 0;
}

int xs_list(struct xs *xs, uint32_t tx, const char *path, char ***names, size_t *count)
{
    (void)xs, (void)tx, (void)path;
    *names = xcalloc(1, sizeof(**names));
    *count = 0;
    return 0;
}

int xs_set_perms(struct xs *xs, uint32_t tx, const char *path, const struct xs_perm *perms,
                 size_t count)
{
    (void)xs, (void)tx, (void)path, (void)perms, (void)count;
    return 0;
}

int xs_transaction_start(struct xs *xs, uint32_t *tx)
{
    (void)xs;
    *tx = 1;
    return 0;
}

int xs_transaction_commit(struct xs *xs, uint32_t tx)
{
    (void)xs, (void)tx;
    return 0;
}

int xs_transaction_abort(struct xs *xs, uint32_t tx)
{
    (void)xs, (void)tx;
    return 0;
}

int xs_watch(struct xs *xs, const char *path, const char *token)
{
    struct queued *q = xcalloc(1, sizeof(*q));

    (void)xs, (void)path;
    q->token = xstrdup(token);
    list_add_tail(&events, &q->link);
    eventfd_write(event_fd, 1);
    return 0;
}

int xs_unwatch(struct xs *xs, const char *path, const char *token)
{
    (void)xs, (void)path, (void)token;
    return 0;
}

int xs_next_event(struct xs *xs, struct xs_event **event)
{
    eventfd_t count;

    (void)xs;
    if (list_empty(&events)) {
        eventfd_read(event_fd, &count);
        return -EAGAIN;
    }
    struct queued *q = list_entry(events.next, struct queued, link);
    size_t size = strlen(q->token) + 1;
    char *room = xmalloc(sizeof(**event) + size);

    list_remove(&q->link);
    *event = (struct xs_event *)room;
    **event = (struct xs_event){ "", memcpy(room + sizeof(**event), q->token, size) };
    free(q->token);
    free(q);
    return 0;
}

int xs_introduce(struct xs *xs, unsigned int domid, unsigned long gfn, unsigned int port)
{
    (void)xs, (void)domid, (void)gfn, (void)port;
    return 0;
}

/* ---- processes ---- */

struct worker {
    struct event *timer;
    worker_fn *fn;
    const void *fn_arg;
    worker_done_fn *done;
    void *done_arg;
};

static void work(void *arg)
{
    alignas(max_align_t) char result[WORKER_RESULT_MAX] = "";
    struct worker w = *(struct worker *)arg;
    struct failure f = { 0 };

    f.rc = w.fn(x.xc, w.fn_arg, result, &f);
    free(arg);
    w.done(w.done_arg, f.rc, result, &f);
}

struct worker *worker_start(struct xend *unused, worker_fn *fn, const void *fn_arg,
                            worker_done_fn *done, void *done_arg)
{
    struct worker *w = xcalloc(1, sizeof(*w));

    *w = (struct worker){ NULL, fn, fn_arg, done, done_arg };
    loop_after(unused, &w->timer, 0, work, w);
    return w;
}

void worker_kill(struct worker **w)
{
    if (!*w)
        return;
    loop_cancel(&(*w)->timer);
    free(*w);
    *w = NULL;
}

struct script {
    struct event *timer;
    script_done_fn *done;
    void *arg;
};

static void script_ends(void *arg)
{
    struct script s = *(struct script *)arg;

    free(arg);
    s.done(s.arg, 0, "");
}

struct script *script_start(struct xend *unused, const char *path, const char *argument,
                            const struct strings *env, script_done_fn *done, void *arg)
{
    struct script *s = xcalloc(1, sizeof(*s));

    (void)path, (void)argument, (void)env;
    s->done = done;
    s->arg = arg;
    loop_after(unused, &s->timer, 0, script_ends, s);
    return s;
}

void script_kill(struct script **s)
{
    if (!*s)
        return;
    loop_cancel(&(*s)->timer);
    free(*s);
    *s = NULL;
}

char *script_path(const char *name)
{
    return xasprintf(*name == '/' ? "%s" : "/etc/xen/scripts/%s", name);
}

/* ---- what an input must not start ---- */

int loader_check(struct domain *d, const struct config_domain *c, struct failure *f)
{
    (void)d, (void)c;
    return fail(f, -ENOENT, "no boot loaders here");
}

struct loader *loader_start(struct domain *d, struct config_domain *c, bool is_watched,
                            domain_done_fn *done, void *arg, struct failure *f)
{
    (void)is_watched, (void)done, (void)arg;
    loader_check(d, c, f);
    return NULL;
}

void loader_end(struct loader **l)
{
    (void)l;
}

void loader_clean(const struct domain *d)
{
    (void)d;
}

int core_start(struct domain *d, const char *path, bool live, domain_done_fn *done, void *arg,
               struct failure *f)
{
    (void)d, (void)path, (void)live, (void)done, (void)arg;
    return fail(f, -ENOSPC, "no cores here");
}

void core_cancel(struct domain *d)
{
    (void)d;
}

const char *qemu_binary(void)
{
    return NULL;
}

int qemu_need(struct domain *d, struct failure *f)
{
    (void)d;
    return fail(f, -ENOENT, "no QEMU here");
}

bool qemu_runs(const struct domain *d)
{
    (void)d;
    return false;
}

char *qemu_complaint(struct domain *d, const char *kind, uint32_t devid)
{
    (void)d, (void)kind, (void)devid;
    return NULL;
}

unsigned int qemu_vnc_port(const struct domain *d)
{
    (void)d;
    return 0;
}

void qemu_stop(struct domain *d, void (*gone)(void *arg), void *arg)
{
    (void)d;
    gone(arg);
}

void qemu_forget(struct domain *d)
{
    (void)d;
}

void qemu_adopt(struct domain *d)
{
    (void)d;
}

/* ---- the machine ---- */

static int remove_one(const char *path, const struct stat *st, int what, struct FTW *ftw)
{
    (void)st, (void)what, (void)ftw;
    return remove(path);
}

void machine_remove(const char *name)
{
    char *path = xasprintf("%s/%s", folder, name);

    nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(path);
}

static void clean_up(void)
{
    machine_remove("");
}

static void set_text(char **field, const char *name)
{
    free(*field);
    *field = xasprintf("%s/%s", folder, name);
}

static void boot(void)
{
    struct config_error e;
    char config[80];

    snprintf(folder, sizeof(folder), "/dev/shm/xenith-fuzz-%d", getpid());
    unsetenv("FAKE_XC");
    log_open("/dev/null", "fuzz", LOG_LEVEL_ERROR);
    list_init(&timers);
    list_init(&nodes);
    list_init(&events);
    list_init(&x.domains);
    list_init(&x.watches);
    list_init(&x.clients);
    x.base = event_base_new();
    atexit(clean_up);
    snprintf(config, sizeof(config), "%s/config", folder);
    mkdir(folder, 0700);
    machine_write("config", "", 0);
    if (config_xend_load(config, &x.config, &e) || xc_open(&x.xc) || store_open(&x))
        abort();
    set_text(&x.config.domains_path, "domains");
    set_text(&x.config.state_path, "state");
    set_text(&x.config.logfile, "log");
}

struct xend *machine_start(void)
{
    if (!x.base)
        boot();
    machine_remove("");
    mkdir(folder, 0700);
    fake_host_reset();
    xs_write_string(x.xs, 0, "/local/domain/0/name", "Domain-0");
    domains_refresh(&x);
    return &x;
}

static void run(unsigned int steps)
{
    do
        event_base_loop(x.base, EVLOOP_NONBLOCK);
    while (steps-- && run_timer());
}

void machine_run(void)
{
    run(STEPS_MAX);
}

static bool end_one(void)
{
    for_each_list(l, &x.domains) {
        struct domain *d = list_entry(l, struct domain, link);

        if (d->phase == DOMAIN_FOREIGN && d->domid) {
            xc_domain_destroy(x.xc, d->domid);
            domain_free(d);
            return true;
        }
        if (d->phase == DOMAIN_FOREIGN)
            continue;
        d->is_managed = d->restarts = false;
        if (d->phase == DOMAIN_HALTED) {
            state_remove(d);
            domain_free(d);
        } else {
            domain_stop(d, NULL, NULL);
            run(STEPS_TO_END);
        }
        return true;
    }
    return false;
}

static void expect_no_domain(void)
{
    struct xen_domctl_getdomaininfo info[2];
    unsigned int count = 2;
    DIR *dir = opendir(x.config.domains_path);
    const struct dirent *entry;

    if (xc_domain_list(x.xc, 0, info, &count) || count != 1)
        abort();
    for_each_list(l, &nodes) {
        const struct node *n = list_entry(l, struct node, link);

        if (!strncmp(n->path, "/vm/", 4) || !strncmp(n->path, "/local/domain/0/backend/", 24))
            abort();
    }
    while (dir && (entry = readdir(dir))) {
        if (entry->d_name[0] != '.')
            abort();
    }
    if (dir)
        closedir(dir);
}

void machine_end(void)
{
    for (unsigned int turn = 0; end_one(); turn++) {
        if (turn > STEPS_MAX)
            abort();
    }
    expect_no_domain();
    while (!list_empty(&timers))
        loop_cancel(list_entry(timers.next, struct delayed, link)->timer);
    xs_remove(x.xs, 0, "");
    for_each_list_safe(l, &x.domains)
        domain_free(list_entry(l, struct domain, link));
}

void machine_write(const char *name, const void *bytes, size_t size)
{
    char *path = xasprintf("%s/%s", folder, name);

    for (char *p = path + strlen(folder) + 1; (p = strchr(p, '/')); *p++ = '/') {
        *p = '\0';
        mkdir(path, 0700);
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    if (fd < 0 || write(fd, bytes, size) != (ssize_t)size)
        abort();
    close(fd);
    free(path);
}
