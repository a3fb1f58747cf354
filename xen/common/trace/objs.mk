obj-y := ring.o buffer.o events.o $(if $(filter y,$(perfc)),counters.o)
