obj-y := bitmap.o bzimage.o cmdline.o elf.o elf_notes.o format.o parse.o radix.o rangeset.o rbtree.o \
         sort.o string.o
