"""The multipart parser: files, parts, names and limits, whatever way the body is cut."""

from collections.abc import AsyncIterator

import pytest

from importer.errors import UploadRefused
from importer.uploads import (
    PART_BYTES,
    FileEnd,
    FilePart,
    FileStart,
    UploadEvent,
    UploadLimits,
    clean_name,
    read_upload,
)

CONTENT_TYPE = "multipart/form-data; boundary=edge"
LIMITS = UploadLimits(file_max_bytes=10 * PART_BYTES, max_files=3)


def _form(*files: tuple[str, bytes]) -> bytes:
    parts = [
        f'--edge\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'.encode() + data + b"\r\n"
        for name, data in files
    ]
    return b"".join(parts) + b"--edge--\r\n"


async def _read(
    body: bytes, step: int = 1 << 20, limits: UploadLimits = LIMITS, kind: str = CONTENT_TYPE
) -> list[UploadEvent]:
    async def stream() -> AsyncIterator[bytes]:
        for start in range(0, len(body), step):
            yield body[start : start + step]

    return [event async for event in read_upload(stream(), kind, limits)]


@pytest.mark.parametrize("step", [1, 7, 100, 1 << 20])
async def test_files_come_out_however_the_body_is_cut(step: int) -> None:
    """Names, order and contents do not depend on how the network cuts the body."""
    events = await _read(_form(("a.txt", b"one\r\n--edg"), ("b.txt", b"")), step)
    assert events == [
        FileStart(0, "a.txt"),
        FilePart(0, 0, b"one\r\n--edg"),
        FileEnd(0, 10),
        FileStart(1, "b.txt"),
        FileEnd(1, 0),
    ]


async def test_parts_have_one_size_but_for_the_last() -> None:
    """A part can be found by the position in the file."""
    data = bytes(range(256)) * 2100
    parts = [event for event in await _read(_form(("a", data))) if isinstance(event, FilePart)]
    assert [len(part.data) for part in parts] == [PART_BYTES, PART_BYTES, len(data) - 2 * PART_BYTES]
    assert [part.part for part in parts] == [0, 1, 2]
    assert b"".join(part.data for part in parts) == data


async def test_never_more_than_two_parts_wait_to_be_taken() -> None:
    """A body that comes in one piece is not held as parts: they are handed over while it is read."""
    held = 0

    async def stream() -> AsyncIterator[bytes]:
        yield _form(("a", bytes(8 * PART_BYTES)))

    async for event in read_upload(stream(), CONTENT_TYPE, LIMITS):
        held += isinstance(event, FilePart)
        if held == 1:
            break
    assert held == 1


async def test_fields_and_empty_file_inputs_are_no_files() -> None:
    """Other fields are skipped, and so is what a browser sends where nobody chose a file."""
    field = b'--edge\r\nContent-Disposition: form-data; name="note"\r\n\r\nhello\r\n'
    assert await _read(field + _form(("a", b"x"))) == [FileStart(0, "a"), FilePart(0, 0, b"x"), FileEnd(0, 1)]
    with pytest.raises(UploadRefused) as refused:
        await _read(field + _form(("", b"")))
    assert (refused.value.status, refused.value.code) == (422, "no_files")


@pytest.mark.parametrize(
    ("body", "kind", "code"),
    [
        (_form(("a", b"x" * 11)), CONTENT_TYPE, "file_too_large"),
        (_form(*[("a", b"x")] * 3), CONTENT_TYPE, "too_many_files"),
        (b"--edge--\r\n", CONTENT_TYPE, "no_files"),
        (_form(("a", b"x"))[:-6], CONTENT_TYPE, "malformed_upload"),
        (b"nonsense", CONTENT_TYPE, "malformed_upload"),
        (b"", CONTENT_TYPE, "malformed_upload"),
        (b"{}", "application/json", "malformed_upload"),
        (b"", "multipart/form-data", "malformed_upload"),
        (b"", "multipart/form-data; boundary=" + "x" * 500, "malformed_upload"),
    ],
)
async def test_refusals_have_a_status_and_a_code(body: bytes, kind: str, code: str | None) -> None:
    """Limits are 413, everything that is not a form with files is 422."""
    with pytest.raises(UploadRefused) as refused:
        await _read(body, limits=UploadLimits(10, 2), kind=kind)
    expected = 413 if code in ("file_too_large", "too_many_files") else 422
    assert (refused.value.status, refused.value.code) == (expected, code)


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (b"../../etc/passwd", "passwd"),
        (rb"C:\Users\x\a.pdf", "a.pdf"),
        (b"a\x00\x1b[31mb.txt", "a[31mb.txt"),
        ("한글 논문.pdf".encode(), "한글 논문.pdf"),
        (b"<img src=x onerror=alert(1)>.pdf", "<img src=x onerror=alert(1)>.pdf"),
        (b"\xff.txt", "�.txt"),
        (b"dir/", "unnamed"),
        (b"x" * 300 + b".jsonl", "x" * 234 + "…" + "x" * 14 + ".jsonl"),
    ],
)
def test_names_are_fit_for_display_and_storage(raw: bytes, name: str) -> None:
    """No folders, no control characters, a bounded length that keeps the suffix; markup is left as text."""
    assert clean_name(raw) == name
