/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Serial ports of the 16550 kind: com1= and com2=.
 *
 * Polled at first; from start_irq() on, text goes through a buffer that the transmit interrupt
 * empties, and received bytes come by interrupt.  A full buffer is emptied by hand: text is never
 * dropped.  In synchronous mode nothing is buffered.
 *
 * Lock: the port's, bare and with interrupts off, for the buffer and the registers.
 */
#include <asm/io.h>
#include <lib/math.h>
#include <lib/parse.h>
#include <x86/irq.h>
#include <xen/console.h>
#include <xen/heap.h>
#include <xen/irq.h>
#include <xen/options.h>
#include <xen/page.h>
#include <xen/printk.h>
#include <xen/spinlock.h>

#include "private.h"

enum {
    REG_DATA, REG_IER, REG_FCR, REG_LCR, REG_MCR, REG_LSR, REG_MSR, REG_SCRATCH,
    REG_IIR = REG_FCR, REG_DIVISOR_LOW = REG_DATA, REG_DIVISOR_HIGH = REG_IER,
};

#define IER_RX          0x01
#define IER_TX          0x02
#define IIR_NONE        0x01
#define FCR_ENABLE      0x01
#define FCR_CLEAR       0x06
#define FCR_TRIGGER_14  0xc0
#define LCR_DIVISOR     0x80
#define MCR_DTR_RTS     0x03
#define MCR_OUT2        0x08            /* lets the interrupt out */
#define LSR_DATA        0x01
#define LSR_TX_EMPTY    0x20
#define LSR_TX_IDLE     0x40

#define FIFO_SIZE       16
#define SPIN_MAX        200000          /* reads of the status, then the port is given up on */

struct uart {
    struct console_device dev;
    struct uart_config config;
    struct spinlock lock;
    bool has_fifo, is_dead;
    bool tx_irq;                        /* asked for: the buffer is not empty */
    char last;                          /* a newline that has its return already gets none */
    uint32_t sync;                      /* atomic */
    char *buffer;                       /* NULL: unbuffered */
    uint32_t size, in, out;             /* size: a power of two */
};

static struct uart uarts[2] = {
    { .dev.name = "com1", .config = { .io_base = 0x3f8, .irq = 4 } },
    { .dev.name = "com2", .config = { .io_base = 0x2f8, .irq = 3 } },
};

static int parse_com1(const char *value) { return uart_parse(value, &uarts[0].config); }
static int parse_com2(const char *value) { return uart_parse(value, &uarts[1].config); }
OPTION_CUSTOM(com1, "com1", parse_com1);
OPTION_CUSTOM(com2, "com2", parse_com2);

static uint64_t tx_buffer = 16384;
OPTION_SIZE(serial_tx_buffer, "serial_tx_buffer", tx_buffer);

static uint8_t reg_read(const struct uart *u, unsigned int reg)
{
    return inb((uint16_t)(u->config.io_base + reg));
}

static void reg_write(const struct uart *u, unsigned int reg, uint8_t v)
{
    outb(v, (uint16_t)(u->config.io_base + reg));
}

static bool wait_for(struct uart *u, uint8_t status)
{
    for (unsigned int i = 0; i < SPIN_MAX && !u->is_dead; i++) {
        if (reg_read(u, REG_LSR) & status)
            return true;
    }
    u->is_dead = true;
    return false;
}

static uint8_t outgoing(const struct uart *u, char c)
{
    switch (u->dev.half) {
    case 'H': return (uint8_t)c | 0x80;
    case 'L': return (uint8_t)c & 0x7f;
    default:  return (uint8_t)c;
    }
}

static void burst(struct uart *u, const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        reg_write(u, REG_DATA, outgoing(u, text[i]));
}

/* The transmitter is empty: give it as much as it takes. */
static void feed_from_buffer(struct uart *u)
{
    char chunk[FIFO_SIZE];
    size_t n = 0, room = u->has_fifo ? FIFO_SIZE : 1;
    while (n < room && u->out != u->in)
        chunk[n++] = u->buffer[u->out++ & (u->size - 1)];
    burst(u, chunk, n);
}

/* An emulated port is empty again at once, a real one asks for more by interrupt. */
static void feed_while_empty(struct uart *u)
{
    while (u->in != u->out && (reg_read(u, REG_LSR) & LSR_TX_EMPTY))
        feed_from_buffer(u);
    bool wants_tx = u->in != u->out;
    if (wants_tx != u->tx_irq) {
        u->tx_irq = wants_tx;
        reg_write(u, REG_IER, wants_tx ? IER_RX | IER_TX : IER_RX);
    }
}

static void empty_buffer(struct uart *u, uint32_t left)
{
    while (u->in - u->out > left) {
        if (!wait_for(u, LSR_TX_EMPTY)) {
            u->out = u->in;
            return;
        }
        feed_from_buffer(u);
    }
}

static void send_polled(struct uart *u, const char *text, size_t len)
{
    size_t room = u->has_fifo ? FIFO_SIZE : 1;
    while (len != 0 && wait_for(u, LSR_TX_EMPTY)) {
        size_t n = min(len, room);
        burst(u, text, n);
        text += n;
        len -= n;
    }
}

static void send_buffered(struct uart *u, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (u->in - u->out == u->size)
            empty_buffer(u, u->size / 2);
        u->buffer[u->in++ & (u->size - 1)] = text[i];
    }
}

static void send(struct uart *u, const char *text, size_t len)
{
    if (u->buffer != NULL && u->sync == 0)
        send_buffered(u, text, len);
    else
        send_polled(u, text, len);
}

/* Whole stretches between newlines; each newline gets its return. */
static void send_text(struct uart *u, const char *text, size_t len)
{
    size_t start = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\n' && u->last != '\r') {
            send(u, text + start, i - start);
            send(u, "\r", 1);
            start = i;
        }
        u->last = text[i];
    }
    send(u, text + start, len - start);
}

static struct uart *uart_of(struct console_device *dev)
{
    return container_of(dev, struct uart, dev);
}

static void uart_write(struct console_device *dev, const char *text, size_t len)
{
    struct uart *u = uart_of(dev);
    if (u->is_dead)
        return;
    unsigned long flags = irq_save();
    ticket_lock(&u->lock);
    send_text(u, text, len);
    if (u->buffer != NULL)
        feed_while_empty(u);
    ticket_unlock(&u->lock);
    irq_restore(flags);
}

static void uart_flush(struct console_device *dev)
{
    struct uart *u = uart_of(dev);
    unsigned long flags = irq_save();
    ticket_lock(&u->lock);
    if (u->buffer != NULL)
        empty_buffer(u, 0);
    (void)wait_for(u, LSR_TX_IDLE);
    ticket_unlock(&u->lock);
    irq_restore(flags);
}

static void uart_set_sync(struct console_device *dev, bool sync)
{
    struct uart *u = uart_of(dev);
    if (sync) {
        atomic_add(&u->sync, 1);
        uart_flush(dev);
    } else {
        atomic_sub(&u->sync, 1);
    }
}

/* A byte of the other half of a shared wire is not ours. */
static bool is_ours(const struct uart *u, uint8_t byte)
{
    switch (u->dev.half) {
    case 'H': return (byte & 0x80) != 0;
    case 'L': return (byte & 0x80) == 0;
    default:  return true;
    }
}

static size_t receive(struct uart *u, char *buf, size_t room)
{
    size_t n = 0;
    while (n < room && (reg_read(u, REG_LSR) & LSR_DATA)) {
        uint8_t byte = reg_read(u, REG_DATA);
        if (is_ours(u, byte))
            buf[n++] = (char)(u->dev.half ? byte & 0x7f : byte);
    }
    return n;
}

/* Input is handed on after the lock is dropped: it may print. */
static void uart_interrupt(int irq, void *arg)
{
    struct uart *u = arg;
    char buf[FIFO_SIZE];

    for (unsigned int rounds = 0; rounds < 64; rounds++) {
        ticket_lock(&u->lock);
        if (reg_read(u, REG_IIR) & IIR_NONE) {
            ticket_unlock(&u->lock);
            return;
        }
        size_t n = receive(u, buf, sizeof(buf));
        if (u->buffer != NULL)
            feed_while_empty(u);
        ticket_unlock(&u->lock);
        for (size_t i = 0; i < n; i++)
            console_input(buf[i]);
    }
}

static void buffer_alloc(struct uart *u)
{
    uint64_t size = max_t(uint64_t, tx_buffer, PAGE_SIZE);
    unsigned int order = min(ilog2_up(div_round_up(size, PAGE_SIZE)), 10u);
    u->size = PAGE_SIZE << order;
    u->buffer = alloc_pages(order, HEAP_ANY);
}

static void uart_start_irq(struct console_device *dev)
{
    struct uart *u = uart_of(dev);
    if (u->config.irq == 0 || u->is_dead)
        return;
    int rc = irq_request(irq_of_isa(u->config.irq), uart_interrupt, u, dev->name);
    if (rc != 0) {
        log_warn("%s: no interrupt (%d), output is polled and there is no input", dev->name, rc);
        return;
    }
    buffer_alloc(u);
    unsigned long flags = irq_save();
    ticket_lock(&u->lock);
    reg_write(u, REG_MCR, MCR_DTR_RTS | MCR_OUT2);
    reg_write(u, REG_IER, IER_RX);
    ticket_unlock(&u->lock);
    irq_restore(flags);
}

/* A scratch register that keeps nothing, or a status of all ones: nobody is there. */
static bool is_there(struct uart *u)
{
    reg_write(u, REG_SCRATCH, 0x5a);
    return reg_read(u, REG_SCRATCH) == 0x5a && reg_read(u, REG_LSR) != 0xff;
}

static void setup(struct uart *u)
{
    const struct uart_config *c = &u->config;

    reg_write(u, REG_IER, 0);
    reg_write(u, REG_FCR, FCR_ENABLE | FCR_CLEAR | FCR_TRIGGER_14);
    u->has_fifo = (reg_read(u, REG_IIR) & 0xc0) == 0xc0;
    if (c->baud != UART_BAUD_AUTO) {
        uint32_t divisor = max_t(uint32_t, c->base_baud / c->baud, 1);
        reg_write(u, REG_LCR, c->line | LCR_DIVISOR);
        reg_write(u, REG_DIVISOR_LOW, (uint8_t)divisor);
        reg_write(u, REG_DIVISOR_HIGH, (uint8_t)(divisor >> 8));
        reg_write(u, REG_LCR, c->line);
    } else {
        reg_write(u, REG_LCR, reg_read(u, REG_LCR) & (uint8_t)~LCR_DIVISOR);
    }
    reg_write(u, REG_MCR, MCR_DTR_RTS);
}

void ns16550_probe(void)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(uarts); i++) {
        struct uart *u = &uarts[i];
        if (!u->config.wanted)
            continue;
        spin_lock_init(&u->lock, LOCK_UART);
        if (!is_there(u)) {
            log_warn("%s: no serial port at %#x", u->dev.name, u->config.io_base);
            continue;
        }
        setup(u);
        u->dev.write = uart_write;
        u->dev.flush = uart_flush;
        u->dev.start_irq = uart_start_irq;
        u->dev.set_sync = uart_set_sync;
        console_register(&u->dev);
    }
}

bool console_owns_port(uint16_t port)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(uarts); i++) {
        if (uarts[i].dev.enabled && port >= uarts[i].config.io_base &&
            port < uarts[i].config.io_base + 8) {
            return true;
        }
    }
    return false;
}
