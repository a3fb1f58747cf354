data-y := $(foreach x,xmexample1 xmexample2 xmexample3,$(x):/etc/xen/$(x))
