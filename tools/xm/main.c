/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xm, the user's hand on the machine: a table of commands.
 *
 * Help, completion and manual come from the table. A command is called by its name, or by two or
 * more letters that begin only one.
 */
#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "xm.h"

#define OPTION(names, what) names "\0" what "\0"

static const char list_options[] =
    OPTION("-l, --long", "Output all details in SXP.")
    OPTION("--state=<state>", "Only domains in this state: running, paused, shutdown, crashed, "
           "halted.")
    OPTION("--pool=<pool>", "Only domains in this CPU pool.")
    OPTION("--json", "Output as JSON; with --long all details.");
static const char json_options[] = OPTION("--json", "Output as JSON.");
static const char console_options[] =
    OPTION("-q, --quiet", "No message if the domain does not exist.")
    OPTION("-n, --num=<n>", "The n-th console.");
static const char shutdown_options[] =
    OPTION("-a, --all", "All guest domains.")
    OPTION("-w, --wait", "Wait for it to complete.")
    OPTION("-H, --halt", "Halt instead of power off.")
    OPTION("-R, --reboot", "Reboot instead of power off.");
static const char reboot_options[] =
    OPTION("-a, --all", "All guest domains.")
    OPTION("-w, --wait", "Wait for it to complete.");
static const char start_options[] =
    OPTION("-p, --paused", "Do not let it run yet.")
    OPTION("--vncviewer", "Start a viewer of its frame buffer.")
    OPTION("--vncviewer-autopass", "Give the viewer the password.")
    OPTION("-c, --console_autoconnect", "Connect to its console.");
static const char create_options[] =
    OPTION("--help_config", "The directives of configuration files.")
    OPTION("-q, --quiet", "Say nothing unless it fails.")
    OPTION("--path=<dirs>", "Where to look for configuration files (.:/etc/xen).")
    OPTION("-f, --defconfig=<file>", "Use this configuration file.")
    OPTION("-F, --config=<file>", "Use this ready-made SXP configuration.")
    OPTION("-n, --dryrun", "Print the resulting SXP, create nothing.")
    OPTION("-p, --paused", "Leave it paused.")
    OPTION("--vncviewer", "Start a viewer of its frame buffer.")
    OPTION("--vncviewer-autopass", "Give the viewer the password.")
    OPTION("-c, --console_autoconnect", "Connect to its console.");
static const char dump_options[] =
    OPTION("-L, --live", "Do not pause the domain meanwhile.")
    OPTION("-C, --crash", "Destroy the domain afterwards.")
    OPTION("-R, --reset", "Start the domain anew afterwards.");
static const char viewer_options[] =
    OPTION("--autopass", "Give the viewer the password.")
    OPTION("--vncviewer-autopass", "The same.");
static const char dmesg_options[] = OPTION("-c, --clear", "Clear the messages after printing.");
static const char info_options[] =
    OPTION("-c, --config", "xend's own configuration instead.")
    OPTION("-n, --numa", "Also the topology.")
    OPTION("--json", "Output as JSON.");
static const char top_options[] =
    OPTION("-b, --batch", "Plain text, for scripts.")
    OPTION("-i, --iterations=<n>", "Stop after so many.")
    OPTION("-d, --delay=<s>", "Seconds between them (3). \"xentop --help\" has more.");
static const char uptime_options[] = OPTION("-s, --short", "A short line for each domain.");
static const char force_options[] = OPTION("-f, --force", "Take it away without asking the guest.");
static const char long_options[] =
    OPTION("-l, --long", "Output all details in SXP.")
    OPTION("--json", "Output all details as JSON.");

static const char credit_options[] =
    OPTION("-d, --domain=<domain>", "Whose parameters; without: all domains' are listed.")
    OPTION("-w, --weight=<weight>", "Its share of the CPUs: 1 to 65535, 256 if not set.")
    OPTION("-c, --cap=<cap>", "At most this much, in percent of one CPU; 0 is no limit.");
static const char credit2_options[] =
    OPTION("-d, --domain=<domain>", "Whose parameters; without: all domains' are listed.")
    OPTION("-w, --weight=<weight>", "Its share of the CPUs: 1 to 65535, 256 if not set.");
static const char sedf_options[] =
    OPTION("-p, --period=<ms>", "Its slice is guaranteed in every period.")
    OPTION("-s, --slice=<ms>", "How long it may run in a period.")
    OPTION("-l, --latency=<ms>", "The first period after waking is only so long.")
    OPTION("-e, --extratime=<0|1>", "Whether it gets what others leave.")
    OPTION("-w, --weight=<weight>", "Its share of what others leave: 1 to 65535.");
static const char bvt_options[] =
    OPTION("-d, --domain=<domain>", "Whose parameters; without: all domains' are listed.")
    OPTION("-w, --weight=<weight>", "Its share of the CPUs: 1 to 65535.")
    OPTION("-v, --warp=<us>", "How far ahead of its time it may run.")
    OPTION("-l, --limit=<us>", "For how long; 0 is no limit.")
    OPTION("-u, --unwarp=<us>", "And after that for how long not.");
static const char pool_list_options[] =
    OPTION("-l, --long", "Output all details in SXP.")
    OPTION("-c, --cpus", "Output the CPUs of each pool.")
    OPTION("--json", "Output all details as JSON.");

const struct command commands[] = {
    { "console", cmd_console, 1, 1, "[-q|--quiet] <Domain>", "Attach to <Domain>'s console.", true,
      console_options },
    { "vncviewer", cmd_vncviewer, 1, 1, "[--[vncviewer-]autopass] <Domain>",
      "Attach to <Domain>'s VNC server.", true, viewer_options },
    { "create", cmd_create, 0, -1, "<ConfigFile> [options] [vars]",
      "Create a domain based on <ConfigFile>.", true, create_options },
    { "new", cmd_new, 0, -1, "<ConfigFile> [options] [vars]",
      "Adds a domain to Xend domain management.", true, create_options },
    { "delete", cmd_delete, 1, 1, "<DomainName>", "Remove a domain from Xend domain management.",
      true, NULL },
    { "destroy", cmd_destroy, 1, 1, "<Domain>", "Terminate a domain immediately.", true, NULL },
    { "domid", cmd_domid, 1, 1, "<DomainName>", "Convert a domain name to domain id.", false,
      NULL },
    { "domname", cmd_domname, 1, 1, "<DomId>", "Convert a domain id to domain name.", false, NULL },
    { "domstate", cmd_domstate, 1, 1, "<DomName>", "Get the state of a domain.", true, NULL },
    { "dump-core", cmd_dump_core, 1, 2, "[-L|--live] [-C|--crash] [-R|--reset] <Domain> [Filename]",
      "Dump core for a specific domain.", true, dump_options },
    { "list", cmd_list, 0, -1, "[options] [Domain, ...]",
      "List information about all/some domains.", true, list_options },
    { "mem-max", cmd_mem_max, 2, 2, "<Domain> <Mem>",
      "Set the maximum amount reservation for a domain.", false, NULL },
    { "mem-set", cmd_mem_set, 2, 2, "<Domain> <Mem>", "Set the current memory usage for a domain.",
      true, NULL },
    { "pause", cmd_pause, 1, 1, "<Domain>", "Pause execution of a domain.", true, NULL },
    { "reboot", cmd_reboot, 0, -1, "<Domain> [-wa]", "Reboot a domain.", true, reboot_options },
    { "rename", cmd_rename, 2, 2, "<Domain> <NewDomainName>", "Rename a domain.", false, NULL },
    { "reset", cmd_reset, 1, 1, "<Domain>", "Reset a domain.", true, NULL },
    { "shutdown", cmd_shutdown, 0, -1, "<Domain> [-waRH]", "Shutdown a domain.", true,
      shutdown_options },
    { "start", cmd_start, 1, 1, "<DomainName>", "Start a Xend managed domain.", true,
      start_options },
    { "sysrq", cmd_sysrq, 2, 2, "<Domain> <letter>", "Send a sysrq to a domain.", false, NULL },
    { "trigger", cmd_trigger, 2, 3, "<Domain> <nmi|reset|init|s3resume|power> [<VCPU>]",
      "Send a trigger to a domain.", false, NULL },
    { "unpause", cmd_unpause, 1, 1, "<Domain>", "Unpause a paused domain.", true, NULL },
    { "uptime", cmd_uptime, 0, -1, "[-s] [Domain, ...]", "Print uptime for all/some domains.", true,
      uptime_options },
    { "vcpu-list", cmd_vcpu_list, 0, -1, "[--json] [Domain, ...]",
      "List the VCPUs for all/some domains.", false, json_options },
    { "vcpu-set", cmd_vcpu_set, 2, 2, "<Domain> <vCPUs>",
      "Set the number of active VCPUs allowed for the domain.", true, NULL },

    { "vcpu-pin", cmd_vcpu_pin, 3, 3, "<Domain> <VCPU|all> <CPUs|all>",
      "Set which CPUs a VCPU can use.", false, NULL },

    { "debug-keys", cmd_debug_keys, 1, 1, "<Keys>", "Send debug keys to Xen.", false, NULL },
    { "dmesg", cmd_dmesg, 0, 0, "[-c|--clear]", "Read and/or clear Xend's message buffer.", false,
      dmesg_options },
    { "info", cmd_info, 0, 0, "[-c|--config]", "Get information about Xen host.", false,
      info_options },
    { "log", cmd_log, 0, 0, "", "Print Xend log.", false, NULL },
    { "top", cmd_top, 0, -1, "[options]", "Monitor a host and the domains in real time.", true,
      top_options },

    { "sched-credit", cmd_sched_credit, 0, 0, "[-d <Domain> [-w[=WEIGHT]|-c[=CAP]]]",
      "Get/set credit scheduler parameters.", false, credit_options },
    { "sched-credit2", cmd_sched_credit2, 0, 0, "[-d <Domain> [-w[=WEIGHT]]]",
      "Get/set credit2 scheduler parameters.", false, credit2_options },
    { "sched-sedf", cmd_sched_sedf, 0, 1, "<Domain> [options]", "Get/set EDF parameters.", false,
      sedf_options },
    { "sched-bvt", cmd_sched_bvt, 0, 0, "[-d <Domain> [options]]",
      "Get/set parameters of borrowed virtual time.", false, bvt_options },

    { "block-attach", cmd_block_attach, 4, 5,
      "<Domain> <BackDev> <FrontDev> <Mode> [BackDomain]", "Create a new virtual block device.",
      false, NULL },
    { "block-configure", cmd_block_configure, 4, 5,
      "<Domain> <BackDev> <FrontDev> <Mode> [BackDomain]", "Change block device configuration.",
      false, NULL },
    { "block-detach", cmd_block_detach, 2, 2, "<Domain> <DevId> [-f|--force]",
      "Destroy a domain's virtual block device.", false, force_options },
    { "block-list", cmd_block_list, 1, 1, "<Domain> [--long]",
      "List virtual block devices for a domain.", false, long_options },
    { "network-attach", cmd_network_attach, 1, -1,
      "<Domain> [type=<type>] [mac=<mac>] [bridge=<bridge>] [ip=<ip>] [script=<script>] "
      "[backend=<BackDomain>] [vifname=<name>] [rate=<rate>] [model=<model>] [accel=<accel>]",
      "Create a new virtual network device.", false, NULL },
    { "network-detach", cmd_network_detach, 2, 2, "<Domain> <DevId|MAC> [-f|--force]",
      "Destroy a domain's virtual network device.", false, force_options },
    { "network-list", cmd_network_list, 1, 1, "<Domain> [--long]",
      "List virtual network interfaces for a domain.", false, long_options },

    { "cpupool-create", cmd_cpupool_create, 1, -1, "<ConfigFile> [vars]",
      "Create a CPU pool based on ConfigFile.", false, NULL },
    { "cpupool-new", cmd_cpupool_new, 1, -1, "<ConfigFile> [vars]",
      "Adds a CPU pool to Xend CPU pool management.", false, NULL },
    { "cpupool-start", cmd_cpupool_start, 1, 1, "<CPU Pool>", "Starts a Xend CPU pool.", false,
      NULL },
    { "cpupool-list", cmd_cpupool_list, 0, 1, "[<CPU Pool>] [-l|--long] [-c|--cpus]",
      "List CPU pools on host.", false, pool_list_options },
    { "cpupool-destroy", cmd_cpupool_destroy, 1, 1, "<CPU Pool>", "Deactivates a CPU pool.", false,
      NULL },
    { "cpupool-delete", cmd_cpupool_delete, 1, 1, "<CPU Pool>",
      "Removes a CPU pool from Xend management.", false, NULL },
    { "cpupool-cpu-add", cmd_cpupool_cpu_add, 2, 2, "<CPU Pool> <CPU nr>",
      "Adds a CPU to a CPU pool.", false, NULL },
    { "cpupool-cpu-remove", cmd_cpupool_cpu_remove, 2, 2, "<CPU Pool> <CPU nr>",
      "Removes a CPU from a CPU pool.", false, NULL },
    { "cpupool-migrate", cmd_cpupool_migrate, 2, 2, "<Domain> <CPU Pool>",
      "Moves a domain into a CPU pool.", false, NULL },
    { "cpupool-rename", cmd_cpupool_rename, 2, 2, "<CPU Pool> <new name>", "Renames a CPU pool.",
      false, NULL },
    { "cpupool-numa-split", cmd_cpupool_numa_split, 0, 0, "",
      "Splits up the machine into one CPU pool per NUMA node.", false, NULL },

    { "help", cmd_help, 0, -1, "", "Display this message.", true, NULL },
    { "shell", cmd_shell, 0, 0, "", "Launch an interactive shell.", true, NULL },
};

const size_t command_count = sizeof(commands) / sizeof(commands[0]);

static const struct {
    const char *old, *name;
} aliases[] = {
    { "balloon", "mem-set" }, { "set-vcpus", "vcpu-set" }, { "vif-list", "network-list" },
    { "vbd-create", "block-attach" }, { "vbd-destroy", "block-detach" },
    { "vbd-list", "block-list" },
    { "pool-create", "cpupool-create" }, { "pool-new", "cpupool-new" },
    { "pool-start", "cpupool-start" }, { "pool-list", "cpupool-list" },
    { "pool-destroy", "cpupool-destroy" }, { "pool-delete", "cpupool-delete" },
    { "pool-cpu-add", "cpupool-cpu-add" }, { "pool-cpu-remove", "cpupool-cpu-remove" },
    { "pool-migrate", "cpupool-migrate" },
};

static const struct command *current;

const struct command *command_current(void)
{
    return current;
}

static const struct command *find_exact(const char *name)
{
    for (size_t i = 0; i < command_count; i++) {
        if (!strcmp(commands[i].name, name))
            return &commands[i];
    }
    return NULL;
}

static const struct command *find_prefix(const char *word)
{
    const struct command *found = NULL;

    if (strlen(word) < 2)
        return NULL;
    for (size_t i = 0; i < command_count; i++) {
        if (strncmp(commands[i].name, word, strlen(word)))
            continue;
        if (found)
            return NULL;
        found = &commands[i];
    }
    return found;
}

const struct command *command_find(const char *word)
{
    const struct command *c = find_exact(word);

    if (c)
        return c;
    for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++) {
        if (strcmp(aliases[i].old, word))
            continue;
        fprintf(stderr, "Command %s is deprecated.  Please use xm %s instead.\n", word,
                aliases[i].name);
        return find_exact(aliases[i].name);
    }
    return find_prefix(word);
}

static int not_found(const char *word)
{
    if (absent_why(word))
        return not_supported(word, absent_why(word));

    const char *names[sizeof(commands) / sizeof(commands[0])];

    for (size_t i = 0; i < command_count; i++)
        names[i] = commands[i].name;
    const char *near = config_nearest(word, names, command_count);

    fprintf(stderr, "Error: Subcommand %s not found!%s%s%s\n", word, near ? " Is it '" : "",
            near ? near : "", near ? "' that is meant?" : "");
    help_short();
    return 1;
}

static bool wants_help(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--"); i++) {
        if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
            return true;
    }
    return false;
}

/* A switch given to a command that has none; NULL: there is none such. */
static const char *stray_option(const struct command *c, int argc, char **argv)
{
    for (int i = 1; i < argc && !c->options && c->run != cmd_help; i++) {
        if (argv[i][0] == '-' && (isalpha((unsigned char)argv[i][1]) || argv[i][1] == '-'))
            return argv[i];
    }
    return NULL;
}

int run_command(int argc, char **argv)
{
    const struct command *c = command_find(argv[0]);

    if (!c)
        return not_found(argv[0]);
    current = c;
    opterr = 0;
    if (wants_help(argc, argv)) {
        help_command(c);
        return 1;
    }
    const char *stray = stray_option(c, argc, argv);

    return stray ? usage_error("option %s not recognized", stray) : c->run(argc, argv);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        help_short();
        return 1;
    }
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
        help_long();
        return 0;
    }
    if (!strcmp(argv[1], "--completion")) {
        help_words(argv[2]);
        return 0;
    }
    return run_command(argc - 1, argv + 1);
}
