/* SPDX-License-Identifier: GPL-2.0-only */
/* What the console devices share. */
#ifndef DRIVERS_CONSOLE_PRIVATE_H
#define DRIVERS_CONSOLE_PRIVATE_H

#include <xen/types.h>

#define UART_BAUD_AUTO  0
#define UART_BASE_BAUD  115200
#define UART_LINE_8N1   0x03

/* com1= and com2=: what it says; the fields it leaves out keep what they had. */
struct uart_config {
    bool wanted;
    uint32_t baud;              /* UART_BAUD_AUTO: as the firmware left it */
    uint32_t base_baud;
    uint8_t line;               /* the line control register: bits, parity, stop bits */
    uint16_t io_base;
    uint32_t irq;               /* ISA interrupt; 0: polled only */
};

int uart_parse(const char *value, struct uart_config *config);

void ns16550_probe(void);
void vga_probe(void);

#endif
