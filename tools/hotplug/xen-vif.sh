# SPDX-License-Identifier: GPL-2.0-only
#
# Sourced by the vif-* scripts, behind xen-hotplug.sh: what all of them do with an interface.
#
# vif is its name, from xend; number and handle: its domain and its place among that one's.

need ip
: "${vif:?}"

handle=${XENBUS_PATH##*/}
number=${XENBUS_PATH%/*}
number=${number##*/}

rename_interface() {
    new=$(get vifname)
    if [ -z "$new" ] || [ "$new" = "$vif" ]; then
        return 0
    fi
    ip link set "$vif" down 2>/dev/null
    said=$(ip link set "$vif" name "$new" 2>&1) || die "$vif cannot be called $new: $said"
    vif=$new
}

# Of a running guest, the name it was given.
current_name() {
    vif=$(get vifname "$vif")
}

interface_is_there() {
    [ -d "${XEN_HOTPLUG_NET:-/sys/class/net}/$vif" ]
}

# do_ip WHAT-FOLLOWS-IP: or dies with what ip said
do_ip() {
    said=$(ip "$@" 2>&1) || die "ip $*: $said"
}

# Packets with a source that is not routed to the interface are dropped by the kernel itself.
guard_routed() {
    set_sysctl "net/ipv4/conf/$vif/rp_filter" 1
}
