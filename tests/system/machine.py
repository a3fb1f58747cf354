# SPDX-License-Identifier: GPL-2.0-only
"""A QEMU machine whose serial console a test drives as a person would."""
import base64
import contextlib
import os
import re
import shutil
import socket
import subprocess
import tempfile

import pexpect

QEMU = "qemu-system-x86_64"
PROMPT = "dom0# "
LINE = 72                       # characters of a command that one line of input carries
# On a slow or busy host everything takes longer: one factor for all limits.
LOAD = os.getloadavg()[0] / (os.cpu_count() or 1)
PATIENCE = float(os.environ.get("XENITH_PATIENCE") or min(4, max(1.5, LOAD)))

XEN_OPTIONS = "console=com1 com1=115200,8n1 loglvl=all guest_loglvl=all"
DOM0_OPTIONS = "console=hvc0 rdinit=/init"
# Debian's Xen trips over this emulator: with SMAP on, ring 3's IRET faults; an intercepted RDTSCP
# has no length; and XSAVE does not fault while CR0.TS is set, so that domains that share a CPU get
# each other's registers if the FPU is switched lazily.
PEER_CPU = "max,-smap,-rdtscp"
PEER_OPTIONS = "spec-ctrl=eager-fpu"


# Lines of the hypervisor and of dom0's kernel come whenever they like, also in the middle of
# somebody else's.
LOG_LINE = r"(?:\(XEN\)|\[ *\d+\.\d+\]) [^\n]*\n"
BETWEEN = f"(?:{LOG_LINE})*"


def unbroken(text):
    """A pattern of these words, which may have such lines in them."""
    return BETWEEN.join(map(re.escape, text))


class Gone(Exception):
    """The machine did not say what it should have in time, or ended."""


class Machine:
    """One boot: of a `hypervisor` directly, or of a `cdrom` or a `disk` by the firmware."""

    def __init__(self, name, logs, hypervisor=None, kernel=None, initrd=None, cdrom=None, disk=None,
                 smp=1, memory=1024, options="dom0_mem=512M", dom0_options="", cpu=None,
                 machine="pc", devices=(), reboots=False, modules=None, accel="tcg,thread=multi",
                 peer=False):
        self.name = name
        self.folder = tempfile.mkdtemp(prefix="xenith-")
        self.log_path = os.path.join(logs, name + ".log")
        cpu = cpu or (PEER_CPU if peer else "max")
        command = ["-M", machine, "-accel", accel, "-cpu", cpu, "-smp", str(smp),
                   "-m", str(memory), "-display", "none", "-nodefaults", "-vga", "std",
                   "-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console",
                   "-monitor", f"unix:{self.folder}/monitor,server=on,wait=off",
                   "-rtc", "base=2026-03-01T12:00:00,clock=host"]
        if not reboots:
            command.append("-no-reboot")
        if peer:
            options = f"{options} {PEER_OPTIONS}".strip()
        if hypervisor:
            command += self.direct(hypervisor, kernel, initrd, modules, options, dom0_options)
        if cdrom:
            command += ["-drive", f"file={cdrom},media=cdrom,if=none,id=cd,format=raw,readonly=on",
                        "-device", "ide-cd,drive=cd,bootindex=0"]
        if disk:
            command += ["-drive", f"file={disk},if=none,id=root,format=raw,snapshot=on",
                        "-device", "virtio-blk-pci,drive=root,bootindex=0"]
        command += devices
        self.log = open(self.log_path, "wb")
        self.log.write((" ".join([QEMU, *command]) + "\n").encode())
        self.console = pexpect.spawn(QEMU, command, timeout=60, echo=False,
                                     codec_errors="replace", dimensions=(50, 240))
        self.console.logfile_read = self.log
        self.console.delaybeforesend = None

    def direct(self, hypervisor, kernel, initrd, modules, options, dom0_options):
        """Arguments of a direct boot; QEMU splits them at commas and blanks, so names have none."""

        def short(path, name):
            os.symlink(os.path.abspath(path), os.path.join(self.folder, name))
            return os.path.join(self.folder, name)
        arguments = ["-kernel", short(hypervisor, "xen"),
                     "-append", f"{XEN_OPTIONS} {options}".strip()]
        if modules is None:
            modules = [f"{short(kernel, 'vmlinuz')} {DOM0_OPTIONS} {dom0_options}".strip()]
            if initrd:
                modules.append(short(initrd, "initrd"))
        return arguments + (["-initrd", ",".join(modules)] if modules else [])

    # ---- The console ----

    def expect(self, pattern, timeout=60):
        """Wait for a pattern; the match.  Carriage returns are left in."""
        patterns = [pattern] if isinstance(pattern, str) else list(pattern)
        compiled = [re.compile(p.encode(), re.I if p.startswith("(?i)") else 0) for p in patterns]
        told = repr(" or ".join(patterns).replace(BETWEEN, ""))
        try:
            self.index = self.console.expect(compiled, timeout=timeout * PATIENCE)
        except pexpect.TIMEOUT:
            raise Gone(f"no {told} within {timeout * PATIENCE:.0f} s") from None
        except pexpect.EOF:
            raise Gone(f"the machine ended before {told}") from None
        return self.console.match

    def send(self, text):
        self.console.send(text)

    def wait_shell(self, timeout=150):
        """The test image's shell is ready for commands."""
        self.expect("DOM0-READY", timeout)
        self.quiet_shell()

    def quiet_shell(self):
        self.send("\n")
        self.expect(unbroken(PROMPT), 60)
        self.send("stty -echo\n")
        self.run("true")

    def run(self, command, timeout=60):
        """A shell command's output and status.

        A hypervisor keeps some hundred characters of input for a busy dom0 and drops the rest,
        so a long command goes over in short lines, each of which is answered.
        """
        if len(command) > LINE:
            code = base64.b64encode(command.encode()).decode()
            self.run_line("C=", 60)
            for start in range(0, len(code), LINE):
                self.run_line(f"C=${{C}}{code[start:start + LINE]}", 60)
            command = 'eval "$(echo $C | base64 -d || echo false)"'
        return self.run_line(command, timeout)

    def run_line(self, command, timeout):
        self.send(f"{command}; echo \"@@\"\"END $?\"\n")
        match = self.expect(unbroken("@@END ") + rf"(\d+){BETWEEN}\r*\n", timeout)
        text = self.console.before.decode(errors="replace").replace("\r", "")
        text = re.sub(r"\(XEN\) [^\n]*\n?", "", text).replace(PROMPT, "")
        return text.strip(), int(match.group(1))

    def output(self, command, timeout=60):
        return self.run(command, timeout)[0]

    def wait_end(self, timeout=60):
        """The machine turns itself off (or, without reboots, resets)."""
        try:
            self.console.expect(pexpect.EOF, timeout=timeout * PATIENCE)
        except pexpect.TIMEOUT:
            raise Gone(f"still running after {timeout * PATIENCE:.0f} s") from None

    def text(self):
        """All that the console has shown."""
        self.log.flush()
        with open(self.log_path, "rb") as f:
            return f.read().decode(errors="replace").replace("\r", "")

    # ---- The machine ----

    def monitor(self, command):
        """One command of QEMU's monitor and its answer."""
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(self.folder + "/monitor")
            s.settimeout(1)                     # a second of silence is the end of the answer
            s.sendall(command.encode() + b"\n")
            answer = b""
            with contextlib.suppress(TimeoutError):
                while data := s.recv(65536):
                    answer += data
        # The monitor echoes the command letter by letter, with cursor moves; that line goes.
        return answer.decode(errors="replace").replace("\r", "").partition("\x1b[K\n")[2]

    def autopsy(self):
        """What the processors are doing, into the log: for a machine that has gone silent."""
        if not self.console.isalive():
            return
        try:
            state = self.monitor("info registers -a")
        except OSError:
            return
        self.log.write(b"\n---- info registers -a\n" + state.encode())

    def close(self):
        try:
            self.console.close(force=True)
        except pexpect.ExceptionPexpect:        # a busy host has not yet done what it was told
            self.console.wait()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def ssh(port, key, command, timeout=60):
    """Run a command by ssh; its output, or None if that failed."""
    result = subprocess.run(
        ["ssh", "-q", "-i", key, "-p", str(port), "-o", "StrictHostKeyChecking=no",
         "-o", "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes", "-o", "ConnectTimeout=20",
         "root@127.0.0.1", command],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=timeout * PATIENCE, text=True)
    return result.stdout if result.returncode == 0 else None


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]
