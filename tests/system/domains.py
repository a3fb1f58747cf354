# SPDX-License-Identifier: GPL-2.0-only
"""A dom0 with a toolstack, and its guests, for tests that drive them over the serial console.

    with domains.boot(suite, "name", domains.OURS) as dom0:     # a Dom0; its machine is dom0.m
        dom0.start()                                            # the daemons
        dom0.config("g1", vif="['']")
        dom0.create_attached("g1")                              # now in the guest's shell
        dom0.run("true")                                        # there
        dom0.detach()
"""
import contextlib
import os
import re
import shutil
import time

import image
import toolstack
from machine import PATIENCE, PROMPT, Gone, unbroken

OURS, DEBIANS = "ours", "Debian's"
GUEST_PROMPT = "guest# "
CTRL_BRACKET = "\x1d"
ROOT = "/dev/vda"               # dom0's disk: the guest's root file system
BRIDGE_ADDRESS = "10.9.0.1"
GUEST_ADDRESS = "10.9.0.2"
SMALL_MIB = 96                  # enough for Debian's kernel and its RAM disk

_built = {}


def dom0_image(suite, tools):
    """The image, built once a run; what it is made of may change between runs."""
    if tools not in _built:
        folder = os.path.join(image.TOP, "dist", "test-images")
        os.makedirs(folder, exist_ok=True)
        name = "ours" if tools == OURS else "debian"
        with image.build_lock():
            maker = toolstack.our_tools if tools == OURS else toolstack.debian_tools
            _built[tools] = (toolstack.dom0(suite.kernel, maker,
                                            os.path.join(folder, f"dom0-{name}.cpio")),
                             toolstack.guest_disk(suite.kernel))
    return _built[tools]


@contextlib.contextmanager
def boot(suite, name, tools=OURS, peer=False, smp=2, memory=2048, options="dom0_mem=768M",
         disks=()):
    """A machine with this toolstack on our hypervisor (or, peer, on Debian's).

    Its first disk is the guest's root, and of the other `disks` it sees copies.
    """
    initrd, disk = dom0_image(suite, tools)
    own = os.path.join(image.TOP, "dist", "test-images", f"{name}-root.img")
    shutil.copyfile(disk, own)
    devices = ["-drive", f"file={own},if=none,id=d0,format=raw", "-device",
               "virtio-blk-pci,drive=d0"]
    for number, disk in enumerate(disks, 1):
        devices += ["-drive", f"file={disk},if=none,id=d{number},format=raw,snapshot=on",
                    "-device", f"virtio-blk-pci,drive=d{number}"]
    quiet = " guest_loglvl=error"         # guests that start would talk into every command's output
    with suite.boot(name, smp=smp, memory=memory, options=options + quiet, initrd=initrd,
                    devices=devices, peer=peer) as m:
        yield Dom0(m, tools, own)


class Dom0:
    def __init__(self, m, tools, disk):
        self.m = m
        self.tools = tools
        self.disk = disk                # on this host: what dom0 has as ROOT
        self.tool = "xm" if tools == OURS else "xl"

    def run(self, command, timeout=60):
        """Output and status of a command: dom0's, or the guest's whose console is attached.

        What goes on in the background is started as `(command &)`: busybox's shell, which guests
        have, takes the end of a child of its own for the end of its input.
        """
        text, status = self.m.run(command, timeout)
        return re.sub(f"{GUEST_PROMPT}?", "", text).strip(), status

    def output(self, command, timeout=60):
        return self.run(command, timeout)[0]

    def must(self, command, timeout=60):
        """The output of a command that may not fail."""
        text, status = self.run(command, timeout)
        assert status == 0, f"{command}: status {status}: {text}"
        return text

    def file(self, path, text):
        self.must(f"cat >{path} <<'EOF'\n{text}\nEOF")

    # ---- The toolstack ----

    def start_store(self):
        self.must("mkdir -p /run/xen /run/xenstored /run/lock")
        self.must("xenstored --pid-file /run/xen/xenstored.pid")
        self.wait("xenstore-exists / && echo yes", "yes", 60)
        self.must("xenconsoled --pid-file /run/xen/xenconsoled.pid --log=all"
                  " --log-dir=/var/log/xen/console")

    def start(self):
        self.start_store()
        if self.tools == OURS:
            self.must("xend start", 120)
        else:
            self.must("xen-init-dom0")
            self.must("ip link add name xenbr0 type bridge && ip link set xenbr0 up")

    def wait(self, command, wanted, timeout=30):
        """Repeat a command until a pattern is found in its output; the match."""
        end = time.monotonic() + timeout * PATIENCE
        while True:
            text = self.output(command)
            match = re.search(wanted, text, re.M)
            if match:
                return match
            assert time.monotonic() < end, f"{command}: no {wanted!r} in: {text}"
            time.sleep(0.3)

    def wait_gone(self, name, timeout=60):
        self.wait(f"{self.tool} list", rf"\A(?!(.*\n)*{re.escape(name)}\s)", timeout)

    def settle(self, look):
        """What `look` returns once it returns the same twice: things end behind our back."""
        last, end = None, time.monotonic() + 20 * PATIENCE
        while time.monotonic() < end:
            now = look(self)
            if now == last:
                break
            last = now
            time.sleep(1)
        return now

    # ---- Guests ----

    def config(self, file, words="", root=False, **directives):
        """A configuration /etc/xen/FILE of a domain of that name, with `words` on its kernel's
        command line; `directives` stand there as they are given."""
        words = f"console=hvc0 loglevel=3 {'root=/dev/xvda ' if root else ''}{words}".strip()
        lines = {"name": f"'{file}'", "kernel": "'/guest/vmlinuz'", "ramdisk": "'/guest/initrd'",
                 "memory": str(SMALL_MIB), "extra": f"'{words}'", **directives}
        if self.tool == "xl":
            lines["type"] = "'pv'"
        if root:
            lines.setdefault("disk", f"['phy:{ROOT},xvda,w']")
        self.file(f"/etc/xen/{file}", "\n".join(f"{k} = {v}" for k, v in lines.items()))

    def mini(self, name, end="", **directives):
        """A configuration of the mini guest, which ends like `end` says."""
        self.config(name, **{"kernel": "'/guest/mini'", "ramdisk": "''", "memory": "8",
                             "extra": f"'{end}'", **directives})

    def create(self, name, timeout=120):
        """Create in the background of things; the new domain's id."""
        self.must(f"{self.tool} create /etc/xen/{name}", timeout)
        return int(self.must(f"{self.tool} domid {name}"))

    def create_attached(self, name, timeout=180):
        """`create -c`: returns the new domain's id in its shell."""
        self.m.send(f"{self.tool} create -c /etc/xen/{name}\n")
        number = 0
        if self.tool == "xm":
            number = int(self.m.expect(rf"Started domain {name} \(id=(\d+)\)", timeout).group(1))
        self.guest_shell(timeout)
        return number

    def attach(self, name, timeout=60):
        self.m.send(f"{self.tool} console {name}\n")
        self.guest_shell(timeout, "\n")

    def guest_shell(self, timeout, first=""):
        """Wait for the guest's prompt, with a nudge if it was printed before we looked."""
        if first:
            self.m.send(first)
        self.m.expect(unbroken(GUEST_PROMPT), timeout)
        self.m.send("stty -echo\n")
        self.m.run("true")

    def detach(self):
        self.m.send(CTRL_BRACKET)
        self.m.expect(unbroken(PROMPT), 60)
        self.m.run("true")

    @contextlib.contextmanager
    def guest(self, name):
        """In the guest's shell for a while; back in dom0's at the end, whatever happened."""
        self.attach(name)
        try:
            yield
        finally:
            with contextlib.suppress(Gone):
                self.detach()

    def wait_boot(self, name, number, timeout=180):
        """Until a guest created without console has reached its shell; by its console's log."""
        log = f"/var/log/xen/console/guest-{name}.log"
        self.wait(f"grep -ac GUEST-INIT {log}", rf"^{number}$", timeout)

    def rows(self):
        """name: (id, memory, vcpus, state) of the list."""
        row = re.compile(r"^(\S+) +(\d+) +(\d+) +(\d+) +([-a-z]{6}) +[\d.]+$", re.M)
        return {name: (int(number), int(memory), int(vcpus), state) for
                name, number, memory, vcpus, state in row.findall(self.must(f"{self.tool} list"))}

    def others(self):
        """Rows of all domains but dom0."""
        return {name: row for name, row in self.rows().items() if name != "Domain-0"}

    def destroy_all(self):
        for name in self.others():
            self.run(f"{self.tool} destroy {name}")
        self.wait(f"{self.tool} list | wc -l", "^2$")
