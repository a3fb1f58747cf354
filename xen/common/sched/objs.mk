obj-y := core.o placement.o balance.o pool.o shares.o credit.o fair.o sedf.o bvt.o runstate.o \
         affinity.o timers.o sched_op.o control.o
