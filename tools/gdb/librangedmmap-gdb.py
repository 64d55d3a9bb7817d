# SPDX-License-Identifier: MIT OR Apache-2.0
"""Shows ranges, receipts and handles of librangedmmap in gdb, which loads this with the library.

A range or a receipt is shown with its bounds, its owner and whether its seal is right; a file with
its name, size, engine and references. No function of the program is called, so this also works on a
core dump. Without the library's own symbols, the parts that need them are left out: the check of
seals, and everything about a file.
"""

import gdb
import gdb.printing
import os

KIND_RANGE, KIND_RECEIPT = 0x52, 0x57
MASK = (1 << 64) - 1
ENGINES = {0: "mapping or pwrite", 1: "mapping", 2: "pwrite"}


def read_key():
    """The four words of the seal key; None where the library has no symbol for them."""
    try:
        address = int(gdb.parse_and_eval("(unsigned long long)&seal_key"))
        word = gdb.lookup_type("unsigned long long").pointer()
        words = gdb.Value(address).cast(word)
        return [int(words[i]) & MASK for i in range(4)]
    except gdb.error:
        return None


def fold(a, b):
    """The two halves of a 128-bit product."""
    product = a * b
    return (product ^ (product >> 64)) & MASK


def half_product(word, key):
    """The seal as machines without 128-bit products compute it."""
    low = (word + key) & 0xFFFFFFFF
    high = ((word >> 32) + (key >> 32)) & 0xFFFFFFFF
    return low * high


def seal_of(start, end, owner, kind, key, wide):
    if wide:
        low = fold(start ^ key[0], end ^ key[1])
        return fold(low ^ key[2], ((owner + kind) & MASK) ^ key[3]) | 1
    total = half_product(start, key[0]) + half_product(end, key[1]) + half_product(owner, key[2])
    total &= MASK
    return (((total ^ (total >> 29)) * (key[3] + 2 * kind)) & MASK) | 1


def size_text(size):
    if size < 1024:
        return "%d B" % size
    for unit in ("KiB", "MiB", "GiB", "TiB", "PiB", "EiB"):
        size /= 1024.0
        if size < 999.95 or unit == "EiB":
            return "%.1f %s" % (size, unit)


class Sealed:
    """A range or a receipt."""

    def __init__(self, value, noun, kind):
        self.words = [int(value["opaque"][i]) & MASK for i in range(4)]
        self.noun = noun
        self.kind = kind

    def seal_text(self):
        key = read_key()
        if key is None:
            return "seal not checked: the library has no symbols"
        if not any(key):
            return "seal wrong: no file was ever opened"
        start, end, owner, seal = self.words
        wide = gdb.lookup_type("char").pointer().sizeof == 8
        if seal == seal_of(start, end, owner, self.kind, key, wide):
            return "seal right"
        other = KIND_RANGE + KIND_RECEIPT - self.kind
        if seal == seal_of(start, end, owner, other, key, wide):
            return "seal wrong: it is a %s" % ("range" if other == KIND_RANGE else "receipt")
        return "seal wrong"

    def to_string(self):
        start, end, owner, _ = self.words
        if not any(self.words):
            return "no %s (zeros)" % self.noun
        length = (end - start) & MASK
        return "%s [%d, %d), %s, owner %#x, %s" % (
            self.noun, start, end, size_text(length), owner, self.seal_text())


class Range(Sealed):
    def __init__(self, value):
        Sealed.__init__(self, value, "range", KIND_RANGE)


class Receipt(Sealed):
    def __init__(self, value):
        Sealed.__init__(self, value, "receipt", KIND_RECEIPT)


def name_of(descriptor):
    """The path of the descriptor's file, if the process runs on this machine."""
    inferior = gdb.selected_inferior()
    if inferior is None or inferior.pid == 0:
        return None
    try:
        return os.readlink("/proc/%d/fd/%d" % (inferior.pid, descriptor))
    except OSError:
        return None


def atomic(value):
    """The value of an atomic, which some versions of gdb show as an opaque struct of its size."""
    return int(value.cast(value.type.unqualified()))


class File:
    """The struct that a handle points to."""

    def __init__(self, value):
        self.value = value

    def to_string(self):
        file = self.value
        descriptor = int(file["os"]["fd"])
        name = name_of(descriptor)
        words = ["file" if name is None else 'file "%s"' % name]
        words.append("fd %d" % descriptor)
        size = int(file["growth"]["size"])
        words.append("%d bytes (%s)" % (size, size_text(size)))
        engine = int(file["config"]["engine"]["chosen"])
        reason = file["config"]["engine"]["reason"]
        words.append("by %s" % ENGINES.get(engine, "engine %d" % engine) +
                     ("" if int(reason) == 0 else " (%s)" % reason.string()))
        references = atomic(file["references"]["references"])
        words.append("%d reference%s" % (references, "" if references == 1 else "s"))
        if file["config"]["read_only"]:
            words.append("read-only")
        words.append("owner %#x" % (int(file["config"]["owner"]) & MASK))
        error = atomic(file["sync"]["error"]["latched"])
        if error:
            words.append("sticky error %d (%s)" % (error, os.strerror(-error)))
        return ", ".join(words)


class FilePointer:
    """A handle: the pointer that programs use."""

    def __init__(self, value):
        self.value = value

    def to_string(self):
        address = int(self.value)
        if address == 0:
            return "0x0"
        try:
            return "%#x, %s" % (address, File(self.value.dereference()).to_string())
        except (gdb.error, RuntimeError):
            return "%#x (a file; the library has no symbols)" % address


class Printers(gdb.printing.PrettyPrinter):
    """Like gdb's collection of regular expressions, which doesn't support pointers."""

    def __init__(self):
        gdb.printing.PrettyPrinter.__init__(self, "librangedmmap", [])

    def __call__(self, value):
        plain = value.type.strip_typedefs().unqualified()
        if plain.code == gdb.TYPE_CODE_PTR:
            target = plain.target().strip_typedefs().unqualified()
            return FilePointer(value) if target.tag == "rmmap_file" else None
        if plain.code != gdb.TYPE_CODE_STRUCT or not plain.fields():
            return None
        printer = {"rmmap_range": Range, "rmmap_receipt": Receipt, "rmmap_file": File}
        return printer[plain.tag](value) if plain.tag in printer else None


gdb.printing.register_pretty_printer(gdb.current_objfile(), Printers(), replace=True)
