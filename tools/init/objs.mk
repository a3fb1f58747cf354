# SPDX-License-Identifier: GPL-2.0-only
data-y := $(foreach f,xencommons xend xendomains,$(f).init:/etc/init.d/$(f):0755) \
    $(foreach f,xencommons xendomains,$(f).default:/etc/default/$(f)) \
    $(foreach f,prepare xendomains,$(f):/usr/lib/xenith/$(f):0755) \
    $(foreach u,xencommons xenstored xenconsoled xend xendomains, \
        systemd/$(u).service:/lib/systemd/system/$(u).service) \
    $(foreach when,postinst postrm,kernel-hook:/etc/kernel/$(when).d/xenith:0755)
