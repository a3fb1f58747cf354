obj-y := bad.o claim.o dma.o exchange.o heap.o memory_op.o nodes.o pool.o reservation.o resource.o
