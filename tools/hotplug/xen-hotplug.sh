# SPDX-License-Identifier: GPL-2.0-only
#
# Sourced by the hotplug scripts: the store, failing, locks.
#
# A script is called by xend as "SCRIPT ACTION" with XENBUS_PATH, the backend's path. Its exit
# status tells xend whether the device is ready, its last line of output why not.

PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH
LC_ALL=C
export LC_ALL

action=$1
[ $# -gt 0 ] && shift
for word; do
    case $word in
    *=*) export "${word?}" ;;
    esac
done

# die TEXT: says so to xend, and to whoever reads the store.
die() {
    echo "$*"
    [ -z "$XENBUS_PATH" ] || {
        xenstore-write "$XENBUS_PATH/hotplug-error" "$*" "$XENBUS_PATH/hotplug-status" error
    } 2>/dev/null
    exit 1
}

# get KEY [DEFAULT]: a value of the backend.
get() {
    xenstore-read "$XENBUS_PATH/$1" 2>/dev/null || printf '%s' "$2"
}

put() {
    xenstore-write "$XENBUS_PATH/$1" "$2" || die "cannot write $XENBUS_PATH/$1"
}

connected() {
    put hotplug-status connected
}

need() {
    command -v "$1" >/dev/null 2>&1 || die "$1 is not installed"
}
