#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The demonstration system: Debian from its packages, ours from the .debs, one guest to start.

    build/demo_image.py base    Debian alone, packed, for the others
    build/demo_image.py disk    a disk that boots by its own GRUB
    build/demo_image.py plain   the same, our packages lying in /root
    build/demo_image.py iso     dist/xenith.iso, a live system

The last line says where it is.

A Debian root is made once for each set of packages and kept in the cache; our packages, the guest
and GRUB's menu are put into a copy of it, which becomes a disk image or a live CD. GRUB's menu is
written by Debian's own update-grub. Nothing needs a loop device or a mount; root is needed.
"""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TOP, "tests", "system"))
sys.dont_write_bytecode = True
import image  # noqa: E402

FOLDER = os.path.join(TOP, "build", "demo")     # files of the demonstration, by their paths
PACKAGES = """systemd-sysv udev dbus iproute2 iputils-ping linux-image-amd64 grub2-common
    grub-pc-bin kmod procps login less nftables live-boot live-boot-initramfs-tools""".split()
GUEST_MODULES = "xen-blkfront xen-netfront ext4 crc32c_generic".split()
GUEST_DISK_BLOCKS = 8192                        # of 4 KiB


def say(text):
    print(f"demo: {text}", flush=True)


def debs():
    """Our packages that the demonstration installs."""
    found = [path for name in ("xenith-hypervisor", "xenith-utils")
             for path in glob.glob(os.path.join(TOP, "dist", "deb", name + "_*.deb"))]
    if len(found) != 2:
        raise SystemExit("demo: no packages in dist/deb: make deb")
    return found


def deb_field(deb, field):
    return image.run("dpkg-deb", "-f", deb, field).strip()


def needed_packages(ours):
    """Debian's packages that ours depend on."""
    text = ", ".join(deb_field(deb, "Depends") for deb in ours)
    names = [re.split(r"[ |(]", item.strip())[0] for item in text.split(",") if item.strip()]
    return [name for name in names if not name.startswith(("xenith", "libxenith"))]


# ---- Debian ----

BASE_SETUP = r"""
set -e
root=$1
chroot "$root" systemctl -q mask apt-daily.timer apt-daily-upgrade.timer e2scrub_reap.service \
    e2scrub_all.timer dpkg-db-backup.timer fstrim.timer
chroot "$root" systemctl -q disable systemd-networkd-wait-online || true
chroot "$root" systemctl -q enable systemd-networkd
chroot "$root" passwd -q -d root
cd "$root"
rm -rf var/cache/apt/* var/lib/apt/lists/*
"""


def debian_base(ours):
    """A tar file with Debian as mmdebstrap makes it."""
    packages = PACKAGES + needed_packages(ours)
    kernel = image.package_depends("linux-image-amd64", r"linux-image-[0-9]\S*")
    path = os.path.join(image.CACHE, f"demo-{image.key_of(' '.join(packages), kernel, BASE_SETUP)}"
                        ".tar")
    if os.path.exists(path):
        return path
    with tempfile.TemporaryDirectory(dir=image.CACHE) as folder:
        hook, sources = folder + "/setup.sh", folder + "/sources.list"
        with open(hook, "w") as f:
            f.write("#!/bin/sh\n" + BASE_SETUP)
        os.chmod(hook, 0o755)
        with open(sources, "w") as f:
            f.write(image.debian_sources())
        codename = image.run("sh", "-c", ". /etc/os-release; echo $VERSION_CODENAME").strip()
        subprocess.run(
            ["mmdebstrap", "--variant=minbase", "--include=" + ",".join(packages),
             "--dpkgopt=force-unsafe-io", "--dpkgopt=path-exclude=/usr/share/doc/*",
             "--dpkgopt=path-exclude=/usr/share/locale/*", "--customize-hook=" + hook,
             codename, folder + "/root.tar", sources],
            check=True, stdout=sys.stdout, stderr=subprocess.STDOUT)
        os.rename(folder + "/root.tar", path)
    return path


# ---- The guest ----

def guest_initramfs(kernel, path):
    """Loads the drivers and goes on to the disk."""
    archive = image.Archive()
    archive.folder("dev", "proc", "sys", "bin", "root")
    archive.device("dev/console", 5, 1)
    archive.copy("bin/busybox", shutil.which("busybox") or "/bin/busybox", 0o755)
    archive.copy("init", FOLDER + "/guest-init", 0o755)
    names = []
    for name, data in kernel.modules(GUEST_MODULES):
        archive.file(f"modules/{name}.ko", data)
        names.append(name + "\n")
    archive.file("modules.list", "".join(names))
    archive.write(path + ".cpio")
    with open(path, "wb") as out:
        subprocess.run(["gzip", "-n", "-6", "-c", path + ".cpio"], check=True, stdout=out)
    os.unlink(path + ".cpio")


def guest_disk(path, folder):
    """An ext4 with busybox: a system small enough to be looked at."""
    root = os.path.join(folder, "guest")
    shutil.copytree(FOLDER + "/guest", root)
    for name in "bin sbin dev proc sys tmp root etc".split():
        os.makedirs(f"{root}/{name}", exist_ok=True)
    busybox = shutil.which("busybox") or "/bin/busybox"
    shutil.copy(busybox, root + "/bin/busybox")
    for applet in image.run(busybox, "--list-full").split():
        link = os.path.join(root, "sbin" if "sbin/" in applet else "bin", os.path.basename(applet))
        if not os.path.exists(link):
            os.symlink("/bin/busybox", link)
    image.run("mke2fs", "-q", "-F", "-t", "ext4", "-b", "4096", "-E", "root_owner=0:0",
              "-d", root, path, str(GUEST_DISK_BLOCKS))


# ---- Our system ----

def update_grub(root):
    """Runs it where there is no disk yet, with answers in place of the probing of devices."""
    probe, by_uuid = root + "/usr/sbin/grub-probe", root + "/dev/disk/by-uuid"
    os.rename(probe, probe + ".real")
    shutil.copy(FOLDER + "/grub-probe", probe)
    os.makedirs(by_uuid)
    open(f"{by_uuid}/{image.ROOT_UUID}", "w").close()
    try:
        image.run("chroot", root, "env", "UUID=" + image.ROOT_UUID, "LC_ALL=C", "update-grub",
                  stderr=subprocess.DEVNULL)
    finally:
        os.rename(probe + ".real", probe)
        shutil.rmtree(root + "/dev/disk")


def configure_xend(path):
    """The guest's bridge has an address of dom0's, and leads out behind it."""
    with open(path) as f:
        text = f.read()
    changed = text.replace("(network-script network-bridge)",
                           "(network-script 'network-bridge ip=10.0.0.1/24 nat=yes')")
    if changed == text:
        raise SystemExit("demo: no network-script in xend-config.sxp")
    with open(path, "w") as f:
        f.write(changed)


def quiet_login(root):
    """The prompt follows the message of the day, without kernel version and last login."""
    os.chmod(root + "/etc/update-motd.d/10-uname", 0o644)
    path = root + "/etc/pam.d/login"
    with open(path) as f:
        kept = [line for line in f if "pam_lastlog" not in line]
    with open(path, "w") as f:
        f.writelines(kept)


def debian_root(folder):
    """Debian as a folder, with the demonstration's settings and guest, and GRUB; not yet ours."""
    base = debian_base(debs())
    root = os.path.join(folder, "root")
    os.makedirs(root)
    say("unpacking Debian")
    image.run("tar", "-C", root, "-xf", base)
    image.run("cp", "-a", FOLDER + "/dom0/.", root)
    quiet_login(root)
    with open(root + "/etc/fstab", "w") as f:
        f.write(f"UUID={image.ROOT_UUID} / ext4 defaults 0 1\n")
    os.makedirs(root + "/var/lib/xen/images")
    guest_initramfs(image.Kernel(), root + "/var/lib/xen/images/demo-initrd.gz")
    guest_disk(root + "/var/lib/xen/images/demo.img", folder)
    os.makedirs(root + "/etc/xen/auto")
    os.symlink("../demo", root + "/etc/xen/auto/demo")
    modules = root + "/boot/grub/i386-pc"
    os.makedirs(modules)
    for path in glob.glob(image.GRUB_FOLDER + "/*.mod") + glob.glob(image.GRUB_FOLDER + "/*.lst"):
        shutil.copy(path, modules)
    return root


def system_root(folder):
    """The whole system as a folder."""
    root = debian_root(folder)
    say("installing " + ", ".join(os.path.basename(deb) for deb in debs()))
    for deb in debs():
        shutil.copy(deb, root + "/tmp")
    log = image.run("chroot", root, "sh", "-c", "dpkg -i /tmp/*.deb 2>&1 && rm /tmp/*.deb")
    if "not installed" in log:
        raise SystemExit(log)
    configure_xend(root + "/etc/xen/xend-config.sxp")
    update_grub(root)
    return root


def plain_root(folder):
    """The same before our packages are installed: they lie in /root."""
    root = debian_root(folder)
    for deb in debs():
        shutil.copy(deb, root + "/root")
    update_grub(root)
    return root


def sources():
    """Everything that decides what the images hold."""
    mine = sorted(path for path in glob.glob(FOLDER + "/**", recursive=True)
                  if os.path.isfile(path))
    return [os.path.abspath(__file__), *mine, *debs()]


def kept(kind, suffix, make_root, write):
    """The path of an image, made if there is none of the same sources yet."""
    path = os.path.join(image.CACHE, f"{kind}-{image.key_of(*sources())}{suffix}")
    with image.build_lock():
        if os.path.exists(path):
            return path
        for old in glob.glob(os.path.join(image.CACHE, kind + "-*" + suffix)):
            os.unlink(old)
        with tempfile.TemporaryDirectory(dir=image.CACHE) as folder:
            root = make_root(folder)
            say("writing the image")
            write(root, path, folder)
    return path


def disk(kind="demo", make_root=system_root):
    """A disk image that boots by its own GRUB."""
    return kept(kind, ".img", make_root, image.disk_assemble)


def live_write(root, path, folder):
    """An ISO image that is also a disk: for a CD, a USB stick, a virtual machine."""
    os.unlink(root + "/etc/fstab")
    os.makedirs(root + "/etc/network", exist_ok=True)       # live-boot writes into it
    tree = os.path.join(folder, "iso")
    os.makedirs(tree + "/live")
    os.makedirs(tree + "/boot/grub")
    shutil.copy(glob.glob(root + "/boot/xen-*.gz")[0], tree + "/live/xen.gz")
    shutil.copy(glob.glob(root + "/boot/vmlinuz-*")[0], tree + "/live/vmlinuz")
    shutil.copy(glob.glob(root + "/boot/initrd.img-*")[0], tree + "/live/initrd.img")
    shutil.copy(FOLDER + "/iso-grub.cfg", tree + "/boot/grub/grub.cfg")
    image.run("mksquashfs", root, tree + "/live/filesystem.squashfs", "-comp", "zstd",
              "-Xcompression-level", "6", "-noappend", "-quiet", "-no-progress")
    # For BIOS and UEFI: all that Debian's packages have brought to /usr/lib/grub.
    image.run("grub-mkrescue", "-o", path + ".partial", tree, "--", "-volid", "XENITH",
              stderr=subprocess.STDOUT)
    os.rename(path + ".partial", path)


def iso():
    path = os.path.join(TOP, "dist", "xenith.iso")
    made = kept("live", ".iso", system_root, live_write)
    image.run("cp", "--reflink=auto", made, path)
    return path


def base():
    with image.build_lock():
        return debian_base(debs())


def main():
    made = {"base": base, "disk": disk,
            "plain": lambda: disk("plain", plain_root),
            "iso": iso}
    if len(sys.argv) != 2 or sys.argv[1] not in made:
        raise SystemExit(__doc__)
    print(made[sys.argv[1]]())


if __name__ == "__main__":
    main()
