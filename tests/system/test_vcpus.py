# SPDX-License-Identifier: GPL-2.0-only
"""A stock Debian guest with 128 VCPUs on two CPUs: started, listed, pinned, hot-plugged, loaded and
killed.  sched does the last with a tiny kernel; this takes long, for Linux makes all its CPUs meet
whenever it patches its code or one of them leaves."""
import time

import domains
from machine import PATIENCE
from test_lifecycle import assert_same, holdings

VCPUS = 128
SWITCH_ON = "for f in /sys/devices/system/cpu/cpu*/online; do echo 1 >$f; done"


def rows(dom0):
    return [line.split() for line in dom0.must("xm vcpu-list big", 120).splitlines()[1:]]


def wait_rows(dom0, what, is_it, timeout):
    end = time.monotonic() + timeout * PATIENCE
    while not is_it(rows(dom0)):
        assert time.monotonic() < end, f"{what}: {rows(dom0)}"
        time.sleep(2)


def online(found):
    return sum("p" not in row[4] for row in found)


def check_start(suite, dom0):
    with suite.check(f"Debian starts with {VCPUS} VCPUs"):
        dom0.config("big", vcpus=VCPUS, memory=320)
        dom0.create("big", 300)
        dom0.wait_boot("big", 1, 600)
        assert dom0.rows()["big"][2] == VCPUS
        with dom0.guest("big"):
            assert dom0.must("nproc") == str(VCPUS)


def check_pins(suite, dom0):
    with suite.check("all are listed and pinned"):
        assert [row[2] for row in rows(dom0)] == [str(i) for i in range(VCPUS)]
        dom0.must("xm vcpu-pin big all 1", 120)
        assert {row[-1] for row in rows(dom0)} == {"1"}
        dom0.must(f"xm vcpu-pin big {VCPUS - 1} 0")
        assert rows(dom0)[-1][-1] == "0"
        dom0.must("xm vcpu-pin big all all", 120)


def check_hotplug(suite, dom0, fewer=VCPUS - 4):
    with suite.check("vcpu-set takes some away and gives them back"):
        dom0.must(f"xm vcpu-set big {fewer}")
        wait_rows(dom0, "fewer", lambda found: online(found) == fewer, 600)
        dom0.must(f"xm vcpu-set big {VCPUS}")
        with dom0.guest("big"):
            dom0.wait("ls -d /sys/devices/system/cpu/cpu[0-9]* | wc -l", f"^{VCPUS}$")
            dom0.must(SWITCH_ON, 600)
        wait_rows(dom0, "all again", lambda found: online(found) == VCPUS, 60)


def check_kill(suite, dom0, before):
    with suite.check("all of them run"):
        dom0.attach("big")
        dom0.m.send(f"spin {VCPUS} &\n")
        dom0.detach()
        wait_rows(dom0, "load", lambda found: sum("b" not in row[4] for row in found) >= VCPUS - 2,
                  300)
    with suite.check("killed then, it leaves nothing"):
        dom0.must("xm destroy big", 120)
        dom0.wait_gone("big")
        assert_same(before, dom0.settle(holdings), pages=16)


def run(suite):
    with domains.boot(suite, "vcpus") as dom0:
        with suite.check("dom0 with our tools starts"):
            dom0.m.wait_shell(240)
            dom0.start()
        dom0.config("y0")               # what the first guest of this kernel leaves is kept
        dom0.create("y0", 300)
        dom0.destroy_all()
        before = dom0.settle(holdings)
        check_start(suite, dom0)
        check_pins(suite, dom0)
        check_hotplug(suite, dom0)
        check_kill(suite, dom0, before)
        suite.check_kernel_log(dom0.m)
        suite.check_poweroff(dom0.m)
