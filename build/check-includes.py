#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Checks every #include against the table of who may include whom (docs/architecture).

A room is a folder.  RULES is that table: the first pattern that a file's path matches says which
headers it may name, by pattern too, once a header is resolved to a path in the tree; "libc" stands
for the system's headers.  Headers beside a file, and in the folders above it within its room, are
its own and always allowed.

Prints one line for each offence, then "N passed, N failed".
"""
import os
import re
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROOTS = ["xen/include", "xen/arch/x86/include", "xen"]
FREESTANDING = {"stdint.h", "stddef.h", "stdbool.h", "stdarg.h", "limits.h", "stdalign.h",
                "stdnoreturn.h", "float.h", "iso646.h"}
# lib is also compiled for the host, where these stand for its own.
HOST = {"errno.h", "string_names.h", "string.h", "strings.h"}
ARCHIVES = {"zlib.h", "lzma.h", "zstd.h", "zstd_errors.h", "lz4.h", "lz4frame.h", "lz4hc.h"}

PUBLIC, LIB, FACES = r"xen/include/public/.*", r"xen/lib/.*", r"xen/include/xen/.*"
ASM, ARCH = r"xen/arch/x86/include/asm/.*", r"xen/arch/x86/include/x86/.*"
# Written by the build: structure offsets for assembly, the version, switches.
GENERATED = r"(xen/)?(generated|dist)/.*|.*\b(offsets|config|version|compile)\.h"
BASE = r"tools/libs/base/.*"
# Where a header belongs by its name alone, for those that are not written yet.
PREFIXES = [("lib/", "xen/"), ("xen/", "xen/include/"), ("public/", "xen/include/"),
            ("asm/", "xen/arch/x86/include/"), ("x86/", "xen/arch/x86/include/")]

# file, what it may include, what it may not although the second column would let it
RULES = [
    (r"xen/include/public/.*", [PUBLIC], None),
    (r"xen/lib/decompress\.c", [LIB, "archives"], None),
    (r"xen/lib/.*", [LIB, "host"], None),
    (r"xen/arch/x86/include/asm/.*", [PUBLIC, LIB, ASM, r"xen/include/xen/types\.h"], None),
    (r"xen/include/xen/(?P<twin>types|page|atomic|bitops|current)\.h",
     [PUBLIC, LIB, FACES, r"xen/arch/x86/include/asm/(?P=twin)\.h"], None),
    # struct domain and struct vcpu embed the processor's part.
    (r"xen/include/xen/domain\.h",
     [PUBLIC, LIB, FACES, r"xen/arch/x86/include/x86/domain\.h"], None),
    (r"xen/include/xen/.*", [PUBLIC, LIB, FACES], None),
    (r"xen/common/.*", [PUBLIC, FACES, LIB], None),
    (r"xen/arch/x86/include/x86/.*", [PUBLIC, FACES, LIB, ASM, ARCH], None),
    (r"xen/arch/x86/pv/.*", [PUBLIC, FACES, LIB, ASM, ARCH], r"xen/arch/x86/include/x86/hvm.*"),
    (r"xen/arch/x86/hvm/.*", [PUBLIC, FACES, LIB, ASM, ARCH], r"xen/arch/x86/include/x86/pv.*"),
    (r"xen/arch/x86/.*", [PUBLIC, FACES, LIB, ASM, ARCH], None),
    (r"xen/drivers/.*", [PUBLIC, FACES, LIB, ASM, r"xen/arch/x86/include/x86/(irq|mm)\.h"], None),
    (r"xen/(main|hypercall)\.c", [PUBLIC, FACES, LIB, ARCH], None),
    (r"xen/build/.*", [PUBLIC, LIB, "libc"], None),
    # Also compiled into libguest, from the hypervisor's own lib.
    (r"tools/libs/guest/image/(xz|crc32)\.c",
     [PUBLIC, "libc", BASE, r"tools/libs/xc/.*", r"xen/lib/unpack\.h"], None),
    (r"tools/libs/guest/.*", [PUBLIC, "libc", BASE, r"tools/libs/xc/.*"], None),
    (r"tools/libs/host/.*", [PUBLIC, "libc", BASE, r"tools/libs/(xc|xs|guest)/.*"], None),
    (r"tools/libs/.*", [PUBLIC, "libc", BASE], None),
    (r"tools/firmware/.*", [PUBLIC], None),
    (r"tools/.*", [PUBLIC, "libc", r"tools/libs/.*"], None),
    (r"tests/guests/.*", [PUBLIC, r"tests/guests/lib/.*"], None),
    (r"tests/.*|bench/.*", ["libc", r"xen/.*", r"tools/.*", r"tests/.*"], None),
]


def sources():
    for room in ("xen", "tools", "tests", "bench"):
        for folder, folders, files in os.walk(os.path.join(TOP, room)):
            folders[:] = sorted(f for f in folders if f not in ("dist", ".git"))
            for name in sorted(files):
                if name.endswith((".c", ".h", ".S")):
                    yield os.path.relpath(os.path.join(folder, name), TOP)


def room_of(path):
    """The outermost folder whose headers a file may call its own."""
    parts = path.split("/")
    depth = 4 if path.startswith("xen/arch/x86/") else 3
    if parts[0] == "tools" and parts[1] != "libs":
        depth = 2                               # a program is one room
    return "/".join(parts[:min(depth, len(parts) - 1)])


def resolve(path, name, quoted):
    """The tree's path of an included header, or None if it is not the tree's."""
    folder = os.path.dirname(path)
    candidates = [os.path.normpath(os.path.join(folder, name))] if quoted else []
    roots = list(ROOTS)
    if not quoted and name in FREESTANDING:
        return None
    if path.startswith("tools/"):
        if name.startswith("xen/"):             # the public headers as they are installed
            return "xen/include/public/" + name[4:]
        roots = ["xen/include", "tools", "tools/libs", "tools/libs/base", *tool_roots(path)]
    if path.startswith("tests/"):
        roots += ["tests/guests/lib", "tests/guests", "tests/unit", "tests", "tools/libs", "tools"]
    candidates += [os.path.join(root, name) for root in roots]
    found = next((c for c in candidates if os.path.isfile(os.path.join(TOP, c))), None)
    return found or next((root + name for prefix, root in PREFIXES if name.startswith(prefix)),
                         None)


def tool_roots(path):
    """A tool's own folder, and those of libraries that keep their headers in include/."""
    parts = path.split("/")
    yield "/".join(parts[:3] if parts[1] == "libs" else parts[:2])
    libs = os.path.join(TOP, "tools/libs")
    for lib in sorted(os.listdir(libs)) if os.path.isdir(libs) else []:
        yield f"tools/libs/{lib}/include"
        yield f"tools/libs/{lib}"


def is_allowed(path, name, quoted):
    for pattern, allowed, refused in RULES:
        match = re.fullmatch(pattern, path)
        if not match:
            continue
        target = resolve(path, name, quoted)
        if target is None:
            if re.fullmatch(GENERATED, name):
                return True
            if name in FREESTANDING or "libc" in allowed:
                return True
            return any(word in allowed and name in headers
                       for word, headers in (("archives", ARCHIVES), ("host", HOST)))
        own = room_of(path)
        if quoted and target.startswith(own + "/") and os.path.dirname(path).startswith(
                os.path.dirname(target)):
            return True
        if path.startswith(("tools/", "tests/")) and target.startswith(own + "/"):
            return True
        if refused and re.fullmatch(refused, target):
            return False
        twin = match.groupdict().get("twin", "")
        patterns = [a.replace("(?P=twin)", twin) for a in allowed]
        return any(re.fullmatch(a, target) for a in patterns)
    return False


def main():
    passed = failed = 0
    for path in sources():
        bad = []
        with open(os.path.join(TOP, path), encoding="utf-8", errors="replace") as f:
            for number, line in enumerate(f, 1):
                match = re.match(r'\s*#\s*include\s+([<"])([^>"]+)[>"]', line)
                if match and not is_allowed(path, match.group(2), match.group(1) == '"'):
                    bad.append(f"{path}:{number}: may not include {match.group(2)}")
        for line in bad:
            print(line)
        failed += bool(bad)
        passed += not bad
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed != 0)


if __name__ == "__main__":
    main()
