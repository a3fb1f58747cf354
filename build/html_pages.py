# SPDX-License-Identifier: GPL-2.0-only
"""HTML of the manual's pages: the little Markdown that they use, and no more.

Headings, paragraphs, lists of one level, tables, indented and fenced code, links, images, `code`,
*emphasis* and **more**.  Used by build/docs.py.
"""
import html
import os
import re
import shutil

STYLE = """body { font: 16px/1.5 sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em; }
code, pre { font-family: monospace; background: #f4f4f0; }
pre { padding: .6em 1em; overflow: auto; }
table { border-collapse: collapse; font-size: 14px; } td, th { border: 1px solid #ccc;
padding: .2em .5em; text-align: left; vertical-align: top; } img { max-width: 100%; }"""


def inline(text):
    parts = re.split(r"(`[^`]*`)", text)
    for i, part in enumerate(parts):
        if i % 2:
            parts[i] = f"<code>{html.escape(part[1:-1])}</code>"
            continue
        part = html.escape(part, quote=False)
        part = re.sub(r"!\[([^\]]*)\]\(([^)]+)\)", r'<img alt="\1" src="\2">', part)
        part = re.sub(r"\[([^\]]*)\]\(([^)]+)\)", link, part)
        part = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", part)
        parts[i] = re.sub(r"(?<!\w)\*(.+?)\*(?!\w)", r"<i>\1</i>", part)
    return re.sub(r"\[(<code>.*?</code>)\]\(([^)]+)\)", link, "".join(parts))


def link(match):
    text, target = match.groups()
    target = re.sub(r"(?:docs/)?([A-Za-z_-]+)[.]md(?=$|#)", page_name, target)
    return f'<a href="{target}">{text}</a>'


def page_name(match):
    return "index.html" if match.group(1) == "README" else match.group(1) + ".html"


def table(lines):
    rows = [[inline(c.strip()) for c in line.strip().strip("|").split("|")] for line in lines]
    out = ["<table>", "<tr>" + "".join(f"<th>{c}</th>" for c in rows[0]) + "</tr>"]
    out += ["<tr>" + "".join(f"<td>{c}</td>" for c in row) + "</tr>" for row in rows[2:]]
    return "\n".join(out + ["</table>"])


def items(lines):
    number = re.match(r"\d+", lines[0])
    tag = "ol" if number else "ul"
    start = f' start="{number.group()}"' if number else ""
    entries = re.split(r"\n(?=(?:[-*]|\d+\.) )", "\n".join(lines))
    texts = [inline(re.sub(r"^(?:[-*]|\d+\.) ", "", e)) for e in entries]
    return f"<{tag}{start}>\n" + "\n".join(f"<li>{t}</li>" for t in texts) + f"\n</{tag}>"


def block(lines):
    first = lines[0]
    heading = re.match(r"(#+) (.*)", first)
    if heading:
        level, text = len(heading.group(1)), heading.group(2)
        name = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
        rest = block(lines[1:]) if lines[1:] else ""
        return f'<h{level} id="{name}">{inline(text)}</h{level}>\n{rest}'
    if first.startswith("|"):
        return table(lines)
    if re.match(r"([-*]|\d+\.) ", first):
        return items(lines)
    if first.startswith("<!--"):
        return ""
    return f"<p>{inline(chr(10).join(lines))}</p>"


def body(text):
    out = []
    for i, part in enumerate(re.split(r"^```\w*\n(.*?)^```\n", text, flags=re.S | re.M)):
        if i % 2:
            out.append(f"<pre>{html.escape(part)}</pre>")
            continue
        for chunk in re.split(r"\n\s*\n", part):
            chunk = chunk.strip("\n")
            if not chunk.strip():
                continue
            lines = chunk.split("\n")
            code = all(line.startswith("    ") for line in lines)
            out.append("<pre>" + html.escape("\n".join(line[4:] for line in lines)) + "</pre>"
                       if code else block(lines))
    return "\n".join(out)


def write(top, pages, folder):
    os.makedirs(folder, exist_ok=True)
    names = [(os.path.basename(p)[:-3], p) for p in pages]
    bar = " · ".join(f'<a href="{"index" if n == "README" else n}.html">{n}</a>' for n, _ in names)
    for name, path in names:
        with open(os.path.join(top, path), encoding="utf-8") as f:
            text = f.read()
        out = os.path.join(folder, ("index" if name == "README" else name) + ".html")
        with open(out, "w", encoding="utf-8") as f:
            f.write(f'<!doctype html>\n<meta charset="utf-8">\n<title>Xenith: {name}</title>\n'
                    f"<style>{STYLE}</style>\n<p>{bar}</p>\n{body(text)}\n")
    for picture in ("architecture.svg", "timeline.svg"):
        shutil.copy(os.path.join(top, "docs", picture), folder)
