/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Split devices: the two halves' nodes in the store, their handshake, their scripts.
 *
 *     NEW ─nodes─> WAIT_BACKEND ─state 2─> SCRIPT_ON ─exit 0─> CONNECTED
 *                      │                       │                   │
 *                      └───────────────────────┴──> CLOSING <──────┘
 *     CLOSING ─the kernel let go─> SCRIPT_OFF ─> nodes removed, device freed
 *
 * A class (block.c, net.c, vfb.c) says what is written and which script runs; handshake.c does the
 * rest, the same for all. Backends are the kernel's or QEMU's (qemu.h): QEMU's have no script, and
 * are CONNECTED as soon as they are ready. What the hypervisor alone gives (hardware.c) is
 * CONNECTED at once.
 */
#ifndef XEND_DEVICE_H
#define XEND_DEVICE_H

#include "domain/domain.h"
#include "store.h"

enum device_phase {
    DEVICE_NEW,
    DEVICE_WAIT_BACKEND,
    DEVICE_SCRIPT_ON,
    DEVICE_CONNECTED,
    DEVICE_CLOSING,
    DEVICE_SCRIPT_OFF,
};

struct device;

struct device_class {
    const char *name;           /* of the frontend in the store, and in messages */
    const char *driver;         /* the kernel's module that serves it */
    const char *script_on, *script_off;     /* first argument of the script */
    /* Understands device->config: sets devid and own. f says what is wrong. */
    int (*parse)(struct device *v, struct failure *f);
    /* That the world is ready for it: files, bridges, nobody else at its disk. Asked before the
     * domain is built, and again when the device is connected. */
    int (*check)(struct device *v, struct failure *f);
    void (*write)(struct device *v, struct store_tx *t);
    /* Gives it to the domain, or takes it away again; NULL: there is a backend. */
    int (*permit)(struct device *v, bool allow, struct failure *f);
    /* The script's path, free() it; extra variables into env as NAME=VALUE. */
    char *(*script)(struct device *v, struct strings *env);
    /* Asked when the backend is: that all else is; notes what others want to know. */
    bool (*is_ready)(struct device *v);
    void (*free_own)(void *own);      /* what it holds, not itself */
};

struct device {
    struct list link;
    struct domain *d;
    const struct device_class *class;
    const char *kind;           /* of the backend in the store: "vbd", "qdisk" */
    bool is_by_qemu;
    uint32_t domid;             /* of the frontend */
    uint32_t devid;
    struct sxp *config;         /* (vbd …) */
    void *own;                  /* the class's */
    char *backend, *frontend;   /* paths; NULL before the domain has a number */
    enum device_phase phase;
    bool is_forced;             /* closing without asking the guest */
    unsigned int waited_ms;
    struct watch *watch;
    struct event *timer;
    struct script *script;
    domain_done_fn *done;       /* of the connect or disconnect under way */
    void *done_arg;
};

extern const struct device_class block_class, net_class, vfb_class, vkbd_class, ioports_class,
    irq_class;

/* ---- device.c: a domain's devices ---- */

/* Gives what has no name one (MAC addresses, UUIDs), so that a restart finds the same, and says
 * what is left to defaults. */
void devices_name(struct xend *x, struct sxp *config);
/* Makes d->devices of d->config, not connected. */
int devices_from_config(struct domain *d, struct failure *f);
int devices_check(struct domain *d, struct failure *f);
void devices_connect(struct domain *d, domain_done_fn *done, void *arg);
/* All, by force, and their QEMU: the domain is dead. Never fails; done may be called before this
 * returns. */
void devices_disconnect(struct domain *d, domain_done_fn *done, void *arg);
/* After a restart of ours: what has nodes is connected. */
void devices_adopt(struct domain *d);
void devices_free(struct domain *d);

/* Parses (vbd …) and adds it to a domain. */
struct device *device_new(struct domain *d, const struct sxp *config, struct failure *f);
void device_free(struct device *v);
struct device *device_find(struct domain *d, const char *class, uint32_t devid);
/* Of one device, as devices_name(); is_first: of its domain's disks. */
void device_name(struct xend *x, struct sxp *config, bool is_first);

/* ---- handshake.c: one device ---- */

/* done with -ECANCELED: whoever cancelled it takes the device away. */
void device_connect(struct device *v, domain_done_fn *done, void *arg);
/* At its end the device is freed, except when a gentle disconnect fails. */
void device_disconnect(struct device *v, bool force, domain_done_fn *done, void *arg);
/* The guest's driver has taken it up. */
bool device_is_in_use(const struct device *v);
/* Takes its paths from the domain's number. */
void device_set_paths(struct device *v, uint32_t domid);

/* ---- block.c ---- */

/* The file or device that has the disk's very bytes, for who reads it in dom0. */
int block_raw_path(const struct device *v, const char **path, struct failure *f);

/* ---- script.c ---- */

struct script;

/* status: exit status, or 128 + signal; last: the last line it wrote, "" if none. */
typedef void script_done_fn(void *arg, int status, const char *last);

/* Word by word: path, then argument; env: additional NAME=VALUE. */
struct script *script_start(struct xend *x, const char *path, const char *argument,
                            const struct strings *env, script_done_fn *done, void *arg);
void script_kill(struct script **s);
/* /etc/xen/scripts/NAME, or name if it is a path; free() it. */
char *script_path(const char *name);
/*
 * Waits for the scripts of a xend that was killed, a few seconds at most: what they make would come
 * after we have taken away what is left of their domains.
 */
void scripts_settle(void);

#endif
