obj-y := create.o find.o pages.o shutdown.o teardown.o vcpu_op.o version.o vm_assist.o refuse.o
