data-y := $(foreach x,xmexample1 xmexample2 xmexample3 xend-config.sxp,$(x):/etc/xen/$(x))
