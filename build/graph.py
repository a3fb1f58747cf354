#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Which room of the tree uses which: the picture docs/architecture.svg.

    build/graph.py                  the edges, a line each
    build/graph.py ROOM [ROOM]      what the first calls in the second, or in all others
    build/graph.py --svg            the picture

Inside xen/ an edge says that a file of one room names a function which another room defines (calls
out of headers' inline functions are not counted); between xen/include/public, tools and tests it
says that a file includes a header.  Nothing else is drawn, so the picture is out of date exactly
when an edge has come or gone; build/docs.py --check finds that out.
"""
import importlib
import os
import re
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TOP, "build"))
sys.dont_write_bytecode = True
includes = importlib.import_module("check-includes")

PUBLIC = "include/public"
DEFINITION = re.compile(r"^(?!typedef|#)[A-Za-z_][^\n;={}#]*?\b(\w+)\([^;{}]*\)[^;{}=()]*\{", re.M)
LABEL = re.compile(r"^\s*(?:\.globl|\.global|ENTRY\()\s*(\w+)", re.M)


def strip(text):
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    return re.sub(r'"(\\.|[^"\\\n])*"', '""', text)


def room_of(path):
    parts = path.split("/")
    if parts[0] == "xen":
        return parts[1] if len(parts) == 2 else "/".join(parts[1:-1])
    return "/".join(parts[:3] if parts[1] == "libs" else parts[:2])


def sources():
    """{path: text} of the code of xen/, without headers and host programs."""
    found = {}
    for folder, folders, files in os.walk(os.path.join(TOP, "xen")):
        folders[:] = sorted(f for f in folders if f not in ("include", "build"))
        for name in sorted(files):
            if name.endswith((".c", ".S")) and not name.endswith(".lds.S"):
                path = os.path.join(folder, name)
                with open(path, encoding="utf-8") as f:
                    found[os.path.relpath(path, TOP)] = strip(f.read())
    return found


def calls():
    """{(room, room): set of functions} inside xen/."""
    files = sources()
    home, own = {}, {path: set() for path in files}
    for path, text in files.items():
        for match in (DEFINITION if path.endswith(".c") else LABEL).finditer(text):
            if match.group(0).startswith(("static", "INLINE")):
                own[path].add(match.group(1))
            else:
                home.setdefault(match.group(1), room_of(path))
    edges = {}
    for path, text in files.items():
        for word in set(re.findall(r"(?<![.>\w])[A-Za-z_]\w*\b", text)) - own[path]:
            if home.get(word, room_of(path)) != room_of(path):
                edges.setdefault((room_of(path), home[word]), set()).add(word)
    return edges


def header_edges():
    """Pairs of groups: who includes the ABI, and the libraries."""
    found = set()
    for path in includes.sources():
        if path.startswith("xen/build/") or path.startswith("xen/include/"):
            continue
        for quote, name in re.findall(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]',
                                      includes_text(path), re.M):
            target = includes.resolve(path, name, quote == '"') or ""
            a, b = group_of(path), group_of(target)
            if a and b and a != b and (b == PUBLIC or a.startswith("tools")):
                found.add((a, b))
    return found


def includes_text(path):
    with open(os.path.join(TOP, path), encoding="utf-8", errors="replace") as f:
        return f.read()


def group_of(path):
    for pattern, group in ((r"xen/include/public/", PUBLIC), (r"xen/lib/", "lib"),
                           (r"xen/common/", "common"), (r"xen/arch/x86/(?!include)", "arch/x86"),
                           (r"xen/drivers/", "drivers"), (r"xen/(main|hypercall)\.c", "spines"),
                           (r"tools/libs/", "tools/libs"), (r"tools/", "tools"),
                           (r"tests/guests/", "tests/guests")):
        if re.match(pattern, path):
            return group
    return None


def group_edges(edges):
    found = header_edges()
    for a, b in edges:
        pair = group_of(f"xen/{a}/" if "." not in a else f"xen/{a}"), \
               group_of(f"xen/{b}/" if "." not in b else f"xen/{b}")
        if pair[0] != pair[1]:
            found.add(pair)
    return found


# ---- The picture ----

GREY, UP, INK = "#5b7a99", "#d9822b", "#222"
# group: x, y, width, height
BOXES = {
    "tests/guests": (20, 30, 150, 60), "tools": (250, 30, 360, 60),
    "tools/libs": (700, 30, 280, 60),
    PUBLIC: (20, 140, 960, 34), "spines": (410, 225, 180, 44),
    "common": (20, 320, 330, 120), "arch/x86": (650, 320, 330, 120),
    "drivers": (430, 470, 140, 76), "lib": (20, 600, 960, 34),
}
TITLES = {PUBLIC: "xen/include/public: the ABI", "spines": "xen/", "lib": "xen/lib: pure code",
          "common": "xen/common: knows no register", "arch/x86": "xen/arch/x86: the processor",
          "drivers": "xen/drivers", "tools": "tools/: programs of dom0"}
# Where the arrow between two groups runs; an edge that has no row here cannot be drawn, and fails.
ARROWS = {
    ("tests/guests", PUBLIC): (95, 90, 95, 140), ("tools", PUBLIC): (430, 90, 430, 140),
    ("tools/libs", PUBLIC): (840, 90, 840, 140), ("tools", "tools/libs"): (610, 60, 700, 60),
    ("spines", PUBLIC): (500, 225, 500, 174), ("common", PUBLIC): (120, 320, 120, 174),
    ("arch/x86", PUBLIC): (880, 320, 880, 174), ("drivers", PUBLIC): (540, 470, 620, 174),
    ("lib", PUBLIC): (8, 617, 8, 157), ("tools/libs", "lib"): (992, 73, 992, 617),
    ("spines", "common"): (430, 269, 330, 320), ("spines", "arch/x86"): (570, 269, 670, 320),
    ("spines", "drivers"): (500, 269, 500, 470), ("spines", "lib"): (416, 269, 416, 600),
    ("common", "spines"): (330, 320, 430, 269), ("arch/x86", "spines"): (670, 320, 570, 269),
    ("common", "arch/x86"): (350, 360, 650, 360), ("arch/x86", "common"): (650, 385, 350, 385),
    ("common", "drivers"): (330, 440, 430, 490), ("drivers", "common"): (430, 512, 296, 440),
    ("arch/x86", "drivers"): (670, 440, 570, 490), ("drivers", "arch/x86"): (570, 512, 704, 440),
    ("common", "lib"): (120, 440, 120, 600), ("arch/x86", "lib"): (880, 440, 880, 600),
    ("drivers", "lib"): (500, 546, 500, 600),
}


def rooms_in(group, rooms):
    if group in ("tools", "tools/libs"):
        depth = group.count("/") + 1
        return sorted({p.split("/")[depth] for p in includes.sources() if group_of(p) == group})
    if group == "tests/guests":
        return ["tiny kernels"]
    if group == "spines":
        return ["main.c", "hypercall.c"]
    return [r[len(group) + 1:] for r in rooms if r.startswith(group + "/")]


def wrap(words, width):
    lines = [""]
    for word in words:
        if lines[-1] and len(lines[-1]) + len(word) + 1 > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def text(x, y, string, size=12, extra=""):
    return f'<text x="{x}" y="{y}" font-size="{size}" {extra}>{string}</text>'


def boxes_svg(rooms):
    out = []
    for group, (x, y, w, h) in BOXES.items():
        out.append(f'<rect x="{x}" y="{y}" width="{w}" height="{h}" rx="4" class="box"/>')
        out.append(text(x + 8, y + 18, TITLES.get(group, group), 13, 'font-weight="bold"'))
        for i, line in enumerate(wrap(rooms_in(group, rooms), w // 7)):
            out.append(text(x + 8, y + 36 + 15 * i, line))
    return out


def arrows_svg(pairs):
    out = []
    for pair in sorted(pairs):
        if pair not in ARROWS:
            raise SystemExit(f"graph: {pair[0]} uses {pair[1]}: wrong, or draw it in ARROWS")
        x1, y1, x2, y2 = ARROWS[pair]
        out.append(f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" class="arrow"/>')
    return out


def ordered(edges):
    """Rooms by group, and inside it those first which use more than they are used."""
    rooms = {r for pair in edges for r in pair}
    order = ["spines", "arch/x86", "common", "drivers", "lib"]

    def rank(room):
        group = group_of(f"xen/{room}" + ("" if "." in room else "/"))
        out = len([1 for a, _ in edges if a == room])
        used = len([1 for _, b in edges if b == room])
        return order.index(group), room != "main.c", used - out, room
    return sorted(rooms, key=rank)


def matrix_svg(edges, y0):
    rooms = ordered(edges)
    x0, size, out = 190, 24, []
    out.append(text(20, y0, "Room by room: a square says that the row calls the column", 15,
                    'font-weight="bold"'))
    out.append(text(20, y0 + 20, "In blue towards the right, in orange towards the left; "
                    "every pair of both colours is a pair of rooms that call each other."))
    y0 += 150
    for i, room in enumerate(rooms):
        place = size * i
        out.append(text(x0 - 8, y0 + place + 16, room, 12, 'text-anchor="end"'))
        out.append(f'<text transform="translate({x0 + place + 16},{y0 - 8}) rotate(-60)" '
                   f'font-size="12">{room}</text>')
        out.append(f'<rect x="{x0 + place}" y="{y0 + place}" width="{size}" height="{size}" '
                   'class="self"/>')
    side = size * len(rooms)
    for i in range(len(rooms) + 1):
        out.append(f'<path d="M{x0} {y0 + size * i}h{side}M{x0 + size * i} {y0}v{side}" '
                   'class="grid"/>')
    for a, b in sorted(edges, key=lambda e: (rooms.index(e[0]), rooms.index(e[1]))):
        row, column = rooms.index(a), rooms.index(b)
        out.append(f'<rect x="{x0 + size * column + 5}" y="{y0 + size * row + 5}" width="14" '
                   f'height="14" fill="{GREY if column > row else UP}">'
                   f"<title>{a} calls {b}</title></rect>")
    return out, y0 + side + 20


def svg():
    edges = calls()
    matrix, height = matrix_svg(edges, 690)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1000 {height}" '
           f'font-family="sans-serif" fill="{INK}">',
           "<!-- Written by build/graph.py: run make docs. -->",
           f"<style>.box {{ fill: #f4f4f0; stroke: #888; }} .arrow {{ stroke: {GREY}; "
           "stroke-width: 1.6; marker-end: url(#tip); } .grid { stroke: #ddd; fill: none; } "
           ".self { fill: #ccc; }</style>",
           '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" '
           f'markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="{GREY}"/></marker>'
           "</defs>",
           f'<rect width="1000" height="{height}" fill="white"/>']
    out += boxes_svg(ordered(edges)) + arrows_svg(group_edges(edges)) + matrix
    return "\n".join(out + ["</svg>"]) + "\n"


def main():
    if sys.argv[1:] == ["--svg"]:
        sys.stdout.write(svg())
        return
    for (a, b), names in sorted(calls().items()):
        if not sys.argv[1:]:
            print(f"{a} -> {b}")
        elif a == sys.argv[1] and (len(sys.argv) < 3 or b == sys.argv[2]):
            print(f"{a} -> {b}: {' '.join(sorted(names))}")


if __name__ == "__main__":
    main()
