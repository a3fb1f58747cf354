# SPDX-License-Identifier: GPL-2.0-only
"""The hypervisor's own consoles: switching the input, debug keys, the VGA screen."""
import re
import time

from suite import Skip


def screen(m):
    """The text in the VGA adapter's memory, of which the screen is a window."""
    dump = m.monitor("xp /16384hx 0xb8000")
    cells = re.findall(r"0x([0-9a-f]{4})\b", dump)
    return "".join(chr(int(c, 16) & 0x7f) for c in cells)


def run_screen(suite):
    with suite.boot("console-vga", kernel=suite.bad["text"],
                    options="console=com1,vga noreboot") as m:
        with suite.check("an error is on the serial line and on the screen"):
            if suite.is_peer:
                raise Skip("Debian's Xen leaves this screen blank")
            m.expect(r"(?i)\(XEN\)[^\n]*(not a.* kernel|ELF)", 30)
            end = time.monotonic() + 20
            while not re.search(r"(?i)\(XEN\).*(kernel|ELF|dom0)", text := screen(m)):
                assert time.monotonic() < end, text[:400].strip()


def run(suite):
    run_screen(suite)
    with suite.boot("console", options="dom0_mem=512M") as m:
        with suite.check("dom0 has the console"):
            m.wait_shell()
        with suite.check("CTRL-a three times gives the input to the hypervisor"):
            m.send("\x01\x01\x01")
            m.expect(r"(?i)\(XEN\)[^\n]*(input|switch)", 15)
        with suite.check("h lists the debug keys"):
            m.send("h")
            m.expect(r"\(XEN\)[^\n]*key '?[r-z]'?", 15)
            m.expect(r"(?s)key.*\n", 15)
            for key in "0Rhqr":
                assert re.search(rf"\(XEN\).*key '?{key}'?", m.text()), f"no key {key}"
        with suite.check("keys dump registers, domains and run queues"):
            for key, words in (("q", "domain"), ("r", r"sched|run\s?queue|cpu"),
                               ("0", r"rip|registers"),
                               ("d", r"Dumping CPU0 state")):
                m.send(key)
                m.expect(r"(?i)\(XEN\)[^\n]*(" + words + ")", 15)
        with suite.check("CTRL-a three times gives it back to dom0"):
            m.send("\x01\x01\x01")
            m.expect(r"(?i)\(XEN\)[^\n]*(input|switch)", 15)
            m.send("\n")
            assert m.output("echo again").endswith("again")
        suite.check_poweroff(m)
