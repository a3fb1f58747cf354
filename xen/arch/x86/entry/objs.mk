obj-y := exceptions.o syscall.o exit.o
