obj-y := bitmap.o bzimage.o cmdline.o elf.o elf_notes.o format.o parse.o string.o
