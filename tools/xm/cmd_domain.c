/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Commands about one domain's life.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "xm.h"

#define POLL_US 200000
#define REBOOT_WAIT_S 30
#define STATUS_DOWN 4

/* ---- one domain, one method ---- */

static int with_domain(int argc, char **argv, const char *method)
{
    if (count_is_wrong(argc - 1))
        return 1;
    return ask(NULL, method, argv[1], NULL);
}

static int with_domain_and_word(int argc, char **argv, const char *method)
{
    if (count_is_wrong(argc - 1))
        return 1;
    return ask(NULL, method, argv[1], argv[2], NULL);
}

int cmd_destroy(int argc, char **argv)
{
    return with_domain(argc, argv, "destroy");
}

int cmd_pause(int argc, char **argv)
{
    return with_domain(argc, argv, "pause");
}

int cmd_unpause(int argc, char **argv)
{
    return with_domain(argc, argv, "unpause");
}

int cmd_delete(int argc, char **argv)
{
    return with_domain(argc, argv, "delete");
}

int cmd_rename(int argc, char **argv)
{
    return with_domain_and_word(argc, argv, "rename");
}

int cmd_sysrq(int argc, char **argv)
{
    return with_domain_and_word(argc, argv, "sysrq");
}

/* ---- questions ---- */

static int print_value(int argc, char **argv, const char *key)
{
    struct sxp *d;

    if (count_is_wrong(argc - 1))
        return 1;
    int rc = get_domain(argv[1], &d);

    if (rc)
        return rc;
    puts(text_of(d, key, "None"));
    sxp_free(d);
    return 0;
}

int cmd_domid(int argc, char **argv)
{
    return print_value(argc, argv, "domid");
}

int cmd_domname(int argc, char **argv)
{
    return print_value(argc, argv, "name");
}

static const char *state_word(const char *state)
{
    if (strlen(state) < 6)
        return "shutoff";
    if (state[4] == 'c')
        return "crashed";
    if (state[3] == 's')
        return "shutdown";
    if (state[2] == 'p')
        return "paused";
    return state[0] == 'r' ? "running" : "idle";
}

int cmd_domstate(int argc, char **argv)
{
    struct sxp *d;

    if (count_is_wrong(argc - 1))
        return 1;
    int rc = get_domain(argv[1], &d);

    if (rc)
        return rc;
    puts(state_word(text_of(d, "state", "")));
    sxp_free(d);
    return 0;
}

int cmd_console(int argc, char **argv)
{
    static const struct option options[] = {
        { "quiet", no_argument, NULL, 'q' }, { "num", required_argument, NULL, 'n' }, { 0 },
    };
    const char *number = "0";
    bool quiet = false;
    struct sxp *d;
    int option;

    optind = 0;
    while ((option = getopt_long(argc, argv, "qn:", options, NULL)) >= 0) {
        switch (option) {
        case 'q': quiet = true; break;
        case 'n': number = optarg; break;
        default: return bad_option(argv);
        }
    }
    if (count_is_wrong(argc - optind))
        return 1;
    if (strspn(number, "0123456789") != strlen(number))
        return usage_error("Invalid argument.");
    if (quiet && !freopen("/dev/null", "w", stderr))
        return 1;
    int rc = get_domain(argv[optind], &d);

    if (rc)
        return quiet ? 1 : rc;
    if (!sxp_value(d, "domid"))
        return error("Domain '%s' is not started", argv[optind]);
    return become_console(sxp_value(d, "domid"), number);
}

int cmd_start(int argc, char **argv)
{
    static const struct option options[] = {
        { "paused", no_argument, NULL, 'p' },
        { "console_autoconnect", no_argument, NULL, 'c' },
        { "vncviewer", no_argument, NULL, 'v' }, { "vncviewer-autopass", no_argument, NULL, 'a' },
        { 0 },
    };
    bool paused = false, console = false, viewer = false, autopass = false;
    struct sxp *started;
    int option;

    optind = 0;
    while ((option = getopt_long(argc, argv, "pc", options, NULL)) >= 0) {
        switch (option) {
        case 'p': paused = true; break;
        case 'c': console = true; break;
        case 'v': viewer = true; break;
        case 'a': viewer = autopass = true; break;
        default: return bad_option(argv);
        }
    }
    if (optind + 1 != argc)
        return usage_error("Expects 1 argument");
    int rc = ask(&started, "start", argv[optind], paused ? "1" : "0",
                 console ? "1" : "0", NULL);

    if (rc)
        return rc;
    if (viewer)
        start_viewer(text_of(started, "domid", ""), autopass);
    return console ? stay_at_console(text_of(started, "domid", "")) : 0;
}

/* ---- shutdown and reboot ---- */

/* What is waited for: the domain as it was. */
struct going {
    char *name, *domid;
};

/* The id that name has now; NULL: none, or it is down and kept so, or only half made. free() it. */
static char *domid_now(const struct sxp *domains, const char *name)
{
    const struct sxp *d;

    for (size_t i = 0; (d = sxp_find(domains, "domain", i)); i++) {
        if (!strcmp(text_of(d, "name", ""), name) && sxp_value(d, "domid") &&
            number_of(d, "status", 0) != STATUS_DOWN && !sxp_value(d, "starting"))
            return strdup(sxp_value(d, "domid"));
    }
    return NULL;
}

/* True once it is over, and said so. absent: seconds without a successor. */
static bool is_done(struct going *g, const struct sxp *domains, bool is_reboot, double absent)
{
    char *now = domid_now(domains, g->name);
    bool is_same = now && !strcmp(now, g->domid), done = false;

    if (!is_reboot && !is_same) {
        printf("Domain %s terminated\n", g->name);
        done = true;
    } else if (is_reboot && now && !is_same) {
        printf("Domain %s rebooted\n", g->name);
        done = true;
    } else if (is_reboot && !now && absent > REBOOT_WAIT_S) {
        printf("Domain %s destroyed for failing to reboot\n", g->name);
        done = true;
    }
    free(now);
    fflush(stdout);
    return done;
}

static int wait_for(struct going *g, size_t count, bool is_reboot)
{
    size_t left = count;
    double absent = 0;

    while (left) {
        struct sxp *domains;

        if (get_domains(0, NULL, &domains))
            return 1;
        for (size_t i = 0; i < count; i++) {
            if (g[i].name && is_done(&g[i], domains, is_reboot, absent)) {
                g[i].name = NULL;
                left--;
            }
        }
        sxp_free(domains);
        if (left)
            usleep(POLL_US);
        absent += POLL_US / 1e6;
    }
    printf("All domains %s\n", is_reboot ? "rebooted" : "terminated");
    return 0;
}

/* One that refuses keeps no other from going down. */
static int ask_all(struct sxp *domains, const char *reason, bool wait)
{
    struct going *g = calloc(domains->count, sizeof(*g));
    size_t count = 0;
    int rc = 0;

    for (size_t i = 1; i < domains->count; i++) {
        const struct sxp *d = domains->item[i];
        const char *domid = sxp_value(d, "domid");
        int asked = ask(NULL, "shutdown", domid, reason, NULL);

        if (asked)
            rc = asked;
        else
            g[count++] = (struct going){ strdup(text_of(d, "name", "")), strdup(domid) };
    }
    if (wait && (count || !rc)) {
        int waited = wait_for(g, count, !strcmp(reason, "reboot"));

        rc = rc ? rc : waited;
    }
    free(g);
    return rc;
}

/* What "all" means: neither dom0, nor what is off or down already. */
static void keep_running(struct sxp *domains)
{
    for (size_t i = domains->count; i-- > 1;) {
        const struct sxp *d = domains->item[i];

        if (number_of(d, "domid", -1) <= 0 || strpbrk(text_of(d, "state", ""), "scd"))
            sxp_remove(domains, i);
    }
}

static int shut_down(int argc, char **argv, const char *reason)
{
    static const struct option options[] = {
        { "all", no_argument, NULL, 'a' }, { "wait", no_argument, NULL, 'w' },
        { "halt", no_argument, NULL, 'H' }, { "reboot", no_argument, NULL, 'R' }, { 0 },
    };
    bool all = false, wait = false, halt = false, reboot = false;
    struct sxp *domains;
    int option;

    optind = 0;
    while ((option = getopt_long(argc, argv, "awHR", options, NULL)) >= 0) {
        switch (option) {
        case 'a': all = true; break;
        case 'w': wait = true; break;
        case 'H': halt = true; break;
        case 'R': reboot = true; break;
        default: return bad_option(argv);
        }
    }
    if (halt && reboot)
        return usage_error("Can't specify halt and reboot");
    if (!all && optind == argc)
        return usage_error("No domain parameter given");
    if (optind + 1 < argc || (all && optind < argc))
        return usage_error("No multiple domain parameters allowed");
    if (!xend_is_up())
        return ask(NULL, "version", NULL);
    int rc = get_domains(argc - optind, argv + optind, &domains);

    if (rc)
        return rc;
    if (all)
        keep_running(domains);
    else if (!sxp_value(domains->item[1], "domid"))
        rc = error("Domain '%s' is not started", argv[optind]);
    if (!rc)
        rc = ask_all(domains, halt ? "halt" : reboot ? "reboot" : reason, wait);
    sxp_free(domains);
    return rc;
}

int cmd_shutdown(int argc, char **argv)
{
    return shut_down(argc, argv, "poweroff");
}

int cmd_reboot(int argc, char **argv)
{
    return shut_down(argc, argv, "reboot");
}

/* ---- shell ---- */

static int split(char *line, char **words, int max)
{
    int count = 0;

    for (char *w = strtok(line, " \t\n"); w && count < max - 1; w = strtok(NULL, " \t\n"))
        words[count++] = w;
    words[count] = NULL;
    return count;
}

int cmd_shell(int argc, char **argv)
{
    char line[4096], *words[256];
    bool is_terminal = isatty(0);
    int rc = 0;

    (void)argc;
    (void)argv;
    puts("The Xen Master. Type \"help\" for a list of functions.");
    for (;;) {
        if (is_terminal)
            fputs("xm> ", stdout);
        fflush(stdout);
        if (!fgets(line, sizeof(line), stdin))
            return rc;
        int count = split(line, words, 256);

        if (!count)
            continue;
        if (!strcmp(words[0], "quit") || !strcmp(words[0], "exit"))
            return rc;
        if (!command_find(words[0]) && !absent_why(words[0]))
            printf("*** Unknown command: %s\n", words[0]);
        else
            rc = run_command(count, words);
    }
}
