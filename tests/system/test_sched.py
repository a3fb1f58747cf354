# SPDX-License-Identifier: GPL-2.0-only
"""Many domains on few CPUs, with our tools in a stock dom0.

The machine runs under icount: its clock counts instructions, so shares and delays are the same on
any host, however busy.  Of several CPUs this emulator (until QEMU 8.1) then runs the first until a
timer is due, and others only with what that leaves: one that spins stops the next for up to 100 ms,
which no scheduler can make good.  At a PAUSE it turns to the next, so all loads here do that often.
Guests are the tiny kernel tests/guests/domu_load, and once a stock Linux.
"""
import os
import re
import shutil
import subprocess

import image
TOOLS = os.environ.get("XENITH_TOOLS", os.path.join(image.TOP, "dist", "tools", "bin"))
PROGRAMS = ["xend", "xm", "xentop", "xenstored", "xenconsoled", "xenconsole", "xenstore"]
GUESTS = os.path.join(image.TOP, "dist", "tests", "guests")
SPIN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "guest", "spin.c")
# Eight instructions a nanosecond: about as fast as this emulator is on a common host.
SHIFT = 3

INIT = """\
#!/bin/busybox sh
export PATH=/bin:/sbin
/bin/busybox mkdir -p /proc /sys /dev /bin
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
for i in 1 2 3 4 5 6 7 8; do
    spin &
done
while :; do
    # A CPU that is there is switched on, as udev's rule for virtual machines does.
    for online in /sys/devices/system/cpu/cpu[1-9]*/online; do
        [ "$(cat $online)" != 0 ] || echo 1 >$online
    done
    sleep 1
done
"""


# ---- What goes into dom0 besides the shared image ----

def libraries(path):
    out = subprocess.run(["ldd", path], stdout=subprocess.PIPE, text=True, check=True).stdout
    return re.findall(r"(/\S+) \(0x", out)


def add_tools(archive):
    needed = set()
    for name in PROGRAMS:
        path = os.path.join(TOOLS, name)
        archive.copy("usr/sbin/" + name, path, 0o755)
        needed.update(libraries(path))
    for path in sorted(needed):
        archive.copy(path, os.path.realpath(path), 0o755)
    for name in ("read", "write", "ls", "exists"):
        archive.link("usr/sbin/xenstore-" + name, "xenstore")
    archive.folder("etc/xen/cpupool", "var/lib/xend/domains", "var/lib/xenstored", "var/log/xen",
                   "var/run", "usr/lib/xen/bin")
    archive.link("var/run/xen", "/run")


def linux_initrd(folder):
    """A userland of eight loops that uses all CPUs it is given."""
    archive = image.Archive()
    archive.folder("dev", "proc", "sys", "bin")
    archive.device("dev/console", 5, 1)
    archive.copy("bin/busybox", shutil.which("busybox") or "/bin/busybox", 0o755)
    archive.copy("bin/spin", image.compile_static("spin", SPIN), 0o755)
    archive.file("init", INIT, 0o755)
    path = os.path.join(folder, "guest.cpio")
    archive.write(path)
    return path


def config(name, lines):
    return f"/etc/xen/{name}", f'name = "{name}"\non_crash = "destroy"\n' + lines


def load(name, what, vcpus=1, memory=8, **extra):
    """A domU that is a tiny kernel."""
    lines = (f'kernel = "/guests/domu_load"\nmemory = {memory}\nvcpus = {vcpus}\n'
             f'extra = "load={what}"\n')
    return config(name, lines + "".join(f"{key} = {value!r}\n" for key, value in extra.items()))


def initrd_with_tools(suite, folder):
    archive = image.Archive()
    add_tools(archive)
    archive.copy("guests/domu_load", os.path.join(GUESTS, "domu_load.elf"))
    archive.copy("guests/vmlinuz", suite.kernel.vmlinuz)
    archive.copy("guests/initrd", linux_initrd(folder))
    files = [load("w256", "spin", 2, cpu_weight=256), load("w512", "spin", 2, cpu_weight=512),
             load("w1024", "spin", 2, cpu_weight=1024), load("ping", "ping"),
             load("big", "spin", 128, memory=16), load("tiny", "idle"),
             config("linux", 'kernel = "/guests/vmlinuz"\nramdisk = "/guests/initrd"\n'
                    'memory = 128\nvcpus = 8\nextra = "console=hvc0 quiet"\n')]
    for path, text in files:
        archive.file(path, text)
    tools = os.path.join(folder, "tools.cpio")
    archive.write(tools)
    return image.join_archives([suite.initrd, tools], os.path.join(folder, "initrd"))


# ---- Asking ----

def start_tools(m):
    for command in ("mkdir -p /run/xenstored /run/xend /run/lock", "xenstored",
                    "xenstore-write /local/domain/0/name Domain-0", "xenconsoled", "xend start"):
        out, rc = m.run(command, 120)
        assert rc == 0, f"{command}: {out}"
    out, rc = m.run("xm list", 60)
    assert rc == 0 and "Domain-0" in out, out


def xm(m, words, timeout=120):
    out, rc = m.run("xm " + words, timeout)
    assert rc == 0, f"xm {words}: {out}"
    return out


def refused(m, words, *wanted):
    """One clear line, a status that is not 0."""
    out, rc = m.run(f"xm {words} 2>&1 >/dev/null", 60)
    lines = [line for line in out.splitlines() if line]
    assert rc != 0 and len(lines) == 1 and lines[0].startswith("Error: "), f"xm {words}: {out}"
    for text in wanted:
        assert text in lines[0], f"xm {words}: {out}"


def used(m, names, seconds):
    """What each uses of one CPU, over so many seconds: from two looks at all at once."""
    out = xm(m, f"top -b -f -i 2 -d {seconds}", 600).splitlines()
    percent = {line.split()[0]: float(line.split()[3]) for line in out[len(out) // 2 + 1:]}
    return [percent[name] / 100 for name in names]


def wait_for(m, what, is_true, seconds=120):
    """Poll, in the machine's time."""
    for _ in range(seconds * 2):
        if is_true():
            return
        m.run("sleep 0.5")
    raise AssertionError(f"not in {seconds} s: {what}")


# ---- Checks ----

def check_shares(suite, m):
    names = ["w256", "w512", "w1024"]
    with suite.check("three guests that spin"):
        for name in names:
            xm(m, f"create -q {name}")
    with suite.check("weights 256, 512, 1024 get 1 : 2 : 4 within 3 %"):
        m.run("sleep 2")
        got = used(m, names, 30)
        for share, weight in zip(got, (1, 2, 4)):
            ideal = weight / 7 * sum(got)
            assert abs(share - ideal) <= 0.03 * ideal, f"{got}"
        assert sum(got) > 1.8, f"two CPUs were not kept busy: {got}"
        m.run("echo '%s'" % " ".join(f"{share:.4f}" for share in got))


def check_caps(suite, m):
    with suite.check("caps hold within 3 %"):
        xm(m, "sched-credit -d w1024 -c 40")
        xm(m, "sched-credit -d w512 -c 25")
        got = used(m, ["w256", "w512", "w1024"], 10)
        assert abs(got[1] - 0.25) <= 0.0075 and abs(got[2] - 0.40) <= 0.012, f"{got}"
        assert got[0] > 0.25, f"what caps leave is not used: {got}"
        xm(m, "sched-credit -d w1024 -c 0")
        xm(m, "sched-credit -d w512 -c 0")


def check_latency(suite, m):
    with suite.check("a guest that sleeps much is woken at once beside spinning ones"):
        xm(m, "create -q ping")
        m.expect("PING ", 300)
        for _ in range(3):
            match = m.expect(r"PING (\d+) of (\d+) later than 2 ms, worst (\d+) us", 300)
            late, worst = int(match.group(1)), int(match.group(3))
            assert late <= 5 and worst <= 20000, match.group(0).decode()
        xm(m, "destroy ping")


def check_refusals(suite, m):
    with suite.check("what is out of range is refused with the range, and changes nothing"):
        before = xm(m, "sched-credit")
        weight, cap = "1 to 65535", "0 to 200"
        for words, text in (("sched-credit -d w256 -w 0", weight),
                            ("sched-credit -d w256 -w 65536", weight),
                            ("sched-credit -d w256 -w -1", weight),
                            ("sched-credit -d w256 -c 201", cap),
                            ("sched-credit -d nobody -w 5", "Domain 'nobody' does not exist."),
                            ("vcpu-pin w256 0 5", "0-1"), ("vcpu-pin w256 9 0", "0-1"),
                            ("vcpu-pin w256 0 banana", "banana"),
                            ("vcpu-set w256 3", "w256 has 2"), ("vcpu-set w256 0", "Zero"),
                            ("cpupool-migrate w256 Nowhere", "'Nowhere' does not exist"),
                            ("cpupool-cpu-remove Pool-0 9", "0-1"),
                            ("cpupool-destroy Pool-0", "stays"),
                            ("sched-sedf w256 -p 100", "credit scheduler")):
            refused(m, words, text)
        assert xm(m, "sched-credit") == before
    with suite.check("pins hold"):
        xm(m, "vcpu-pin w256 0 1")
        xm(m, "vcpu-pin w256 1 ^0,1")
        out = xm(m, "vcpu-list w256").splitlines()[1:]
        assert [line.split()[-1] for line in out] == ["1", "1"], out
        xm(m, "vcpu-pin w256 all all")


def check_pools(suite, m):
    with suite.check("a CPU pool is made, used and taken apart"):
        xm(m, "cpupool-cpu-remove Pool-0 1")
        xm(m, "cpupool-create name=second sched=sedf cpus=1")
        xm(m, "cpupool-migrate w512 second")
        out = xm(m, "cpupool-list").splitlines()
        assert [line.split() for line in out[1:]] == [
            ["Pool-0", "1", "credit", "y", "3"], ["second", "1", "sedf", "y", "1"]], out
        assert {line.split()[3] for line in xm(m, "vcpu-list w512").splitlines()[1:]} == {"1"}
        xm(m, "sched-sedf w512 -p 100 -s 30 -e 0")
        refused(m, "sched-sedf w512 -p 100 -s 200", "period")
        share = used(m, ["w512"], 4)[0]
        assert abs(share - 0.60) < 0.05, f"two vcpus with 30 ms in 100 got {share:.3f}"
        refused(m, "cpupool-destroy second", "1 domains")
        xm(m, "cpupool-migrate w512 Pool-0")
        assert re.search(r"^w512 .* 512 +0$", xm(m, "sched-credit"), re.M), "its weight is lost"
        xm(m, "cpupool-destroy second")
        xm(m, "cpupool-cpu-add Pool-0 1")
        assert len(xm(m, "cpupool-list").splitlines()) == 2


def check_top(suite, m):
    with suite.check("xentop shows who uses the machine"):
        out = xm(m, "top -b -i 2 -d 2").splitlines()
        rows = [line.split() for line in out[len(out) // 2 + 1:]]
        percent = {row[0]: float(row[3]) for row in rows}
        assert percent["w1024"] > percent["w512"] > percent["w256"] > 10, out
        for name in ("w256", "w512", "w1024"):
            xm(m, "destroy " + name)


def free_memory(m):
    return int(re.search(r"free_memory\s*: (\d+)", xm(m, "info")).group(1))


def check_many(suite, m, count=100):
    with suite.check(f"{count} tiny guests are created, listed and destroyed"):
        before = free_memory(m)
        out, rc = m.run(f"for i in $(seq {count}); do xm create -q tiny name=t$i || break; done",
                        1200)
        assert rc == 0 and not out, out
        out = xm(m, "list")
        assert len(re.findall(r"^t\d+ ", out, re.M)) == count, out
        out, rc = m.run(f"for i in $(seq {count}); do xm destroy t$i || break; done", 1200)
        assert rc == 0 and not out, out
        assert len(xm(m, "list").splitlines()) == 2
        wait_for(m, "memory comes back", lambda: free_memory(m) >= before, 30)


def check_kill(suite, m):
    with suite.check("a guest with 128 running VCPUs is killed"):
        before = free_memory(m)
        xm(m, "create -q big")
        m.expect(r"SPIN 128 vcpus", 300)
        assert len(xm(m, "vcpu-list big", 300).splitlines()) == 129
        xm(m, "destroy big", 300)
        assert len(xm(m, "list").splitlines()) == 2
        wait_for(m, "memory comes back", lambda: free_memory(m) >= before, 30)


def online(m, name):
    return sum("--p" not in line for line in xm(m, f"vcpu-list {name}").splitlines()[1:])


def check_hotplug(suite, m):
    with suite.check("stock Linux with eight VCPUs starts"):
        xm(m, "create -q linux", 300)
        wait_for(m, "eight VCPUs", lambda: online(m, "linux") == 8, 240)
    with suite.check("vcpu-set takes them away and gives them back, under load"):
        for count in (1, 8, 2):
            xm(m, f"vcpu-set linux {count}")
            wait_for(m, f"{count} VCPUs", lambda n=count: online(m, "linux") == n, 240)
        assert used(m, ["linux"], 2)[0] > 1.5
        xm(m, "destroy linux")


def run(suite):
    folder = os.path.join(suite.logs, "sched")
    os.makedirs(folder, exist_ok=True)
    subprocess.run(["make", "-s", "-f", "tests/guests/Makefile", os.path.join(
        "dist/tests/guests", "domu_load.elf")], cwd=image.TOP, check=True)
    with suite.boot("sched", smp=2, memory=1792, options="dom0_mem=640M dom0_max_vcpus=1",
                    initrd=initrd_with_tools(suite, folder), accel="tcg,thread=single",
                    devices=["-icount", f"shift={SHIFT},sleep=off"]) as m:
        with suite.check("dom0 and the tools start"):
            m.wait_shell(400)
            start_tools(m)
        for check in (check_shares, check_caps, check_latency, check_refusals, check_pools,
                      check_top, check_many, check_kill, check_hotplug):
            check(suite, m)
        suite.check_kernel_log(m)
        suite.check_poweroff(m)
