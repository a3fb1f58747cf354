# SPDX-License-Identifier: GPL-2.0-only
"""How a system test is written.

    def run(suite):
        with suite.boot("name", smp=4) as m:            # one machine, shared by the checks below
            with suite.check("reaches dom0's init"):
                m.wait_shell()

A check that raises AssertionError is a failure, and the boot goes on; one that loses the machine
(Gone) is a failure that ends the boot.  Skip("why") is neither.  Each check is one line of output.
"""
import contextlib
import os
import subprocess
import time

import image
import machine
from machine import Gone


class Skip(Exception):
    """The check cannot be made here, and why."""


class BootLost(Exception):
    """Ends the boot; the check that met it has been counted already."""


class Suite:
    def __init__(self, args, logs):
        self.args = args
        self.logs = logs
        self.is_full = args.mode == "full"
        self.is_peer = args.peer
        self.passed = self.failed = self.skipped = 0
        self.machine = None
        self.subject = ""
        with image.build_lock():
            self.kernel = image.Kernel()
            self.initrd = image.dom0_initramfs(self.kernel)
            self.bad = image.bad_kernels(self.kernel)
            if args.peer:
                self.elf, self.gz = image.peer_xen(), image.peer_gz()
            else:
                self.elf, self.gz = args.elf, args.gz

    def note(self, verdict, name, text=""):
        print(f"{verdict} {self.subject}: {name}" + (f": {text}" if text else ""), flush=True)

    @contextlib.contextmanager
    def check(self, name):
        start = time.monotonic()
        try:
            yield
        except Skip as why:
            self.skipped += 1
            self.note("skip", name, str(why))
        except Gone as why:
            self.fail(name, why)
            raise BootLost from None
        except (AssertionError, subprocess.SubprocessError, OSError, ValueError) as why:
            self.fail(name, why)
        else:
            self.passed += 1
            self.note("ok  ", name, f"{time.monotonic() - start:.1f} s")

    def fail(self, name, why):
        self.failed += 1
        self.note("FAIL", name, str(why) or type(why).__name__)
        if not self.machine:
            return
        lines = self.machine.text().splitlines()
        if isinstance(why, Gone):
            self.machine.autopsy()
        print("\n".join("    | " + line for line in lines[-25:]))
        log = os.path.relpath(self.machine.log_path, image.TOP)
        print(f"    | (all of it in {log})", flush=True)

    @contextlib.contextmanager
    def boot(self, name, how="kernel", peer=False, **options):
        """A machine; `how` is kernel, none (the options say it all); a peer runs Debian's Xen."""
        self.subject = name
        if peer:
            options.setdefault("hypervisor", image.peer_xen())
        if how == "kernel":
            options.setdefault("hypervisor", self.elf)
            options.setdefault("kernel", self.kernel.vmlinuz)
            options.setdefault("initrd", self.initrd)
        self.machine = machine.Machine(name, self.logs, peer=peer or self.is_peer, **options)
        try:
            yield self.machine
        except BootLost:
            pass
        finally:
            self.machine.close()
            self.machine = None

    # ---- Checks that many boots share ----

    def check_kernel_log(self, m):
        with self.check("the kernel's log holds no warning"):
            text = m.output("dmesg | grep -E 'WARNING:|BUG:|Oops|Call Trace|rcu.*stall|soft lockup"
                            "|blocked for more than|unchecked MSR|general protection' | head -5")
            assert not text, text

    def check_poweroff(self, m, command="poweroff -f"):
        with self.check("powers off"):
            m.send(command + "\n")
            m.wait_end(60)
        with self.check("the hypervisor neither panicked nor warned of itself"):
            bad = [line for line in m.text().splitlines()
                   if line.startswith("(XEN)") and
                   any(word in line for word in ("panic", "Panic", "Assertion", "BUG", "Xen WARN"))]
            assert not bad, bad[0]
