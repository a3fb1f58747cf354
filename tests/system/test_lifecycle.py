# SPDX-License-Identifier: GPL-2.0-only
"""Guests that end, many guests, guests that come and go, and a xend that is killed at any moment.

Most of it with the mini guest, whose command line says how it ends.
"""
import random
import re
from collections import Counter

import domains
import test_policies

CYCLES, MANY, KILLS = 20, 12, 8
NONE_DIES = r"\A(?!(.*\n)*.* [-a-z]{5}d )"


def holdings(dom0):
    """All that a guest takes of the machine: {kind: lines}."""
    sections = dom0.must("holdings", 120).split("== ")[1:]
    seen = {kind: rest.splitlines() for kind, _, rest in (s.partition("\n") for s in sections)}
    assert "end" in seen and seen["ports"] and seen["grants"] and seen["nodes"], seen
    return {**seen, "domains": sorted(dom0.rows())}


def assert_same(before, after, pages=0):
    """Nothing is in one of them only; but so many pages may be gone: dom0's tables of ports and
    mappings grow to the most they ever hold."""
    text = []
    spent = int(before["pages"][0]) - int(after["pages"][0])
    if spent > pages:
        text.append(f"{spent} pages are gone")
    for kind in sorted(set(before) - {"pages"}):
        first, last = Counter(before[kind]), Counter(after[kind])
        if first != last:
            text.append(f"{kind}: {list((first - last).elements())} went,"
                        f" {list((last - first).elements())} came")
    assert not text, "; ".join(text)


def cycle(dom0, name, times):
    once = f"xm create /etc/xen/{name} >/dev/null && xm destroy {name}"
    dom0.must(f"for i in $(seq {times}); do {once} || exit 1; done", 30 * times)


def check_cycles(suite, dom0):
    """Hotplug scripts are slow where every instruction is; so only some cycles have devices."""
    with_devices = CYCLES if suite.args.is_long else CYCLES // 5
    dom0.mini("y0")
    dom0.mini("y1", vif="['']", disk="['file:/run/y.img,xvda,w']")
    dom0.must("truncate -s 1M /run/y.img")
    with suite.check(f"{CYCLES} creates and destroys, {with_devices} with disk and card,"
                     " leave nothing"):
        cycle(dom0, "y1", 1)                            # what is made once and kept
        before = dom0.settle(holdings)
        cycle(dom0, "y0", CYCLES - with_devices)
        cycle(dom0, "y1", with_devices)
        assert_same(before, dom0.settle(holdings))


def check_many(suite, dom0):
    names = [f"m{i}" for i in range(1, MANY + 1)]
    with suite.check(f"{MANY} guests are created side by side"):
        before = dom0.settle(holdings)
        for name in names:
            dom0.mini(name)
        dom0.must(f"(for i in $(seq {MANY}); do xm create /etc/xen/m$i >/tmp/m$i 2>&1 & done;"
                  " wait)", 300)
        rows = dom0.others()
        assert sorted(rows) == sorted(names), dom0.output("cat /tmp/m*")
        assert len({row[0] for row in rows.values()}) == MANY
    with suite.check("each of them runs"):
        for name in names:
            dom0.wait(f"cat /var/log/xen/console/guest-{name}.log", "MINI-UP")
    with suite.check("all go, and their memory is back"):
        dom0.must(f"(for i in $(seq {MANY}); do xm destroy m$i & done; wait)", 200)
        assert not dom0.others()
        assert_same(before, dom0.settle(holdings), MANY)


def check_kills(suite, dom0):
    dom0.mini("k0")
    dom0.mini("k1", vif="['']", disk="['file:/run/y.img,xvda,w']")
    with suite.check("a guest outlives kill -9 of xend, and is managed by the next one"):
        number = dom0.create("k0")
        dom0.must("kill -9 $(pidof xend); xend start")
        assert dom0.others()["k0"][0] == number
        dom0.must("xm pause k0 && xm unpause k0")
    seed = random.randrange(1 << 16)
    chance = random.Random(seed)
    with suite.check(f"kill -9 of xend at {KILLS} moments of a create: all or nothing ({seed=})"):
        before = dom0.settle(holdings)
        for _ in range(KILLS):
            moment = f"{chance.uniform(0, 1.5):.2f}"
            dom0.run(f"(xm create /etc/xen/k1 >/tmp/k1 2>&1 & sleep {moment};"
                     " kill -9 $(pidof xend); wait); xend start", 120)
            dom0.wait("xm list", NONE_DIES, 90)
            names = set(dom0.others())
            assert names in ({"k0"}, {"k0", "k1"}), f"after {moment} s: {names}"
            if "k1" in names:
                dom0.must("xm pause k1 && xm unpause k1 && xm destroy k1", 90)
        assert_same(before, dom0.settle(holdings), 32)
    dom0.destroy_all()


def check_linux(suite, dom0):
    """Twelve times Debian."""
    names = [f"l{i}" for i in range(1, MANY + 1)]
    with suite.check(f"{MANY} times Debian's kernel at once"):
        dom0.must("ip addr add 10.9.0.254/24 dev xenbr0")
        for number, name in enumerate(names, 1):
            dom0.config(name, vif="['']", words=f"test.ip=10.9.0.{number}/24")
        for name in names:
            dom0.create(name)
        for name in names:
            dom0.wait_boot(name, 1, 600)
    with suite.check("each answers a ping"):
        for number in range(1, MANY + 1):
            dom0.wait(f"ping -c 1 -W 2 10.9.0.{number}", " 0% packet loss", 60)
    with suite.check("a guest's clock is dom0's"):
        with dom0.guest("l2"):
            there = int(dom0.must("date +%s"))
        assert abs(there - int(dom0.must("date +%s"))) < 300
    check_flood(suite, dom0, "l1", "l2")
    with suite.check("all shut down when asked"):
        dom0.must("xm shutdown -a -w", 300)
        assert not dom0.others()


def check_flood(suite, dom0, flooder, other):
    log = f"stat -c %s /var/log/xen/console/guest-{flooder}.log"
    with suite.check("CTRL-] leaves the console of a guest that never stops writing"):
        dom0.attach(flooder)
        dom0.m.send("while :; do echo A line that comes again and again and again.; done\n")
        for _ in range(100):
            dom0.m.expect("again and again")
        dom0.detach()
    with suite.check("the other guest's console answers meanwhile"):
        before = int(dom0.must(log))
        with dom0.guest(other):
            for number in range(10):
                assert dom0.must(f"echo $(({number} * 7))", 30) == str(number * 7)
        assert int(dom0.must(log)) > before, "the flood has ended"
    with suite.check("the flooder itself can be attached again, and be stopped with CTRL-C"):
        dom0.m.send(f"xm console {flooder}\n")
        dom0.m.expect("again and again")
        dom0.m.send("\x03")
        dom0.guest_shell(60, "\n")
        dom0.detach()


def run(suite):
    with domains.boot(suite, "lifecycle", options="dom0_mem=640M,max:640M", memory=2048) as dom0:
        with suite.check("dom0 with our tools starts"):
            dom0.m.wait_shell(200)
            dom0.start()
        test_policies.checks(suite, dom0)
        check_cycles(suite, dom0)
        check_many(suite, dom0)
        check_kills(suite, dom0)
        check_linux(suite, dom0)
        suite.check_kernel_log(dom0.m)
        suite.check_poweroff(dom0.m)
