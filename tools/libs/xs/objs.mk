obj-y := connection.o request.o watch.o
header-y := xs.h
