# SPDX-License-Identifier: GPL-2.0-only
"""Checks of xend and xm, on a machine that fake_host.c makes up; this program plays dom0's kernel:
its disk backend.
"""
import contextlib
import os
import pty
import re
import shutil
import signal
import subprocess
import threading
import time

from world import (ASAN, DIRECTORY, OUT, PATIENCE, READ, TOP, WRITE, Store, console_ring, expect,
                   wait_for)

BOOT_DIR, STATE_DIR = "/run/xend/boot", "/var/lib/xend"


# ---- a machine ----

def own_machine():
    """In a mount namespace of our own: the folders that xend's files are in, empty."""
    etc = "/run/etc"
    for folder in ("/run", "/var/lib", "/var/log"):
        subprocess.run(["mount", "-t", "tmpfs", "none", folder], check=True)
    subprocess.run(["cp", "-a", "/etc", etc], stderr=subprocess.DEVNULL, check=False)
    shutil.rmtree(etc + "/xen", ignore_errors=True)
    os.makedirs(etc + "/xen/scripts")
    subprocess.run(["mount", "--bind", etc, "/etc"], check=True)
    write_script("exit 0")


def write_script(text):
    with open("/etc/xen/scripts/block", "w") as f:
        f.write(f"#!/bin/sh\n{text}\n")
    os.chmod("/etc/xen/scripts/block", 0o755)


def empty_machine(world, patience=20):
    """Devices and loaders are given so many seconds."""
    for folder in ("/var/lib/xend", "/var/log/xen", "/run/xend"):
        shutil.rmtree(folder, ignore_errors=True)
    os.makedirs("/var/log/xen")
    os.chmod(world.folder, 0o755)       # for users
    config = world.folder + "/xend-config.sxp"
    with open(config, "w") as f:
        f.write("(loglevel DEBUG)\n(network-script '')\n(dom0-min-mem 100)\n"
                f"(device-create-timeout {patience})\n")
    world.env.update(XEND_CONFIG=config, XEND_DEBUG="1", PATH=OUT + ":" + world.env["PATH"])


def start_xend(world):
    world.start("xend", "start")
    wait_for("xend answers", lambda: world.daemons["xend"].poll() is not None or
             subprocess.run(["xm", "cpupool-list"], env=world.env, capture_output=True,
                            check=False).returncode == 0)
    expect(world.daemons["xend"].poll() is None, world.said("xend"))


def start_machine(world, patience=20):
    empty_machine(world, patience)
    world.xenstored("-D")
    start_xend(world)


def calls(world):
    """What the hypervisor was asked for, a line each."""
    with contextlib.suppress(FileNotFoundError), open(world.folder + "/xc/calls") as f:
        return f.read()
    return ""


def config(world, name, **directives):
    """A configuration file; returns its path."""
    kernel = world.folder + "/kernel"
    with open(kernel, "w") as f:
        f.write("a kernel\n")
    lines = {"name": f"'{name}'", "kernel": f"'{kernel}'", "memory": "16", **directives}
    path = f"{world.folder}/{name}.cfg"
    with open(path, "w") as f:
        f.write("".join(f"{key} = {value}\n" for key, value in lines.items() if value))
    return path


def refused(world, text, *words, status=1):
    """A command that ends with one line on its error output, which has this text."""
    done = world.client("xm", *words, status=status)
    expect(re.fullmatch(r"Error: [^\n]*\n", done.stderr) and text in done.stderr,
           f"xm {' '.join(words)}: {done.stderr!r}, not {text!r}")
    return done


def nothing_left(world, *names):
    """No domain, node, file or process that these had."""
    def look():
        rest = [os.path.join(BOOT_DIR, entry) for entry in
                (os.listdir(BOOT_DIR) if os.path.isdir(BOOT_DIR) else [])]
        domains = STATE_DIR + "/domains"
        rest += os.listdir(domains) if os.path.isdir(domains) else []
        listed = world.client("xm", "list").stdout
        rest += [name for name in names if re.search(rf"^{name} ", listed, re.M)]
        return not rest
    wait_for("nothing is left of " + ", ".join(names), look)
    vms = subprocess.run(["xenstore-list", "/vm"], env=world.env, capture_output=True, text=True,
                         check=False)
    expect(vms.returncode or not vms.stdout.strip(), f"/vm has {vms.stdout}")


class Backend:
    """dom0's blkback: says "ready" of each disk that it is told of."""

    def __init__(self, world):
        self.store, self.stops = Store(world), False
        self.thread = threading.Thread(target=self.run, daemon=True)

    def __enter__(self):
        self.thread.start()

    def __exit__(self, *_):
        self.stops = True
        self.thread.join()
        self.store.socket.close()

    def names(self, path):
        kind, payload = self.store.ask(DIRECTORY, path)
        return [n.decode() for n in payload.split(b"\0") if n] if kind == DIRECTORY else []

    def run(self):
        top = "/local/domain/0/backend/vbd"
        while not self.stops:
            for domid in self.names(top):
                for device in self.names(f"{top}/{domid}"):
                    state = f"{top}/{domid}/{device}/state"
                    if self.store.ask(READ, state) == (READ, b"1"):
                        self.store.ask(WRITE, state, "2")
            time.sleep(0.02)


# ---- a script that outlives xend ----

SLOW_SCRIPT = """[ "$1" = add ] || exit 0
: >{folder}/began
sleep 2
{bin}/xenstore-write "$XENBUS_PATH/hotplug-status" connected || exit 1
: >{folder}/ended"""


def check_script_outlives(world):
    """xend is killed while a script runs: what the script writes then is not left behind."""
    start_machine(world)
    write_script(SLOW_SCRIPT.format(folder=world.folder, bin=ASAN + "/bin"))
    disk = world.folder + "/image"
    with open(disk, "w") as f:
        f.truncate(1 << 20)
    with Backend(world):
        path = config(world, "s", disk=f"['file:{disk},xvda,w']")
        creator = subprocess.Popen(["xm", "create", path], env=world.env, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        wait_for("the script", lambda: os.path.exists(world.folder + "/began"))
        world.stop("xend", signal.SIGKILL)
        start_xend(world)
        creator.wait(timeout=PATIENCE)
        wait_for("its end", lambda: os.path.exists(world.folder + "/ended"))
        nothing_left(world, "s")
    wait_for("the script's word is gone", lambda: "hotplug-status" not in subprocess.run(
        ["xenstore-ls", "/local/domain/0/backend"], env=world.env, text=True,
        capture_output=True, check=False).stdout)
    write_script("exit 0")
    world.end()


# ---- boot loaders ----

LOADER = """#!/bin/sh
here={folder}
echo "$*" >$here/loader.args
for word; do
    case $word in
    --output=*) out=${{word#*=}} ;;
    --mode=*) mode=${{word#*=}} ;;
    esac
    disk=$word
done
[ "$(head -c 4 "$disk")" = disk ] || exit 9
copies=$TMPDIR
[ "$mode" != elsewhere ] || copies=$here/copies
if [ "$mode" = ask ]; then
    printf 'which kernel? '
    read -r line
    echo "taking $line"
fi
case $mode in
fail) printf 'reading\\n\\033[1;31mthe disk is blank\\033[0m\\n'; exit 3 ;;
silent) echo "nothing found"; exit 0 ;;
nonsense) echo '((' >"$out"; exit 0 ;;
missing) echo "linux (kernel $here/none)" >"$out"; exit 0 ;;
hang) echo "press a key"; sleep 1000 ;;
killed) kill -9 $$ ;;
esac
k=$(mktemp -p "$copies") r=$(mktemp -p "$copies")
echo "${{slow:-loaded}}" >"$k"
[ "$mode" != slow ] || echo slow >"$k"
echo "linux (kernel $k)(ramdisk $r)(args \\"root=/dev/xvda $line\\")" >"$out"
"""

BAD_LOADERS = [
    ("fail", "exit status 3: the disk is blank"),
    ("silent", "Boot loader didn't return any data! nothing found"),
    ("nonsense", "its answer is not understood"),
    ("missing", "Kernel image does not exist: "),
    ("killed", "was killed by signal 9"),
]


def write_loader(world):
    path = world.folder + "/loader"
    os.makedirs(world.folder + "/copies", exist_ok=True)
    with open(path, "w") as f:
        f.write(LOADER.format(folder=world.folder))
    os.chmod(path, 0o755)
    for name, text in (("disk", b"disk\n"), ("qcow2", b"QFI\xfb\0\0\0\2")):
        with open(f"{world.folder}/{name}", "wb") as f:
            f.write(text * 1000)


def loader_config(world, name, mode, **more):
    return config(world, name, kernel=None, bootloader=f"'{world.folder}/loader'",
                  bootargs=f"'--mode={mode}'", disk=f"['file:{world.folder}/disk,xvda,w']", **more)


def check_boot_loader(world):
    """bootloader=: what it finds is built and removed; what goes wrong is said in one line."""
    start_machine(world)
    write_loader(world)
    with Backend(world):
        for mode in ("ok", "elsewhere"):
            world.client("xm", "create", loader_config(world, "b", mode, extra="'more'"))
            expect("loaded ramdisk yes line 'root=/dev/xvda '" in calls(world), calls(world))
            expect(not os.listdir(BOOT_DIR) and not os.listdir(world.folder + "/copies"),
                   "copies are left")
            with open(world.folder + "/loader.args") as f:
                words = f.read().split()
            expect(words[:2] == ["--args=more", "-q"] and words[2].startswith("--output=") and
                   words[3:] == ["--mode=" + mode, world.folder + "/disk"], words)
            text = world.client("xm", "list", "-l", "b").stdout
            expect(f"(bootloader_args --mode={mode})" in text, text)
            world.client("xm", "destroy", "b")
    for mode, text in BAD_LOADERS:
        refused(world, text, "create", "-q", loader_config(world, "b", mode))
        nothing_left(world, "b")
    disk = f"['file:{world.folder}/disk,xvda,w']"
    os.rename(world.folder + "/loader", world.folder + "/pygrub")
    refused(world, "names a file that it did not make: ", "create", "-q",
            config(world, "b", kernel=None, bootloader=f"'{world.folder}/pygrub'", disk=disk,
                   bootargs="'--mode=elsewhere'"))
    with open(world.folder + "/loader.args") as f:
        expect("--output-directory=/var" + BOOT_DIR in f.read(), "pygrub is told where")
    os.rename(world.folder + "/pygrub", world.folder + "/loader")
    for text, more in (
            ("the bootloader 'none' is not installed", {"bootloader": "'none'", "disk": disk}),
            ("isn't executable", {"bootloader": f"'{world.folder}/disk'", "disk": disk}),
            ("no disk to boot from", {"bootloader": f"'{world.folder}/loader'"}),
            ("disks of type 'qcow2'", {"bootloader": f"'{world.folder}/loader'",
                                       "disk": f"['tap:qcow2:{world.folder}/qcow2,xvda,w']"})):
        if "qcow2" in text and not shutil.which("qemu-system-i386"):
            continue
        refused(world, text, "create", "-q", config(world, "b", kernel=None, **more))
    world.end()
    start_machine(world, 2)
    refused(world, "no sign of life for 2 s: press a key", "create", "-q",
            loader_config(world, "b", "hang"))
    nothing_left(world, "b")
    world.end()


def loader_runs(world):
    return subprocess.run(["pgrep", "-f", world.folder + "/loader"], capture_output=True,
                          check=False).returncode == 0


def check_boot_loader_killed(world):
    """xend or xm is killed while the loader runs, or its kernel is unpacked: nothing is left."""
    start_machine(world)
    write_loader(world)

    def begin(mode, step):
        before = len(world.said("xend"))
        process = subprocess.Popen(["xm", "create", loader_config(world, "b", mode)],
                                   env=world.env, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE)
        wait_for(f"step {step}", lambda: f"b: step '{step}'" in world.said("xend")[before:])
        if mode == "hang":
            wait_for("the loader", lambda: "press a key" in world.said("xend")[before:])
        return process
    for mode, step in (("hang", "loader"), ("slow", "build"), ("elsewhere", "devices")):
        for victim in ("xend", "xm"):
            process = begin(mode, step)
            if victim == "xm":
                process.kill()
            else:
                world.stop("xend", signal.SIGKILL)
                start_xend(world)
            process.communicate(timeout=PATIENCE)
            nothing_left(world, "b")
            wait_for("the loader is gone", lambda: not loader_runs(world))
            expect(not os.listdir(world.folder + "/copies"), f"{mode}, {victim}: copies are left")
    world.end()


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, world, *command):
        master, slave = pty.openpty()
        self.process = subprocess.Popen(command, env=world.env, stdin=slave, stdout=slave,
                                        stderr=slave, start_new_session=True)
        os.close(slave)
        os.set_blocking(master, False)
        self.fd, self.text = master, ""

    def saw(self, text):
        with contextlib.suppress(OSError):
            self.text += os.read(self.fd, 4096).decode(errors="replace")
        return text in self.text

    def wait(self, text):
        try:
            wait_for(text, lambda: self.saw(text))
        finally:
            expect("Sanitizer" not in self.text, self.text)

    def type(self, text):
        os.write(self.fd, text.encode())

    def end(self):
        status = self.process.wait(timeout=PATIENCE)
        self.saw("")
        os.close(self.fd)
        return status


def check_boot_loader_console(world):
    """create -c: the loader's menu is there, then the domain's console, in one go."""
    start_machine(world, 5)
    write_loader(world)
    world.start("xenconsoled", "-i")
    with Backend(world):
        terminal = Terminal(world, "xm", "create", "-c", loader_config(world, "b", "ask"))
        terminal.wait("which kernel? ")
        domid = world.client("xm", "domid", "b").stdout.strip()
        time.sleep(5.5)                 # who is looked at has no time-out
        terminal.type("second\r")
        terminal.wait("taking second")
        wait_for("it is built", lambda: "line 'root=/dev/xvda second'" in calls(world))
        with open(world.folder + "/loader.args") as f:
            expect("-q" not in f.read().split(), "-q with create -c")
        wait_for("it runs", lambda: re.search(r"^b +\d+ .* -+ ",
                                              world.client("xm", "list").stdout, re.M))
        ring = console_ring(world, domid)

        def guest_talks():
            ring.put(b"login: ")
            return terminal.saw("login: ")
        wait_for("the domain's console", guest_talks)
        terminal.type("\x1d")
        expect(terminal.end() == 0, terminal.text)
        world.client("xm", "destroy", "b")
    terminal = Terminal(world, "xm", "create", "-c", loader_config(world, "b", "fail"))
    expect(terminal.end() == 1, "a failed create -c")
    expect("exit status 3: the disk is blank" in terminal.text, terminal.text)
    nothing_left(world, "b")
    world.end()


# ---- hardware, clocks ----

def check_hardware(world):
    """ioports= and irq=: permission, nodes, and what is refused."""
    start_machine(world)
    world.client("xm", "create", config(world, "h", ioports="['2f8-2ff', '60']", irq="[7]"))
    for line in ("ioports 1 2f8-2ff 1", "ioports 1 60-60 1", "irq 1 7 1"):
        expect(line in calls(world), f"{line}: {calls(world)}")
    for node, value in (("ioports/1/760/from", "2f8"), ("ioports/1/760/to", "2ff"),
                        ("ioports/1/96/to", "60"), ("irq/1/7/irq", "7")):
        world.client("xenstore-read", "/local/domain/0/backend/" + node, text=value + "\n")
    text = world.client("xm", "list", "-l", "h").stdout
    for words in ("(ioports", "(from 2f8)", "(to 2ff)", "(irq 7)"):
        expect(words in text, text)
    world.client("xm", "destroy", "h")
    nothing_left(world, "h")
    refused(world, "does not give away i/o ports 3f8-3ff: Operation not permitted", "create", "-q",
            config(world, "h", ioports="['3f8-3ff']"))
    refused(world, "does not give away irq 300: this machine has no such line", "create", "-q",
            config(world, "h", irq="[300]"))
    for bad in ("5-2", "10000", "x", "-", "1-", ""):
        path = config(world, "h", ioports=f"['{bad}']")
        done = world.client("xm", "create", "-q", path, status=1)
        expect(f"Invalid i/o port range specifier: {bad}" in done.stderr, done.stderr)
    nothing_left(world, "h")
    world.end()


def check_clock(world):
    """localtime and rtc_timeoffset move the domain's clock."""
    world.env["TZ"] = "XXX-3"
    start_machine(world)
    world.client("xm", "create", config(world, "a", localtime="1"))
    world.client("xm", "create", config(world, "b", localtime="1", rtc_timeoffset="60"))
    world.client("xm", "create", config(world, "c", rtc_timeoffset="-90"))
    world.client("xm", "create", config(world, "d"))
    offsets = re.findall(r"^time-offset (\d+) (-?\d+)$", calls(world), re.M)
    vm = world.client("xenstore-read", "/local/domain/3/vm").stdout.strip()
    world.client("xenstore-read", vm + "/rtc/timeoffset", text="-90\n")
    expect(offsets == [("1", "10800"), ("2", "10860"), ("3", "-90")], offsets)
    world.end()


# ---- pools and schedulers ----

def pool_config(world, name, **directives):
    path = f"{world.folder}/{name}.pool"
    with open(path, "w") as f:
        f.write(f"name = '{name}'\n" + "".join(f"{k} = {v}\n" for k, v in directives.items()))
    return path


def check_pools(world):
    """Managed pools start with xend; schedulers' commands work on domains of their pools."""
    start_machine(world)
    for cpu in ("1", "2", "3"):
        world.client("xm", "cpupool-cpu-remove", "Pool-0", cpu)
    for sched, cpu in (("bvt", 1), ("sedf", 2)):
        world.client("xm", "cpupool-new", pool_config(world, sched, sched=f"'{sched}'",
                                                      cpus=f"['{cpu}']"))
    world.client("xm", "cpupool-new", pool_config(world, "greedy", cpus="['0-3']"))
    expect(len(re.findall(r" n +0$", world.client("xm", "cpupool-list").stdout, re.M)) == 3,
           world.client("xm", "cpupool-list").stdout)
    world.stop("xend")
    start_xend(world)
    listed = world.client("xm", "cpupool-list").stdout
    for row in (r"^bvt +1 +bvt +y +0$", r"^sedf +1 +sedf +y +0$", r"^greedy +0 +credit +n +0$"):
        expect(re.search(row, listed, re.M), listed)
    expect("pool 'greedy' is not started: CPU 0 is in a pool" in world.said("xend"),
           "the log says why")
    for name, pool in (("b", "bvt"), ("s", "sedf"), ("c", "Pool-0")):
        world.client("xm", "create", config(world, name, pool=f"'{pool}'"))
    world.client("xm", "sched-bvt", "-d", "b", "-w", "20", "-v", "3000", "-l", "10", "-u", "7")
    expect(re.search(r"^b +1 +20 +3000 +10 +7$", world.client("xm", "sched-bvt").stdout, re.M),
           world.client("xm", "sched-bvt", "-d", "b").stdout)
    world.client("xm", "sched-sedf", "s", "-p", "20", "-s", "5", "-l", "10", "-e", "0", "-w", "3")
    expect(re.search(r"^s +2 +20\.0 +5\.0 +10\.0 +0 +3$",
                     world.client("xm", "sched-sedf", "s").stdout, re.M), "sched-sedf")
    world.client("xm", "sched-credit", "-d", "c", "-w", "512", "-c", "50")
    expect(re.search(r"^c +3 +512 +50$", world.client("xm", "sched-credit", "-d", "c").stdout,
                     re.M), "sched-credit")
    for text, words in (
            ("Xen is running with the credit scheduler", ["sched-bvt", "-d", "c", "-w", "5"]),
            ("Xen is running with the bvt scheduler", ["sched-sedf", "b", "-p", "5"]),
            ("Xen is running with the sedf scheduler", ["sched-credit", "-d", "s", "-w", "5"]),
            ("weight '0' is out of range: 1 to 65535", ["sched-bvt", "-d", "b", "-w", "0"]),
            ("unwarp 'x' is out of range", ["sched-bvt", "-d", "b", "-u", "x"]),
            ("must not be longer than the period", ["sched-sedf", "s", "-s", "30"])):
        refused(world, text, *words)
    world.client("xm", "cpupool-migrate", "c", "bvt")
    world.client("xm", "sched-bvt", "-d", "c", "-w", "9")
    refused(world, "has 2 domains", "cpupool-destroy", "bvt")
    refused(world, "Pool 'none' does not exist.", "create", "-q",
            config(world, "p", pool="'none'"))
    world.end()


CHECKS = [check_boot_loader, check_boot_loader_killed, check_boot_loader_console, check_hardware,
          check_clock, check_pools, check_script_outlives]
