/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who else uses a disk: our other domains, another toolstack's, this machine; and what an image's
 * first bytes say.
 *
 * sources: tools/xend/device/sharing.c tools/xend/device/image.c tools/xend/failure.c
 * sources: tools/libs/base/[a-z]*.c
 * flags: -Itools/xend
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#undef fail

#include <base/alloc.h>

#include "device/image.h"
#include "device/sharing.h"

const struct device_class block_class = { .name = "vbd" }, net_class = { .name = "vif" };

static char path[] = "/tmp/sharing-XXXXXX", other_path[] = "/tmp/sharing-XXXXXX";
static struct xend x;
static struct domain ours, theirs;
static struct config_disk disk, other_disk;
static struct device wanted, other;
static const char *foreign_params, *foreign_mode;
static struct failure f;

/* ---- the rest of xend ---- */

struct domain *domain_find_id(struct xend *unused, uint32_t domid)
{
    (void)unused;
    return domid == 9 ? &theirs : NULL;
}

int xs_list(struct xs *xs, uint32_t tx, const char *folder, char ***names, size_t *count)
{
    (void)xs;
    (void)tx;
    if (!foreign_params || !strstr(folder, "/qdisk"))
        return -ENOENT;
    *names = xcalloc(1, sizeof(char *));
    **names = strstr(folder, "/9") ? "51712" : "9";
    *count = 1;
    return 0;
}

char *store_get(struct xend *unused, const char *fmt, ...)
{
    char text[200];
    va_list args;

    (void)unused;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    assert_non_null(strstr(text, "/local/domain/0/backend/qdisk/9/51712/"));
    if (strstr(text, "/params"))
        return xstrdup(foreign_params);
    return strstr(text, "/mode") ? xstrdup(foreign_mode) : xstrdup("xvda");
}

/* ---- ---- */

static void make_file(char *name, const char *bytes, size_t len)
{
    strcpy(name, "/tmp/sharing-XXXXXX");
    int fd = mkstemp(name);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), len);
    close(fd);
}

static int setup(void **state)
{
    (void)state;
    make_file(path, "", 0);
    make_file(other_path, "", 0);
    list_init(&x.domains);
    ours = (struct domain){ .x = &x, .name = "first", .phase = DOMAIN_RUNNING };
    theirs = (struct domain){ .x = &x, .name = "foreign", .phase = DOMAIN_FOREIGN };
    disk = (struct config_disk){ .path = path, .dev = "xvdb", .mode = CONFIG_DISK_WRITE };
    other_disk = (struct config_disk){ .path = path, .dev = "xvda", .mode = CONFIG_DISK_WRITE };
    wanted = (struct device){ .d = &ours, .class = &block_class, .own = &disk };
    other = (struct device){ .d = &ours, .class = &block_class, .own = &other_disk };
    list_init(&ours.devices);
    list_init(&theirs.devices);
    list_add_tail(&x.domains, &ours.link);
    list_add_tail(&x.domains, &theirs.link);
    list_add_tail(&ours.devices, &other.link);
    list_add_tail(&ours.devices, &wanted.link);
    foreign_params = NULL;
    foreign_mode = "w";
    f.text[0] = '\0';
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unlink(path);
    unlink(other_path);
    return 0;
}

static int check(void)
{
    struct stat st;

    assert_int_equal(stat(path, &st), 0);
    return disk_check_sharing(&wanted, &st, &f);
}

/* One row of the table: what the other has, what is wanted, the outcome. */
static void test_modes(void **state)
{
    static const struct {
        enum config_disk_mode has, wants;
        int rc;
    } rows[] = {
        { CONFIG_DISK_READ, CONFIG_DISK_READ, 0 },
        { CONFIG_DISK_READ, CONFIG_DISK_WRITE, -EBUSY },
        { CONFIG_DISK_WRITE, CONFIG_DISK_READ, -EBUSY },
        { CONFIG_DISK_WRITE, CONFIG_DISK_WRITE, -EBUSY },
        { CONFIG_DISK_WRITE, CONFIG_DISK_WRITE_SHARED, 0 },
        { CONFIG_DISK_WRITE_SHARED, CONFIG_DISK_WRITE, -EBUSY },
        { CONFIG_DISK_WRITE_SHARED, CONFIG_DISK_READ, 0 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        other_disk.mode = rows[i].has;
        disk.mode = rows[i].wants;
        assert_int_equal(check(), rows[i].rc);
    }
}

static void test_by_whom(void **state)
{
    (void)state;
    assert_int_equal(check(), -EBUSY);
    assert_non_null(strstr(f.text, "is mounted in a guest domain,"));
    assert_non_null(strstr(f.text, "and so cannot be mounted now."));
    assert_non_null(strstr(f.text, "by domain first as xvda"));
}

static void test_other_file(void **state)
{
    (void)state;
    other_disk.path = other_path;
    assert_int_equal(check(), 0);
}

/* By another way to the same file. */
static void test_hard_link(void **state)
{
    (void)state;
    unlink(other_path);
    assert_int_equal(link(path, other_path), 0);
    other_disk.path = other_path;
    assert_int_equal(check(), -EBUSY);
}

static void test_foreign(void **state)
{
    char params[64];

    (void)state;
    list_remove(&other.link);
    snprintf(params, sizeof(params), "aio:%s", path);
    foreign_params = params;
    assert_int_equal(check(), -EBUSY);
    assert_non_null(strstr(f.text, "by domain foreign as xvda"));
    disk.mode = CONFIG_DISK_READ;
    assert_int_equal(check(), -EBUSY);
    foreign_mode = "r";
    assert_int_equal(check(), 0);
    disk.mode = CONFIG_DISK_WRITE;
    foreign_params = other_path;
    assert_int_equal(check(), 0);
}

/* A made-up table of mounts, with a block device that every machine has none of mounted. */
static void test_mounted(void **state)
{
    struct stat st = { .st_mode = S_IFBLK };
    char where[64] = "";
    FILE *table = fopen(other_path, "w");

    (void)state;
    assert_non_null(table);
    fprintf(table, "proc /proc proc rw 0 0\n%s /mnt ext4 rw 0 0\n/nosuch /x ext4 rw 0 0\n", path);
    fclose(table);
    /* A file is no block device, whatever the table says. */
    assert_false(disk_is_mounted(other_path, &st, true, where, sizeof(where)));
    assert_false(disk_is_mounted("/nosuch/table", &st, true, where, sizeof(where)));
    assert_string_equal(where, "");
}

static void test_formats(void **state)
{
    static const struct {
        const char bytes[9];
        size_t len;
        const char *format;
    } rows[] = {
        { "QFI\xfb\0\0\0\3", 8, "qcow2" }, { "QFI\xfb\0\0\0\2", 8, "qcow2" },
        { "QFI\xfb\0\0\0\1", 8, "qcow" }, { "KDMVxxxx", 8, "vmdk" }, { "conectix", 8, "vhd" },
        { "QFI", 3, "raw" }, { "", 0, "raw" }, { "conecti", 7, "raw" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        unlink(other_path);
        make_file(other_path, rows[i].bytes, rows[i].len);
        assert_string_equal(image_format(other_path), rows[i].format);
    }
    assert_null(image_format("/nosuch/image"));
}

static void test_drivers(void **state)
{
    const char *format = NULL;

    (void)state;
    assert_string_equal(image_qemu_driver("sync", &format), "aio");
    assert_string_equal(format, "raw");
    assert_string_equal(image_qemu_driver("qcow2", &format), "qcow2");
    assert_null(image_qemu_driver("ram", &format));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_modes), TEST(test_by_whom), TEST(test_other_file), TEST(test_hard_link),
        TEST(test_foreign), TEST(test_mounted), TEST(test_formats), TEST(test_drivers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
