lib-name := xenith-host
obj-y := domain.o vcpu.o topology.o info.o console.o
libs-y := xs xc base
header-y := host.h
