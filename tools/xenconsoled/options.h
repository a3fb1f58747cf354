/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef XENCONSOLED_OPTIONS_H
#define XENCONSOLED_OPTIONS_H

#include "server.h"

/* Ends the program on --help, --version and what it does not understand. */
void options_parse(struct options *o, int argc, char **argv);

#endif
