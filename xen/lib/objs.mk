obj-y := bitmap.o format.o string.o
