# SPDX-License-Identifier: GPL-2.0-only
"""A guest's disks and network cards that come and go while it runs."""
import re

import domains
from domains import ROOT

HOT = "/run/hot.img"
MAC = "00:16:3e:00:00:22"


def check_disk(suite, dom0, name):
    with suite.check("a disk is attached to a running guest and carries data"):
        dom0.must(f"truncate -s 8M {HOT}; xm block-attach {name} file:{HOT} xvdc w")
        with dom0.guest(name):
            dom0.wait("ls /dev/xvdc 2>&1", r"^/dev/xvdc$")
            dom0.must("dd if=/dev/urandom of=/tmp/p bs=64k count=16 2>/dev/null;"
                      " dd if=/tmp/p of=/dev/xvdc bs=64k seek=2 conv=fsync 2>/dev/null")
            inside = dom0.must("md5sum </tmp/p")
        outside = dom0.output(f"dd if={HOT} bs=64k skip=2 count=16 2>/dev/null | md5sum")
        assert inside == outside, (inside, outside)
        assert re.search(r"^51744 ", dom0.must(f"xm block-list {name}"), re.M)
    with suite.check("the disk is taken away, and its loop device given back"):
        dom0.must(f"xm block-detach {name} xvdc")
        with dom0.guest(name):
            dom0.wait("ls /dev/xvdc 2>&1", r"No such file")
        dom0.wait("losetup -a; echo end", r"\A(?!(.*\n)*.*hot\.img)", 30)
    with suite.check("a read-only disk cannot be written to"):
        dom0.must(f"xm block-attach {name} file:{HOT} xvdc r")
        with dom0.guest(name):
            dom0.wait("ls /dev/xvdc 2>&1", r"^/dev/xvdc$")
            out, status = dom0.run("dd if=/dev/zero of=/dev/xvdc bs=4k count=1 conv=fsync 2>&1")
            assert status != 0, out
        dom0.must(f"xm block-detach {name} xvdc")
    with suite.check("a disk in use is refused"):
        out, status = dom0.run(f"xm block-attach {name} phy:{ROOT} xvde w 2>&1")
        assert status == 1 and ROOT in out, f"status {status}: {out}"
    with suite.check("a disk that is not there cannot be detached"):
        out, status = dom0.run(f"xm block-detach {name} xvdq 2>&1")
        assert status == 1 and re.search("not connected|Cannot find device", out), out


def check_card(suite, dom0, name):
    with suite.check("a network card is attached to a running guest and carries data"):
        dom0.must(f"xm network-attach {name} mac={MAC} bridge=xenbr0")
        with dom0.guest(name):
            dom0.wait("ls /sys/class/net", r"eth1")
            assert dom0.output("cat /sys/class/net/eth1/address") == MAC
            # Its own subnet, so that it is this card that answers.
            dom0.must("ip addr add 10.8.0.2/24 dev eth1; ip link set eth1 up")
        dom0.must("ip addr add 10.8.0.1/24 dev xenbr0")
        dom0.wait("ping -c 1 -W 2 10.8.0.2", " 0% packet loss", 60)
        assert MAC in dom0.must(f"xm network-list {name}")
    with suite.check("the card is taken away, with its interface in dom0"):
        vif = "vif" + dom0.must(f"xm domid {name}") + ".1"
        assert vif in dom0.output("ls /sys/class/net")
        dom0.must(f"xm network-detach {name} 1")
        dom0.wait("ls /sys/class/net; echo end", rf"\A(?!(.*\n)*{vif}\s)")
        assert MAC not in dom0.must(f"xm network-list {name}")
    with suite.check("a card on no bridge is refused, and nothing of it stays"):
        before = dom0.must(f"xm network-list {name}")
        out, status = dom0.run(f"xm network-attach {name} bridge=nobr 2>&1")
        assert status == 1 and "nobr" in out, f"status {status}: {out}"
        assert dom0.must(f"xm network-list {name}") == before


def checks(suite, dom0, name):
    check_disk(suite, dom0, name)
    check_card(suite, dom0, name)


def run(suite):
    with domains.boot(suite, "devices-guest", memory=1280, options="dom0_mem=512M") as dom0:
        with suite.check("a guest runs"):
            dom0.m.wait_shell(200)
            dom0.start()
            dom0.config("g1", root=True, vif="['']", memory="128")
            dom0.create("g1")
            dom0.wait_boot("g1", 1)
        checks(suite, dom0, "g1")
        suite.check_kernel_log(dom0.m)
        suite.check_poweroff(dom0.m)
