"""`synthetic-pdf:N`: the documents of `synthetic:N`, each as a PDF file of several pages.

PDF 1.4 with the standard font Helvetica, uncompressed; the format is that of ISO 32000-1, sections 7.5 and 9.4.
"""

import json
import re
import textwrap
from collections.abc import Iterator, Sequence

from harness.corpora.synthetic import Shape, synthetic_lines
from harness.errors import CorpusError

_LINE_CHARS = 90
_PAGE_LINES = 25
_FIRST_PAGE = 4  # objects before it: catalogue, pages, font


def parse_count(name: str) -> int | None:
    """How many files `synthetic-pdf:3` means; None for another corpus, CorpusError for a misspelt one."""
    if not name.startswith("synthetic-pdf"):
        return None
    match = re.fullmatch(r"synthetic-pdf:([1-9]\d{0,4})", name)
    if match is None:
        raise CorpusError(f"the corpus {name!r} is not one: write it like synthetic-pdf:20")
    return int(match[1])


def pdf_files(count: int) -> Iterator[tuple[str, bytes]]:
    """Names and contents of the files; file i does not depend on how many there are."""
    for number, line in enumerate(synthetic_lines(Shape(count))):
        told = json.loads(line)
        text = f"{told['title']}\n\n{told['abstract']}\n\n{told['text']}"
        yield f"document-{number:05}.pdf", _pdf(_pages(text))


def _pages(text: str) -> Sequence[Sequence[str]]:
    lines = [line for part in text.split("\n") for line in textwrap.wrap(part, _LINE_CHARS) or [""]]
    return [lines[start : start + _PAGE_LINES] for start in range(0, len(lines), _PAGE_LINES)]


def _pdf(pages: Sequence[Sequence[str]]) -> bytes:
    kids = " ".join(f"{_FIRST_PAGE + 2 * place} 0 R" for place in range(len(pages)))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Kids[{kids}]/Count {len(pages)}>>".encode(),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
    ]
    for place, lines in enumerate(pages):
        drawn = _drawn(lines)
        content = f"/Contents {_FIRST_PAGE + 2 * place + 1} 0 R"
        resources = "/MediaBox[0 0 600 800]/Resources<</Font<</F1 3 0 R>>>>"
        objects.append(f"<</Type/Page/Parent 2 0 R{resources}{content}>>".encode())
        objects.append(b"<</Length %d>>stream\n%b\nendstream" % (len(drawn), drawn))
    return _laid_out(objects)


def _drawn(lines: Sequence[str]) -> bytes:
    escaped = (re.sub(r"([\\()])", r"\\\1", line).encode("cp1252", "replace") for line in lines)
    return b"BT /F1 11 Tf 14 TL 50 760 Td\n" + b"".join(b"(%b) Tj T*\n" % line for line in escaped) + b"ET"


def _laid_out(objects: Sequence[bytes]) -> bytes:
    """The objects, and the table that says at which byte each begins."""
    out, places = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    size, start = len(objects) + 1, len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % size
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (size, start)
    return bytes(out)
