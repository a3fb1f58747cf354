obj-y := claim.o exchange.o heap.o memory_op.o pool.o reservation.o resource.o
