lib-name := xenith-host
obj-y := domain.o vcpu.o info.o console.o
libs-y := xs xc base
header-y := host.h
