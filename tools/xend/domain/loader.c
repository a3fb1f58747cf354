/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The loader has a terminal of its own, the user another one, which console/tty names; we carry
 * bytes between them. Its answer comes through a FIFO in the domain's own folder below
 * /var/run/xend/boot, where pygrub puts its copies, too; copies that another loader made elsewhere
 * are noted there as links before they are used. So whoever has the folder can clean up, however
 * a start ended.
 */
#include <dirent.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <base/alloc.h>
#include <base/log.h>

#include "child.h"
#include "device/device.h"
#include "domain/loader.h"

#define BOOT_DIR "/var/run/xend/boot"
#define ANSWER "answer"
#define ANSWER_MAX 65536

struct loader {
    struct domain *d;
    struct config_domain *c;
    char *program;
    char *folder;
    struct child child;         /* its pipe is the loader's terminal */
    bool is_running;
    int fifo;
    int terminal, far_end;      /* the user's: ours, and the one that users open */
    struct event *typed;
    struct event *timer;        /* runs while nothing happens; NULL if somebody looks on */
    bool is_watched, is_late;
    struct buffer lines;        /* what it wrote, up to the last whole line */
    char *last;                 /* that line */
    domain_done_fn *done;
    void *arg;
};

/* ---- the program and its disk ---- */

static char *find_program(const char *name)
{
    static const char *const places[] = {
        "/usr/lib/xen/bin", "/usr/lib/xen-*/bin", "/usr/local/lib/xen/bin", "/usr/bin", "/usr/sbin",
        "/usr/local/bin", "/usr/local/sbin", "/bin", "/sbin",
    };

    if (*name == '/')
        return access(name, F_OK) ? NULL : xstrdup(name);
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]) && !strchr(name, '/'); i++) {
        char *pattern = xasprintf("%s/%s", places[i], name), *found = NULL;
        glob_t paths;

        if (!glob(pattern, 0, NULL, &paths)) {
            found = xstrdup(paths.gl_pathv[0]);
            globfree(&paths);
        }
        free(pattern);
        if (found)
            return found;
    }
    return NULL;
}

static int look_for(const char *name, char **program, struct failure *f)
{
    struct stat st;

    *program = find_program(name);
    if (!*program)
        return fail(f, -ENOENT, "the bootloader '%s' is not installed", name);
    if (!stat(*program, &st) && S_ISREG(st.st_mode) && !access(*program, X_OK))
        return 0;
    fail(f, -EACCES, "Bootloader isn't executable: %s", *program);
    free(*program);
    *program = NULL;
    return -EACCES;
}

static bool is_bootable(const struct device *v)
{
    const char *bootable = sxp_value(v->config, "bootable");

    return bootable && !strcmp(bootable, "1");
}

/* The first that is bootable, or the first of all. */
static int find_disk(struct domain *d, const char **path, struct failure *f)
{
    const struct device *found = NULL;

    for_each_list(l, &d->devices) {
        const struct device *v = list_entry(l, struct device, link);

        if (v->class == &block_class && (!found || (is_bootable(v) && !is_bootable(found))))
            found = v;
    }
    return found ? block_raw_path(found, path, f)
                 : fail(f, -EINVAL, "a bootloader is given, but no disk to boot from");
}

int loader_check(struct domain *d, const struct config_domain *c, struct failure *f)
{
    const char *disk;
    char *program;
    int rc = look_for(c->bootloader, &program, f);

    if (rc)
        return rc;
    free(program);
    return find_disk(d, &disk, f);
}

/* ---- the folder ---- */

static char *folder_of(const struct domain *d)
{
    return xasprintf("%s/%s", BOOT_DIR, d->uuid);
}

void loader_clean(const struct domain *d)
{
    char *folder = folder_of(d), target[PATH_MAX];
    DIR *dir = opendir(folder);
    const struct dirent *entry;

    while (dir && (entry = readdir(dir))) {
        ssize_t n = readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1);

        if (n > 0) {
            target[n] = '\0';
            unlink(target);
        }
        unlinkat(dirfd(dir), entry->d_name, 0);
    }
    if (dir)
        closedir(dir);
    rmdir(folder);
    free(folder);
}

static int make_folder(struct loader *l, struct failure *f)
{
    char *fifo = xasprintf("%s/%s", l->folder, ANSWER);
    int rc = 0;

    loader_clean(l->d);
    mkdir("/var/run/xend", 0755);
    mkdir(BOOT_DIR, 0700);
    if (mkdir(l->folder, 0700) || mkfifo(fifo, 0600) ||
        (l->fifo = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC)) < 0)
        rc = fail(f, -errno, "%s: %s", fifo, strerror(errno));
    free(fifo);
    return rc;
}

/* Others need not know --output-directory. */
static bool is_pygrub(const struct loader *l)
{
    return !strncmp(strrchr(l->program, '/') + 1, "pygrub", 6);
}

static bool is_in_folder(const struct loader *l, const char *path)
{
    size_t len = strlen(l->folder);

    return !strncmp(path, l->folder, len) && path[len] == '/' && !strchr(path + len + 1, '/');
}

/* What pygrub says has passed through the guest's menu: it names its own copies, or we are had. */
static bool is_believable(const struct loader *l, const char *path)
{
    return !path || !is_pygrub(l) || is_in_folder(l, path);
}

/* Where copies are made. What a loader names elsewhere may be the host's own kernel. */
static bool is_temporary(const char *path)
{
    static const char *const places[] = {
        "/tmp/", "/var/tmp/", "/run/", "/var/run/", "/var/lib/xen/",
    };

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        if (!strncmp(path, places[i], strlen(places[i])) && !strstr(path, "/../"))
            return true;
    }
    return false;
}

/* Notes a copy, unless it is in the folder, or no copy but what we told the loader. */
static void note_copy(struct loader *l, const char *name, const char *path, const char *told)
{
    if (!path || (told && !strcmp(path, told)) || is_in_folder(l, path) || !is_temporary(path))
        return;
    char *link = xasprintf("%s/%s", l->folder, name);

    if (symlink(path, link))
        log_warn("%s: %s", link, strerror(errno));
    free(link);
}

/* ---- its answer ---- */

/* linux (kernel PATH)(ramdisk PATH)(args "TEXT"), with or without parentheses around it. */
static struct sxp *parse_answer(const char *text, char *error, size_t size)
{
    char *whole = xasprintf(*text == '(' ? "%s" : "(%s)", text);
    struct sxp *s = sxp_parse(whole, strlen(whole), NULL, error, size);

    free(whole);
    return s;
}

static void replace(char **field, const char *text)
{
    char *copy = text && *text ? xstrdup(text) : NULL;

    free(*field);
    *field = copy;
}

static void use_answer(struct loader *l, const char *kernel, const char *ramdisk, const char *args)
{
    struct config_domain *c = l->c;

    note_copy(l, "kernel", kernel, c->kernel);
    note_copy(l, "ramdisk", ramdisk, c->ramdisk);
    replace(&c->kernel, kernel);
    replace(&c->ramdisk, ramdisk);
    if (args) {                 /* the whole line: it was told ours */
        replace(&c->root, NULL);
        replace(&c->ip_line, NULL);
        replace(&c->extra, args);
    }
    log_info("%s: boot loader: kernel %s, ramdisk %s, command line '%s'", l->d->name, kernel,
             ramdisk ? ramdisk : "-", args ? args : "");
}

static int take_answer(struct loader *l, const char *text, struct failure *f)
{
    char error[200] = "no kernel is named";
    struct sxp *s = parse_answer(text, error, sizeof(error));
    const char *kernel = s ? sxp_value(s, "kernel") : NULL;
    const char *ramdisk = s ? sxp_value(s, "ramdisk") : NULL;
    int rc = 0;

    if (!kernel || !*kernel)
        rc = fail(f, -EINVAL, "boot loader %s: its answer is not understood: %s", l->program,
                  error);
    else if (!is_believable(l, kernel) || !is_believable(l, ramdisk))
        rc = fail(f, -EPERM, "boot loader %s names a file that it did not make: %s", l->program,
                  is_believable(l, kernel) ? ramdisk : kernel);
    else
        use_answer(l, kernel, ramdisk, sxp_value(s, "args"));
    sxp_free(s);
    return rc;
}

static int read_answer(struct loader *l, struct failure *f)
{
    char *text = xmalloc(ANSWER_MAX);
    size_t len = 0;
    ssize_t n;

    while (len < ANSWER_MAX - 1 && (n = read(l->fifo, text + len, ANSWER_MAX - 1 - len)) > 0)
        len += n;
    text[len] = '\0';
    int rc = len ? take_answer(l, text, f)
                 : fail(f, -EIO, "Boot loader didn't return any data!%s%s", l->last ? " " : "",
                        l->last ? l->last : "");

    free(text);
    return rc;
}

/* ---- the two terminals ---- */

/* What is left of a line when a terminal has obeyed it: enough to be told. */
static void take_line(void *arg, const char *text, size_t len)
{
    struct loader *l = arg;
    struct buffer plain = { 0 };

    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\033') {
            while (i + 1 < len && strchr("[(0123456789;?", text[i + 1]))
                i++;
            i++;
        } else if ((unsigned char)text[i] >= ' ' && text[i] != '\177') {
            buffer_putc(&plain, text[i]);
        }
    }
    if (strspn(buffer_string(&plain), " ") < plain.len) {
        free(l->last);
        l->last = buffer_detach(&plain);
        log_debug("%s: boot loader: %s", l->d->name, l->last);
    }
    buffer_free(&plain);
}

static void on_late(void *arg)
{
    struct loader *l = arg;

    l->is_late = true;
    kill(-l->child.pid, SIGKILL);
}

static void wait_anew(struct loader *l)
{
    if (!l->is_watched)
        loop_after(l->d->x, &l->timer, l->d->x->config.device_create_timeout * 1000, on_late, l);
}

/* What nobody reads, or the loader does not want, is lost. */
static void pass_on(int fd, const char *bytes, size_t n)
{
    while (n) {
        ssize_t done = write(fd, bytes, n);

        if (done <= 0)
            return;
        bytes += done;
        n -= done;
    }
}

static void on_typed(evutil_socket_t fd, short what, void *arg)
{
    struct loader *l = arg;
    char bytes[512];
    ssize_t n = read(fd, bytes, sizeof(bytes));

    (void)what;
    if (n <= 0)
        return;
    if (l->is_running) {
        wait_anew(l);
        pass_on(l->child.fd, bytes, n);
    }
}

static void came(void *owner, struct buffer *in)
{
    struct loader *l = owner;

    wait_anew(l);
    pass_on(l->terminal, buffer_head(in), in->len);
    buffer_append(&l->lines, buffer_head(in), in->len);
    buffer_take(in, in->len);
    child_take_lines(&l->lines, false, take_line, l);
}

static void ended(void *owner, int status)
{
    struct loader *l = owner;
    const char *last;
    struct failure f;
    int rc;

    child_take_lines(&l->lines, true, take_line, l);
    last = l->last ? l->last : "it wrote nothing";
    loop_cancel(&l->timer);
    child_close(&l->child);
    l->is_running = false;
    if (l->is_late)
        rc = fail(&f, -ETIMEDOUT, "boot loader %s: no sign of life for %lld s: %s", l->program,
                  (long long)l->d->x->config.device_create_timeout, last);
    else if (status > 128)
        rc = fail(&f, -EIO, "boot loader %s was killed by signal %d: %s", l->program,
                  status - 128, last);
    else if (status)
        rc = fail(&f, -EIO, "boot loader %s: exit status %d: %s", l->program, status, last);
    else
        rc = read_answer(l, &f);
    l->done(l->arg, rc, &f);
}

static int open_terminal(struct loader *l, struct failure *f)
{
    char name[64];

    if (openpty(&l->terminal, &l->far_end, name, NULL, NULL))
        return fail(f, -errno, "no terminal for the boot loader: %s", strerror(errno));
    struct termios raw;

    /* It is a wire: nothing is echoed or edited on it. */
    tcgetattr(l->far_end, &raw);
    cfmakeraw(&raw);
    tcsetattr(l->far_end, TCSANOW, &raw);
    fcntl(l->far_end, F_SETFD, FD_CLOEXEC);
    fcntl(l->terminal, F_SETFD, FD_CLOEXEC);
    fcntl(l->terminal, F_SETFL, O_NONBLOCK);
    l->typed = event_new(l->d->x->base, l->terminal, EV_READ | EV_PERSIST, on_typed, l);
    event_add(l->typed, NULL);
    return store_set(l->d->x, name, "/local/domain/%u/console/tty", l->d->domid);
}

/* ---- running it ---- */

static void give_option(struct strings *argv, const char *name, const char *value)
{
    if (value && *value)
        strings_give(argv, xasprintf("--%s=%s", name, value));
}

static void command_line(const struct loader *l, const char *disk, struct strings *argv)
{
    char *line = config_command_line(l->c), *fifo = xasprintf("%s/%s", l->folder, ANSWER);
    struct strings own = { 0 };

    strings_add(argv, l->program);
    give_option(argv, "kernel", l->c->kernel);
    give_option(argv, "ramdisk", l->c->ramdisk);
    give_option(argv, "args", line);
    if (!l->is_watched)
        strings_add(argv, "-q");
    give_option(argv, "output", fifo);
    if (is_pygrub(l))
        give_option(argv, "output-directory", l->folder);
    strings_split(&own, l->c->bootargs ? l->c->bootargs : "", ' ');
    for (size_t i = 0; i < own.count; i++) {
        if (*own.item[i])
            strings_add(argv, own.item[i]);
    }
    strings_free(&own);
    strings_add(argv, disk);
    free(line);
    free(fifo);
}

static void __attribute__((noreturn)) be_loader(const struct loader *l, const struct strings *argv)
{
    char **words = xcalloc(argv->count + 1, sizeof(*words));

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    memcpy(words, argv->item, argv->count * sizeof(*words));
    child_become_program();
    setenv("TERM", "vt100", 1);
    setenv("TMPDIR", l->folder, 1);
    execv(l->program, words);
    dprintf(2, "%s\n", strerror(errno));
    _exit(127);
}

static int run(struct loader *l, struct failure *f)
{
    static const struct child_ops ops = { .came = came, .ended = ended };
    struct winsize size = { .ws_row = 24, .ws_col = 80 };
    struct strings argv = { 0 };
    const char *disk;
    int rc = find_disk(l->d, &disk, f);

    if (rc)
        return rc;
    command_line(l, disk, &argv);
    l->child.pid = forkpty(&l->child.fd, NULL, NULL, &size);
    if (!l->child.pid)
        be_loader(l, &argv);
    strings_free(&argv);
    if (l->child.pid < 0)
        return fail(f, -errno, "cannot start %s: %s", l->program, strerror(errno));
    fcntl(l->child.fd, F_SETFD, FD_CLOEXEC);
    fcntl(l->child.fd, F_SETFL, O_NONBLOCK);
    l->is_running = true;
    child_watch(&l->child, l->d->x, &ops, l);
    wait_anew(l);
    return 0;
}

struct loader *loader_start(struct domain *d, struct config_domain *c, bool is_watched,
                            domain_done_fn *done, void *arg, struct failure *f)
{
    struct loader *l = xcalloc(1, sizeof(*l));

    l->d = d;
    l->c = c;
    l->is_watched = is_watched;
    l->done = done;
    l->arg = arg;
    l->fifo = l->terminal = l->far_end = -1;
    l->folder = folder_of(d);
    int rc = look_for(c->bootloader, &l->program, f);

    if (!rc)
        rc = make_folder(l, f);
    if (!rc)
        rc = open_terminal(l, f);
    if (!rc)
        rc = run(l, f);
    if (rc)
        loader_end(&l);
    return l;
}

void loader_end(struct loader **loader)
{
    struct loader *l = *loader;

    if (!l)
        return;
    *loader = NULL;
    loop_cancel(&l->timer);
    if (l->is_running)
        child_kill(&l->child);
    if (l->typed)
        event_free(l->typed);
    if (l->terminal >= 0)
        close(l->terminal);
    if (l->far_end >= 0)
        close(l->far_end);
    if (l->fifo >= 0)
        close(l->fifo);
    buffer_free(&l->lines);
    free(l->last);
    free(l->folder);
    free(l->program);
    free(l);
}
