/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Devices one by one, their numbers and rates; sets of CPUs; xend-config.sxp.
 *
 * sources: tools/libs/config/error.c tools/libs/config/vars.c tools/libs/config/keys.c
 * sources: tools/libs/config/field.c tools/libs/config/domain.c tools/libs/config/finish.c
 * sources: tools/libs/config/disk.c tools/libs/config/vif.c tools/libs/config/vfb.c
 * sources: tools/libs/config/pci.c tools/libs/config/device.c tools/libs/config/cpu.c
 * sources: tools/libs/config/to_sxp.c tools/libs/config/from_sxp.c
 * sources: tools/libs/config/device_sxp.c tools/libs/config/xend.c $(wildcard
 * sources: tools/libs/config/script/[a-z]*.c) tools/libs/base/[a-z]*.c
 * flags: -Itests/unit/tools/config -lm
 */
#include "helper.h"

static void expect_number(const char *name, uint32_t expected)
{
    uint32_t number = 0;

    if (!config_device_number(name, &number))
        fail_msg("%s", name);
    assert_int_equal(number, expected);
}

static void test_numbers(void **state)
{
    static const char *const bad[] = { "", "xvd", "hdu", "sdiz", "xvda01", "xvdaaaaa", "foo",
                                       "xvda256", "sda16", "hda64", "xvda-1", "12x", "/dev/" };
    uint32_t number;

    (void)state;
    expect_number("xvda", 51712);
    expect_number("xvdb", 51728);
    expect_number("/dev/xvda1", 51713);
    expect_number("xvdp15", (202 << 8) + 255);
    expect_number("xvdq", (1 << 28) + (16 << 8));
    expect_number("xvdaa3", (1 << 28) + (26 << 8) + 3);
    expect_number("xvda16", (1 << 28) + 16);
    expect_number("hda", 768);
    expect_number("hdb", 832);
    expect_number("hdc", 5632);
    expect_number("hdt", (91 << 8) + 64);
    expect_number("sda", 2048);
    expect_number("sda1", 2049);
    expect_number("sdq", 65 << 8);
    expect_number("sddx", (71 << 8) + (15 << 4));
    expect_number("sddy", 128 << 8);
    expect_number("51712", 51712);
    expect_number("0xca00", 51712);
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        if (config_device_number(bad[i], &number))
            fail_msg("%s was taken for %u", bad[i], number);
    }
}

static void test_disks(void **state)
{
    struct config_disk disk;
    struct config_error e;

    (void)state;
    assert_int_equal(config_disk_parse(" tap:qcow2:/a b , ioemu:/dev/hdc:cdrom , r , dom1 ",
                                       &disk, &e), 0);
    assert_string_equal(disk.uname, "tap:qcow2:/a b");
    assert_string_equal(disk.scheme, "tap");
    assert_string_equal(disk.driver, "qcow2");
    assert_string_equal(disk.path, "/a b");
    assert_string_equal(disk.dev, "hdc");
    assert_int_equal(disk.type, CONFIG_DISK_CDROM);
    assert_int_equal(disk.device_class, CONFIG_DISK_TAP);
    assert_int_equal(disk.mode, CONFIG_DISK_READ);
    assert_string_equal(disk.backend, "dom1");
    config_disk_free(&disk);
    assert_int_equal(config_disk_parse("phy:vg/a,xvda,w!", &disk, &e), 0);
    assert_string_equal(disk.path, "/dev/vg/a");
    assert_string_equal(config_disk_mode_name(disk.mode), "w!");
    config_disk_free(&disk);
    assert_int_equal(config_disk_parse("tap:tapdisk:aio:/x,xvda,w", &disk, &e), 0);
    assert_string_equal(disk.driver, "aio");
    config_disk_free(&disk);
    assert_int_equal(config_disk_parse("drbd:res0,xvda,w", &disk, &e), 0);
    assert_string_equal(disk.path, "res0");
    config_disk_free(&disk);
    load_bad("disk = ['phy:a,xvda']", "Invalid disk specifier: phy:a,xvda");
    load_bad("disk = ['phy:a,xvda,w,b,x86_64-abi,6']", "Invalid disk specifier");
    assert_int_equal(config_disk_parse("phy:a,xvda,rw", &disk, &e), 0);
    assert_int_equal(disk.mode, CONFIG_DISK_WRITE);
    config_disk_free(&disk);
    load_bad("disk = ['phy:a,xvda,x']", "Invalid mode 'x' of disk xvda: it is r, w or w!");
    load_bad("disk = ['phy:a,foo,w']", "Unable to find number for device (foo)");
    load_bad("disk = ['/dev/a,xvda,w']", "expected a prefix such as phy: or file:");
    load_bad("disk = ['file:,xvda,w']", "nothing behind the prefix");
    load_bad("disk = [',xvda,w']", "only a cdrom or floppy may be empty");
    load_bad("disk = ['phy:a,hdc:cd,r']", "the type is disk, cdrom, floppy or tapdisk");
    load_bad("disk = ['tap:/x,xvda,w']", "expected tap:DRIVER:PATH");
    load_bad("disk = ['phy:a,xvda,w,,vax-abi']", "unknown protocol");
    load_bad("disk = ['phy:a,xvda,w', 'phy:b,51712,w']", "given twice");
}

static void test_vifs(void **state)
{
    static const char *const bad_macs[] = { "00:16:3e:00:00", "00:16:3e:00:00:0g",
                                            "01:00:00:00:00:00", "00-16-3e-00-00-01", "" };
    struct config_vif vif;
    struct config_error e;
    uint8_t mac[6];

    (void)state;
    assert_int_equal(config_vif_parse("mac=00:16:3E:0A:00:01, ip=10.0.0.1 10.0.1.0/24,"
                                      "rate = 10Mb/s ,script=vif-nat", &vif, &e), 0);
    assert_string_equal(vif.mac, "00:16:3e:0a:00:01");
    assert_string_equal(vif.ip, "10.0.0.1 10.0.1.0/24");
    assert_int_equal(vif.rate_bytes, 62500);
    assert_int_equal(vif.rate_usecs, 50000);
    config_vif_free(&vif);
    for (size_t i = 0; i < sizeof(bad_macs) / sizeof(*bad_macs); i++)
        assert_false(config_mac_parse(bad_macs[i], mac));
    load_bad("vif = ['mac=zz']", "bad MAC 'zz'");
    load_bad("vif = ['bridge']", "bridge should be a pair, separated by an equals sign.");
    load_bad("vif = ['speed=3']", "Invalid vif option: speed");
    load_bad("vif = ['type=fast']", "must be one of: ioemu netfront");
    load_bad("vif = ['rate=fast']", "bad rate 'fast'");
    load_bad("vif = ['vifname=averyverylongname']", "longer than 15");
}

static void test_rates(void **state)
{
    static const char *const bad[] = { "", "10", "10Mb", "Mb/s", "10Xb/s", "10Mb/s@", "1b/s@0s",
                                       "10Mb/s@5h", "99999999999999999Gb/s", "1Mb/sx" };
    int64_t bytes, usecs;

    (void)state;
    assert_true(config_rate_parse("250KB/s@20ms", &bytes, &usecs));
    assert_int_equal(bytes, 5000);
    assert_int_equal(usecs, 20000);
    assert_true(config_rate_parse("1Gb/s@100us", &bytes, &usecs));
    assert_int_equal(bytes, 12500);
    assert_true(config_rate_parse("1.5MB/s@1s", &bytes, &usecs));
    assert_int_equal(bytes, 1500000);
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        if (config_rate_parse(bad[i], &bytes, &usecs))
            fail_msg("'%s' was taken", bad[i]);
    }
}

static void test_others(void **state)
{
    struct config_domain d;

    (void)state;
    load_good("vfb = ['type=vnc,vncunused=1,vncdisplay=3,vnclisten=0.0.0.0']\n"
              "pci = ['0000:07:1f.3@4,msitranslate=1', '8:0.0-2']\n"
              "vtpm = ['backend=0']\nvscsi = ['sda, 0:1:2:3']\nioports = ['2F8-2ff', '60']\n"
              "irq = ['9']\nvusb = ['numports=4,port_4=1-2']\n"
              "cpuid = ['0xb,0:eax=0x1']", &d);
    assert_int_equal(d.vfbs[0].vnc, 1);
    assert_int_equal(d.vfbs[0].vncdisplay, 3);
    assert_true(d.vfbs[0].sdl == CONFIG_UNSET);
    assert_int_equal(d.pcis[0].bus, 7);
    assert_int_equal(d.pcis[0].slot, 0x1f);
    assert_int_equal(d.pcis[0].function, 3);
    assert_int_equal(d.pcis[0].vslot, 4);
    assert_int_equal(d.pcis[0].msitranslate, 1);
    assert_int_equal(d.pcis[1].functions, 7);
    assert_true(d.vtpms[0].instance == CONFIG_UNSET);
    assert_string_equal(d.vscsis[0].vdev, "0:1:2:3");
    assert_int_equal(d.ioport_ranges[0].to, 0x2ff);
    assert_int_equal(d.ioport_ranges[1].from, 0x60);
    assert_int_equal(d.irqs[0], 9);
    assert_string_equal(d.vusbs[0].port[3], "1-2");
    assert_int_equal(d.cpuid_rules[0].leaf, 0xb);
    assert_int_equal(d.cpuid_rules[0].subleaf, 0);
    config_domain_free(&d);
    load_bad("pci = ['07:20.0']", "Failed to parse pci device: 07:20.0");
    load_bad("pci = ['07:00.8']", "Failed to parse pci device");
    load_bad("pci = ['']", "Failed to parse pci device");
    load_bad("pci = ['07:00.0@x']", "Failed to parse pci device");
    load_bad("pci = ['07:00.0,foo=1']", "Invalid pci option: foo");
    load_bad("vtpm = ['instance=0']", "vTPM instance must not be 0");
    load_bad("vscsi = ['sda']", "Invalid vscsi specifier");
    load_bad("vscsi = ['sda,1:2']", "the virtual device is h:c:t:l or host");
    load_bad("ioports = ['zz']", "Invalid i/o port range specifier: zz");
    load_bad("ioports = ['10-5']", "Invalid i/o port range");
    load_bad("ioports = ['10000']", "Invalid i/o port range");
    load_bad("irq = ['x']", "Invalid irq: x");
    load_bad("vusb = ['numports=2,port_3=1-1']", "only 2 ports");
    load_bad("vusb = ['usbver=3']", "usbver is 3, but must be from 1 to 2");
    load_bad("cpuid = ['1:esi=0x1']", "cpuid's syntax is (eax|ebx|ecx|edx)=value");
    load_bad("cpuid = ['eax=1']", "expected LEAF:register=value");
    load_bad("cpuid = ['1:eax=2']", "32 of the characters");
    load_bad("cpuid_check = ['1:eax=kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk']", "32 of the characters");
}

static void test_cpus(void **state)
{
    static const char *const bad[] = { "x", "1-", "-1", "3-1", "1,,2", "1;2", "9999999999", "^" };
    struct config_error e;
    uint64_t map[2] = { 0 };

    (void)state;
    assert_int_equal(config_cpus_parse("0-3,5,^1", map, 128, &e), 0);
    assert_int_equal(map[0], 0x2d);
    map[0] = 0;
    assert_int_equal(config_cpus_parse("^1,0-2", map, 128, &e), 0);
    assert_int_equal(map[0], 7);
    assert_int_equal(config_cpus_parse("64-65", map, 128, &e), 0);
    assert_int_equal(map[1], 3);
    assert_int_equal(config_cpus_parse("", map, 128, &e), 0);
    assert_true(map[1] == UINT64_MAX);
    assert_int_not_equal(config_cpus_parse("128", map, 128, &e), 0);
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_int_not_equal(config_cpus_parse(bad[i], map, 128, &e), 0);
}

static void test_xend(void **state)
{
    static const char text[] =
        "# -*- sh -*-\n"
        "(logfile /tmp/x.log)   # comment\n"
        "(loglevel INFO)\n"
        "(network-script 'network-bridge netdev=eth0')\n"
        "(xend-http-server yes)\n(xend-port 9000)\n"
        "(dom0-min-mem 196)\n(dom0-cpus 2)\n"
        "(vif-scirpt vif-route)\n(frobnicate 1)\n(backlog 5)\n"
        "(xen-api-server ((9363 pam '^localhost$')\n    (unix none)))\n"
        "(pscsi-device-mask ('sda' 'sdb'))\n(vncpasswd '')\n";
    struct config_xend x;
    struct config_error e;

    (void)state;
    assert_int_equal(config_xend_parse("xend", text, sizeof(text) - 1, &x, &e), 0);
    assert_string_equal(x.logfile, "/tmp/x.log");
    assert_string_equal(x.loglevel, "INFO");
    assert_string_equal(x.network_script, "network-bridge netdev=eth0");
    assert_string_equal(x.vif_script, "vif-bridge");
    assert_int_equal(x.http_server, 1);
    assert_int_equal(x.unix_xmlrpc_server, 1);
    assert_int_equal(x.port, 9000);
    assert_int_equal(x.relocation_port, 8002);
    assert_int_equal(x.dom0_min_mem, 196);
    assert_int_equal(x.dom0_ballooning, 1);
    assert_int_equal(x.xen_api_server->count, 2);
    assert_int_equal(x.pscsi_device_mask.count, 2);
    assert_int_equal(x.warnings.count, 2);
    assert_string_equal(x.warnings.item[0],
                        "xend:9: unknown key 'vif-scirpt'; did you mean 'vif-script'?");
    assert_string_equal(x.warnings.item[1], "xend:10: unknown key 'frobnicate'");
    config_xend_free(&x);
    config_xend_free(&x);
}

static void test_bad_xend(void **state)
{
    static const struct {
        const char *text, *part;
        unsigned int line;
    } bad[] = {
        { "(xend-port 80000)", "xend-port is 80000, but must be from 0 to 65535", 1 },
        { "\n(loglevel LOUD)", "must be one of: TRACE", 2 },
        { "(logfile /a)\n\n(enable-dump maybe)", "must be 0 or 1", 3 },
        { "(logfile", "does not end", 1 },
        { "(network-script network-bridge netdev=eth0)", "takes one value; quote it", 1 },
        { "(xend-port)", "has no value", 1 },
        { "logfile /a", "expected (key value)", 1 },
        { ")", "", 1 },
        { "(a b)\n(c\n'd", "", 3 },
    };
    struct config_xend x;
    struct config_error e;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        const char *text = bad[i].text;

        assert_int_not_equal(config_xend_parse("xend", text, strlen(text), &x, &e), 0);
        if (!strstr(e.what, bad[i].part))
            fail_msg("'%s' is not in '%s'", bad[i].part, e.what);
        assert_int_equal(e.line, bad[i].line);
    }
    assert_int_not_equal(config_xend_parse("xend", "\0", 1, &x, &e), 0);
    assert_int_equal(config_xend_load("/nonexistent", &x, &e), 0);
    assert_int_equal(x.warnings.count, 1);
    assert_int_equal(x.dom0_ballooning, 0);
    assert_string_equal(x.pscsi_device_mask.item[0], "*");
    config_xend_free(&x);
    assert_int_not_equal(config_xend_load("/tmp", &x, &e), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers), cmocka_unit_test(test_disks),
        cmocka_unit_test(test_vifs), cmocka_unit_test(test_rates),
        cmocka_unit_test(test_others), cmocka_unit_test(test_cpus),
        cmocka_unit_test(test_xend), cmocka_unit_test(test_bad_xend),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
