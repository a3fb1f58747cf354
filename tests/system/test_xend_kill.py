# SPDX-License-Identifier: GPL-2.0-only
"""xend is killed at any moment, and started again: no domain is lost, none is left half-built.

The moments are not left to chance: xend's log names each step, and the kill follows it at once.
"""
import time

import domains
from machine import PATIENCE

LOG = "/var/log/xen/xend.log"
DATA = "/run/kill.img"
STEPS = ["record", "domain", "nodes", "build", "introduce", "devices"]


def kill_at(dom0, command, line):
    """Run a command in the background, kill xend when its log says this; start it again."""
    dom0.must(f"cp {LOG} {LOG}.old; : > {LOG}; ({command} >/tmp/out 2>&1 &)")
    dom0.must(f"n=0; until grep -q \"{line}\" {LOG}; do n=$((n + 1)); [ $n -lt 6000 ] || exit 1;"
              " usleep 20000; done; kill -9 $(cat /var/run/xend.pid)", 180)
    dom0.must("xend start", 180)


def left(dom0):
    """What a domain that is no more must not leave behind."""
    return dom0.must("losetup -a | wc -l; xenstore-list /local/domain; xenstore-list /vm;"
                     " ls /var/lib/xend/domains; ls /sys/class/net;"
                     " ls /sys/bus/xen-backend/devices")


def wait_clean(dom0, before):
    end = time.monotonic() + 60 * PATIENCE
    while (now := left(dom0)) != before:
        if time.monotonic() > end:
            log = dom0.must(f"tail -n 40 {LOG}")
            raise AssertionError(f"before: {before}\nnow: {now}\n{log}")
        time.sleep(0.5)


def check_keeper(dom0, number):
    rows = dom0.rows()
    assert rows.get("keeper", (None,))[0] == number, rows
    assert dom0.must("xenstore-read /local/domain/%d/device/vbd/51712/state" % number) == "4"


def check_creates(dom0, suite, number, before):
    for step in STEPS:
        with suite.check(f"killed in a create, at step '{step}': nothing is left of it"):
            kill_at(dom0, "xm create k", f"k: step '{step}'")
            wait_clean(dom0, before)
            assert "k" not in dom0.rows()
            check_keeper(dom0, number)


def check_living(dom0, suite, number, before):
    with suite.check("killed once a guest runs: it runs on, and can be destroyed"):
        kill_at(dom0, "xm create k", "k: started as domain")
        k = dom0.rows()["k"][0]
        assert dom0.must(f"xenstore-read /local/domain/{k}/name") == "k"
        dom0.must("xm destroy k")
        wait_clean(dom0, before)
    with suite.check("killed in a destroy: the domain goes"):
        dom0.create("k")
        kill_at(dom0, "xm destroy k", "asked: destroy k")
        if "k" in dom0.rows():          # it had not begun
            dom0.must("xm destroy k")
        wait_clean(dom0, before)
        check_keeper(dom0, number)


def check_restart(dom0, suite, number):
    with suite.check("killed in a reboot: the domain comes back"):
        old = dom0.create("again")
        kill_at(dom0, "xm reset again", "again: domain .* is gone")
        dom0.wait("xm list again", rf"^again +(?!{old} )\d+ +[1-9]", 120)
        dom0.must("xm destroy again")
        check_keeper(dom0, number)


def check_managed(dom0, suite, number):
    with suite.check("killed in the start of a managed domain: its definition stays"):
        dom0.config("kept")
        dom0.must("xm new kept")
        kill_at(dom0, "xm start kept", "kept: step 'build'")
        dom0.wait("xm domid kept", "None", 60)
        dom0.must("xm start kept", 120)
        dom0.must("xm destroy kept")
        dom0.must("xm delete kept")
        check_keeper(dom0, number)


def run(suite):
    with domains.boot(suite, "xend_kill") as dom0:
        with suite.check("dom0 with our tools starts a guest with disk and network"):
            dom0.m.wait_shell(200)
            dom0.start()
            dom0.must(f"truncate -s 4M {DATA} {DATA}.2")
            dom0.config("keeper", disk=f"['file:{DATA},xvda,w']", vif="['']")
            dom0.config("k", disk=f"['file:{DATA}.2,xvda,w']", vif="['']")
            dom0.config("again")
            number = dom0.create("keeper")
            dom0.wait(f"xenstore-read /local/domain/{number}/device/vbd/51712/state", "^4$", 180)
            before = dom0.settle(left)
        check_creates(dom0, suite, number, before)
        check_living(dom0, suite, number, before)
        check_restart(dom0, suite, number)
        check_managed(dom0, suite, number)
        suite.check_poweroff(dom0.m)
