# SPDX-License-Identifier: GPL-2.0-only
"""qemu -kernel, one CPU, 512 MiB for dom0: what every boot must have."""
import re
import time

RTC_BASE = 1772366400           # 2026-03-01 12:00:00 UTC, as machine.py sets it
LOST = 60                       # seconds: while it starts, Linux counts ticks, and loses some


def check_identity(suite, m):
    with suite.check("dom0 knows that it is a privileged PV domain"):
        assert m.output("cat /sys/hypervisor/type") == "xen"
        guest = m.output("cat /sys/hypervisor/guest_type")
        assert guest == "PV", guest
        assert "control_d" in m.output("cat /proc/xen/capabilities")
    with suite.check("speaks Xen 4.17's ABI"):
        version = m.output("cat /sys/hypervisor/version/major /sys/hypervisor/version/minor")
        assert version.split() == ["4", "17"], version
    with suite.check("answers a sysctl with the machine's memory"):
        info = m.output("physinfo")
        match = re.search(r"total (\d+) free (\d+) scrub \d+ cpus (\d+)", info)
        assert match, info
        total = int(match.group(1)) / 256
        assert 900 < total <= 1024, f"{total} MiB"
        assert int(match.group(3)) == 1, info


def uptime(m):
    """dom0's, between two looks at the host's clock."""
    before = time.monotonic()
    inside = float(m.output("cut -d' ' -f1 /proc/uptime"))
    return before, inside, time.monotonic()


def check_time(suite, m, started):
    with suite.check("the wall clock is the machine's"):
        expected = RTC_BASE + time.time() - started
        got = int(m.output("date -u +%s"))
        assert abs(got - expected) < LOST, f"{got} instead of {expected:.0f}"
    with suite.check("a second is a second"):
        (least0, first, most0) = uptime(m)
        m.output("sleep 5")
        (least1, last, most1) = uptime(m)
        least, spent, most = least1 - most0, last - first, most1 - least0
        assert least - 0.1 <= spent <= most + 0.1, f"{spent:.2f} s in {least:.2f} to {most:.2f} s"
    with suite.check("the clock source is Xen's or a trusted TSC"):
        source = m.output("cat /sys/devices/system/clocksource/clocksource0/current_clocksource")
        assert source in ("xen", "tsc"), source


def check_compat(suite, m, way):
    with suite.check(f"32-bit programs enter the kernel by {way}"):
        out, rc = m.run("compat", 60)
        assert rc == 0 and "compat ok" in out, out


def run_intel(suite):
    with suite.boot("direct-intel", cpu="max,vendor=GenuineIntel") as m:
        with suite.check("dom0 starts on what looks like an Intel processor"):
            m.expect(r"DOM0-INIT ", 150)
            m.wait_shell(60)
            assert "sep" in m.output("grep -m1 flags /proc/cpuinfo").split()
        check_compat(suite, m, "SYSENTER")
        suite.check_kernel_log(m)


def run(suite):
    started = time.time()
    with suite.boot("direct-1cpu", memory=1024, options="dom0_mem=512M") as m:
        with suite.check("dom0 reaches its init"):
            m.expect(r"DOM0-INIT ", 150)
        with suite.check("a shell answers on the console"):
            m.wait_shell(60)
        check_identity(suite, m)
        check_time(suite, m, started)
        with suite.check("Xen's devices are there"):
            for name in ("privcmd", "evtchn", "gntdev", "xenbus"):
                out, rc = m.run(f"ls /dev/xen/{name}")
                assert rc == 0, out
        with suite.check("user programs fault, fork and compute rightly"):
            out, rc = m.run("load 5", 60)
            assert rc == 0, out
        check_compat(suite, m, "SYSCALL")
        suite.check_kernel_log(m)
        suite.check_poweroff(m)
    if not suite.is_peer:       # which the interpreter's SYSENTER throws off its stack
        run_intel(suite)
