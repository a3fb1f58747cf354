/* SPDX-License-Identifier: GPL-2.0-only */
/* Uses all of a CPU.  The PAUSE is for emulators that run one processor after the other. */

int main(void)
{
    for (;;) {
        for (volatile unsigned int i = 0; i < 2000; i++)
            ;
        __builtin_ia32_pause();
    }
}
