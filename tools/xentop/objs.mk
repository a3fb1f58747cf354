prog-y := xentop
obj-y := main.o sample.o format.o screen.o
libs-y := host xs xc base
ldlibs-y := -lncurses -ltinfo
