lib-name := xenith-config
obj-y := error.o vars.o keys.o field.o domain.o finish.o disk.o vif.o vfb.o pci.o device.o cpu.o to_sxp.o from_sxp.o device_sxp.o xend.o script/arena.o script/script.o script/env.o script/errors.o script/text.o script/value.o script/container.o script/lexer.o script/literal.o script/parser.o script/parse_expr.o script/eval.o script/execute.o script/operators.o script/call.o script/format.o script/builtins.o script/str_methods.o script/list_methods.o script/modules.o script/regex.o script/network.o script/xm_vars.o
libs-y := base
ldlibs-y := -lm
header-y := config.h
