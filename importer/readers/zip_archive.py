"""Zip: each member by its own rule; one that cannot be unpacked fails alone."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from importer.documents import UnreadableDocument
from importer.readers.encoding import clean
from importer.readers.format import Content, Outcome, ReadLimits, Unit, content_of, failed

Cutter = Callable[[Content, ReadLimits], Iterator[Unit]]

MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, struct.error, LookupError, NotImplementedError)
"""What the standard library raises for bad archives; errors of the stream itself are others and pass."""
_DIRECTORY_MAX_BYTES = 2 * 2**20
"""Of the list of members, which zipfile holds whole: some 20,000 members, 30 MB in memory at the worst."""
_RATIO_MAX = 250
"""Beyond a MiB, nothing that people write shrinks to less than this part of itself."""
_OFFICE = frozenset({"[Content_Types].xml", "mimetype", "META-INF/MANIFEST.MF"})


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a member stands: what was consumed before it, what it takes, and what it unpacks to, in bytes."""

    before: int
    packed: int
    unpacked: int

    def offset(self, inner: int) -> int:
        return self.before + self.packed * min(inner, self.unpacked) // max(1, self.unpacked)


def is_zip(content: Content) -> bool:
    """Whether the content begins as a zip does."""
    return content.head.startswith(MAGIC)


def units(content: Content, limits: ReadLimits, cut: Cutter) -> Iterator[Unit]:
    """Yield the units of every member, which `cut` finds; an archive that cannot be opened is one failed document."""
    if _directory_bytes(content) > _DIRECTORY_MAX_BYTES:
        yield failed(content.name, "too_large", "The archive has too many members.", content.size_bytes)
        return
    try:
        archive = zipfile.ZipFile(content.stream)
    except _BROKEN as error:
        yield failed(content.name, "malformed", f"It is not a sound zip: {error}.", content.size_bytes)
        return
    with archive:
        if _OFFICE & archive.NameToInfo.keys():
            yield failed(content.name, "unsupported", "It is a zip that is a document or program.", content.size_bytes)
        else:
            yield from _members(archive, content, limits, cut)


def _members(archive: zipfile.ZipFile, content: Content, limits: ReadLimits, cut: Cutter) -> Iterator[Unit]:
    consumed = unpacked = 0
    for info in archive.infolist():
        if info.filename.startswith("__MACOSX/") or info.filename.endswith(("/", ".DS_Store")):
            continue
        name = f"{content.name}/{clean(info.filename)}"
        packed = min(info.compress_size, content.size_bytes - consumed)
        place = _Place(consumed, packed, info.file_size)
        consumed += packed
        refusal = _refusal(info, limits.archive_max_bytes - unpacked)
        if refusal:
            yield failed(name, *refusal, consumed)
        else:
            unpacked += info.file_size
            yield from _member(archive, info, name, place, limits, cut)


def _refusal(info: zipfile.ZipInfo, left_bytes: int) -> tuple[str, str] | None:
    """Reason and detail why a member is not even opened; it never unpacks to more than it declares."""
    if info.flag_bits & 1:
        return "encrypted", "It needs a password."
    if info.file_size > left_bytes:
        return "too_large", "The archive unpacks to more than is allowed."
    if info.file_size > 2**20 and info.file_size > _RATIO_MAX * info.compress_size:
        return "too_large", f"It unpacks to more than {_RATIO_MAX} times its size."
    return None


def _member(
    archive: zipfile.ZipFile,
    info: zipfile.ZipInfo,
    name: str,
    place: _Place,
    limits: ReadLimits,
    cut: Cutter,
) -> Iterator[Unit]:
    end = place.before + place.packed
    try:
        with io.BufferedReader(archive.open(info), 64 * 1024) as stream:  # type: ignore[type-var]
            content = content_of(name, info.file_size, stream)
            if is_zip(content):
                yield failed(name, "nested_archive", "Archives inside archives are not opened.", end)
                return
            for unit in cut(content, limits):
                yield partial(_guarded, unit, name, place)
    except _BROKEN as error:
        yield failed(name, "malformed", _told(error), end)


def _guarded(unit: Unit, name: str, place: _Place) -> Iterator[Outcome]:
    """Read a unit; what breaks on the way is the member's fault, and its offsets are the archive's."""
    try:
        for outcome in unit():
            yield replace(outcome, end_offset=place.offset(outcome.end_offset))
    except _BROKEN as error:
        yield UnreadableDocument(name, "malformed", _told(error), place.before + place.packed)


def _told(error: Exception) -> str:
    return f"It cannot be unpacked: {str(error)[:200]}."


def _directory_bytes(content: Content) -> int:
    """Size of the list of members, from the end record; the larger one where zip64 gives one as well."""
    content.stream.seek(max(0, content.size_bytes - 2**16 - 1024))
    tail = content.stream.read(2**16 + 1024)
    content.stream.seek(0)
    end, end64 = tail.rfind(b"PK\x05\x06"), tail.rfind(b"PK\x06\x06")
    size = int.from_bytes(tail[end + 12 : end + 16], "little") if end >= 0 else 0
    size64 = int.from_bytes(tail[end64 + 40 : end64 + 48], "little") if end64 >= 0 else 0
    return size64 if size == 2**32 - 1 else size
