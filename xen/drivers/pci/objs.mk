obj-y := config.o device.o msi.o
