prog-y := xenconsoled
obj-y := main.o options.o loop.o store.o domain.o console.o ring.o pty.o \
    logfile.o hypervisor.o
libs-y := xs xc base
