obj-y := bitmap.o elf.o elf_notes.o format.o parse.o string.o
