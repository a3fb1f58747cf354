/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xm: what its files share. A command gets its arguments without its own name (argv[0] is it, for
 * getopt) and returns the exit status.
 */
#ifndef XM_XM_H
#define XM_XM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <base/sxp.h>
#include <config/config.h>

#define EXIT_NO_DOMAIN 3        /* a named domain does not exist */

enum command_group {
    GROUP_DOMAIN, GROUP_HOST, GROUP_SCHEDULER, GROUP_DEVICE, GROUP_OTHER,
};

struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    int min_args, max_args;     /* besides options: count_is_wrong(); max -1: any number */
    const char *usage;          /* its arguments */
    const char *help;
    bool is_common;             /* in the short list */
    const char *options;        /* "-l, --long\0what it does\0…"; NULL: none */
};

/* main.c */
extern const struct command commands[];
extern const size_t command_count;
const struct command *command_find(const char *word);
const struct command *command_current(void);

/* help.c */
void help_short(void);
void help_long(void);
void help_command(const struct command *c);
/* For completion: all commands, or a command's arguments and then its switches, one a line. */
void help_words(const char *name);
/* "Error: …" and the usage of the command that runs; returns 1. */
int usage_error(const char *fmt, ...) PRINTF_LIKE(1, 2);
/* Says so if the command that runs does not take so many arguments. */
bool count_is_wrong(int count);
/* absent.c: why there is no such command, though Xen has it; NULL: it is unknown. */
const char *absent_why(const char *name);
/* "Error: xm WHAT is not supported: WHY"; returns 1. */
int not_supported(const char *what, const char *why);
/* For getopt's '?': names the option; returns 1. */
int bad_option(char **argv);
/* "Error: …"; returns 1. */
int error(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* ---- client.c: xend ---- */

/*
 * Sends (METHOD words …) and waits. 0: *value is what came with ok (NULL if nothing), freed by
 * the caller. Otherwise the error was printed, and what is returned is the exit status.
 */
int ask(struct sxp **value, const char *method, ...) __attribute__((sentinel));
int ask_sxp(struct sxp **value, struct sxp *message);
/* True if xend answers. Says nothing. */
bool xend_is_up(void);

/* ---- local.c: what can be answered without xend; says so once ---- */

int local_domains(int count, char **names, struct sxp **out);
int local_vcpus(const char *name, struct sxp **out);
int local_info(struct sxp **out);
int local_topology(struct sxp **out);
int local_messages(bool clear, struct sxp **out);
int local_debug_keys(const char *keys);
/* The line that says so. */
void local_notice(void);

/* These ask xend, and if it is down do it here. */
int get_domains(int count, char **names, struct sxp **out);
int get_domain(const char *name, struct sxp **out);

/* ---- print.c ---- */

void print_domain_header(void);
void print_domain(const struct sxp *d);
void print_vcpu_header(void);
void print_vcpus(const struct sxp *d);
/* "2 days,  3:04:05" */
void format_uptime(uint64_t seconds, bool is_short, char *text, size_t size);
const char *text_of(const struct sxp *s, const char *key, const char *fallback);
long long number_of(const struct sxp *s, const char *key, long long fallback);
double real_of(const struct sxp *s, const char *key);
/* json.c: an object of what stands behind the head; an array of all items with this head. */
void print_json(const struct sxp *s);
void print_json_list(const struct sxp *list, const char *head);
/* (domains (domain …) …) by name. */
void sort_domains(struct sxp *domains);

/* ---- run.c: other programs ---- */

/* Becomes it; returns 1 and says why if that fails. */
int become(const char *program, char *const *argv);
int become_console(const char *domid, const char *number);
/* A child at the domain's console, which follows it to wherever it moves. */
void start_console(const char *domid);
void stop_console(void);
bool console_is_open(void);
/* Until the user leaves it: the child's, or our own. Returns the exit status. */
int stay_at_console(const char *domid);
/* cmd_vnc.c */
int become_viewer(const char *domain, bool autopass);
void start_viewer(const char *domain, bool autopass);

/* ---- the commands ---- */

typedef int command_fn(int argc, char **argv);
command_fn cmd_create, cmd_new, cmd_list, cmd_vcpu_list, cmd_uptime, cmd_console, cmd_destroy,
    cmd_shutdown, cmd_reboot, cmd_pause, cmd_unpause, cmd_domid, cmd_domname, cmd_rename,
    cmd_start, cmd_delete, cmd_sysrq, cmd_mem_set, cmd_mem_max, cmd_vcpu_set, cmd_info, cmd_dmesg,
    cmd_log, cmd_debug_keys, cmd_top, cmd_help, cmd_block_attach, cmd_block_detach,
    cmd_block_list, cmd_network_attach, cmd_network_detach, cmd_network_list, cmd_shell,
    cmd_domstate, cmd_dump_core, cmd_reset, cmd_trigger, cmd_block_configure, cmd_vncviewer;

command_fn cmd_vcpu_pin, cmd_sched_credit, cmd_sched_credit2, cmd_sched_sedf, cmd_sched_bvt,
    cmd_cpupool_create, cmd_cpupool_new, cmd_cpupool_start, cmd_cpupool_list, cmd_cpupool_destroy,
    cmd_cpupool_delete, cmd_cpupool_cpu_add, cmd_cpupool_cpu_remove, cmd_cpupool_migrate,
    cmd_cpupool_rename, cmd_cpupool_numa_split;

/* Runs a line of words as xm would; for the shell. */
int run_command(int argc, char **argv);

#endif
