# SPDX-License-Identifier: GPL-2.0-only
"""xendomains and its settings, on the host: an xm that keeps its domains in a file stands in, and
writes down what it was asked."""
import os
import subprocess
import tempfile

import image

SCRIPT = os.path.join(image.TOP, "tools", "init", "xendomains")

# Domains are lines "ID NAME".  A name that begins with "deaf" does not shut down when asked.
XM = r"""#!/bin/sh
here=${0%/*}
[ "$1" = list ] || [ "$1" = help ] || echo "$*" >>"$here/asked"
drop() { grep -v " $1\$" "$here/domains" >"$here/new"; mv "$here/new" "$here/domains"; }
case $1 in
help)
    echo " create               x"
    [ ! -e "$here/can-save" ] || echo " save                 x"
    ;;
list)
    echo "Name ID Mem VCPUs State Time(s)"
    echo "Domain-0 0 512 1 r----- 1.0"
    echo "kept 128 1 0.0"
    while read -r id name; do echo "$name $id 128 1 -b---- 0.5"; done <"$here/domains"
    ;;
create)
    for file; do :; done
    case $* in
    *--dryrun*) echo "(vm"; echo "    (name $(cat "$file"))"; exit ;;
    esac
    grep -q broken "$file" && { echo "Error: no kernel" >&2; exit 1; }
    echo "7 $(cat "$file")" >>"$here/domains"
    ;;
shutdown)
    case $2 in
    --all) : >"$here/domains" ;;
    deaf*) exit 1 ;;
    *) drop "$2" ;;
    esac
    ;;
save) : >"$3"; drop "$2" ;;
restore) echo "8 ${2##*/}" >>"$here/domains" ;;
esac
exit 0
"""


class Host:
    """A folder with the stand-in, the settings, and the guests of auto and save."""

    def __init__(self, folder):
        self.folder = folder
        for name in ("auto", "save"):
            os.mkdir(f"{folder}/{name}")
        self.write("xm", XM)
        os.chmod(folder + "/xm", 0o755)
        self.settings()
        self.write("domains", "")

    def write(self, name, text):
        with open(f"{self.folder}/{name}", "w") as f:
            f.write(text)

    def read(self, name):
        path = f"{self.folder}/{name}"
        if not os.path.exists(path):
            return ""
        with open(path) as f:
            return f.read()

    def settings(self, text=""):
        self.write("settings", f"XENDOMAINS_AUTO={self.folder}/auto\n"
                   f"XENDOMAINS_SAVE={self.folder}/save\nXENDOMAINS_CREATE_USLEEP=1000\n" + text)

    def call(self, verb):
        environment = dict(os.environ, XENDOMAINS_TOOLS=self.folder,
                           XENDOMAINS_SETTINGS=self.folder + "/settings",
                           XENDOMAINS_LOCK=self.folder + "/lock/xendomains")
        self.write("asked", "")
        result = subprocess.run(["sh", SCRIPT, verb], env=environment, text=True, timeout=60,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return result.stdout, result.returncode

    def names(self):
        return sorted(line.split()[1] for line in self.read("domains").splitlines())


def check_start(suite, host):
    with suite.check("start creates what lies in auto, and says what failed"):
        for name in ("one", "two", "broken"):
            host.write("auto/" + name, name + "\n")
        host.write("domains", "3 two\n")
        out, rc = host.call("start")
        assert rc == 1 and "two(skip)" in out and "broken(failed: Error: no kernel)" in out, out
        assert host.names() == ["one", "two"], out
    with suite.check("a second start does nothing"):
        out, rc = host.call("start")
        assert rc == 0 and "lockfile exists" in out and not host.read("asked"), out
    with suite.check("status names what is missing"):
        out, rc = host.call("status")
        assert rc == 1 and out.split("\n")[0] == "MISS AUTO: broken", out
        os.unlink(host.folder + "/auto/broken")
        assert host.call("status") == ("", 0)


def check_stop(suite, host):
    with suite.check("stop shuts guests down, the deaf ones in the last sweep"):
        host.write("domains", "3 one\n4 deaf\n")
        out, rc = host.call("stop")
        assert rc == 0 and "one(shut)" in out and "SHUTDOWN_ALL" in out, out
        asked = host.read("asked").splitlines()
        assert "shutdown one --halt --wait" in asked, asked
        assert asked[-1] == "shutdown --all --halt --wait" and not host.names(), asked
    with suite.check("stopped already: nothing is asked"):
        host.write("domains", "3 one\n")
        assert host.call("stop") == ("", 0) and host.names() == ["one"]


def check_settings(suite, host):
    with suite.check("auto only: others are left alone"):
        host.write("domains", "3 one\n4 mine\n")
        host.settings("XENDOMAINS_AUTO_ONLY=true\n")
        host.call("start")
        out, _ = host.call("stop")
        assert "mine(skip)" in out and host.names() == ["mine"], out
    with suite.check("system requests come first, and each is waited for"):
        host.settings('XENDOMAINS_SYSRQ="s e"\nXENDOMAINS_USLEEP=1000\n')
        host.call("start")
        out, _ = host.call("stop")
        asked = host.read("asked").splitlines()
        assert "(SR-s)(SR-e)" in out and "sysrq one s" in asked, out
        assert asked.index("sysrq one e") < asked.index("shutdown one --halt --wait"), asked
    with suite.check("a toolstack that can save does so, and start restores"):
        host.settings()
        host.write("can-save", "")
        host.call("start")
        out, _ = host.call("stop")
        assert "one(save)" in out and os.path.exists(host.folder + "/save/one"), out
        host.write("save/one", "LinuxGuestRecord")
        host.write("save/notes", "no guest")
        out, rc = host.call("start")
        assert rc == 0 and "Restoring Xen domains:" in out and "one(skip)" in out, out
        assert not os.path.exists(host.folder + "/save/one")
        assert os.path.exists(host.folder + "/save/notes")
    with suite.check("without its settings it says so, with status 6"):
        os.unlink(host.folder + "/settings")
        out, rc = host.call("start")
        assert rc == 6 and "is missing" in out, out


def run(suite):
    suite.subject = "init"
    with tempfile.TemporaryDirectory() as folder:
        host = Host(folder)
        check_start(suite, host)
        check_stop(suite, host)
        check_settings(suite, host)
