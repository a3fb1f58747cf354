#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""A picture of a terminal: build/screenshot.py TITLE <log >picture.svg

The text is what a console showed. Control sequences are taken out, a carriage return starts its
line anew, the last lines are kept; a prompt and what was typed behind it stand out.
"""
import html
import re
import sys

COLUMNS, ROWS = 92, 34
WIDTH, HEIGHT, MARGIN, BAR = 8.0, 17, 14, 28
PROMPT = re.compile(r"^(root@\w+:\S+# |\w+# )(.*)$")
COLOURS = {"plain": "#d4d4d4", "prompt": "#7fd88f", "typed": "#ffffff", "xen": "#8fb8e8"}


def lines_of(text):
    text = text.replace("\r\r", "\r")
    text = re.sub(r"\x1b(\[[0-9;?]*[A-Za-z]|[()][A-Z0-9]|\][^\x07]*\x07)", "", text)
    lines = []
    for line in text.replace("\r\n", "\n").split("\n"):
        line = line.rstrip("\r").rsplit("\r", 1)[-1].expandtabs()
        lines.append("".join(c for c in line if c.isprintable()).rstrip())
    return lines


def shown(lines):
    """Cut to the size of the screen, without blank lines at its ends."""
    wrapped = [line[i:i + COLUMNS] for line in lines for i in range(0, max(len(line), 1), COLUMNS)]
    while wrapped and not wrapped[-1]:
        wrapped.pop()
    wrapped = wrapped[-ROWS:]
    while wrapped and not wrapped[0]:
        wrapped.pop(0)
    return wrapped


def spans(line):
    match = PROMPT.match(line)
    parts = [("prompt", match.group(1)), ("typed", match.group(2))] if match else \
        [("xen" if line.startswith("(XEN)") else "plain", line)]
    return "".join(f'<tspan fill="{COLOURS[kind]}">{html.escape(text)}</tspan>'
                   for kind, text in parts if text)


def picture(title, lines):
    width = round(COLUMNS * WIDTH + 2 * MARGIN)
    height = BAR + len(lines) * HEIGHT + 2 * MARGIN
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
           f'viewBox="0 0 {width} {height}">',
           f"<title>{html.escape(title)}</title>",
           f'<rect width="{width}" height="{height}" rx="8" fill="#1c1f24"/>',
           f'<rect width="{width}" height="{BAR}" rx="8" fill="#343a42"/>']
    out += [f'<circle cx="{18 + 20 * i}" cy="{BAR // 2}" r="6" fill="{colour}"/>'
            for i, colour in enumerate(("#e06c60", "#e0b050", "#68b868"))]
    out.append(f'<text x="{width // 2}" y="{BAR // 2 + 5}" fill="#c0c6cc" text-anchor="middle" '
               f'font-family="sans-serif" font-size="13">{html.escape(title)}</text>')
    out.append('<g font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="13.2" '
               'xml:space="preserve">')
    out += [f'<text x="{MARGIN}" y="{BAR + MARGIN + (i + 1) * HEIGHT - 4}" '
            f'textLength="{len(line) * WIDTH:.0f}">{spans(line)}</text>'
            for i, line in enumerate(lines) if line]
    return "\n".join(out + ["</g>", "</svg>", ""])


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    text = sys.stdin.buffer.read().decode(errors="replace")
    sys.stdout.write(picture(sys.argv[1], shown(lines_of(text))))


if __name__ == "__main__":
    main()
