/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * spin [N]: uses all of a CPU, or of N.  The PAUSE is for emulators that run one processor after
 * the other.
 */
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    for (int more = argc > 1 ? atoi(argv[1]) : 1; more > 1; more--)
        if (fork() == 0)
            break;
    for (;;) {
        for (volatile unsigned int i = 0; i < 2000; i++)
            ;
        __builtin_ia32_pause();
    }
}
