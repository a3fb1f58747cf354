lib-name := xenith-config
obj-y := error.o vars.o keys.o field.o domain.o finish.o disk.o vif.o vfb.o pci.o device.o cpu.o \
    to_sxp.o from_sxp.o device_sxp.o xend.o \
    $(addprefix script/,arena.o script.o env.o errors.o text.o value.o container.o lexer.o \
    literal.o parser.o parse_expr.o eval.o execute.o operators.o call.o format.o builtins.o \
    str_methods.o list_methods.o modules.o regex.o network.o xm_vars.o)
libs-y := base
ldlibs-y := -lm
header-y := config.h
