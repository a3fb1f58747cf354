prog-y := xenstore
prog-dir := /usr/bin
links-y := xenstore-chmod xenstore-control xenstore-exists xenstore-list xenstore-ls \
    xenstore-read xenstore-rm xenstore-watch xenstore-write
obj-y := main.o escape.o node.o list.o chmod.o watch.o
libs-y := xs base
