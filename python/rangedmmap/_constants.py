# SPDX-License-Identifier: MIT OR Apache-2.0
"""Constants, the result of describe(), and functions that need no file."""
import dataclasses
import enum

from ._rangedmmap import ffi, lib

ALIGNMENT: int = lib.RMMAP_ALIGNMENT
RANGE_ENCODED_SIZE: int = lib.RMMAP_RANGE_ENCODED_SIZE
RECEIPT_ENCODED_SIZE: int = lib.RMMAP_RECEIPT_ENCODED_SIZE


class Engine(enum.IntEnum):
    """How calls that copy move data."""

    AUTO = lib.RMMAP_ENGINE_AUTO
    MAP = lib.RMMAP_ENGINE_MAP
    PWRITE = lib.RMMAP_ENGINE_PWRITE


class Pattern(enum.IntEnum):
    """A hint: how the file will be used."""

    UNKNOWN = lib.RMMAP_PATTERN_UNKNOWN
    DENSE = lib.RMMAP_PATTERN_DENSE
    SCATTERED = lib.RMMAP_PATTERN_SCATTERED
    SEQUENTIAL = lib.RMMAP_PATTERN_SEQUENTIAL
    RANDOM = lib.RMMAP_PATTERN_RANDOM


class Fact(enum.IntFlag):
    """Properties of an open file; a later version of the library may have more."""

    READ_ONLY = lib.RMMAP_FACT_READ_ONLY
    RESERVED = lib.RMMAP_FACT_RESERVED
    COHERENT = lib.RMMAP_FACT_COHERENT
    MAPPED = lib.RMMAP_FACT_MAPPED
    HUGE_PAGES = lib.RMMAP_FACT_HUGE_PAGES
    CATCH_FAULTS = lib.RMMAP_FACT_CATCH_FAULTS
    LOCKED = lib.RMMAP_FACT_LOCKED
    ERRORS_SHARED = lib.RMMAP_FACT_ERRORS_SHARED
    ENTRY_UNSYNCED = lib.RMMAP_FACT_ENTRY_UNSYNCED
    FORKED = lib.RMMAP_FACT_FORKED
    CREATED = lib.RMMAP_FACT_CREATED
    RESUMED = lib.RMMAP_FACT_RESUMED


class Uncached(enum.IntEnum):
    """What becomes of written data in the page cache when the disk has it."""

    OFF = lib.RMMAP_UNCACHED_OFF
    DROPPED = lib.RMMAP_UNCACHED_DROPPED
    ADVISED = lib.RMMAP_UNCACHED_ADVISED
    KEPT = lib.RMMAP_UNCACHED_KEPT
    UNAVAILABLE = lib.RMMAP_UNCACHED_UNAVAILABLE


@dataclasses.dataclass(frozen=True)
class Info:
    """The result of File.describe(); see rmmap_describe(3)."""

    file_system: str
    allocator: str
    engine_reason: str
    file_size: int
    page_size: int
    file_system_magic: int
    allocated: int
    pwrite_bytes: int
    sync_calls: int
    sync_rounds: int
    flush_calls: int
    faults_caught: int
    facts: Fact
    engine: int  # an Engine, if this version has it
    pattern: int  # a Pattern, if this version has it
    error: int  # the errno of the sticky error; 0: none
    map_bytes: int
    faults_avoided: int
    dirty_limit: int  # 0: none, or none was chosen yet
    dirty_bytes: int  # an estimate
    dirty_highest: int
    uncached: int  # an Uncached, if this version has it
    dirty_limit_reason: str
    uncached_reason: str
    max_size: int
    recorded: int  # bytes; 0 without a checkpoint


def align_up(offset: int) -> int:
    """The lowest multiple of ALIGNMENT that is at least offset."""
    return int(lib.rmmap_align_up(offset))


def align_down(offset: int) -> int:
    """The highest multiple of ALIGNMENT that is at most offset."""
    return int(lib.rmmap_align_down(offset))


def version() -> tuple[int, int, int]:
    """The version of the library in use; __version__ is that of the header at build time."""
    number = lib.rmmap_version()
    return number >> 16, number >> 8 & 255, number & 255


def header_version() -> str:
    return str(ffi.string(lib.header_version()).decode())
