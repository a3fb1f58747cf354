/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Debug keys: what a room can show, behind a letter typed on the console or sent by the toolstack.
 *
 * Keys run in SOFTIRQ_CONSOLE, with interrupts on; the few that must work on a stuck machine run
 * in the interrupt that brought them.  Registration is done while booting.
 */
#include <lib/math.h>
#include <xen/arch.h>
#include <xen/assert.h>
#include <xen/console.h>
#include <xen/printk.h>
#include <xen/softirq.h>
#include <xen/spinlock.h>

#include "private.h"

#define KEYS 128

struct key {
    void (*fn)(unsigned char key);
    const char *text;
    bool irq_safe;
};

static struct key keys[KEYS];
static uint64_t typed[KEYS / 64];       /* bit per key that waits for the softirq; atomic */

static void add(char key, void (*fn)(unsigned char key), const char *text, bool irq_safe)
{
    unsigned char k = (unsigned char)key;
    check(k < KEYS && keys[k].fn == NULL);
    keys[k] = (struct key){ .fn = fn, .text = text, .irq_safe = irq_safe };
}

void key_register(char key, void (*fn)(unsigned char key), const char *text)
{
    add(key, fn, text, false);
}

void key_register_irq_safe(char key, void (*fn)(unsigned char key), const char *text)
{
    add(key, fn, text, true);
}

void key_handle(unsigned char key)
{
    if (key < KEYS && keys[key].fn != NULL)
        keys[key].fn(key);
}

void key_typed(unsigned char key)
{
    if (key >= KEYS || keys[key].fn == NULL)
        return;
    if (keys[key].irq_safe) {
        keys[key].fn(key);
        return;
    }
    atomic_or(&typed[key / 64], 1ul << (key % 64));
    softirq_raise(SOFTIRQ_CONSOLE);
}

void keys_run_queued(void)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(typed); i++) {
        for (uint64_t bits = atomic_xchg(&typed[i], 0); bits != 0; bits &= bits - 1)
            key_handle((unsigned char)(i * 64 + (unsigned int)__builtin_ctzll(bits)));
    }
}

static void key_help(unsigned char key)
{
    log_always("'%c' pressed -> showing installed handlers", key);
    for (unsigned int k = 0; k < KEYS; k++) {
        if (keys[k].fn != NULL)
            log_always(" key '%c' (ascii '%02x') => %s", k > ' ' ? (int)k : ' ', k, keys[k].text);
    }
}

static void key_reboot(unsigned char key)
{
    log_always("'%c' pressed -> rebooting machine", key);
    console_start_sync();
    console_flush();
    arch_machine_restart(0);
}

/* Those that change something, or say much of no use, are left out. */
static bool is_diagnostic(unsigned int k)
{
    static const char others[] = "*hRCnN%+-GAOSTwPL";
    for (unsigned int i = 0; i < sizeof(others) - 1; i++) {
        if ((unsigned int)others[i] == k)
            return false;
    }
    return keys[k].fn != NULL;
}

static void key_all(unsigned char key)
{
    log_always("'%c' pressed -> firing all diagnostic keyhandlers", key);
    for (unsigned int k = 0; k < KEYS; k++) {
        if (is_diagnostic(k)) {
            log_always("[%c: %s]", (int)k, keys[k].text);
            keys[k].fn((unsigned char)k);
        }
    }
}

static void key_replay(unsigned char key)
{
    log_always("'%c' pressed -> dumping console ring buffer", key);
    console_replay();
}

void keys_init(void)
{
    key_register('h', key_help, "show this message");
    key_register('R', key_reboot, "reboot machine");
    key_register('*', key_all, "print all diagnostics");
    key_register('w', key_replay, "synchronously dump console ring buffer (dmesg)");
    printk_register_keys();
}
