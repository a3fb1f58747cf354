/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Looking for oneself while xend is down: hypercalls and the store, nothing that changes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <base/strings.h>
#include <host/host.h>
#include <xc/xc.h>
#include <xs/xs.h>

#include "xm.h"

static struct xc *xc;
static struct xs *xs;

void local_notice(void)
{
    fprintf(stderr, "xend is not running: what follows comes from the hypervisor alone.\n");
}

/* 0 with handles open; xs may be missing. */
static int open_local(void)
{
    if (xc)
        return 0;
    if (geteuid())
        return error("Most commands need root access. Please try again as root.");
    int rc = xc_open(&xc);

    if (rc)
        return error("Unable to connect to xend, and to the hypervisor: %s. Is this dom0?",
                     strerror(-rc));
    if (xs_open(XS_OPEN_SOCKET, &xs))
        xs = NULL;
    local_notice();
    return 0;
}

static int told(int rc)
{
    return rc ? error("the hypervisor does not tell: %s", strerror(-rc)) : 0;
}

static const struct sxp *find(const struct sxp *all, const char *name)
{
    const struct sxp *d;

    for (size_t i = 0; (d = sxp_find(all, "domain", i)); i++) {
        if (!strcmp(text_of(d, "name", ""), name) || !strcmp(text_of(d, "domid", ""), name) ||
            !strcasecmp(text_of(d, "uuid", ""), name))
            return d;
    }
    error("Domain '%s' does not exist.", name);
    return NULL;
}

int local_domains(int count, char **names, struct sxp **out)
{
    struct sxp *all;

    if (open_local())
        return 1;
    int rc = told(host_domains(xc, xs, &all));

    if (rc || !count) {
        *out = all;
        return rc;
    }
    *out = sxp_list("domains");
    for (int i = 0; i < count && !rc; i++) {
        const struct sxp *d = find(all, names[i]);

        if (d)
            sxp_add(*out, sxp_copy(d));
        else
            rc = EXIT_NO_DOMAIN;
    }
    sxp_free(all);
    if (rc)
        sxp_free(*out);
    return rc;
}

int local_vcpus(const char *name, struct sxp **out)
{
    char *names[] = { (char *)name };
    struct sxp *domains;
    int rc = local_domains(1, names, &domains);

    if (rc)
        return rc;
    rc = told(host_vcpus(xc, xs, number_of(domains->item[1], "domid", 0), out));
    sxp_free(domains);
    return rc;
}

int local_info(struct sxp **out)
{
    return open_local() ? 1 : told(host_info(xc, out));
}

int local_topology(struct sxp **out)
{
    return open_local() ? 1 : told(host_topology(xc, out));
}

int local_messages(bool clear, struct sxp **out)
{
    char *text;
    int rc = open_local() ? 1 : told(host_messages(xc, clear, &text));

    if (!rc) {
        *out = sxp_atom(text);
        free(text);
    }
    return rc;
}

int local_debug_keys(const char *keys)
{
    return open_local() ? 1 : told(xc_debug_keys(xc, keys));
}

int get_domains(int count, char **names, struct sxp **out)
{
    if (!xend_is_up())
        return local_domains(count, names, out);
    struct sxp *message = sxp_list("domains");

    for (int i = 0; i < count; i++)
        sxp_add(message, sxp_atom(names[i]));
    return ask_sxp(out, message);
}

int get_domain(const char *name, struct sxp **out)
{
    char *names[] = { (char *)name };
    struct sxp *domains;
    int rc = get_domains(1, names, &domains);

    if (rc)
        return rc;
    *out = sxp_copy(domains->item[1]);
    sxp_free(domains);
    return 0;
}
