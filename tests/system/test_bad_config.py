# SPDX-License-Identifier: GPL-2.0-only
"""What a user can get wrong with xm: one clear line, a status, and nothing left behind."""
import re

import domains
from domains import ROOT

MINI = {"kernel": "'/guest/mini'", "ramdisk": "''", "memory": "8"}

# What it is, lines of the configuration that differ, what must be said.
CONFIGS = [
    ("a syntax error", {"memory": "= 3"}, r"bad:\d+|line \d+.*bad"),
    ("memory that is no number", {"memory": "'lots'"}, r"memory.*lots|lots.*memory"),
    ("no such kernel", {"kernel": "'/guest/none'"}, r"Cannot find kernel .?/guest/none"),
    ("no such RAM disk", {"ramdisk": "'/guest/none'"}, r"Cannot find ramdisk .?/guest/none"),
    ("a kernel that is none", {"kernel": "'/etc/passwd'"}, r"/etc/passwd.*"),
    ("more memory than there is", {"memory": "99999"}, r"(?i)memory|KiB"),
    ("a disk that is no disk", {"disk": "['phy']"}, r"Invalid disk specifier: phy"),
    ("a disk's file that is not there", {"disk": "['file:/run/none.img,xvda,w']"},
     r"/run/none\.img"),
    ("a mode that is none", {"disk": f"['phy:{ROOT},xvda,q']"}, r"(?i)mode"),
    ("a bad MAC address", {"vif": "['mac=zz']"}, r"(?i)mac.*zz|zz.*mac"),
    ("no such bridge", {"vif": "['bridge=nobr']"}, r"(?i)bridge.*nobr|nobr.*bridge"),
    ("an unknown key of a vif", {"vif": "['brigde=xenbr0']"}, r"Invalid vif option: brigde"),
]

# What it is, the command, its status, what must be said.
COMMANDS = [
    ("no such file", "xm create nosuch", 1, r"Unable to open config file: nosuch"),
    ("no such domain", "xm pause nosuch", 3, r"^Error: Domain 'nosuch' does not exist\."),
    ("no such command", "xm frobnicate", 1, r"Subcommand frobnicate not found!"),
    ("an argument too few", "xm rename x", 1, r"'xm rename' requires 2 arguments\."),
    ("an unknown option", "xm list -z", 1, r"option -z not recognized"),
    ("a number that is none", "xm mem-set Domain-0 lots", 1, r"(?i)invalid argument"),
    ("dom0 cannot be destroyed", "xm destroy Domain-0", 1,
     r"Cannot destroy privileged domain Domain-0"),
    ("dom0 cannot be paused", "xm pause 0", 1, r"Cannot pause privileged domain"),
    ("xm alone", "xm", 1, r"Usage: xm <subcommand> \[args\]"),
    ("not root", "setpriv --reuid=65534 --clear-groups xm pause 0", 1, r"^Error: .*root"),
]


def left(dom0):
    """What a failed create must not change."""
    return {"domains": sorted(dom0.rows()), "loops": dom0.output("losetup -a"),
            "nodes": dom0.output("xenstore-ls -f /local/domain | cut -d' ' -f1 | grep -v"
                                 " /local/domain/0/ ; xenstore-list /vm"),
            "backends": dom0.output("xenstore-ls -f /local/domain/0/backend 2>&1"),
            "interfaces": dom0.output("ls /sys/class/net")}


def check_configs(suite, dom0):
    before = left(dom0)
    for what, changes, words in CONFIGS:
        with suite.check(f"xm create with {what}: says so"):
            dom0.config("bad", **{**MINI, **changes})
            out, status = dom0.run("xm create /etc/xen/bad 2>&1 >/dev/null", 150)
            assert status == 1 and re.search(words, out, re.M), f"status {status}: {out}"
            assert out.startswith("Error") and len(out) < 400, out
    with suite.check("the failed creates left nothing behind"):
        after = left(dom0)
        assert after == before, {k: (before[k], after[k]) for k in after if after[k] != before[k]}
    with suite.check("an unknown directive is warned of, with the one that is meant"):
        dom0.config("bad", **MINI, vpcus="2")
        out = dom0.must("xm create -n /etc/xen/bad 2>&1 >/dev/null")
        assert re.search(r"vpcus.*vcpus", out), out


def check_commands(suite, dom0):
    for what, command, wanted, words in COMMANDS:
        with suite.check(f"{what}: says so"):
            out, status = dom0.run(command + " 2>&1")
            assert status == wanted and re.search(words, out, re.M), f"status {status}: {out}"


def check_conflicts(suite, dom0):
    """The guest g1 runs, with the root disk."""
    with suite.check("a name that is taken is refused"):
        dom0.config("bad", **{**MINI, "name": "'g1'"})
        out, status = dom0.run("xm create /etc/xen/bad 2>&1 >/dev/null")
        assert status == 1 and re.search(r"'?g1'? already exists", out), f"status {status}: {out}"
    with suite.check("a disk that a guest writes to is refused, and by whom it is used is said"):
        dom0.config("bad", **MINI, disk=f"['phy:{ROOT},xvda,w']")
        out, status = dom0.run("xm create /etc/xen/bad 2>&1 >/dev/null")
        assert status == 1 and ROOT in out and "g1" in out, f"status {status}: {out}"


def check_no_xend(suite, dom0):
    """xend is down at the end."""
    with suite.check("without xend, commands name it"):
        dom0.must("xend stop")
        out, status = dom0.run("xm pause g1 2>&1")
        assert status == 1 and re.search(r"Unable to connect to xend: .*Is xend running\?",
                                         out), f"status {status}: {out}"
    with suite.check("without xend, list, info and dmesg answer and say where from"):
        out = dom0.must("xm list 2>&1")
        assert re.search(r"^Domain-0 +0 ", out, re.M) and "xend" in out, out
        assert "nr_cpus" in dom0.must("xm info 2>/dev/null")
        dom0.must("xm dmesg 2>/dev/null | grep -q XEN")
    with suite.check("xend status tells of a xend that is down"):
        out, status = dom0.run("xend status")
        assert status == 3, f"status {status}: {out}"
    with suite.check("without xenstored, whoever asks it is told instead of kept waiting"):
        dom0.must("kill $(pidof xenstored)")
        dom0.wait("pidof xenstored || echo gone", "gone")
        out, status = dom0.run("timeout 40 xenstore-ls 2>&1")
        assert status == 1 and "cannot reach xenstored" in out, f"status {status}: {out}"
        out = dom0.must("timeout 40 xm list 2>&1")
        assert re.search(r"^\S+ +0 ", out, re.M), out


def run(suite):
    with domains.boot(suite, "bad-config", memory=1280, options="dom0_mem=512M") as dom0:
        with suite.check("dom0 with our tools starts"):
            dom0.m.wait_shell(200)
            dom0.start()
        check_configs(suite, dom0)
        check_commands(suite, dom0)
        check_no_xend(suite, dom0)
        suite.check_poweroff(dom0.m)
