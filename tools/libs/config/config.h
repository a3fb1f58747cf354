/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Domain configurations: the language of /etc/xen, the directives, the S-expressions of xend.
 *
 *     struct config_domain d;
 *     struct config_error e;
 *
 *     if (config_load("/etc/xen/web1", NULL, &d, &e))     a file in the language
 *         … config_error_print(&e, stderr) …
 *     struct sxp *s = config_to_sxp(&d, "vm");            what xm create --dryrun shows
 *
 * Three layers, each usable alone: config_evaluate() runs a script and gives its variables;
 * config_from_vars() checks them against the table of directives and parses the devices;
 * config_to_sxp() and config_from_sxp() turn the result into S-expressions and back.
 *
 * Nothing here talks to a daemon or the hypervisor, keeps global state, or needs root. A script
 * can read files and the environment (unless sealed), never write or run anything; its time and
 * memory are bounded. Functions return 0 or -E and then fill the error. Structures that a failed
 * call was to fill are empty and need not be freed; freeing them does no harm.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <base/export.h>
#include <base/strings.h>
#include <base/sxp.h>

/* A number that was not given and has no default. */
#define CONFIG_UNSET INT64_MIN

/*
 * Errors
 */

struct config_error {
    char what[480];
    char file[256];         /* "" if the error is about no file */
    unsigned int line;      /* from 1; 0: no place */
    unsigned int column;    /* from 1 */
    unsigned int caret;     /* offset of the place in source */
    char source[200];       /* the line, or what of a long one is around the place */
    bool is_syntax;         /* the text is malformed; nothing of it ran */
};

/*
 * As snprintf, three lines without a last line end if the place is known:
 *
 *     /etc/xen/web1:3:10: expected a value, found '='
 *         memory = = 3
 *                  ^
 */
EXPORT int config_error_format(const struct config_error *e, char *out, size_t size);
/* The same with "Error: " in front, to a stream. Syntax errors also have the line that scripts
 * look for: "Errors were found at line N while processing FILE:". */
EXPORT void config_error_print(const struct config_error *e, FILE *to);

/*
 * Scripts and their variables
 */

struct config_options {
    const char *const *set;     /* "NAME=VALUE" from the command line */
    size_t set_count;
    const char *const *argv;    /* what sys.argv shows */
    size_t argc;
    bool want_help;             /* stop where xm_vars.check() is called; see config_vars.help */
    bool is_sealed;             /* no files, no environment, no facts about this machine */
    unsigned long max_steps;    /* 0: two million, about a quarter of a second */
    void (*print)(void *arg, const char *text, size_t len);     /* NULL: stdout and stderr */
    void *print_arg;
};

enum config_kind {
    CONFIG_VAR_STR,
    CONFIG_VAR_INT,
    CONFIG_VAR_FLOAT,
    CONFIG_VAR_LIST,
    CONFIG_VAR_OTHER,           /* nothing a directive can be */
};

struct config_var {
    char *name;
    enum config_kind kind;
    char *text;                 /* STR, INT, FLOAT: as text; OTHER: what it is */
    struct strings list;        /* LIST: its items as text */
    unsigned int line;          /* where it was last assigned; 0: on the command line */
    char *file;
    bool is_used;               /* the script itself read it */
    bool is_preset;             /* from the command line, untouched by the script */
};

/* In the order of their names. */
struct config_vars {
    struct config_var *item;
    size_t count;
    struct strings warnings;    /* whole lines, with file and line */
    struct strings help;        /* name, explanation, …: what the script wants declared */
};

/* Directives on the command line (config_key_find()) win over the script's; other names are set
 * before it runs. name is for messages and becomes xm_file. */
EXPORT int config_evaluate(const char *name, const char *text, size_t len,
                           const struct config_options *options, struct config_vars *vars,
                           struct config_error *e);
EXPORT int config_evaluate_file(const char *path, const struct config_options *options,
                                struct config_vars *vars, struct config_error *e);
EXPORT const struct config_var *config_var_find(const struct config_vars *vars, const char *name);
EXPORT void config_vars_free(struct config_vars *vars);

/* As xm does: name as given, then in each directory of path (NULL: ".:/etc/xen"). -ENOENT and an
 * error that says "Unable to open config file: NAME". The caller frees *found. */
EXPORT int config_find_file(const char *name, const char *path, char **found,
                            struct config_error *e);

/*
 * The table of directives
 */

enum config_type {
    CONFIG_STR,                 /* char *, NULL if unset */
    CONFIG_INT,                 /* int64_t */
    CONFIG_BOOL,                /* int64_t 0 or 1; written 0 1 yes no on off true false */
    CONFIG_LIST,                /* struct strings */
    CONFIG_STR_OR_LIST,         /* struct strings; a string is a list of one */
};

enum config_place {
    CONFIG_IN_VM,               /* (vm (key value)) */
    CONFIG_IN_IMAGE,            /* (vm (image (linux (key value)))) */
    CONFIG_IN_HVM,              /* the same, of HVM domains only */
    CONFIG_IN_BACKEND,          /* (vm (backend (key 1))) */
    CONFIG_IN_NOTHING,          /* becomes part of something else */
};

struct config_key {
    const char *name;
    enum config_type type;
    enum config_place place;
    size_t offset;              /* of the field in its structure */
    const char *fallback;       /* the default as text; NULL: none */
    int64_t min, max;           /* INT */
    const char *choices;        /* STR: allowed words separated by blanks; NULL: any text */
    const char *sxp;            /* its name in S-expressions if that differs */
    const char *help;
};

EXPORT const struct config_key *config_keys(size_t *count);
EXPORT const struct config_key *config_key_find(const char *name);
/* The known name that name may be a misspelling of; NULL if none is near. */
EXPORT const char *config_key_nearest(const char *name);
EXPORT const char *config_nearest(const char *name, const char *const *known, size_t count);

/*
 * Devices
 */

enum config_disk_class { CONFIG_DISK_VBD, CONFIG_DISK_TAP, CONFIG_DISK_TAP2 };
enum config_disk_type { CONFIG_DISK_DISK, CONFIG_DISK_CDROM, CONFIG_DISK_FLOPPY,
                        CONFIG_DISK_TAPDISK };
enum config_disk_mode { CONFIG_DISK_READ, CONFIG_DISK_WRITE, CONFIG_DISK_WRITE_SHARED };

struct config_disk {
    char *uname;                /* as written: "tap:aio:/img"; "" for an empty drive */
    char *scheme;               /* "tap"; "" */
    char *driver;               /* "aio"; NULL without tap or tap2 */
    char *path;                 /* "/img"; of phy: always absolute */
    char *dev;                  /* "xvda", without /dev/ */
    uint32_t number;
    enum config_disk_class device_class;
    enum config_disk_type type;
    enum config_disk_mode mode;
    char *backend;              /* name or id of a domain; NULL: 0 */
    char *protocol;
    char *uuid;
};

/* "file:/img,xvda,w" */
EXPORT int config_disk_parse(const char *text, struct config_disk *disk, struct config_error *e);
EXPORT void config_disk_free(struct config_disk *disk);
/* "r", "w", "w!"; reading also takes "ro" and "rw" */
EXPORT const char *config_disk_mode_name(enum config_disk_mode mode);
EXPORT int config_disk_mode_parse(const char *text, enum config_disk_mode *mode);
/* xvda1 or 51713; true if text is one. */
EXPORT bool config_device_number(const char *text, uint32_t *number);

struct config_vif {
    char *type, *mac, *bridge, *ip, *script, *backend, *vifname, *rate, *model, *accel;
    char *policy, *label, *uuid;
    int64_t rate_bytes, rate_usecs;     /* of rate: bytes in each so many µs; CONFIG_UNSET */
};

/* "mac=00:16:3e:00:00:01,bridge=xenbr0"; "" for all defaults */
EXPORT int config_vif_parse(const char *text, struct config_vif *vif, struct config_error *e);
/* Appends what a paravirtual card ignores. */
EXPORT void config_vif_warn(const struct config_vif *vif, struct strings *warnings);
EXPORT void config_vif_free(struct config_vif *vif);
/* True if text is six hexadecimal bytes and no group address. */
EXPORT bool config_mac_parse(const char *text, uint8_t mac[6]);
/* "10Mb/s@20ms" */
EXPORT bool config_rate_parse(const char *text, int64_t *bytes, int64_t *usecs);

struct config_vif2 {
    char *front_mac, *back_mac, *backend, *trusted, *back_trusted, *bridge, *filter_mac;
    char *front_filter_mac, *pdev, *max_bypasses, *uuid;
};

struct config_vfb {
    int64_t vnc, sdl, opengl, vncunused, vncdisplay, videoram;
    char *vnclisten, *vncpasswd, *display, *xauthority, *keymap, *serial, *monitor, *uuid;
};

EXPORT int config_vfb_parse(const char *text, struct config_vfb *vfb, struct config_error *e);
EXPORT void config_vfb_free(struct config_vfb *vfb);

struct config_pci {
    unsigned int segment, bus, slot, function;
    unsigned int functions;             /* bits, where several were asked for */
    int64_t vslot;                      /* CONFIG_UNSET: any */
    int64_t msitranslate, power_mgmt;   /* CONFIG_UNSET: the domain's */
    char *key;                          /* as written, without options */
};

EXPORT int config_pci_parse(const char *text, struct config_pci *pci, struct config_error *e);
EXPORT void config_pci_free(struct config_pci *pci);

struct config_vtpm {
    int64_t instance;
    char *backend, *uuid, *type;
};

struct config_vscsi {
    char *pdev, *vdev, *backend;
};

EXPORT int config_vscsi_parse(const char *text, struct config_vscsi *v, struct config_error *e);
EXPORT void config_vscsi_free(struct config_vscsi *v);

struct config_vusb {
    int64_t usbver, numports;
    char *port[16];                     /* bus ids, NULL where none */
};

struct config_ioports {
    unsigned int from, to;              /* inclusive */
};

struct config_cpuid {
    uint32_t leaf;
    int64_t subleaf;                    /* CONFIG_UNSET: none */
    char *eax, *ebx, *ecx, *edx;        /* "0x…" or 32 of 0 1 x k s; NULL: untouched */
};

/* The bits of a number in decimal, of any length; false: it is none, or needs more than size. */
EXPORT bool config_bits_parse(const char *text, uint64_t *map, size_t size);

/* "0-3,5,^1": sets bits of a map of size bits. */
EXPORT int config_cpus_parse(const char *text, uint64_t *map, size_t size,
                             struct config_error *e);

/*
 * A domain
 */

#define CONFIG_MAX_KEYS 160

struct config_domain {
    char *name, *description, *uuid, *builder;
    char *kernel, *ramdisk, *loader, *features;
    char *bootloader, *bootargs, *bootentry;
    int64_t memory, maxmem, shadow_memory;      /* MiB; maxmem is set after loading */
    int64_t memory_sharing, superpages, machine_address_size, suppress_spurious_page_faults;
    int64_t vcpus, maxvcpus, cpu, cpu_weight, cpu_cap;
    char *vcpu_avail, *pool;
    struct strings cpus;        /* one for all vcpus, or one for each */
    bool cpus_each;
    int64_t tsc_mode, nomigrate, s3_integrity, target, localtime, rtc_timeoffset;
    char *on_poweroff, *on_reboot, *on_crash, *restart, *on_xend_start, *on_xend_stop;
    int64_t blkif, netif, tpmif;
    struct strings access_control, cpuid, cpuid_check;

    char *root, *extra, *ip, *gateway, *netmask, *hostname, *interface, *dhcp;
    char *nfs_server, *nfs_root;
    int64_t nics;
    char *ip_line;              /* what ip= is to say, made of the parts above; NULL: nothing */

    int64_t acpi, apic, pae, hap, oos, hpet, viridian, timer_mode, vpt_align;
    char *boot, *device_model, *fda, *fdb, *usbdevice, *soundhw;
    int64_t usb, stdvga, videoram, gfx_passthru, isa, nographic, sdl, opengl;
    int64_t vnc, vncdisplay, vncunused, vncconsole, vncviewer;
    char *vnclisten, *vncpasswd, *display, *xauthority, *keymap;
    struct strings serial;
    char *parallel, *monitor_path, *guest_os_type;
    int64_t monitor, full_screen, snapshot, vhpt, xen_extended_power_mgmt, xen_platform_pci;
    int64_t pci_msitranslate, pci_power_mgmt, enable_audio;

    /* The texts, as written in a script; what they, or an S-expression, say follows below. */
    struct strings disk, vif, vif2, vfb, pci, vtpm, vscsi, vusb, ioports, irq;

    struct config_disk *disks;
    struct config_vif *vifs;
    struct config_vif2 *vif2s;
    struct config_vfb *vfbs;
    struct config_pci *pcis;
    struct config_vtpm *vtpms;
    struct config_vscsi *vscsis;
    struct config_vusb *vusbs;
    struct config_ioports *ioport_ranges;
    struct config_cpuid *cpuid_rules, *cpuid_checks;
    unsigned int *irqs;
    size_t disk_count, vif_count, vif2_count, vfb_count, pci_count, vtpm_count, vscsi_count;
    size_t vusb_count, ioport_count, cpuid_count, cpuid_check_count, irq_count;
    char *security_policy, *security_label;

    bool given[CONFIG_MAX_KEYS];    /* by the key's place in the table: not a default */
    struct strings warnings;
};

EXPORT void config_domain_init(struct config_domain *d);    /* all defaults */
EXPORT void config_domain_free(struct config_domain *d);
EXPORT bool config_is_given(const struct config_domain *d, const char *key);

/* fallback_name is the domain's name if the script gives none; may be NULL. */
EXPORT int config_from_vars(const struct config_vars *vars, const char *fallback_name,
                            struct config_domain *d, struct config_error *e);
/* config_evaluate_file() and config_from_vars(). */
EXPORT int config_load(const char *path, const struct config_options *options,
                       struct config_domain *d, struct config_error *e);
EXPORT int config_parse(const char *name, const char *text, size_t len,
                        const struct config_options *options, struct config_domain *d,
                        struct config_error *e);
/* That the client's files are there: kernel, ramdisk, loader; relative names become absolute. */
EXPORT int config_check_files(struct config_domain *d, struct config_error *e);
/* The kernel's whole command line: root=, ip=, extra. The caller frees it. */
EXPORT char *config_command_line(const struct config_domain *d);

/* head is "vm" (what is sent to xend) or "domain" (what is kept and listed). */
EXPORT struct sxp *config_to_sxp(const struct config_domain *d, const char *head);
EXPORT int config_from_sxp(const struct sxp *s, struct config_domain *d, struct config_error *e);
EXPORT int config_load_sxp(const char *path, struct config_domain *d, struct config_error *e);
/* One device alone, as (vbd (uname …) …); for attaching. */
EXPORT struct sxp *config_disk_to_sxp(const struct config_disk *disk);
EXPORT int config_disk_from_sxp(const struct sxp *s, struct config_disk *disk,
                                struct config_error *e);
EXPORT struct sxp *config_vif_to_sxp(const struct config_vif *vif);
EXPORT int config_vif_from_sxp(const struct sxp *s, struct config_vif *vif,
                               struct config_error *e);
EXPORT struct sxp *config_vfb_to_sxp(const struct config_vfb *vfb);
EXPORT int config_vfb_from_sxp(const struct sxp *s, struct config_vfb *vfb,
                               struct config_error *e);

/*
 * xend-config.sxp
 */

struct config_xend {
    char *logfile, *loglevel, *xsm_module_name;
    int64_t http_server, unix_server, tcp_xmlrpc_server, unix_xmlrpc_server;
    int64_t relocation_server, relocation_ssl_server, udev_event_server;
    char *unix_path, *tcp_xmlrpc_address, *tcp_xmlrpc_key_file, *tcp_xmlrpc_cert_file, *address;
    int64_t tcp_xmlrpc_port, port, relocation_port, relocation_ssl_port, relocation_ssl;
    char *relocation_key_file, *relocation_cert_file, *relocation_address;
    char *relocation_hosts_allow, *external_migration_tool;
    int64_t console_limit;
    char *network_script, *vif_script;
    int64_t dom0_min_mem, dom0_ballooning, total_available_memory, dom0_cpus, enable_dump;
    char *vnc_listen, *vncpasswd, *vnc_x509_cert_dir, *keymap, *resource_label_change_script;
    int64_t vnc_tls, vnc_x509_verify, qemu_dm_logrotate_count;
    char *domains_path, *state_path, *storage_path, *security_path;
    int64_t device_create_timeout, device_destroy_timeout, pci_strict_check;
    struct sxp *xen_api_server;         /* the list of listeners; NULL: ((unix)) */
    struct strings pscsi_device_mask;
    struct strings warnings;            /* unknown keys, with the nearest known one */
};

EXPORT const struct config_key *config_xend_keys(size_t *count);
EXPORT void config_xend_init(struct config_xend *x);
/* path NULL: $XEND_CONFIG or /etc/xen/xend-config.sxp. A missing file gives defaults and a
 * warning; one that cannot be read or understood is an error. */
EXPORT int config_xend_load(const char *path, struct config_xend *x, struct config_error *e);
EXPORT int config_xend_parse(const char *name, const char *text, size_t len,
                             struct config_xend *x, struct config_error *e);
EXPORT void config_xend_free(struct config_xend *x);

#endif
