obj-y := lapic.o ioapic.o i8259.o vectors.o line.o pirq.o ipi.o nmi_watchdog.o dump.o
