/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The command line.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <base/strings.h>

#include "options.h"

#define DEFAULT_LOG_DIR  "/var/log/xen/console"
#define DEFAULT_LOG_SIZE (64ull << 20)

static const char usage[] =
    "usage: xenconsoled [OPTION]...\n"
    "  -i, --interactive             stay in the foreground\n"
    "      --log=none|guest|hv|all   what to keep in files: guests' consoles, the hypervisor's\n"
    "      --log-dir=DIR             where (" DEFAULT_LOG_DIR ")\n"
    "  -t, --timestamp=none|guest|hv|all\n"
    "                                in which of them lines begin with the time\n"
    "  -o, --overflow-data=discard|keep\n"
    "                                a console that nobody reads is full: throw its oldest output\n"
    "                                away, or let the guest wait\n"
    "      --log-size=MIB            a file may grow so long, then it becomes FILE.1\n"
    "                                (default 64; 0: without limit)\n"
    "      --replace-escape          write a dot for ESC in guests' logs\n"
    "      --pid-file=FILE           write the process id to FILE\n"
    "  -v, --verbose                 say more in the log\n"
    "  -V, --version\n"
    "  -h, --help                    this text\n";

enum { OPTION_LOG = 256, OPTION_LOG_DIR, OPTION_LOG_SIZE, OPTION_PID_FILE, OPTION_REPLACE_ESCAPE };

static const struct option long_options[] = {
    { "interactive", no_argument, NULL, 'i' },
    { "log", required_argument, NULL, OPTION_LOG },
    { "log-dir", required_argument, NULL, OPTION_LOG_DIR },
    { "log-size", required_argument, NULL, OPTION_LOG_SIZE },
    { "timestamp", required_argument, NULL, 't' },
    { "overflow-data", required_argument, NULL, 'o' },
    { "replace-escape", no_argument, NULL, OPTION_REPLACE_ESCAPE },
    { "pid-file", required_argument, NULL, OPTION_PID_FILE },
    { "verbose", no_argument, NULL, 'v' },
    { "version", no_argument, NULL, 'V' },
    { "help", no_argument, NULL, 'h' },
    { 0 },
};

static void __attribute__((noreturn)) refuse(const char *option, const char *value,
                                             const char *known)
{
    fprintf(stderr, "xenconsoled: %s=%s: it must be one of %s\n", option, value, known);
    exit(2);
}

static void parse_which(const char *option, const char *value, bool *guests, bool *hypervisor)
{
    if (strcmp(value, "none") && strcmp(value, "guest") && strcmp(value, "hv") &&
        strcmp(value, "all"))
        refuse(option, value, "none, guest, hv, all");
    *guests = !strcmp(value, "guest") || !strcmp(value, "all");
    *hypervisor = !strcmp(value, "hv") || !strcmp(value, "all");
}

static uint64_t parse_size(const char *value)
{
    unsigned long long mib;

    if (!parse_number(value, UINT32_MAX, &mib))
        refuse("--log-size", value, "0 and up, in MiB");
    return mib << 20;
}

static void take(struct options *o, int c)
{
    switch (c) {
    case 'i': o->foreground = true; break;
    case 'v': o->verbose = true; break;
    case OPTION_LOG: parse_which("--log", optarg, &o->log_guests, &o->log_hypervisor); break;
    case OPTION_LOG_DIR: o->log_dir = optarg; break;
    case OPTION_LOG_SIZE: o->log_size = parse_size(optarg); break;
    case 't': parse_which("--timestamp", optarg, &o->time_guests, &o->time_hypervisor); break;
    case 'o':
        if (strcmp(optarg, "discard") && strcmp(optarg, "keep"))
            refuse("--overflow-data", optarg, "discard, keep");
        o->keep_overflow = !strcmp(optarg, "keep");
        break;
    case OPTION_REPLACE_ESCAPE: o->replace_escape = true; break;
    case OPTION_PID_FILE: o->pid_file = optarg; break;
    case 'V': puts("xenconsoled " XENITH_VERSION); exit(0);
    case 'h': fputs(usage, stdout); exit(0);
    default: fputs("Try 'xenconsoled --help'.\n", stderr); exit(2);
    }
}

void options_parse(struct options *o, int argc, char **argv)
{
    int c;

    o->log_dir = DEFAULT_LOG_DIR;
    o->log_size = DEFAULT_LOG_SIZE;
    while ((c = getopt_long(argc, argv, "it:o:vVh", long_options, NULL)) >= 0)
        take(o, c);
    if (optind < argc) {
        fprintf(stderr, "xenconsoled: unexpected argument: %s\n", argv[optind]);
        exit(2);
    }
}
