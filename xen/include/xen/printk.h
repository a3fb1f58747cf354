/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Saying things.  Every message begins with its subject ("d3v0: ", "pci 00:1f.2: ") and says what
 * and what follows.  All of this works from any context, NMI included, and before any console
 * exists (the ring keeps it).
 *
 * Levels follow the loglvl=/guest_loglvl= options.  log_*() speak about the machine and ourselves;
 * glog_*() is for what a guest caused: it passes guest_loglvl's threshold and is rate limited.
 * Both say whole lines: the last newline is implied if it is not there.  printk() is for lines put
 * together from pieces: it ends a line only where the text does.
 */
#ifndef XEN_PRINTK_H
#define XEN_PRINTK_H

#include <stdarg.h>
#include <xen/types.h>

enum log_level { LOG_ALWAYS, LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

void printk(enum log_level level, const char *fmt, ...) printf_like(2, 3);
void vprintk(enum log_level level, const char *fmt, va_list args) printf_like(2, 0);
void printk_line(enum log_level level, const char *fmt, ...) printf_like(2, 3);
void printk_guest(enum log_level level, const char *fmt, ...) printf_like(2, 3);
void vprintk_guest(enum log_level level, const char *fmt, va_list args) printf_like(2, 0);

#define log_always(...) printk_line(LOG_ALWAYS, __VA_ARGS__)
#define log_error(...)  printk_line(LOG_ERROR, __VA_ARGS__)
#define log_warn(...)   printk_line(LOG_WARNING, __VA_ARGS__)
#define log_info(...)   printk_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...)  printk_line(LOG_DEBUG, __VA_ARGS__)
#define glog_error(...) printk_guest(LOG_ERROR, __VA_ARGS__)
#define glog_warn(...)  printk_guest(LOG_WARNING, __VA_ARGS__)
#define glog_info(...)  printk_guest(LOG_INFO, __VA_ARGS__)
#define glog_debug(...) printk_guest(LOG_DEBUG, __VA_ARGS__)

/* Would a guest's message of this level be heard now?  For those who save themselves the work. */
bool printk_guest_enabled(enum log_level level);

/* A bug of ours or a machine we cannot run on: message, registers, stack, then reboot unless
 * `noreboot`. */
void noreturn cold panic(const char *fmt, ...) printf_like(1, 2);
extern bool noreboot;           /* option: a dead machine waits for somebody */

#endif
