prog-y := xend
obj-y := main.o configure.o daemon.o loop.o failure.o store.o child.o worker.o state.o \
    $(addprefix domain/,registry.o create.o destroy.o reboot.o control.o nodes.o memory.o) \
    $(addprefix domain/,settings.o kernels.o loader.o core.o core_file.o core_read.o) \
    $(addprefix device/,device.o handshake.o script.o block.o sharing.o image.o net.o vfb.o \
        hardware.o qemu.o qemu_args.o) \
    $(addprefix api/,unix.o methods.o read.o change.o change_device.o) \
    $(addprefix node/,network.o)
obj-y += api/sched.o api/pool.o node/cpupool.o
libs-y := host config guest xs xc base
ldlibs-y := -levent_core
cflags-y := -I$(top)/tools/xend
