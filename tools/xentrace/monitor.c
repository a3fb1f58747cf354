/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xenmon: how long each domain ran, waited for a CPU and slept, a block of lines for each interval;
 * live, or from a capture.
 *
 * CPUs' buffers are emptied one after the other, so a record is only used once all that may come
 * before it are there: its stamp is older than the moment at which emptying began.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "tracer.h"

#define PAGES_DEFAULT 32

struct monitor {
    struct history history;
    struct usage usage;
    struct record *record;          /* not used yet */
    size_t count, room;
    uint64_t begin, interval;       /* in ticks */
    unsigned long left;             /* intervals to go; 0: no end */
    double khz;
    uint64_t lost;
    bool done;
};

static int usage_text(FILE *to)
{
    fputs("Usage: xenmon [-i SECONDS] [-n COUNT] [-S PAGES]\n"
          "       xenmon -f CAPTURE [-c MHZ] [-i SECONDS] [-n COUNT]\n"
          "Tells for each domain and interval how long its vcpus ran, waited for a CPU and were\n"
          "blocked, in ms and in percent of one CPU; how often they waited, and for how long\n"
          "in us, on average and at most.\n\n"
          "  -i, --interval=SECONDS   1 to 3600 (default 1)\n"
          "  -n, --iterations=COUNT   stop after so many intervals\n"
          "  -f, --file=CAPTURE       of xentrace -e sched, instead of the machine as it runs\n"
          "  -c, --cpu-freq=MHZ       of the machine that was captured (default: this one's)\n"
          "  -S, --trace-buf-size=PAGES  if there are no trace buffers yet (default 32)\n"
          "  -h, --help               this text\n", to);
    return to == stderr ? 2 : 0;
}

static void print_head(void)
{
    printf("%9s  %-6s %9s %6s %9s %6s %9s %6s %8s %10s %10s\n", "time(s)", "domain", "run(ms)",
           "run(%)", "wait(ms)", "wait%", "block(ms)", "block%", "waits", "avg(us)", "max(us)");
}

/* ---- Intervals ---- */

static void begin(struct monitor *m, uint64_t stamp)
{
    m->begin = m->usage.from = stamp;
    m->usage.to = stamp + m->interval;
    m->history.span = usage_span;
    m->history.arg = &m->usage;
}

static void end_interval(struct monitor *m)
{
    struct usage *u = &m->usage;

    usage_ongoing(u, &m->history);
    usage_print(u, m->khz, (u->to - m->begin) / (m->khz * 1000), stdout);
    fflush(stdout);
    usage_clear(u);
    u->from = u->to;
    u->to += m->interval;
    m->done = m->left && --m->left == 0;
}

static void advance(struct monitor *m, uint64_t stamp)
{
    while (!m->done && stamp >= m->usage.to)
        end_interval(m);
}

static int feed(struct monitor *m, const struct record *r)
{
    if (!m->usage.to)
        begin(m, r->stamp);
    advance(m, r->stamp);
    if (r->event == TRC_LOST_RECORDS && r->words)
        m->lost += r->data[0];
    return m->done || history_feed(&m->history, r) ? 0
                                                   : complain("too many vcpus: this is no trace");
}

static void say_lost(struct monitor *m)
{
    if (m->lost)
        fprintf(stderr, "%s: %llu records were lost: larger buffers (-S) would have kept them\n",
                program, (unsigned long long)m->lost);
}

/* ---- From a capture ---- */

static int replay(struct monitor *m, const char *name)
{
    FILE *in = fopen(name, "r");

    if (!in)
        return complain("cannot read %s: %s", name, strerror(errno));
    size_t count;
    struct record *list = load_schedule(in, name, &count);
    int failed = list == NULL;

    fclose(in);
    for (size_t i = 0; !failed && i < count && !m->done; i++)
        failed = feed(m, &list[i]);
    if (!failed && !m->done) {
        m->usage.to = m->history.last;
        end_interval(m);
    }
    free(list);
    return failed;
}

/* ---- Live ---- */

static int gather(struct monitor *m, const struct xc_trace_view *view, unsigned int cpu)
{
    for (unsigned int i = 0; i < 2; i++) {
        const char *p = view->part[i];
        struct record r;
        size_t size;

        for (size_t left = view->size[i]; (size = record_parse(p, left, &r)); left -= size) {
            p += size;
            if (!r.stamped)
                continue;
            if (m->count == m->room) {
                size_t room = m->room ? 2 * m->room : 4096;
                struct record *more = reallocarray(m->record, room, sizeof(*more));

                if (!more)
                    return complain("out of memory");
                m->record = more;
                m->room = room;
            }
            r.cpu = cpu;
            m->record[m->count++] = r;
        }
    }
    return 0;
}

static int step(struct monitor *m, struct tracer *t)
{
    uint64_t limit = __builtin_ia32_rdtsc();
    struct xc_trace_view view;
    size_t i = 0;

    for (unsigned int cpu = 0; cpu < t->cpus; cpu++) {
        if (!xc_trace_view(t->trace, cpu, &view))
            continue;
        if (gather(m, &view, cpu))
            return 1;
        xc_trace_done(t->trace, cpu, &view);
    }
    records_sort(m->record, m->count);
    for (; i < m->count && m->record[i].stamp <= limit; i++) {
        if (feed(m, &m->record[i]))
            return 1;
    }
    m->count -= i;
    memmove(m->record, m->record + i, m->count * sizeof(*m->record));
    if (m->usage.to)
        advance(m, limit);
    return 0;
}

static int watch(struct monitor *m, unsigned long pages)
{
    const struct tracer_options o = { pages, TRC_SCHED_MIN, NULL, true, true };
    struct tracer t;
    int failed = tracer_open(&t, &o);

    if (failed)
        return failed;
    m->khz = t.khz;
    m->interval *= m->khz;
    catch_signals();
    while (!failed && !m->done && !interrupted) {
        tracer_wait(&t, 100);
        failed = step(m, &t);
    }
    tracer_close(&t, true);
    return failed;
}

int cmd_monitor(int argc, char **argv)
{
    static const struct option options[] = {
        { "interval", required_argument, NULL, 'i' },
        { "iterations", required_argument, NULL, 'n' },
        { "file", required_argument, NULL, 'f' }, { "cpu-freq", required_argument, NULL, 'c' },
        { "trace-buf-size", required_argument, NULL, 'S' }, { "help", no_argument, NULL, 'h' },
        { 0 },
    };
    struct monitor m = { 0 };
    unsigned long seconds = 1, pages = PAGES_DEFAULT;
    const char *file = NULL;
    int option;

    while ((option = getopt_long(argc, argv, "i:n:f:c:S:h", options, NULL)) >= 0) {
        bool good = true;

        switch (option) {
        case 'i': good = parse_range(optarg, 1, 3600, &seconds); break;
        case 'n': good = parse_range(optarg, 1, 1ul << 30, &m.left); break;
        case 'f': file = optarg; break;
        case 'c': good = (m.khz = parse_mhz(optarg)) > 0; break;
        case 'S': good = parse_range(optarg, 1, 65535, &pages); break;
        default: return usage_text(option == 'h' ? stdout : stderr);
        }
        if (!good) {
            complain("-%c %s: out of range, see --help", option, optarg);
            return 2;
        }
    }
    if (optind != argc)
        return usage_text(stderr);
    m.interval = seconds * 1000;
    if (file && !m.khz)
        m.khz = machine_khz();
    if (file && !m.khz)
        return complain("which clock did the captured machine have? Say it with -c MHZ");
    if (file)
        m.interval *= m.khz;
    print_head();
    int failed = file ? replay(&m, file) : watch(&m, pages);

    say_lost(&m);
    history_free(&m.history);
    free(m.usage.domain);
    free(m.record);
    return failed;
}
