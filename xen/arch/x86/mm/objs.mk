obj-y := hyper_map.o perdomain.o tlb.o frame.o frame_type.o guest_copy.o m2p.o
