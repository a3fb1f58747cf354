obj-y := tables.o madt.o srat.o facts.o power.o
