obj-y := core.o credit.o runstate.o affinity.o timers.o sched_op.o control.o
