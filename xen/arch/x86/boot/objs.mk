obj-y := head.o ap_start.o multiboot1.o multiboot2.o memory_map.o boot_alloc.o options.o
