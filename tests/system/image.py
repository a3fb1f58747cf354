#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Test images made from Debian's unmodified packages.

Everything is built under dist/cache/, named after the packages' versions and this file's own text, so a second call
costs nothing and a new kernel in the archive is picked up by itself.  Nothing here needs root, a loop device or a
mount, except the Debian root file system (mmdebstrap).

    image.py kernel|peer|initramfs|bench|disk|iso     build one of them and print where it is
"""
import fcntl
import glob
import gzip
import hashlib
import lzma
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CACHE = os.environ.get("XENITH_CACHE", os.path.join(TOP, "dist", "cache"))

# What the initramfs can load; names that a kernel does not have (built in, renamed) are passed over.
DOM0_MODULES = """xen-evtchn xen-gntdev xen-gntalloc xen-privcmd xenfs xen-blkback xen-netback xen-acpi-processor
    virtio_pci virtio_blk virtio_net virtio_scsi ahci ata_piix sd_mod sr_mod nvme e1000 e1000e ext4 crc32c_generic
    bridge loop tun iso9660 psmouse i2c-piix4""".split()
BENCH_MODULES = "xen-evtchn xen-gntdev xen-gntalloc xen-privcmd".split()


def run(*command, **options):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, **options).stdout


def key_of(*parts):
    """A short name for what an image is made of; parts are strings or paths of files."""
    digest = hashlib.sha256()
    for part in parts:
        if os.path.isfile(part):
            with open(part, "rb") as f:
                digest.update(f.read())
        else:
            digest.update(part.encode())
        digest.update(b"\0")
    return digest.hexdigest()[:12]


class build_lock:
    """One builder at a time: bench and tests may run side by side."""

    def __enter__(self):
        os.makedirs(CACHE, exist_ok=True)
        self.file = open(os.path.join(CACHE, "lock"), "w")
        fcntl.flock(self.file, fcntl.LOCK_EX)

    def __exit__(self, *exc):
        self.file.close()


# ---- Packages ----

def package_files(names):
    """Download packages and return the paths of their .deb files; lists that are too old are fetched anew once."""
    try:
        return package_files_now(names)
    except subprocess.CalledProcessError:
        run("apt-get", "-qq", "-o", "DPkg::Lock::Timeout=600", "update")
        return package_files_now(names)


def package_files_now(names):
    folder = os.path.join(CACHE, "debs")
    os.makedirs(folder, exist_ok=True)
    with tempfile.TemporaryDirectory() as empty:    # apt says nothing of files that lie where it is called
        listing = run("apt-get", "-qq", "--print-uris", "download", *names, cwd=empty)
    wanted = [line.split()[1] for line in listing.splitlines() if line.startswith("'")]
    if any(not os.path.exists(os.path.join(folder, f)) for f in wanted):
        run("apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", *names, cwd=folder)
    return [os.path.join(folder, f) for f in wanted]


def package_depends(name, pattern):
    """The first dependency of a package whose name matches."""
    for line in run("apt-cache", "depends", "--important", name).splitlines():
        match = re.match(r"\s*Depends: (" + pattern + r")$", line)
        if match:
            return match.group(1)
    raise SystemExit(f"image: {name} depends on nothing like {pattern} (apt-get update?)")


def package_unpack(names):
    """Unpack packages together into a folder of their own and return it."""
    debs = package_files(names)
    folder = os.path.join(CACHE, "unpacked-" + key_of(*map(os.path.basename, debs)))
    if not os.path.exists(folder):
        partial = folder + ".partial"
        shutil.rmtree(partial, ignore_errors=True)
        for deb in debs:
            run("dpkg-deb", "-x", deb, partial)
        os.rename(partial, folder)
    return folder


class Kernel:
    """Debian's kernel: whatever linux-image-amd64 means today."""

    def __init__(self):
        self.package = package_depends("linux-image-amd64", r"linux-image-[0-9]\S*")
        self.root = package_unpack([self.package])
        self.vmlinuz = glob.glob(self.root + "/boot/vmlinuz-*")[0]
        self.release = os.path.basename(self.vmlinuz)[len("vmlinuz-"):]
        folders = glob.glob(self.root + "/lib/modules/*") + glob.glob(self.root + "/usr/lib/modules/*")
        self.modules_folder = folders[0]
        self.paths = {}
        for folder, _, files in os.walk(self.modules_folder):
            for f in files:
                match = re.match(r"(.*)\.ko(\.xz|\.zst|\.gz)?$", f)
                if match:
                    self.paths[match.group(1).replace("-", "_")] = os.path.join(folder, f)

    def module_read(self, name):
        path = self.paths[name]
        with open(path, "rb") as f:
            data = f.read()
        if path.endswith(".xz"):
            return lzma.decompress(data)
        if path.endswith(".gz"):
            return gzip.decompress(data)
        if path.endswith(".zst"):
            return subprocess.run(["zstd", "-dc"], input=data, stdout=subprocess.PIPE, check=True).stdout
        return data

    def modules(self, wanted):
        """(name, content) of the wanted modules and all they need, in an order in which they can be loaded."""
        done = {}

        def add(name):
            name = name.replace("-", "_")
            if name in done or name not in self.paths:
                return
            data = self.module_read(name)
            needs = re.search(rb"\0depends=([^\0]*)\0", data)
            soft = re.findall(rb"\0softdep=pre: ([^\0]*)\0", data)
            done[name] = None
            for other in (needs.group(1).decode().split(",") if needs else []):
                add(other)
            for other in b" ".join(soft).decode().split():
                add(other)
            del done[name]
            done[name] = data
        for name in wanted:
            add(name)
        return list(done.items())


PEER_PACKAGE = "xen-hypervisor-4.17-amd64"


def peer_version():
    return os.path.basename(package_files([PEER_PACKAGE])[0]).split("_")[1]


def peer_xen():
    """Debian's own hypervisor as an ELF file that `qemu -kernel` takes."""
    folder = package_unpack([PEER_PACKAGE])
    packed = glob.glob(folder + "/boot/xen-*.gz")[0]
    path = os.path.join(folder, "xen.elf")
    if not os.path.exists(path):
        with gzip.open(packed) as source, open(path + ".partial", "wb") as out:
            shutil.copyfileobj(source, out)
        os.rename(path + ".partial", path)
    return path


# ---- cpio ----

class Archive:
    """A newc archive written from memory, so that its bytes depend on its contents alone."""

    def __init__(self):
        self.entries = {}

    def _add(self, name, mode, data=b"", rdev=(0, 0)):
        name = name.strip("/")
        parent = os.path.dirname(name)
        if parent and parent not in self.entries:
            self.folder(parent)
        self.entries[name] = (mode, data, rdev)

    def folder(self, *names):
        for name in names:
            self._add(name, 0o040755)

    def file(self, name, data, mode=0o644):
        self._add(name, 0o100000 | mode, data if isinstance(data, bytes) else data.encode())

    def copy(self, name, path, mode=0o644):
        with open(path, "rb") as f:
            self.file(name, f.read(), mode)

    def link(self, name, target):
        self._add(name, 0o120777, target.encode())

    def device(self, name, major, minor):
        self._add(name, 0o020600, rdev=(major, minor))

    def write(self, path):
        with open(path + ".partial", "wb") as out:
            for number, (name, (mode, data, rdev)) in enumerate(self.entries.items(), 1):
                self._record(out, number, name, mode, data, rdev)
            self._record(out, 0, "TRAILER!!!", 0, b"", (0, 0))
        os.rename(path + ".partial", path)

    @staticmethod
    def _record(out, number, name, mode, data, rdev):
        encoded = name.encode() + b"\0"
        fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, *rdev, len(encoded), 0)
        out.write(b"070701" + b"".join(b"%08X" % f for f in fields) + encoded)
        out.write(bytes(-(110 + len(encoded)) % 4) + data + bytes(-len(data) % 4))


def compile_static(name, source):
    """A static program for the test images."""
    path = os.path.join(CACHE, f"{name}-{key_of(source)}")
    if not os.path.exists(path):
        run("gcc", "-std=gnu17", "-O2", "-Wall", "-Wextra", "-Werror", "-static", "-s", "-o", path, source)
    return path


def bench_initramfs(kernel):
    """The smallest image the benchmark needs: the program as init and Xen's device modules."""
    program = compile_static("micro", os.path.join(TOP, "bench", "micro.c"))
    path = os.path.join(CACHE, f"bench-{key_of(program, kernel.root, __file__)}.cpio")
    if os.path.exists(path):
        return path
    archive = Archive()
    archive.folder("dev")
    archive.device("dev/console", 5, 1)
    archive.copy("init", program, 0o755)
    names = []
    for name, data in kernel.modules(BENCH_MODULES):
        archive.file(f"modules/{name}.ko", data)
        names.append(f"/modules/{name}.ko\n")
    archive.file("modules.list", "".join(names))
    archive.write(path)
    return path
