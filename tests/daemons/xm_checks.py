# SPDX-License-Identifier: GPL-2.0-only
"""Every command of xm: its help, wrong counts and switches and values, a domain that is not there,
xend down, not root. Each says one clear line, and ends with the status that scripts know.
"""
import json
import re
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

# Of Xen, and not of ours.
ABSENT = """save g f|restore f|migrate g h|suspend g|resume g|pci-list g|pci-attach g 0:0.0
usb-list g|scsi-list g
vtpm-list g|vnet-list|network2-list g|setpolicy ACM x|getlabel dom x|getenforce
tmem-list -a|serve|event-monitor|list --label|create --xmldryrun x|create -x x
create -s x""".replace("\n", "|").split("|")

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
    ("mem-max Domain-0 10", "maxmem (10) is less than memory ("),
    ("vcpu-set g 0", "Zero or less VCPUs is invalid"),
    ("vcpu-set g 2", "Cannot set vcpus greater than max vcpus on running domain"),
    ("vcpu-set g x", "'x' is not a number"),
    ("vcpu-pin g 1 0", "Cannot pin vcpu: 1 to cpu: 0 - domain g has VCPUs 0-0"),
    ("vcpu-pin g 0 4", "there is no CPU 4; this machine has 0-3"),
    ("vcpu-pin g 0 ^0", "that is no CPU at all"),
    ("create -q CFG cpus=4", "there is no CPU 4; this machine has 0-3"),
    ("create -q CFG access_control=policy=p,label=l", "access_control is not supported"),
    ("create -q CFG builder=hvm", "builder 'hvm' is not supported"),
    ("create -q CFG pci=0:0.0", "devices of class 'pci' are not supported"),
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
    done = world.client("xm", "create", config(world, "g"))
    expect(done.stdout.endswith("Started domain g (id=1), without network: it has no vif\n"), done)
    for words, text in VALUES:
        refused(world, text, *words.replace("CFG", config(world, "h")).split())
    world.client("xm", "create", "-q", "-p", config(world, "p"))
    done = run(world, "network-attach p model=e1000 accel=x script=none")
    expect("Warning: vif: model=e1000 is ignored" in done.stderr and
           "Warning: vif: accel=x is ignored" in done.stderr, done.stderr)
    for words in ABSENT:
        refused(world, " is not supported: ", *words.split())
    world.end()


def check_xm_details(world):
    """xm list -l has what scripts look for, and --json the same for programs."""
    start_machine(world)
    world.client("xm", "create", config(world, "7", vcpus="2", cpus="['1-2', '']", cpu_cap="50"))
    world.client("xm", "new", config(world, "n"))

    def told(*words):
        return json.loads(world.client("xm", *words, "--json").stdout)
    text = world.client("xm", "list", "-l", "7").stdout
    for line in ("(domid 1)", "(cpu_weight 256)", "(cpu_cap 50)", "(name 7)", "(pool_name Pool-0)",
                 "(status 2)"):
        expect(re.search(rf"^    {re.escape(line)}$", text, re.M), f"no {line}: {text}")
    for node, where in (("store_mfn", "store"), ("console_mfn", "console")):
        value = world.client("xenstore-read", f"/local/domain/1/{where}/ring-ref").stdout.strip()
        expect(f"    ({node} {value})" in text, text)
    path = world.folder + "/again.sxp"
    with open(path, "w") as f:
        f.write(text)
    world.client("xm", "create", "-n", "-F", path)
    brief = told("list")
    expect([d["name"] for d in brief] == ["7", "Domain-0", "n"], brief)
    expect([d.get("domid") for d in brief] == [1, 0, None], brief)
    full = told("list", "-l", "7")[0]
    expect((full["name"], full["vcpus"], full["cpus"]) == ("7", 2, [[1, 2], []]), full)
    vcpus = told("vcpu-list", "7")[0]["vcpu"]
    expect([v["number"] for v in vcpus] == [0, 1], vcpus)
    expect(told("info")["nr_cpus"] == 4, "info --json")
    expect(told("cpupool-list")[0]["name"] == "Pool-0", "cpupool-list --json")
    expect(told("block-list", "7") == [] == told("network-list", "7"), "device lists")
    done = world.client("xm", "create", "-n", config(world, "w", mem="3", superpages="1"))
    for words in ("'mem' is no directive and nothing uses it; did you mean 'memory'?",
                  "'superpages' has no effect"):
        expect(words in done.stderr, done.stderr)
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


CHECKS = [check_xm_arguments, check_xm_details, check_xm_nobody]
