# SPDX-License-Identifier: GPL-2.0-only
"""Images for the tests of the toolstack: a dom0 with our tools or Debian's, and a small guest.

dom0 is the test image with Debian's dash, iproute2 and util-linux, the guest's kernel, RAM disk and
configuration, and behind it, as an archive of its own, the tools: ours change with every build and
Debian's never.  The guest is Debian's kernel with busybox, in its RAM disk or on a root disk.
"""
import os
import re
import shutil
import stat
import subprocess
import tempfile

import image

HERE = os.path.dirname(os.path.abspath(__file__))
GUEST_MODULES = "xen-blkfront xen-netfront ext4 crc32c_generic".split()
GUEST_PROGRAMS = ["observe", "registers", "spin"]
USERLAND = "dash bash coreutils iproute2 util-linux".split()
USERLAND_FILES = """/bin/bash /sbin/ip /sbin/bridge /sbin/losetup /usr/bin/flock
    /usr/bin/setpriv /usr/bin/stat""".split()
XEN_UTILS = ["xen-utils-4.17", "xenstore-utils"]
LIBRARIES = ["usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu", "usr/lib64", "lib64", "usr/lib",
             "usr/lib/xen-4.17/lib/x86_64-linux-gnu"]
MERGED = ("bin", "sbin", "lib", "lib64")
DISK_MIB = 32


# ---- Packages with all that they need ----

def package_closure(names):
    """The names of all packages that a machine without any would install for these."""
    with tempfile.NamedTemporaryFile(dir=image.CACHE) as nothing:
        plan = image.run("apt-get", "-s", "-qq", "--no-install-recommends", "-o",
                         f"Dir::State::status={nothing.name}", "-o", "Debug::NoLocking=1",
                         "install", *names, stderr=subprocess.DEVNULL)
    return sorted(re.findall(r"(?m)^Inst (\S+)", plan))


def merged(path):
    """Where a file lies on a system whose /bin, /sbin and /lib are links into /usr."""
    path = path.strip("/")
    return "usr/" + path if path.split("/")[0] in MERGED else path


class Programs:
    """Puts programs into an archive, with the libraries and the interpreter they name.

    Files are looked for in the unpacked packages first, then on this host, which built our tools.
    """

    def __init__(self, archive, *roots):
        self.archive = archive
        self.roots = [*roots, "/"]

    def find(self, path):
        path = path.strip("/")
        for root in self.roots:
            for name in (path, merged(path), path[4:] if path.startswith("usr/") else path):
                full = os.path.join(root, name)
                if not os.path.lexists(full):
                    continue
                target = os.path.normpath(os.path.join("/", os.path.dirname(name),
                                                       os.readlink(full))) \
                    if os.path.islink(full) else None
                return self.find(target) if target else full
        return None

    def library(self, name):
        for folder in LIBRARIES:
            full = self.find(os.path.join(folder, name))
            if full:
                return full, os.path.join(folder, name)
        raise SystemExit(f"toolstack: no library {name}")

    def add(self, path, source=None, mode=0o755):
        """`path` in the archive from `source`, or from wherever the packages have it."""
        path = merged(path)
        if path in self.archive.entries:
            return
        source = source or self.find(path)
        if not source:
            raise SystemExit(f"toolstack: no file {path}")
        self.archive.copy(path, source, mode)
        with open(source, "rb") as f:
            if f.read(4) != b"\x7fELF":
                return
        dynamic = image.run("readelf", "-dlW", source)
        for name in re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic):
            full, where = self.library(name)
            self.add(where, full, 0o644)
        for name in re.findall(r"interpreter: (\S+)\]", dynamic):
            self.add(name)


def merged_links(archive):
    for name in MERGED:
        archive.folder("usr/" + name)
        archive.link(name, "usr/" + name)


# ---- The guest ----

def own_programs(*names):
    """(name, path) of programs of ours that look at memory, clocks and registers."""
    return [(name, image.compile_static(name, os.path.join(HERE, "guest", name + ".c")))
            for name in names]


def guest_archive(kernel):
    archive = image.Archive()
    archive.folder("dev", "proc", "sys", "run", "tmp", "mnt", "new", "bin", "sbin", "usr", "etc")
    archive.device("dev/console", 5, 1)
    archive.copy("bin/busybox", shutil.which("busybox") or "/bin/busybox", 0o755)
    for name, path in own_programs(*GUEST_PROGRAMS):
        archive.copy("bin/" + name, path, 0o755)
    archive.copy("init", os.path.join(HERE, "guest", "domu-init"), 0o755)
    archive.file("etc/passwd", "root:x:0:0:root:/:/bin/sh\n")
    # What the guest's kernel runs when the toolstack asks.
    for name in ("poweroff", "reboot"):
        archive.file(f"sbin/{name}", f"#!/bin/busybox sh\nexec /bin/busybox {name} -f\n", 0o755)
    names = []
    for name, data in kernel.modules(GUEST_MODULES):
        archive.file(f"modules/{name}.ko", data)
        names.append(name + "\n")
    archive.file("modules.list", "".join(names))
    return archive


def guest_initrd(kernel):
    init = os.path.join(HERE, "guest", "domu-init")
    key = image.key_of(init, *(path for _, path in own_programs(*GUEST_PROGRAMS)), kernel.root,
                       __file__)
    path = os.path.join(image.CACHE, f"domu-{key}.cpio")
    if not os.path.exists(path):
        guest_archive(kernel).write(path)
    return path


def guest_folder(kernel, folder):
    """The guest's root file system; its devices come with devtmpfs."""
    for name, (mode, data, _) in guest_archive(kernel).entries.items():
        full = os.path.join(folder, name)
        if stat.S_ISDIR(mode):
            os.makedirs(full)
        elif stat.S_ISREG(mode) and not name.startswith("modules"):
            with open(full, "wb") as f:
                f.write(data)
            os.chmod(full, mode & 0o777)
    with open(folder + "/on-disk", "w") as f:
        f.write("This is the root disk.\n")


def make_disk(path, mebibytes, folder, options=()):
    """An ext4 of a folder, in a file that is there only when it is whole."""
    with open(path + ".partial", "wb") as f:
        f.truncate(mebibytes << 20)
    image.run("mke2fs", "-q", "-F", "-t", "ext4", "-d", folder, *options, path + ".partial")
    os.rename(path + ".partial", path)


def empty_disk():
    """For what dom0 keeps, where it should not be in memory."""
    path = os.path.join(image.CACHE, "empty.img")
    if not os.path.exists(path):
        with tempfile.TemporaryDirectory(dir=image.CACHE) as folder:
            make_disk(path, 256, folder)
    return path


def guest_disk(kernel):
    """A root disk for the guest, to be copied by who writes to it."""
    initrd = guest_initrd(kernel)
    path = initrd[:-5] + ".img"
    if not os.path.exists(path):
        with tempfile.TemporaryDirectory(dir=image.CACHE) as folder:
            guest_folder(kernel, folder)
            make_disk(path, DISK_MIB, folder)
    return path


GRUB_CONFIG = """\
set timeout=60
menuentry 'The usual' {
    linux /boot/vmlinuz root=/dev/xvda1 console=hvc0 loglevel=3 chosen=usual
    initrd /boot/initrd
}
menuentry 'Another' {
    linux /boot/vmlinuz root=/dev/xvda1 console=hvc0 loglevel=3 chosen=another
    initrd /boot/initrd
}
"""


def grub_disk(kernel):
    """A guest's disk that holds its own kernel, with a partition and GRUB's menu in it."""
    initrd = guest_initrd(kernel)
    path = os.path.join(image.CACHE, f"grub-{image.key_of(initrd, GRUB_CONFIG, __file__)}.img")
    if os.path.exists(path):
        return path
    mebibytes, start = 2 * DISK_MIB, image.PARTITION_START * image.SECTOR
    with tempfile.TemporaryDirectory(dir=image.CACHE) as folder:
        guest_folder(kernel, folder)
        os.makedirs(folder + "/boot/grub")
        shutil.copy(kernel.vmlinuz, folder + "/boot/vmlinuz")
        shutil.copy(initrd, folder + "/boot/initrd")
        with open(folder + "/boot/grub/grub.cfg", "w") as f:
            f.write(GRUB_CONFIG)
        whole = path + ".whole"
        make_disk(whole, mebibytes - (start >> 20), folder)
    with open(path + ".partial", "wb") as out, open(whole, "rb") as partition:
        out.write(bytes(image.BOOT_CODE))
        out.write(image.partition_table((mebibytes << 20) // image.SECTOR))
        out.seek(start)
        shutil.copyfileobj(partition, out)
    os.remove(whole)
    os.rename(path + ".partial", path)
    return path


def pvgrub():
    """Debian's GRUB that is a guest's kernel."""
    return image.package_unpack(["grub-xen-host"]) + "/usr/lib/grub-xen/grub-x86_64-xen.bin"


def files_disk(files):
    """A disk with files from this host: {name: path}."""
    key = image.key_of(__file__, *files, *files.values())
    path = os.path.join(image.CACHE, f"files-{key}.img")
    if not os.path.exists(path):
        with tempfile.TemporaryDirectory(dir=image.CACHE) as folder:
            for name, source in files.items():
                shutil.copy(source, os.path.join(folder, name))
            total = sum(map(os.path.getsize, files.values()))
            make_disk(path, (total >> 20) * 11 // 10 + 8, folder)
    return path


def mini_kernel():
    """A guest of a few pages, for what needs no kernel."""
    lib = os.path.join(image.TOP, "tests", "guests", "lib")
    parts = [os.path.join(HERE, "guest", "mini.S"), lib + "/notes.S", lib + "/guest.ld"]
    path = os.path.join(image.CACHE, f"mini-{image.key_of(*parts)}.elf")
    if not os.path.exists(path):
        image.run("gcc", "-I" + os.path.join(image.TOP, "xen", "include"), "-nostdlib", "-static",
                  "-no-pie", "-Wl,--build-id=none,--no-warn-rwx-segments,-z,max-page-size=0x1000",
                  "-Wl,-T," + parts[2], "-o", path, *parts[:2])
    return path


# ---- dom0 ----

def base_archive(kernel):
    """dom0 without tools, as an uncompressed archive that others can follow."""
    init, holdings = (os.path.join(HERE, "guest", name) for name in ("init", "holdings"))
    initrd = guest_initrd(kernel)
    programs = own_programs("physinfo", *GUEST_PROGRAMS)
    packages = package_closure(USERLAND)
    key = image.key_of(init, holdings, initrd, kernel.root, __file__, image.__file__, *packages,
                       mini_kernel(), *(path for _, path in programs))
    path = os.path.join(image.CACHE, f"tools-dom0-{key}.cpio")
    if os.path.exists(path):
        return path
    archive = image.Archive()
    merged_links(archive)
    archive.folder("dev", "proc", "sys", "run", "tmp", "mnt", "etc", "root", "var/log", "var/lib",
                   "var/lock")
    archive.link("var/run", "/run")
    archive.device("dev/console", 5, 1)
    archive.file("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n")
    archive.file("etc/group", "root:x:0:\n")
    archive.file("etc/hosts", "127.0.0.1 localhost dom0\n")
    archive.copy("usr/bin/busybox", shutil.which("busybox") or "/bin/busybox", 0o755)
    archive.copy("init", init, 0o755)
    archive.copy("usr/bin/holdings", holdings, 0o755)
    put = Programs(archive, image.package_unpack(packages))
    put.add("bin/sh", put.find("bin/dash"))
    for name in USERLAND_FILES:
        put.add(name)
    for name, program in programs:
        archive.copy("usr/bin/" + name, program, 0o755)
    archive.copy("guest/vmlinuz", kernel.vmlinuz)
    archive.copy("guest/initrd", initrd)
    archive.copy("guest/mini", mini_kernel())
    names = []
    for name, data in kernel.modules(image.DOM0_MODULES):
        archive.file(f"modules/{name}.ko", data)
        names.append(name + "\n")
    archive.file("modules.list", "".join(names))
    archive.write(path)
    return path


def our_tools(archive):
    """What `make install` puts on a machine, less what only a compiler needs."""
    with tempfile.TemporaryDirectory(dir=image.CACHE) as folder:
        with open(os.path.join(image.CACHE, "tools-install.log"), "w") as log:
            subprocess.run(["make", "-C", os.path.join(image.TOP, "tools"), "install",
                            "DESTDIR=" + folder], check=True, stdout=log, stderr=log)
        put = Programs(archive)
        for where, _, files in sorted(os.walk(folder)):
            inside = os.path.relpath(where, folder)
            if inside.startswith(("usr/include", "usr/lib/x86", "usr/share/man")):
                continue
            for name in sorted(files):
                full, path = os.path.join(where, name), os.path.join(inside, name)
                if os.path.islink(full):
                    archive.link(merged(path), os.readlink(full))
                else:
                    put.add(path, full, os.stat(full).st_mode & 0o777)
    archive.folder("var/lib/xen", "var/lib/xend", "var/log/xen/console")


def debian_tools(archive):
    """Debian's xl and its daemons, with their wrapper's choice of a version made."""
    root = image.package_unpack(package_closure(XEN_UTILS))
    put = Programs(archive, root)
    version = "usr/lib/xen-4.17"
    for name in sorted(os.listdir(os.path.join(root, version, "bin"))):
        put.add(f"{version}/bin/{name}")
        archive.link("usr/sbin/" + name, f"/{version}/bin/{name}")
    for name in sorted(os.listdir(root + "/usr/bin")):
        if name.startswith("xenstore"):
            put.add("usr/bin/" + name)
    put.add("lib/x86_64-linux-gnu/libgcc_s.so.1", mode=0o644)   # loaded when a thread is cancelled
    for where, _, files in os.walk(root + "/etc/xen"):
        for name in sorted(files):
            put.add(os.path.relpath(os.path.join(where, name), root))
    archive.folder("var/lib/xen/dump", "var/lib/xenstored", "var/log/xen/console")


def dom0(kernel, tools, path):
    """An image with these tools (our_tools or debian_tools), written to `path`."""
    archive = image.Archive()
    tools(archive)
    archive.write(path + ".tools")
    image.join_archives([base_archive(kernel), path + ".tools"], path)
    os.remove(path + ".tools")
    return path
