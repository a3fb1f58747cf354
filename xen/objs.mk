obj-y := main.o hypercall.o
