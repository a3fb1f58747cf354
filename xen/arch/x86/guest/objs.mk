obj-y := switch.o domain.o vcpu.o guest_clock.o guest_tsc.o physdev_op.o platform_op.o dom0_caps.o \
         dom0_build.o memory_map.o mca.o power.o power_states.o domctl.o domctl_state.o cpu_policy.o
