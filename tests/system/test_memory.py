# SPDX-License-Identifier: GPL-2.0-only
"""Sizes of memory, the balloon, and who gets memory when there is too little."""
import re
import time

import domains
from machine import PATIENCE

BALLOON = "/sys/devices/system/xen_memory/xen_memory0"


def current_kib(m):
    return int(m.output(f"cat {BALLOON}/info/current_kb"))


def balloon_to(m, kib):
    """Set the target and wait until it is reached; where it ended."""
    m.output(f"echo {kib} >{BALLOON}/target_kb")
    end = time.monotonic() + 60 * PATIENCE
    while abs(current_kib(m) - kib) > 1024 and time.monotonic() < end:
        time.sleep(0.5)
    return current_kib(m)


def free_pages(m):
    words = m.output("physinfo").split()
    return int(words[words.index("free") + 1]) if "free" in words else None


def check_balloon(suite, m, start_mib):
    start = start_mib * 1024
    low = start - 200 * 1024
    free = []
    with suite.check("the balloon deflates dom0 by 200 MiB"):
        free.append(free_pages(m))
        got = balloon_to(m, low)
        assert abs(got - low) <= 1024, f"{got} KiB"
        free.append(free_pages(m))
    with suite.check("the hypervisor has the memory"):
        assert None not in free, "physinfo failed"
        gained = (free[1] - free[0]) / 256
        assert 195 <= gained <= 205, f"{gained:.1f} MiB"
    with suite.check("the balloon gives it back"):
        got = balloon_to(m, start)
        assert abs(got - start) <= 1024, f"{got} KiB"
    with suite.check("memory that went and came is sound"):
        m.output("mount -t tmpfs -o size=380m t /mnt")
        out, rc = m.run("dd if=/dev/urandom of=/mnt/a bs=1M count=150 2>/dev/null &&"
                        " cp /mnt/a /mnt/b && cmp /mnt/a /mnt/b", 120)
        m.output("umount /mnt")
        assert rc == 0, out
    with suite.check("nothing of it is lost"):
        now = free_pages(m)
        assert now is not None and abs(now - free[0]) < 512, f"{free[0]} pages free, now {now}"


# ---- Guests ----

DOM0_MIB, FLOOR_MIB = 640, 560
GUEST_MIB, MOST_MIB, LEAST_MIB = 160, 256, 128
SLACK_MIB = 2                           # that xend wants besides a new guest's memory
AT_ONCE, FIT = 6, 3


def memory_of(dom0, name):
    return dom0.rows()[name][1]


def wait_memory(dom0, name, mib):
    dom0.wait(f"xm list {name}", rf"^{name} +\d+ +{mib} ", 120)


def free_mib(dom0):
    return free_pages(dom0.m) // 256


def refuse(dom0, command, *wanted):
    """One line that says why, a status that is not 0, and nothing has changed."""
    def look():
        rows = {name: row[:3] for name, row in dom0.rows().items()}
        return rows, dom0.output("xenstore-ls -f /local/domain | grep memory/")
    before = look()
    text, status = dom0.run(command + " 2>&1 >/dev/null", 120)
    assert status and re.fullmatch(r"Error: [^\n]+", text), f"{command}: {status}: {text}"
    for words in wanted:
        assert re.search(words, text), f"{command}: no {words!r} in {text}"
    after = look()
    assert after == before, f"{command}: {before}, then {after}"


def check_guest_balloon(suite, dom0):
    with suite.check("maxmem: the guest starts with less, and with room to grow"):
        dom0.config("g1", memory=GUEST_MIB, maxmem=MOST_MIB)
        dom0.create("g1")
        dom0.wait_boot("g1", 1)
        assert memory_of(dom0, "g1") == GUEST_MIB, dom0.rows()
        with dom0.guest("g1"):
            total = int(dom0.must("awk '/MemTotal/{print $2}' /proc/meminfo")) // 1024
            assert GUEST_MIB // 2 < total < GUEST_MIB, f"{total} MiB"
            dom0.must("(observe memory 24 >/tmp/seen 2>&1 &)")
    with suite.check("it grows and shrinks while it works, to maxmem and back"):
        for mib in (MOST_MIB, LEAST_MIB, 200, GUEST_MIB):
            dom0.must(f"xm mem-set g1 {mib}")
            wait_memory(dom0, "g1", mib)
    with suite.check("all that it had in memory is as it was"):
        with dom0.guest("g1"):
            dom0.must("! dmesg | grep -i 'out of memory'")
            dom0.must("killall observe")
            text = dom0.wait("cat /tmp/seen", "OBSERVED memory .*").group(0)
            rounds = re.fullmatch(r"OBSERVED memory ok: (\d+) rounds", text)
            assert rounds and int(rounds.group(1)) > 0, text
    with suite.check("mem-set and mem-max out of range: refused with the range"):
        refuse(dom0, f"xm mem-set g1 {MOST_MIB + 1}", f"g1 takes 16 to {MOST_MIB} MiB")
        refuse(dom0, "xm mem-set g1 15", f"too small: g1 takes 16 to {MOST_MIB} MiB")
        refuse(dom0, "xm mem-set g1 0", f"g1 takes 16 to {MOST_MIB} MiB")
        refuse(dom0, f"xm mem-max g1 {GUEST_MIB - 1}", rf"less than memory \({GUEST_MIB}\)")
        refuse(dom0, f"xm mem-set 0 {FLOOR_MIB - 1}",
               f"too small: Domain-0 takes {FLOOR_MIB} to {DOM0_MIB} MiB")
        refuse(dom0, f"xm mem-set 0 {DOM0_MIB + 1}", f"takes {FLOOR_MIB} to {DOM0_MIB} MiB")
    with suite.check("mem-max moves the range"):
        dom0.must("xm mem-max g1 200")
        refuse(dom0, "xm mem-set g1 201", "g1 takes 14 to 200 MiB")
        dom0.must("xm mem-set g1 200")
        wait_memory(dom0, "g1", 200)
        dom0.must(f"xm mem-set g1 {GUEST_MIB}")
        wait_memory(dom0, "g1", GUEST_MIB)


def check_dom0_gives(suite, dom0):
    free, give = free_mib(dom0), 40
    with suite.check("with too little free memory dom0 gives what a new guest lacks"):
        dom0.mini("m1", memory=free + give)
        dom0.must("xm create /etc/xen/m1", 120)
        got = DOM0_MIB - memory_of(dom0, "Domain-0")
        assert give <= got <= give + 2 * SLACK_MIB, f"dom0 gave {got} MiB, {give} were asked for"
        dom0.must("xm destroy m1")
    with suite.check("below dom0-min-mem it is not shrunk: refused with the numbers"):
        dom0.settle(free_mib)
        dom0.mini("m2", memory=free + 200)
        refuse(dom0, "xm create /etc/xen/m2", rf"I need {(free + 200 + SLACK_MIB) << 10} KiB",
               rf"dom0_min_mem is {FLOOR_MIB << 10}", r"would leave only \d+ KiB free")


def check_at_once(suite, dom0):
    """Each is given two sevenths of what there is: three fit."""
    room = dom0.settle(free_mib) + memory_of(dom0, "Domain-0") - FLOOR_MIB
    each = room * 2 // 7
    with suite.check(f"{AT_ONCE} creates at once, room for {FIT}: {FIT} guests, the others refused"
                     " with the numbers"):
        for i in range(AT_ONCE):
            dom0.mini(f"a{i}", memory=each)
        dom0.must(f"(for i in $(seq 0 {AT_ONCE - 1}); do (xm create /etc/xen/a$i 2>&1;"
                  " echo status $?) >/run/a$i & done; wait)", 300)
        answers = [dom0.output(f"cat /run/a{i}") for i in range(AT_ONCE)]
        good = [a for a in answers if a.endswith("status 0")]
        bad = [a for a in answers if not a.endswith("status 0")]
        assert len(good) == FIT, answers
        for answer in bad:
            assert re.search(r"I need \d+ KiB.* \d+ KiB free|only have \d+", answer), answer
    with suite.check("no half of a guest is left"):
        rows = dom0.others()
        assert len(rows) == 1 + FIT, rows
        assert all(row[1] == each for name, row in rows.items() if name != "g1"), rows
        homes = dom0.must("xenstore-ls -f /local/domain")
        assert len(re.findall(r"^/local/domain/[1-9]\d*/name =", homes, re.M)) == 1 + FIT, homes
        dom0.must("xm debug-keys m")
        claimed = dom0.must(r"xm dmesg | sed -n 's/.* free, \(.*\) claimed,.*/\1/p' | tail -n 1")
        assert claimed == "0 KiB", claimed
    with suite.check("when they go, their memory is free and dom0 takes its own back"):
        dom0.destroy_all()
        dom0.must(f"xm mem-set 0 {DOM0_MIB}")
        wait_memory(dom0, "Domain-0", DOM0_MIB)


def run_guests(suite):
    options = f"dom0_mem={DOM0_MIB}M,max:{DOM0_MIB}M"
    with domains.boot(suite, "memory-guests", memory=1152, options=options) as dom0:
        with suite.check("dom0 with our tools starts"):
            dom0.m.wait_shell(200)
            dom0.must(f"sed -i 's/^(dom0-min-mem .*/(dom0-min-mem {FLOOR_MIB})/'"
                      " /etc/xen/xend-config.sxp")
            dom0.start()
        check_guest_balloon(suite, dom0)
        check_dom0_gives(suite, dom0)
        check_at_once(suite, dom0)
        suite.check_kernel_log(dom0.m)
        suite.check_poweroff(dom0.m)


def run(suite):
    if not suite.is_peer:
        run_guests(suite)
    with suite.boot("memory-512M", memory=1024, options="dom0_mem=512M,max:512M") as m:
        with suite.check("dom0 starts with 512 MiB"):
            m.wait_shell()
        check_balloon(suite, m, 512)
        suite.check_kernel_log(m)
        suite.check_poweroff(m)
    with suite.boot("memory-4G", memory=5120, options="dom0_mem=4G") as m:
        with suite.check("dom0 starts with 4 GiB"):
            m.wait_shell(240)
            total = int(m.output("awk '/MemTotal/{print $2}' /proc/meminfo")) // 1024
            assert 3700 < total <= 4096, f"{total} MiB"
        with suite.check("most of it can be used"):
            out, rc = m.run("mount -t tmpfs -o size=3200m t /mnt &&"
                            " dd if=/dev/zero of=/mnt/z bs=1M count=2400", 240)
            assert rc == 0, out
            m.output("umount /mnt", 120)
        suite.check_kernel_log(m)
        suite.check_poweroff(m)
    with suite.boot("memory-all", memory=1024, options="") as m:
        with suite.check("without dom0_mem dom0 gets nearly all"):
            m.wait_shell()
            total = int(m.output("awk '/MemTotal/{print $2}' /proc/meminfo")) // 1024
            assert total > 700, f"{total} MiB of 1024"
        suite.check_poweroff(m)
    with suite.boot("memory-negative", memory=1024, options="dom0_mem=-400M") as m:
        with suite.check("a negative dom0_mem leaves that much to the hypervisor"):
            m.wait_shell()
            free = free_pages(m) // 256         # and the kernel's packed and unpacked images
            assert 390 <= free < 540, f"{free} MiB"
        suite.check_poweroff(m)
