/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The table of directives: name, type, default, range, where it goes, what it means.
 *
 * Its order is the order in which S-expressions show them.
 */
#include <string.h>

#include "private.h"

#define AT(field) offsetof(struct config_domain, field)
#define TEXT(n, field, where, def, words, xname, text) \
    { .name = n, .type = CONFIG_STR, .place = where, .offset = AT(field), .fallback = def, \
      .choices = words, .sxp = xname, .help = text }
#define NUMBER(n, field, where, def, low, high, text) \
    { .name = n, .type = CONFIG_INT, .place = where, .offset = AT(field), .fallback = def, \
      .min = low, .max = high, .help = text }
#define FLAG(n, field, where, def, text) \
    { .name = n, .type = CONFIG_BOOL, .place = where, .offset = AT(field), .fallback = def, \
      .help = text }
#define LIST(n, field, text) \
    { .name = n, .type = CONFIG_LIST, .place = CONFIG_IN_NOTHING, .offset = AT(field), \
      .help = text }
#define MIXED(n, field, where, text) \
    { .name = n, .type = CONFIG_STR_OR_LIST, .place = where, .offset = AT(field), .help = text }

#define VM CONFIG_IN_VM
#define IMAGE CONFIG_IN_IMAGE
#define HVM CONFIG_IN_HVM
#define BACKEND CONFIG_IN_BACKEND
#define NOTHING CONFIG_IN_NOTHING

#define MIB_MAX (1ll << 34)
#define INT_MAX_ 2147483647ll
#define ENDS "destroy restart preserve rename-restart"
#define CRASHES ENDS " coredump-destroy coredump-restart"

static const struct config_key keys[] = {
    TEXT("name", name, VM, NULL, NULL, NULL, "unique name: letters, digits and _ - . : +"),
    TEXT("description", description, VM, NULL, NULL, NULL, "free text"),
    TEXT("uuid", uuid, VM, NULL, NULL, NULL, "128-bit identifier; random if absent"),
    NUMBER("memory", memory, VM, "128", 1, MIB_MAX, "memory at the start, in MiB"),
    NUMBER("maxmem", maxmem, VM, NULL, 1, MIB_MAX, "most memory it may have, in MiB"),
    NUMBER("shadow_memory", shadow_memory, VM, "0", 0, MIB_MAX,
           "MiB for paging structures of HVM; 0: chosen"),
    NUMBER("vcpus", vcpus, VM, "1", 1, 8192, "number of virtual CPUs"),
    NUMBER("maxvcpus", maxvcpus, NOTHING, NULL, 1, 8192,
           "most virtual CPUs; vcpus are then those online at the start"),
    TEXT("vcpu_avail", vcpu_avail, VM, NULL, NULL, NULL,
         "bitmap of virtual CPUs online at the start; all if absent"),
    NUMBER("cpu", cpu, NOTHING, NULL, 0, 8191, "the CPU of the first virtual CPU (old; use cpus)"),
    MIXED("cpus", cpus, NOTHING, "CPUs it may run on: \"0-3,^1\", or a list, one for each vcpu"),
    NUMBER("cpu_weight", cpu_weight, VM, NULL, 1, 65535, "share of the credit scheduler (256)"),
    NUMBER("cpu_cap", cpu_cap, VM, NULL, 0, 819200, "most CPU time in percent of one; 0: any"),
    TEXT("pool", pool, VM, NULL, NULL, "pool_name", "pool of CPUs it runs in (Pool-0)"),
    TEXT("features", features, VM, NULL, NULL, NULL,
         "features wanted of the guest's kernel, joined by |, with ! for not"),
    TEXT("on_poweroff", on_poweroff, VM, "destroy", ENDS, NULL, "what follows a power-off"),
    TEXT("on_reboot", on_reboot, VM, "restart", ENDS, NULL, "what follows a reboot"),
    TEXT("on_crash", on_crash, VM, "restart", CRASHES, NULL, "what follows a crash"),
    TEXT("restart", restart, NOTHING, NULL, "onreboot always never", NULL,
         "old form of the on_... directives"),
    TEXT("on_xend_start", on_xend_start, VM, "ignore", "ignore start", NULL,
         "what to do when xend starts"),
    TEXT("on_xend_stop", on_xend_stop, VM, "ignore", "ignore shutdown suspend", NULL,
         "what to do when xend stops"),
    FLAG("localtime", localtime, VM, NULL, "the virtual clock shows local time"),
    NUMBER("target", target, VM, NULL, 0, 32751, "domain this one is a device model for"),
    TEXT("bootloader", bootloader, VM, NULL, NULL, NULL,
         "program that finds the kernel on the first disk, as pygrub"),
    TEXT("bootargs", bootargs, VM, NULL, NULL, "bootloader_args", "the boot loader's arguments"),
    TEXT("bootentry", bootentry, NOTHING, NULL, NULL, NULL, "old; use bootargs"),
    FLAG("blkif", blkif, BACKEND, "0", "may be a backend for disks"),
    FLAG("netif", netif, BACKEND, "0", "may be a backend for networks"),
    FLAG("tpmif", tpmif, BACKEND, "0", "may be a backend for TPMs"),

    TEXT("builder", builder, NOTHING, "linux", "linux hvm", NULL, "kind of domain"),
    TEXT("kernel", kernel, IMAGE, NULL, NULL, NULL, "the kernel; for HVM the firmware"),
    TEXT("ramdisk", ramdisk, IMAGE, NULL, NULL, NULL, "the initial RAM disk"),
    TEXT("loader", loader, IMAGE, NULL, NULL, NULL, "firmware, when kernel is booted directly"),
    TEXT("root", root, IMAGE, NULL, NULL, NULL, "root= of the kernel's command line"),
    TEXT("extra", extra, IMAGE, NULL, NULL, "args", "the rest of the kernel's command line"),
    TEXT("ip", ip, NOTHING, NULL, NULL, NULL, "ip= of the kernel's command line: the address"),
    TEXT("gateway", gateway, NOTHING, NULL, NULL, NULL, "of ip=: the gateway"),
    TEXT("netmask", netmask, NOTHING, NULL, NULL, NULL, "of ip=: the netmask"),
    TEXT("hostname", hostname, NOTHING, NULL, NULL, NULL, "of ip=: the host's name"),
    TEXT("interface", interface, NOTHING, "eth0", NULL, NULL, "of ip=: the interface"),
    TEXT("dhcp", dhcp, NOTHING, "off", NULL, NULL, "of ip=: dhcp to ask for an address"),
    TEXT("nfs_server", nfs_server, NOTHING, NULL, NULL, NULL, "server of an NFS root"),
    TEXT("nfs_root", nfs_root, NOTHING, NULL, NULL, NULL, "path of an NFS root"),
    NUMBER("nics", nics, NOTHING, NULL, -1, 64, "number of network cards (old; use vif)"),

    FLAG("superpages", superpages, IMAGE, NULL, "memory in pages of 2 MiB"),
    NUMBER("videoram", videoram, IMAGE, NULL, 1, 1024, "MiB of video memory (4)"),
    NUMBER("tsc_mode", tsc_mode, IMAGE, NULL, 0, 3,
           "time stamp counter: 0 default, 1 emulated, 2 native"),
    FLAG("nomigrate", nomigrate, IMAGE, NULL, "forbids saving and migrating"),
    NUMBER("rtc_timeoffset", rtc_timeoffset, IMAGE, NULL, -INT_MAX_, INT_MAX_,
           "seconds that the virtual clock is ahead"),
    MIXED("serial", serial, IMAGE, "serial lines: pty, null, a device, file:..., tcp:..."),
    TEXT("parallel", parallel, IMAGE, NULL, NULL, NULL, "the parallel port"),
    FLAG("monitor", monitor, IMAGE, NULL, "the device model's monitor on a virtual console"),
    TEXT("monitor_path", monitor_path, IMAGE, NULL, NULL, NULL, "where the monitor listens"),
    NUMBER("vhpt", vhpt, IMAGE, NULL, 0, 1 << 20, "size of a table of ia64 guests"),
    NUMBER("machine_address_size", machine_address_size, IMAGE, NULL, 1, 64,
           "highest machine address, in bits"),
    FLAG("suppress_spurious_page_faults", suppress_spurious_page_faults, IMAGE, NULL,
         "hides page faults the guest cannot explain"),

    FLAG("acpi", acpi, HVM, "1", "ACPI tables"),
    FLAG("apic", apic, HVM, "1", "local and I/O APIC"),
    FLAG("pae", pae, HVM, "1", "physical address extension"),
    FLAG("hap", hap, HVM, "1", "nested paging when the CPU has it"),
    FLAG("oos", oos, HVM, "1", "shadow pages may be out of sync"),
    FLAG("hpet", hpet, HVM, "0", "high precision event timer"),
    FLAG("viridian", viridian, HVM, "0", "interfaces of Hyper-V"),
    NUMBER("timer_mode", timer_mode, HVM, "1", 0, 3,
           "missed ticks: 0 delayed, 1 dropped, 2 none pending, 3 one pending"),
    FLAG("vpt_align", vpt_align, HVM, "1", "periodic timers tick together"),
    TEXT("boot", boot, HVM, "c", NULL, NULL, "boot order: a floppy, c disk, d cdrom, n network"),
    TEXT("device_model", device_model, HVM, "qemu-dm", NULL, NULL, "the device model's program"),
    TEXT("fda", fda, HVM, NULL, NULL, NULL, "image of the first floppy"),
    TEXT("fdb", fdb, HVM, NULL, NULL, NULL, "image of the second floppy"),
    FLAG("usb", usb, HVM, "0", "USB controller"),
    TEXT("usbdevice", usbdevice, HVM, NULL, NULL, NULL,
         "mouse, tablet, host:bus.addr or host:vid:pid"),
    TEXT("soundhw", soundhw, HVM, NULL, NULL, NULL, "sound cards: sb16 es1370 ac97 hda all"),
    FLAG("stdvga", stdvga, HVM, "0", "VESA graphics instead of Cirrus"),
    NUMBER("gfx_passthru", gfx_passthru, HVM, NULL, 0, 2, "the host's graphics card"),
    FLAG("isa", isa, HVM, "0", "an ISA machine without PCI"),
    FLAG("nographic", nographic, HVM, "0", "no graphics"),
    FLAG("sdl", sdl, HVM, NULL, "graphics in a window"),
    FLAG("opengl", opengl, HVM, NULL, "the window uses OpenGL"),
    FLAG("vnc", vnc, HVM, NULL, "graphics over VNC"),
    NUMBER("vncdisplay", vncdisplay, HVM, NULL, 0, 59635, "VNC port less 5900 (domain's id)"),
    TEXT("vnclisten", vnclisten, HVM, NULL, NULL, NULL, "address VNC listens on"),
    FLAG("vncunused", vncunused, HVM, "1", "the first free VNC port"),
    TEXT("vncpasswd", vncpasswd, HVM, NULL, NULL, NULL, "VNC password; empty for none"),
    FLAG("vncconsole", vncconsole, HVM, NULL, "starts a viewer for the console"),
    FLAG("vncviewer", vncviewer, NOTHING, NULL, "old; use xm create --vncviewer"),
    TEXT("display", display, HVM, NULL, NULL, NULL, "X display of the window"),
    TEXT("xauthority", xauthority, HVM, NULL, NULL, NULL, "X authority file of the window"),
    TEXT("keymap", keymap, HVM, NULL, NULL, NULL, "keyboard layout"),
    TEXT("guest_os_type", guest_os_type, HVM, NULL, NULL, NULL, "hint of ia64 guests"),
    NUMBER("xen_extended_power_mgmt", xen_extended_power_mgmt, HVM, NULL, 0, 2,
           "power management: 0 none, 1 of the host, 2 own"),
    FLAG("xen_platform_pci", xen_platform_pci, HVM, "1", "the device PV drivers look for"),
    FLAG("memory_sharing", memory_sharing, HVM, "0", "pages may be shared"),
    FLAG("full-screen", full_screen, HVM, NULL, "the window fills the screen"),
    FLAG("snapshot", snapshot, HVM, NULL, "disks are written to temporary files"),
    FLAG("enable-audio", enable_audio, NOTHING, NULL, "old; use soundhw"),
    FLAG("pci_msitranslate", pci_msitranslate, HVM, "1", "default of the pci option msitranslate"),
    FLAG("pci_power_mgmt", pci_power_mgmt, HVM, "0", "default of the pci option power_mgmt"),

    FLAG("s3_integrity", s3_integrity, VM, "1", "memory is verified after sleep"),
    LIST("disk", disk, "disks: UNAME,DEV[:TYPE],MODE[,BACKEND[,PROTOCOL]]"),
    LIST("vif", vif, "network cards: type= mac= bridge= ip= script= backend= vifname= rate= "
         "model= accel= policy= label="),
    LIST("vif2", vif2, "network cards of the second protocol: front_mac= back_mac= backend= "
         "trusted= back_trusted= bridge= filter_mac= front_filter_mac= pdev= max_bypasses="),
    LIST("vfb", vfb, "graphics: vnc= sdl= opengl= vnclisten= vncdisplay= vncunused= vncpasswd= "
         "display= xauthority= keymap= videoram="),
    LIST("pci", pci, "host's PCI devices: [DDDD:]BB:SS.F[@VS][,msitranslate=0|1]"
         "[,power_mgmt=0|1]"),
    LIST("vtpm", vtpm, "a virtual TPM: instance= backend= uuid= type="),
    LIST("vscsi", vscsi, "SCSI devices: PDEV,VDEV[,BACKEND]"),
    LIST("vusb", vusb, "USB controllers: usbver= numports= port_N="),
    LIST("ioports", ioports, "I/O ports: FROM[-TO], hexadecimal"),
    LIST("irq", irq, "physical interrupt lines"),
    LIST("cpuid", cpuid, "what CPUID shows: LEAF[,SUBLEAF]:REG=VALUE,..."),
    LIST("cpuid_check", cpuid_check, "what CPUID must show on the host"),
    LIST("access_control", access_control, "security label: policy=NAME,label=LABEL"),
};

_Static_assert(KEY_COUNT(keys) <= CONFIG_MAX_KEYS, "given[] is too small");

const struct config_key *config_keys(size_t *count)
{
    *count = KEY_COUNT(keys);
    return keys;
}

const struct config_key *config_key_find(const char *name)
{
    return keys_find(keys, KEY_COUNT(keys), name);
}

const char *config_key_nearest(const char *name)
{
    return keys_nearest(keys, KEY_COUNT(keys), name);
}

void config_domain_init(struct config_domain *d)
{
    *d = (struct config_domain){ 0 };
    keys_init(d, keys, KEY_COUNT(keys));
}

bool config_is_given(const struct config_domain *d, const char *name)
{
    const struct config_key *key = config_key_find(name);

    return key && d->given[key - keys];
}
