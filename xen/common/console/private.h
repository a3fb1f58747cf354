/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of this room share. */
#ifndef CONSOLE_PRIVATE_H
#define CONSOLE_PRIVATE_H

#include <xen/types.h>

/*
 * ring.c: what was said lately.  Positions count bytes since boot and never wrap; the ring holds
 * the last ring_size() of them.
 */
uint64_t ring_end(void);                        /* position behind the newest byte */
uint32_t ring_size(void);
void ring_append(const char *text, size_t len); /* under the ring's own lock: ring_lock_enter() */
/* The contiguous piece at *pos, at most to the end; *pos moves up if that text is gone. */
size_t ring_peek(uint64_t *pos, const char **text);
unsigned long ring_lock_enter(void);
void ring_lock_exit(unsigned long flags);
void ring_force_unlock(void);
void ring_grow(void);                           /* to conring_size=; console lock held */

/* output.c: from the ring, and from dom0, to the devices. */
void console_drain(void);
void console_write_verbatim(const char *text, size_t len);
void console_replay(void);                      /* the whole ring again: key 'w' */
bool console_has_events(void);                  /* output is news to dom0: raise the softirq */
bool output_pending_virq(void);                 /* true once after output came */

void console_softirq_init(void);                /* console_io.c */

/* printk.c. */
/* No level: prefixed where a line begins, to the ring. */
void printk_raw(const char *text, size_t len);
void printk_register_keys(void);

/* keys.c. */
void key_typed(unsigned char key);              /* interrupt context: now, or in the softirq */
void keys_run_queued(void);

/* input.c: the switch between us and dom0, as a machine that needs nothing else. */
struct conswitch {
    char code;                                  /* the control character; 0: never switches */
    unsigned int count;                         /* how many of it came in a row */
    bool to_dom0;
};
enum { CONSWITCH_MAX_OUT = 3 };
/* Feeds a character; returns how many come out for the reader, or -1: the reader changed. */
int conswitch_feed(struct conswitch *s, char c, char out[CONSWITCH_MAX_OUT]);
int conswitch_parse(const char *value, struct conswitch *s, bool *at_boot);

size_t input_take(char *buf, size_t room);      /* dom0 reads */
void input_end_boot(void);
bool input_pending_virq(void);                  /* true once after input for dom0 came */

#endif
