#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The manual: writes the parts that follow from the source, checks the rest, makes HTML of all.

    build/docs.py           refresh the tables and the picture in docs/, write dist/docs/*.html
    build/docs.py --check   change nothing; fail if what is committed is not what the source says

Tables stand between "<!-- generated: NAME -->" and "<!-- end -->".  Texts of boot options are in
docs/options.txt; that they are there and what they are called is read from the declarations.
Prints a line for each offence, then "N passed, N failed".
"""
import glob
import os
import re
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TOP, "build"))
sys.dont_write_bytecode = True
import graph  # noqa: E402
import html_pages  # noqa: E402

# hypercall, pattern of its sub-operations' names, header under xen/include/public, dispatching file
CALLS = [
    ("memory_op", r"XENMEM_(?!resource_|\w+_op_)[a-z]\w*", "memory.h",
     "xen/common/memory/memory_op.c"),
    ("mmu_update", r"MMU_[A-Z]+_\w+", "xen.h", "xen/arch/x86/pv/mmu_update.c"),
    ("mmuext_op", r"MMUEXT_[A-Z]\w*", "xen.h", "xen/arch/x86/pv/mmuext.c"),
    ("event_channel_op", r"EVTCHNOP_[a-z]\w*", "event_channel.h", "xen/common/event/event_op.c"),
    ("grant_table_op", r"GNTTABOP_(?!error)[a-z]\w*", "grant_table.h",
     "xen/common/grant/grant_op.c"),
    ("sched_op", r"SCHEDOP_[a-z]\w*", "sched.h", "xen/common/sched/sched_op.c"),
    ("vcpu_op", r"VCPUOP_[a-z]\w*", "vcpu.h", "xen/common/domain/vcpu_op.c"),
    ("xen_version", r"XENVER_[a-z]\w*", "version.h", "xen/common/domain/version.c"),
    ("console_io", r"CONSOLEIO_[a-z]\w*", "xen.h", "xen/common/console/console_io.c"),
    ("vm_assist", r"VMASST_TYPE_\w+", "xen.h", "xen/common/domain/vm_assist.c"),
    ("callback_op", r"CALLBACKOP_\w+", "callback.h", "xen/arch/x86/pv/callback.c"),
    ("nmi_op", r"XENNMI_\w+", "nmi.h", "xen/arch/x86/pv/callback.c"),
    ("set_segment_base", r"SEGBASE_\w+", "arch-x86/xen-x86_64.h", "xen/arch/x86/pv/callback.c"),
    ("physdev_op", r"PHYSDEVOP_[a-z]\w*", "physdev.h", "xen/arch/x86/guest/physdev_op.c"),
    ("platform_op", r"XENPF_[a-z]\w*", "platform.h", "xen/arch/x86/guest/platform_op.c"),
    ("arch_0", r"XEN_MC_[a-z]\w*", "arch-x86/xen-mca.h", "xen/arch/x86/guest/mca.c"),
    ("domctl", r"XEN_DOMCTL_(?!vmtrace_(?!op))[a-z]\w*", "domctl.h",
     "xen/common/domain/domctl.c"),
    ("sysctl", r"XEN_SYSCTL_(?!cpu_policy_|cpu_featureset_|pm_op_)[a-z]\w*", "sysctl.h",
     "xen/common/domain/sysctl.c"),
]
# A dispatcher that hands a group of sub-operations on: the function, and where it sorts them.
HANDED_ON = {"arch_memory_op": "xen/arch/x86/guest/memory_map.c"}
# What a call answers to an operation that it does not have, where that is not -ENOSYS.
ABSENT = {"vm_assist": "-EINVAL", "set_segment_base": "-EINVAL"}


def read(path):
    with open(os.path.join(TOP, path), encoding="utf-8") as f:
        return f.read()


def code_of(path):
    """A source file without comments."""
    return re.sub(r"/\*.*?\*/", "", read(path), flags=re.S)


# ---- Boot options ----

def options_declared():
    """{name: [(kind, file), ...]}"""
    found = {}
    for path in sorted(glob.glob(os.path.join(TOP, "xen/**/*.c"), recursive=True)):
        path = os.path.relpath(path, TOP)
        for kind, name in re.findall(r'^OPTION_([A-Z]+)\(\w+, *"([^"]+)"', code_of(path), re.M):
            found.setdefault(name, []).append((kind, path))
    return found


def options_described():
    """[(group, [(name, value, default, text), ...]), ...]"""
    groups = []
    for line in read("docs/options.txt").splitlines():
        if re.match(r"# [A-Z]", line) and not line.endswith((",", ".")):
            groups.append((line[2:], []))
        elif not line.startswith("#") and line.count(" | ") >= 3:
            groups[-1][1].append(tuple(line.split(" | ", 3)))
    return [g for g in groups if g[1]]


def options_offences():
    declared = options_declared()
    described = [row[0] for _, rows in options_described() for row in rows]
    for name in sorted(set(declared) - set(described)):
        yield f"docs/options.txt: no text for {name} of {declared[name][0][1]}"
    for name in sorted(set(described) - set(declared)):
        yield f"docs/options.txt: there is no option {name} in the source"
    for name, places in sorted(declared.items()):
        if len(places) > 1:     # the parser stops at the first
            yield f"option {name} is declared twice: " + ", ".join(p for _, p in places)


def options_table():
    declared = options_declared()
    lines = []
    for group, rows in options_described():
        rows = [r for r in rows if r[0] in declared]
        lines += ["", f"### {group}", "",
                  "| option | value | default | what it does | declared in |",
                  "|---|---|---|---|---|"]
        lines += [f"| `{name}` | {value} | {default} | {text} | `{declared[name][0][1][4:]}` |"
                  for name, value, default, text in rows]
    return lines[1:]


# ---- Hypercalls ----

def numbers(header, pattern):
    """[(number, name), ...] of a public header, in numerical order."""
    text = code_of("xen/include/public/" + header)
    found = re.findall(rf"^\s*#\s*define\s+({pattern})\s+(0[xX][0-9a-fA-F]+|\d+)\s*$", text, re.M)
    return sorted((int(value, 0), name) for name, value in found)


def hypercall_rows():
    """{name: (function, flags)} of the table in xen/hypercall.c."""
    text = code_of("xen/hypercall.c")
    return {name: (fn, flags) for name, fn, flags in
            re.findall(r"^\s*ROW\((\w+),\s*(\w+),\s*(\w+)\)", text, re.M)}


def function_body(name, own_path):
    """The body of a function, from its dispatcher's file before all others; "" if there is none."""
    pattern = re.compile(rf"^[^\n#]*\b{name}\([^;{{]*\)\n\{{(.*?)^\}}", re.M | re.S)
    for path in [own_path, *sorted(graph.sources())]:
        match = pattern.search(code_of(path))
        if match and (path == own_path or not match.group(0).startswith("static")):
            return match.group(1)
    return ""


def constant_error(body):
    """The error that a function ends in, if it has no way to succeed."""
    returns = re.findall(r"\breturn ([^;]+);", body)
    errors = [re.match(r"(?:refuse\(.*?)?(-E[A-Z0-9]+)", r, re.S) for r in returns]
    known = all(e or (r == "rc" and "if (rc)" in body) for e, r in zip(errors, returns))
    ends = re.search(r"return [^;]+;[\s}]*$", body)
    return errors[-1].group(1) if returns and errors[-1] and known and ends else None


def state_in(path, name, absent="-ENOSYS"):
    """What a dispatcher does with a sub-operation: "yes", or the error that it always answers."""
    text = code_of(path)
    if not re.search(rf"\b{name}\b", text):
        return absent
    case = re.search(rf"\bcase {name}:(?:\s*case \w+:)*\s*(.*?)(?=\bcase |\bdefault\b)", text,
                     re.S)
    row = re.search(rf"\[{name}\]\s*= \{{?\s*(\w+)", text)
    test = re.search(rf"== {name}\) \{{?\s*(return -E[A-Z]+;)", text)
    body = case.group(1).strip() if case else test.group(1) if test else ""
    always = re.match(r"return (-E[A-Z0-9]+);", body)
    if always:
        return always.group(1)
    handler = re.match(r"return (\w+)\(", body) or row
    if not handler:
        return "yes"
    if handler.group(1) in HANDED_ON:
        return state_in(HANDED_ON[handler.group(1)], name)
    return constant_error(function_body(handler.group(1), path)) or "yes"


def hypercall_table():
    rows = hypercall_rows()
    lines = ["| number | hypercall | state | who | handler |", "|--:|---|---|---|---|"]
    for number, name in numbers("xen.h", r"__HYPERVISOR_[a-z]\w*"):
        name = name[len("__HYPERVISOR_"):]
        fn, flags = rows.get(name, ("", ""))
        who = {"ANY": "any domain", "DOM0": "dom0"}.get(flags, flags)
        lines.append(f"| {number} | {name} | {'yes' if fn else '-ENOSYS'} | {who} | "
                     f"{f'`{fn}`' if fn else ''} |")
    return lines


def operations_table():
    rows = hypercall_rows()
    lines = []
    for call, pattern, header, path in CALLS:
        if call not in rows:
            continue
        ops = numbers(header, pattern)
        absent = ABSENT.get(call, "-ENOSYS")
        states = [(number, name, state_in(path, name, absent)) for number, name in ops]
        done = sum(state == "yes" for _, _, state in states)
        title = call if call != "arch_0" else "arch_0 (machine checks)"
        lines += ["", f"### {title}: {done} of {len(ops)}", "",
                  f"Header `public/{header}`, sorted out in `{path}`.", "",
                  "| number | sub-operation | state |", "|--:|---|---|"]
        lines += [f"| {number} | {name} | {state} |" for number, name, state in states]
    return lines[1:]


def summary_table():
    rows = hypercall_rows()
    calls = numbers("xen.h", r"__HYPERVISOR_[a-z]\w*")
    absent = [n[13:] for _, n in calls if n[13:] not in rows and not re.match(r".*arch_[1-7]$", n)]
    return [f"{len(rows)} hypercalls are there; these answer -ENOSYS: {', '.join(absent)}."]


# ---- Debug keys ----

def keys_table():
    found = {}
    for path in sorted(glob.glob(os.path.join(TOP, "xen/**/*.c"), recursive=True)):
        path = os.path.relpath(path, TOP)
        for key, text in re.findall(r"key_register(?:_irq_safe)?\('(.)', *\w+,\s*\"([^\"]*)\"",
                                    read(path)):
            found[key] = (text, path)
    order = sorted(found, key=lambda k: (not k.isalnum(), k.lower(), k))
    return ["| key | what it prints or does | in |", "|---|---|---|"] + [
        f"| `{k}` | {found[k][0]} | `{found[k][1][4:]}` |" for k in order]


# ---- Manual page ----

def roff(text):
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    return re.sub(r"`([^`]*)`", r"\\fB\1\\fR", text)


def man_page():
    declared = options_declared()
    lines = ['.\\" SPDX-License-Identifier: GPL-2.0-only',
             '.\\" Written by build/docs.py out of docs/options.txt.',
             '.TH XEN\\-BOOT 7 "" "Xenith" "Xenith manual"', ".SH NAME",
             "xen\\-boot \\- options of the hypervisor's command line", ".SH SYNOPSIS",
             ".B multiboot2 /boot/xen.gz", ".I OPTION ...", ".RB [ \\-\\- ",
             ".IR \"DOM0 OPTION ...\" ]", ".SH DESCRIPTION"]
    text = read("docs/boot.md").partition("## Options\n")[2].partition("<!--")[0]
    lines += [roff(" ".join(text.split()))]
    for group, rows in options_described():
        lines.append(f".SS {roff(group)}")
        for name, value, default, text in rows:
            if name in declared:
                lines += [".TP", f"\\fB{roff(name)}\\fR = {roff(value)} "
                          f"(default: {roff(default)})", roff(text)]
    return "\n".join(lines) + "\n"


# ---- Pages ----

TABLES = {"options": options_table, "hypercalls": hypercall_table, "operations": operations_table,
          "summary": summary_table, "keys": keys_table}


def with_tables(text):
    def fill(match):
        lines = TABLES[match.group(1)]()
        return f"<!-- generated: {match.group(1)} -->\n\n" + "\n".join(lines) + "\n\n<!-- end -->"
    return re.sub(r"<!-- generated: (\w+) -->.*?<!-- end -->", fill, text, flags=re.S)


def pages():
    return ["README.md"] + sorted(os.path.relpath(p, TOP)
                                  for p in glob.glob(os.path.join(TOP, "docs", "*.md")))


def wanted():
    """{path: text} of everything that follows from the source."""
    files = {page: with_tables(read(page)) for page in pages() if "<!-- generated:" in read(page)}
    files["docs/man/xen-boot.7"] = man_page()
    files["docs/architecture.svg"] = graph.svg()
    return files


def page_offences(page):
    """Links that lead nowhere, and files that are named but do not exist."""
    text = re.sub(r"^```.*?^```", "", read(page), flags=re.S | re.M)
    folder = os.path.dirname(page)
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
        if not os.path.exists(os.path.join(TOP, folder, target)):
            yield f"{page}: link to {target}, which is not there"
    for name in re.findall(r"`((?:xen|tools|tests|build|bench|docs)/[\w./-]*\w)`", text):
        if not any(os.path.exists(os.path.join(TOP, root, name)) for root in ("", "xen/include")):
            yield f"{page}: names {name}, which is not there"


def report(offences_by_subject):
    failed = 0
    for offences in offences_by_subject:
        for line in offences:
            print(line)
        failed += bool(offences)
    print(f"{len(offences_by_subject) - failed} passed, {failed} failed")
    return failed


def main():
    check = sys.argv[1:] == ["--check"]
    if sys.argv[1:] and not check:
        sys.exit(__doc__)
    results = [list(options_offences())]
    for path, text in wanted().items():
        old = read(path) if os.path.exists(os.path.join(TOP, path)) else ""
        results.append([f"{path}: not what the source says: run make docs"]
                       if check and old != text else [])
        if not check and old != text:
            os.makedirs(os.path.dirname(os.path.join(TOP, path)) or TOP, exist_ok=True)
            with open(os.path.join(TOP, path), "w", encoding="utf-8") as f:
                f.write(text)
            print(f"  GEN     {path}")
    results += [list(page_offences(page)) for page in pages()]
    if not check:
        html_pages.write(TOP, pages(), os.path.join(TOP, "dist/docs"))
    sys.exit(report(results) != 0)


if __name__ == "__main__":
    main()
