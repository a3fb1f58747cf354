# SPDX-License-Identifier: GPL-2.0-only
"""What an administrator can get wrong: a message that says what and why, then the promised end.

The patterns are ours to keep: a line of the hypervisor's (it begins with "(XEN)") that holds these
words.  Debian's Xen says nothing in some of the cases; there the case is skipped.
"""
import time

from machine import unbroken
from suite import Skip

# Slug, what it is, what stands in the kernel's place (None: no module at all), the message.
KERNELS = [
    ("nomodule", "no module at all", None, r"no .*module|no dom0 kernel|kernel not specified"),
    ("text", "a text file as kernel", "text", r"not a.* kernel|not an ELF|no ELF"),
    ("elfheader", "a broken ELF header", "elfheader", r"not a.* kernel|ELF"),
    ("nonotes", "an ELF kernel without PV notes", "nonotes",
     r"no .*(note|PV)|not a .*PV|without .*note|not.*xen.*(kernel|binary|image)"),
    ("truncated", "a truncated kernel", "truncated",
     r"truncated|short|unpack|decompress|corrupt|beyond"),
    ("corrupt", "a kernel with a corrupted payload", "corrupt",
     r"corrupt|unpack|decompress|checksum|damaged|broken"),
]

# Slug, what it is, options, the message, does the boot go on?
OPTIONS = [
    ("unknown", "an unknown option", "dom0_mem=512M frobnicate=1",
     r"unknown.*frobnicate|frobnicate.*unknown", True),
    ("malformed", "an option that cannot be read", "dom0_mem=banana", r"banana", False),
    ("toomuch", "dom0_mem of more than there is", "dom0_mem=min:8G",
     r"dom0_mem|not enough|too little|does not fit|insufficient|only .* (available|free)", False),
    ("toosmall", "dom0_mem that holds no kernel", "dom0_mem=6M",
     r"too (small|little)|not enough|does not fit|insufficient", False),
]
PEER_IS_SILENT = {"truncated", "unknown", "malformed", "toomuch", "toosmall"}


def wait_message(m, words, timeout=40):
    m.expect(r"(?i)\(XEN\)[^\n]*(" + words + ")", timeout)


def has_message(suite, slug):
    if suite.is_peer and slug in PEER_IS_SILENT:
        raise Skip("Debian's Xen has no message for it")


def run_kernels(suite):
    for slug, name, kernel, words in KERNELS:
        options = {"kernel": suite.bad[kernel]} if kernel else {"modules": []}
        with suite.boot("bad-" + slug, memory=512, options="dom0_mem=256M", **options) as m:
            with suite.check(name + ": says so"):
                has_message(suite, slug)
                wait_message(m, words)
            with suite.check(name + ": reboots"):
                m.wait_end(25)


def run_options(suite):
    for slug, name, options, words, goes_on in OPTIONS:
        with suite.boot("bad-" + slug, memory=1024, options=options) as m:
            with suite.check(name + ": says so"):
                has_message(suite, slug)
                wait_message(m, words)
            if goes_on:
                with suite.check(name + ": boots on"):
                    m.expect(unbroken("Linux version") + "|DOM0-INIT", 150)


def run_crash(suite):
    with suite.boot("crash-noreboot", options="dom0_mem=256M noreboot", memory=512,
                    dom0_options="rdinit=/none root=none panic=1 lab.modules=no") as m:
        with suite.check("dom0 panics: its crash is reported"):
            wait_message(m, r"dom(ain )?\s?0.*crash|crash.*dom(ain )?\s?0", 90)
        with suite.check("noreboot: the machine stands still"):
            time.sleep(8)
            assert m.console.isalive(), "it rebooted"
    with suite.boot("crash-reboot", options="dom0_mem=256M", memory=512,
                    dom0_options="rdinit=/none root=none panic=1 lab.modules=no") as m:
        with suite.check("dom0 panics: reboots without noreboot"):
            wait_message(m, "crash", 90)
            m.wait_end(30)


def run(suite):
    run_kernels(suite)
    run_options(suite)
    if suite.is_full:
        run_crash(suite)
