/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Any bytes as the state that a former xenstored left: restored as far as it makes sense, saved
 * again, and the store's own accounts agree.
 *
 * sources: tests/unit/tools/xenstored/harness.c tools/xenstored/server.c tools/xenstored/store.c
 * sources: tools/xenstored/tree.c tools/xenstored/transaction.c tools/xenstored/watch.c
 * sources: tools/xenstored/permission.c tools/xenstored/quota.c tools/xenstored/path.c
 * sources: tools/xenstored/conn.c tools/xenstored/protocol.c tools/xenstored/control.c
 * sources: tools/xenstored/loop.c tools/libs/base/[a-z]*.c tools/xenstored/persist.c
 * sources: tools/xenstored/restore.c tools/xenstored/socket.c tools/xenstored/ring.c
 * flags: -Itests/unit/tools/xenstored -lm
 */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <base/log.h>
#include <xenstored/persist.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The head and the origin are made right, or nothing behind them would ever be looked at. */
static void write_state(int fd, const uint8_t *data, size_t size)
{
    struct {
        struct persist_head head;
        struct persist_frame frame;
        struct persist_origin origin;
        char pad[8];
    } __attribute__((packed)) start = {
        .head = { .ident = PERSIST_IDENT, .version = __builtin_bswap32(PERSIST_VERSION) },
        .frame = { PERSIST_ORIGIN, sizeof(start.origin) },
    };
    size_t len = sizeof(start.head) + sizeof(start.frame) + (sizeof(start.origin) + 7) / 8 * 8;

    memcpy(start.head.ident, PERSIST_IDENT, sizeof(start.head.ident));
    persist_boot_id(start.origin.boot_id);
    if (write(fd, &start, len) != (ssize_t)len || write(fd, data, size) != (ssize_t)size)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int fd = memfd_create("state", 0), listener = -1;
    char path[64];

    write_state(fd, data, size);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    log_open("/dev/null", "fuzz", LOG_LEVEL_ERROR);
    setup(NULL);
    if (!persist_restore(&server, path, &listener)) {
        run_loop();
        expect_sound();
        persist_save(&server, "/dev/shm/xenith-fuzz-state", false);
    }
    teardown(NULL);
    close(fd);
    return 0;
}
