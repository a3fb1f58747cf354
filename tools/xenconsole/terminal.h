/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Our end of the line: the terminal that we were started in, raw while a console is attached.
 */
#ifndef XENCONSOLE_TERMINAL_H
#define XENCONSOLE_TERMINAL_H

#include <stdbool.h>

#define ESCAPE_KEY 0x1d     /* CTRL-] */

enum end {
    END_DETACHED,           /* the user wants to leave */
    END_HANGUP,             /* the console went away */
};

void terminal_raw(void);
/* As it was before. Also done when the program ends or is told to. */
void terminal_restore(void);

/* Copies both ways between our terminal and fd, until either ends. */
enum end terminal_join(int fd);

#endif
