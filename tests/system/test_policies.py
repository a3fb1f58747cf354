# SPDX-License-Identifier: GPL-2.0-only
"""What follows when a guest ends: every policy for every way to end; and cores.

With the mini guest, whose command line says how it ends.
"""
import re

import core
import domains
import toolstack
from domains import ROOT

STATES = {"poweroff": "...s..", "reboot": "...s..", "crash": "....c."}
CORES = "/var/xen/dump"
LOG = "/var/log/xen/xend.log"
GONE = r"\Aend"
REST = "xm list | tail -n +3; echo end"


def went_down(dom0, name):
    """How often xend saw this domain end."""
    return int(dom0.output(f"grep -ac '{name}: domain .* went down' {LOG}"))


def check_destroy(dom0, name, reason):
    dom0.wait(REST, GONE, 90)
    assert went_down(dom0, name) == 1


def check_preserve(dom0, name, reason):
    dom0.wait("xm list", rf"^{name} .* {STATES[reason]} ", 90)
    assert list(dom0.others()) == [name] and went_down(dom0, name) == 1


def check_restart(dom0, name, reason):
    """It ends at once, so the second is not followed by a third."""
    dom0.wait(f"grep -a '{name} restarting too fast' {LOG}", name, 90)
    dom0.wait(REST, GONE, 90)
    assert went_down(dom0, name) == 2


def check_rename(dom0, name, reason):
    dom0.wait("xm list", rf"^Domain-\S{{30,}} .* {STATES[reason]} ", 90)
    dom0.wait("xm list", rf"^{name} .* {STATES[reason]} ", 90)      # the guard kept the second
    ids = {old.startswith("Domain-"): row[0] for old, row in dom0.others().items()}
    assert len(ids) == 2 and ids[True] < ids[False], ids


def check_cores(dom0, name, wanted):
    """So many cores lie where they belong, and the last is a good one."""
    files = dom0.must(f"ls {CORES}/{name}").split()
    form = rf"\d{{4}}-\d{{4}}-\d{{4}}\.\d\d-{name}\.\d+\.core"
    assert len(files) == wanted and all(re.fullmatch(form, f) for f in files), files
    check_core(dom0, f"{CORES}/{name}/{files[-1]}")
    dom0.must(f"rm -r {CORES}/{name}")


def check_core(dom0, path):
    """Takes the file out of the machine through a disk."""
    size = int(dom0.must(f"stat -c %s {path}"))
    dom0.must(f"dd if={path} of={ROOT} bs=64k conv=fsync 2>/dev/null")
    taken = dom0.disk + ".core"
    with open(dom0.disk, "rb") as disk, open(taken, "wb") as out:
        out.write(disk.read(size))
    core.check_mini(taken, toolstack.mini_kernel())


def check_core_destroy(dom0, name, reason):
    check_destroy(dom0, name, reason)
    check_cores(dom0, name, 1)


def check_core_restart(dom0, name, reason):
    check_restart(dom0, name, reason)
    check_cores(dom0, name, 2)


ALWAYS = {"destroy": check_destroy, "restart": check_restart, "preserve": check_preserve,
          "rename-restart": check_rename}
CRASH = {"coredump-destroy": check_core_destroy, "coredump-restart": check_core_restart}


def check_policies(suite, dom0):
    for reason in STATES:
        for number, (policy, look) in enumerate({**ALWAYS, **(CRASH if reason == "crash" else {})}
                                                .items()):
            with suite.check(f"on_{reason}='{policy}'"):
                name = f"{reason}{number}"
                dom0.mini(name, reason, **{f"on_{reason}": f"'{policy}'"})
                dom0.must(f"xm create /etc/xen/{name}")
                look(dom0, name, reason)
                dom0.destroy_all()


def check_dumps(suite, dom0):
    with suite.check("xm dump-core: a valid core, and the guest runs on"):
        dom0.mini("d1")
        number = dom0.create("d1")
        dom0.wait("cat /var/log/xen/console/guest-d1.log", "MINI-UP")
        dom0.must("xm dump-core d1 /run/core")
        check_core(dom0, "/run/core")
        dom0.wait("xm list d1", rf"^d1 +{number} .* [r-][b-]---- ")
    with suite.check("and with --live; a guest that is paused stays so either way"):
        dom0.must("xm dump-core --live d1 /run/core")
        check_core(dom0, "/run/core")
        dom0.must("xm pause d1; xm dump-core --live d1 /run/core; xm dump-core d1 /run/core")
        assert dom0.rows()["d1"][3][2] == "p", dom0.rows()
        dom0.must("xm unpause d1")
    with suite.check("xm dump-core --reset: a new domain follows"):
        dom0.must("xm dump-core --reset d1 /run/core", 90)
        dom0.wait("xm list d1", rf"^d1 +{number + 1} ", 60)
        check_core(dom0, "/run/core")
    with suite.check("xm dump-core --crash ends the domain, and no file named: the usual place"):
        dom0.must("xm dump-core --crash d1", 90)
        dom0.wait(REST, GONE)
        check_cores(dom0, "d1", 1)
    with suite.check("a place that takes no core: one line and status 1, and the guest runs on"):
        dom0.create("d1")
        out, status = dom0.run("xm dump-core d1 /nowhere/core 2>&1")
        assert status == 1 and "/nowhere/core" in out.splitlines()[-1], (status, out)
        out, status = dom0.run("mkdir -p /run/s; mount -t tmpfs -o size=1m s /run/s;"
                               " xm dump-core d1 /run/s/core 2>&1")
        assert status == 1 and "No space left" in out, (status, out)
        assert dom0.must("ls /run/s") == "core-incomplete"
        dom0.wait("xm list d1", r"^d1 .* [r-][b-]---- ")
        dom0.must("umount /run/s")
        dom0.destroy_all()


def checks(suite, dom0):
    check_policies(suite, dom0)
    check_dumps(suite, dom0)


def run(suite):
    with domains.boot(suite, "policies", memory=1024, options="dom0_mem=640M,max:640M") as dom0:
        with suite.check("dom0 with our tools starts"):
            dom0.m.wait_shell(200)
            dom0.start()
        checks(suite, dom0)
        suite.check_kernel_log(dom0.m)
        suite.check_poweroff(dom0.m)
