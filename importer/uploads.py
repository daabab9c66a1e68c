"""Turns the body of a multipart upload into files and parts while it streams, within the limits."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from importer.errors import UploadRefused

PART_BYTES = 256 * 1024
_PIECE_BYTES = 64 * 1024
NAME_MAX_CHARS = 255


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """What an upload may hold."""

    file_max_bytes: int
    max_files: int


@dataclass(frozen=True, slots=True)
class FileStart:
    """A file begins; its parts follow, then its `FileEnd`."""

    ordinal: int
    name: str


@dataclass(frozen=True, slots=True)
class FilePart:
    """The next piece of the file that began last: `PART_BYTES` long, but for the last one."""

    ordinal: int
    part: int
    data: bytes


@dataclass(frozen=True, slots=True)
class FileEnd:
    """The file is complete."""

    ordinal: int
    size_bytes: int


UploadEvent = FileStart | FilePart | FileEnd


async def read_upload(
    body: AsyncIterator[bytes], content_type: str, limits: UploadLimits
) -> AsyncIterator[UploadEvent]:
    """Yield the files of a multipart body; UploadRefused when it is malformed, empty or beyond a limit."""
    collector = _Collector(limits)
    parser = _parser(content_type, collector)
    async for chunk in body:
        # The server hands over what the socket held, usually at most 64 KiB; a test client may hand over it all.
        for piece in _cut(chunk):
            _feed(parser, piece)
            for event in collector.take():
                yield event
    if not collector.ended:
        raise _malformed("the form ends before its last boundary")
    if collector.files == 0:
        raise UploadRefused(422, "no_files", "the form has no file")


def clean_name(raw: bytes) -> str:
    """Make a file's name fit for display and storage: no folders, no control characters, at most 255 characters."""
    last = raw.decode("utf-8", "replace").replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join(one for one in last if one.isprintable()).strip()
    if len(name) > NAME_MAX_CHARS:
        # Readers look at the suffix, so the middle goes.
        name = name[: NAME_MAX_CHARS - 21] + "…" + name[-20:]
    return name or "unnamed"


class _Collector:
    """Gathers what the parser calls back with; `take` hands it over and forgets it."""

    def __init__(self, limits: UploadLimits) -> None:
        self.ended = False
        self.files = 0
        self._limits = limits
        self._events: list[UploadEvent] = []
        self._field = self._value = b""
        self._in_file = False
        self._part = self._size_bytes = 0
        self._buffer = bytearray()

    def take(self) -> Iterator[UploadEvent]:
        events, self._events = self._events, []
        return iter(events)

    def header_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def header_end(self) -> None:
        if self._field.lower() == b"content-disposition":
            self._begin_file(parse_options_header(self._value)[1].get(b"filename"))
        self._field = self._value = b""

    def _begin_file(self, raw_name: bytes | None) -> None:
        # A browser sends an empty name where nobody chose a file.
        if self._in_file or not raw_name:
            return
        if self.files == self._limits.max_files:
            raise UploadRefused(413, "too_many_files", f"an upload may have {self._limits.max_files} files")
        self._in_file, self._part, self._size_bytes = True, 0, 0
        self._events.append(FileStart(self.files, clean_name(raw_name)))
        self.files += 1

    def part_data(self, data: bytes, start: int, end: int) -> None:
        if not self._in_file:
            return
        self._size_bytes += end - start
        if self._size_bytes > self._limits.file_max_bytes:
            raise UploadRefused(413, "file_too_large", f"a file may have {self._limits.file_max_bytes} bytes")
        self._buffer += memoryview(data)[start:end]
        while len(self._buffer) >= PART_BYTES:
            self._emit(PART_BYTES)

    def _emit(self, size: int) -> None:
        self._events.append(FilePart(self.files - 1, self._part, bytes(self._buffer[:size])))
        del self._buffer[:size]
        self._part += 1

    def part_end(self) -> None:
        if not self._in_file:
            return
        if self._buffer:
            self._emit(len(self._buffer))
        self._events.append(FileEnd(self.files - 1, self._size_bytes))
        self._in_file = False

    def end(self) -> None:
        self.ended = True


def _parser(content_type: str, collector: _Collector) -> MultipartParser:
    kind, options = parse_options_header(content_type)
    boundary = options.get(b"boundary")
    if kind != b"multipart/form-data" or not boundary:
        raise _malformed("an upload is multipart/form-data with a boundary")
    try:
        return MultipartParser(
            boundary,
            {
                "on_header_field": collector.header_field,
                "on_header_value": collector.header_value,
                "on_header_end": collector.header_end,
                "on_part_data": collector.part_data,
                "on_part_end": collector.part_end,
                "on_end": collector.end,
            },
        )
    except FormParserError as error:
        raise _malformed(str(error)) from error


def _feed(parser: MultipartParser, piece: bytes) -> None:
    try:
        parser.write(piece)
    except FormParserError as error:
        raise _malformed(str(error)) from error


def _cut(chunk: bytes) -> Iterator[bytes]:
    for start in range(0, len(chunk), _PIECE_BYTES):
        yield chunk[start : start + _PIECE_BYTES]


def _malformed(text: str) -> UploadRefused:
    return UploadRefused(422, "malformed_upload", text)
