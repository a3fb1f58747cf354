obj-y := percpu.o rcu.o rwlock.o softirq.o spinlock.o tasklet.o $(if $(debug:n=),lock_check.o)
