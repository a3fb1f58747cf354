#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# From a bare Debian 12 to a running dom0: installs what is needed (as root), builds, makes a
# bootable CD image and boots it in QEMU with the console here.
#
#   build/demo.sh           ... and leaves the console to you: poweroff -f ends it, so does CTRL-] x
#   build/demo.sh --iso     stops after the image, and says where it is
set -euo pipefail
cd "$(dirname "$0")/.."

bash build/deps.sh
mkdir -p dist
echo "demo: building (log: dist/build.log)"
make -j"$(nproc)" dist >dist/build.log 2>&1 || { tail -40 dist/build.log >&2; exit 1; }
exec /usr/bin/python3 build/demo.py "$@"
