/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Consoles.  Devices register here (drivers/console); printk writes to the ring, and whoever holds
 * the console lock carries the ring's text to every device named in console=.  Input goes to the
 * debug keys or to dom0 (CTRL-<conswitch> three times).
 */
#ifndef XEN_CONSOLE_H
#define XEN_CONSOLE_H

#include <xen/types.h>

/* All operations but write may be NULL. */
struct console_device {
    const char *name;                               /* "com1", "vga": as in console= */
    /* Under the console lock, IRQs off.  Newlines are bare: the device adds what it needs. */
    void (*write)(struct console_device *dev, const char *text, size_t len);
    void (*flush)(struct console_device *dev);      /* wait until all is out */
    void (*start_irq)(struct console_device *dev);  /* interrupts and heap exist now */
    void (*set_sync)(struct console_device *dev, bool sync);    /* write returns when all is out */
    void (*end_boot)(struct console_device *dev);   /* dom0 is about to run */
    char half;                                      /* 'H' or 'L' from console=, or 0 */
    bool enabled;
    struct console_device *next;
};

/* The text screen as dom0 finds it: 80 columns. */
struct vga_screen { unsigned int rows, font_height; };
void console_screen(struct vga_screen *screen);

void console_register(struct console_device *dev);
void console_devices_probe(void);       /* drivers/console: registers what com1=, vga= describe */
void console_init_early(void);          /* after options are parsed: polled devices, static ring */
void console_init_irq(void);            /* with interrupts, heap: serial by IRQ, conring_size= */
void console_end_boot(void);            /* gives input to dom0, releases VGA unless vga=...,keep */
void console_force_unlock(void);        /* panic: locks no longer stop us, synchronous from here */
void console_input(char c);             /* from a device's receive interrupt */
bool console_owns_port(uint16_t port);  /* one of an enabled serial port: not for dom0 */
void console_start_sync(void);
void console_end_sync(void);
/* Until everything said is out. */
void console_flush(void);
/* XEN_SYSCTL_readconsole: copies from the ring to the guest.  *count: room, then bytes copied;
 * *index: where to begin if incremental, then where the next one begins; clear: forget what was
 * there.  0 or -EFAULT. */
long console_ring_read(uint64_t guest_va, uint32_t *count, bool clear, bool incremental,
                       uint32_t *index);

/* Debug keys: a room registers what it can show.  fn prints its own first line. */
void key_register(char key, void (*fn)(unsigned char key), const char *text);
/* Runs at once, in IRQ context. */
void key_register_irq_safe(char key, void (*fn)(unsigned char key), const char *text);
void key_handle(unsigned char key);     /* as if typed; XEN_SYSCTL_debug_keys */
void keys_init(void);

#endif
