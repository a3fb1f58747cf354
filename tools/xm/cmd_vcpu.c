/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Commands about where a domain's VCPUs may run.
 */
#include <stdio.h>

#include "xm.h"

/* Domain, VCPU or all, CPUs or all: xend knows what there is of each. */
int cmd_vcpu_pin(int argc, char **argv)
{
    if (count_is_wrong(argc - 1))
        return 1;
    return ask(NULL, "vcpu-pin", argv[1], argv[2], argv[3], NULL);
}
