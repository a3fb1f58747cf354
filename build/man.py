#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Manual pages: docs/man/NAME.SECTION.md becomes DIST/man/manSECTION/NAME.SECTION.gz by lowdown.

    build/man.py DIST       the programs of DIST/tools/bin must have been built

What the programs know themselves is not written down twice: comments in the pages are replaced by
the output of "program --help", by xm's table of commands, by the tables of configuration keys and
by the commented settings of the init scripts.
"""
import glob
import gzip
import os
import re
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MANUAL = os.path.join(TOP, "docs", "man")


def read(path):
    with open(os.path.join(TOP, path), encoding="utf-8") as f:
        return f.read()


class Programs:
    def __init__(self, folder):
        self.folder = folder

    def output(self, *command):
        program = os.path.join(self.folder, command[0])
        if not os.path.exists(program):
            sys.exit(f"man: {program} is not there: make tools")
        result = subprocess.run([program, *command[1:]], stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return result.stdout.rstrip()


def escape(text):
    return re.sub(r"([\\`*_\[\]<>#])", r"\\\1", text)


def entry(term, text):
    return f"{term}\n:   {text}\n"


def verbatim(text):
    return "\n".join("    " + line for line in text.splitlines())


# ---- What the comments stand for ----

def xm_commands(programs):
    """A heading for each command, its usage, its help, its options."""
    names = re.findall(r"(?m)^ ([a-z][a-z0-9-]*) ", programs.output("xm", "help"))
    return "\n".join(xm_command(programs.output("xm", name, "--help")) for name in names)


def xm_command(text):
    usage, _, rest = text.partition("\n\n")
    what, _, options = rest.partition("\n\n")
    words = usage.removeprefix("Usage: xm ").split(None, 1)
    term = f"**{words[0]}**" + (f" {escape(words[1])}" if len(words) > 1 else "")
    out = entry(term, escape(" ".join(what.split())))
    options = re.sub(r"\n {10,}", " ", options)
    rows = re.findall(r"(?m)^  (\S.*?)  +(\S.*)$", options)
    return out + "".join(f"\n    `{name}` {escape(help_)}\n" for name, help_ in rows)


def directives(programs):
    text = programs.output("xm", "create", "--help_config")
    rows = re.findall(r"(?m)^  ([a-z]\S*) +(\S.*)$", text)
    return "\n".join(entry(f"**{escape(name)}**", escape(help_)) for name, help_ in rows)


def xend_keys():
    source = re.sub(r'"\s*\n\s*"', "", read("tools/libs/config/xend.c"))
    table = source.partition("config_key keys[]")[2].partition("\n};")[0]
    rows = []
    for kind, args in re.findall(r"\b(TEXT|NUMBER|FLAG)\(((?:[^()\"]|\"[^\"]*\")*)\)", table):
        strings = re.findall(r'"([^"]*)"|\bNULL\b', args)
        rows.append((strings[0], strings[1], strings[-1]))
    for name, default, what in re.findall(
            r'\.name = "([^"]+)".*?\.fallback =\s*"([^"]*)".*?\.help = "([^"]+)"', table, re.S):
        rows.append((name, default, what))
    if len(rows) < 40:
        sys.exit(f"man: {len(rows)} keys found in tools/libs/config/xend.c")
    return "\n".join(entry(f"**{name}**", escape(what + (f" [{default}]" if default else "")))
                     for name, default, what in sorted(rows))


def settings(path):
    rows = re.findall(r"(?m)((?:^#.*\n)+)([A-Z_]+)=(.*)$", read(path))
    return "\n".join(
        entry(f"**{escape(name)}**={escape(value)}",
              escape(" ".join(line.lstrip("# ") for line in comment.splitlines())))
        for comment, name, value in rows)


def replacement(what, programs):
    verb, _, rest = what.partition(" of ")
    if verb == "output":
        return verbatim(programs.output(*rest.split()))
    if verb == "settings":
        return settings(rest)
    made = {"commands of xm": lambda: xm_commands(programs),
            "directives of domains": lambda: directives(programs),
            "keys of xend-config.sxp": xend_keys}
    if what not in made:
        sys.exit(f"man: nothing is known as '{what}'")
    return made[what]()


# ---- Pages ----

def roff(name, section, markdown):
    head = f"Title: {name}\nSection: {section}\nDate: \nSource: Xenith\nVolume: Xenith manual\n\n"
    command = ["lowdown", "-s", "-tman", "--out-no-smarty"]
    return subprocess.run(command, input=head + markdown, check=True, stdout=subprocess.PIPE,
                          text=True).stdout


def write(folder, page, text):
    section = page.rsplit(".", 1)[1]
    path = os.path.join(folder, "man" + section, page + ".gz")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(gzip.compress(text.encode(), 9, mtime=0))


def aliases(page, markdown):
    """Further names in a page's first section: each is a page that refers to it."""
    names = re.search(r"# NAME\n\n(.*?) - ", markdown, re.S).group(1)
    section = page.rsplit(".", 1)[1]
    for name in re.split(r",\s*", names):
        if f"{name}.{section}" != page:
            yield f"{name}.{section}"


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    programs = Programs(os.path.join(sys.argv[1], "tools", "bin"))
    folder = os.path.join(sys.argv[1], "man")
    for path in sorted(glob.glob(MANUAL + "/*.md")):
        page = os.path.basename(path)[:-3]
        markdown = re.sub(r"<!-- (.*?) -->", lambda m: replacement(m.group(1), programs),
                          read(path))
        name, section = page.rsplit(".", 1)
        write(folder, page, roff(name.upper(), section, markdown))
        for other in aliases(page, markdown):
            write(folder, other, f".so man{section}/{page}\n")
    for path in sorted(glob.glob(MANUAL + "/*.[0-9]")):
        write(folder, os.path.basename(path), read(path))
    print(f"  MAN     {folder}")


if __name__ == "__main__":
    main()
