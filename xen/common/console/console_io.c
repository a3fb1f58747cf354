/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The console as domains see it: dom0 reads and writes it by hypercall, and is told of input
 * (VIRQ_CONSOLE) and of new text in the ring (VIRQ_CON_RING).
 *
 * dom0's text goes out as it is.  In debug builds other domains may write too, rate limited;
 * their text is kept until its line is complete, so that lines of several domains do not mix.
 */
#include <lib/math.h>
#include <lib/string.h>
#include <public/xen.h>
#include <xen/console.h>
#include <xen/domain.h>
#include <xen/guest_access.h>
#include <xen/hypercall.h>
#include <xen/printk.h>
#include <xen/softirq.h>
#include <xen/spinlock.h>

#include "private.h"

#define CHUNK       256
#define LINE_MAX    160
#define LINES       8

#ifndef NDEBUG
static const bool guests_may_write = true;
#else
static const bool guests_may_write = false;
#endif

/* Lines begun by domains other than dom0; when all are in use the next one's place is taken. */
struct guest_line {
    domid_t id;
    unsigned int len;
    char text[LINE_MAX];
};

static DEFINE_SPINLOCK(lines_lock, LOCK_KEYS);
static struct guest_line lines[LINES];
static unsigned int lines_next;

static void line_say(struct guest_line *line)
{
    if (line->len != 0) {
        printk_guest(LOG_INFO, "(d%u) %.*s", line->id, (int)line->len, line->text);
        line->len = 0;
    }
}

static struct guest_line *line_of(domid_t id)
{
    for (unsigned int i = 0; i < LINES; i++) {
        if (lines[i].len != 0 && lines[i].id == id)
            return &lines[i];
    }
    for (unsigned int i = 0; i < LINES; i++) {
        if (lines[i].len == 0) {
            lines[i].id = id;
            return &lines[i];
        }
    }
    struct guest_line *line = &lines[lines_next++ % LINES];
    line_say(line);
    line->id = id;
    return line;
}

static void guest_write(domid_t id, const char *text, size_t len)
{
    spin_lock(&lines_lock);
    struct guest_line *line = line_of(id);
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\n' || line->len == LINE_MAX)
            line_say(line);
        if (text[i] == '\t' || (text[i] >= ' ' && text[i] < 127))
            line->text[line->len++] = text[i];
    }
    spin_unlock(&lines_lock);
}

static long console_write(unsigned int count, uint64_t buffer)
{
    const struct domain *d = current->domain;
    char text[CHUNK];

    while (count != 0) {
        unsigned int n = min_t(unsigned int, count, CHUNK);
        if (copy_from_guest_va(text, buffer, n) != 0)
            return -EFAULT;
        if (d->is_privileged)
            console_write_verbatim(text, n);
        else
            guest_write(d->id, text, n);
        count -= n;
        buffer += n;
        if (count != 0 && hypercall_preempt_check()) {
            return hypercall_continue(__HYPERVISOR_console_io, 3, (unsigned long)CONSOLEIO_write,
                                      (unsigned long)count, (unsigned long)buffer);
        }
    }
    return 0;
}

static long console_read(unsigned int count, uint64_t buffer)
{
    char text[CHUNK];
    unsigned int done = 0;

    while (done < count) {
        size_t n = input_take(text, min_t(size_t, count - done, CHUNK));
        if (n == 0)
            break;
        if (copy_to_guest_va(buffer + done, text, n) != 0)
            return -EFAULT;
        done += (unsigned int)n;
    }
    return done;
}

long do_console_io(unsigned int cmd, unsigned int count, uint64_t buffer)
{
    bool is_privileged = current->domain->is_privileged;

    switch (cmd) {
    case CONSOLEIO_write:
        return is_privileged || guests_may_write ? console_write(count, buffer) : -EPERM;
    case CONSOLEIO_read:
        return is_privileged ? console_read(count, buffer) : -EPERM;
    default:
        return -ENOSYS;
    }
}

static void console_softirq(void)
{
    keys_run_queued();
    bool input = input_pending_virq(), output = output_pending_virq();
    if (hardware_domain == NULL)
        return;
    if (input)
        event_send_global_virq(VIRQ_CONSOLE);
    if (output)
        event_send_global_virq(VIRQ_CON_RING);
}

void console_softirq_init(void)
{
    softirq_set_handler(SOFTIRQ_CONSOLE, console_softirq);
}
