obj-y := claim.o heap.o pool.o
