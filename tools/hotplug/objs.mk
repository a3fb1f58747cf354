data-y := block:/etc/xen/scripts/block:0755 vif-bridge:/etc/xen/scripts/vif-bridge:0755 \
    network-bridge:/etc/xen/scripts/network-bridge:0755 \
    xen-hotplug.sh:/etc/xen/scripts/xen-hotplug.sh
