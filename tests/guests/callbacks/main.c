/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Entry points of a kernel: callback_op, set_callbacks and nmi_op; their removal; addresses that
 * are none; an NMI on request.
 */
#include "../lib/guest.h"

static long set(unsigned int type, unsigned int flags, unsigned long address)
{
    struct callback_register arg = { .type = type, .flags = flags, .address = address };

    return callback_op(CALLBACKOP_register, &arg);
}

static long unset(unsigned int type)
{
    struct callback_unregister arg = { .type = type };

    return callback_op(CALLBACKOP_unregister, &arg);
}

static void check_registration(void)
{
    section("register");
    EXPECT_EQ(set(CALLBACKTYPE_event, 0, (unsigned long)event_entry), 0);
    EXPECT_EQ(set(CALLBACKTYPE_failsafe, CALLBACKF_mask_events, (unsigned long)failsafe_entry), 0);
    EXPECT_EQ(set(CALLBACKTYPE_syscall, 0, (unsigned long)syscall_entry), 0);
    EXPECT_EQ(set(CALLBACKTYPE_syscall32, 0, (unsigned long)syscall32_entry), 0);
    EXPECT_EQ(set(CALLBACKTYPE_sysenter, 0, (unsigned long)sysenter_entry), 0);
    EXPECT_EQ(set(CALLBACKTYPE_nmi, 0, (unsigned long)nmi_entry), 0);

    section("types that are none, addresses that are none");
    EXPECT_ERROR(set(6, 0, (unsigned long)event_entry));
    EXPECT_ERROR(set(99, 0, (unsigned long)event_entry));
    EXPECT_ERROR(set(CALLBACKTYPE_event, 0, 1UL << 63));
    EXPECT_ERROR(set(CALLBACKTYPE_syscall, 0, 1UL << 63));
    EXPECT_ERROR(set(CALLBACKTYPE_nmi, 0, 1UL << 63));
    EXPECT_ERROR(set(CALLBACKTYPE_sysenter, 0, 1UL << 63));
    EXPECT_EQ(callback_op(CALLBACKOP_register, (void *)HYPERVISOR_VIRT_START), -XEN_EFAULT);
    EXPECT_EQ(callback_op(CALLBACKOP_unregister, (void *)0x600000000000UL), -XEN_EFAULT);
    EXPECT_EQ(callback_op(9, NULL), -XEN_ENOSYS);

    section("unregister what can be");
    EXPECT_EQ(unset(CALLBACKTYPE_event), -XEN_EINVAL);
    EXPECT_EQ(unset(CALLBACKTYPE_failsafe), -XEN_EINVAL);
    EXPECT_EQ(unset(CALLBACKTYPE_syscall), -XEN_EINVAL);
    EXPECT_EQ(unset(CALLBACKTYPE_nmi), 0);
    EXPECT_ANY(unset(99), -XEN_EINVAL, -XEN_ENOSYS);

    section("set_callbacks");
    EXPECT_EQ(set_callbacks(event_entry, failsafe_entry, syscall_entry), 0);
    EXPECT_ANY(set_callbacks((void *)(1UL << 63), failsafe_entry, syscall_entry), 0, -XEN_EINVAL,
               -XEN_EFAULT);
    EXPECT_EQ(set_callbacks(event_entry, failsafe_entry, syscall_entry), 0);
}

static bool wait_for_nmi(unsigned int n)
{
    for (uint64_t end = time_now() + 200 * MS; time_now() < end;)
        if (nmi_count == n)
            return true;
    return nmi_count == n;
}

static void check_nmi(void)
{
    struct xennmi_callback nmi = { .handler_address = (unsigned long)nmi_entry };

    section("NMI on request");
    EXPECT_EQ(nmi_op(XENNMI_register_callback, &nmi), 0);
    EXPECT_EQ(vcpu_op(VCPUOP_send_nmi, 0, NULL), 0);
    EXPECT(wait_for_nmi(1));
    EXPECT_EQ(vcpu_op(VCPUOP_send_nmi, 0, NULL), 0);
    EXPECT(wait_for_nmi(2));
    EXPECT_EQ(nmi_op(XENNMI_unregister_callback, NULL), 0);
    EXPECT_EQ(vcpu_op(VCPUOP_send_nmi, 0, NULL), 0);
    time_spin(2 * MS);
    EXPECT_EQ(nmi_count, 2);

    section("nmi_op: bad arguments");
    nmi.handler_address = 1UL << 63;
    EXPECT_ERROR(nmi_op(XENNMI_register_callback, &nmi));
    EXPECT_EQ(nmi_op(XENNMI_register_callback, (void *)HYPERVISOR_VIRT_START), -XEN_EFAULT);
    EXPECT_EQ(nmi_op(9, &nmi), -XEN_ENOSYS);
    EXPECT_ERROR(vcpu_op(VCPUOP_send_nmi, 4711, NULL));
}

TEST("callbacks")
{
    check_registration();
    check_nmi();
}
