/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Directives: types, defaults, checks, hints at slips, S-expressions there and back, the examples.
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

static void test_defaults(void **state)
{
    struct config_domain d;

    (void)state;
    load_good("", &d);
    assert_string_equal(d.name, "test");
    assert_int_equal(d.memory, 128);
    assert_int_equal(d.maxmem, 128);
    assert_int_equal(d.vcpus, 1);
    assert_string_equal(d.on_poweroff, "destroy");
    assert_string_equal(d.on_reboot, "restart");
    assert_string_equal(d.on_crash, "restart");
    assert_string_equal(d.builder, "linux");
    assert_null(d.kernel);
    assert_true(d.machine_address_size == CONFIG_UNSET);
    assert_false(config_is_given(&d, "memory"));
    assert_int_equal(d.warnings.count, 0);
    config_domain_free(&d);
    config_domain_free(&d);
}

static void test_types(void **state)
{
    struct config_domain d;

    (void)state;
    load_good("memory = '64'\nvcpus = 2.0\nacpi = 'no'\nhpet = True\npae = 'Off'\n"
              "builder = 'hvm'\nname = 5\nserial = ['pty', 'null']\ncpus = '0-3'\nlocaltime = 1",
              &d);
    assert_int_equal(d.memory, 64);
    assert_int_equal(d.vcpus, 2);
    assert_int_equal(d.acpi, 0);
    assert_int_equal(d.hpet, 1);
    assert_int_equal(d.pae, 0);
    assert_string_equal(d.name, "5");
    assert_int_equal(d.serial.count, 2);
    assert_false(d.cpus_each);
    assert_true(config_is_given(&d, "memory"));
    config_domain_free(&d);
    load_bad("memory = 'lots'", "memory must be a number, not 'lots'");
    load_bad("memory = 1.5", "memory must be a number");
    load_bad("memory = []", "memory must be a number, not a list");
    load_bad("memory = -5", "memory is -5, but must be from 1");
    load_bad("memory = {}", "memory cannot be a dict");
    load_bad("acpi = 'maybe'", "acpi must be 0 or 1");
    load_bad("disk = 'phy:sda1,xvda,w'", "disk must be a list: disk = [ 'phy:sda1,xvda,w' ]");
    load_bad("disk = [ ['a'] ]", "disk cannot be a list that holds a list");
    load_bad("kernel = ['a']", "kernel must be a string, not a list");
    load_bad("cpu_weight = 70000", "cpu_weight is 70000, but must be from 1 to 65535");
    load_bad("kernel = 'a\\0b'", "NUL");
}

static void test_checks(void **state)
{
    struct config_domain d;

    (void)state;
    load_bad("name = 'a b'", "Invalid VM Name 'a b'");
    load_bad("memory = 64; maxmem = 32", "maxmem (32) is less than memory (64)");
    load_bad("on_crash = 'explode'", "on_crash is 'explode', but must be one of: destroy");
    load_bad("on_reboot = 'coredump-restart'", "must be one of");
    load_bad("builder = 'vax'", "must be one of: linux hvm");
    load_bad("uuid = '12'", "not 32 hexadecimal digits");
    load_bad("vcpus = 2; cpus = ['1']", "vcpus and the item number of cpus are not same");
    load_bad("cpus = '1-'", "expected numbers and ranges");
    load_bad("nfs_root = '/x'", "Must set nfs root and nfs server");
    load_bad("access_control = ['a', 'b']", "Multiple access_control definitions.");
    load_bad("access_control = ['policy=x']", "Invalid access_control specifier: policy=x");
    load_bad("boot = 'cz'", "only the letters");
    load_bad("maxvcpus = 2; vcpus = 4", "maxvcpus (2) is less than vcpus (4)");
    load_bad("vfb = ['vnc=1', 'sdl=1']", "at most one vfb");
    load_good("uuid = '06ED00FE11624FC4b5d811993ee4a8b9'", &d);
    assert_string_equal(d.uuid, "06ed00fe-1162-4fc4-b5d8-11993ee4a8b9");
    config_domain_free(&d);
    load_good("vcpus = 2; maxvcpus = 4; cpu = 3; cpus = '0-1'", &d);
    assert_int_equal(d.vcpus, 4);
    assert_string_equal(d.vcpu_avail, "3");
    assert_int_equal(d.cpus.count, 4);
    assert_string_equal(d.cpus.item[0], "3");
    assert_string_equal(d.cpus.item[3], "0-1");
    config_domain_free(&d);
    load_good("vcpus = 100; maxvcpus = 128", &d);
    assert_int_equal(d.vcpus, 128);
    assert_string_equal(d.vcpu_avail, "1267650600228229401496703205375");
    config_domain_free(&d);
    load_good("restart = 'never'; on_crash = 'preserve'", &d);
    assert_string_equal(d.on_reboot, "destroy");
    assert_string_equal(d.on_crash, "preserve");
    assert_int_equal(d.warnings.count, 1);
    config_domain_free(&d);
    load_good("access_control = ['policy=p,label=l']\nnics = 2\nvif = ['']", &d);
    assert_string_equal(d.security_policy, "p");
    assert_string_equal(d.security_label, "l");
    assert_int_equal(d.vif_count, 2);
    config_domain_free(&d);
}

static void test_places(void **state)
{
    struct config_domain d;
    struct config_error e;
    char text[600];

    (void)state;
    assert_int_not_equal(load("x = 1\nmemory = 'a'", &d, &e), 0);
    config_error_format(&e, text, sizeof(text));
    assert_string_equal(text, "test:3: memory must be a number, not 'a'");
    assert_int_not_equal(load("\ndisk = [ 'phy:a,xvda,w',\n 'phy:b,q,w' ]", &d, &e), 0);
    assert_int_equal(e.line, 3);
}

static void test_hints(void **state)
{
    struct config_domain d;

    (void)state;
    load_good("memroy = 5\nonpoweroff = 'x'\nused = 1\nextra = str(used)\nlonelyvariable = 1\n"
              "for i in [1]: pass\n_private = 3\ndef f(): pass\nimport re", &d);
    assert_int_equal(d.warnings.count, 3);
    assert_string_equal(d.warnings.item[0],
                        "test:6: 'lonelyvariable' is no directive and nothing uses it");
    assert_string_equal(d.warnings.item[1], "test:2: 'memroy' is no directive and nothing uses "
                                            "it; did you mean 'memory'?");
    assert_non_null(strstr(d.warnings.item[2], "did you mean 'on_poweroff'?"));
    config_domain_free(&d);
    assert_string_equal(config_key_nearest("kernal"), "kernel");
    assert_string_equal(config_key_nearest("ram_disk"), "ramdisk");
    assert_string_equal(config_key_nearest("MEMORY"), "memory");
    assert_null(config_key_nearest("firmware_override"));
    load_bad("vif = ['mca=00:16:3e:00:00:01']", "Invalid vif option: mca; did you mean 'mac'?");
    load_bad("vfb = ['vncpaswd=x']",
             "configuration option vncpaswd unknown to vfbs; did you mean 'vncpasswd'?");
    load_bad("disk = ['fiel:/x,xvda,w']", "did you mean 'file:'?");
    load_bad("disk = ['tap:qcwo2:/x,xvda,w']", "did you mean 'qcow2'?");
}

static void test_command_line(void **state)
{
    static const char *const lines[][2] = {
        { "root = '/dev/xvda1 ro'; extra = 'quiet'", "root=/dev/xvda1 ro quiet" },
        { "root = 'root=/dev/xvda1'", "root=/dev/xvda1" },
        { "root = '/dev/a'; extra = 'root=/dev/b x'", "root=/dev/b x" },
        { "extra = 'chroot=1'; root = '/dev/a'", "root=/dev/a chroot=1" },
        { "dhcp = 'dhcp'", "ip=:127.0.255.255::::eth0:dhcp" },
        { "ip = '1.2.3.4'; gateway = '1.2.3.1'; hostname = 'h'; nfs_server = '9.9.9.9'",
          "ip=1.2.3.4:9.9.9.9:1.2.3.1::h:eth0:off" },
        { "nfs_root = '/r'; nfs_server = '9.9.9.9'; root = '/dev/nfs'; extra = '4'",
          "root=/dev/nfs nfsroot=9.9.9.9:/r 4" },
        { "", "" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
        struct config_domain d;

        load_good(lines[i][0], &d);
        char *line = config_command_line(&d);

        assert_string_equal(line, lines[i][1]);
        free(line);
        config_domain_free(&d);
    }
}

static char *printed(const struct config_domain *d, const char *head)
{
    struct sxp *s = config_to_sxp(d, head);
    struct buffer b = { 0 };

    sxp_print(&b, s);
    sxp_free(s);
    return buffer_detach(&b);
}

/* What is read back from the printed form is the same. */
static void expect_round_trip(const struct config_domain *d)
{
    char *first = printed(d, "domain");
    struct sxp *s = sxp_parse(first, strlen(first), NULL, NULL, 0);
    struct config_domain back;
    struct config_error e;

    if (config_from_sxp(s, &back, &e))
        fail_msg("%s: %s", e.what, first);
    char *second = printed(&back, "domain");

    assert_string_equal(first, second);
    assert_int_equal(back.warnings.count, 0);
    free(first);
    free(second);
    sxp_free(s);
    config_domain_free(&back);
}

static void test_sxp(void **state)
{
    struct config_domain d;

    (void)state;
    load_good("kernel = '/boot/k'; root = '/dev/xvda1 ro'; memory = 64\n"
              "disk = [ 'phy:vg/a,xvda1,w', ',hdc:cdrom,r' ]\nvif = ['']", &d);
    char *text = printed(&d, "vm");

    assert_string_equal(text,
        "(vm (name test) (memory 64) (maxmem 64) (shadow_memory 0) (vcpus 1) "
        "(on_poweroff destroy) (on_reboot restart) (on_crash restart) (on_xend_start ignore) "
        "(on_xend_stop ignore) (image (linux (kernel /boot/k) (root '/dev/xvda1 ro'))) "
        "(s3_integrity 1) (device (vbd (uname phy:vg/a) (dev xvda1) (mode w))) "
        "(device (vbd (uname '') (dev hdc:cdrom) (mode r))) (device (vif)))");
    free(text);
    expect_round_trip(&d);
    config_domain_free(&d);
}

static void test_round_trips(void **state)
{
    static const char *const lines[] = {
        "vcpus = 3; cpus = ['0', '1-2', '']; maxmem = 512; cpu_weight = 300; pool = 'p'",
        "vcpus = 2; maxvcpus = 4; cpus = '0-3,^1'; features = '!writable_page_tables|x'",
        "builder = 'hvm'; kernel = 'hvmloader'; vnc = 1; boot = 'dc'; serial = 'pty'; acpi = 0",
        "builder = 'hvm'; serial = ['pty', 'null']; usbdevice = 'tablet'; sdl = 1",
        "disk = ['tap:aio:/a,xvda,w!,dom1,x86_64-abi', 'tap2:qcow2:/b,sdb1,r', 'nbd:h 1,hdd,w']",
        "vif = ['mac=00:16:3E:00:00:01,bridge=b,rate=10Mb/s,model=e1000,type=ioemu', '']",
        "vif2 = ['front_mac=00:16:3e:00:00:01,bridge=b']; vfb = ['vnc=1,vncpasswd=a b']",
        "pci = ['07:00.0', '0001:08:01.*@5,msitranslate=0,power_mgmt=1']",
        "vtpm = ['instance=3,backend=dom0']; vscsi = ['sdx,1:2:3:4,be', '4:3:2:1,host']",
        "vusb = ['usbver=1,numports=3,port_2=1-1']; ioports = ['3f8-3ff', 'a0']; irq = [5, 7]",
        "cpuid = ['1:ecx=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx01,eax=0x5', '0xb,1:ebx=0x1']\n"
        "cpuid_check = ['1:edx=ssssssssssssssssxxxxxxxxxxxxxx01']",
        "access_control = ['policy=p,label=l']; blkif = 1; netif = 1; localtime = 1",
        "bootloader = 'pygrub'; bootargs = '-q'; ip = '1.2.3.4'; extra = \"it's 'quoted'\"",
        "description = 'two words (and brackets)'; tsc_mode = 2; superpages = 1; target = 3",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
        struct config_domain d;

        load_good(lines[i], &d);
        expect_round_trip(&d);
        config_domain_free(&d);
    }
}

static struct sxp *read_sxp(const char *text)
{
    char error[100];
    struct sxp *s = sxp_parse(text, strlen(text), NULL, error, sizeof(error));

    if (!s)
        fail_msg("%s: %s", error, text);
    return s;
}

static void test_foreign_sxp(void **state)
{
    struct sxp *s = read_sxp(
        "(domain (domid 3) (name a) (memory 64) (vcpus 2) (cpus ((0 1) (2))) (status 2)"
        " (memroy 3) (state -b----) (image (linux (kernel /k) (notes (X 1))))"
        " (device (vif (mac 00:16:3e:00:00:09) (uuid u-1) (backend 0)))"
        " (device (vbd (uname phy:a) (dev xvda:disk) (mode w) (uuid u-2) (bootable 1) (VDI)))"
        " (device (console (protocol vt100))) (device (vkbd (backend 0))))");
    struct config_domain d;
    struct config_error e;

    (void)state;
    assert_int_equal(config_from_sxp(s, &d, &e), 0);
    assert_true(d.cpus_each);
    assert_string_equal(d.cpus.item[0], "0,1");
    assert_string_equal(d.vifs[0].uuid, "u-1");
    assert_string_equal(d.disks[0].uuid, "u-2");
    assert_int_equal(d.warnings.count, 1);
    assert_string_equal(d.warnings.item[0], "unknown key 'memroy'; did you mean 'memory'?");
    config_domain_free(&d);
    sxp_free(s);
}

static void test_bad_sxp(void **state)
{
    static const char *const texts[] = {
        "(cat (name a))", "(vm)", "(vm (name a) (image))", "(vm (name a) (image (vax)))",
        "(vm (name a) (memory x))", "(vm (name a) (device (vbd (uname phy:a) (dev q))))",
        "(vm (name a) (device))", "(vm (name a) (device ()))", "()", "a", "(vm (name a) (cpus))",
        "(vm (name a) (device (vif (mac xx))))", "(vm (name a) (device (pci (dev))))",
        "(vm (name a) (device (vusb (port (99 x)))))", "(vm (name a) (cpuid ((1 (())))))",
        "(vm (name a) (device (irq)))", "(vm (name a) (device (ioports)))",
        "(vm (name ((a))) (uuid ()) (security (())) (backend ()))", "((vm))", "(vm () (()))",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        struct sxp *s = read_sxp(texts[i]);
        struct config_domain d;
        struct config_error e;

        /* Some of them say too little rather than something wrong. */
        if (config_from_sxp(s, &d, &e))
            assert_true(*e.what);
        config_domain_free(&d);
        sxp_free(s);
    }
}

static void load_example(const char *name, const char *setting, struct config_domain *d)
{
    struct config_options o = { .set = &setting, .set_count = setting != NULL };
    struct config_error e;
    char path[200];

    snprintf(path, sizeof(path), "tools/examples/%s", name);
    if (config_load(path, &o, d, &e)) {
        config_error_print(&e, stderr);
        fail_msg("%s", path);
    }
    assert_int_equal(d->warnings.count, 0);
    expect_round_trip(d);
}

static void test_examples(void **state)
{
    const char *const bad[] = { "vmid=0", "vmid=x" };
    struct config_options o = { 0 };
    struct config_domain d;
    struct config_error e;

    (void)state;
    load_example("xmexample1", NULL, &d);
    assert_string_equal(d.name, "ExampleDomain");
    config_domain_free(&d);
    load_example("xmexample2", "vmid=4", &d);
    assert_string_equal(d.name, "VM4");
    assert_int_equal(d.vcpus, 4);
    assert_string_equal(d.vifs[0].mac, "00:16:3e:00:00:04");
    config_domain_free(&d);
    load_example("xmexample3", "vmid=7", &d);
    assert_string_equal(d.vifs[0].ip, "10.3.0.107");
    assert_string_equal(d.disks[1].path, "/dev/vg0/vm7-2");
    config_domain_free(&d);
    assert_int_not_equal(config_load("tools/examples/xmexample2", NULL, &d, &e), 0);
    assert_non_null(strstr(e.what, "variable 'vmid' is missing: give vmid=VALUE"));
    for (size_t i = 0; i < 2; i++) {
        o.set = &bad[i];
        o.set_count = 1;
        assert_int_not_equal(config_load("tools/examples/xmexample2", &o, &d, &e), 0);
        assert_non_null(strstr(e.what, "variable 'vmid' has a bad value"));
    }
}

static void test_help(void **state)
{
    struct config_options o = { .want_help = true };
    struct config_vars vars;
    struct config_error e;

    (void)state;
    assert_int_equal(config_evaluate_file("tools/examples/xmexample2", &o, &vars, &e), 0);
    assert_int_equal(vars.help.count, 2);
    assert_string_equal(vars.help.item[0], "vmid");
    config_vars_free(&vars);
}

static void test_finding(void **state)
{
    struct config_error e;
    char *found;

    (void)state;
    assert_int_equal(config_find_file("xmexample1", "/nowhere:tools/examples", &found, &e), 0);
    assert_string_equal(found, "tools/examples/xmexample1");
    free(found);
    assert_int_equal(config_find_file("no-such", NULL, &found, &e), -2);
    assert_string_equal(e.what, "Unable to open config file: no-such");
    assert_null(found);
    struct config_domain d;

    assert_int_not_equal(config_load("/dev/null", NULL, &d, &e), 0);
    assert_int_not_equal(config_load("/tmp", NULL, &d, &e), 0);
}

static void test_check_files(void **state)
{
    struct config_domain d;
    struct config_error e;

    (void)state;
    load_good("kernel = 'tools/examples/xmexample1'", &d);
    assert_int_equal(config_check_files(&d, &e), 0);
    assert_int_equal(*d.kernel, '/');
    config_domain_free(&d);
    load_good("kernel = '/no/kernel'", &d);
    assert_int_not_equal(config_check_files(&d, &e), 0);
    assert_string_equal(e.what, "Cannot find kernel \"/no/kernel\"");
    config_domain_free(&d);
    load_good("", &d);
    assert_int_not_equal(config_check_files(&d, &e), 0);
    config_domain_free(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults), cmocka_unit_test(test_types),
        cmocka_unit_test(test_checks), cmocka_unit_test(test_places),
        cmocka_unit_test(test_hints), cmocka_unit_test(test_command_line),
        cmocka_unit_test(test_sxp), cmocka_unit_test(test_round_trips),
        cmocka_unit_test(test_foreign_sxp), cmocka_unit_test(test_bad_sxp),
        cmocka_unit_test(test_examples), cmocka_unit_test(test_help),
        cmocka_unit_test(test_finding), cmocka_unit_test(test_check_files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
