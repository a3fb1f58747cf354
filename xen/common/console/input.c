/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is typed on a console: to the debug keys, or to dom0, which reads it by hypercall after
 * VIRQ_CONSOLE.  The switch character, three times in a row, changes between them; fewer of it
 * followed by something else are ordinary input.
 *
 * Lock: input_lock, bare and with interrupts off, for the switch and the queue.
 */
#include <lib/math.h>
#include <xen/console.h>
#include <xen/options.h>
#include <xen/printk.h>
#include <xen/softirq.h>
#include <xen/spinlock.h>

#include "private.h"

#define QUEUE_SIZE 1024             /* a power of two */

static DEFINE_SPINLOCK(input_lock, LOCK_CONSOLE);
static struct conswitch conswitch = { .code = 'a' & 0x1f };
static bool dom0_at_boot = true;
static char queue[QUEUE_SIZE];
static uint32_t queue_in, queue_out;
static uint32_t queue_news;

/* CHAR[x]: a letter, or a backtick for none. */
int conswitch_parse(const char *value, struct conswitch *s, bool *at_boot)
{
    char c = value[0];
    if (c >= 'A' && c <= 'Z')
        c = (char)(c - 'A' + 'a');
    if ((c < 'a' || c > 'z') && c != '`')
        return -EINVAL;
    s->code = (char)(c - '`');
    *at_boot = value[1] != 'x';
    return 0;
}

static int parse_option(const char *value)
{
    return conswitch_parse(value, &conswitch, &dom0_at_boot);
}
OPTION_CUSTOM(conswitch, "conswitch", parse_option);

int conswitch_feed(struct conswitch *s, char c, char out[CONSWITCH_MAX_OUT])
{
    if (s->code != 0 && c == s->code) {
        if (++s->count < 3)
            return 0;
        s->count = 0;
        s->to_dom0 = !s->to_dom0;
        return -1;
    }
    int n = 0;
    for (; s->count > 0; s->count--)
        out[n++] = s->code;
    out[n++] = c;
    return n;
}

static void say_reader(bool to_dom0)
{
    if (conswitch.code == 0) {
        log_always("*** Serial input -> %s", to_dom0 ? "DOM0" : "Xen");
        return;
    }
    log_always("*** Serial input -> %s (type 'CTRL-%c' three times to switch input to %s)",
               to_dom0 ? "DOM0" : "Xen", conswitch.code + '`', to_dom0 ? "Xen" : "DOM0");
}

static void queue_put(char c)
{
    if (queue_in - queue_out < QUEUE_SIZE)
        queue[queue_in++ & (QUEUE_SIZE - 1)] = c;
}

void console_input(char c)
{
    char out[CONSWITCH_MAX_OUT];

    unsigned long flags = irq_save();
    ticket_lock(&input_lock);
    int n = conswitch_feed(&conswitch, c, out);
    bool to_dom0 = conswitch.to_dom0;
    for (int i = 0; to_dom0 && i < n; i++)
        queue_put(out[i]);
    ticket_unlock(&input_lock);
    irq_restore(flags);

    if (n < 0) {
        say_reader(to_dom0);
    } else if (to_dom0) {
        write_once(queue_news, 1);
        softirq_raise(SOFTIRQ_CONSOLE);
    } else {
        for (int i = 0; i < n; i++)
            key_typed((unsigned char)out[i]);
    }
}

size_t input_take(char *buf, size_t room)
{
    size_t n = 0;
    unsigned long flags = irq_save();
    ticket_lock(&input_lock);
    while (n < room && queue_out != queue_in)
        buf[n++] = queue[queue_out++ & (QUEUE_SIZE - 1)];
    ticket_unlock(&input_lock);
    irq_restore(flags);
    return n;
}

bool input_pending_virq(void)
{
    return atomic_xchg(&queue_news, 0) != 0;
}

void input_end_boot(void)
{
    if (dom0_at_boot) {
        conswitch.to_dom0 = true;
        say_reader(true);
    }
}
