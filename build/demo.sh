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

if [ "$(id -u)" != 0 ]; then
    echo "demo: must be root: Debian's packages are unpacked with their owners" >&2
    exit 1
fi
bash build/deps.sh
mkdir -p dist
echo "demo: building the packages (log: dist/build.log)"
packaging/build.sh dist >dist/build.log 2>&1 || { tail -40 dist/build.log >&2; exit 1; }
exec /usr/bin/python3 build/demo.py "$@"
