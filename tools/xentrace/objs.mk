prog-y := xentrace
links-y := xentrace_format xentrace_setsize xentrace-timeline xenmon
obj-y := main.o tracer.o capture.o sink.o masks.o reader.o format.o rules.o history.o usage.o \
    timeline.o svg.o monitor.o
libs-y := xc base
ldlibs-y := -lm
data-y := formats:/usr/lib/xenith/xentrace-formats
