/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A QEMU's life: started, watched through a pidfd, its log read when it fails, ended.
 *
 * The child dies with us until it holds the lock on its pid file; from then on that file tells of
 * it. So no moment at which we are killed leaves one that nobody finds.
 */
#include <errno.h>
#include <dirent.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <base/alloc.h>
#include <base/buffer.h>
#include <base/log.h>
#include <base/strings.h>

#include "device/device.h"
#include "device/qemu.h"
#include "device/qemu_args.h"
#include "store.h"

#define RUN_DIR "/var/run/xend"
#define LOG_DIR "/var/log/xen"
#define TERM_MS 10000           /* to write back what it holds */
#define LOG_TAIL 8192

struct qemu {
    struct domain *d;
    uint32_t domid;
    pid_t pid;
    int pidfd;
    struct event *event;        /* it ended */
    struct event *timer;        /* it does not */
    char *log;
    off_t heard;                /* up to where its log is no news */
    bool is_stopping, is_over;
    void (*gone)(void *arg);
    void *gone_arg;
};

static void run_path(char path[64], uint32_t domid, const char *what)
{
    snprintf(path, 64, RUN_DIR "/qemu-%u.%s", domid, what);
}

const char *qemu_binary(void)
{
    static const char *const known[] = {
        "/usr/libexec/xen-qemu-system-i386", "/usr/lib/xen/bin/qemu-system-i386",
        "/usr/bin/qemu-system-x86_64", "/usr/bin/qemu-system-i386",
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (!access(known[i], X_OK))
            return known[i];
    }
    return NULL;
}

bool qemu_runs(const struct domain *d)
{
    return d->qemu && !d->qemu->is_over;
}

/* ---- its log ---- */

/* What it wrote from an offset on; *end becomes where that ends. */
static char *read_log(const char *path, off_t from, off_t *end)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char *text = xcalloc(1, LOG_TAIL + 1);
    struct stat st;

    *end = from;
    if (fd < 0)
        return text;
    if (!fstat(fd, &st) && st.st_size - from > LOG_TAIL)
        from = st.st_size - LOG_TAIL;
    ssize_t n = pread(fd, text, LOG_TAIL, from);

    *end = n > 0 ? from + n : from;
    close(fd);
    return text;
}

/* NAME.log becomes NAME.log.1 and so on. */
static void rotate(const char *path, long long keep)
{
    for (long long i = keep; i-- > 0;) {
        char *from = i ? xasprintf("%s.%lld", path, i) : xstrdup(path);
        char *to = xasprintf("%s.%lld", path, i + 1);

        if (rename(from, to) && errno != ENOENT)
            log_warn("%s: %s", from, strerror(errno));
        free(from);
        free(to);
    }
}

char *qemu_complaint(struct domain *d, const char *kind, uint32_t devid)
{
    struct qemu *q = d->qemu;
    off_t end;

    if (!q)
        return NULL;
    char *text = read_log(q->log, q->heard, &end);
    char *why = q->is_over ? qemu_last_line(text) : qemu_find_complaint(text, kind, devid);

    free(text);
    return why;
}

/* ---- its end ---- */

static void free_qemu(struct qemu *q)
{
    if (q->event)
        event_free(q->event);
    loop_cancel(&q->timer);
    if (q->pidfd >= 0)
        close(q->pidfd);
    q->d->qemu = NULL;
    free(q->log);
    free(q);
}

static void remove_traces(struct xend *x, uint32_t domid)
{
    static const char *const files[] = { "secret", "vnc", "port.new", "port", "pid" };
    char path[64];

    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        run_path(path, domid, files[i]);
        unlink(path);
    }
    store_drop(x, "/local/domain/0/device-model/%u", domid);
}

/* status: -1 if init was told, and not we. */
static void report_end(struct qemu *q, int status)
{
    char *last = qemu_complaint(q->d, "", 0), how[40] = "";

    if (status >= 0)
        snprintf(how, sizeof(how), " (%s %d)", WIFSIGNALED(status) ? "signal" : "exit status",
                 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    log_error("%s: QEMU ended by itself%s%s%s", q->d->name, how, last ? ": " : "",
              last ? last : "");
    free(last);
}

/* One that ended by itself is kept, to say why, until it is stopped or another is needed. */
static void on_end(evutil_socket_t fd, short what, void *arg)
{
    struct qemu *q = arg;
    void (*gone)(void *arg) = q->gone;
    void *gone_arg = q->gone_arg;
    int status = 0;

    (void)fd;
    (void)what;
    /* No child of ours if we were restarted: init reaps it then. */
    if (waitpid(q->pid, &status, WNOHANG) != q->pid)
        status = -1;
    q->is_over = true;
    event_del(q->event);
    remove_traces(q->d->x, q->domid);
    if (q->is_stopping)
        free_qemu(q);
    else
        report_end(q, status);
    if (gone)
        gone(gone_arg);
}

static void insist(void *arg)
{
    struct qemu *q = arg;

    log_warn("%s: QEMU does not end when asked to: it is killed", q->d->name);
    syscall(SYS_pidfd_send_signal, q->pidfd, SIGKILL, NULL, 0);
}

void qemu_stop(struct domain *d, void (*gone)(void *arg), void *arg)
{
    struct qemu *q = d->qemu;

    if (!qemu_runs(d)) {
        qemu_forget(d);
        gone(arg);
        return;
    }
    q->gone = gone;
    q->gone_arg = arg;
    if (q->is_stopping)
        return;
    q->is_stopping = true;
    syscall(SYS_pidfd_send_signal, q->pidfd, SIGTERM, NULL, 0);
    loop_after(d->x, &q->timer, TERM_MS, insist, q);
}

void qemu_forget(struct domain *d)
{
    if (d->qemu)
        free_qemu(d->qemu);
}

/* ---- its beginning ---- */

static int watch_it(struct qemu *q)
{
    q->pidfd = syscall(SYS_pidfd_open, q->pid, 0);
    if (q->pidfd < 0)
        return -errno;
    q->event = event_new(q->d->x->base, q->pidfd, EV_READ | EV_PERSIST, on_end, q);
    event_add(q->event, NULL);
    return 0;
}

static struct qemu *new_qemu(struct domain *d, pid_t pid)
{
    struct qemu *q = xcalloc(1, sizeof(*q));

    q->d = d;
    q->domid = d->domid;
    q->pid = pid;
    q->log = xasprintf(LOG_DIR "/qemu-dm-%s.log", d->name);
    d->qemu = q;
    if (!watch_it(q))
        return q;
    log_error("%s: process %d cannot be watched: %s", d->name, (int)pid, strerror(errno));
    free_qemu(q);
    return NULL;
}

static void __attribute__((noreturn)) be_qemu(pid_t parent, int lock, int log,
                                              const struct strings *args)
{
    struct flock whole = { .l_type = F_WRLCK };
    int null = open("/dev/null", O_RDWR);

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(127);
    setsid();
    umask(077);
    for (int i = 1; i < NSIG; i++)
        signal(i, SIG_DFL);
    dup2(null, 0);
    dup2(log, 1);
    dup2(log, 2);
    if (fcntl(lock, F_SETLK, &whole) || fcntl(lock, F_SETFD, 0)) {
        dprintf(2, "its pid file cannot be locked: %s\n", strerror(errno));
        _exit(127);
    }
    dprintf(lock, "%d\n", (int)getpid());
    prctl(PR_SET_PDEATHSIG, 0);
    execv(args->item[0], args->item);
    dprintf(2, "%s: %s\n", args->item[0], strerror(errno));
    _exit(127);
}

/* The frame buffer among a domain's devices. */
static const struct config_vfb *vfb_of(const struct domain *d)
{
    for_each_list(l, &d->devices) {
        const struct device *v = list_entry(l, struct device, link);

        if (v->class == &vfb_class)
            return v->own;
    }
    return NULL;
}

/* VNC's password is no word of a command line, which all may read. */
static int write_secret(uint32_t domid, const char *password, struct failure *f)
{
    char path[64];

    run_path(path, domid, "secret");
    unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    size_t len = strlen(password);

    if (fd < 0 || write(fd, password, len) != (ssize_t)len) {
        int rc = -errno;

        if (fd >= 0)
            close(fd);
        return fail(f, rc, "%s: %s", path, strerror(-rc));
    }
    close(fd);
    return 0;
}

static int make_args(struct domain *d, struct strings *args, struct failure *f)
{
    const struct config_vfb *vfb = vfb_of(d);
    const char *binary = qemu_binary(), *password = qemu_password(vfb, &d->x->config);
    char base[64];

    if (!binary)
        return fail(f, -ENOENT, "QEMU is not installed (Debian: qemu-system-xen)");
    snprintf(base, sizeof(base), RUN_DIR "/qemu-%u", d->domid);
    qemu_args(args, binary, d->domid, d->name, vfb, &d->x->config, base);
    return *password ? write_secret(d->domid, password, f) : 0;
}

static void __attribute__((noreturn)) be_gate(int qemu, int log, const struct strings *args)
{
    /* Nobody's child, so that nobody has to wait for it: it ends with QEMU. */
    if (fork())
        _exit(0);
    setsid();
    for (int i = 1; i < NSIG; i++)
        signal(i, SIG_DFL);
    dup2(open("/dev/null", O_RDWR), 0);
    dup2(log, 1);
    dup2(log, 2);
    if (qemu == 3)
        fcntl(3, F_SETFD, 0);
    else
        dup2(qemu, 3);
    execv(args->item[0], args->item);
    dprintf(2, "%s: %s\n", args->item[0], strerror(errno));
    syscall(SYS_pidfd_send_signal, 3, SIGKILL, NULL, 0);
    _exit(127);
}

static void start_gate(struct qemu *q, int log)
{
    struct domain *d = q->d;
    struct strings args = { 0 };
    char base[64];

    snprintf(base, sizeof(base), RUN_DIR "/qemu-%u", q->domid);
    qemu_gate_args(&args, q->domid, vfb_of(d), &d->x->config, base);
    pid_t pid = args.count ? fork() : 0;

    if (args.count && !pid)
        be_gate(q->pidfd, log, &args);
    while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
    strings_free(&args);
}

static int start(struct domain *d, const struct strings *args, struct failure *f)
{
    char *log_path = xasprintf(LOG_DIR "/qemu-dm-%s.log", d->name), path[64];
    pid_t pid = -1;

    mkdir(RUN_DIR, 0755);
    run_path(path, d->domid, "pid");
    rotate(log_path, d->x->config.qemu_dm_logrotate_count);
    int log = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    int lock = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    pid_t self = getpid();

    if (log >= 0 && lock >= 0)
        pid = fork();
    int rc = pid < 0 ? -errno : 0;

    if (!pid)
        be_qemu(self, lock, log, args);
    if (rc)
        fail(f, rc, "QEMU cannot be started: %s", strerror(-rc));
    else if (!new_qemu(d, pid))
        rc = fail(f, -EIO, "QEMU cannot be watched: the kernel has no pidfd_open");
    if (!rc)
        start_gate(d->qemu, log);
    if (log >= 0)
        close(log);
    if (lock >= 0)
        close(lock);
    free(log_path);
    return rc;
}

int qemu_need(struct domain *d, struct failure *f)
{
    struct strings args = { 0 };

    if (!qemu_runs(d))
        qemu_forget(d);
    if (d->qemu && !d->qemu->is_stopping) {
        free(read_log(d->qemu->log, d->qemu->heard, &d->qemu->heard));
        return 0;
    }
    if (d->qemu)
        return fail(f, -EBUSY, "QEMU of domain %s is just ending", d->name);
    mkdir(RUN_DIR, 0755);
    int rc = make_args(d, &args, f);

    if (!rc)
        rc = start(d, &args, f);
    if (!rc)
        log_info("%s: QEMU is process %d; its log is %s", d->name, (int)d->qemu->pid,
                 d->qemu->log);
    strings_free(&args);
    return rc;
}

/* ---- after a restart of ours ---- */

/* Who holds the lock on a pid file, 0 if nobody does. */
static pid_t holder_of(const char *path)
{
    struct flock whole = { .l_type = F_WRLCK };
    int fd = open(path, O_RDWR | O_CLOEXEC);

    if (fd < 0)
        return 0;
    int rc = fcntl(fd, F_GETLK, &whole);

    close(fd);
    return rc || whole.l_type == F_UNLCK ? 0 : whole.l_pid;
}

void qemu_adopt(struct domain *d)
{
    char path[64];

    run_path(path, d->domid, "pid");
    pid_t pid = holder_of(path);

    if (!pid || d->qemu)
        return;
    struct qemu *q = new_qemu(d, pid);

    if (q)
        free(read_log(q->log, 0, &q->heard));
    log_info("%s: its QEMU is process %d", d->name, (int)pid);
}

void qemu_sweep(struct xend *x)
{
    DIR *dir = opendir(RUN_DIR);
    struct dirent *entry;
    unsigned int domid;
    char path[64];
    int end;

    while (dir && (entry = readdir(dir))) {
        end = 0;
        if (sscanf(entry->d_name, "qemu-%u.pid%n", &domid, &end) != 1 || !end ||
            entry->d_name[end])
            continue;
        struct domain *d = domain_find_id(x, domid);

        if (d && qemu_runs(d))
            continue;
        run_path(path, domid, "pid");
        pid_t pid = holder_of(path);

        log_warn("domain %u is gone: its QEMU, process %d, ends", domid, (int)pid);
        if (pid)
            kill(pid, SIGKILL);
        remove_traces(x, domid);
    }
    if (dir)
        closedir(dir);
}

/* ---- VNC ---- */

/* The gate's, if there is one. */
static unsigned int gate_port(const struct qemu *q)
{
    unsigned int port = 0;
    char path[64];

    run_path(path, q->domid, "port");
    FILE *in = fopen(path, "re");

    if (in && fscanf(in, "%u", &port) != 1)
        port = 0;
    if (in)
        fclose(in);
    return port;
}

unsigned int qemu_vnc_port(const struct domain *d)
{
    if (!qemu_runs(d))
        return 0;
    unsigned int port = gate_port(d->qemu);

    return port ? port : qemu_listening_port(d->qemu->pid);
}
