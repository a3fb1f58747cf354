obj-y := bitmap.o bzimage.o cmdline.o crc.o decompress.o elf.o elf_notes.o format.o governor.o \
         inflate.o lz4.o lzma.o parse.o radix.o rangeset.o rbtree.o sort.o string.o xz.o zstd.o \
         zstd_entropy.o
