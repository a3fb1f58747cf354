# SPDX-License-Identifier: GPL-2.0-only
"""An installed Debian: GRUB, systemd, a login on the serial console, ssh, update-grub, reboot."""
import os

import image
from machine import free_port, ssh, unbroken


def login(m, timeout):
    m.expect(unbroken("login: "), timeout)
    m.send("root\n")
    m.expect(unbroken("Password: "), 60)
    m.send(image.PASSWORD + "\n")
    m.expect(unbroken("root@dom0:~# "), 60)
    m.send("stty -echo; dmesg -n 1; PS1='dom0# '; bind 'set enable-bracketed-paste off'\n")
    m.run("true")


def check_ssh(suite, m, port):
    key = image.ssh_key()
    with suite.check("ssh in"):
        out = ssh(port, key, "uname -r; cat /sys/hypervisor/type", 120)
        assert out and "xen" in out, out
    with suite.check("a file comes through ssh unchanged"):
        out = ssh(port, key, "head -c 3000000 /boot/vmlinuz-$(uname -r) | md5sum", 120)
        again = m.output("head -c 3000000 /boot/vmlinuz-$(uname -r) | md5sum", 60)
        assert out and out.strip() == again, (out, again)


def run(suite):
    with image.build_lock():
        disk = image.debian_root_disk(suite.kernel)
    folder = os.path.join(image.TOP, "dist", "test-images")
    os.makedirs(folder, exist_ok=True)
    disk = image.disk_with(disk, suite.gz, os.path.join(folder, "debian.img"))
    port = free_port()
    card = ["-netdev", f"user,id=n0,hostfwd=tcp:127.0.0.1:{port}-:22",
            "-device", "virtio-net-pci,netdev=n0"]
    with suite.boot("disk", how="image", disk=disk, smp=2, memory=1536, reboots=True,
                    devices=card) as m:
        with suite.check("GRUB boots the installed disk"):
            m.expect("Xenith, multiboot2", 60)
            m.send("2")
            m.expect(r"Linux version|systemd\[1\]", 120)
        with suite.check("login on the serial console"):
            login(m, 300)
        with suite.check("the root file system is on the disk, under the hypervisor"):
            assert m.output("cat /sys/hypervisor/type") == "xen"
            assert m.output("findmnt -no FSTYPE /") == "ext4"
        with suite.check("systemd has no failed unit"):
            m.run("systemctl is-system-running --wait", 120)
            failed = m.output("systemctl --failed --no-legend --plain | cut -d' ' -f1")
            assert not failed, failed
        check_ssh(suite, m, port)
        with suite.check("update-grub finds the hypervisor"):
            out, rc = m.run("update-grub 2>&1", 240)
            assert rc == 0, out
            entries = m.output("grep -c 'multiboot2.*/boot/xen' /boot/grub/grub.cfg")
            assert int(entries) > 0, out
        suite.check_kernel_log(m)
        with suite.check("reboots into the menu that update-grub wrote"):
            m.send("reboot\n")
            m.expect(r"Xen hypervisor", 180)
        with suite.check("boots Debian's own entry for Xen"):
            m.send("\x1b[B\x1b[B\r")
            m.expect(r"\(XEN\)", 60)
            m.expect(r"systemd\[1\]|Begin: |login: ", 200)
        if suite.args.is_long:
            with suite.check("login again"):
                login(m, 300)
                assert m.output("cat /sys/hypervisor/type") == "xen"
            suite.check_poweroff(m, "systemctl poweroff")
