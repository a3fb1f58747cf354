/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Helpers for addresses that configuration files find beside their variables: check_subnet() and
 * its relatives. Addresses are text in dotted form, or ints.
 */
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "node.h"

#define FUNCTION(name) \
    static struct value *name(struct script *s, struct value *self, struct value **arg, \
                              size_t count)
#define UNUSED (void)s, (void)self, (void)arg, (void)count

static uint32_t address(struct script *s, const struct value *v)
{
    struct in_addr in;

    if (value_is_integer(v))
        return v->number;
    if (inet_pton(AF_INET, str_arg(s, v, "an address"), &in) != 1)
        script_raise(s, "ValueError", "not an address: %.100s", v->text);
    return ntohl(in.s_addr);
}

static struct value *dotted(struct script *s, uint32_t n)
{
    char text[INET_ADDRSTRLEN];
    struct in_addr in = { .s_addr = htonl(n) };

    return value_str(s, inet_ntop(AF_INET, &in, text, sizeof(text)));
}

FUNCTION(do_inet_aton)
{
    UNUSED;
    return value_int(s, address(s, arg[0]));
}

FUNCTION(do_inet_ntoa)
{
    UNUSED;
    return dotted(s, int_arg(s, arg[0], "the address"));
}

FUNCTION(do_add_offset)
{
    uint32_t ip = address(s, arg[0]);

    UNUSED;
    return dotted(s, ip + (uint32_t)int_arg(s, arg[1], "the offset"));
}

FUNCTION(do_check_subnet)
{
    uint32_t mask = address(s, arg[2]);

    UNUSED;
    return value_bool(s, (address(s, arg[0]) & mask) == (address(s, arg[1]) & mask));
}

/* The interface's address or mask; 0 if it has none. */
static uint32_t interface_number(const char *name, bool want_mask)
{
    struct ifaddrs *all = NULL;
    uint32_t n = 0;

    if (getifaddrs(&all))
        return 0;
    for (struct ifaddrs *i = all; i && !n; i = i->ifa_next) {
        const struct sockaddr *sa = want_mask ? i->ifa_netmask : i->ifa_addr;

        if (sa && i->ifa_addr->sa_family == AF_INET && !strcmp(i->ifa_name, name))
            n = ntohl(((const struct sockaddr_in *)(const void *)sa)->sin_addr.s_addr);
    }
    freeifaddrs(all);
    return n;
}

/* The default route's gateway through the interface; 0 if there is none. */
static uint32_t interface_gateway(const char *name)
{
    FILE *f = fopen("/proc/net/route", "re");
    char line[256], dev[32];
    unsigned int to, gateway;
    uint32_t n = 0;

    while (f && !n && fgets(line, sizeof(line), f)) {
        if (sscanf(line, "%31s %x %x", dev, &to, &gateway) == 3 && !to && !strcmp(dev, name))
            n = ntohl(gateway);
    }
    if (f)
        fclose(f);
    return n;
}

static const char *device(struct script *s, struct value **arg)
{
    return arg[0] ? str_arg(s, arg[0], "the interface") : "eth0";
}

FUNCTION(do_current_address)
{
    const char *name = device(s, arg);
    uint32_t n = s->options->is_sealed ? 0 : interface_number(name, false);

    UNUSED;
    return n ? dotted(s, n) : value_none(s);
}

FUNCTION(do_current_mask)
{
    const char *name = device(s, arg);
    uint32_t n = s->options->is_sealed ? 0 : interface_number(name, true);

    UNUSED;
    return n ? dotted(s, n) : value_none(s);
}

FUNCTION(do_current_gateway)
{
    const char *name = device(s, arg);
    uint32_t n = s->options->is_sealed ? 0 : interface_gateway(name);

    UNUSED;
    return n ? dotted(s, n) : value_none(s);
}

static const struct builtin functions[] = {
    { "add_offset_to_ip", do_add_offset, 2, 2, NULL },
    { "check_subnet", do_check_subnet, 3, 3, NULL },
    { "get_current_ipaddr", do_current_address, 0, 1, "dev" },
    { "get_current_ipgw", do_current_gateway, 0, 1, "dev" },
    { "get_current_ipmask", do_current_mask, 0, 1, "dev" },
    { "inet_aton", do_inet_aton, 1, 1, NULL },
    { "inet_ntoa", do_inet_ntoa, 1, 1, NULL },
};

void network_offer(struct script *s)
{
    for (size_t i = 0; i < sizeof(functions) / sizeof(*functions); i++)
        env_set_name(s, s->builtins, functions[i].name, value_builtin(s, &functions[i], NULL));
}
