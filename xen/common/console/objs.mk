obj-y := console_io.o input.o keys.o output.o panic.o printk.o ring.o
