# SPDX-License-Identifier: GPL-2.0-only
"""The live system that `make iso` writes: a CD and a USB stick, started by BIOS and by UEFI."""
import test_demo

UEFI = ["-bios", "/usr/share/ovmf/OVMF.fd"]             # Debian's package ovmf


def cd(path):
    return ["-drive", f"file={path},media=cdrom,if=none,id=medium,format=raw,readonly=on",
            "-device", "ide-cd,drive=medium,bootindex=0"]


def stick(path):
    return ["-drive", f"file={path},if=none,id=medium,format=raw,snapshot=on",
            "-device", "qemu-xhci", "-device", "usb-storage,drive=medium,bootindex=0"]


def check_system(suite, m):
    with suite.check("a prompt comes"):
        test_demo.wait_prompt(m, 600)
    test_demo.check_guest(suite, m)
    suite.check_kernel_log(m)
    suite.check_poweroff(m, "poweroff")


def run(suite):
    if suite.is_peer:               # what is tested is ours alone
        return
    path = test_demo.demo_image("iso")
    # Two ways to the prompt; the others differ from them by the loader alone.
    for name, devices, is_whole in (("iso-usb-uefi", UEFI + stick(path), True),
                                    ("iso-cd-bios", cd(path), True),
                                    ("iso-cd-uefi", UEFI + cd(path), False),
                                    ("iso-usb-bios", stick(path), False)):
        with suite.boot(name, how="image", smp=2, memory=2048, cpu="max,-erms",
                        devices=devices) as m:
            with suite.check("GRUB loads the hypervisor, and that dom0"):
                m.expect(r"\(XEN\) Xen version", 240)
                m.expect(r"\(XEN\) dom0: entry", 60)
            if is_whole:
                check_system(suite, m)
