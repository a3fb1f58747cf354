/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xentrace_format: a capture from standard input to text, as a file of rules says.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "xentrace.h"

#define DEFAULT_RULES "/usr/lib/xenith/xentrace-formats"

static int usage(FILE *to)
{
    fputs("Usage: xentrace_format [-a] [DEFS-FILE] < CAPTURE\n"
          "Writes a capture of xentrace as text, an event a line, by the rules of DEFS-FILE\n"
          "(default " DEFAULT_RULES "). Events without a rule are left out.\n\n"
          "  -a          write them too, as numbers\n"
          "  -h, --help  this text\n", to);
    return to == stderr ? 2 : 0;
}

static void print_raw(const struct record *r, uint64_t reltsc, FILE *out)
{
    fprintf(out, "CPU%u  %llu (+%8llu)  unknown event %08x  [", r->cpu,
            (unsigned long long)r->stamp, (unsigned long long)reltsc, r->event);
    for (unsigned int i = 0; i < r->words; i++)
        fprintf(out, " %08x", r->data[i]);
    fputs(" ]\n", out);
}

static int run(const struct rules *rules, bool all)
{
    static struct reader reader;
    static uint64_t last[CPUS_MAX];
    struct record r;
    int rc;

    reader_init(&reader, stdin);
    while ((rc = reader_next(&reader, &r)) > 0) {
        uint64_t reltsc = last[r.cpu] && r.stamp > last[r.cpu] ? r.stamp - last[r.cpu] : 0;

        last[r.cpu] = r.stamp;
        if (!rules_print(rules, &r, reltsc, stdout) && all)
            print_raw(&r, reltsc, stdout);
    }
    if (fflush(stdout))
        return complain("cannot write: %s", strerror(errno));
    return rc ? complain("standard input is no trace, or a part of one: %s", reader.error) : 0;
}

int cmd_format(int argc, char **argv)
{
    const char *name = DEFAULT_RULES;
    bool all = false, named = false;

    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "-h") || !strcmp(argv[i], "--help"))
            return usage(stdout);
        if (!strcmp(argv[i], "-a")) {
            all = true;
        } else if (argv[i][0] == '-' || named) {
            return usage(stderr);
        } else {
            name = argv[i];
            named = true;
        }
    }
    FILE *in = fopen(name, "r");

    if (!in)
        return complain("cannot read %s: %s", name, strerror(errno));
    struct rules *rules = rules_load(in, name);

    fclose(in);
    if (!rules)
        return 1;
    int status = run(rules, all);

    rules_free(rules);
    return status;
}
