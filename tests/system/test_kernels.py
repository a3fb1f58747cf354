# SPDX-License-Identifier: GPL-2.0-only
"""Other kernels than the release's, as guests and as dom0; and the one that a guest's own disk
holds, which Debian's GRUB for guests starts."""
import re
import subprocess

import domains
import image
import toolstack
from domains import BRIDGE_ADDRESS, GUEST_ADDRESS
from machine import PROMPT, unbroken
from suite import Skip

# name: the suite (None: this host's own) and what names the kernel there
KERNELS = {
    "5.10": ("bullseye", "linux-image-amd64"),
    "backports": ("bookworm-backports", "linux-image-amd64"),
    "cloud": (None, "linux-image-cloud-amd64"),
    "rt": (None, "linux-image-rt-amd64"),
    "trixie": ("trixie", "linux-image-amd64"),
    "trixie-rt": ("trixie", "linux-image-rt-amd64"),
    "sid": ("sid", "linux-image-amd64"),
}
ALWAYS = ("5.10", "backports")
# Not as dom0: built without what it takes; two stand still on their way, on Xen 4.17 as well.
NO_DOM0 = ("cloud", "rt", "trixie-rt")
GUEST_DISK, FILES_DISK = "/dev/vdb", "/dev/vdc"
MEMORY = "192"


def fetch(name):
    """The kernel, or None if the archive has it no more."""
    release, package = KERNELS[name]
    try:
        return image.Kernel(image.archive(release) if release else (), package)
    except (subprocess.CalledProcessError, SystemExit):
        return None


def check_pvgrub(suite, dom0):
    dom0.config("pg", kernel="'/mnt/pvgrub'", ramdisk="''", extra="''", memory=MEMORY,
                disk=f"['phy:{GUEST_DISK},xvda,w']", vif="['']")
    with suite.check("GRUB in a guest shows the menu that is on the guest's disk"):
        dom0.m.send("xm create -c /etc/xen/pg\n")
        dom0.m.expect("The usual", 120)
    with suite.check("its second entry is started with the arrow key"):
        dom0.m.send("\x1b[B")
        dom0.m.expect(r"\*Another", 30)
        dom0.m.send("\r")
        dom0.guest_shell(180)
        assert "chosen=another" in dom0.must("cat /proc/cmdline")
        assert re.search("^/dev/xvda1 on / type ext4", dom0.must("mount"), re.M)
    with suite.check("GRUB left its disk and the console usable"):
        dom0.must("head -c 1000000 /dev/urandom >/f; md5sum /f >/s; sync;"
                  " echo 3 >/proc/sys/vm/drop_caches; md5sum -c /s", 120)
        dom0.detach()
        assert "xvda" not in dom0.must("xm block-list pg | tail -n +3")
    with suite.check("a reboot goes through GRUB again"):
        dom0.attach("pg")
        dom0.m.send("reboot -f\n")
        dom0.m.expect(unbroken(PROMPT), 60)
        dom0.wait("xm list pg", r"^pg +2 ", 120)
        dom0.m.send("xm console pg\n")
        dom0.m.expect("The usual", 120)
        dom0.detach()
        dom0.must("xm destroy pg")


def check_guest(suite, dom0, name, kernel):
    with suite.check(f"Linux {kernel.release} ({name}) as a guest, with disk and network"):
        dom0.config(name, kernel=f"'/mnt/{name}.vmlinuz'", ramdisk=f"'/mnt/{name}.initrd'",
                    root=True, words=f"test.ip={GUEST_ADDRESS}/24", vif="['']", memory=MEMORY,
                    vcpus=2)
        dom0.create(name)
        dom0.wait_boot(name, 1)
        dom0.wait(f"ping -c 1 -W 2 {GUEST_ADDRESS}", " 0% packet loss", 60)
        with dom0.guest(name):
            assert dom0.must("uname -r") == kernel.release
            assert dom0.must("nproc") == "2"
            dom0.must(f"ping -c 3 -W 5 {BRIDGE_ADDRESS}")
            dom0.must("head -c 1000000 /dev/urandom >/f; md5sum /f >/s; sync;"
                      " echo 3 >/proc/sys/vm/drop_caches; md5sum -c /s", 120)
            bad = dom0.output("dmesg | grep -E 'WARNING:|BUG:|Oops|Call Trace|general prot'")
            assert not bad, bad
        dom0.must(f"xm shutdown -w {name}", 120)


def check_guests(suite, kernels):
    files = {"pvgrub": toolstack.pvgrub()}
    for name, kernel in kernels.items():
        files[name + ".vmlinuz"] = kernel.vmlinuz
        files[name + ".initrd"] = toolstack.guest_initrd(kernel)
    with image.build_lock():
        disks = toolstack.grub_disk(suite.kernel), toolstack.files_disk(files)
    with domains.boot(suite, "kernels", memory=1280, options="dom0_mem=512M", disks=disks) as dom0:
        with suite.check("dom0 with our tools starts"):
            dom0.m.wait_shell(200)
            dom0.start()
            dom0.must(f"mount -t ext4 -o ro {FILES_DISK} /mnt")
            dom0.must(f"ip addr add {BRIDGE_ADDRESS}/24 dev xenbr0")
        check_pvgrub(suite, dom0)
        for name, kernel in kernels.items():
            check_guest(suite, dom0, name, kernel)
        suite.check_kernel_log(dom0.m)
        suite.check_poweroff(dom0.m)


def check_dom0(suite, name, kernel):
    with image.build_lock():
        initrd = image.dom0_initramfs(kernel)
    with suite.boot(f"kernel-{name}", smp=2, kernel=kernel.vmlinuz, initrd=initrd) as m:
        with suite.check(f"Linux {kernel.release} reaches its init as dom0"):
            m.wait_shell(200)
            assert m.output("uname -r") == kernel.release
        with suite.check("user programs fault, fork and compute rightly"):
            out, rc = m.run("load 5", 60)
            assert rc == 0, out
        suite.check_kernel_log(m)
        suite.check_poweroff(m)


def run(suite):
    kernels = {}
    suite.subject = "kernels"
    for name in KERNELS if suite.args.is_long else ALWAYS:
        with image.build_lock():
            kernel = fetch(name)
        if kernel:
            kernels[name] = kernel
            continue
        with suite.check(name):
            raise Skip("the archive has this kernel no more")
    check_guests(suite, kernels)
    for name, kernel in kernels.items():
        if suite.args.is_long and name not in NO_DOM0:
            check_dom0(suite, name, kernel)
