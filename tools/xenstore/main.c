/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The store's client, under many names: xenstore-read, or "xenstore read".
 *
 * A command that changes or reads several nodes does so in one transaction, again until nobody
 * interfered.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

static const struct command {
    const char *name;
    int (*run)(struct invocation *in);
    const char *options;        /* letters, besides h and s */
    int min_args;
    bool in_transaction;
    const char *usage;
} table[] = {
    { "chmod", cmd_chmod, "ru", 2, true, "[-h] [-r] [-u] [-s] key mode..." },
    { "control", cmd_control, "", 1, false, "[-h] [-s] command [parameter...]" },
    { "exists", cmd_exists, "", 1, true, "[-h] [-s] key..." },
    { "list", cmd_list, "p", 1, true, "[-h] [-p] [-s] key..." },
    { "ls", cmd_ls, "fp", 0, false, "[-h] [-f] [-p] [-s] [path...]" },
    { "read", cmd_read, "pR", 1, true, "[-h] [-p] [-R] [-s] key..." },
    { "rm", cmd_rm, "t", 1, true, "[-h] [-s] [-t] key..." },
    { "watch", cmd_watch, "n:", 1, false, "[-h] [-n NR] [-s] key..." },
    { "write", cmd_write, "R", 2, true, "[-h] [-R] [-s] key value [key value]..." },
};

#define COMMANDS (sizeof(table) / sizeof(table[0]))

int complain(const char *what, const char *path, int rc)
{
    /* A transaction in doubt is done again, and says what it has to say then. */
    if (rc != -EAGAIN)
        fprintf(stderr, "xenstore: %s %s: %s\n", what, path, strerror(-rc));
    return rc;
}

static const struct command *find(const char *name)
{
    for (size_t i = 0; i < COMMANDS; i++) {
        if (!strcmp(table[i].name, name))
            return &table[i];
    }
    return NULL;
}

static int usage_all(void)
{
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(stderr, "%s xenstore %s %s\n", i ? "      " : "usage:", table[i].name,
                table[i].usage);
    return 2;
}

static int usage(const struct command *c, bool asked)
{
    fprintf(asked ? stdout : stderr, "usage: xenstore-%s %s\n", c->name, c->usage);
    return asked ? 0 : 2;
}

/* The name we were called by, or the first argument. */
static const struct command *choose(int *argc, char ***argv)
{
    const char *slash = strrchr((*argv)[0], '/'), *self = slash ? slash + 1 : (*argv)[0];

    if (!strncmp(self, "xenstore-", 9))
        return find(self + 9);
    if (*argc < 2)
        return NULL;
    (*argc)--;
    (*argv)++;
    return find((*argv)[0]);
}

static bool take_option(struct invocation *in, int option)
{
    switch (option) {
    case 'f': in->full_paths = true; return true;
    case 'n': in->count = atoi(optarg); return in->count > 0;
    case 'p': in->show_prefix = true; return true;
    case 'r': in->recursive = true; return true;
    case 'R': in->raw = true; return true;
    case 't': in->tidy = true; return true;
    case 'u': in->upwards = true; return true;
    default: return false;
    }
}

/* Output of an attempt that did not hold is thrown away. */
static int run_transaction(const struct command *c, struct invocation *in)
{
    for (;;) {
        char *text = NULL;
        size_t size = 0;
        FILE *out = stdout, *kept = open_memstream(&text, &size);
        int rc = kept ? xs_transaction_start(in->xs, &in->tx) : -ENOMEM;

        if (rc)
            return complain("cannot start", "a transaction", rc);
        stdout = kept;
        rc = c->run(in);
        stdout = out;
        fclose(kept);
        int end = rc ? xs_transaction_abort(in->xs, in->tx) : xs_transaction_commit(in->xs, in->tx);

        if (!rc && end && end != -EAGAIN)
            rc = complain("cannot commit", "the transaction", end);
        if (end != -EAGAIN && rc != -EAGAIN)
            fwrite(text, 1, size, stdout);
        free(text);
        if (end != -EAGAIN && rc != -EAGAIN)
            return rc;
    }
}

int main(int argc, char **argv)
{
    const struct command *c = choose(&argc, &argv);
    struct invocation in = { .count = -1 };
    unsigned int flags = 0;
    char options[16];
    int option;

    if (!c)
        return usage_all();
    /* What follows a control command is its own. */
    snprintf(options, sizeof(options), "%shs%s", c->run == cmd_control ? "+" : "", c->options);
    while ((option = getopt(argc, argv, options)) >= 0) {
        if (option == 'h')
            return usage(c, true);
        if (option == 's')
            flags |= XS_OPEN_SOCKET;
        else if (!take_option(&in, option))
            return usage(c, false);
    }
    in.argc = argc - optind;
    in.argv = argv + optind;
    if (in.argc < c->min_args)
        return usage(c, false);
    int rc = xs_open(flags, &in.xs);

    if (rc) {
        fprintf(stderr, "xenstore: cannot reach xenstored: %s\n", strerror(-rc));
        return 1;
    }
    rc = c->in_transaction ? run_transaction(c, &in) : c->run(&in);
    xs_close(in.xs);
    return rc ? 1 : 0;
}
