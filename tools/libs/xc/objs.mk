obj-y := handle.o buffer.o event.o grant.o foreign.o domain.o vcpu.o memory.o mmu.o sched.o \
    physdev.o sysctl.o devicemodel.o trace.o
header-y := xc.h trace.h
cflags-y :=
