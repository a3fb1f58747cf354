prog-y := xen-vncgate
prog-dir := /usr/lib/xen/bin
obj-y := main.o rfb.o
ldlibs-y := -lnettle
