# SPDX-License-Identifier: MIT OR Apache-2.0
"""What a type checker refuses, each below what it says, and beside it what it takes. Never run:
test_types.py has mypy look at it."""
import array
import ctypes
import mmap

import rangedmmap
from rangedmmap import File, Range


def writes(part: Range, data: bytes, numbers: "array.array[int]", pages: mmap.mmap) -> None:
    part.write(data, durable=True)
    part.write(bytearray(data))
    part.write(memoryview(data))
    part.write(numbers)
    part.write(pages)
    part.write((ctypes.c_char * 4)())
    # error: "write" of "Range" has incompatible type "str"
    part.write("text")
    # error: "write" of "Range" has incompatible type "[Ll]ist.int."
    part.write([1, 2])
    # error: "write" of "Range" has incompatible type "int"
    part.write(4096)
    # error: "write" of "Range" has incompatible type "None"
    part.write(None)
    # error: Too many positional arguments for "write" of "Range"
    part.write(data, True)


def writes_pieces(part: Range, data: bytes) -> None:
    part.writev([data, bytearray(data)])
    part.write_within(1, data)
    # error: List item 1 has incompatible type "str"
    part.writev([data, "text"])
    # error: "writev" of "Range" has incompatible type "bytes"
    part.writev(data)
    # error: Argument 2 to "write_within" of "Range" has incompatible type "str"
    part.write_within(1, "text")
    # error: Argument 1 to "write_within" of "Range" has incompatible type "bytes"
    part.write_within(data, data)


def reads(part: Range, buffer: bytearray, numbers: "array.array[int]", pages: mmap.mmap) -> None:
    part.readinto(buffer)
    part.readinto(numbers)
    part.readinto(memoryview(buffer)[1:])
    part.readinto_within(1, pages)
    # error: "readinto" of "Range" has incompatible type "bytes"
    part.readinto(bytes(buffer))
    # error: "readinto" of "Range" has incompatible type "str"
    part.readinto("text")
    # error: "readinto_within" of "Range" has incompatible type "bytes"
    part.readinto_within(1, bytes(buffer))


def raw(file: File, data: bytes, buffer: bytearray) -> int:
    file.raw_write(0, data)
    # error: "raw_write" of "File" has incompatible type "str"
    file.raw_write(0, "text")
    # error: "raw_readinto" of "File" has incompatible type "bytes"
    file.raw_readinto(0, data)
    return file.raw_readinto(0, buffer)


def state(file: File, data: bytes) -> Range:
    file.restore_allocator(data)
    file.sync_receipts([file.decode_receipt(data)])
    # error: "restore_allocator" of "File" has incompatible type "str"
    file.restore_allocator("text")
    # error: "decode_receipt" of "File" has incompatible type "str"
    file.decode_receipt("text")
    # error: List item 0 has incompatible type "Range"; expected "Receipt"
    file.sync_receipts([file.decode_range(data)])
    # error: "decode_range" of "File" has incompatible type "str"
    return file.decode_range("text")


def files(text: str) -> File:
    rangedmmap.create(text, 4096, mode=0o600)
    # error: "create" has incompatible type "str"
    rangedmmap.create(text, 4096, mode="rw")
    # error: "create" has incompatible type "str"; expected "int"
    rangedmmap.create(text, text)
    # error: "open" has incompatible type "str"; expected ".*Allocator.*"
    return rangedmmap.open(text, allocator="sequential")
