#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The toolstack's speed: Debian's Xen with xl against ours with xm, in one table.

    bench/tools.py [--only theirs|ours] [--parts create,list,disk,net,micro] [--peer-xen]

Boots the same stock dom0 twice under QEMU's icount, where one instruction is one nanosecond, and
runs the same story in it: guests created and destroyed, thirty of them listed, micro-benchmarks, a
disk and a network inside guests.  Needs `make world` and, for figures that count, a release build
of the hypervisor.  Every guest runs the stock kernel, but for those that are made and listed only.

A ratio is ours/theirs where small is good and theirs/ours where large is: above 1.00 is a defect.
--peer-xen puts Debian's hypervisor below our tools: what is then left is the tools' own share.
"""
import argparse
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TOP, "tests", "system"))
sys.path.insert(0, os.path.join(TOP, "bench"))
sys.dont_write_bytecode = True
import image  # noqa: E402
from machine import PEER_OPTIONS  # noqa: E402
from xenstored import needed  # noqa: E402

OUT = os.path.join(TOP, "dist", "bench")
HOST_LIBRARIES = "/usr/lib/x86_64-linux-gnu"
PACKAGES = """xen-utils-4.17 xen-utils-common xenstore-utils libxenstore4 libxenmisc4.17
    libxenevtchn1 libxengnttab1 libxencall1 libxentoolcore1 libxentoollog1 libxendevicemodel1
    libxenforeignmemory1 libxenhypfs1 libyajl2 libnl-3-200 libnl-route-3-200 libc6 bash iproute2
    util-linux mount coreutils libmnl0 libbpf1 libelf1 libcap2 libbsd0 libmd0 libxtables12 libtinfo6
    libselinux1 libpcre2-8-0 libacl1 libattr1 libgmp10 libsmartcols1 libmount1 libblkid1 zlib1g
    liblzma5 libzstd1 liblz4-1 libevent-2.1-7 libevent-core-2.1-7 libuuid1 libdb5.3
    libgcc-s1""".split()
DOM0_MODULES = """xen-evtchn xen-gntdev xen-gntalloc xen-privcmd xenfs xen-blkback xen-netback
    bridge loop brd""".split()
GUEST_MODULES = "xen-blkfront xen-netfront xen-evtchn xen-gntdev xen-gntalloc xen-privcmd".split()
MACHINE = ("-accel tcg -icount shift=0,sleep=off -seed 1 -rtc base=2026-01-01T00:00:00,clock=vm "
           "-smp 1 -m 4096 -cpu max,-smap,-rdtscp -display none -monitor none -serial stdio "
           "-no-reboot -net none").split()

MICRO = {"syscall": "null system call", "page_fault": "anonymous page fault",
         "munmap_page": "munmap, per page", "mprotect16": "mprotect of 16 pages and back",
         "segv_mprotect": "SIGSEGV handled by an mprotect",
         "mmap_populate64": "mmap populated + munmap, 64 pages",
         "fork_exit": "fork + exit", "fork_exec_exit": "fork + exec + exit",
         "pipe_pingpong": "pipe ping-pong (context switches)",
         "nanosleep_50us": "50 us nanosleep",
         "event_roundtrip": "event channel round trip"}
# Row, what it is.  Those whose name ends in MBps or ps count upwards.
ROWS = [
    ("create_to_init", "create to guest's init, kernel never seen, ms"),
    ("create_to_init_installed", "create to guest's init, kernel installed, ms"),
    ("create_to_init_again", "create to guest's init, again, ms"),
    ("create_tiny", "create of a 16 MiB guest, paused, ms"),
    ("create_1gib", "create of a 1 GiB guest, paused, ms"),
    ("destroy_1gib", "destroy of a 1 GiB guest, ms"),
    ("destroy_running", "destroy of a running guest, ms"),
    ("list_30", "list with 30 domains, ms"),
    ("daemons_memory_KiB", "memory of the daemons then, KiB"),
    ("guest_init_uptime", "in a guest: kernel start to init, s"),
    *((f"guest_{name}", f"in a guest: {title}, ns") for name, title in MICRO.items()),
    *((f"{kind}_{row}", f"{kind}: {title}") for kind in ("phy", "file") for row, title in
      (("read_MBps", "sequential read, MB/s"), ("write_MBps", "sequential write, MB/s"),
       ("random_read_ps", "4 KiB random reads/s"), ("random_write_ps", "4 KiB random writes/s"))),
    *((f"{kind}_{row}", f"{title}: {what}") for kind, title in
      (("dom0", "guest and dom0"), ("guests", "guest and guest")) for row, what in
      (("send_MBps", "TCP sent, MB/s"), ("receive_MBps", "TCP received, MB/s"),
       ("requests_ps", "requests/s"))),
]

GUEST_INIT = """#!/bin/busybox sh
export PATH=/bin
busybox mount -t proc proc /proc
busybox mount -t devtmpfs dev /dev
exec >/dev/console 2>&1
echo GUEST-INIT
for m in $(busybox cat /modules.list); do busybox insmod $m; done
here=$(busybox sed -n 's/.*mine=\\([^ ]*\\).*/\\1/p' /proc/cmdline)
there=$(busybox sed -n 's/.*peer=\\([^ ]*\\).*/\\1/p' /proc/cmdline)
if busybox grep -q bench=disk /proc/cmdline; then
    while [ ! -e /dev/xvdb ]; do busybox usleep 100000; done
    probe disk phy /dev/xvda
    probe disk file /dev/xvdb
fi
if [ -n "$here" ]; then
    while [ ! -e /sys/class/net/eth0 ] && [ ! -e /proc/sys/net/ipv4/conf/eth0 ]; do
        busybox usleep 100000
    done
    busybox ifconfig eth0 $here netmask 255.255.255.0 up
    row=$(busybox sed -n 's/.*row=\\([^ ]*\\).*/\\1/p' /proc/cmdline)
    [ -z "$there" ] || probe net $row $there
fi
echo GUEST-DONE
exec probe serve
"""

DOM0_INIT = """#!/bin/busybox sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
/bin/busybox --install -s /usr/bin 2>/dev/null
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm /run/xen /run/xenstored /run/xen-hotplug /run/lock /var/log/xen/console
mkdir -p /var/lib/xen /var/lib/xenstored /var/lib/xend /tmp /mnt
mount -t devpts devpts /dev/pts
ln -s /proc/self/fd /dev/fd; ln -s fd/0 /dev/stdin; ln -s fd/1 /dev/stdout; ln -s fd/2 /dev/stderr
exec >/dev/console 2>&1
dmesg -n 1
for m in $(cat /modules.list); do
    case $m in *brd*) insmod $m rd_nr=1 rd_size=65536 ;; *) insmod $m ;; esac
done
mount -t xenfs xenfs /proc/xen
ip link set lo up
ip link add xenbr0 type bridge && ip addr add 10.0.0.1/24 dev xenbr0 && ip link set xenbr0 up
echo 1 >/proc/sys/net/ipv4/ip_forward
dd if=/dev/zero of=/disk.img bs=1M count=64 2>/dev/null
. /start.sh
echo BENCH begin
timeout -s KILL 1500 bash /job.sh || echo "PROBE failed: the story ended with $?"
tail -n 12 /var/log/xen/*.log | grep -v ROW
echo BENCH end
sleep 1
poweroff -f
"""
START = {"theirs": """
xenstored -N &
until xenstore-exists / 2>/dev/null; do usleep 100000; done
xen-init-dom0 >/dev/null
xenconsoled --log=guest --log-dir=/var/log/xen/console
export XL=xl
""", "ours": """
xenstored
until xenstore-exists / 2>/dev/null; do usleep 100000; done
xenconsoled --log=guest --log-dir=/var/log/xen/console
xend start
export XL=xm
"""}
XEND_CONFIG = """(logfile /var/log/xen/xend.log)
(loglevel INFO)
(network-script '')
(vif-script vif-bridge)
(dom0-min-mem 0)
(enable-dom0-ballooning no)
"""

HELPERS = r"""
log() { echo /var/log/xen/console/guest-$1.log; }
await() {       # NAME TEXT: the guest says it within five minutes
    for i in $(seq 300); do
        grep -aq "$2" $(log $1) 2>/dev/null && return
        sleep 1
        [ $((i % 20)) != 0 ] || { echo "after $i s $1 says:"; tail -n 2 $(log $1); }
    done
    echo "PROBE failed: $1 does not say $2"; tail -n 20 $(log $1); $XL list
}
rows() { tr -d '\r' <$(log $1) | sed -n "s/^ROW \(.*\)/ROW $2\1/p"; }
config() {      # NAME MEMORY WORDS LINE...
    name=$1 memory=$2 words=$3
    shift 3
    { echo "name = '$name'"; echo "memory = $memory"; echo "kernel = '/vmlinuz'"
      echo "ramdisk = '/guest.cpio'"; echo "extra = 'console=hvc0 quiet $words'"
      echo "on_crash = 'destroy'"; printf '%s\n' "$@"; } >/etc/xen/$name
}
tiny() {        # NAME MEMORY
    printf '%s\n' "name = '$1'" "memory = $2" "kernel = '/tiny.elf'" >/etc/xen/$1
}
"""

PARTS = {"create": r"""
tiny big 1024
probe run create_1gib 1 $XL create -p /etc/xen/big
probe gone destroy_1gib $($XL domid big) $XL destroy big

config first 256 ""
probe until create_to_init $(log first) GUEST-INIT $XL create /etc/xen/first
await first GUEST-DONE
probe gone destroy_running $($XL domid first) $XL destroy first
config second 256 ""
probe until create_to_init_again $(log second) GUEST-INIT $XL create /etc/xen/second
$XL destroy second

# What a package that brings a kernel runs; the others have nothing there.
rm -rf /var/lib/xend/kernel-cache
[ ! -x /etc/kernel/postinst.d/xenith ] || /etc/kernel/postinst.d/xenith 6.1 /vmlinuz
config third 256 ""
probe until create_to_init_installed $(log third) GUEST-INIT $XL create /etc/xen/third
$XL destroy third
""", "list": r"""
for i in $(seq 30); do tiny tiny$i 16; done
cat >/create-all.sh <<'END'
for i in $(seq 30); do $XL create -p /etc/xen/tiny$i || exit 1; done
END
probe run create_all 1 bash /create-all.sh
probe run list_30 5 $XL list
probe memory $(pidof xenstored) $(pidof xenconsoled) $(pidof xend) $(pidof xl)
for i in $(seq 30); do $XL destroy tiny$i; done
""", "disk": r"""
config disks 256 bench=disk "disk = [ 'phy:/dev/ram0,xvda,w', 'file:/disk.img,xvdb,w' ]"
$XL create /etc/xen/disks >/dev/null
await disks GUEST-DONE
rows disks
$XL destroy disks
""", "net": r"""
probe serve &
config net1 256 "mine=10.0.0.2 peer=10.0.0.1 row=dom0" \
    "vif = [ 'mac=00:16:3e:00:00:01,bridge=xenbr0' ]"
$XL create /etc/xen/net1 >/dev/null
await net1 GUEST-DONE
rows net1
config net2 256 "mine=10.0.0.3 peer=10.0.0.2 row=guests" \
    "vif = [ 'mac=00:16:3e:00:00:02,bridge=xenbr0' ]"
$XL create /etc/xen/net2 >/dev/null
await net2 GUEST-DONE
rows net2
$XL destroy net1
$XL destroy net2
""", "micro": r"""
config micro 256 rdinit=/micro
$XL create /etc/xen/micro >/dev/null
await micro "BENCH end"
rows micro guest_
"""}


# ---- images ----

def compile_program(name, *sources):
    path = os.path.join(OUT, name)
    subprocess.run(["gcc", "-std=gnu17", "-O2", "-static", "-D_GNU_SOURCE", "-D__XEN_TOOLS__",
                    "-I" + TOP + "/tools/libs", "-I" + TOP + "/dist/include", "-o", path, *sources],
                   check=True)
    return path


def guest_image(kernel, probe):
    """The initramfs of every guest that runs."""
    archive = image.Archive()
    archive.folder("dev", "proc", "sys", "tmp", "bin")
    archive.device("dev/console", 5, 1)
    archive.copy("bin/busybox", "/bin/busybox", 0o755)
    archive.copy("bin/probe", probe, 0o755)
    archive.copy("micro", image.compile_static("micro", TOP + "/bench/micro.c"), 0o755)
    archive.file("init", GUEST_INIT, 0o755)
    add_modules(archive, kernel, GUEST_MODULES)
    path = os.path.join(OUT, "guest.cpio")
    archive.write(path)
    return path


def add_modules(archive, kernel, wanted):
    names = []
    for name, data in kernel.modules(wanted):
        archive.file(f"modules/{name}.ko", data)
        names.append(f"/modules/{name}.ko\n")
    archive.file("modules.list", "".join(names))


def tiny_kernel():
    folder = os.path.join(TOP, "dist", "tests", "guests")
    subprocess.run(["make", "-s", "-f", "tests/guests/Makefile", folder + "/version.elf",
                    "OUT=" + folder], cwd=TOP, check=True)
    return folder + "/version.elf"


def add_programs(archive, folder, names, libraries, roots):
    """Programs by name from a tree of packages, with the libraries they need."""
    for name in names:
        for place in ("usr/lib/xen-4.17/bin", "usr/sbin", "usr/bin", "sbin", "bin"):
            path = os.path.join(folder, place, name)
            if os.path.isfile(path):
                break
        else:
            raise SystemExit(f"bench: no program {name}")
        archive.copy("usr/sbin/" + name, path, 0o755)
        with open(path, "rb") as f:
            if f.read(4) == b"\x7fELF":
                needed(path, roots, libraries)


def dom0_image(side, kernel, tools, parts):
    folder = image.package_unpack(PACKAGES)
    roots = [folder, HOST_LIBRARIES]
    libraries = {}
    os.makedirs(OUT, exist_ok=True)
    probe = compile_program("probe", TOP + "/bench/probe.c", tools + "/tools/lib/libxc.a")
    archive = image.Archive()
    archive.folder("dev", "proc", "sys", "run", "tmp", "bin", "usr/bin", "usr/sbin", "var/lib",
                   "var/log", "etc/xen", "root")
    archive.link("var/run", "/run")
    archive.link("var/lock", "/run/lock")
    archive.device("dev/console", 5, 1)
    archive.file("etc/passwd", "root:x:0:0:root:/root:/bin/sh\n")
    archive.copy("bin/busybox", "/bin/busybox", 0o755)
    archive.link("bin/sh", "busybox")
    archive.copy("usr/bin/probe", probe, 0o755)
    add_programs(archive, folder, ["bash", "ip", "losetup", "stat", "flock"], libraries,
                 roots)
    archive.link("bin/bash", "../usr/sbin/bash")
    add = add_theirs if side == "theirs" else add_ours
    add(archive, folder, tools, libraries, roots)
    for name, path in libraries.items():
        place = "lib64/" if name.startswith("ld-") else "lib/x86_64-linux-gnu/"
        archive.copy(place + name, path, 0o755)
    archive.file("init", DOM0_INIT, 0o755)
    archive.file("start.sh", START[side])
    archive.file("job.sh", HELPERS + "".join(PARTS[part] for part in parts))
    archive.copy("vmlinuz", kernel.vmlinuz)
    archive.copy("tiny.elf", tiny_kernel())
    archive.copy("guest.cpio", guest_image(kernel, probe))
    add_modules(archive, kernel, DOM0_MODULES)
    path = os.path.join(OUT, side + ".cpio")
    archive.write(path)
    return path


def add_theirs(archive, folder, tools, libraries, roots):
    clients = [os.path.basename(p) for p in glob.glob(folder + "/usr/bin/xenstore*")]
    add_programs(archive, folder, ["xl", "xenstored", "xenconsoled", "xen-init-dom0", *clients],
                 libraries, roots)
    for path in glob.glob(folder + "/etc/xen/scripts/*"):
        archive.copy("etc/xen/scripts/" + os.path.basename(path), path, 0o755)
    archive.file("etc/xen/xl.conf", "")
    # No program names it, but xl's threads load it at their end.
    for path in glob.glob(folder + "/lib/x86_64-linux-gnu/libgcc_s.so.1"):
        libraries["libgcc_s.so.1"] = path


def add_ours(archive, folder, tools, libraries, roots):
    with tempfile.TemporaryDirectory() as root:
        subprocess.run(["make", "-s", "-C", TOP + "/tools", "install", "DESTDIR=" + root,
                        "DIST=" + tools], check=True, stdout=subprocess.DEVNULL)
        for place in ("usr/sbin", "usr/bin", "etc/xen", "etc/kernel", "usr/lib"):
            for base, _, files in os.walk(os.path.join(root, place)):
                for name in files:
                    path = os.path.join(base, name)
                    if name.endswith((".a", ".so", ".0", ".h", ".pc")):
                        continue
                    inside = os.path.relpath(path, root)
                    if os.path.islink(path):
                        archive.link(inside, os.readlink(path))
                        continue
                    archive.copy(inside, path, 0o755)
                    with open(path, "rb") as f:
                        if f.read(4) == b"\x7fELF":
                            needed(path, roots, libraries)
        archive.file("etc/xen/xend-config.sxp", XEND_CONFIG)


# ---- runs ----

def boot(side, hypervisor, options, kernel, initrd, limit):
    log = os.path.join(OUT, f"tools-{side}.log")
    with tempfile.TemporaryDirectory() as folder, open(log, "wb") as out:
        for name, path in (("xen", hypervisor), ("vmlinuz", kernel.vmlinuz), ("initrd", initrd)):
            os.symlink(os.path.abspath(path), os.path.join(folder, name))
        try:
            subprocess.run(["qemu-system-x86_64", *MACHINE, "-kernel", folder + "/xen", "-append",
                            f"dom0_mem=1024M console=com1 com1=115200,8n1 {options}", "-initrd",
                            f"{folder}/vmlinuz console=hvc0 quiet,{folder}/initrd"],
                           stdin=subprocess.DEVNULL, stdout=out, stderr=out, timeout=limit)
        except subprocess.TimeoutExpired:
            pass
    with open(log, "rb") as f:
        text = f.read().decode(errors="replace")
    rows = {row: float(value) for row, value in re.findall(r"^ROW (\w+) ([-0-9.]+)", text, re.M)}
    if "BENCH end" not in text or "PROBE failed" in text:
        sys.stderr.write(text[-3000:])
        print(f"bench: {side} did not finish (console in {log})")
    if "create_all" in rows:
        rows["create_tiny"] = rows["create_all"] / 30
    return rows


def report(theirs, ours):
    print(f"{'':44}{'Xen + xl':>14}{'ours':>14}{'ratio':>8}")
    above = []
    for row, title in ROWS:
        a, b = theirs.get(row), ours.get(row)
        cells = ["-" if v is None else f"{v:,.1f}".replace(",", " ") for v in (a, b)]
        ratio = None
        if a and b:
            ratio = a / b if row.endswith(("MBps", "ps")) else b / a
        cells.append(f"{ratio:.2f}" if ratio else "-")
        print("{:44}{:>14}{:>14}{:>8}".format(title, *cells))
        if ratio and ratio > 1:
            above.append(title)
    print(f"{len(above)} rows above 1.00" + (": " + "; ".join(above) if above else ""))


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=["theirs", "ours"])
    parser.add_argument("--hypervisor", default=os.path.join(TOP, "dist", "release", "xen.elf32"),
                        help="ours, ELF32")
    parser.add_argument("--peer-xen", action="store_true", help="our tools on Debian's hypervisor")
    parser.add_argument("--tools", default=os.path.join(TOP, "dist"), help="DIST of the tools")
    parser.add_argument("--parts", default=",".join(PARTS), help="of the story: " + ",".join(PARTS))
    parser.add_argument("--timeout", type=int, default=3600, help="seconds of wall time for a boot")
    args = parser.parse_args()
    os.makedirs(OUT, exist_ok=True)
    with image.build_lock():
        kernel = image.Kernel()
        peer = image.peer_xen()
    path = os.path.join(OUT, "tools.json")
    result = {}
    if os.path.exists(path):        # of other parts, and of the other side
        with open(path) as f:
            result = json.load(f)
    for side, hypervisor in (("theirs", peer), ("ours", peer if args.peer_xen else
                                                args.hypervisor)):
        if args.only in (None, side):
            initrd = dom0_image(side, kernel, args.tools, args.parts.split(","))
            options = PEER_OPTIONS if hypervisor == peer else ""
            rows = boot(side, hypervisor, options, kernel, initrd, args.timeout)
            result.setdefault(side, {}).update(rows)
            with open(path, "w") as f:
                json.dump(result, f, indent=1)
    report(result.get("theirs", {}), result.get("ours", {}))


if __name__ == "__main__":
    main()
