/* SPDX-License-Identifier: GPL-2.0-only */
/* xen_version: every question, its answer's form, and answers that cannot be written. */
#include "../lib/guest.h"

static char buffer[2048];

/* A text that ends within its size. */
static void expect_text(int cmd, size_t size, const char *what)
{
    memset(buffer, 0x7f, sizeof(buffer));
    EXPECT_EQ(xen_version(cmd, buffer), 0);
    buffer[sizeof(buffer) - 1] = 0;
    if (strlen(buffer) >= size)
        UNEXPECTED(what);
    EXPECT_EQ(buffer[size], 0x7f);
    printf("    %s: %s\n", what, buffer);
}

static void check_features(void)
{
    struct xen_feature_info info = { .submap_idx = 0 };

    section("features");
    EXPECT_EQ(xen_version(XENVER_get_features, &info), 0);
    EXPECT(info.submap & 1u << XENFEAT_mmu_pt_update_preserve_ad);
    EXPECT(info.submap & 1u << XENFEAT_highmem_assist);
    EXPECT(info.submap & 1u << XENFEAT_gnttab_map_avail_bits);
    EXPECT(info.submap & 1u << XENFEAT_dom0);
    EXPECT(!(info.submap & 1u << XENFEAT_auto_translated_physmap));
    EXPECT(!(info.submap & 1u << XENFEAT_writable_page_tables));
    EXPECT(!(info.submap & 1u << XENFEAT_supervisor_mode_kernel));
    info.submap_idx = 1;
    EXPECT_ANY(xen_version(XENVER_get_features, &info), 0, -XEN_EINVAL);
    info.submap_idx = ~0u;
    EXPECT_ANY(xen_version(XENVER_get_features, &info), 0, -XEN_EINVAL);
}

TEST("version")
{
    struct xen_platform_parameters params = { 0 };
    long rc;

    section("numbers");
    EXPECT_EQ(xen_version(XENVER_version, NULL) >> 16, 4);
    EXPECT(strstr_in(start_info->magic, "xen-"));
    EXPECT_EQ(xen_version(XENVER_pagesize, NULL), PAGE_SIZE);
    EXPECT_EQ(xen_version(XENVER_platform_parameters, &params), 0);
    EXPECT_EQ(params.virt_start, HYPERVISOR_VIRT_START);

    section("texts");
    expect_text(XENVER_extraversion, XEN_EXTRAVERSION_LEN, "extra version");
    expect_text(XENVER_capabilities, XEN_CAPABILITIES_INFO_LEN, "capabilities");
    EXPECT(strstr_in(buffer, "xen-3.0-x86_64"));
    expect_text(XENVER_changeset, XEN_CHANGESET_INFO_LEN, "changeset");
    expect_text(XENVER_commandline, sizeof(xen_commandline_t), "command line");
    EXPECT(strstr_in(buffer, "dom0_mem="));
    EXPECT_EQ(xen_version(XENVER_compile_info, buffer), 0);
    EXPECT_EQ(xen_version(XENVER_guest_handle, buffer), 0);

    section("build id");
    rc = xen_version(XENVER_build_id, NULL);
    EXPECT(rc > 0 || rc == -XEN_ENODATA || rc == -XEN_ENOSYS);
    if (rc > 0 && rc < 256) {
        struct xen_build_id *id = (void *)buffer;

        id->len = rc;
        EXPECT_EQ(xen_version(XENVER_build_id, id), rc);
        id->len = rc - 1;
        EXPECT_ERROR(xen_version(XENVER_build_id, id));
    }

    check_features();

    section("answers that cannot be written");
    for (int cmd = XENVER_extraversion; cmd <= XENVER_commandline; cmd++) {
        if (cmd == XENVER_pagesize)
            continue;
        EXPECT_EQ(xen_version(cmd, (void *)HYPERVISOR_VIRT_START), -XEN_EFAULT);
        EXPECT_EQ(xen_version(cmd, (void *)0x600000000000UL), -XEN_EFAULT);
        EXPECT_EQ(xen_version(cmd, NULL), -XEN_EFAULT);
    }
    EXPECT_EQ(xen_version(99, buffer), -XEN_ENOSYS);
    EXPECT_EQ(xen_version(-1, buffer), -XEN_ENOSYS);
}
