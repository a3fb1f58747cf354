/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hotplug scripts, each in a process group of its own; what they write is logged, and its last
 * line kept for whoever has to be told of a failure.
 */
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <base/alloc.h>
#include <base/buffer.h>
#include <base/log.h>

#include "device/device.h"

#define SCRIPT_DIR "/etc/xen/scripts"
#define LINE_MAX_BYTES 4096

struct script {
    pid_t pid;
    int fd;
    char *name;
    struct event *event;
    struct buffer in;
    char *last;
    script_done_fn *done;
    void *arg;
};

extern char **environ;

char *script_path(const char *name)
{
    return *name == '/' ? xstrdup(name) : xasprintf("%s/%s", SCRIPT_DIR, name);
}

static void free_script(struct script *s)
{
    event_free(s->event);
    close(s->fd);
    buffer_free(&s->in);
    free(s->name);
    free(s->last);
    free(s);
}

static void take_line(struct script *s, const char *line, size_t len)
{
    if (!len)
        return;
    free(s->last);
    s->last = xstrndup(line, len);
    log_info("%s: %s", s->name, s->last);
}

static void take_lines(struct script *s, bool is_end)
{
    for (;;) {
        char *text = buffer_head(&s->in), *end = s->in.len ? memchr(text, '\n', s->in.len) : NULL;

        if (end) {
            take_line(s, text, end - text);
            buffer_take(&s->in, end - text + 1);
        } else {
            if (s->in.len && (is_end || s->in.len > LINE_MAX_BYTES)) {
                take_line(s, text, s->in.len);
                buffer_take(&s->in, s->in.len);
            }
            return;
        }
    }
}

static void finish(struct script *s)
{
    int status = 0;

    take_lines(s, true);
    while (waitpid(s->pid, &status, 0) < 0 && errno == EINTR)
        ;
    status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    s->done(s->arg, status, s->last ? s->last : "");
    free_script(s);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct script *s = arg;
    ssize_t n = read(fd, buffer_room(&s->in, 1024), 1024);

    (void)what;
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (n <= 0) {
        finish(s);
        return;
    }
    buffer_grow(&s->in, n);
    take_lines(s, false);
}

static void __attribute__((noreturn)) be_script(int fd, const char *path, const char *argument,
                                                const struct strings *env)
{
    int null = open("/dev/null", O_RDONLY);

    setpgid(0, 0);
    for (int i = 1; i < NSIG; i++)
        signal(i, SIG_DFL);
    dup2(null, 0);
    dup2(fd, 1);
    dup2(fd, 2);
    setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
    for (size_t i = 0; i < env->count; i++)
        putenv(env->item[i]);
    execle(path, path, argument, (char *)NULL, environ);
    dprintf(2, "%s: %s\n", path, strerror(errno));
    _exit(127);
}

struct script *script_start(struct xend *x, const char *path, const char *argument,
                            const struct strings *env, script_done_fn *done, void *arg)
{
    int fds[2];

    if (pipe2(fds, O_CLOEXEC))
        return NULL;
    pid_t pid = fork();

    if (pid < 0) {
        close(fds[0]);
        close(fds[1]);
        return NULL;
    }
    if (!pid)
        be_script(fds[1], path, argument, env);
    close(fds[1]);
    struct script *s = xcalloc(1, sizeof(*s));

    log_debug("%s %s: started", path, argument);
    s->pid = pid;
    s->fd = fds[0];
    s->name = xstrdup(path);
    s->done = done;
    s->arg = arg;
    s->event = event_new(x->base, s->fd, EV_READ | EV_PERSIST, on_readable, s);
    event_add(s->event, NULL);
    return s;
}

void script_kill(struct script **script)
{
    struct script *s = *script;

    if (!s)
        return;
    *script = NULL;
    if (kill(-s->pid, SIGKILL))
        kill(s->pid, SIGKILL);
    while (waitpid(s->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    free_script(s);
}
