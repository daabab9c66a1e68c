"""Damaged files of every format but PDF: nothing is raised, and the count always agrees."""

import io
import random
import zipfile

import pytest

from tests.unit.uploaded import outcomes

RECORDS = b'{"title":"T","text":"some \\u00e9 text"}\n{"abstract":"x"}\n'
ROWS = b'title,text\n"a ""b""",c\nd,"e\nf"\n'
ENTRIES = b'@article{key, title = {A {b} \\"o}, abstract = "x" # "y"}\n@misc{k2, title={C}}\n'
TAGS = b"TY  - JOUR\nTI  - A\nER  - \nTY  - JOUR\nAB  - B\nER  - \n"


def _archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in {"a.jsonl": RECORDS, "b.csv": ROWS, "c.bib": ENTRIES, "d.txt": b"text"}.items():
            archive.writestr(name, data)
    return buffer.getvalue()


FILES = {"a.jsonl": RECORDS, "a.json": RECORDS, "a.csv": ROWS, "a.bib": ENTRIES, "a.ris": TAGS, "a.zip": _archive()}
SPECIAL = b'\0\n\r"{}[]\\,;@=#%\xff\xed\x80\x1bPK'


@pytest.mark.parametrize("name", FILES)
def test_damaged_files_have_a_defined_outcome(name: str) -> None:
    """Bytes changed, inserted, removed and cut off: every document has a text or a reason."""
    source = random.Random(name)  # noqa: S311
    for _ in range(300):
        data = bytearray(FILES[name])
        for _ in range(source.randrange(1, 6)):
            start = source.randrange(len(data) + 1)
            kind = source.randrange(3)
            end = start + (source.randrange(4) if kind else 0)
            data[start:end] = bytes(source.choices(SPECIAL, k=source.randrange(3))) if kind < 2 else b""
        if source.randrange(4) == 0:
            data = data[: source.randrange(len(data) + 1)]
        found = outcomes(name, bytes(data), record_max_bytes=1024)
        assert found
        assert all(text.strip() and "\0" not in text and text.encode() for _, text in found)
