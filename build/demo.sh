#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# From a bare Debian 12 to a running dom0 with a guest, as root: installs what is needed, builds our
# packages, makes a Debian disk image with them, and boots it in QEMU with the console here.
#
#   build/demo.sh           ... and leaves the console to you: poweroff ends it, so does CTRL-t x
#   build/demo.sh --batch   tries it without a person; its status says whether all worked. The same
#                           with DEMO_BATCH=1
#   build/demo.sh --iso     stops after writing dist/xenith.iso, for a CD or a USB stick
set -euo pipefail
cd "$(dirname "$0")/.."
. build/step.sh

if [ "$(id -u)" != 0 ]; then
    echo "demo: must be root: Debian's packages are unpacked with their owners" >&2
    exit 1
fi
mkdir -p dist
step "demo: 1/4 installing what is missing" dist/deps.log build/deps.sh demo
step "demo: 2/4 building the packages" dist/build.log packaging/build.sh dist
step "demo: 3/4 making a Debian, once" dist/debian.log build/demo_image.py base
if [ "${1:-}" = --iso ]; then
    step "demo: 4/4 packing the live system" dist/iso.log build/demo_image.py iso
    echo "demo: dist/xenith.iso is ready: write it to a stick with dd, or boot it as a CD"
    exit
fi
step "demo: 4/4 making a disk with our packages" dist/disk.log build/demo_image.py disk
exec build/demo.py "$@"
