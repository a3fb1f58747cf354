# SPDX-License-Identifier: GPL-2.0-only
"""Facts of a C header, found by compiling it: values of macros, layouts of types, enumerators.

Nothing is parsed but the output of gcc and readelf, so two headers that say the same in different
words yield the same facts.  Facts are dictionaries from a name to something one can compare and
print.
"""
import os
import re
import subprocess
import tempfile

SAMPLES = ("3", "5", "7", "11", "13", "17", "19", "23", "29", "31")


class CompileError(Exception):
    """The header does not compile; the text is the compiler's first complaint."""


class Unit:
    """One header of one tree, compiled in one mode."""

    def __init__(self, root, header, flags, workdir, before=()):
        self.root = os.path.realpath(root)
        self.header = header
        self.flags = ["-std=gnu17", "-ffreestanding", "-w", "-I", workdir, *flags]
        self.workdir = workdir
        self.found = None
        self.prelude = "#include <stdint.h>\n#include <stddef.h>\n" + "".join(
            f'#include "{self.root}/{name}"\n' for name in (*before, header))

    def gcc(self, text, *args):
        """(exit status, stdout, stderr) of the compiler on a program that includes the header."""
        done = subprocess.run(["gcc", *self.flags, *args, "-x", "c", "-"], cwd=self.workdir,
                              input=self.prelude + text, capture_output=True, text=True)
        return done.returncode, done.stdout, done.stderr

    def must(self, text, *args):
        status, out, err = self.gcc(text, *args)
        if status:
            lines = [line for line in err.splitlines() if "error" in line]
            raise CompileError(f"{self.root}: {(lines or [err])[0]}")
        return out

    def here(self, path):
        """The path below our root, or None for a file of somebody else."""
        path = os.path.realpath(os.path.join(self.workdir, path))
        return os.path.relpath(path, self.root) if path.startswith(self.root + "/") else None

    # ---- macros ----

    def macros(self):
        """{name: (file, parameters or None)} of all that are defined behind the header."""
        if self.found is None:
            self.found, current = {}, None
            for line in self.must("", "-E", "-dD").splitlines():
                marker = re.match(r'# \d+ "(.*?)"', line)
                if marker:
                    current = self.here(marker.group(1))
                elif line.startswith("#define ") and current:
                    name, parameters = macro_head(line)
                    self.found[name] = (current, parameters)
                elif line.startswith("#undef "):
                    self.found.pop(line.split()[1], None)
        return self.found

    def values(self, uses):
        """{use: "value, size, sign"} for those expressions that are integer constants."""
        uses = list(uses)
        while uses:
            # In halves, since an operand has no room for all of 64 bits.
            text = "".join(f'#line {number + 1} "use"\n'
                           f'asm volatile("@@ {number} %c0 %c1 %c2 %c3" :: '
                           f'"i"((int)((long long)({use}) >> 32)), "i"((int)(long long)({use})), '
                           f'"i"(sizeof({use})), "i"((__typeof__({use}))-1 < 0));\n'
                           for number, use in enumerate(uses))
            text = "void uses(void) {\n" + text + "}\n"
            status, out, err = self.gcc(text, "-S", "-O1", "-fmax-errors=0", "-o", "-")
            if status == 0:
                rows = re.findall(r"@@ (\d+) (-?\d+) (-?\d+) (\d+) (\d+)\s*$", out, re.M)
                sign = {"0": "unsigned", "1": "signed"}
                return {uses[int(n)]: f"0x{int(high) & 0xffffffff:x}{int(low) & 0xffffffff:08x}, "
                                      f"{size} bytes, {sign[s]}" for n, high, low, size, s in rows}
            bad = {int(n) - 1 for n in re.findall(r"^use:(\d+):", err, re.M)}
            if not bad:
                raise CompileError(err.splitlines()[0])
            uses = [use for number, use in enumerate(uses) if number not in bad]
        return {}

    def expansions(self, names):
        """{name: text} with spaces gone."""
        text = "".join(f"@@ {name[0]}{name[1:]} @= {name}\n" for name in names)
        text = re.sub(r"^@@ (\w+)", lambda m: '@@ "' + m.group(1) + '"', text, flags=re.M)
        out = self.must(text, "-E", "-P")
        parts = re.findall(r'@@ "(\w+)" @=(.*?)(?=@@ "|\Z)', out, re.S)
        return {name: re.sub(r"\s+", "", body) for name, body in parts}

    # ---- types ----

    def types(self):
        """({"struct x.y": fact}, {name: file}, {enumerator: (file, value)})"""
        with tempfile.NamedTemporaryFile(suffix=".o") as f:
            self.must("", "-c", "-gdwarf-4", "-fno-eliminate-unused-debug-types", "-o", f.name)
            dump = subprocess.run(["readelf", "-wi", "-wl", f.name], capture_output=True, text=True,
                                  check=True).stdout
        return Dwarf(dump, self).facts()


def macro_head(line):
    name, arguments = re.match(r"#define (\w+)(\([^)]*\))?", line).groups()
    return name, None if arguments is None else len([a for a in arguments[1:-1].split(",") if a])


class Die:
    def __init__(self, offset, tag):
        self.offset, self.tag, self.at, self.children = offset, tag, {}, []

    @property
    def name(self):
        return self.at.get("name")

    def number(self, key):
        value = self.at.get(key)
        return None if value is None else int(re.match(r"-?(0x)?[0-9a-f]+", value).group(0), 0)


class Dwarf:
    """Types out of readelf's listing of debug information."""

    KINDS = {"structure_type": "struct", "union_type": "union", "enumeration_type": "enum"}

    def __init__(self, dump, unit):
        self.unit = unit
        self.dies, self.top = {}, []
        self.files = self.read_files(dump)
        self.read_dies(dump)

    def read_files(self, dump):
        def table(title, row):
            block = re.search(title + r".*?:\n(.*?)\n\n", dump, re.S)
            return re.findall(row, block.group(1), re.M) if block else []

        directories = {"0": "."}
        directories.update(table("The Directory Table", r"^\s+(\d+)\t(.*)$"))
        rows = table("The File Name Table", r"^\s+(\d+)\t(\d+)\t\d+\t\d+\t(.*)$")
        return {int(number): self.unit.here(os.path.join(directories[folder], name))
                for number, folder, name in rows}

    def read_dies(self, dump):
        stack, die = [], None
        for line in dump.splitlines():
            head = re.match(r"\s*<(\d+)><([0-9a-f]+)>: Abbrev Number: \d+ \(DW_TAG_(\w+)\)", line)
            if head:
                depth = int(head.group(1))
                die = Die(int(head.group(2), 16), head.group(3))
                self.dies[die.offset] = die
                del stack[depth:]
                if stack:
                    stack[-1].children.append(die)
                stack.append(die)
                continue
            attribute = re.match(r"\s*<[0-9a-f]+>\s+DW_AT_(\w+)\s*: (.*)$", line)
            if attribute and die:
                name, value = attribute.groups()
                value = re.sub(r"^\(indirect string, offset: (0x)?[0-9a-f]+\): ", "", value)
                die.at[name] = value.rstrip()
        self.top = next((d.children for d in self.dies.values() if d.tag == "compile_unit"), [])

    def target(self, die):
        reference = die.at.get("type")
        return self.dies[int(reference.strip("<>"), 16)] if reference else None

    def strip(self, die):
        while die is not None and die.tag in ("typedef", "const_type", "volatile_type"):
            die = self.target(die)
        return die

    def size(self, die):
        die = self.strip(die)
        if die is None:
            return 0
        if die.tag == "array_type":
            return self.size(self.target(die)) * product(self.bounds(die))
        return die.number("byte_size") or 0

    def bounds(self, die):
        found = []
        for child in die.children:
            if child.tag == "subrange_type":
                count, upper = child.number("count"), child.number("upper_bound")
                found.append(count if count is not None else 0 if upper is None else upper + 1)
        return found

    def describe(self, die):
        """What a value of the type is, in a few words that do not depend on the file."""
        if die is None:
            return "void"
        if die.tag == "const_type":
            return "const " + self.describe(self.target(die))
        if die.tag in ("typedef", "volatile_type"):
            return self.describe(self.target(die))
        if die.tag == "base_type":
            return die.name
        if die.tag == "pointer_type":
            target = self.target(die)
            inner = self.strip(target)
            if inner is not None and inner.tag in self.KINDS and not inner.name:
                return "pointer to " + (target.name or "unnamed")
            return "pointer to " + self.describe(target)
        if die.tag == "array_type":
            bounds = "".join(f"[{n or ''}]" for n in self.bounds(die))
            return bounds + self.describe(self.target(die))
        if die.tag in self.KINDS:
            return f"{self.KINDS[die.tag]} {die.name or 'unnamed'}"
        return die.tag

    def fields(self, die, prefix, base, out):
        """Every field below a structure, through unnamed structures, as "path": fact."""
        for child in die.children:
            if child.tag != "member":
                continue
            kind = self.strip(self.target(child))
            offset = base + (child.number("data_member_location") or 0)
            path = f"{prefix}.{child.name}" if child.name else prefix
            if child.name:
                bits = child.number("bit_size")
                where = f"offset {offset}, size {self.size(kind)}"
                if bits is not None:
                    first = child.at.get("bit_offset", child.at.get("data_bit_offset"))
                    where += f", {bits} bits from {first}"
                out[path] = f"{where}, {self.describe(self.target(child))}"
            inner = kind
            while inner is not None and inner.tag == "array_type":
                inner = self.strip(self.target(inner))
            if unnamed_structure(inner):
                self.fields(inner, path, offset, out)

    def layout(self, name, die, out):
        out[name] = f"size {self.size(die)}, {die.tag}"
        self.fields(die, name, 0, out)

    def facts(self):
        facts, files, enumerators = {}, {}, {}
        for die in self.top:
            where = self.files.get(die.number("decl_file"))
            if where is None:
                continue
            if die.tag == "enumeration_type":
                for child in die.children:
                    enumerators[child.name] = (where, child.number("const_value"))
            own = {}
            if die.tag in self.KINDS and die.name and "declaration" not in die.at:
                self.layout(f"{self.KINDS[die.tag]} {die.name}", die, own)
            elif die.tag == "typedef":
                inner = self.strip(die)
                what = f"type {die.name}"
                if unnamed_structure(inner):
                    self.layout(what, inner, own)
                else:
                    own[what] = f"size {self.size(die)}, {self.describe(self.target(die))}"
            elif die.tag == "subprogram" and die.name:
                own[f"function {die.name}"] = self.describe(self.target(die)) + "(" + ", ".join(
                    self.describe(self.target(c)) for c in die.children
                    if c.tag == "formal_parameter") + ")"
            facts.update(own)
            files.update({name: where for name in own})
        return facts, files, enumerators


def unnamed_structure(die):
    return die is not None and die.tag in ("structure_type", "union_type") and not die.name


def product(numbers):
    result = 1
    for number in numbers:
        result *= number
    return result
