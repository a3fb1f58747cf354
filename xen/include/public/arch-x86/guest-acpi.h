/* SPDX-License-Identifier: GPL-2.0-only */
/* Ports of HVM vCPU hotplug that hypervisor, firmware tables and tools agree on. */
#ifndef PUBLIC_ARCH_X86_GUEST_ACPI_H
#define PUBLIC_ARCH_X86_GUEST_ACPI_H

#ifdef __XEN_TOOLS__
#define XEN_ACPI_CPU_MAP        0xaf00      /* a bit per vCPU that is present */
#define XEN_ACPI_CPU_MAP_LEN    ((HVM_MAX_VCPUS + 7) / 8)
#define XEN_ACPI_GPE0_CPUHP_BIT 2           /* raised when the map changes */
#endif

#endif
