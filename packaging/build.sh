#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# packaging/build.sh DIST: Debian packages of the tree, release build, into DIST/deb.
#
# The version is that of Config.mk with the number of commits behind it, so that a newer tree is an
# upgrade. Building happens in DIST/release; when nothing changed since, the packages stay.
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
dist=$(mkdir -p "$1" && cd "$1" && pwd)
work=$dist/deb/work

value() {
    make -s --no-print-directory -C "$top" -f Config.mk -f - print <<<"print: ; @echo \$($1)"
}

version=$(value XENITH_FULLVERSION | sed 's/-/+/')
commits=$(git -C "$top" rev-list --count HEAD 2>/dev/null || echo 0)
version=$version.$commits

export XENITH_TOP=$top XENITH_DIST=$dist/release
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$top" log -1 --format=%ct 2>/dev/null ||
    date +%s)}
unset MAKEFLAGS MFLAGS MAKELEVEL

make -C "$top" --no-print-directory -j"$(nproc)" world man debug=n "DIST=$XENITH_DIST"

# What the packages are made of; the same as last time needs no new ones.
stamp=$( (cd "$top" && find packaging tools docs/man build/man.py -type f -print0 | sort -z |
    xargs -0 sha256sum; sha256sum "$XENITH_DIST/xen.elf32") | sha256sum)
if [ "$(cat "$dist/deb/stamp" 2>/dev/null)" = "$stamp" ]; then
    echo "deb: the packages in $dist/deb are up to date"
    exit 0
fi

rm -rf "$dist/deb"
mkdir -p "$work"
cp -a "$top/packaging/debian" "$work/debian"
cat >"$work/debian/changelog" <<END
xenith ($version) unstable; urgency=medium

  * The tree as of $(git -C "$top" rev-parse --short HEAD 2>/dev/null || echo 'its archive').

 -- The Xenith project <xenith@packages.invalid>  $(date -R -u -d "@$SOURCE_DATE_EPOCH")
END
(cd "$work" && dh binary) >"$dist/deb/log" 2>&1 || {
    tail -30 "$dist/deb/log" >&2
    echo "deb: failed; all of it is in $dist/deb/log" >&2
    exit 1
}
rm -rf "$work"
echo "$stamp" >"$dist/deb/stamp"
ls "$dist"/deb/*.deb
