# SPDX-License-Identifier: GPL-2.0-only
"""GRUB's rescue image, by both protocols, as a CD-ROM of machines with one and four CPUs."""
import os

import image
from machine import DOM0_OPTIONS, XEN_OPTIONS


def make_iso(suite, name, options="dom0_mem=512M", dom0_options=""):
    folder = os.path.join(image.TOP, "dist", "test-images")
    os.makedirs(folder, exist_ok=True)
    return image.grub_iso(suite.gz, suite.kernel, suite.initrd, f"{XEN_OPTIONS} {options}",
                          f"{DOM0_OPTIONS} {dom0_options}", os.path.join(folder, name + ".iso"))


def choose(m, key):
    m.expect(r"Xenith, multiboot", 60)
    m.send(key)


def run(suite):
    iso = make_iso(suite, "grub")
    with suite.boot("grub-multiboot2", how="image", cdrom=iso, reboots=True) as m:
        with suite.check("GRUB loads the hypervisor by multiboot 2 and dom0 reaches its init"):
            choose(m, "2")
            m.expect(r"DOM0-INIT ", 150)
            m.wait_shell()
        with suite.check("the hypervisor's command line is what GRUB was given"):
            shown = m.text().partition("ommand line: ")[2][:300]
            assert not shown or "dom0_mem=512M" in shown, shown
        with suite.check("dom0 has the memory it was given"):
            total = int(m.output("awk '/MemTotal/{print $2}' /proc/meminfo"))
            assert 380000 < total <= 512 * 1024, f"{total} KiB"
        suite.check_kernel_log(m)
        with suite.check("reboots"):
            m.send("reboot -f\n")
            m.expect(r"Xenith, multiboot", 90)
        with suite.check("boots again after a reboot, now by multiboot 1"):
            m.send("1")
            m.expect(r"DOM0-INIT ", 150)
            m.wait_shell()
        suite.check_poweroff(m)
    with suite.boot("grub-4cpus", how="image", cdrom=iso, smp=4) as m:
        with suite.check("dom0 starts from the ISO on four CPUs"):
            choose(m, "2")
            m.wait_shell(240)
            assert m.output("nproc") == "4", m.output("nproc")
        with suite.check("all four work"):
            out, rc = m.run("load 5", 90)
            assert rc == 0, out
        suite.check_kernel_log(m)
        suite.check_poweroff(m)
