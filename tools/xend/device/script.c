/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hotplug scripts, each in a process group of its own; what they write is logged, and its last
 * line kept for whoever has to be told of a failure.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <base/alloc.h>
#include <base/log.h>

#include "child.h"
#include "device/device.h"

#define SCRIPT_DIR "/etc/xen/scripts"
#define RUN_DIR "/var/run/xend"
#define SETTLE_MS 5000

static int lock_fd = -1;        /* open in us and in every script: locked until the last one ends */

struct script {
    struct child child;
    char *name;
    char *last;
    script_done_fn *done;
    void *arg;
};

extern char **environ;

void scripts_settle(void)
{
    mkdir(RUN_DIR, 0755);
    int fd = open(RUN_DIR "/scripts", O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    for (int ms = 0; flock(fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK; ms += 20) {
        if (ms >= SETTLE_MS) {
            log_warn("scripts that a former xend started are still at work");
            break;
        }
        usleep(20000);
    }
    flock(fd, LOCK_SH);
    lock_fd = fd;
}

char *script_path(const char *name)
{
    return *name == '/' ? xstrdup(name) : xasprintf("%s/%s", SCRIPT_DIR, name);
}

static void free_script(struct script *s)
{
    free(s->name);
    free(s->last);
    free(s);
}

static void take_line(void *arg, const char *line, size_t len)
{
    struct script *s = arg;

    free(s->last);
    s->last = xstrndup(line, len);
    log_info("%s: %s", s->name, s->last);
}

static void came(void *owner, struct buffer *in)
{
    child_take_lines(in, false, take_line, owner);
}

static void ended(void *owner, int status)
{
    struct script *s = owner;

    child_take_lines(&s->child.in, true, take_line, s);
    s->done(s->arg, status, s->last ? s->last : "");
    child_close(&s->child);
    free_script(s);
}

static void __attribute__((noreturn)) be_script(int fd, const char *path, const char *argument,
                                                const struct strings *env)
{
    int null = open("/dev/null", O_RDONLY);

    setpgid(0, 0);
    fcntl(lock_fd, F_SETFD, 0);
    child_become_program();
    dup2(null, 0);
    dup2(fd, 1);
    dup2(fd, 2);
    for (size_t i = 0; i < env->count; i++)
        putenv(env->item[i]);
    execle(path, path, argument, (char *)NULL, environ);
    dprintf(2, "%s: %s\n", path, strerror(errno));
    _exit(127);
}

struct script *script_start(struct xend *x, const char *path, const char *argument,
                            const struct strings *env, script_done_fn *done, void *arg)
{
    static const struct child_ops ops = { .came = came, .ended = ended };
    struct script *s = xcalloc(1, sizeof(*s));
    int out;
    pid_t pid = child_fork(&s->child, &out);

    if (pid < 0) {
        free(s);
        return NULL;
    }
    if (!pid)
        be_script(out, path, argument, env);
    log_debug("%s %s: started", path, argument);
    s->name = xstrdup(path);
    s->done = done;
    s->arg = arg;
    child_watch(&s->child, x, &ops, s);
    return s;
}

void script_kill(struct script **script)
{
    struct script *s = *script;

    if (!s)
        return;
    *script = NULL;
    child_kill(&s->child);
    free_script(s);
}
