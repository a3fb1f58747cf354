# SPDX-License-Identifier: GPL-2.0-only
"""Clocks: one time for the hypervisor, dom0 and its guests, and whose the wall clock is; and the
machine's processors, as its owner counts them.

A guest's rdtsc is the processor's, so (counter, clock) pairs that dom0 and guests take at any time
are compared without a word between them: a clock is a line over the counter.
"""
import re

import domains
from test_memory import refuse

CPUS, CORES, THREADS = 4, 2, 2      # tests/guests/topology: eight in two sockets
MOVES = 20                          # of each VCPU, while clocks are read
DAY = 86400
# While it starts, Linux counts ticks, and those that it was not run for are lost to its wall clock.
# tests/guests/wallclock looks at what the hypervisor tells it.
LOST = 40


# ---- Lines over the counter ----

def now(dom0):
    """(counter, monotonic ns, wall clock ns) of dom0, or of the guest whose console is attached."""
    numbers = re.search(r"OBSERVED now: (\d+) (\d+) (\d+)", dom0.must("observe now"))
    return tuple(int(number) for number in numbers.groups())


def now_in(dom0, name):
    with dom0.guest(name):
        return now(dom0)


def rate(first, last):
    """ns in a tick of the counter."""
    return (last[1] - first[1]) / (last[0] - first[0])


def wall_difference(a, b, ns_per_tick):
    """Seconds that b's wall clock is ahead of a's at the same value of the counter."""
    return (b[2] - a[2] - (b[0] - a[0]) * ns_per_tick) / 1e9


# ---- Checks ----

def check_topology(suite, dom0):
    with suite.check("xm info tells of processors, nodes, cores and threads"):
        info = dict(re.split(r"\s*: ?", line, maxsplit=1)
                    for line in dom0.must("xm info").splitlines())
        got = [info[key] for key in ("nr_cpus", "nr_nodes", "cores_per_socket",
                                     "threads_per_core")]
        assert got == [str(CPUS), "1", str(CORES), str(THREADS)], got
    with suite.check("processors are numbered depth first: threads, cores, sockets"):
        rows = re.findall(r"^\s*(\d+):?\s+(\d+)\s+(\d+)\s+\d+\s*$", dom0.must("xm info -n"), re.M)
        wanted = [(cpu, cpu // THREADS % CORES, cpu // (THREADS * CORES)) for cpu in range(CPUS)]
        assert [tuple(int(n) for n in row) for row in rows] == wanted, rows


def check_moved(suite, dom0):
    with suite.check("a guest's clock never goes back and stays even while its VCPUs move"):
        with dom0.guest("g1"):
            dom0.must("(observe clocks >/tmp/seen 2>&1 &)")
        dom0.must(f"(for n in $(seq {MOVES}); do xm vcpu-pin g1 0 $((n % {CPUS})) &&"
                  f" xm vcpu-pin g1 1 $(((n * 3 + 1) % {CPUS})) || exit 1; done)", 240)
        dom0.must("xm vcpu-pin g1 all all")
        with dom0.guest("g1"):
            dom0.must("killall observe")
            seen = dom0.wait("cat /tmp/seen", r"(\d+) readings, back (\d+), off (\d+) ns", 60)
        readings, back, off = (int(n) for n in seen.groups())
        assert readings > 10000 and back == 0 and off < 20000, seen.group(0)


def check_drift(suite, dom0):
    first = {"dom0": now(dom0), "g1": now_in(dom0, "g1")}
    check_moved(suite, dom0)
    last = {"dom0": now(dom0), "g1": now_in(dom0, "g1")}
    with suite.check("dom0 and the guest count the same seconds"):
        rates = {who: rate(first[who], last[who]) for who in first}
        ppm = (rates["g1"] / rates["dom0"] - 1) * 1e6
        assert abs(ppm) < 2, f"{ppm:.3f} ppm, {rates}"
    with suite.check("the guest's wall clock is the one that dom0 had when it started"):
        ahead = wall_difference(last["dom0"], last["g1"], rates["dom0"])
        assert -LOST < ahead < 1, f"{ahead} s"
    with suite.check("the hypervisor's clocks do not drift apart: debug key t says so"):
        dom0.must("xm debug-keys t")
        text = dom0.wait("xm dmesg | sed -n 's/^.XEN. CPU c/c/p'", r"clocks: .*").group(0)
        apart, ppm = re.search(r"at most (\d+) ns apart; .* (\d+\.\d+) ppm", text).groups()
        # The rate was measured at boot, while a host may stop a machine for a millisecond or two.
        assert int(apart) < 1000 and float(ppm) < 2000, text
    with suite.check("xm uptime agrees with the guest's own"):
        told = [int(n) for n in re.search(r"^g1 +\d+ +(\d+):(\d+):(\d+)", dom0.must("xm uptime"),
                                          re.M).groups()]
        with dom0.guest("g1"):
            up = float(dom0.must("cat /proc/uptime").split()[0])
        before = told[0] * 3600 + told[1] * 60 + told[2] - up
        assert -60 < before < 60, (told, up)


def check_wall_clock(suite, dom0):
    start = now(dom0)
    running = now_in(dom0, "g1")
    with suite.check("dom0 sets the machine's wall clock: a guest that starts has it"):
        dom0.must(f"date -s @$(($(date +%s) + {DAY}))")
        dom0.config("g2")
        dom0.create("g2")
        dom0.wait_boot("g2", 1)
        here, there = now(dom0), now_in(dom0, "g2")
        ns_per_tick = rate(start, here)
        assert abs(wall_difference(start, here, ns_per_tick) - DAY) < 2, (start, here)
        assert -LOST < wall_difference(here, there, ns_per_tick) < 1, (here, there)
    with suite.check("one that runs keeps its own until it asks; its time goes on evenly"):
        there = now_in(dom0, "g1")
        assert abs(wall_difference(running, there, ns_per_tick)) < 1, (running, there)
    with suite.check("a guest sets its own wall clock, and nobody else's"):
        with dom0.guest("g2"):
            dom0.must(f"date -s @$(($(date +%s) + {DAY}))")
            there = now(dom0)
        after = now(dom0)
        assert abs(wall_difference(after, there, ns_per_tick) - DAY) < LOST + 2, (after, there)
        assert abs(wall_difference(here, after, ns_per_tick)) < 2, (here, after)
        dom0.must("xm destroy g2")
        dom0.must(f"date -s @$(($(date +%s) - {DAY}))")


def check_tsc_modes(suite, dom0):
    start = now(dom0)
    with suite.check("a guest whose counter is emulated has one of its own, even and never back"):
        dom0.config("t1", vcpus=2, tsc_mode=1)
        dom0.create("t1")
        dom0.wait_boot("t1", 1)
        with dom0.guest("t1"):
            dom0.must("(observe clocks >/tmp/seen 2>&1 &)")
            first = now(dom0)
            dom0.must("sleep 5; killall observe")
            last = now(dom0)
            seen = dom0.wait("cat /tmp/seen", r"(\d+) readings, back (\d+), off (\d+) ns", 60)
        readings, back, off = (int(n) for n in seen.groups())
        assert readings > 100 and back == 0 and off < 20000, seen.group(0)
        assert last[0] < now(dom0)[0] * 0.9, "it is the machine's"
        dom0_rate = rate(start, now(dom0))
        assert abs(rate(first, last) / dom0_rate - 1) < 0.001, (first, last, dom0_rate)
        dom0.must("xm destroy t1")
    with suite.check("tsc_mode: 0, 1 and 2 are taken, 3 refused in words"):
        for mode in (0, 1, 2):
            dom0.mini("t1", tsc_mode=mode)
            dom0.must("xm create /etc/xen/t1")
            dom0.must("xm destroy t1")
        for mode, why in ((3, "not supported.*0, 1 and 2"), (4, "tsc_mode.*0.*3")):
            dom0.mini("t1", tsc_mode=mode)
            refuse(dom0, "xm create /etc/xen/t1", why)


def run(suite):
    with domains.boot(suite, "clocks", smp=f"{CPUS},cores={CORES},threads={THREADS}", memory=1280,
                      options="dom0_mem=768M dom0_max_vcpus=2") as dom0:
        with suite.check("dom0 with our tools starts"):
            dom0.m.wait_shell(240)
            dom0.start()
        check_topology(suite, dom0)
        with suite.check("a guest with two VCPUs starts"):
            dom0.config("g1", vcpus=2)
            dom0.create("g1")
            dom0.wait_boot("g1", 1)
        check_drift(suite, dom0)
        check_wall_clock(suite, dom0)
        check_tsc_modes(suite, dom0)
        suite.check_kernel_log(dom0.m)
        suite.check_poweroff(dom0.m)
