/* SPDX-License-Identifier: GPL-2.0-only */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "device/image.h"
#include "xend.h"

const char *image_format(const char *path)
{
    uint8_t head[8] = { 0 };
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return NULL;
    ssize_t n = pread(fd, head, sizeof(head), 0);

    close(fd);
    if (n < 0)
        return NULL;
    if (!memcmp(head, "QFI\xfb", 4))
        return head[7] == 1 ? "qcow" : "qcow2";
    if (!memcmp(head, "KDMV", 4))
        return "vmdk";
    return memcmp(head, "conectix", 8) ? "raw" : "vhd";
}

const char *image_qemu_driver(const char *tap_driver, const char **format)
{
    static const struct {
        const char *tap, *qemu, *format;
    } drivers[] = {
        { "aio", "aio", "raw" }, { "sync", "aio", "raw" }, { "qcow", "qcow", "qcow" },
        { "qcow2", "qcow2", "qcow2" }, { "vmdk", "vmdk", "vmdk" }, { "vhd", "vhd", "vhd" },
    };

    for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++) {
        if (!strcmp(drivers[i].tap, tap_driver)) {
            *format = drivers[i].format;
            return drivers[i].qemu;
        }
    }
    return NULL;
}
