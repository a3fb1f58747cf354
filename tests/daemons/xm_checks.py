# SPDX-License-Identifier: GPL-2.0-only
"""Every command of xm: its help, wrong counts and switches and values, a domain that is not there,
xend down, not root. Each says one clear line, and ends with the status that scripts know.
"""
import subprocess

from world import PATIENCE, expect
from xend_checks import config, refused, start_machine

OURSELVES = {"help", "shell"}           # that need nobody
NO_DOMAIN = "Domain '{}' does not exist."
NOT_ROOT = "Most commands need root access. Please try again as root."
DOWN = "Unable to connect to xend: No such file or directory. Is xend running?"
NOTICE = "xend is not running: what follows comes from the hypervisor alone.\n"

# Good words for each command that names a domain, with DOM in its place.
WITH_DOMAIN = """console DOM|vncviewer DOM|delete DOM|destroy DOM|domid DOM|domname DOM|domstate DOM
list DOM|mem-max DOM 64|mem-set DOM 64|pause DOM|reboot DOM|reboot -w DOM|rename DOM x|reset DOM
dump-core DOM|shutdown DOM|shutdown -w DOM|start DOM|sysrq DOM s|trigger DOM nmi|unpause DOM
uptime DOM|vcpu-list DOM|vcpu-set DOM 1|vcpu-pin DOM 0 0|sched-credit -d DOM
sched-credit -d DOM -w 5|sched-credit2 -d DOM|sched-credit2 -d DOM -w 5|sched-sedf DOM
sched-sedf DOM -p 5|sched-bvt -d DOM|sched-bvt -d DOM -w 5|block-attach DOM phy:/dev/x xvda w
block-configure DOM phy:/dev/x xvda w|block-detach DOM xvda|block-list DOM|network-attach DOM
network-detach DOM 0|network-list DOM|cpupool-migrate DOM Pool-0""".replace("\n", "|").split("|")
OTHERS = """debug-keys h|cpupool-list|cpupool-destroy p|cpupool-delete p|cpupool-start p|log
cpupool-cpu-add p 1|cpupool-cpu-remove p 1|cpupool-rename p y|cpupool-numa-split|sched-credit
list --pool=p|dmesg|info""".replace("\n", "|").split("|")
# Those that the hypervisor answers alone.
LOCAL = {"list", "info", "dmesg", "vcpu-list", "uptime", "domid", "domname", "domstate",
         "debug-keys"}

# How many arguments a command takes, in words of its own or by the table's rule.
COUNTS = """console 1|vncviewer 1|delete 1|destroy 1|domid 1|domname 1|domstate 1|mem-max 2
mem-set 2|pause 1|rename 2|reset 1|sysrq 2|trigger 2-3|unpause 1|vcpu-set 2
vcpu-pin 3|debug-keys 1|log 0|info 0|block-attach 4-5|block-configure 4-5
block-detach 2|network-detach 2|cpupool-start 1|cpupool-destroy 1|cpupool-delete 1
cpupool-cpu-add 2|cpupool-cpu-remove 2|cpupool-migrate 2|cpupool-rename 2
cpupool-numa-split 0""".replace("\n", "|").split("|")

# Words and what is said; status 1. Domain g runs, with one VCPU and 16 MiB.
VALUES = [
    ("create", "Unable to open config file: xmdefconfig"),
    ("create /none", "Unable to open config file: /none"),
    ("create -F /none", "Unable to open config file: /none"),
    ("create --path=/none x", "Unable to open config file: x"),
    ("create a b", "Invalid argument: 'b'"),
    ("create -f", "option -f requires argument"),
    ("cpupool-create", "requires a configuration."),
    ("cpupool-new /none", "Unable to open config file: /none"),
    ("dump-core", "Expects 1 or 2 argument(s)"),
    ("dump-core -C -R g", "You may not specify more than one '-CR' option"),
    ("dump-core Domain-0", "Cannot dump core for privileged domain Domain-0"),
    ("start", "Expects 1 argument"),
    ("start g", "Domain is already running"),
    ("delete g", "Domain 'g' is not managed by Xend lifecycle support."),
    ("shutdown", "No domain parameter given"),
    ("shutdown a b", "No multiple domain parameters allowed"),
    ("shutdown -H -R g", "Can't specify halt and reboot"),
    ("shutdown Domain-0", "Domain 0 cannot be shutdown"),
    ("reboot", "No domain parameter given"),
    ("reboot Domain-0", "Domain 0 cannot be shutdown"),
    ("destroy Domain-0", "Cannot destroy privileged domain Domain-0"),
    ("pause Domain-0", "Cannot pause privileged domain Domain-0"),
    ("reset Domain-0", "Cannot reset privileged domain Domain-0"),
    ("rename g a/b", "Invalid VM Name"),
    ("rename g Domain-0", "VM name 'Domain-0' already exists as domain 0"),
    ("mem-set g x", "Invalid argument."),
    ("mem-set g 0", "memory_dynamic_max too small: g takes 8 to 16 MiB"),
    ("mem-set g 17", "must be less than or equal to memory_static_max: g takes 8 to 16 MiB"),
    ("mem-set Domain-0 9999999", "memory_static_max: Domain-0 takes 100 to 4096 MiB"),
    ("mem-set Domain-0 99", "memory_dynamic_max too small: Domain-0 takes 100 to 4096 MiB"),
    ("mem-max g 15", "maxmem (15) is less than memory (16)"),
    ("vcpu-set g 0", "Zero or less VCPUs is invalid"),
    ("vcpu-set g 2", "Cannot set vcpus greater than max vcpus on running domain"),
    ("vcpu-set g x", "'x' is not a number"),
    ("vcpu-pin g 1 0", "Cannot pin vcpu: 1 to cpu: 0 - domain g has VCPUs 0-0"),
    ("vcpu-pin g 0 4", "there is no CPU 4; this machine has 0-3"),
    ("vcpu-pin g 0 ^0", "that is no CPU at all"),
    ("sysrq g ab", "sysrq takes one letter"),
    ("trigger g x", "Invalid trigger: x"),
    ("trigger g nmi 1", "Domain 'g' has no VCPU 1"),
    ("console -n x g", "Invalid argument."),
    ("console -n", "option -n requires argument"),
    ("list --state", "option --state requires argument"),
    ("list --state=x", "There is no state 'x'"),
    ("list --state=paused g", "You may specify either a state or a particular VM, but not both"),
    ("list --pool=p g", "You may specify either a pool or a particular VM, but not both"),
    ("list --pool=p", "Pool 'p' does not exist."),
    ("dmesg x", "No parameter required"),
    ("sched-credit -w 5", "No domain given."),
    ("sched-credit -d g -w 0", "Cpu weight out of range"),
    ("sched-credit -d g -c 101", "Cpu cap out of range, valid range is from 0 to 100"),
    ("sched-credit2 -d g -w 5", "Xen is running with the credit scheduler"),
    ("sched-sedf g -p 5", "Xen is running with the credit scheduler"),
    ("sched-bvt -d g -w 5", "Xen is running with the credit scheduler"),
    ("block-list", "No domain parameter given"),
    ("network-list a b", "No multiple domain parameters allowed"),
    ("block-attach g phy:/none xvda q", "Invalid mode 'q'"),
    ("block-attach g phy:/none xvda w", "/none: No such file or directory"),
    ("block-attach g phy:/none x w", "Unable to find number for device (x)"),
    ("block-detach g xvda", "Cannot find device 'xvda' in domain 'g'"),
    ("network-attach g x", "Invalid argument: x"),
    ("network-attach g x=1", "Invalid vif option: x"),
    ("network-attach g mac=1", "bad MAC '1'"),
    ("network-detach g 0", "Cannot find device '0' in domain 'g'"),
    ("cpupool-cpu-add Pool-0 4", "there is no CPU '4': 0-3 are"),
    ("cpupool-cpu-add Pool-0 0", "CPU 0 is in a pool"),
    ("cpupool-list a b", "Only one cpupool name for selection allowed"),
    ("cpupool-destroy Pool-0", "is the one that dom0 is in"),
    ("cpupool-migrate g p", "Pool 'p' does not exist."),
    ("cpupool-rename Pool-0 a/b", "is no name for a pool"),
    ("vncviewer g", "has no frame buffer that VNC shows"),
    ("frobnicate", "Subcommand frobnicate not found!"),
]


def names(world):
    return world.client("xm", "--completion").stdout.split()


def one_line(done, words, text, status):
    expect(done.returncode == status and done.stderr == f"Error: {text}\n",
           f"xm {words}: status {done.returncode}: {done.stderr!r}, not {text!r}")


def run(world, words, user=False):
    become = ["setpriv", "--reuid=65534", "--clear-groups"] if user else []
    return subprocess.run([*become, "xm", *words.split()], env=world.env, text=True,
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE,
                          check=False)


def check_xm_arguments(world):
    """Help, wrong counts, switches and values of every command."""
    start_machine(world)
    for name in names(world):
        done = run(world, name + " --help")
        expect(done.returncode == 1 and done.stdout.startswith(f"Usage: xm {name} ") and
               not done.stderr, f"{name} --help: {done}")
        if name not in OURSELVES | {"top"}:
            one_line(run(world, name + " --none"), name, "option --none not recognized", 1)
    for name, count in (line.split() for line in COUNTS):
        low, high = (count.split("-") * 2)[:2]
        wanted = f"{low} argument{'' if low == '1' else 's'}" if low == high else \
            f"between {low} and {high} arguments"
        for many in (int(low) - 1, int(high) + 1):
            if many >= 0:
                one_line(run(world, name + " a" * many), name,
                         f"'xm {name}' requires {wanted}.", 1)
    world.client("xm", "create", "-q", config(world, "g"))
    for words, text in VALUES:
        refused(world, text, *words.split())
    world.end()


def check_xm_nobody(world):
    """A domain that does not exist is status 3; without root, or xend, one line says so."""
    start_machine(world)
    for words in WITH_DOMAIN:
        one_line(run(world, words.replace("DOM", "gone")), words, NO_DOMAIN.format("gone"), 3)
    told = {words.split()[0] for words in WITH_DOMAIN + OTHERS}
    told |= {"create", "new", "cpupool-create", "cpupool-new", "top"} | OURSELVES
    expect(set(names(world)) == told, f"not in the table: {set(names(world)) ^ told}")
    some = [words.replace("DOM", "Domain-0") for words in WITH_DOMAIN + OTHERS]
    for words in some:
        one_line(run(world, words, user=True), words, NOT_ROOT, 1)
    world.stop("xend")
    for words in some:
        one_line(run(world, words, user=True), words, NOT_ROOT, 1)
        done = run(world, words)
        if words.split()[0] not in LOCAL | {"console"} or "--pool" in words:
            one_line(done, words, DOWN, 1)
        elif words != "console Domain-0":
            expect((done.returncode, done.stderr) == (0, NOTICE), f"{words}: {done}")
    expect(run(world, "top -b -i 1").stderr.startswith(NOTICE), "xm top without xend")
    one_line(run(world, "top -b -i 1", user=True), "top", NOT_ROOT, 1)
    done = run(world, "list gone")
    expect(done.returncode == 3 and done.stderr == NOTICE + "Error: " + NO_DOMAIN.format("gone")
           + "\n", done)
    world.end()


CHECKS = [check_xm_arguments, check_xm_nobody]
