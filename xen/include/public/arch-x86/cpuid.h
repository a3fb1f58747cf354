/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CPUID leaves of the hypervisor, in ebx to edx as shown. They begin at 0x40000000, or 0x100 higher
 * as long as another interface (Viridian) lives there.
 *
 * base + 0  eax: highest leaf; signature below base + 1  eax: version, major << 16 | minor base + 2
 * eax: hypercall pages; ebx: first MSR, writing an address to it fills the page; ecx: FEAT1 base +
 * 3  time. 0: eax flags, ebx TSC mode, ecx guest kHz, edx incarnation;
 *           1: eax, ebx TSC offset, ecx multiplier and edx shift to ns; 2: eax host kHz
 * base + 4  HVM: eax flags below, ebx vCPU id, ecx domain id
 * base + 5  PV: ebx width of machine addresses
 */
#ifndef PUBLIC_ARCH_X86_CPUID_H
#define PUBLIC_ARCH_X86_CPUID_H

#include "../xen.h"

#define XEN_CPUID_FIRST_LEAF 0x40000000
#define XEN_CPUID_LEAF(i)    (XEN_CPUID_FIRST_LEAF + (i))
#define XEN_CPUID_MAX_NUM_LEAVES 5

/* "XenVMMXenVMM" */
#define XEN_CPUID_SIGNATURE_EBX 0x566e6558
#define XEN_CPUID_SIGNATURE_ECX 0x65584d4d
#define XEN_CPUID_SIGNATURE_EDX 0x4d4d566e

#define _XEN_CPUID_FEAT1_MMU_PT_UPDATE_PRESERVE_AD 0
#define XEN_CPUID_FEAT1_MMU_PT_UPDATE_PRESERVE_AD  (xen_mk_uint(1)<<0)

/* Leaf 4, eax. */
#define XEN_HVM_CPUID_APIC_ACCESS_VIRT (xen_mk_uint(1) << 0)  /* APIC accesses do not exit */
#define XEN_HVM_CPUID_X2APIC_VIRT      (xen_mk_uint(1) << 1)
#define XEN_HVM_CPUID_IOMMU_MAPPINGS   (xen_mk_uint(1) << 2)  /* devices reach foreign mappings */
#define XEN_HVM_CPUID_VCPU_ID_PRESENT  (xen_mk_uint(1) << 3)  /* ebx is valid */
#define XEN_HVM_CPUID_DOMID_PRESENT    (xen_mk_uint(1) << 4)  /* ecx is valid */
#define XEN_HVM_CPUID_EXT_DEST_ID      (xen_mk_uint(1) << 5)  /* 15-bit interrupt destinations */
#define XEN_HVM_CPUID_UPCALL_VECTOR    (xen_mk_uint(1) << 6)  /* per-vCPU upcalls carry PIRQs */

/* Leaf 5, ebx. */
#define XEN_CPUID_MACHINE_ADDRESS_WIDTH_MASK (xen_mk_uint(0xff) << 0)

#endif
