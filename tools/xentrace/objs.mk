prog-y := xentrace
links-y := xentrace_format xentrace_setsize xentrace-timeline xenmon
obj-y := main.o tracer.o capture.o sink.o masks.o reader.o format.o rules.o history.o timeline.o svg.o \
    monitor.o usage.o
libs-y := xc base
ldlibs-y := -lm
data-y := formats:/usr/share/xentrace/formats
