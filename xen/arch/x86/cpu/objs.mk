obj-y := smp.o tables.o features.o frequency.o hotplug.o state.o xstate.o msr.o mce.o start.o idle.o
