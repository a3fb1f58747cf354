/* SPDX-License-Identifier: GPL-2.0-only */
/* System time from the record that the hypervisor keeps for each vCPU. */
#include "guest.h"

uint64_t time_from(const volatile struct vcpu_time_info *info)
{
    uint32_t version;
    uint64_t now;

    do {
        version = info->version;
        barrier();

        uint64_t delta = rdtsc() - info->tsc_timestamp;
        int shift = info->tsc_shift;

        delta = shift < 0 ? delta >> -shift : delta << shift;
        now = info->system_time +
              (uint64_t)((unsigned __int128)delta * info->tsc_to_system_mul >> 32);
        barrier();
    } while ((version & 1) || version != info->version);
    return now;
}

uint64_t time_now(void)
{
    return time_from(&vcpu_info()->time);
}

void time_spin(uint64_t ns)
{
    uint64_t end = time_now() + ns;

    while (time_now() < end)
        cpu_relax();
}
