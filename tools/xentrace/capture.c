/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xentrace: takes the buffers of all CPUs to a file until it is told to stop; and
 * xentrace_setsize, which only makes buffers.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <base/clock.h>

#include "sink.h"
#include "tracer.h"

#define PAGES_DEFAULT 32

struct options {
    struct tracer_options tracer;
    unsigned long poll_ms, seconds, memory, reserve, threshold;
    bool leave_on;
};

static const struct option long_options[] = {
    { "cpu-mask", required_argument, NULL, 'c' }, { "evt-mask", required_argument, NULL, 'e' },
    { "poll-sleep", required_argument, NULL, 's' },
    { "trace-buf-size", required_argument, NULL, 'S' },
    { "log-thresh", required_argument, NULL, 't' },
    { "discard-buffers", no_argument, NULL, 'D' },
    { "dont-disable-tracing", no_argument, NULL, 'x' },
    { "start-disabled", no_argument, NULL, 'X' },
    { "time-interval", required_argument, NULL, 'T' },
    { "memory-buffer", required_argument, NULL, 'M' },
    { "reserve-disk-space", required_argument, NULL, 'r' }, { "help", no_argument, NULL, '?' },
    { "usage", no_argument, NULL, 'u' }, { "version", no_argument, NULL, 'V' }, { 0 },
};

static int usage(FILE *to)
{
    fputs("Usage: xentrace [OPTION...] [FILE]\n"
          "Captures what the hypervisor traces into FILE, or standard output if that is no"
          " terminal.\n\n"
          "  -c, --cpu-mask=CPUS          trace these CPUs: \"all\", \"0,2,5-7\", or hex bits\n"
          "  -e, --evt-mask=EVENTS        these events: a number, or names of classes:\n"
          "                               all,gen,sched,dom0op,hvm,mem,pv,shadow,hw,guest\n"
          "  -s, --poll-sleep=MS          look at the buffers so often (default 100)\n"
          "  -t, --log-thresh=N           leave a CPU's buffer until it has about N records\n"
          "  -S, --trace-buf-size=PAGES   of each CPU, if there are no buffers yet (default 32)\n"
          "  -D, --discard-buffers        forget what they hold from before\n"
          "  -x, --dont-disable-tracing   leave tracing on at the end\n"
          "  -X, --start-disabled         do not switch it on\n"
          "  -T, --time-interval=S        stop after S seconds\n"
          "  -M, --memory-buffer=BYTES    keep the newest in memory, write them at the end\n"
          "  -r, --reserve-disk-space=N   stop before less than N bytes are free on the disk\n"
          "  -?, --help                   this text\n"
          "  -V, --version\n", to);
    return to == stderr ? 2 : 0;
}

/* A number, perhaps with K, M or G behind it. */
static bool parse_size(const char *text, unsigned long *value)
{
    char copy[32];
    size_t len = strlen(text);
    unsigned int shift = 0;

    if (!len || len >= sizeof(copy))
        return false;
    memcpy(copy, text, len + 1);
    const char *unit = strchr("kKmMgG", copy[len - 1]);

    if (unit) {
        static const unsigned char shifts[] = { 10, 10, 20, 20, 30, 30 };
        shift = shifts[unit - "kKmMgG"];
        copy[len - 1] = 0;
    }
    if (!parse_range(copy, 1, 1ul << 30, value))
        return false;
    *value <<= shift;
    return true;
}

static int bad(char option, const char *range)
{
    complain("-%c %s: %s", option, optarg, range);
    return 2;
}

/* 0; or the exit status, plus 1. */
static int take_option(int option, struct options *o)
{
    switch (option) {
    case 'c': o->tracer.cpu_mask = optarg; return 0;
    case 'e':
        return parse_event_mask(optarg, &o->tracer.events)
                   ? 0 : 1 + bad('e', "not a number or list of classes (see --help)");
    case 's':
        return parse_range(optarg, 1, 60000, &o->poll_ms)
                   ? 0 : 1 + bad('s', "1 to 60000 milliseconds");
    case 't':
        return parse_range(optarg, 1, 1ul << 24, &o->threshold)
                   ? 0 : 1 + bad('t', "1 to 16777216 records");
    case 'S':
        return parse_range(optarg, 1, 65535, &o->tracer.pages) ? 0 : 1 + bad('S',
                                                                            "1 to 65535 pages");
    case 'T':
        return parse_range(optarg, 1, 1ul << 30, &o->seconds) ? 0 : 1 + bad('T', "no time");
    case 'M': return parse_size(optarg, &o->memory) ? 0 : 1 + bad('M', "no size");
    case 'r': return parse_size(optarg, &o->reserve) ? 0 : 1 + bad('r', "no size");
    case 'D': o->tracer.discard = true; return 0;
    case 'x': o->leave_on = true; return 0;
    case 'X': o->tracer.start = false; return 0;
    case 'V': printf("xentrace %s\n", XENITH_VERSION); return 1;
    case '?': return 1 + usage(optopt ? stderr : stdout);
    default: return 1 + usage(stdout);
    }
}

/* Records are 12 to 40 bytes: 20 is about right. */
static int collect(struct tracer *t, struct sink *s, size_t least)
{
    struct xc_trace_view view;

    for (unsigned int cpu = 0; cpu < t->cpus; cpu++) {
        if (!xc_trace_view(t->trace, cpu, &view) || view.size[0] + view.size[1] < least)
            continue;
        if (sink_put(s, cpu, &view))
            return 1;
        xc_trace_done(t->trace, cpu, &view);
    }
    return 0;
}

static int run(struct tracer *t, const struct options *o, struct sink *s)
{
    double end = o->seconds ? monotonic_seconds() + o->seconds : 0;
    int failed = 0;

    while (!failed && !interrupted && (!end || monotonic_seconds() < end)) {
        failed = collect(t, s, o->threshold * 20);
        if (!s->limit)
            fflush(s->out);
        double left = end ? (end - monotonic_seconds()) * 1000 : o->poll_ms;
        if (left > 0)
            tracer_wait(t, left < o->poll_ms ? left + 1 : o->poll_ms);
    }
    if (!o->leave_on)
        xc_trace_enable(t->xc, false);
    return failed || collect(t, s, 0);
}

int cmd_capture(int argc, char **argv)
{
    struct options o = { .tracer = { PAGES_DEFAULT, TRC_ALL, NULL, false, true }, .poll_ms = 100 };
    struct sink sink = { .out = stdout };
    struct tracer tracer;
    int option;

    while ((option = getopt_long(argc, argv, "c:e:s:t:S:T:M:r:DxXV?", long_options, NULL)) >= 0) {
        int status = take_option(option, &o);

        if (status)
            return status - 1;
    }
    if (argc - optind > 1)
        return usage(stderr);
    if (argc == optind && isatty(STDOUT_FILENO))
        return complain("a trace does not belong on a terminal: name a file");
    catch_signals();
    if (tracer_open(&tracer, &o.tracer))
        return 1;
    if (argc > optind)
        sink.out = fopen(argv[optind], "w");
    if (!sink.out) {
        tracer_close(&tracer, !o.leave_on);
        return complain("cannot write %s: %s", argv[optind], strerror(errno));
    }
    sink.limit = o.memory;
    sink.reserve = o.reserve;
    int failed = run(&tracer, &o, &sink);

    failed |= sink_finish(&sink);
    tracer_close(&tracer, false);
    return failed;
}

int cmd_setsize(int argc, char **argv)
{
    unsigned long pages;
    struct xc *xc;

    if (argc != 2 || !parse_range(argv[1], 1, 65535, &pages)) {
        fputs("Usage: xentrace_setsize PAGES\n"
              "Makes trace buffers of so many pages (1 to 65535) for each CPU.\n", stderr);
        return 2;
    }
    int rc = xc_open(&xc);

    if (rc)
        return complain("cannot reach the hypervisor: %s", strerror(-rc));
    rc = xc_trace_set_size(xc, pages);
    xc_close(xc);
    return rc ? complain("no buffers of %lu pages: %s", pages,
                         rc == -EBUSY ? "they have another size already" : strerror(-rc)) : 0;
}
