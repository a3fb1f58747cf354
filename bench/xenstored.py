#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Our xenstored against Debian's: operations per second over the socket, ours / theirs.

Both daemons run one after the other in the same dom0 (Debian's needs a hypervisor even for that),
with the same client (xenstored.c), on the emulator's counted clock: the figures are instructions in
disguise, and two runs agree.
A ratio below 1.00 is a defect.
"""
import os
import re
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TOP, "tests", "system"))
import image  # noqa: E402

PACKAGES = """xen-utils-4.17 libxenmisc4.17 libxenevtchn1 libxengnttab1 libxencall1 libxentoolcore1
    libxentoollog1 libxendevicemodel1 libxenforeignmemory1 libxenhypfs1 libc6""".split()
MODULES = "xen-evtchn xen-gntdev xen-gntalloc xen-privcmd xenfs".split()
MACHINE = ("-accel tcg -icount shift=0,sleep=off -seed 1 -rtc base=2026-01-01T00:00:00,clock=vm "
           "-smp 1 -m 1536 -cpu max,-smap,-rdtscp -display none -monitor none -serial stdio "
           "-no-reboot -net none").split()

INIT = """#!/bin/busybox sh
export PATH=/bin
busybox mount -t proc proc /proc; busybox mount -t sysfs sys /sys
busybox mount -t devtmpfs dev /dev; exec > /dev/console 2>&1
for m in $(busybox cat /modules.list); do busybox insmod /modules/$m.ko; done
busybox mount -t xenfs xenfs /proc/xen
busybox mkdir -p /run/theirs /run/ours /var/lib/xenstored
XENSTORED_RUNDIR=/run/theirs /bin/theirs -N &
busybox sleep 3; echo BENCH theirs; bench /run/theirs/socket NODES; memory $!; busybox kill -9 $!
XENSTORED_RUNDIR=/run/ours /bin/ours -N --no-domains &
busybox sleep 3; echo BENCH ours; bench /run/ours/socket NODES; memory $!
echo BENCH end; busybox sleep 1; busybox poweroff -f
"""
MEMORY = """#!/bin/busybox sh
busybox awk '/VmRSS/ { print "ROW memory, KiB  " $2 }' /proc/$1/status
"""


def needed(path, roots, found):
    """The libraries of a program, and theirs, by name."""
    text = image.run("readelf", "-d", path)
    for name in re.findall(r"NEEDED.*\[(.*)\]", text):
        if name in found:
            continue
        for folder, _, files in (entry for root in roots for entry in os.walk(root)):
            if name in files:
                found[name] = os.path.realpath(os.path.join(folder, name))
                needed(found[name], roots, found)
                break
        else:
            raise SystemExit(f"bench: no library {name}")
    return found


def initramfs(kernel, nodes):
    folder = image.package_unpack(PACKAGES)
    theirs = os.path.join(folder, "usr/lib/xen-4.17/bin/xenstored")
    ours = os.path.join(TOP, "dist", "tools", "bin", "xenstored")
    client = os.path.join(TOP, "dist", "bench", "xenstored")
    os.makedirs(os.path.dirname(client), exist_ok=True)
    subprocess.run(["gcc", "-std=gnu17", "-O2", "-static", "-I" + TOP + "/dist/include", "-o",
                    client, os.path.join(TOP, "bench", "xenstored.c")], check=True)
    archive = image.Archive()
    archive.folder("dev", "proc", "sys", "run", "var/lib", "tmp", "bin")
    archive.device("dev/console", 5, 1)
    for name, path in (("busybox", "/bin/busybox"), ("bench", client), ("theirs", theirs),
                       ("ours", ours)):
        archive.copy("bin/" + name, path, 0o755)
    archive.file("init", INIT.replace("NODES", str(nodes)), 0o755)
    archive.file("bin/memory", MEMORY, 0o755)
    libraries = needed(theirs, [folder], {})
    for name, path in needed(ours, [folder], libraries).items():
        place = "lib64/" if name.startswith("ld-") else "lib/x86_64-linux-gnu/"
        archive.copy(place + name, path, 0o755)
    names = []
    for name, data in kernel.modules(MODULES):
        archive.file(f"modules/{name}.ko", data)
        names.append(name + "\n")
    archive.file("modules.list", "".join(names))
    path = os.path.join(TOP, "dist", "bench", "xenstored.cpio")
    archive.write(path)
    return path


def main():
    nodes = int(sys.argv[1]) if len(sys.argv) > 1 else 10000
    with image.build_lock():
        kernel = image.Kernel()
        initrd = initramfs(kernel, nodes)
        xen = image.peer_xen()
    log = os.path.join(TOP, "dist", "bench", "xenstored.log")
    with tempfile.TemporaryDirectory() as folder, open(log, "wb") as out:
        for name, path in (("xen", xen), ("vmlinuz", kernel.vmlinuz), ("initrd", initrd)):
            os.symlink(os.path.abspath(path), os.path.join(folder, name))
        subprocess.run(["qemu-system-x86_64", *MACHINE, "-kernel", folder + "/xen", "-append",
                        "dom0_mem=1024M console=com1 com1=115200,8n1", "-initrd",
                        f"{folder}/vmlinuz console=hvc0 quiet,{folder}/initrd"],
                       stdin=subprocess.DEVNULL, stdout=out, stderr=out, timeout=900)
    with open(log, "rb") as f:
        text = f.read().decode(errors="replace")
    if "BENCH end" not in text:
        sys.stderr.write(text[-3000:])
        raise SystemExit(f"bench: did not finish (console in {log})")
    parts = [dict(re.findall(r"ROW (.*?)  +(\d+)", part)) for part in text.split("BENCH ")[1:3]]
    print(f"{'operations per second':28}{'Debian':>10}{'ours':>10}{'ratio':>8}")
    below = []
    for row, theirs in parts[0].items():
        ours = parts[1][row]
        better = int(ours) / int(theirs)
        print(f"{row:28}{theirs:>10}{ours:>10}{better:8.2f}")
        if better < 1 and not row.startswith("memory"):
            below.append(row)
    print(f"{len(below)} rows below 1.00" + (": " + ", ".join(below) if below else ""))


if __name__ == "__main__":
    main()
