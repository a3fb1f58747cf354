# SPDX-License-Identifier: GPL-2.0-only
#
# Sourced by the hotplug scripts: the store, failing, locks.
#
# A script is called by xend as "SCRIPT ACTION" with XENBUS_PATH, the backend's path. Its exit
# status tells xend whether the device is ready, its last line of output why not.

PATH=${XEN_HOTPLUG_PATH:-/usr/sbin:/usr/bin:/sbin:/bin}
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

# lock NAME: held until this process ends, however it does.
lock() {
    dir=${XEN_HOTPLUG_LOCKS:-/var/run/xen-hotplug}
    mkdir -p "$dir"
    need flock
    exec 9>"$dir/$1"
    flock -w 60 9 || die "the lock $dir/$1 is not given back"
}

# major:minor in hexadecimal, as blkback wants it
number_of() {
    stat -L -c '%t:%T' "$1" 2>/dev/null
}

# add_device DEVICE: what blkback is to serve
add_device() {
    number=$(number_of "$1")
    case $number in
    ''|0:0) die "$1 is not a block device" ;;
    esac
    put physical-device "$number"
    connected
}

# The interface that the default route goes through.
default_interface() {
    ip -o route show default | sed -n 's/.* dev \([^ ]*\).*/\1/p' | head -n 1
}

# The first IPv4 address of an interface, without its length.
address_of() {
    ip -o -4 addr show dev "$1" | sed -n 's/.* inet \([0-9.]*\).*/\1/p' | head -n 1
}

# A switch of the kernel: set_sysctl net/ipv4/ip_forward 1
set_sysctl() {
    echo "$2" > "${XEN_HOTPLUG_SYSCTL:-/proc/sys}/$1" || die "$1 cannot be set to $2"
}

# do_nft FOR-WHAT <RULES: or dies with what nft said first
do_nft() {
    said=$(nft -f - 2>&1) || die "nft refuses the rules for $1: $(echo "$said" | head -n 1)"
}
