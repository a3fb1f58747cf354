#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Test images made from Debian's unmodified packages.

Everything is built under dist/cache/, named after the packages' versions and this file's own
text, so a second call costs nothing and a new kernel in the archive is picked up by itself.
Nothing here needs root, a loop device or a mount, except Debian's root (mmdebstrap).

    image.py kernel|peer|initramfs|bench|disk     build one of them and print where it is
"""
import contextlib
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

# What the initramfs loads; names that a kernel does not have (built in, renamed) are passed over.
DOM0_MODULES = """xen-evtchn xen-gntdev xen-gntalloc xen-privcmd xenfs xen-blkback xen-netback
    xen-acpi-processor virtio_pci virtio_blk virtio_net virtio_scsi ahci ata_piix sd_mod sr_mod nvme
    e1000 e1000e ext4 crc32c_generic bridge loop tun""".split()
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

def package_files(names, options=()):
    """Download packages and return the paths of their .deb files.  Lists too old for what the
    archive holds are fetched anew once."""
    try:
        return package_files_now(names, options)
    except subprocess.CalledProcessError:
        run("apt-get", *options, "-qq", "-o", "DPkg::Lock::Timeout=600", "update")
        return package_files_now(names, options)


def package_files_now(names, options):
    folder = os.path.join(CACHE, "debs")
    os.makedirs(folder, exist_ok=True)
    with tempfile.TemporaryDirectory() as empty:    # apt passes over files that lie where it is
        listing = run("apt-get", *options, "-qq", "--print-uris", "download", *names, cwd=empty)
    wanted = [line.split()[1] for line in listing.splitlines() if line.startswith("'")]
    if any(not os.path.exists(os.path.join(folder, f)) for f in wanted):
        run("apt-get", *options, "-qq", "-o", "APT::Sandbox::User=root", "download", *names,
            cwd=folder)
    return [os.path.join(folder, f) for f in wanted]


def package_depends(name, pattern, options=()):
    """The first dependency of a package whose name matches."""
    for line in run("apt-cache", *options, "depends", "--important", name).splitlines():
        match = re.match(r"\s*Depends: (" + pattern + r")$", line)
        if match:
            return match.group(1)
    raise SystemExit(f"image: {name} depends on nothing like {pattern} (apt-get update?)")


def package_unpack(names, options=()):
    """Unpack packages together into a folder of their own and return it."""
    debs = package_files(names, options)
    folder = os.path.join(CACHE, "unpacked-" + key_of(*map(os.path.basename, debs)))
    if not os.path.exists(folder):
        partial = folder + ".partial"
        shutil.rmtree(partial, ignore_errors=True)
        for deb in debs:
            run("dpkg-deb", "-x", deb, partial)
        os.rename(partial, folder)
    return folder


def debian_sources():
    """The host's own lines for Debian's archive, mirrors and all."""
    lines = run("apt-get", "indextargets", "--format",
                "deb $(REPO_URI) $(RELEASE) $(COMPONENT) # $(ORIGIN)", "Created-By: Packages")
    kept = [line.split(" # ")[0] for line in lines.splitlines() if line.endswith("# Debian")]
    return "\n".join(dict.fromkeys(kept)) + "\n"


def archive(suite):
    """Options that make apt see a suite of Debian's archive, and it alone, without touching the
    host."""
    folder = os.path.join(CACHE, "suites", suite)
    os.makedirs(folder + "/lists/partial", exist_ok=True)
    os.makedirs(folder + "/archives/partial", exist_ok=True)
    uri = debian_sources().split()[1]
    with open(folder + "/sources.list", "w") as f:
        f.write("deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]"
                f" {uri} {suite} main\n")
    open(folder + "/status", "w").close()
    settings = {"Dir::Etc::SourceList": folder + "/sources.list",
                "Dir::Etc::SourceParts": "/dev/null", "Dir::State::Lists": folder + "/lists",
                "Dir::State::status": folder + "/status", "Dir::Cache": folder,
                "APT::Sandbox::User": "root"}
    options = [word for key, value in settings.items() for word in ("-o", f"{key}={value}")]
    run("apt-get", *options, "-qq", "update")
    return options


class Kernel:
    """Debian's kernel: whatever this name means today, to apt with these options."""

    def __init__(self, options=(), name="linux-image-amd64"):
        self.package = package_depends(name, r"linux-image-[0-9]\S*", options)
        parts = [self.package]
        for part in ("binary", "modules"):              # newer ones have these apart
            with contextlib.suppress(SystemExit):
                parts.append(package_depends(self.package, rf"linux-{part}-[0-9]\S*", options))
        self.root = package_unpack(parts, options)
        self.modules_folder = (glob.glob(self.root + "/lib/modules/*") +
                               glob.glob(self.root + "/usr/lib/modules/*"))[0]
        self.release = os.path.basename(self.modules_folder)
        self.vmlinuz = (glob.glob(self.root + "/boot/vmlinuz-*") +
                        glob.glob(self.modules_folder + "/vmlinuz"))[0]
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
            return subprocess.run(["zstd", "-dc"], input=data, stdout=subprocess.PIPE,
                                  check=True).stdout
        return data

    def modules(self, wanted):
        """(name, content) of the wanted modules and all they need, in an order for loading."""
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


def peer_gz():
    return glob.glob(package_unpack([PEER_PACKAGE]) + "/boot/xen-*.gz")[0]


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


def join_archives(parts, path):
    """One initramfs of several: the kernel unpacks them in this order."""
    with open(path + ".partial", "wb") as out:
        for part in parts:
            with open(part, "rb") as f:
                shutil.copyfileobj(f, out)
            out.write(bytes(-out.tell() % 512))
    os.rename(path + ".partial", path)
    return path


def compile_static(name, source):
    """A static program for the test images."""
    path = os.path.join(CACHE, f"{name}-{key_of(source)}")
    if not os.path.exists(path):
        run("gcc", "-std=gnu17", "-O2", "-Wall", "-Wextra", "-Werror", "-static", "-s",
            "-o", path, source)
    return path


def compile_32bit(name, source):
    """A program of 32 bits in assembly, which needs no library."""
    path = os.path.join(CACHE, f"{name}-{key_of(source)}")
    if not os.path.exists(path):
        run("gcc", "-m32", "-nostdlib", "-static", "-s", "-o", path, source)
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


# ---- The test image: busybox, the drivers, our own programs ----

def dom0_initramfs(kernel):
    """An initramfs that loads the stock kernel's drivers and gives the console a shell; gzipped."""
    here = os.path.dirname(os.path.abspath(__file__))
    programs = [(name, compile_static(name, os.path.join(here, "guest", name + ".c")))
                for name in ("load", "physinfo")]
    programs.append(("compat", compile_32bit("compat", os.path.join(here, "guest", "compat.S"))))
    init = os.path.join(here, "guest", "init")
    busybox = shutil.which("busybox") or "/bin/busybox"
    key = key_of(init, busybox, kernel.root, __file__, *(path for _, path in programs))
    path = os.path.join(CACHE, f"dom0-{key}.cpio.gz")
    if os.path.exists(path):
        return path
    archive = Archive()
    archive.folder("dev")
    archive.device("dev/console", 5, 1)
    archive.folder("proc", "sys", "run", "tmp", "mnt", "bin", "sbin", "usr/bin", "usr/sbin", "etc")
    archive.file("etc/passwd", "root:x:0:0:root:/:/bin/sh\n")
    archive.copy("bin/busybox", busybox, 0o755)
    archive.copy("init", init, 0o755)
    for name, program in programs:
        archive.copy("bin/" + name, program, 0o755)
    names = []
    for name, data in kernel.modules(DOM0_MODULES):
        archive.file(f"modules/{name}.ko", data)
        names.append(name + "\n")
    archive.file("modules.list", "".join(names))
    archive.write(path + ".cpio")
    with open(path + ".cpio", "rb") as source, open(path + ".partial", "wb") as out:
        with gzip.GzipFile(filename="", mode="wb", fileobj=out, mtime=0, compresslevel=6) as z:
            shutil.copyfileobj(source, z)
    os.unlink(path + ".cpio")
    os.rename(path + ".partial", path)
    return path


# ---- Kernels that are none, for the tests of bad input ----

def elf_file(entry, content, notes=b""):
    """A little ELF64 executable, with one segment and perhaps a note segment."""
    headers = 2 if notes else 1
    start = 64 + 56 * headers
    base = 0xffffffff81000000
    data = content + notes
    head = b"\x7fELF\2\1\1" + bytes(9)
    head += struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, entry, 64, 0, 0, 64, 56, headers, 0, 0, 0)
    head += struct.pack("<IIQQQQQQ", 1, 7, start, base, 0x1000000, len(data), len(data), 16)
    if notes:
        where = start + len(content)
        head += struct.pack("<IIQQQQQQ", 4, 4, where, 0, 0, len(notes), len(notes), 4)
    return head + data


def bad_kernels(kernel):
    """Paths by name: each is something that a user could put where the kernel belongs."""
    with open(kernel.vmlinuz, "rb") as f:
        vmlinuz = f.read()
    setup = (vmlinuz[0x1f1] + 1) * 512
    offset, length = struct.unpack_from("<II", vmlinuz, 0x248)      # the boot protocol's payload
    broken = bytearray(vmlinuz)
    middle = setup + offset + length // 2
    broken[middle:middle + 64] = bytes(b ^ 0xff for b in broken[middle:middle + 64])
    files = {
        "text": b"This is no kernel.\n" * 300,
        "empty": b"",
        "nonotes": elf_file(0xffffffff81000000, b"\xf4\xeb\xfd" + bytes(4093)),
        "truncated": vmlinuz[:len(vmlinuz) // 2],
        "corrupt": bytes(broken),
        "elfheader": b"\x7fELF\2\1\1" + b"\xff" * 300,
    }
    folder = os.path.join(CACHE, "bad-" + key_of(kernel.root, __file__))
    os.makedirs(folder, exist_ok=True)
    for name, data in files.items():
        with open(os.path.join(folder, name), "wb") as f:
            f.write(data)
    return {name: os.path.join(folder, name) for name in files}


# ---- GRUB ----

GRUB_FOLDER = "/usr/lib/grub/i386-pc"
GRUB_HEAD = """\
serial --unit=0 --speed=115200
terminal_input serial
terminal_output serial
set timeout={timeout}
"""


def grub_entries(xen, kernel, initrd, options, dom0_options):
    """The same system by both protocols; a hotkey starts an entry."""
    text = ""
    for key, protocol, module in (("2", "multiboot2", "module2"), ("1", "multiboot", "module")):
        text += f"""\
menuentry 'Xenith, {protocol}' --hotkey={key} {{
    insmod {protocol}
    {protocol} {xen} placeholder {options}
    {module} {kernel} placeholder {dom0_options}
    {module} --nounzip {initrd}
}}
"""
    return text


def grub_iso(xen, kernel, initrd, options, dom0_options, path, timeout=60):
    """A bootable image as grub-mkrescue makes it, with a menu of both protocols."""
    with tempfile.TemporaryDirectory() as folder:
        os.makedirs(folder + "/boot/grub")
        shutil.copy(xen, folder + "/boot/xen.gz")
        shutil.copy(kernel.vmlinuz, folder + "/boot/vmlinuz")
        shutil.copy(initrd, folder + "/boot/initrd")
        with open(folder + "/boot/grub/grub.cfg", "w") as f:
            f.write(GRUB_HEAD.format(timeout=timeout))
            f.write(grub_entries("/boot/xen.gz", "/boot/vmlinuz", "/boot/initrd",
                                 options, dom0_options))
        run("grub-mkrescue", "-d", GRUB_FOLDER, "-o", path + ".partial", folder,
            "--compress=no", "--fonts=", "--locales=", "--themes=", stderr=subprocess.DEVNULL)
    os.rename(path + ".partial", path)
    return path


# ---- An installed Debian ----

ROOT_PACKAGES = """systemd-sysv udev dbus openssh-server iproute2 linux-image-amd64 grub2-common
    grub-pc-bin kmod procps login""".split()
ROOT_UUID = "5f1c7a52-0e0b-4c5e-9a37-1b6f3a2c8d10"
PASSWORD = "xenith"


def ssh_key():
    path = os.path.join(CACHE, "ssh-key")
    if not os.path.exists(path):
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", path)
    return path


ROOT_SETUP = r"""
set -e
root=$1
echo dom0 >"$root/etc/hostname"
echo "127.0.0.1 localhost dom0" >"$root/etc/hosts"
echo "root:@PASSWORD@" | chroot "$root" chpasswd
echo "UUID=@UUID@ / ext4 defaults 0 1" >"$root/etc/fstab"
mkdir -p -m 700 "$root/root/.ssh"
cp "@KEY@.pub" "$root/root/.ssh/authorized_keys"
printf '[Match]\nName=e*\n[Network]\nDHCP=yes\n' >"$root/etc/systemd/network/lan.network"
chroot "$root" systemctl -q enable systemd-networkd
chroot "$root" systemctl -q disable systemd-networkd-wait-online || true
chroot "$root" systemctl -q mask apt-daily.timer apt-daily-upgrade.timer e2scrub_reap.service
mkdir -p "$root/boot/grub/i386-pc"
cp @GRUB@/*.mod @GRUB@/*.lst "$root/boot/grub/i386-pc/"
cat >"$root/etc/default/grub" <<END
GRUB_TIMEOUT=10
GRUB_TERMINAL=serial
GRUB_SERIAL_COMMAND="serial --unit=0 --speed=115200"
GRUB_CMDLINE_XEN="dom0_mem=1024M console=com1 com1=115200,8n1"
GRUB_CMDLINE_LINUX_XEN_REPLACE="console=hvc0"
GRUB_DISABLE_OS_PROBER=true
END
cd "$root"
rm -rf var/cache/apt/* var/lib/apt/lists/* usr/share/doc/* usr/share/locale/*
"""


def debian_root_disk(kernel):
    """A partitioned disk with GRUB and Debian as mmdebstrap makes it, yet without hypervisor."""
    key = key_of(" ".join(ROOT_PACKAGES), kernel.package, kernel.root, ROOT_SETUP, "2")
    path = os.path.join(CACHE, f"debian-{key}.img")
    if os.path.exists(path):
        return path
    setup = ROOT_SETUP.replace("@PASSWORD@", PASSWORD).replace("@UUID@", ROOT_UUID)
    setup = setup.replace("@KEY@", ssh_key()).replace("@GRUB@", GRUB_FOLDER)
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        hook = os.path.join(folder, "setup.sh")
        with open(hook, "w") as f:
            f.write("#!/bin/sh\n" + setup)
        os.chmod(hook, 0o755)
        sources = os.path.join(folder, "sources.list")
        with open(sources, "w") as f:
            f.write(debian_sources())
        root = os.path.join(folder, "root")
        codename = run("sh", "-c", ". /etc/os-release; echo $VERSION_CODENAME").strip()
        with open(os.path.join(CACHE, "mmdebstrap.log"), "w") as log:
            subprocess.run(["mmdebstrap", "--variant=minbase",
                            "--include=" + ",".join(ROOT_PACKAGES), "--dpkgopt=force-unsafe-io",
                            "--customize-hook=" + hook, codename, root, sources],
                           check=True, stdout=log, stderr=subprocess.STDOUT)
        with open(root + "/boot/grub/grub.cfg", "w") as f:
            f.write(GRUB_HEAD.format(timeout=5))
            f.write(grub_entries("/boot/xen.gz", "/vmlinuz", "/initrd.img",
                                 "dom0_mem=1024M console=com1 com1=115200,8n1",
                                 f"root=UUID={ROOT_UUID} ro console=hvc0"))
        disk_assemble(root, path, folder)
    return path


SECTOR, BOOT_CODE, PARTITION_START, DISK_SECTORS = 512, 440, 2048, 2 * 1024 * 2048


def disk_assemble(root, path, folder):
    """Partition table, GRUB in front of the partition, and an ext4 made from a folder."""
    partial = path + ".partial"
    with open(partial, "wb") as f:
        f.truncate(DISK_SECTORS * SECTOR)
    blocks = (DISK_SECTORS - PARTITION_START) * SECTOR // 4096
    run("mke2fs", "-q", "-F", "-t", "ext4", "-b", "4096", "-U", ROOT_UUID, "-d", root,
        "-E", f"offset={PARTITION_START * SECTOR}", partial, str(blocks))
    core = os.path.join(folder, "core.img")
    run("grub-mkimage", "-d", GRUB_FOLDER, "-O", "i386-pc", "-o", core,
        "-p", "(hd0,msdos1)/boot/grub", "biosdisk", "part_msdos", "ext2")
    with open(os.path.join(GRUB_FOLDER, "boot.img"), "rb") as f:
        boot = f.read(BOOT_CODE)
    with open(core, "rb") as f:
        core_bytes = f.read()
    if len(core_bytes) > (PARTITION_START - 1) * SECTOR:
        raise SystemExit("image: GRUB does not fit in front of the partition")
    with open(partial, "r+b") as f:
        f.write(boot + partition_table(DISK_SECTORS))       # loads sector 1, where core.img begins
        f.write(core_bytes)
    os.rename(partial, path)


def partition_table(sectors):
    """What follows a disk's boot code in its first sector: one partition, all there is."""
    entry = struct.pack("<B3sB3sII", 0x80, b"\xfe\xff\xff", 0x83, b"\xfe\xff\xff",
                        PARTITION_START, sectors - PARTITION_START)
    return b"XNTH\0\0" + entry + bytes(48) + b"\x55\xaa"


def disk_with(disk, xen, path):
    """A copy of the disk with this hypervisor in /boot, as `make install` would put it."""
    run("cp", "--sparse=always", disk, path)
    commands = f"cd /boot\nrm xen.gz\nwrite {os.path.abspath(xen)} xen.gz\n"
    run("debugfs", "-w", "-f", "-", f"{path}?offset={PARTITION_START * SECTOR}",
        input=commands, stderr=subprocess.DEVNULL)
    return path


def main():
    kernel = Kernel()
    with build_lock():
        made = {"kernel": lambda: kernel.vmlinuz, "peer": peer_xen,
                "initramfs": lambda: dom0_initramfs(kernel),
                "bench": lambda: bench_initramfs(kernel),
                "disk": lambda: debian_root_disk(kernel)}
        if len(sys.argv) != 2 or sys.argv[1] not in made:
            raise SystemExit(__doc__)
        print(made[sys.argv[1]]())


if __name__ == "__main__":
    main()
