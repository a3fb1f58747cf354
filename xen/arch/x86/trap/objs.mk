obj-y := dispatch.o extable.o dump.o symbols.o nmi.o
