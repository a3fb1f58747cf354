/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Consoles.  Devices register here (drivers/console); printk writes to the ring and to every device named in
 * console=; input goes to the debug keys or to dom0 (CTRL-<conswitch> three times).
 */
#ifndef XEN_CONSOLE_H
#define XEN_CONSOLE_H

#include <xen/types.h>

struct console_device {
    const char *name;                               /* "com1", "vga": as in console= */
    void (*write)(struct console_device *dev, const char *text, size_t len);    /* under the console lock, IRQs off */
    void (*flush)(struct console_device *dev);      /* wait until all is out; may be NULL */
    bool enabled;
    struct console_device *next;
};

void console_register(struct console_device *dev);
void console_init_early(void);          /* after options are parsed: polled devices, ring of static size */
void console_init_irq(void);            /* after interrupts and heap: interrupt-driven serial, conring_size */
void console_end_boot(void);            /* gives input to dom0, releases VGA unless vga=…,keep */
void console_force_unlock(void);        /* panic: locks no longer stop us, synchronous from here */
void console_input(char c);             /* from a device's receive interrupt */
void console_start_sync(void);
void console_end_sync(void);
/* XEN_SYSCTL_readconsole: copies from the ring. */
long console_ring_read(uint64_t guest_va, uint32_t *count, bool clear, bool incremental, uint32_t *index);

/* Debug keys: a room registers what it can show. */
void key_register(char key, void (*fn)(unsigned char key), const char *text);
void key_register_irq_safe(char key, void (*fn)(unsigned char key), const char *text);  /* runs at once, in IRQ context */
void key_handle(unsigned char key);     /* as if typed; XEN_SYSCTL_debug_keys */
void keys_init(void);

#endif
