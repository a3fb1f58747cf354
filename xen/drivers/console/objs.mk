obj-y := devices.o ns16550.o uart_options.o vga.o vga_mode.o
