obj-y := create.o find.o pages.o shutdown.o teardown.o vcpu_op.o version.o vm_assist.o refuse.o \
         domctl.o domctl_life.o domctl_vcpu.o domctl_access.o sysctl.o sysctl_machine.o \
         bitmap_copy.o keys.o
