prog-y := xenstored
obj-y := main.o server.o loop.o socket.o ring.o domain.o conn.o protocol.o control.o store.o \
    tree.o transaction.o watch.o permission.o quota.o persist.o restore.o path.o
libs-y := xc base
