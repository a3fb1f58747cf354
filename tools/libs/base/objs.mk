lib-name := xenith-base
obj-y := alloc.o buffer.o strings.o map.o log.o json.o sxp.o clock.o daemon.o source.o
header-y := alloc.h buffer.h strings.h map.h list.h log.h json.h sxp.h export.h clock.h daemon.h \
    source.h
