/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The saved state of an HVM domain: records one after another, each a descriptor and its data, from
 * HEADER to END. Records of a kind with more than one instance are told apart by it (vCPU, chip).
 *
 * What a record is called, e.g. CPU, leads to its code, type and length by the macros below.
 */
#ifndef PUBLIC_HVM_SAVE_H
#define PUBLIC_HVM_SAVE_H

#ifndef __ASSEMBLY__
#include <stdint.h>

struct hvm_save_descriptor {
    uint16_t typecode;
    uint16_t instance;
    uint32_t length;                /* bytes that follow */
};

#define DECLARE_HVM_SAVE_TYPE(_x, _code, _type) \
    typedef _type __hvm_save_type_##_x; \
    enum { __HVM_SAVE_CODE_##_x = (_code) }

#define HVM_SAVE_TYPE(_x) __hvm_save_type_##_x
#define HVM_SAVE_LENGTH(_x) (sizeof(HVM_SAVE_TYPE(_x)))
#define HVM_SAVE_CODE(_x) ((unsigned long)__HVM_SAVE_CODE_##_x)

struct hvm_save_end {
};
DECLARE_HVM_SAVE_TYPE(END, 0, struct hvm_save_end);

#endif /* __ASSEMBLY__ */

#include "../arch-x86/hvm/save.h"

#endif
