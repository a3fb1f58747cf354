# SPDX-License-Identifier: GPL-2.0-only
"""Disks and network cards by message-signalled interrupts, on PCI Express with four CPUs."""
import hashlib
import os
import re
import socket
import threading

import image

DISKS = [("virtio-blk", "/dev/vda"), ("AHCI", "/dev/sda"), ("NVMe", "/dev/nvme0n1")]
CARDS = [("e1000e", "10.0.2.15", "10.0.2.2"), ("virtio_net", "10.0.3.15", "10.0.3.2")]
PATTERN = bytes(i % 251 for i in range(251 * 4200))[:1 << 20]


class Server:
    """Sends the same mebibyte to whoever connects: what the guest's `load` fetches."""

    def __enter__(self):
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=16)
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()
        return self

    def serve(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.send, args=(client,), daemon=True).start()

    @staticmethod
    def send(client):
        with client:
            try:
                client.sendall(PATTERN)
            except OSError:
                pass

    def __exit__(self, *exc):
        self.socket.close()


def blank_disks(count):
    folder = os.path.join(image.TOP, "dist", "test-images")
    os.makedirs(folder, exist_ok=True)
    paths = []
    for number in range(count):
        paths.append(os.path.join(folder, f"blank{number}.img"))
        with open(paths[-1], "wb") as f:
            f.truncate(64 << 20)
    return paths


def arguments(disks):
    drives = []
    for number, path in enumerate(disks):
        drives += ["-drive", f"file={path},if=none,id=d{number},format=raw"]
    return drives + ["-device", "virtio-blk-pci,drive=d0",
                     "-device", "ide-hd,drive=d1,bus=ide.0",
                     "-device", "nvme,drive=d2,serial=1",
                     "-netdev", "user,id=n0,net=10.0.2.0/24", "-device", "e1000e,netdev=n0",
                     "-netdev", "user,id=n1,net=10.0.3.0/24", "-device", "virtio-net-pci,netdev=n1"]


def check_disk(suite, m, name, device):
    with suite.check(f"{name}: what is written is read back"):
        out, rc = m.run(f"[ -b {device} ] &&"
                        f" dd if=/dev/urandom of=/tmp/p bs=64k count=64 2>/dev/null &&"
                        f" dd if=/tmp/p of={device} bs=64k seek=3 conv=fsync 2>/dev/null &&"
                        f" echo 3 >/proc/sys/vm/drop_caches &&"
                        f" dd if={device} bs=64k skip=3 count=64 2>/dev/null | cmp - /tmp/p", 90)
        assert rc == 0, out or "no such device"


def check_card(suite, m, driver, address, host, port):
    with suite.check(f"{driver}: carries data both ways"):
        name = m.output(f"for i in /sys/class/net/*; do"
                        f" readlink $i/device/driver | grep -q '{driver}$' && basename $i; done")
        assert re.fullmatch(r"\w+", name), f"no interface: {name!r}"
        m.output(f"ip addr add {address}/24 dev {name}; ip link set {name} up")
        out, rc = m.run(f"for n in 1 2 3 4 5 6 7 8 9 10; do"
                        f" ping -c 1 -W 2 {host} >/dev/null && break; sleep 1; done;"
                        f" nc {host} {port} </dev/null | md5sum", 90)
        assert hashlib.md5(PATTERN).hexdigest() in out, out


# A name in /proc/interrupts, and the kind of message it must come by.
INTERRUPTS = [("virtio", "msi-x"), ("nvme0q", "msi-x"), (r"\b(eth|en)\w+-rx", "msi-x"),
              ("ahci", "msi")]
INTERRUPT_LINE = re.compile(r"\s*\d+:((?:\s+\d+)+)\s+xen-pirq\s*-(msi(?:-x)?)\s+(.*)")


def check_interrupts(suite, m):
    with suite.check("each device's interrupts are message-signalled and arrive"):
        table = m.output("cat /proc/interrupts")
        seen = []
        for match in map(INTERRUPT_LINE.match, table.splitlines()):
            if match:
                seen.append((match.group(3), match.group(2), sum(map(int, match.group(1).split()))))
        for wanted, kind in INTERRUPTS:
            found = [row for row in seen if re.search(wanted, row[0])]
            assert any(row[1] == kind and row[2] > 0 for row in found), f"{wanted}: {found}"


def run(suite):
    with Server() as server, suite.boot("devices", smp=4, machine="q35", options="dom0_mem=512M",
                                        devices=arguments(blank_disks(3))) as m:
        with suite.check("dom0 reaches its init on a PCI Express machine"):
            m.wait_shell(200)
        for name, device in DISKS:
            check_disk(suite, m, name, device)
        for driver, address, host in CARDS:
            check_card(suite, m, driver, address, host, server.port)
        check_interrupts(suite, m)
        seconds = 600 if suite.args.is_long else 60
        free = m.output("physinfo")
        with suite.check(f"a mixed load for {seconds} s on four CPUs"):
            out, rc = m.run(f"load {seconds} /dev/vda 10.0.3.2 {server.port}", seconds + 120)
            assert rc == 0, out
            print("    " + out.replace("\n", "\n    "))
        with suite.check("the hypervisor's heap is as before"):
            after = m.output("physinfo")
            was, now = (int(t.split()[t.split().index("free") + 1]) for t in (free, after))
            assert abs(was - now) <= 64, f"{was} pages free before, {now} after"
        suite.check_kernel_log(m)
        suite.check_poweroff(m)
