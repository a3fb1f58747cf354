/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Random valid instructions with fitting operands, for fuzz_native.c.
 *
 * In 64- and 32-bit mode addresses are those of the process; in 16-bit mode they are offsets in
 * segments that begin at `code` and `data`.
 */
#ifndef TEST_EMULATE_CASES_H
#define TEST_EMULATE_CASES_H

#include <stdbool.h>
#include <stdint.h>

#define DATA_SIZE   8192u
#define INSN_AT     0x200u      /* where in the code page the instruction stands */
#define PAD_AWAY    0x40u       /* landing pads for branches lie this far before and behind it */

#define CF 0x001u
#define PF 0x004u
#define AF 0x010u
#define ZF 0x040u
#define SF 0x080u
#define DF 0x400u
#define OF 0x800u
#define ARITH (CF | PF | AF | ZF | SF | OF)

enum { AX, CX, DX, BX, SP, BP, SI, DI };

struct pattern;
struct test_case {
    const struct pattern *pattern;
    uint8_t bytes[32];
    unsigned length;
    uint8_t opcode;
    bool opsize, adsize, locked, is_register;
    uint8_t rex, rep;
    uint64_t gpr[16];
    uint64_t rflags;
    bool unfit;                 /* cannot be run: a branch whose target could not be placed */
    unsigned rip_disp;          /* where a rip-relative displacement stands, 0: none */
    uint64_t memory;            /* address of the memory operand, 0: none */
};

extern uint8_t *data, *code;
extern unsigned mode;           /* 16, 32 or 64 */

void case_seed(uint64_t seed);
uint64_t random_next(void);
uint64_t random_value(void);
uint64_t data_origin(void), code_origin(void);
void make_case(struct test_case *t);

#endif
