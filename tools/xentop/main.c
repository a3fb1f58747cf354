/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xentop: who uses the machine, live; or in plain lines for scripts (-b).
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <xc/xc.h>
#include <xs/xs.h>

#include "xentop.h"

#define SYSFS "/sys"
#define DELAY_MAX 86400

static int usage(FILE *to)
{
    fputs("Usage: xentop [OPTION]\n"
          "Displays information about the Xen system and domains\n\n"
          "-h, --help           display this help and exit\n"
          "-V, --version        output version information and exit\n"
          "-d, --delay=SECONDS  seconds between updates (default 3)\n"
          "-n, --networks       output network data of each domain\n"
          "-x, --vbds           output block device data of each domain\n"
          "-v, --vcpus          output VCPU data of each domain\n"
          "-r, --repeat-header  repeat the table header before each domain\n"
          "-b, --batch          plain lines, no terminal\n"
          "-i, --iterations=N   stop after so many updates\n"
          "-f, --full-name      output the full name of each domain\n", to);
    return to == stderr;
}

static int bad_value(const char *what, const char *text, const char *range)
{
    fprintf(stderr, "xentop: %s '%s' is out of range: %s\n", what, text, range);
    return 2;
}

/* 0: go on; else the exit status is one less. */
static int parse(int argc, char **argv, struct options *o)
{
    static const struct option options[] = {
        { "help", no_argument, NULL, 'h' }, { "version", no_argument, NULL, 'V' },
        { "delay", required_argument, NULL, 'd' }, { "networks", no_argument, NULL, 'n' },
        { "vbds", no_argument, NULL, 'x' }, { "vcpus", no_argument, NULL, 'v' },
        { "repeat-header", no_argument, NULL, 'r' }, { "batch", no_argument, NULL, 'b' },
        { "iterations", required_argument, NULL, 'i' }, { "full-name", no_argument, NULL, 'f' },
        { 0 },
    };
    int option;
    char *end;

    while ((option = getopt_long(argc, argv, "hVd:nxvrbi:f", options, NULL)) >= 0) {
        switch (option) {
        case 'h': return 1 + usage(stdout);
        case 'V': printf("xentop %s\n", XENITH_VERSION); return 1;
        case 'd':
            o->delay = strtod(optarg, &end);
            if (end == optarg || *end || !(o->delay >= 0.1 && o->delay <= DELAY_MAX))
                return bad_value("delay", optarg, "0.1 to 86400 seconds");
            break;
        case 'n': o->networks = true; break;
        case 'x': o->vbds = true; break;
        case 'v': o->vcpus = true; break;
        case 'r': o->repeat_header = true; break;
        case 'b': o->batch = true; break;
        case 'i':
            o->iterations = strtol(optarg, &end, 10);
            if (end == optarg || *end || o->iterations < 1)
                return bad_value("iterations", optarg, "1 and more");
            break;
        case 'f': o->full_names = true; break;
        default: return 1 + usage(stderr);
        }
    }
    return optind < argc ? 1 + usage(stderr) : 0;
}

static int print(struct sample *s, const struct options *o)
{
    struct buffer text = { 0 };

    if (!o->repeat_header)
        format_header(&text);
    for (size_t i = 0; i < s->count; i++) {
        if (o->repeat_header)
            format_header(&text);
        format_row(&text, s, &s->rows[i], o);
    }
    fputs(buffer_string(&text), stdout);
    buffer_free(&text);
    return fflush(stdout) ? -errno : 0;
}

static int batch(const struct source *source, const struct options *o)
{
    struct timespec pause = { (time_t)o->delay, (long)((o->delay - (time_t)o->delay) * 1e9) };
    struct sample now, older = { 0 };
    int rc = 0;

    for (long n = 0; !rc && (o->iterations < 0 || n < o->iterations); n++) {
        if (n)
            nanosleep(&pause, NULL);
        rc = sample_take(source->xc, source->xs, source->sysfs, o->vcpus, &now);
        if (rc)
            break;
        sample_compare(&now, &older);
        rc = print(&now, o);
        sample_free(&older);
        older = now;
    }
    sample_free(&older);
    return rc;
}

int main(int argc, char **argv)
{
    struct options o = { .delay = 3, .iterations = -1 };
    struct source source = { .sysfs = SYSFS };
    int rc = parse(argc, argv, &o);

    if (rc)
        return rc - 1;
    if (!o.batch && !isatty(STDOUT_FILENO)) {
        fprintf(stderr, "xentop: this is no terminal; -b prints plain lines\n");
        return 1;
    }
    rc = xc_open(&source.xc);
    if (rc) {
        fprintf(stderr, "xentop: cannot reach the hypervisor: %s. Is this dom0, and you root?\n",
                strerror(-rc));
        return 1;
    }
    if (xs_open(XS_OPEN_SOCKET, &source.xs))
        source.xs = NULL;           /* domains have numbers, then */
    rc = o.batch ? batch(&source, &o) : screen_run(&source, &o);
    if (rc)
        fprintf(stderr, "xentop: the hypervisor does not tell: %s\n", strerror(-rc));
    xs_close(source.xs);
    xc_close(source.xc);
    return rc != 0;
}
