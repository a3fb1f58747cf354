# SPDX-License-Identifier: GPL-2.0-only
"""A domain's core, read by what Xen's dump-core-format.txt says of it and by nothing of ours."""
import re
import struct

import image

PAGE = 4096
SECTIONS = {".note.Xen": 7, ".xen_prstatus": 1, ".xen_shared_info": 1, ".xen_p2m": 1,
            ".xen_pages": 1}                            # and their types
NOTE_NONE, NOTE_HEADER, NOTE_VERSION, NOTE_FORMAT = range(0x2000000, 0x2000004)
MAGIC_PV = 0xf00febed
CONTEXT_SIZE, CONTEXT_RIP = 5168, 648                   # of struct vcpu_guest_context


def text(data):
    return data.split(b"\0")[0].decode()


class Core:
    """What is wrong with it is an AssertionError."""

    def __init__(self, path):
        self.path = path
        with open(path, "rb") as f:
            self.data = f.read()
        self.read_sections()
        self.read_notes()
        self.read_pages()

    def read_sections(self):
        head = struct.unpack_from("<16sHHIQQQIHHHHHH", self.data)
        ident, kind, machine, _, _, phoff, shoff, _, _, _, phnum, shsize, shnum, names = head
        assert ident[:9] == b"\x7fELF\2\1\1\0\0", ident
        assert (kind, machine, phoff, phnum, shsize) == (4, 62, 0, 0, 64), head
        rows = [struct.unpack_from("<IIQQQQIIQQ", self.data, shoff + i * shsize)
                for i in range(shnum)]
        names = self.data[rows[names][4]:][:rows[names][5]]
        self.section = {}
        for row in rows[1:]:
            name, offset, size = text(names[row[0]:]), row[4], row[5]
            assert SECTIONS.get(name, row[1]) == row[1], (name, row)
            self.section[name] = self.data[offset:offset + size]
            assert len(self.section[name]) == size, f"{name} ends behind the file"
        missing = set(SECTIONS) - set(self.section)
        assert not missing, f"no {missing}"

    def read_notes(self):
        notes, at, data = {}, 0, self.section[".note.Xen"]
        while at < len(data):
            namesz, descsz, kind = struct.unpack_from("<III", data, at)
            assert data[at + 12:at + 12 + namesz] == b"Xen\0", data[at:at + 32]
            at += 12 + namesz
            notes[kind] = data[at:at + descsz]
            at += (descsz + 3) & ~3
        assert set(notes) == {NOTE_NONE, NOTE_HEADER, NOTE_VERSION, NOTE_FORMAT}, notes
        assert notes[NOTE_NONE] == b""
        assert struct.unpack("<Q", notes[NOTE_FORMAT]) == (1,)
        magic, self.vcpus, self.pages, size = struct.unpack("<4Q", notes[NOTE_HEADER])
        assert (magic, size) == (MAGIC_PV, PAGE), (hex(magic), size)
        # major, minor, extra, compile_info, capabilities, changeset, platform, page size
        version = struct.unpack("<QQ16s144s1024s64sQQ", notes[NOTE_VERSION])
        assert (version[0], version[1], version[7]) == (4, 17, PAGE), version
        assert "xen-3.0-x86_64" in text(version[4]), version[4]

    def read_pages(self):
        assert len(self.section[".xen_prstatus"]) == self.vcpus * CONTEXT_SIZE
        assert len(self.section[".xen_shared_info"]) == PAGE
        assert len(self.section[".xen_p2m"]) == self.pages * 16
        assert len(self.section[".xen_pages"]) == self.pages * PAGE
        rows = list(struct.iter_unpack("<QQ", self.section[".xen_p2m"]))
        self.place = {pfn: i for i, (pfn, _) in enumerate(rows)}
        numbers = [pfn for pfn, _ in rows]
        assert numbers == sorted(set(numbers)), "the frames' numbers do not ascend"
        assert len({gmfn for _, gmfn in rows}) == self.pages, "a frame is there twice"

    def page(self, pfn):
        at = self.place[pfn] * PAGE
        return self.section[".xen_pages"][at:at + PAGE]

    def rip(self, vcpu=0):
        return struct.unpack_from("<Q", self.section[".xen_prstatus"],
                                  vcpu * CONTEXT_SIZE + CONTEXT_RIP)[0]


def check_mini(path, elf):
    """The core of a mini guest of 8 MiB that runs this file: its code is in it, and so is the
    processor, in the page of hypercalls."""
    said = image.run("sh", "-c", f"readelf -hSn {path} 2>&1")
    assert not re.search("(?i)error|warning", said), said
    core = Core(path)
    assert (core.vcpus, core.pages) == (1, (8 << 20) // PAGE), (core.vcpus, core.pages)
    with open(elf, "rb") as f:
        kernel = f.read()
    symbols = {name: int(value, 16) for value, _, name in
               re.findall(r"^(\S+) (\S) (\S+)$", image.run("nm", elf), re.M)}
    base = symbols["VIRT_BASE"]
    # The guest's first segment as the file has it.
    offset, start, _, size = struct.unpack_from("<4Q", kernel, 64 + 8)
    page = symbols["hypercall_page"]
    for at in range(start, page, PAGE):
        inside = core.page((at - base) // PAGE)
        assert inside == kernel[offset + at - start:][:PAGE], f"page {at:x} is another"
    assert start < page < start + size
    assert core.page((page - base) // PAGE) != kernel[offset + page - start:][:PAGE]
    assert page <= core.rip() < page + PAGE, hex(core.rip())
