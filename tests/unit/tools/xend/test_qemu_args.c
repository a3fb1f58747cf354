/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What QEMU is told, and how its log and its sockets are read.
 *
 * sources: tools/xend/device/qemu_args.c tools/libs/base/[a-z]*.c
 * flags: -Itools/xend
 */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include <base/buffer.h>

#include "device/qemu_args.h"

static struct config_xend xend;
static struct config_vfb vfb;

static int setup(void **state)
{
    (void)state;
    memset(&xend, 0, sizeof(xend));
    memset(&vfb, 0, sizeof(vfb));
    xend.vnc_listen = "127.0.0.1";
    xend.vncpasswd = "";
    xend.vnc_x509_cert_dir = "/etc/xen/vnc";
    vfb.vnc = vfb.vncunused = vfb.vncdisplay = CONFIG_UNSET;
    return 0;
}

/* All words with a blank around each. */
static const char *words(const struct config_vfb *use)
{
    static char text[2000];
    struct strings args = { 0 };
    struct buffer b = { 0 };

    qemu_args(&args, "/bin/qemu", 7, "web", use, &xend, "/run/q,7");
    buffer_putc(&b, ' ');
    for (size_t i = 0; i < args.count; i++)
        buffer_printf(&b, "%s ", args.item[i]);
    snprintf(text, sizeof(text), "%s", buffer_string(&b));
    buffer_free(&b);
    strings_free(&args);
    return text;
}

static void assert_has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("'%s' is not in: %s", part, text);
}

static void assert_has_not(const char *text, const char *part)
{
    if (strstr(text, part))
        fail_msg("'%s' is in: %s", part, text);
}

static void test_disks_only(void **state)
{
    (void)state;
    const char *text = words(NULL);

    assert_int_equal(strncmp(text, " /bin/qemu -xen-domid 7 -xen-attach -name web -M xenpv ", 55),
                     0);
    assert_has(text, " -display none ");
    assert_has_not(text, "-vnc");
    assert_has_not(words(&vfb), "-vnc");
}

static void test_vnc(void **state)
{
    (void)state;
    vfb.vnc = 1;
    assert_has(words(&vfb), " -vnc 127.0.0.1:0,to=100 ");
    vfb.vncdisplay = 5;
    assert_has(words(&vfb), " -vnc 127.0.0.1:5,to=105 ");
    vfb.vncunused = 0;
    vfb.vnclisten = "0.0.0.0";
    assert_has(words(&vfb), " -vnc 0.0.0.0:5 ");
    vfb.vncdisplay = CONFIG_UNSET;
    vfb.vnclisten = "";
    assert_has(words(&vfb), " -vnc 127.0.0.1:7 ");
}

static const char *gate_words(void)
{
    static char text[500];
    struct strings args = { 0 };

    qemu_gate_args(&args, 7, &vfb, &xend, "/run/q");
    text[0] = '\0';
    for (size_t i = 1; i < args.count; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s ", args.item[i]);
    strings_free(&args);
    return text;
}

/* It is asked for by another program, and is no word of a command line. */
static void test_password(void **state)
{
    (void)state;
    vfb.vnc = 1;
    assert_string_equal(gate_words(), "");
    xend.vncpasswd = "theirs";
    assert_string_equal(qemu_password(&vfb, &xend), "theirs");
    vfb.vncpasswd = "mine";
    assert_string_equal(qemu_password(&vfb, &xend), "mine");
    assert_has(words(&vfb), " -vnc unix:/run/q,,7.vnc ");
    assert_has_not(words(&vfb), "mine");
    assert_has_not(words(&vfb), "secret");
    assert_string_equal(gate_words(), "127.0.0.1 5900 6000 /run/q.vnc /run/q.secret /run/q.port ");
    vfb.vncunused = 0;
    assert_string_equal(gate_words(), "127.0.0.1 5907 5907 /run/q.vnc /run/q.secret /run/q.port ");
    /* An empty one of its own is none. */
    vfb.vncpasswd = "";
    assert_has_not(words(&vfb), "unix:");
    assert_string_equal(gate_words(), "");
    assert_string_equal(qemu_password(NULL, &xend), "");
}

/* With TLS, QEMU asks. */
static void test_password_and_tls(void **state)
{
    (void)state;
    vfb.vnc = 1;
    vfb.vncpasswd = "mine";
    xend.vnc_tls = 1;
    const char *text = words(&vfb);

    assert_has(text, " -object secret,id=vnc0,file=/run/q,,7.secret ");
    assert_has(text, ",password-secret=vnc0,tls-creds=tls0 ");
    assert_has_not(text, "mine");
    assert_string_equal(gate_words(), "");
}

static void test_keymap_and_tls(void **state)
{
    (void)state;
    vfb.vnc = 1;
    xend.keymap = "de";
    xend.vnc_tls = 1;
    const char *text = words(&vfb);

    assert_has(text, " -k de ");
    assert_has(text, " tls-creds-x509,id=tls0,endpoint=server,dir=/etc/xen/vnc,verify-peer=no ");
    assert_has(text, ",tls-creds=tls0 ");
    vfb.keymap = "fr";
    assert_has(words(&vfb), " -k fr ");
}

static void test_last_line(void **state)
{
    (void)state;
    char *text = qemu_last_line("one\nxen-qemu-system-i386: -vnc :0: in use\n\n");

    assert_string_equal(text, "-vnc :0: in use");
    free(text);
    text = qemu_last_line("plain: text");
    assert_string_equal(text, "plain: text");
    free(text);
    assert_null(qemu_last_line(""));
    assert_null(qemu_last_line("\n \n"));
}

static void test_complaint(void **state)
{
    (void)state;
    static const char log[] =
        "xen-qemu-system-i386: failed to create 'qdisk' device '51728': no such file\n"
        "xen-qemu-system-i386: failed to create 'qdisk' device '51744': half a li";
    char *text = qemu_find_complaint(log, "qdisk", 51728);

    assert_string_equal(text, "failed to create 'qdisk' device '51728': no such file");
    free(text);
    assert_null(qemu_find_complaint(log, "qdisk", 51744));
    assert_null(qemu_find_complaint(log, "qdisk", 5172));
    assert_null(qemu_find_complaint(log, "vfb", 51728));
    assert_null(qemu_find_complaint("", "qdisk", 51728));
}

/* Our own process stands for QEMU. */
static void test_listening_port(void **state)
{
    (void)state;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof(at);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    assert_int_equal(qemu_listening_port(getpid()), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(qemu_listening_port(getpid()), ntohs(at.sin_port));
    close(fd);
    assert_int_equal(qemu_listening_port(getpid()), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_disks_only, setup),
        cmocka_unit_test_setup(test_vnc, setup),
        cmocka_unit_test_setup(test_password, setup),
        cmocka_unit_test_setup(test_password_and_tls, setup),
        cmocka_unit_test_setup(test_keymap_and_tls, setup),
        cmocka_unit_test(test_last_line),
        cmocka_unit_test(test_complaint),
        cmocka_unit_test(test_listening_port),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
