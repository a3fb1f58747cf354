obj-y := buddy.o page_cache.o heap.o erase.o heap_boot.o heap_count.o bad.o claim.o dma.o nodes.o \
         pool.o exchange.o memory_op.o reservation.o resource.o
