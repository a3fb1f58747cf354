/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Disks and network interfaces of running domains.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <base/alloc.h>
#include <base/strings.h>

#include "xm.h"

static int tell_device(const char *method, const char *domain, struct sxp *device)
{
    struct sxp *message = sxp_list(method);

    sxp_add(message, sxp_atom(domain));
    sxp_add(message, device);
    return ask_sxp(NULL, message);
}

static int refuse(const struct config_error *e)
{
    config_error_print(e, stderr);
    return 1;
}

static int with_disk(int argc, char **argv, const char *method)
{
    struct config_disk disk;
    struct config_error e;

    if (count_is_wrong(argc - 1))
        return 1;
    char *text = xasprintf("%s,%s,%s%s%s", argv[2], argv[3], argv[4], argc > 5 ? "," : "",
                           argc > 5 ? argv[5] : "");
    int rc = config_disk_parse(text, &disk, &e);

    free(text);
    if (rc)
        return refuse(&e);
    rc = tell_device(method, argv[1], config_disk_to_sxp(&disk));
    config_disk_free(&disk);
    return rc;
}

int cmd_block_attach(int argc, char **argv)
{
    return with_disk(argc, argv, "attach");
}

int cmd_block_configure(int argc, char **argv)
{
    return with_disk(argc, argv, "configure");
}

int cmd_network_attach(int argc, char **argv)
{
    struct buffer text = { 0 };
    struct config_vif vif;
    struct config_error e;

    if (count_is_wrong(argc - 1))
        return 1;
    for (int i = 2; i < argc; i++) {
        if (!strchr(argv[i], '='))
            return usage_error("Invalid argument: %s", argv[i]);
        buffer_printf(&text, i > 2 ? ",%s" : "%s", argv[i]);
    }
    int rc = config_vif_parse(buffer_string(&text), &vif, &e);

    buffer_free(&text);
    if (rc)
        return refuse(&e);
    struct strings warnings = { 0 };

    config_vif_warn(&vif, &warnings);
    for (size_t i = 0; i < warnings.count; i++)
        fprintf(stderr, "Warning: %s\n", warnings.item[i]);
    strings_free(&warnings);
    rc = tell_device("attach", argv[1], config_vif_to_sxp(&vif));
    config_vif_free(&vif);
    return rc;
}

static int detach(int argc, char **argv, const char *class)
{
    static const struct option options[] = { { "force", no_argument, NULL, 'f' }, { 0 } };
    bool force = false;
    int option;

    optind = 0;
    while ((option = getopt_long(argc, argv, "f", options, NULL)) >= 0) {
        if (option != 'f')
            return bad_option(argv);
        force = true;
    }
    if (count_is_wrong(argc - optind))
        return 1;
    return ask(NULL, "detach", argv[optind], class, argv[optind + 1], force ? "1" : "0", NULL);
}

int cmd_block_detach(int argc, char **argv)
{
    return detach(argc, argv, "vbd");
}

int cmd_network_detach(int argc, char **argv)
{
    return detach(argc, argv, "vif");
}

static int number(const struct sxp *s, const char *key)
{
    return number_of(s, key, -1);
}

static void print_disk(const struct sxp *v)
{
    printf("%-5d  %-3d  %-3d   %-3d    %-3d    %-5d %-30s  \n", number(v, "number"),
           number(v, "backend-id"), number(v, "handle") < 0 ? 0 : number(v, "handle"),
           number(v, "state"), number(v, "event-channel"), number(v, "ring-ref"),
           text_of(v, "backend", "??"));
}

static void print_interface(const struct sxp *v)
{
    int port = number(v, "event-channel");

    printf("%-3d %-3d%-17s    %-3d   %-3d    %-3d   %-5d/%-5d   %-30s  \n", number(v, "number"),
           number(v, "backend-id"), text_of(v, "mac", "??"), number(v, "handle"),
           number(v, "state"), port < 0 ? number(v, "event-channel-tx") : port,
           number(v, "tx-ring-ref"), number(v, "rx-ring-ref"), text_of(v, "backend", "??"));
}

static void print_long(const struct sxp *v)
{
    struct buffer text = { 0 };

    sxp_print_pretty(&text, v);
    fputs(buffer_string(&text), stdout);
    buffer_free(&text);
}

static int list(int argc, char **argv, const char *class, const char *header,
                void (*print)(const struct sxp *v))
{
    static const struct option options[] = {
        { "long", no_argument, NULL, 'l' }, { "json", no_argument, NULL, 'j' }, { 0 },
    };
    struct sxp *devices;
    const struct sxp *v;
    bool is_long = false, is_json = false;
    int option;

    optind = 0;
    while ((option = getopt_long(argc, argv, "l", options, NULL)) >= 0) {
        if (option != 'l' && option != 'j')
            return bad_option(argv);
        is_long |= option == 'l';
        is_json |= option == 'j';
    }
    if (optind == argc)
        return usage_error("No domain parameter given");
    if (optind + 1 < argc)
        return usage_error("No multiple domain parameters allowed");
    int rc = ask(&devices, "devices", argv[optind], class, NULL);

    if (rc)
        return rc;
    if (is_json)
        print_json_list(devices, "device");
    else if (sxp_find(devices, "device", 0) && !is_long)
        puts(header);
    for (size_t i = 0; !is_json && (v = sxp_find(devices, "device", i)); i++)
        (is_long ? print_long : print)(v);
    sxp_free(devices);
    return 0;
}

int cmd_block_list(int argc, char **argv)
{
    return list(argc, argv, "vbd", "Vdev  BE handle state evt-ch ring-ref BE-path", print_disk);
}

int cmd_network_list(int argc, char **argv)
{
    return list(argc, argv, "vif",
                "Idx BE     MAC Addr.     handle state evt-ch tx-/rx-ring-ref BE-path",
                print_interface);
}
