/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The trace tools: one program under five names, which are its commands.
 */
#include <stdarg.h>
#include <string.h>

#include "xentrace.h"

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
} commands[] = {
    { "xentrace", cmd_capture, "captures what the hypervisor traces" },
    { "xentrace_setsize", cmd_setsize, "makes its buffers" },
    { "xentrace_format", cmd_format, "writes a capture as text" },
    { "xentrace-timeline", cmd_timeline, "draws who ran where, as SVG" },
    { "xenmon", cmd_monitor, "tells how long domains ran, waited and slept" },
};

const char *program = "xentrace";

int complain(const char *fmt, ...)
{
    va_list args;

    fprintf(stderr, "%s: ", program);
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fputc('\n', stderr);
    return 1;
}

int main(int argc, char **argv)
{
    const char *slash = strrchr(argv[0], '/'), *self = slash ? slash + 1 : argv[0];

    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (!strcmp(self, commands[i].name)) {
            program = commands[i].name;
            return commands[i].run(argc, argv);
        }
    }
    fputs("These are the trace tools; call them by their names:\n", stderr);
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        fprintf(stderr, "  %-18s %s\n", commands[i].name, commands[i].help);
    return 2;
}
