# SPDX-License-Identifier: GPL-2.0-only
"""Guests that end, many guests, guests that come and go, and a xend that is killed at any moment.

Most of it with the mini guest, whose command line says how it ends.
"""
import random
import re

import domains

CYCLES, MANY, KILLS = 20, 12, 8
NONE_DIES = r"\A(?!(.*\n)*.* [-a-z]{5}d )"


def mini(dom0, name, end="", **directives):
    dom0.config(name, **{"kernel": "'/guest/mini'", "ramdisk": "''", "memory": "8",
                         "extra": f"'{end}'", **directives})


def others(dom0):
    """Rows of all domains but dom0."""
    return {name: row for name, row in dom0.rows().items() if name != "Domain-0"}


def destroy_all(dom0):
    for name in others(dom0):
        dom0.run(f"xm destroy {name}")
    dom0.wait("xm list | wc -l", "^2$")


def holdings(dom0):
    """All that a guest takes of the machine; read when nothing moves any more."""
    daemons = "for d in xend xenstored xenconsoled; do ls /proc/$(pidof $d)/fd | wc -l; done"
    return {"pages": int(re.search(r"free (\d+)", dom0.must("physinfo")).group(1)),
            "ports": int(dom0.must("grep -c xen-dyn /proc/interrupts")),
            "loops": dom0.output("losetup -a | wc -l"),
            "nodes": dom0.output("xenstore-ls -f / | wc -l"),
            "descriptors": dom0.output(daemons).split(),
            "interfaces": dom0.output("ls /sys/class/net | wc -l"),
            "domains": sorted(dom0.rows())}


def check_policies(suite, dom0):
    def crash(policy, wanted, **directives):
        mini(dom0, "c1", "crash", on_crash=f"'{policy}'", **directives)
        dom0.must("xm create /etc/xen/c1")
        dom0.wait("xm list | tail -n +3; echo end", wanted, 90)
    gone = r"\Aend"
    with suite.check("on_poweroff: the guest is gone by itself"):
        mini(dom0, "p1", "poweroff")
        dom0.must("xm create /etc/xen/p1")
        dom0.wait("xm list | tail -n +3; echo end", gone)
    with suite.check("on_poweroff='preserve': it stays, shut down"):
        mini(dom0, "p1", "poweroff", on_poweroff="'preserve'")
        dom0.must("xm create /etc/xen/p1")
        dom0.wait("xm list", r"^p1 .* ...s.. ")
        destroy_all(dom0)
    with suite.check("on_crash='destroy'"):
        crash("destroy", gone)
    with suite.check("on_crash='preserve': it stays, crashed, until it is destroyed"):
        crash("preserve", r"^c1 .* ....c. ")
        destroy_all(dom0)
    with suite.check("on_crash='rename-restart': the corpse has another name"):
        crash("rename-restart", r"^Domain-\S{30,} .* ....c. ")
        dom0.wait("xm list", r"^c1 .* ....c. ")          # the guard kept the second
        destroy_all(dom0)
    with suite.check("on_crash='restart': a guest that crashes at once is not restarted for ever"):
        crash("restart", gone)
        assert "restarting too fast" in dom0.must("grep -a c1 /var/log/xen/xend.log")
    with suite.check("on_reboot='restart': the guard holds there too"):
        mini(dom0, "r1", "reboot")
        dom0.must("xm create /etc/xen/r1")
        dom0.wait("grep -a 'r1 restarting too fast' /var/log/xen/xend.log", "r1")
        dom0.wait("xm list | tail -n +3; echo end", gone)


def cycle(dom0, name, times):
    once = f"xm create /etc/xen/{name} >/dev/null && xm destroy {name}"
    dom0.must(f"for i in $(seq {times}); do {once} || exit 1; done", 30 * times)


def check_cycles(suite, dom0):
    """Hotplug scripts are slow where every instruction is; so only some cycles have devices."""
    with_devices = CYCLES if suite.args.is_long else CYCLES // 5
    mini(dom0, "y0")
    mini(dom0, "y1", vif="['']", disk="['file:/run/y.img,xvda,w']")
    dom0.must("truncate -s 1M /run/y.img")
    with suite.check(f"{CYCLES} creates and destroys, {with_devices} with disk and card,"
                     " leave nothing"):
        cycle(dom0, "y1", 1)                            # what is made once and kept
        before = dom0.settle(holdings)
        cycle(dom0, "y0", CYCLES - with_devices)
        cycle(dom0, "y1", with_devices)
        after = dom0.settle(holdings)
        spent = before["pages"] - after["pages"]
        assert spent <= 16, f"{spent} pages are gone"   # dom0's own balloon and caches
        before["pages"] = after["pages"]
        assert after == before, {k: (before[k], after[k]) for k in after if after[k] != before[k]}


def check_many(suite, dom0):
    names = [f"m{i}" for i in range(1, MANY + 1)]
    with suite.check(f"{MANY} guests are created side by side"):
        before = dom0.settle(holdings)
        for name in names:
            mini(dom0, name)
        dom0.must(f"(for i in $(seq {MANY}); do xm create /etc/xen/m$i >/run/m$i 2>&1 & done;"
                  " wait)", 300)
        rows = others(dom0)
        assert sorted(rows) == sorted(names), dom0.output("cat /run/m*")
        assert len({row[0] for row in rows.values()}) == MANY
    with suite.check("each of them runs"):
        for name in names:
            dom0.wait(f"cat /var/log/xen/console/guest-{name}.log", "MINI-UP")
    with suite.check("all go, and their memory is back"):
        dom0.must(f"(for i in $(seq {MANY}); do xm destroy m$i & done; wait)", 200)
        assert not others(dom0)
        lost = before["pages"] - dom0.settle(holdings)["pages"]
        assert lost <= 32, f"{lost} pages are gone"


def check_kills(suite, dom0):
    mini(dom0, "k0")
    mini(dom0, "k1", vif="['']", disk="['file:/run/y.img,xvda,w']")
    with suite.check("a guest outlives kill -9 of xend, and is managed by the next one"):
        number = dom0.create("k0")
        dom0.must("kill -9 $(pidof xend); xend start")
        assert others(dom0)["k0"][0] == number
        dom0.must("xm pause k0 && xm unpause k0")
    seed = random.randrange(1 << 16)
    chance = random.Random(seed)
    with suite.check(f"kill -9 of xend at {KILLS} moments of a create: all or nothing ({seed=})"):
        before = dom0.settle(holdings)
        for _ in range(KILLS):
            moment = f"{chance.uniform(0, 1.5):.2f}"
            dom0.run(f"(xm create /etc/xen/k1 >/run/k1 2>&1 & sleep {moment};"
                     " kill -9 $(pidof xend); wait); xend start", 120)
            dom0.wait("xm list", NONE_DIES, 90)
            names = set(others(dom0))
            assert names in ({"k0"}, {"k0", "k1"}), f"after {moment} s: {names}"
            if "k1" in names:
                dom0.must("xm pause k1 && xm unpause k1 && xm destroy k1", 90)
        after = dom0.settle(holdings)
        for kind in ("loops", "nodes", "interfaces", "domains"):
            assert after[kind] == before[kind], f"{kind}: {before[kind]}, then {after[kind]}"
        lost = before["pages"] - after["pages"]
        assert lost <= 32, f"{lost} pages are gone"
    destroy_all(dom0)


def check_linux(suite, dom0):
    """Twelve times Debian: for long runs."""
    names = [f"l{i}" for i in range(1, MANY + 1)]
    with suite.check(f"{MANY} times Debian's kernel at once"):
        for name in names:
            dom0.config(name, memory="64", vif="['']")
        for name in names:
            dom0.create(name)
        for name in names:
            dom0.wait_boot(name, 1, 600)
    with suite.check("all shut down when asked"):
        dom0.must("xm shutdown -a -w", 300)
        assert not others(dom0)


def run(suite):
    # Debian's kernel twelve times needs room.
    memory = {"memory": 2560} if suite.args.is_long else {"memory": 1280}
    with domains.boot(suite, "lifecycle", options="dom0_mem=640M,max:640M", **memory) as dom0:
        with suite.check("dom0 with our tools starts"):
            dom0.m.wait_shell(200)
            dom0.start()
        check_policies(suite, dom0)
        check_cycles(suite, dom0)
        check_many(suite, dom0)
        check_kills(suite, dom0)
        if suite.args.is_long:
            check_linux(suite, dom0)
        suite.check_kernel_log(dom0.m)
        suite.check_poweroff(dom0.m)
