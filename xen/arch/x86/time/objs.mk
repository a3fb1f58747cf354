obj-y := calibrate.o cmos.o deadline.o hpet.o pit.o platform.o pmtimer.o tsc.o
