obj-y := event_op.o fifo.o port.o send.o two_level.o virq.o
