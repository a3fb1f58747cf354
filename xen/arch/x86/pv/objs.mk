obj-y := domain.o mmu_update.o mmuext.o table_types.o descriptor.o callback.o bounce.o \
         privileged.o table_write.o debugreg.o build.o grant_map.o ports.o guest_msr.o \
         guest_cpuid.o
