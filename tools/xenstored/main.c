/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xenstored: the store that dom0, the toolstack and all guests share.
 *
 * Start: options, lock, state of a former daemon, devices, sockets; then the loop. Stop: state
 * saved, so that the next daemon goes on where this one was. A live update does the same by exec,
 * and keeps the sockets.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <base/alloc.h>
#include <base/daemon.h>
#include <base/log.h>
#include <base/strings.h>

#include "conn.h"
#include "domain.h"
#include "persist.h"
#include "server.h"
#include "socket.h"
#include "store.h"
#include "transaction.h"

#define DEFAULT_RUNDIR "/var/run/xenstored"
#define DEFAULT_LOGDIR "/var/log/xen"

struct options {
    bool foreground;
    bool print_pid;
    bool no_dom0;               /* do not speak to our own kernel */
    bool no_hypervisor;         /* sockets only: tests on a plain machine */
    bool no_recovery;
    bool verbose;
    const char *pid_file;
    const char *log_file;
    char *rundir;
    char *socket;
    char *socket_ro;
    char *state;
};

struct signals {
    struct signal_source source;
    struct server *server;
};

static const char usage[] =
    "usage: xenstored [OPTION]...\n"
    "  -N, --no-fork             stay in the foreground\n"
    "  -D, --no-domain-init      do not introduce dom0\n"
    "      --no-domains          do without a hypervisor: sockets only (for tests)\n"
    "  -F, --pid-file FILE       write the process id to FILE\n"
    "  -P, --output-pid          print the process id\n"
    "  -T, --trace-file FILE     log to FILE, every request\n"
    "  -V, --verbose             log every request\n"
    "  -R, --no-recovery         forget the state of a former xenstored\n"
    "  -E, --entry-nb N          nodes per domain\n"
    "  -S, --entry-size N        bytes per node\n"
    "  -W, --watch-nb N          watches per domain\n"
    "  -t, --transaction N       transactions per domain\n"
    "  -A, --perm-nb N           permissions per node\n"
    "  -M, --path-max N          bytes of a path\n"
    "  -Q, --quota NAME=N        any limit by name: nodes, node-size, watches, transactions,\n"
    "                            permissions, transaction-nodes, outstanding, memory,\n"
    "                            memory-soft, path-max (0: none)\n"
    "  -q, --quota-soft memory=N bytes per domain above which the log warns\n"
    "  -I, --internal-db, -L, --preserve-local, -w, --timeout: accepted, without effect\n"
    "  -H, --help                this text\n";

enum { OPTION_NO_DOMAINS = 256 };

static const struct option long_options[] = {
    { "no-fork", no_argument, NULL, 'N' },
    { "no-domain-init", no_argument, NULL, 'D' },
    { "no-domains", no_argument, NULL, OPTION_NO_DOMAINS },
    { "pid-file", required_argument, NULL, 'F' },
    { "output-pid", no_argument, NULL, 'P' },
    { "trace-file", required_argument, NULL, 'T' },
    { "verbose", no_argument, NULL, 'V' },
    { "no-recovery", no_argument, NULL, 'R' },
    { "entry-nb", required_argument, NULL, 'E' },
    { "entry-size", required_argument, NULL, 'S' },
    { "watch-nb", required_argument, NULL, 'W' },
    { "transaction", required_argument, NULL, 't' },
    { "perm-nb", required_argument, NULL, 'A' },
    { "path-max", required_argument, NULL, 'M' },
    { "quota", required_argument, NULL, 'Q' },
    { "quota-soft", required_argument, NULL, 'q' },
    { "timeout", required_argument, NULL, 'w' },
    { "internal-db", optional_argument, NULL, 'I' },
    { "keep-orphans", no_argument, NULL, 'L' },
    { "preserve-local", no_argument, NULL, 'L' },
    { "help", no_argument, NULL, 'H' },
    { 0 },
};

static void __attribute__((noreturn)) fail(const char *what, int rc)
{
    log_error("%s: %s", what, strerror(-rc));
    exit(1);
}

/* ---- options ---- */

static void set_limit(struct limits *l, const char *name, const char *text)
{
    unsigned long long value;
    uint64_t *limit = limits_find(l, name);

    if (!limit || !parse_number(text, INT64_MAX, &value)) {
        log_error("bad limit: %s=%s", name, text);
        exit(2);
    }
    *limit = value;
}

/* NAME=N */
static void set_named_limit(struct limits *l, const char *arg, const char *suffix)
{
    const char *equals = strchr(arg, '=');
    char name[32];

    if (!equals || equals - arg > 20) {
        log_error("bad limit: %s", arg);
        exit(2);
    }
    snprintf(name, sizeof(name), "%.*s%s", (int)(equals - arg), arg, suffix);
    set_limit(l, name, equals + 1);
}

static const char *limit_of_option(int c)
{
    switch (c) {
    case 'E': return "nodes";
    case 'S': return "node-size";
    case 'W': return "watches";
    case 't': return "transactions";
    case 'A': return "permissions";
    case 'M': return "path-max";
    default: return NULL;
    }
}

static void take_option(struct options *o, struct limits *l, int c)
{
    switch (c) {
    case 'N': o->foreground = true; break;
    case 'D': o->no_dom0 = true; break;
    case OPTION_NO_DOMAINS: o->no_hypervisor = true; break;
    case 'F': o->pid_file = optarg; break;
    case 'P': o->print_pid = true; break;
    case 'T': o->log_file = optarg; o->verbose = true; break;
    case 'V': o->verbose = true; break;
    case 'R': o->no_recovery = true; break;
    case 'Q': set_named_limit(l, optarg, ""); break;
    case 'q': set_named_limit(l, optarg, "-soft"); break;
    case 'w': case 'I': case 'L': break;
    case 'H': fputs(usage, stdout); exit(0);
    case '?': fputs("Try 'xenstored --help'.\n", stderr); exit(2);
    default: set_limit(l, limit_of_option(c), optarg); break;
    }
}

static void parse_options(struct options *o, struct limits *l, int argc, char **argv)
{
    static const char letters[] = "NDF:PT:VRE:S:W:t:A:M:Q:q:w:I::LH";
    int c;

    while ((c = getopt_long(argc, argv, letters, long_options, NULL)) >= 0)
        take_option(o, l, c);
    /* -I takes "on" or "off" as a word of its own. */
    if (optind < argc && strcmp(argv[optind], "on") && strcmp(argv[optind], "off")) {
        fprintf(stderr, "xenstored: unexpected argument: %s\n", argv[optind]);
        exit(2);
    }
    const char *rundir = getenv("XENSTORED_RUNDIR"), *path = getenv("XENSTORED_PATH");

    const char *log = getenv("XENSTORED_TRACE");

    if (log && *log && !o->log_file) {
        o->log_file = log;
        o->verbose = true;
    }
    o->rundir = xstrdup(rundir && *rundir ? rundir : DEFAULT_RUNDIR);
    o->socket = path && *path ? xstrdup(path) : xasprintf("%s/socket", o->rundir);
    o->socket_ro = xasprintf("%s_ro", o->socket);
    o->state = xasprintf("%s/state", o->rundir);
}

/* ---- being a daemon ---- */

static void write_pid(const struct options *o)
{
    if (o->print_pid) {
        printf("%d\n", (int)getpid());
        fflush(stdout);
    }
    if (!o->pid_file)
        return;
    int rc = daemon_pid_file(o->pid_file);

    if (rc < 0)
        fail(o->pid_file, rc);
}

/* Held until exit: a second daemon would take the socket away from the first. */
static void lock_rundir(const struct options *o)
{
    char *path = xasprintf("%s/lock", o->rundir);

    if (mkdir(o->rundir, 0755) && errno != EEXIST)
        fail(o->rundir, -errno);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0)
        fail(path, -errno);
    if (flock(fd, LOCK_EX | LOCK_NB)) {
        log_error("another xenstored is running (%s is locked)", path);
        exit(1);
    }
    free(path);
}

/* ---- signals ---- */

static void signal_taken(struct signal_source *src, int number)
{
    if (number == SIGHUP)
        log_reopen();
    else
        list_entry(src, struct signals, source)->server->stopping = true;
}

/* ---- start and stop ---- */

static int restore(struct server *s, const struct options *o)
{
    int socket_fd = -1;

    if (!o->no_recovery) {
        int rc = persist_restore(s, o->state, &socket_fd);

        if (!rc)
            log_info("went on from %s", o->state);
        else if (rc != -ENOENT)
            log_warn("%s not used: %s", o->state, strerror(-rc));
    }
    unlink(o->state);
    return socket_fd;
}

static void start_domains(struct server *s, const struct options *o)
{
    int rc = o->no_hypervisor ? 0 : domains_init(s);

    if (rc)
        fail("cannot reach the hypervisor (/dev/xen/privcmd, evtchn, gntdev)", rc);
}

static void start_dom0(struct server *s, const struct options *o)
{
    int rc = o->no_hypervisor || o->no_dom0 ? 0 : domain_introduce_self(s);

    if (rc)
        fail("cannot reach our own kernel (is /proc/xen mounted?)", rc);
    domains_check(s);
}

static void start_sockets(struct server *s, const struct options *o, int socket_fd)
{
    int rc = socket_listen(s, o->socket, false, socket_fd);

    if (rc)
        fail(o->socket, rc);
    rc = socket_listen(s, o->socket_ro, true, -1);
    if (rc)
        fail(o->socket_ro, rc);
}

static void raise_file_limit(void)
{
    struct rlimit limit = { 65536, 65536 };

    if (setrlimit(RLIMIT_NOFILE, &limit))
        log_debug("file limit stays: %s", strerror(errno));
}

/* What was queued before the end still goes out, as far as the clients take it. */
static void stop(struct server *s, const struct options *o)
{
    loop_step(s, 0);
    int rc = persist_save(s, o->state, s->reexec);

    if (rc)
        log_error("%s: %s; the store is lost", o->state, strerror(-rc));
    else
        log_info("state saved to %s", o->state);
}

static void inherit(int fd)
{
    fcntl(fd, F_SETFD, 0);
}

static void reexec(struct server *s, char **argv)
{
    const char *program = s->reexec_path ? s->reexec_path : "/proc/self/exe";

    for_each_list(l, &s->conns) {
        int fd = socket_fd(list_entry(l, struct conn, link));

        if (fd >= 0)
            inherit(fd);
    }
    inherit(s->listener->fd);
    log_info("starting %s in place", program);
    setenv("XENSTORED_IN_PLACE", "1", 1);
    execv(program, argv);
    fail(program, -errno);
}

static void close_all(struct server *s)
{
    for_each_list(l, &s->conns)
        conn_doom(list_entry(l, struct conn, link));
    loop_step(s, 0);
    socket_stop_listening(s);
    domains_free(s);
}

int main(int argc, char **argv)
{
    struct options o = { 0 };
    struct server s;
    struct signals signals = { .source.taken = signal_taken, .server = &s };
    int ready_fd = -1;
    bool in_place = getenv("XENSTORED_IN_PLACE");

    unsetenv("XENSTORED_IN_PLACE");
    log_open(NULL, "xenstored", LOG_LEVEL_INFO);
    server_init(&s);
    parse_options(&o, &s.limits, argc, argv);
    /* After an exec in place we are the daemon already, and go on from our own state. */
    if (in_place)
        o.no_recovery = false;
    else if (!o.foreground)
        ready_fd = daemon_detach();
    if (ready_fd < 0 && !in_place && !o.foreground)
        fail("fork", ready_fd);
    lock_rundir(&o);
    raise_file_limit();
    s.sources = sources_open();
    int rc = s.sources < 0 ? s.sources : signals_add(s.sources, &signals.source);

    if (rc)
        fail("signals", rc);
    start_domains(&s, &o);
    int socket_fd = restore(&s, &o);

    start_dom0(&s, &o);
    start_sockets(&s, &o, socket_fd);
    write_pid(&o);
    if (!o.log_file && !o.foreground && !access(DEFAULT_LOGDIR, W_OK))
        o.log_file = DEFAULT_LOGDIR "/xenstored.log";
    s.trace = o.verbose;
    rc = log_open(o.log_file, "xenstored", o.verbose ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO);

    if (rc)
        fail(o.log_file, rc);
    if (ready_fd >= 0)
        daemon_ready(ready_fd, 0);
    daemon_notify();
    loop_run(&s);
    stop(&s, &o);
    if (s.reexec)
        reexec(&s, argv);
    close_all(&s);
    if (o.pid_file)
        unlink(o.pid_file);
    unlink(o.socket);
    unlink(o.socket_ro);
    free(o.rundir);
    free(o.socket);
    free(o.socket_ro);
    free(o.state);
    server_free(&s);
    return 0;
}
