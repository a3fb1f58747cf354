obj-y := switch.o domain.o vcpu.o guest_clock.o physdev_op.o platform_op.o dom0_caps.o power.o
