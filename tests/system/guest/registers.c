/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Do vector registers keep their values while others use the processor?  registers SECONDS
 *
 * Fills them with this process's own pattern, computes without them for a while, looks, again and
 * again.  Prints "REGISTERS ok" or how many values were lost.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define COUNT 16                /* registers */
#define WORDS (COUNT * 4)       /* of 32 bytes each, of which SSE has the lower half */
#define SPINS 2000000u

static uint64_t wanted[WORDS] __attribute__((aligned(32)));
static uint64_t found[WORDS] __attribute__((aligned(32)));

#define ALL(one) one(0) one(1) one(2) one(3) one(4) one(5) one(6) one(7) \
                 one(8) one(9) one(10) one(11) one(12) one(13) one(14) one(15)
#define LOAD_AVX(n)  "vmovdqa " #n "*32(%0), %%ymm" #n "\n"
#define STORE_AVX(n) "vmovdqa %%ymm" #n ", " #n "*32(%1)\n"
#define LOAD_SSE(n)  "movdqa " #n "*32(%0), %%xmm" #n "\n"
#define STORE_SSE(n) "movdqa %%xmm" #n ", " #n "*32(%1)\n"
#define SPIN         "mov %2, %%ecx\n0: dec %%ecx\njnz 0b\n"
#define CLOBBERED    "ecx", "memory", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", \
                     "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15"

static void hold_avx(void)
{
    asm volatile(ALL(LOAD_AVX) SPIN ALL(STORE_AVX) "vzeroupper\n"
                 :: "r"(wanted), "r"(found), "i"(SPINS) : CLOBBERED);
}

static void hold_sse(void)
{
    memcpy(found, wanted, sizeof(found));       /* the upper halves */
    asm volatile(ALL(LOAD_SSE) SPIN ALL(STORE_SSE)
                 :: "r"(wanted), "r"(found), "i"(SPINS) : CLOBBERED);
}

int main(int argc, char **argv)
{
    time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 1);
    void (*hold)(void) = __builtin_cpu_supports("avx") ? hold_avx : hold_sse;
    unsigned long rounds = 0, lost = 0;

    for (unsigned int i = 0; i < WORDS; i++)
        wanted[i] = (uint64_t)getpid() << 32 | i;
    for (; time(NULL) < end; rounds++) {
        hold();
        for (unsigned int i = 0; i < WORDS; i++)
            lost += found[i] != wanted[i];
        memset(found, 0, sizeof(found));
    }
    if (lost)
        printf("REGISTERS lost %lu values in %lu rounds\n", lost, rounds);
    else
        printf("REGISTERS ok\n");
    return lost != 0;
}
