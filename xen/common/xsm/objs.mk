obj-y := hooks.o
