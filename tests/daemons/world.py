# SPDX-License-Identifier: GPL-2.0-only
"""The world of a check: a folder with sockets, domains and logs, the daemons under test, clients
and guests that the check plays itself.
"""
import contextlib
import mmap
import os
import signal
import socket
import struct
import subprocess
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DIST = os.environ.get("DIST", os.path.join(TOP, "dist"))
ASAN = os.path.join(DIST, "tools-asan")
OUT = os.path.join(DIST, "daemons")
PATIENCE = 60 * float(os.environ.get("XENITH_PATIENCE", "1"))

READ, WATCH, WRITE, INTRODUCE, RELEASE, EVENT, ERROR = 2, 4, 11, 8, 9, 15, 16
DIRECTORY = 1


class Failed(Exception):
    pass


def expect(condition, what):
    if not condition:
        raise Failed(what)


def wait_for(what, condition):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise Failed(f"not in time: {what}")


class World:
    """A folder for sockets, domains and logs; daemons that are looked at when they end."""

    def __init__(self, folder):
        self.folder = folder
        self.env = dict(os.environ, XENSTORED_RUNDIR=folder + "/run", FAKE_XC=folder + "/xc",
                        ASAN_OPTIONS="exitcode=99", UBSAN_OPTIONS="print_stacktrace=1",
                        PATH=ASAN + "/bin:" + os.environ["PATH"])
        self.env.pop("XENSTORED_PATH", None)
        self.daemons = {}
        for name in ("run", "xc", "log", "xc/0"):
            os.makedirs(os.path.join(folder, name))

    def start(self, name, *arguments):
        errors = open(os.path.join(self.folder, name + ".err"), "ab")
        self.daemons[name] = subprocess.Popen([os.path.join(OUT, name), *arguments], env=self.env,
                                              stdin=subprocess.DEVNULL, stdout=errors,
                                              stderr=errors)
        errors.close()

    def said(self, name):
        with open(os.path.join(self.folder, name + ".err"), errors="replace") as f:
            return f.read()

    def stop(self, name, with_signal=signal.SIGTERM):
        process = self.daemons.pop(name)
        process.send_signal(with_signal)
        status = process.wait(timeout=PATIENCE)
        expect(status == (0 if with_signal == signal.SIGTERM else -with_signal),
               f"{name} ended with {status}: {self.said(name)}")
        self.look(name)

    def look(self, name):
        text = self.said(name)
        expect("Sanitizer" not in text and "runtime error" not in text, f"{name}: {text}")

    def end(self):
        for name in reversed(list(self.daemons)):
            self.stop(name)

    def kill(self):
        for process in self.daemons.values():
            process.kill()
            process.wait()

    def client(self, *command, status=0, text=None):
        done = subprocess.run(command, env=self.env, stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=PATIENCE)
        expect(done.returncode == status and "Sanitizer" not in done.stderr and
               "runtime error" not in done.stderr,
               f"{' '.join(command)}: status {done.returncode}: {done.stderr}")
        expect(text is None or done.stdout == text, f"{' '.join(command)}: {done.stdout!r}")
        return done

    def xenstored(self, *arguments):
        self.start("xenstored", "-N", *arguments)
        wait_for("xenstored answers", lambda: self.daemons["xenstored"].poll() is not None or
                 os.path.exists(self.folder + "/run/socket"))
        expect(self.daemons["xenstored"].poll() is None, self.said("xenstored"))
        wait_for("a connection", lambda: subprocess.run(
            ["xenstore-exists", "/"], env=self.env, stderr=subprocess.DEVNULL).returncode == 0)


class Store:
    """A client with bytes of its own, for what libxs would never send."""

    def __init__(self, world):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(world.folder + "/run/socket")
        self.input, self.events = b"", []

    def send(self, kind, payload, tx=0):
        self.socket.sendall(struct.pack("<IIII", kind, 7, tx, len(payload)) + payload)

    def message(self):
        while True:
            if len(self.input) >= 16:
                kind, _, _, length = struct.unpack_from("<IIII", self.input)
                if len(self.input) >= 16 + length:
                    payload = self.input[16:16 + length]
                    self.input = self.input[16 + length:]
                    return kind, payload
            data = self.socket.recv(65536)
            if not data:
                raise EOFError
            self.input += data

    def ask(self, kind, *words, tx=0):
        payload = b"\0".join(w.encode() if isinstance(w, str) else w for w in words)
        self.send(kind, payload if kind == WRITE else payload + b"\0", tx)
        while True:
            kind, payload = self.message()
            if kind != EVENT:
                return kind, payload
            self.events.append(payload)


class Ring:
    """A guest's end of a ring page: byte queues between producer and consumer indices."""

    def __init__(self, world, domid, page, port, fields):
        folder = f"{world.folder}/xc/{domid}"
        os.makedirs(folder, exist_ok=True)
        with open(f"{folder}/page-{page}", "w+b") as f:
            f.truncate(4096)
            self.page = mmap.mmap(f.fileno(), 4096)
        self.folder, self.port = folder, port
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(f"{folder}/socket-{port}")
        self.socket.bind(f"{folder}/socket-{port}")
        self.socket.setblocking(False)
        # (offset, size, consumer index, producer index) of what we write and of what we read
        self.output, self.input = fields

    # In one access, which "<I" is not: the daemon looks at the same time.
    def index(self, at):
        return struct.unpack_from("I", self.page, at)[0]

    def set_index(self, at, value):
        struct.pack_into("I", self.page, at, value % 2**32)

    def kick(self):
        with contextlib.suppress(OSError):      # nobody is there yet
            self.socket.sendto(b"x", f"{self.folder}/port-{self.port}")
            while self.socket.recv(10):
                pass

    def put(self, data):
        offset, size, consumer, producer = self.output
        for byte in data:
            wait_for("room in the ring",
                     lambda: (self.index(producer) - self.index(consumer)) % 2**32 < size or
                     self.kick())
            at = self.index(producer)
            self.page[offset + at % size] = byte
            self.set_index(producer, at + 1)
        self.kick()

    def get(self):
        offset, size, consumer, producer = self.input
        first, last = self.index(consumer), self.index(producer)
        data = bytes(self.page[offset + i % size] for i in range(first, last))
        self.set_index(consumer, last)
        self.kick()
        return data


def store_ring(world, domid):
    return Ring(world, domid, 1, 1, ((0, 1024, 2048, 2052), (1024, 1024, 2056, 2060)))


def console_ring(world, domid):
    return Ring(world, domid, 2, 2, ((1024, 2048, 3080, 3084), (0, 1024, 3072, 3076)))
