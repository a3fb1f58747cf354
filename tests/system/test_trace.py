# SPDX-License-Identifier: GPL-2.0-only
"""Tracing in a stock dom0, with our tools: captures, text, sums and pictures of what dom0 does.

With --peer the same tools read the buffers of Debian's Xen.
"""
import base64
import collections
import gzip
import os
import re
import xml.etree.ElementTree

import image
from test_sched import TOOLS, libraries

NAMES = ["xentrace_format", "xentrace_setsize", "xentrace-timeline", "xenmon"]
RULES = os.path.join(image.TOP, "tools", "xentrace", "formats")


def initrd_with_tools(suite, folder):
    archive = image.Archive()
    program = os.path.join(TOOLS, "xentrace")
    archive.copy("usr/sbin/xentrace", program, 0o755)
    for path in libraries(program):
        archive.copy(path, os.path.realpath(path), 0o755)
    for name in NAMES:
        archive.link("usr/sbin/" + name, "xentrace")
    archive.copy("usr/lib/xenith/xentrace-formats", RULES)
    tools = os.path.join(folder, "tools.cpio")
    archive.write(tools)
    return image.join_archives([suite.initrd, tools], os.path.join(folder, "initrd"))


def good(m, command, timeout=120):
    out, rc = m.run(command, timeout)
    assert rc == 0, f"{command}: {out}"
    return out


def refused(m, command, *wanted):
    """One line on standard error that holds the texts, a status that is not 0."""
    out, rc = m.run(f"{command} 2>&1 >/dev/null", 60)
    lines = [line for line in out.splitlines() if line]
    assert rc != 0 and len(lines) == 1, f"{command}: status {rc}: {out}"
    for text in wanted:
        assert text in lines[0], f"{command}: {out}"


def check_capture(suite, m):
    with suite.check("a capture holds what dom0 does"):
        good(m, "xentrace -D -e all -T 3 /tmp/all & sleep 1; cat /proc/*/status >/tmp/x; wait $!")
        good(m, "xentrace_format < /tmp/all > /tmp/all.txt")
        found = collections.Counter(
            good(m, r"sed 's/.*) *\([a-z_]*\).*/\1/' /tmp/all.txt | sort | uniq -c").split()[1::2])
        for event in ("hypercall", "runnable_to_running", "running_to_blocked", "do_block",
                      "domain_wake", "switch_infprev", "switch_infnext", "page_fault"):
            assert found[event], f"no {event}: {sorted(found)}"
    with suite.check("stamps of a CPU never go back"):
        out, rc = m.run("awk '{ if ($2 < last[$1]) exit 1; last[$1] = $2 }' /tmp/all.txt")
        assert rc == 0, out
    with suite.check("nothing is recorded when nobody asked"):
        good(m, "xentrace -D -X -T 1 /tmp/off")
        assert good(m, "wc -c < /tmp/off").strip() == "0"
    with suite.check("only the events that were asked for"):
        good(m, "xentrace -D -e 0x21000 -T 1 /tmp/min")
        out = good(m, "xentrace_format -a < /tmp/min | grep -v -e _to_ -e continue_running; true")
        assert not out.strip(), out
    with suite.check("a capture that was kept in memory is whole"):
        good(m, "xentrace -D -M 8K -T 2 /tmp/new")
        assert good(m, "xentrace_format < /tmp/new | tail -1").startswith("CPU")


def percents(line):
    """run, wait and block of a line of xenmon."""
    words = line.split()
    return [0 if word == "-" else float(word) for word in (words[3], words[5], words[7])]


def whole_seconds(lines):
    """Each second's domains; the last one may be so short that rounding is all there is of it."""
    blocks, lengths = [], []
    for line in lines:
        domain, run_ms = line.split()[1:3]
        if not blocks or domain in blocks[-1]:
            blocks.append({})
            lengths.append(0)
        blocks[-1][domain] = percents(line)
        lengths[-1] += 0 if run_ms == "-" else float(run_ms)
    return [of for of, ms in zip(blocks, lengths) if ms > 1000]


def check_sums(suite, m):
    with suite.check("running and idle time add up to the processors' within 0.1 %"):
        good(m, "xentrace -D -e sched -S 64 -T 4 /tmp/sched")
        khz = re.search(r"Detected ([\d.]+) ?MHz", m.text())
        mhz = khz.group(1) if khz else "1000"
        lines = [line for line in good(m, f"xenmon -c {mhz} -f /tmp/sched").splitlines()
                 if line.strip() and not line.lstrip().startswith("time")]
        blocks = whole_seconds(lines)
        assert len(blocks) >= 2, lines
        for of in blocks:
            run = sum(part[0] for part in of.values())
            assert abs(run - 200) <= 0.2 + 0.02 * len(of), lines
            dom0 = of.get("0")
            assert not dom0 or abs(sum(dom0) - 200) <= 0.25, f"{time}: {dom0}"
    with suite.check("xenmon watches the machine"):
        out = good(m, "xenmon -n 2")
        assert re.search(r"(?m)^ +1\.000 +0 ", out) and re.search(r"(?m)^ +2\.000 +0 ", out), out


def check_picture(suite, m):
    with suite.check("a time line is a picture"):
        text = good(m, "xentrace-timeline /tmp/sched | gzip | base64")
        svg = xml.etree.ElementTree.fromstring(gzip.decompress(base64.b64decode(text)))
        names = [t.text for t in svg.iter("{http://www.w3.org/2000/svg}text")]
        for name in ("CPU 0", "CPU 1", "d0v0", "d0v1"):
            assert name in names, names[:20]


def check_refusals(suite, m):
    with suite.check("what cannot be is refused with one line"):
        refused(m, "xentrace -e bogus /tmp/x", "bogus")
        refused(m, "xentrace -c 9 /tmp/x", "0 to 1")
        refused(m, "xentrace -T 0 /tmp/x")
        refused(m, "xentrace -T 1 /nowhere/x", "/nowhere/x")
        refused(m, "xentrace_setsize 7", "7 pages")
        refused(m, "xentrace_format /nowhere < /tmp/all", "/nowhere")
        refused(m, "sh -c 'echo 0x1 %q >/tmp/r; xentrace_format /tmp/r </tmp/all'", "/tmp/r:1:")
        refused(m, "sh -c 'head -c 1000 /tmp/all | xentrace_format'", "no trace, or a part")
        refused(m, "xentrace-timeline /bin/busybox", "no trace")
        refused(m, "xenmon -i 0", "out of range")


def run(suite):
    folder = os.path.join(suite.logs, "trace")
    os.makedirs(folder, exist_ok=True)
    with suite.boot("trace", smp=2, options="dom0_mem=512M",
                    initrd=initrd_with_tools(suite, folder)) as m:
        with suite.check("dom0 starts"):
            m.wait_shell()
            good(m, "xentrace_setsize 64")
        for check in (check_capture, check_sums, check_picture, check_refusals):
            check(suite, m)
        suite.check_kernel_log(m)
        suite.check_poweroff(m)
