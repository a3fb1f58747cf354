/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A kernel that reports its own crash.
 *
 * expect: crash
 * reboots: yes
 * slow: yes
 * seconds: 60
 */
#include "../lib/guest.h"

TEST("crash_shutdown")
{
    shutdown(SHUTDOWN_crash);
}
