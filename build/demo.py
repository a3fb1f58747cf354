#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Boots the demonstration: GRUB, our hypervisor, a Debian as dom0, a guest; the console here.

    build/demo.py           leaves the console to you
    build/demo.py --batch   waits for dom0's prompt, runs xm list, reaches the guest, powers off

Called by build/demo.sh. The environment may say DEMO_CPUS (2), DEMO_MEMORY in MiB (1280) and
DEMO_ACCEL (kvm or tcg; by itself the first that works).
"""
import os
import re
import subprocess
import sys
import time

import demo_image
from demo_image import TOP, say

QEMU = "qemu-system-x86_64"
ESCAPE = "0x14"                 # CTRL-t; CTRL-a is the hypervisor's, CTRL-] that of xm console
ACCELERATORS = {"kvm": ["-accel", "kvm", "-cpu", "host"],
                # An interpreter does fast string operations byte by byte.
                "tcg": ["-accel", "tcg,thread=multi", "-cpu", "max,-erms"]}
NO_DOM0 = b"No module was loaded"  # says the hypervisor without a dom0
PROMPT = r"root@dom0:~# "
GUEST_PROMPT = r"demo# "
SECOND_PROMPT = r"two# "
LIMIT = float(os.environ.get("DEMO_LIMIT", "600"))      # seconds until the prompt


def kvm_trouble():
    """What keeps KVM from running our hypervisor, or None: the device may be there and of no use,
    or run simple guests alone. So it is tried, up to the point where the hypervisor misses dom0."""
    if not os.path.exists("/dev/kvm"):
        return "there is no /dev/kvm"
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return "/dev/kvm may not be opened"
    trial = [QEMU, *ACCELERATORS["kvm"], "-smp", "2", "-m", "512", "-display", "none",
             "-nodefaults", "-no-reboot", "-serial", "stdio",
             "-append", "console=com1 com1=115200,8n1",
             "-kernel", os.path.join(TOP, "dist", "release", "xen.elf32")]
    try:
        said = subprocess.run(trial, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, timeout=30).stdout
    except subprocess.TimeoutExpired as why:
        said = why.stdout or b""
    return None if NO_DOM0 in said else "/dev/kvm does not run the hypervisor"


def accelerator():
    chosen = os.environ.get("DEMO_ACCEL")
    if not chosen:
        trouble = kvm_trouble()
        chosen = "tcg" if trouble else "kvm"
        say(f"QEMU interprets, since {trouble}: a minute or two to the prompt" if trouble
            else "KVM runs it")
    if chosen not in ACCELERATORS:
        sys.exit(f"demo: DEMO_ACCEL={chosen}: it must be kvm or tcg")
    return ACCELERATORS[chosen]


def command(disk):
    return [QEMU, *accelerator(), "-smp", os.environ.get("DEMO_CPUS", "2"),
            "-m", os.environ.get("DEMO_MEMORY", "1280"), "-display", "none", "-vga", "std",
            "-drive", f"file={disk},if=virtio,format=raw,snapshot=on",
            "-nic", "user,model=virtio-net-pci", "-serial", "mon:stdio", "-echr", ESCAPE]


# ---- Without a person ----

# What is typed, the prompt that follows, what the output must hold.
STEPS = [
    ("cat /sys/hypervisor/type\n", PROMPT, r"xen"),
    ("xm list\n", PROMPT, r"(?m)^demo +\d+ +128 +1 +[rb-]{6} "),
    ("xm console demo\n", GUEST_PROMPT, ""),
    ("grep xvda /proc/mounts\n", GUEST_PROMPT, r"/dev/xvda / ext4"),
    ("ping -c 1 10.0.0.1\n", GUEST_PROMPT, r"1 packets received"),
    ("\x1d", PROMPT, ""),
    # The TTL tells its answer from an error of dom0's own.
    ("ping -c 2 10.0.0.2\n", PROMPT, r"ttl=64"),
    ("cp /var/lib/xen/images/demo.img /var/lib/xen/images/two.img\n", PROMPT, ""),
    ("xm create -c two memory=96\n", SECOND_PROMPT, r"Started domain two"),
    ("ping -c 2 10.0.0.2\n", SECOND_PROMPT, r"2 packets received"),
    ("\x1d", PROMPT, ""),
    ("xm list\n", PROMPT, r"(?m)^two +\d+ +96 +1 "),
]


def batch(disk):
    """0 if the system came up with its guest.  What the console shows until the poweroff goes to
    dist/demo.log, too."""
    import pexpect
    start = time.monotonic()
    console = pexpect.spawn(QEMU, command(disk)[1:], timeout=LIMIT, encoding="utf-8",
                            codec_errors="replace", dimensions=(50, 100))
    console.logfile_read = Both(sys.stdout, os.path.join(TOP, "dist", "demo.log"))
    typed = ""
    try:
        console.expect(PROMPT)
        say(f"dom0's prompt after {time.monotonic() - start:.0f} s")
        for typed, prompt, wanted in STEPS:
            console.send(typed)
            # What the guest said before anybody listened may be gone, and its prompt with it.
            if console.expect([prompt, pexpect.TIMEOUT], timeout=30):
                if prompt != PROMPT:
                    console.send("\n")
                console.expect(prompt)
            if not re.search(wanted, console.before.replace("\r", "")):
                say(f"FAILED: {typed!r}: nothing like {wanted}")
                return 1
        console.logfile_read = sys.stdout
        typed = "poweroff\n"
        console.send(typed)
        console.expect(pexpect.EOF)
    except (pexpect.TIMEOUT, pexpect.EOF) as why:
        say(f"FAILED: {'no answer in time' if isinstance(why, pexpect.TIMEOUT) else 'it ended'}"
            f"{f' after {typed!r}' if typed else ''}")
        return 1
    finally:
        console.close(force=True)
    say(f"all is well, after {time.monotonic() - start:.0f} s")
    return 0


class Both:
    """A file and a stream that are written together."""

    def __init__(self, stream, path):
        self.stream, self.file = stream, open(path, "w", encoding="utf-8")

    def write(self, text):
        self.stream.write(text)
        self.file.write(text)

    def flush(self):
        self.stream.flush()
        self.file.flush()


def main():
    disk = demo_image.disk()
    if sys.argv[1:] == ["--batch"] or os.environ.get("DEMO_BATCH") == "1":
        return batch(disk)
    if sys.argv[1:]:
        sys.exit(__doc__)
    say("booting; 'poweroff' ends it, and so does CTRL-t x")
    arguments = command(disk)
    os.execvp(arguments[0], arguments)


if __name__ == "__main__":
    sys.exit(main())
