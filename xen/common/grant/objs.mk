obj-y := copy.o grant_op.o map.o table.o transfer.o version2.o
