/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hotplug scripts with a made-up world: ip, nft, losetup, nbd-client and the store are scripts
 * that write down what they are asked; /sys/class/net and /proc/sys are folders of ours.
 *
 * sources: tools/libs/base/[a-z]*.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <base/alloc.h>

#define SCRIPTS "tools/hotplug/"
#define VIF "XENBUS_PATH=backend/vif/258/1 vif=vif258.1 "
#define VBD "XENBUS_PATH=backend/vbd/7/51712 "

static char dir[] = "/tmp/hotplug-XXXXXX";
static char said[8192];

static void shell(const char *fmt, ...) PRINTF_LIKE(1, 2);

static void shell(const char *fmt, ...)
{
    char command[2000];
    va_list args;

    va_start(args, fmt);
    vsnprintf(command, sizeof(command), fmt, args);
    va_end(args);
    assert_int_equal(system(command), 0);
}

/* A program of the made-up world: logs its words, then does what body says. */
static void fake(const char *name, const char *body)
{
    char *path = xasprintf("%s/bin/%s", dir, name);
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    fprintf(f, "#!/bin/sh\nD=%s\n[ %s = xenstore-read ] || echo \"%s $*\" >> $D/log\n%s\n", dir,
            name, name, body);
    fclose(f);
    shell("chmod 755 %s", path);
    free(path);
}

static int make_world(void **state)
{
    (void)state;
    strcpy(dir, "/tmp/hotplug-XXXXXX");
    assert_non_null(mkdtemp(dir));
    shell("mkdir -p %s/bin %s/store %s/net/xenbr0/bridge %s/net/xenbr0/brif", dir, dir, dir, dir);
    shell("mkdir -p %s/net/eth0 %s/sys/net/ipv4/conf/vif258.1 %s/sys/net/ipv4/conf/eth0", dir, dir,
          dir);
    shell("echo 1500 > %s/net/xenbr0/mtu; mkdir %s/net/vif258.1", dir, dir);
    shell("mkdir -p %s/block/nbd0 %s/block/nbd1; echo 1 > %s/block/nbd0/pid", dir, dir, dir);
    shell("touch %s/disk.img", dir);
    fake("xenstore-read", "f=$D/store/$(echo \"$1\" | tr / _); [ -f \"$f\" ] && cat \"$f\"");
    fake("xenstore-write", "while [ $# -gt 1 ]; do "
         "printf %s \"$2\" > $D/store/$(echo \"$1\" | tr / _); shift 2; done");
    fake("ip", "case \"$*\" in "
         "*'route show default'*) echo 'default via 10.0.2.2 dev eth0 proto static' ;; "
         "*'addr show dev eth0'*) echo '2: eth0    inet 10.0.2.15/24 brd 10.0.2.255' ;; "
         "*nosuch*|*fails*) echo 'RTNETLINK answers: No such device' >&2; exit 2 ;; esac");
    fake("nft", "case \"$*\" in '-f -') cat >> $D/rules ;; *'list chain'*) exit 1 ;; esac");
    fake("losetup", "case \"$*\" in -f) echo /dev/loop5 ;; *fail*) echo busy; exit 1 ;; esac");
    fake("nbd-client", "");
    fake("stat", "case \"$*\" in *loop5*|*nbd1*) echo 7:5 ;; *) exit 1 ;; esac");
    return 0;
}

static int end_world(void **state)
{
    (void)state;
    shell("rm -rf %s", dir);
    return 0;
}

static void put(const char *key, const char *value)
{
    shell("printf %%s '%s' > '%s/store/%s'", value, dir, key);
}

/* Runs ENV SCRIPT WORDS: its exit status; what it wrote is in said. */
static int run(const char *env, const char *script, const char *words)
{
    char *command = xasprintf("XEN_HOTPLUG_PATH=%s/bin:/usr/sbin:/usr/bin:/sbin:/bin "
                              "XEN_HOTPLUG_NET=%s/net XEN_HOTPLUG_SYSCTL=%s/sys "
                              "XEN_HOTPLUG_LOCKS=%s/locks XEN_HOTPLUG_BLOCK=%s/block "
                              "%s sh " SCRIPTS "%s %s 2>&1", dir, dir, dir, dir, dir, env, script,
                              words);
    FILE *out = popen(command, "r");

    assert_non_null(out);
    said[fread(said, 1, sizeof(said) - 1, out)] = '\0';
    free(command);
    int status = pclose(out);

    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* What a file of the world says; "" if it is not there. */
static const char *text_of(const char *name)
{
    static char text[8192];
    char *path = xasprintf("%s/%s", dir, name);
    FILE *f = fopen(path, "r");

    text[f ? fread(text, 1, sizeof(text) - 1, f) : 0] = '\0';
    if (f)
        fclose(f);
    free(path);
    return text;
}

static void assert_has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("'%s' is not in:\n%s", part, text);
}

static void assert_has_not(const char *text, const char *part)
{
    if (strstr(text, part))
        fail_msg("'%s' is in:\n%s", part, text);
}

/* ---- all of them ---- */

static void test_syntax(void **state)
{
    (void)state;
    shell("for f in " SCRIPTS "*; do case $f in *.mk) ;; *) sh -n $f || exit 1 ;; esac; done");
}

/* None may do more than say what it can when it is called in a way nobody does. */
static void test_unknown_action(void **state)
{
    static const char *const scripts[] = {
        "vif-bridge", "vif-route", "vif-nat", "network-bridge", "network-route", "network-nat",
        "block-nbd",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
        assert_int_equal(run(VIF, scripts[i], "explode"), 1);
        assert_true(*said);
        assert_string_equal(text_of("rules"), "");
    }
}

/* ---- interfaces ---- */

static void test_bridge_online(void **state)
{
    (void)state;
    assert_int_equal(run(VIF, "vif-bridge", "online"), 0);
    const char *log = text_of("log");

    assert_has(log, "ip link set vif258.1 address fe:ff:ff:ff:ff:ff\n");
    assert_has(log, "ip link set vif258.1 mtu 1500\n");
    assert_has(log, "ip link set vif258.1 master xenbr0\n");
    assert_has_not(log, "eth0");
    assert_string_equal(text_of("store/backend_vif_258_1_hotplug-status"), "connected");
    assert_string_equal(text_of("store/backend_vif_258_1_bridge"), "xenbr0");
    assert_string_equal(text_of("rules"), "");
}

static void test_bridge_missing(void **state)
{
    (void)state;
    put("backend_vif_258_1_bridge", "br9");
    assert_int_equal(run(VIF, "vif-bridge", "online"), 1);
    assert_string_equal(said, "Could not find bridge device br9\n");
    assert_string_equal(text_of("store/backend_vif_258_1_hotplug-status"), "error");
    assert_string_equal(text_of("store/backend_vif_258_1_hotplug-error"),
                        "Could not find bridge device br9");
    shell("rm -r %s/net/xenbr0; rm %s/store/*_bridge", dir, dir);
    assert_int_equal(run(VIF, "vif-bridge", "online"), 1);
    assert_string_equal(said, "Could not find bridge, and none was specified\n");
}

static void test_bridge_ip(void **state)
{
    (void)state;
    put("backend_vif_258_1_ip", "10.0.0.7 10.0.1.0/24");
    assert_int_equal(run(VIF, "vif-bridge", "online"), 0);
    assert_has(text_of("rules"), "ip saddr { 10.0.0.7,10.0.1.0/24 } accept\n");
    assert_has(text_of("rules"), "iifname \"vif258.1\" jump vif258.1\n");
}

/* The name is the guest's from then on, also for taking it off the bridge. */
static void test_vifname(void **state)
{
    (void)state;
    put("backend_vif_258_1_vifname", "web");
    shell("mkdir %s/net/web", dir);
    assert_int_equal(run(VIF, "vif-bridge", "online"), 0);
    assert_has(text_of("log"), "ip link set vif258.1 name web\n");
    assert_has(text_of("log"), "ip link set web master xenbr0\n");
    assert_int_equal(run(VIF, "vif-bridge", "offline"), 0);
    assert_has(text_of("log"), "ip link set web nomaster\n");
}

/* What ip says is the last line that xend hears. */
static void test_ip_fails(void **state)
{
    (void)state;
    put("backend_vif_258_1_vifname", "fails");
    assert_int_equal(run(VIF, "vif-bridge", "online"), 1);
    assert_has(said, "vif258.1 cannot be called fails: RTNETLINK answers: No such device\n");
}

static void test_route(void **state)
{
    (void)state;
    assert_int_equal(run(VIF, "vif-route", "online"), 1);
    assert_has(said, "needs ip=");
    put("backend_vif_258_1_ip", "192.0.2.9 192.0.2.10");
    assert_int_equal(run(VIF, "vif-route", "online"), 0);
    const char *log = text_of("log");

    assert_has(log, "ip addr replace 10.0.2.15/32 dev vif258.1\n");
    assert_has(log, "ip route replace 192.0.2.9 dev vif258.1 src 10.0.2.15\n");
    assert_has(log, "ip route replace 192.0.2.10 dev vif258.1 src 10.0.2.15\n");
    assert_has_not(log, "set eth0");
    assert_string_equal(text_of("sys/net/ipv4/conf/vif258.1/proxy_arp"), "1\n");
    assert_string_equal(text_of("sys/net/ipv4/conf/vif258.1/rp_filter"), "1\n");
    assert_string_equal(text_of("sys/net/ipv4/conf/eth0/proxy_arp"), "");
}

static void test_nat(void **state)
{
    (void)state;
    assert_int_equal(run(VIF, "vif-nat", "online"), 0);
    assert_has(text_of("log"), "ip addr replace 10.1.2.129/32 dev vif258.1\n");
    assert_has(text_of("log"), "ip route replace 10.1.2.2/32 dev vif258.1 src 10.1.2.129\n");
    assert_has(text_of("log"), "nft add element ip xen-nat guests { 10.1.2.2 }\n");
    assert_string_equal(text_of("store/backend_vif_258_1_guest-address"), "10.1.2.2");
    assert_int_equal(run(VIF, "vif-nat", "offline"), 0);
    assert_has(text_of("log"), "nft delete element ip xen-nat guests { 10.1.2.2 }\n");
}

/* ---- networks ---- */

static void test_network_bridge(void **state)
{
    (void)state;
    shell("rm -r %s/net/xenbr0", dir);
    fake("ip", "case \"$*\" in 'link add'*) mkdir -p $D/net/$4/bridge $D/net/$4/brif ;; "
         "*'addr show dev eth0'*) echo '2: eth0    inet 10.0.2.15/24 brd 10.0.2.255' ;; esac");
    assert_int_equal(run("", "network-bridge", "start"), 0);
    assert_string_equal(text_of("log"),
                        "ip link add name xenbr0 type bridge forward_delay 0\n"
                        "ip link set xenbr0 up\n");
    assert_string_equal(text_of("rules"), "");
    assert_string_equal(text_of("sys/net/ipv4/ip_forward"), "");
    assert_int_equal(run("", "network-bridge", "stop"), 0);
    assert_has(text_of("log"), "ip link delete xenbr0\n");
}

static void test_network_bridge_nat(void **state)
{
    (void)state;
    assert_int_equal(run("", "network-bridge", "start nat=yes"), 1);
    assert_string_equal(said, "nat=yes needs ip=\n");
    assert_int_equal(run("", "network-bridge", "start nat=yes ip=10.8.0.1/24"), 0);
    assert_has(text_of("rules"), "ip saddr 10.8.0.1/24 oifname != \"xenbr0\" masquerade\n");
    assert_string_equal(text_of("sys/net/ipv4/ip_forward"), "1\n");
}

/* An interface that the host talks through is not torn from it. */
static void test_network_bridge_netdev(void **state)
{
    (void)state;
    assert_int_equal(run("", "network-bridge", "start netdev=eth0"), 1);
    assert_string_equal(said, "eth0 has the address 10.0.2.15: give it to xenbr0 first\n");
    assert_has_not(text_of("log"), "set eth0");
    shell("mkdir %s/net/eth1", dir);
    assert_int_equal(run("", "network-bridge", "start netdev=eth1"), 0);
    assert_has(text_of("log"), "ip link set eth1 master xenbr0\n");
}

/* With a guest on it, it stays. */
static void test_network_bridge_in_use(void **state)
{
    (void)state;
    shell("mkdir %s/net/xenbr0/brif/vif1.0", dir);
    assert_int_equal(run("", "network-bridge", "stop"), 0);
    assert_string_equal(text_of("log"), "");
}

static void test_network_route(void **state)
{
    (void)state;
    assert_int_equal(run("", "network-route", "start"), 0);
    assert_string_equal(text_of("sys/net/ipv4/ip_forward"), "1\n");
    assert_string_equal(text_of("sys/net/ipv4/conf/eth0/proxy_arp"), "");
    assert_int_equal(run("netdev=eth0", "network-route", "start"), 0);
    assert_string_equal(text_of("sys/net/ipv4/conf/eth0/proxy_arp"), "1\n");
}

static void test_network_nat(void **state)
{
    (void)state;
    assert_int_equal(run("", "network-nat", "start netdev=eth0"), 0);
    assert_has(text_of("rules"), "ip saddr @guests ip daddr != @guests oifname \"eth0\" masq");
    assert_int_equal(run("", "network-nat", "stop"), 0);
    assert_has(text_of("log"), "nft delete table ip xen-nat\n");
}

/* ---- disks ---- */

static void put_disk(const char *type, const char *params)
{
    put("backend_vbd_7_51712_type", type);
    put("backend_vbd_7_51712_params", params);
    put("backend_vbd_7_51712_mode", "w");
}

static void test_file(void **state)
{
    (void)state;
    char *image = xasprintf("%s/disk.img", dir);

    put_disk("file", image);
    assert_int_equal(run(VBD, "block", "add"), 0);
    /* Written down before it is taken. */
    const char *log = text_of("log");
    const char *noted = strstr(log, "xenstore-write backend/vbd/7/51712/node");
    char *taken = xasprintf("losetup /dev/loop5 %s\n", image);

    assert_non_null(noted);
    assert_non_null(strstr(noted, taken));
    assert_string_equal(text_of("store/backend_vbd_7_51712_physical-device"), "7:5");
    assert_string_equal(text_of("store/backend_vbd_7_51712_hotplug-status"), "connected");
    /* That loop device has no such file behind it: it is somebody else's by now. */
    shell(": > %s/log", dir);
    assert_int_equal(run(VBD, "block", "remove"), 0);
    assert_has_not(text_of("log"), "losetup -d");
    free(taken);
    free(image);
}

static void test_file_read_only(void **state)
{
    (void)state;
    char *image = xasprintf("%s/disk.img", dir);

    put_disk("file", image);
    put("backend_vbd_7_51712_mode", "r");
    assert_int_equal(run(VBD, "block", "add"), 0);
    assert_has(text_of("log"), "losetup -r /dev/loop5");
    free(image);
}

static void test_file_missing(void **state)
{
    (void)state;
    put_disk("file", "/nowhere/x.img");
    assert_int_equal(run(VBD, "block", "add"), 1);
    assert_string_equal(said, "/nowhere/x.img does not exist.\n");
    assert_string_equal(text_of("store/backend_vbd_7_51712_node"), "");
}

static void test_device_missing(void **state)
{
    (void)state;
    put_disk("phy", "/dev/nosuch");
    assert_int_equal(run(VBD, "block", "add"), 1);
    assert_string_equal(said, "/dev/nosuch is not a block device\n");
    put_disk("zap", "x");
    assert_int_equal(run(VBD, "block", "add"), 1);
    assert_string_equal(said, "no script for disks of type 'zap'\n");
}

static void test_nbd(void **state)
{
    (void)state;
    put_disk("nbd", "server 10809");
    assert_int_equal(run(VBD, "block", "add"), 0);
    assert_has(text_of("log"), "nbd-client server 10809 /dev/nbd1\n");
    assert_string_equal(text_of("store/backend_vbd_7_51712_physical-device"), "7:5");
    assert_int_equal(run(VBD, "block", "remove"), 0);
    assert_has(text_of("log"), "nbd-client -d /dev/nbd1\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_world, end_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_syntax),
        TEST(test_unknown_action),
        TEST(test_bridge_online),
        TEST(test_bridge_missing),
        TEST(test_bridge_ip),
        TEST(test_vifname),
        TEST(test_ip_fails),
        TEST(test_route),
        TEST(test_nat),
        TEST(test_network_bridge),
        TEST(test_network_bridge_nat),
        TEST(test_network_bridge_netdev),
        TEST(test_network_bridge_in_use),
        TEST(test_network_route),
        TEST(test_network_nat),
        TEST(test_file),
        TEST(test_file_read_only),
        TEST(test_file_missing),
        TEST(test_device_missing),
        TEST(test_nbd),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
