prog-y := xenconsole
obj-y := main.o terminal.o
libs-y := xs base
