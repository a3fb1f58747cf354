# SPDX-License-Identifier: GPL-2.0-only
"""xend and xm, as a person uses them: a guest from create to destroy."""
import base64
import re
import struct

import domains
import test_bad_config
import test_devices_guest
import toolstack
from domains import BRIDGE_ADDRESS, GUEST_ADDRESS, ROOT
from machine import PROMPT, unbroken

HEADER = "Name                                        ID   Mem VCPUs      State   Time(s)"
MEMORY = 128
DATA = "/run/data.img"
LOG = "/var/log/xen/xend.log"
KEPT = "/var/lib/xend/kernel-cache"
EAST = 3 * 3600                         # seconds

# What a loader on dom0's side does, for a disk that has nothing on it.
LOADER = r"""#!/bin/sh
for word; do case $word in --output=*) out=${word#*=} ;; esac; done
printf "The menu of $word\nkernel? "
case " $* " in *" -q "*) line=itself ;; *) read -r line ;; esac
k=$(mktemp) r=$(mktemp)
cp /guest/vmlinuz $k && cp /guest/initrd $r
echo "linux (kernel $k)(ramdisk $r)(args 'console=hvc0 loglevel=3 chosen=$line')" >$out"""


def check_start(suite, dom0):
    dom0.must("mount /dev/vdb /var/lib/xend")   # nothing is unpacked ahead into memory
    dom0.config("ahead")
    with suite.check("the daemons start"):
        dom0.start()
        dom0.must("xend status")
    with suite.check("xend start is content with a running xend"):
        dom0.must("xend start")
    with suite.check("the store has dom0's name, for others that look there"):
        assert dom0.must("xenstore-read /local/domain/0/name /local/domain/0/domid") == \
            "Domain-0\n0"
    with suite.check("xm list shows dom0 in Xen's columns"):
        lines = dom0.must("xm list").splitlines()
        assert lines[0] == HEADER, lines[0]
        assert re.match(r"Domain-0 {33}    0 +\d+ +2     r----- +\d+\.\d$", lines[1]), lines[1]
        assert len(lines) == 2, lines
    with suite.check("xm info describes the machine"):
        info = dict(re.split(r"\s*: ?", line, maxsplit=1)
                    for line in dom0.must("xm info").splitlines())
        assert info["nr_cpus"] == "2", info
        assert 1900 < int(info["total_memory"]) <= 2048, info["total_memory"]
        assert "xen-3.0-x86_64" in info["xen_caps"], info["xen_caps"]
        assert (info["xen_major"], info["xen_minor"]) == ("4", "17")


def check_ahead(suite, dom0):
    with suite.check("the kernel of a configuration is unpacked before it is used"):
        dom0.wait(f"grep -a 'unpacked ahead' {LOG}", "kernel /guest/vmlinuz: ", 120)
        dom0.must("rm /etc/xen/ahead")
    with suite.check("a kernel that a package brings is unpacked, and forgotten when it goes"):
        dom0.must("gzip -c /guest/mini >/run/vmlinuz-1")
        dom0.must("/etc/kernel/postinst.d/xenith 1 /run/vmlinuz-1")
        kept = f"ls -l {KEPT} | grep /run/vmlinuz-1"
        assert dom0.output(kept)
        dom0.must("rm /run/vmlinuz-1; /etc/kernel/postrm.d/xenith 1 /run/vmlinuz-1")
        assert not dom0.output(kept)
        assert len(dom0.output(f"ls {KEPT}").split()) == 3      # with its origin, and the lock
    with suite.check("what is no kernel is no package's trouble, and said to a person"):
        dom0.must("/etc/kernel/postinst.d/xenith 1 /etc/passwd")
        out, rc = dom0.run("xend unpack /etc/passwd 2>&1")
        assert rc == 1 and out.startswith("xend: /etc/passwd: not a kernel"), out


def zone_file(name, seconds):
    """A time zone that is always so far east of Greenwich, as /etc/localtime has it."""
    return (b"TZif" + struct.pack(">x15x6I", 0, 0, 0, 0, 1, len(name) + 1) +
            struct.pack(">ibB", seconds, 0, 0) + name.encode() + b"\0")


def check_create(suite, dom0):
    dom0.config("g1", root=True, memory=MEMORY, words=f"test.ip={GUEST_ADDRESS}/24", vif="['']",
                disk=f"['phy:{ROOT},xvda,w', 'file:{DATA},xvdb,w']", localtime=1)
    zone = base64.b64encode(zone_file("HERE", EAST)).decode()
    dom0.must(f"echo {zone} | base64 -d >/etc/localtime")
    dom0.must(f"truncate -s 16M {DATA}; ip addr add {BRIDGE_ADDRESS}/24 dev xenbr0")
    with suite.check("xm create -c boots Debian's kernel from a virtual disk, on this console"):
        assert dom0.create_attached("g1") == 1
        assert dom0.output("cat /on-disk") == "This is the root disk."
        assert "xen" in dom0.output("cat /sys/hypervisor/type")
        assert "/dev/xvda / ext4 rw" in dom0.output("mount | sed 's/ on / /; s/ type / /; s/(//'")
    with suite.check("the guest's file system takes and keeps a file"):
        dom0.must("dd if=/dev/urandom of=/big bs=64k count=64 2>/dev/null; sync;"
                  " md5sum </big >/sum; sync; echo 3 >/proc/sys/vm/drop_caches")
        assert dom0.output("md5sum </big") == dom0.output("cat /sum")
    with suite.check("localtime=1: the guest's clock is dom0's in its zone"):
        there = int(dom0.must("date +%s"))
        dom0.detach()
        ahead = there - int(dom0.must("date +%s"))
        assert abs(ahead - EAST) < EAST / 6, ahead
        dom0.attach("g1")
    with suite.check("what the guest writes to a file: disk is in the file"):
        dom0.must("dd if=/big of=/dev/xvdb bs=64k seek=16 conv=fsync 2>/dev/null", 120)
        inside = dom0.output("cat /sum")
        dom0.detach()
        outside = dom0.output(f"dd if={DATA} bs=64k skip=16 count=64 2>/dev/null | md5sum")
        assert re.match(r"[0-9a-f]{32}", inside) and inside == outside, (inside, outside)
    with suite.check("that first create found its kernel unpacked"):
        dom0.must(f"grep -a 'g1: kernel /guest/vmlinuz (cached)' {LOG}")


def check_network(suite, dom0):
    with suite.check("dom0 reaches the guest by network"):
        dom0.wait(f"ping -c 1 -W 2 {GUEST_ADDRESS}", " 0% packet loss", 60)
        dom0.must(f"ping -c 5 -W 5 {GUEST_ADDRESS}")
    with suite.check("the guest reaches dom0, and a mebibyte arrives unchanged"):
        dom0.must("dd if=/dev/urandom of=/run/mb bs=64k count=16 2>/dev/null;"
                  " (nc -l -p 99 </run/mb >/dev/null &)")
        wanted = dom0.must("md5sum </run/mb")
        with dom0.guest("g1"):
            dom0.must(f"ping -c 5 -W 5 {BRIDGE_ADDRESS}")
            got = dom0.must(f"nc {BRIDGE_ADDRESS} 99 | md5sum", 120)
        assert got == wanted, (got, wanted)


def check_listing(suite, dom0):
    with suite.check("xm list, domid, domname and domstate know the guest"):
        line = dom0.must("xm list g1").splitlines()[1]
        assert re.match(r"g1 {38}     1   12[78]     1     [r-][b-]---- +\d+\.\d$", line), line
        assert dom0.must("xm domid g1") == "1"
        assert dom0.must("xm domname 1") == "g1"
        assert dom0.must("xm domstate g1") in ("idle", "running")
    with suite.check("xm list -l is the tree that scripts read"):
        tree = dom0.must("xm list -l g1")
        for words in (r"^\(domain", r"^ +\(domid 1\)", r"^ +\(name g1\)",
                      r"^    \(cpu_weight 256\)", r"^    \(pool_name Pool-0\)", r"^    \(cpus",
                      r"\(store_mfn \d+\)", r"^ +\(device", r"\(vif", r"\(vbd", r"phy:/dev/vda",
                      r"\(kernel /guest/vmlinuz\)"):
            assert re.search(words, tree, re.M), f"no {words} in {tree}"
    with suite.check("xm vcpu-list has Xen's columns"):
        head, line = dom0.must("xm vcpu-list g1").splitlines()
        assert head.split() == ["Name", "ID", "VCPU", "CPU", "State", "Time(s)", "CPU",
                                "Affinity"], head
        assert re.match(r"g1 {30}     1     0 +\d+   [r-][b-]- +\d+\.\d any cpu$", line), line
    with suite.check("xm uptime counts, long and short"):
        head, line = dom0.must("xm uptime g1").splitlines()
        assert head.split() == ["Name", "ID", "Uptime"], head
        assert re.match(r"g1 {35}1  0:\d\d:\d\d$", line), line
        assert re.match(r"\d\d:\d\d:\d\d up  0:\d\d, g1 \(1\)$", dom0.must("xm uptime -s g1"))
        names = [row.split()[0] for row in dom0.must("xm uptime").splitlines()]
        assert names == ["Name", "Domain-0", "g1"], names
        dom0.wait("xm uptime g1", rf"^g1 +1  0:(?!{line[-5:]})\d\d:\d\d$", 10)
    with suite.check("device lists tell of connected devices"):
        disks = dom0.must("xm block-list g1").splitlines()
        assert disks[0].split() == "Vdev BE handle state evt-ch ring-ref BE-path".split()
        assert [d.split()[0] for d in disks[1:]] == ["51712", "51728"], disks
        assert all(d.split()[3] == "4" for d in disks[1:]), disks
        cards = dom0.must("xm network-list g1").splitlines()
        assert re.match(r"0 +0 +00:16:3e:", cards[1]) and cards[1].split()[4] == "4", cards


def check_control(suite, dom0):
    with suite.check("xm pause stops the guest, unpause lets it run"):
        dom0.must("xm pause g1")
        assert dom0.rows()["g1"][3][2] == "p", dom0.rows()
        dom0.must("xm unpause g1")
        dom0.wait("xm list g1", r"[r-][b-]----", 30)
    with suite.check("xm mem-set takes memory from the guest"):
        dom0.must(f"xm mem-set g1 {MEMORY - 16}")
        dom0.wait("xm list g1", rf"^g1 +1 +{MEMORY - 16} ", 60)
    with suite.check("and gives it back"):
        dom0.must(f"xm mem-set g1 {MEMORY}")
        dom0.wait("xm list g1", rf"^g1 +1 +{MEMORY} ", 60)
    with suite.check("xm rename gives another name, and back"):
        dom0.must("xm rename g1 other")
        assert set(dom0.rows()) == {"Domain-0", "other"}
        dom0.must("xm rename other g1")
    with suite.check("xm sysrq reaches the guest's kernel"):
        with dom0.guest("g1"):
            dom0.must("echo 1 >/proc/sys/kernel/sysrq; dmesg -c >/dev/null")
        dom0.must("xm sysrq g1 h")
        with dom0.guest("g1"):
            dom0.wait("dmesg", "sysrq: HELP", 30)


def check_loader(suite, dom0):
    dom0.file("/run/loader", LOADER)
    dom0.must("chmod +x /run/loader")
    dom0.config("b1", kernel="None", ramdisk="None", bootloader="'/run/loader'",
                disk=f"['file:{DATA},xvda,w']", ioports="['60-61']")
    with suite.check("xm create -c shows a boot loader, then the kernel that was chosen there"):
        dom0.m.send("xm create -c /etc/xen/b1\n")
        dom0.m.expect(unbroken(f"The menu of {DATA}"), 60)
        dom0.m.expect(unbroken("kernel? "), 60)
        dom0.m.send("seven\n")
        dom0.guest_shell(180)
        assert "chosen=seven" in dom0.output("cat /proc/cmdline")
    with suite.check("a guest reads the ports it was given, and no others"):
        port = "dd if=/dev/port bs=1 skip=$((%s)) count=1 2>/dev/null | hexdump -ve '1/1 \"%%02x\"'"
        assert dom0.output(port % "0x61") != "ff"
        assert dom0.output(port % "0x62") == "ff"
        dom0.detach()
    with suite.check("a reboot asks the loader again, and no copy stays"):
        number = int(dom0.must("xm domid b1"))
        dom0.must("xm reboot b1")
        dom0.wait("xm list b1", rf"^b1 +{number + 1} ", 120)
        dom0.wait_boot("b1", 2)
        dom0.must(f"grep -a 'chosen=itself' {LOG}")
        assert dom0.must("ls /run/xend/boot") == ""
        dom0.must("xm destroy b1")


def check_reboot(suite, dom0):
    with suite.check("reboot from inside: a new domain of the same name"):
        dom0.attach("g1")
        dom0.m.send("reboot -f\n")
        dom0.m.expect(unbroken(PROMPT), 60)
        dom0.wait("xm list g1", r"^g1 +2 ", 120)
        dom0.wait_boot("g1", 2)
        with dom0.guest("g1"):
            assert dom0.must("md5sum </big") == dom0.output("cat /sum")
    with suite.check("xm shutdown -w waits for the end"):
        out = dom0.must("xm shutdown -w g1", 120)
        assert "Domain g1 terminated" in out and "All domains terminated" in out, out
        assert set(dom0.rows()) == {"Domain-0"}


def check_end(suite, dom0):
    with suite.check("a domain that is gone: status 3"):
        out, status = dom0.run("xm domid g1")
        assert status == 3 and "Error: Domain 'g1' does not exist." in out, (status, out)
    with suite.check("xm reboot: the guest's kernel is asked, and a new domain follows"):
        number = dom0.create("g1")
        dom0.wait_boot("g1", 3)
        dom0.must("xm reboot g1")
        dom0.wait("xm list g1", rf"^g1 +{number + 1} ", 120)
    with suite.check("xm reboot once more: what is asked for is no loop of restarts"):
        dom0.wait_boot("g1", 4)
        dom0.must("xm reboot g1")
        dom0.wait("xm list g1", rf"^g1 +{number + 2} ", 120)
    with suite.check("xm destroy ends a guest at once"):
        dom0.must("xm destroy g1")
        assert set(dom0.rows()) == {"Domain-0"}
    with suite.check("xm log and xm dmesg tell what happened"):
        assert "g1" in dom0.must("xm log | tail -n 40")
        assert dom0.must("xm dmesg | grep -aic 'command line.*dom0_mem'") == "1"


def run(suite):
    with domains.boot(suite, "xm", disks=[toolstack.empty_disk()]) as dom0:
        with suite.check("dom0 with our tools starts"):
            dom0.m.wait_shell(200)
        check_start(suite, dom0)
        check_ahead(suite, dom0)
        check_create(suite, dom0)
        check_network(suite, dom0)
        check_listing(suite, dom0)
        check_control(suite, dom0)
        test_devices_guest.checks(suite, dom0, "g1")
        test_bad_config.check_conflicts(suite, dom0)
        check_reboot(suite, dom0)
        check_end(suite, dom0)
        check_loader(suite, dom0)
        test_bad_config.check_configs(suite, dom0)
        test_bad_config.check_commands(suite, dom0)
        test_bad_config.check_no_xend(suite, dom0)
        suite.check_kernel_log(dom0.m)
        suite.check_poweroff(dom0.m)
