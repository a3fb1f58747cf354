lib-name := xenith-guest
obj-y := error.o image/file.o image/unpack.o image/elf.o image/notes.o image/image.o \
    image/cache.o image/digest.o pv_layout.o pv_tables.o pv_memory.o build_pv.o
obj-y += image/xz.o image/crc32.o $(addprefix ../../../xen/lib/,xz.o lzma.o crc.o)
cflags-y := -I$(top)/xen
libs-y := xc
ldlibs-y := -lz -llzma -lzstd -llz4 -lsodium
header-y := guest.h
