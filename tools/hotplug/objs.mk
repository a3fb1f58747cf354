scripts := block block-nbd block-drbd vif-bridge vif-route vif-nat network-bridge network-route \
    network-nat
data-y := $(foreach s,$(scripts),$(s):/etc/xen/scripts/$(s):0755) \
    xen-hotplug.sh:/etc/xen/scripts/xen-hotplug.sh xen-vif.sh:/etc/xen/scripts/xen-vif.sh
