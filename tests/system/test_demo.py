# SPDX-License-Identifier: GPL-2.0-only
"""The README's first command, as far as its image and its boot go: GRUB's default, a guest of
/etc/xen/auto, its disk, network and console; then the order in which all of it stops."""
import os
import re
import subprocess
import tempfile

import image
from machine import LOG_LINE, PROMPT, unbroken
from suite import Skip


def demo_image(kind):
    """The path of what build/demo_image.py makes of our packages; quick when nothing changed."""
    dist = os.path.join(image.TOP, "dist")
    log_path = os.path.join(dist, "test-logs", f"demo-{kind}.log")
    with open(log_path, "w") as log:
        for command in (["packaging/build.sh", dist], ["build/demo_image.py", kind]):
            subprocess.run(command, cwd=image.TOP, check=True, stdout=log,
                           stderr=subprocess.STDOUT)
    with open(log_path) as log:
        return log.read().split("\n")[-2]


def machine_options(disk):
    return {"how": "image", "disk": disk, "smp": 2, "memory": 1280, "cpu": "max,-erms",
            "devices": ["-nic", "user,model=virtio-net-pci"]}


def wait_prompt(m, timeout=300):
    """Root is logged in by itself, when xendomains is through."""
    m.expect(unbroken("root@dom0:~# "), timeout)
    m.send("stty -echo; dmesg -n 1; PS1='dom0# '; bind 'set enable-bracketed-paste off'\n")
    m.run("true")


def guest_answers(m):
    """From another kernel, hence with a whole TTL: not an error of dom0's own."""
    out, rc = m.run("for i in $(seq 120); do ping -c 1 -W 2 10.0.0.2 | grep ttl=64 && exit; "
                    "sleep 1; done | grep ttl=64", 300)
    assert rc == 0, out


def check_guest(suite, m):
    with suite.check("the guest of /etc/xen/auto runs"):
        row = [line for line in m.output("xm list").splitlines() if line.startswith("demo ")]
        assert row and re.match(r"demo +\d+ +128 +1 +[rb-]{6} +\d+\.\d$", row[0]), row
    with suite.check("it answers on the network"):
        guest_answers(m)
    with suite.check("its console has a shell on its disk"):
        m.send("xm console demo\n")
        m.expect("demo# |Please press Enter|This is a guest", 120)
        m.send("\n")
        m.expect(unbroken("demo# "), 60)
        m.send("grep xvda /proc/mounts\n")
        m.expect(unbroken("/dev/xvda / ext4"), 60)
        m.send("\x1d")
        m.expect(unbroken(PROMPT), 60)          # what is typed before is thrown away
        m.run("true")


def check_stop_order(suite, m):
    with suite.check("powers off"):
        m.send("poweroff\n")
        m.wait_end(240)
    with suite.check("guests stop first, then xend, then the store"):
        text = re.sub(LOG_LINE, "", m.text())
        places = [text.rfind(f"Stopped \x1b[0;1;39m{unit}") for unit in
                  ("xendomains", "xend.service", "xenstored")]
        assert -1 not in places and places == sorted(places), places


def accelerator(folder, program):
    """What the demonstration chooses when this is its QEMU, and what it says."""
    path = os.path.join(folder, "qemu-system-x86_64")
    with open(path, "w") as f:
        f.write("#!/bin/sh\n" + program)
    os.chmod(path, 0o755)
    result = subprocess.run(
        ["/usr/bin/python3", "-Bc", "import demo; print(demo.accelerator()[1])"], text=True,
        cwd=os.path.join(image.TOP, "build"), stdout=subprocess.PIPE, timeout=60,
        env={"PATH": folder + ":" + os.environ["PATH"]})
    said, _, chosen = result.stdout.strip().rpartition("\n")
    return chosen.partition(",")[0], said


def check_accelerator(suite):
    suite.subject = "demo"
    with tempfile.TemporaryDirectory() as folder:
        with suite.check("a KVM that does not run the hypervisor is not used, in one line"):
            for program in ("exit 1\n", "echo '(XEN) Xen version'\n"):
                chosen, said = accelerator(folder, program)
                assert chosen == "tcg" and said.startswith("demo: QEMU interprets, since "), said
                assert "\n" not in said, said
        with suite.check("one that runs it is"):
            if not os.access("/dev/kvm", os.R_OK | os.W_OK):
                raise Skip("there is no /dev/kvm")
            chosen, said = accelerator(folder, "echo '(XEN) No module was loaded'\n")
            assert (chosen, said) == ("kvm", "demo: KVM runs it"), f"{chosen}: {said}"


def run(suite):
    if suite.is_peer:               # what is tested is ours alone
        return
    check_accelerator(suite)
    disk = demo_image("disk")
    with suite.boot("demo", **machine_options(disk)) as m:
        with suite.check("GRUB's default is the hypervisor"):
            m.expect(r"\(XEN\) Xen version", 90)
        with suite.check("a prompt, and three lines of hints"):
            m.expect(unbroken("This is dom0"), 300)
            wait_prompt(m)
        check_guest(suite, m)
        with suite.check("systemd has no failed unit"):
            failed = m.output("systemctl --failed --no-legend --plain | cut -d' ' -f1")
            assert not failed, failed
        suite.check_kernel_log(m)
        check_stop_order(suite, m)
