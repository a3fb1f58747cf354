/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xend-config.sxp: a sequence of (key value).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"

#define AT(field) offsetof(struct config_xend, field)
#define TEXT(n, field, def, text) \
    { .name = n, .type = CONFIG_STR, .offset = AT(field), .fallback = def, .help = text }
#define NUMBER(n, field, def, high, text) \
    { .name = n, .type = CONFIG_INT, .offset = AT(field), .fallback = def, .max = high, \
      .help = text }
#define FLAG(n, field, def, text) \
    { .name = n, .type = CONFIG_BOOL, .offset = AT(field), .fallback = def, .help = text }

#define LEVELS "TRACE DEBUG INFO WARNING ERROR CRITICAL"

static const struct config_key keys[] = {
    TEXT("logfile", logfile, "/var/log/xen/xend.log", "the log"),
    { .name = "loglevel", .type = CONFIG_STR, .offset = AT(loglevel), .fallback = "DEBUG",
      .choices = LEVELS, .help = "least important kind of line in the log" },
    { .name = "xsm_module_name", .type = CONFIG_STR, .offset = AT(xsm_module_name),
      .fallback = "dummy", .choices = "dummy acm flask", .help = "security module" },
    FLAG("xend-http-server", http_server, "no", "HTTP interface over TCP"),
    FLAG("xend-unix-server", unix_server, "no", "HTTP interface over a Unix socket"),
    FLAG("xend-tcp-xmlrpc-server", tcp_xmlrpc_server, "no", "XML-RPC over TCP"),
    FLAG("xend-unix-xmlrpc-server", unix_xmlrpc_server, "yes", "XML-RPC over a Unix socket"),
    FLAG("xend-relocation-server", relocation_server, "no", "takes in domains that migrate"),
    FLAG("xend-relocation-ssl-server", relocation_ssl_server, "no", "the same over SSL"),
    FLAG("xend-udev-event-server", udev_event_server, "no", "notices host devices"),
    TEXT("xend-unix-path", unix_path, "/var/lib/xend/xend-socket", "the Unix socket"),
    TEXT("xend-tcp-xmlrpc-server-address", tcp_xmlrpc_address, "localhost", "its address"),
    NUMBER("xend-tcp-xmlrpc-server-port", tcp_xmlrpc_port, "8006", 65535, "its port"),
    TEXT("xend-tcp-xmlrpc-server-ssl-key-file", tcp_xmlrpc_key_file, NULL, "its key"),
    TEXT("xend-tcp-xmlrpc-server-ssl-cert-file", tcp_xmlrpc_cert_file, NULL,
         "its certificate"),
    NUMBER("xend-port", port, "8000", 65535, "port of the HTTP interface"),
    TEXT("xend-address", address, "", "address of the HTTP interface; empty for all"),
    NUMBER("xend-relocation-port", relocation_port, "8002", 65535, "port for migration"),
    NUMBER("xend-relocation-ssl-port", relocation_ssl_port, "8003", 65535,
           "port for migration over SSL"),
    TEXT("xend-relocation-server-ssl-key-file", relocation_key_file, NULL, "its key"),
    TEXT("xend-relocation-server-ssl-cert-file", relocation_cert_file, NULL, "its certificate"),
    FLAG("xend-relocation-ssl", relocation_ssl, "no", "sends domains over SSL"),
    TEXT("xend-relocation-address", relocation_address, "",
         "address or interface for migration; empty for all"),
    TEXT("xend-relocation-hosts-allow", relocation_hosts_allow, "",
         "regular expressions of peers; empty for all"),
    TEXT("external-migration-tool", external_migration_tool, "", "told of each migration"),
    NUMBER("console-limit", console_limit, "1024", 1 << 20, "KiB kept of each console"),
    TEXT("network-script", network_script, NULL, "run when xend starts and stops"),
    TEXT("vif-script", vif_script, "vif-bridge", "run for each network card"),
    NUMBER("dom0-min-mem", dom0_min_mem, "0", 1ll << 34, "MiB that dom0 keeps"),
    FLAG("enable-dom0-ballooning", dom0_ballooning, NULL, "dom0 gives memory to new domains"),
    NUMBER("total_available_memory", total_available_memory, "0", 1 << 20,
           "GiB kept for 32-bit guests"),
    NUMBER("dom0-cpus", dom0_cpus, "0", 8192, "virtual CPUs that dom0 keeps; 0 for all"),
    FLAG("enable-dump", enable_dump, "no", "keeps a core of each crash"),
    TEXT("vnc-listen", vnc_listen, "127.0.0.1", "address VNC listens on"),
    TEXT("vncpasswd", vncpasswd, "", "password of VNC; empty for none"),
    FLAG("vnc-tls", vnc_tls, "0", "VNC over TLS"),
    TEXT("vnc-x509-cert-dir", vnc_x509_cert_dir, "/etc/xen/vnc", "certificates of VNC"),
    FLAG("vnc-x509-verify", vnc_x509_verify, "0", "VNC clients need a certificate"),
    TEXT("keymap", keymap, NULL, "keyboard layout"),
    TEXT("resource-label-change-script", resource_label_change_script, NULL,
         "told when a resource's label changes"),
    NUMBER("qemu-dm-logrotate-count", qemu_dm_logrotate_count, "10", 1000,
           "old logs kept of each device model"),
    TEXT("xend-domains-path", domains_path, "/var/lib/xend/domains", "managed domains"),
    TEXT("xend-state-path", state_path, "/var/lib/xend/state", "xend's state"),
    TEXT("xend-storage-path", storage_path, "/var/lib/xend/storage", "stored images"),
    TEXT("xend-security-path", security_path, "/var/lib/xend/security", "policies"),
    NUMBER("device-create-timeout", device_create_timeout, "100", 86400,
           "seconds a device may take to come"),
    NUMBER("device-destroy-timeout", device_destroy_timeout, "100", 86400,
           "seconds a device may take to go"),
    FLAG("pci-passthrough-strict-check", pci_strict_check, "yes",
         "refuses PCI devices that cannot be isolated"),
};

/* Not described by the table: they hold lists. */
#define SERVERS "xen-api-server"
#define SCSI_MASK "pscsi-device-mask"

const struct config_key *config_xend_keys(size_t *count)
{
    *count = KEY_COUNT(keys);
    return keys;
}

void config_xend_init(struct config_xend *x)
{
    *x = (struct config_xend){ 0 };
    keys_init(x, keys, KEY_COUNT(keys));
}

void config_xend_free(struct config_xend *x)
{
    keys_free(x, keys, KEY_COUNT(keys));
    sxp_free(x->xen_api_server);
    strings_free(&x->pscsi_device_mask);
    strings_free(&x->warnings);
    *x = (struct config_xend){ 0 };
}

static void warn_unknown(struct config_xend *x, const char *place, const char *name)
{
    const char *near = keys_nearest(keys, KEY_COUNT(keys), name);
    /* Keys of earlier times that mean nothing any more. */
    bool is_old = !strcmp(name, "backlog") || !strncmp(name, "block-", 6);

    if (is_old)
        return;
    char *hint = near ? xasprintf("; did you mean '%s'?", near) : xstrdup("");

    strings_give(&x->warnings, xasprintf("%s: unknown key '%.60s'%s", place, name, hint));
    free(hint);
}

static void take_mask(struct config_xend *x, const struct sxp *pair)
{
    const struct sxp *v = pair->count > 1 ? pair->item[1] : NULL;

    strings_free(&x->pscsi_device_mask);
    if (v && v->atom)
        strings_add(&x->pscsi_device_mask, v->atom);
    for (size_t i = 0; v && !v->atom && i < v->count; i++) {
        if (v->item[i]->atom)
            strings_add(&x->pscsi_device_mask, v->item[i]->atom);
    }
}

/* (key), (key ()) and (key '') give an empty text. */
static int take_value(struct config_xend *x, const struct config_key *key,
                      const struct sxp *pair, struct config_error *e)
{
    const struct sxp *v = pair->count > 1 ? pair->item[1] : NULL;

    if (pair->count > 2 || (v && !v->atom && v->count))
        return config_fail(e, "%s takes one value; quote it if it has blanks", key->name);
    const char *text = v && v->atom ? v->atom : "";

    if (key->type != CONFIG_STR && !*text)
        return config_fail(e, "%s has no value", key->name);
    return key_set(x, key, text, key->name, e);
}

static int take_pair(struct config_xend *x, const char *place, const struct sxp *pair,
                     struct config_error *e)
{
    const char *name = sxp_is_list(pair) ? sxp_head(pair) : NULL;

    if (!name)
        return config_fail(e, "expected (key value)");
    const struct config_key *key = keys_find(keys, KEY_COUNT(keys), name);

    if (key)
        return take_value(x, key, pair, e);
    if (!strcmp(name, SCSI_MASK)) {
        take_mask(x, pair);
    } else if (!strcmp(name, SERVERS)) {
        sxp_free(x->xen_api_server);
        x->xen_api_server = pair->count > 1 ? sxp_copy(pair->item[1]) : NULL;
    } else {
        warn_unknown(x, place, name);
    }
    return 0;
}

/* Where the next expression begins: behind blanks and comments. */
static size_t skip_blanks(const char *text, size_t len, size_t at)
{
    while (at < len && (strchr(" \t\r\n\f\v", text[at]) || text[at] == '#')) {
        if (!text[at])
            break;
        if (text[at] == '#')
            while (at + 1 < len && text[at + 1] != '\n')
                at++;
        at++;
    }
    return at;
}

static unsigned int line_at(const char *text, size_t at)
{
    unsigned int line = 1;

    for (size_t i = 0; i < at; i++)
        line += text[i] == '\n';
    return line;
}

static int parse_next(struct config_xend *x, const char *name, const char *text, size_t len,
                      size_t *at, struct config_error *e)
{
    char why[160], place[300];
    unsigned int line = line_at(text, *at), inner = 1;
    size_t used = 0;
    struct sxp *pair = sxp_parse(text + *at, len - *at, &used, why, sizeof(why));

    if (!pair) {
        const char *what = strstr(why, ": ");

        sscanf(why, "line %u", &inner);
        config_fail(e, "%s", what ? what + 2 : why);
        line += inner - 1;
    }
    snprintf(place, sizeof(place), "%s:%u", name, line);
    int rc = pair ? take_pair(x, place, pair, e) : -EINVAL;

    if (rc) {
        snprintf(e->file, sizeof(e->file), "%s", name);
        e->line = line;
    }
    sxp_free(pair);
    *at += used;
    return rc;
}

static void finish(struct config_xend *x)
{
    if (x->dom0_ballooning == CONFIG_UNSET)
        x->dom0_ballooning = x->dom0_min_mem != 0;
    if (!x->pscsi_device_mask.count)
        strings_add(&x->pscsi_device_mask, "*");
}

int config_xend_parse(const char *name, const char *text, size_t len, struct config_xend *x,
                      struct config_error *e)
{
    size_t at = skip_blanks(text, len, 0);
    int rc = 0;

    config_xend_init(x);
    while (at < len && !rc) {
        rc = parse_next(x, name, text, len, &at, e);
        at = skip_blanks(text, len, at);
    }
    if (rc)
        config_xend_free(x);
    else
        finish(x);
    return rc;
}

int config_xend_load(const char *path, struct config_xend *x, struct config_error *e)
{
    char *text;
    size_t len;

    if (!path)
        path = getenv("XEND_CONFIG");
    if (!path || !*path)
        path = "/etc/xen/xend-config.sxp";
    *x = (struct config_xend){ 0 };
    int rc = config_read_file(path, &text, &len, e);

    if (rc == -ENOENT) {
        config_xend_init(x);
        finish(x);
        strings_give(&x->warnings, xasprintf("Config file does not exist: %s", path));
        return 0;
    }
    if (rc) {
        config_fail(e, "Reading config file %s: %s", path, strerror(-rc));
        return rc;
    }
    rc = config_xend_parse(path, text, len, x, e);
    free(text);
    return rc;
}
