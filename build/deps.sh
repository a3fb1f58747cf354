#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Installs, from Debian's archive, what building and testing need.  Safe to repeat: when all is
# present it asks dpkg alone and changes nothing.  Needs root only if something is missing.
#
#   build/deps.sh           install what is missing
#   build/deps.sh demo      ... of what building and the demonstration need, and no more
#   build/deps.sh --check   say what is missing and fail if anything is
set -euo pipefail

build="gcc binutils make libc6-dev zlib1g-dev liblzma-dev libzstd-dev liblz4-dev xz-utils zstd lz4
       python3 libxml2-dev uuid-dev libevent-dev libncurses-dev nettle-dev libsodium-dev
       git debhelper lowdown"
demo="qemu-system-x86 grub-common grub-pc-bin grub-efi-amd64-bin xorriso mtools busybox-static
      cpio e2fsprogs mmdebstrap squashfs-tools python3-pexpect"
test="libxen-dev libcmocka-dev python3-pytest openssh-client clang-format gdb pkgconf
      ovmf"
if [ "${1:-}" = demo ]; then
    test=
    quiet=-q                    # somebody watches
    exec 3>&1
else
    quiet=-qq
    exec 3>/dev/null
fi

missing=
for package in $build $demo $test; do
    case $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true) in
    installed) ;;
    *) missing="$missing $package" ;;
    esac
done

# The images are made of packages that are fetched but not installed: apt must know them.
lists_known() {
    apt-cache show linux-image-amd64 xen-hypervisor-4.17-amd64 >/dev/null 2>&1
}

if [ "${1:-}" = --check ]; then
    [ -z "$missing" ] || { echo "deps: missing:$missing" >&2; exit 1; }
    exit 0
fi
if [ -z "$missing" ] && lists_known; then
    echo "deps: all present"
    exit 0
fi

if [ "$(id -u)" != 0 ]; then
    echo "deps: must be root to install:$missing" >&2
    exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt="apt-get $quiet -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3"

install_missing() {
    [ -z "$missing" ] || $apt install -y --no-install-recommends $missing >&3
}

# The lists at hand may do; if they are absent or too old for what the archive holds, fetch them and
# try again.
if ! lists_known || ! install_missing; then
    for try in 1 2 3 4 5; do
        $apt update && break
        sleep $((try * 5))
    done
    install_missing
fi
echo "deps: installed:${missing:- nothing, refreshed the lists}"
