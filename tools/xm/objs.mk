prog-y := xm
obj-y := main.o help.o client.o local.o print.o run.o cmd_create.o cmd_domain.o cmd_list.o \
    cmd_memory.o cmd_host.o cmd_device.o cmd_core.o cmd_vnc.o
obj-y += cmd_sched.o cmd_pool.o cmd_vcpu.o absent.o json.o
libs-y := host config xs xc base
data-y := completion/xm:/usr/share/bash-completion/completions/xm
