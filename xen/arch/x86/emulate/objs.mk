obj-y := alu.o decode.o execute.o opcodes.o operand.o string.o system.o
