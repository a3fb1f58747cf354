/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Any bytes at xend's socket: messages with a NUL behind each, one after the other or cut anywhere,
 * and then the client hangs up. Every answer is one, and when all domains were ended nothing is
 * left of them.
 *
 * sources: tests/fuzz/xend_machine.c tests/daemons/fake_host.c tools/libs/host/[a-z]*.c
 * sources: tools/xend/api/[cmprs]*.c tools/xend/state.c tools/xend/store.c tools/xend/failure.c
 * sources: tools/xend/domain/registry.c tools/xend/domain/create.c tools/xend/domain/destroy.c
 * sources: tools/xend/domain/reboot.c tools/xend/domain/control.c tools/xend/domain/nodes.c
 * sources: tools/xend/domain/memory.c tools/xend/domain/settings.c tools/xend/node/cpupool.c
 * sources: tools/xend/device/device.c tools/xend/device/handshake.c tools/xend/device/block.c
 * sources: tools/xend/device/sharing.c tools/xend/device/image.c tools/xend/device/net.c
 * sources: tools/xend/device/vfb.c tools/xend/device/hardware.c tools/xend/device/qemu_args.c
 * sources: tools/libs/config/[a-z]*.c tools/libs/config/script/[a-z]*.c tools/libs/base/[a-z]*.c
 * flags: -Itools/xend -DXENITH_VERSION=__FILE__ -levent_core -lm
 */
#include "tools/xend/api/unix.c"

#include "xend_machine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take_answers(int fd, struct buffer *in)
{
    char why[200], *end;
    ssize_t n;

    while ((n = recv(fd, buffer_room(in, 65536), 65536, MSG_DONTWAIT)) > 0)
        buffer_grow(in, n);
    while (in->len && (end = memchr(buffer_head(in), '\0', in->len))) {
        struct sxp *s = sxp_parse(buffer_head(in), end - buffer_head(in), NULL, why, sizeof(why));
        const char *head = s ? sxp_head(s) : NULL;

        if (!head || (strcmp(head, "ok") && strcmp(head, "error") && strcmp(head, "console")))
            abort();
        sxp_free(s);
        buffer_take(in, end - buffer_head(in) + 1);
    }
}

/* Up to and with the next NUL, or all. */
static size_t next_message(const uint8_t *data, size_t size)
{
    const uint8_t *end = memchr(data, 0, size);

    return end ? (size_t)(end - data) + 1 : size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct xend *x = machine_start();
    struct buffer answers = { 0 };
    int fds[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds))
        abort();
    add_client(x, fds[0]);
    while (size) {
        size_t n = next_message(data, size);

        if (send(fds[1], data, n, MSG_NOSIGNAL) < 0)
            break;
        data += n;
        size -= n;
        if (size % 3)           /* or it is sent before the one before it was answered */
            machine_run();
        take_answers(fds[1], &answers);
    }
    machine_run();
    take_answers(fds[1], &answers);
    close(fds[1]);
    machine_run();
    machine_end();
    buffer_free(&answers);
    return 0;
}
