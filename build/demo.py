#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Boots what is built: GRUB, our xen.gz, Debian's stock kernel as dom0, a shell on this terminal.

Called by build/demo.sh.  The environment may say DEMO_CPUS (2), DEMO_MEMORY in MiB (1024) and
DEMO_XEN, further options for the hypervisor.
"""
import os
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TOP, "tests", "system"))
sys.dont_write_bytecode = True
import image  # noqa: E402

ISO = os.path.join(TOP, "dist", "demo.iso")
XEN = os.path.join(TOP, "dist", "install", "boot", "xen.gz")
OPTIONS = "dom0_mem=512M console=com1 com1=115200,8n1 loglvl=all guest_loglvl=all"
ESCAPE = "0x1d"                 # CTRL-]: QEMU's own CTRL-a is the hypervisor's


def make_iso():
    with image.build_lock():
        kernel = image.Kernel()
        options = f"{OPTIONS} {os.environ.get('DEMO_XEN', '')}".strip()
        image.grub_iso(XEN, kernel, image.dom0_initramfs(kernel), options,
                       "console=hvc0 rdinit=/init", ISO, timeout=5)


def main():
    print("demo: fetching Debian's kernel and making the image", flush=True)
    make_iso()
    if sys.argv[1:] == ["--iso"]:
        print(f"demo: {ISO}")
        return
    print("demo: booting; end with 'poweroff -f' or CTRL-] x; debug keys: CTRL-a three times",
          flush=True)
    os.execvp("qemu-system-x86_64", [
        "qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", "max",
        "-smp", os.environ.get("DEMO_CPUS", "2"), "-m", os.environ.get("DEMO_MEMORY", "1024"),
        "-display", "none", "-vga", "std", "-nic", "user,model=e1000e",
        "-serial", "mon:stdio", "-echr", ESCAPE, "-cdrom", ISO])


if __name__ == "__main__":
    main()
