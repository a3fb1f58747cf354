/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * DES, one block at a time: what VNC's passwords are checked with, and good for nothing else.
 */
#ifndef VNCGATE_DES_H
#define VNCGATE_DES_H

#include <stdint.h>

uint64_t des_encrypt(uint64_t key, uint64_t block);

#endif
