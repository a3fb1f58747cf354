/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xentrace-timeline: a capture of the scheduler's events as a picture, who ran where and when.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "tracer.h"

static int usage(FILE *to)
{
    fputs("Usage: xentrace-timeline [OPTION...] CAPTURE\n"
          "Draws a capture of xentrace -e sched as SVG: which vcpu each processor ran, and what\n"
          "each vcpu did.\n\n"
          "  -o, --output=FILE    default: standard output\n"
          "  -f, --from=MS        from so many milliseconds after the beginning\n"
          "  -t, --to=MS          until then\n"
          "  -d, --domain=ID      only this domain's vcpus\n"
          "  -w, --width=PIXELS   400 to 20000 (default 1200)\n"
          "  -c, --cpu-freq=MHZ   of the machine that was captured (default: this one's)\n"
          "  -h, --help           this text\n", to);
    return to == stderr ? 2 : 0;
}

struct options { struct picture picture; double from, to; const char *output; };

static bool parse_ms(const char *text, double *ms)
{
    char *end;

    *ms = strtod(text, &end);
    return end != text && !*end && *ms >= 0 && *ms < 1e12;
}

static bool take_option(int option, struct options *o)
{
    unsigned long value = 0;
    bool good = true;

    switch (option) {
    case 'o': o->output = optarg; break;
    case 'f': good = parse_ms(optarg, &o->from); break;
    case 't': good = parse_ms(optarg, &o->to); break;
    case 'd':
        good = parse_range(optarg, 0, DOMID_OF_IDLE, &value);
        o->picture.domain = value;
        break;
    case 'w':
        good = parse_range(optarg, 400, 20000, &value);
        o->picture.width = value;
        break;
    default: good = (o->picture.khz = parse_mhz(optarg)) > 0;
    }
    if (!good)
        complain("-%c %s: out of range, see --help", option, optarg);
    return good;
}

static int draw(const struct options *o, const struct record *list, size_t count)
{
    struct picture p = o->picture;
    FILE *out = o->output ? fopen(o->output, "w") : stdout;

    if (!out)
        return complain("cannot write %s: %s", o->output, strerror(errno));
    p.from = list[0].stamp + (uint64_t)(o->from * p.khz);
    p.to = o->to > 0 ? list[0].stamp + (uint64_t)(o->to * p.khz) : list[count - 1].stamp;
    if (p.to > list[count - 1].stamp)
        p.to = list[count - 1].stamp;
    int failed = p.from < p.to ? picture_draw(&p, list, count, out)
                               : complain("nothing was captured in that time");

    if ((fflush(out) || (o->output && fclose(out))) && !failed)
        failed = complain("cannot write: %s", strerror(errno));
    return failed;
}

int cmd_timeline(int argc, char **argv)
{
    static const struct option options[] = {
        { "output", required_argument, NULL, 'o' }, { "from", required_argument, NULL, 'f' },
        { "to", required_argument, NULL, 't' }, { "domain", required_argument, NULL, 'd' },
        { "width", required_argument, NULL, 'w' }, { "cpu-freq", required_argument, NULL, 'c' },
        { "help", no_argument, NULL, 'h' }, { 0 },
    };
    struct options o = { .picture = { .width = 1200, .domain = -1 } };
    int option;

    while ((option = getopt_long(argc, argv, "o:f:t:d:w:c:h", options, NULL)) >= 0) {
        if (option == 'h' || option == '?')
            return usage(option == 'h' ? stdout : stderr);
        if (!take_option(option, &o))
            return 2;
    }
    if (argc - optind != 1)
        return usage(stderr);
    if (!o.picture.khz)
        o.picture.khz = machine_khz();
    if (!o.picture.khz && (o.from > 0 || o.to > 0))
        return complain("which clock did the captured machine have? Say it with -c MHZ");
    const char *name = argv[optind];
    FILE *in = fopen(name, "r");

    if (!in)
        return complain("cannot read %s: %s", name, strerror(errno));
    size_t count;
    struct record *list = load_schedule(in, name, &count);

    fclose(in);
    int failed = list ? draw(&o, list, count) : 1;

    free(list);
    return failed;
}
