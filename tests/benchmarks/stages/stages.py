"""The hot stages of an import, each as a function that does one portion of it: the same portion at every call."""

import base64
import importlib.util
import io
import random
from array import array
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import psycopg

from harness.corpora.synthetic_pdf import pdf_files
from harness.dependencies.postgres import fresh_database
from harness.environment import open_server
from importer.chunking import chunk_text
from importer.counters import Counters
from importer.database.copy_rows import RowFormat, VectorRow, binary_pieces
from importer.embedding.answers import decode_vectors
from importer.llm_cache import LLMCache
from importer.readers import pdf_child

DIMENSIONS = 1536
BATCH = 96
COPIED_ROWS = 384
CHUNK_CHARS = 880
TEXT_CHARS = 1_000_000
CACHE_ENTRIES = 500
ANSWER_CHARS = 4000
_FORM = RowFormat(UUID(int=1), "text-embedding-3-small", halfvec=False)
_TABLE = f"CREATE TABLE rows (id bytea, job uuid, model text, body text, embedding vector({DIMENSIONS}))"
_COPY = "COPY rows FROM STDIN (FORMAT BINARY)"


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage by its name; `open` readies what it works on, and gives what does one portion of it."""

    name: str
    open: Callable[[], AbstractContextManager[Callable[[], object]]]


@contextmanager
def _pdf_page() -> Iterator[Callable[[], object]]:
    """One page of text out of a PDF that is open already."""
    spec = importlib.util.find_spec("pypdfium2_raw")
    folder = Path(spec.origin).parent if spec and spec.origin else Path()
    pdfium = pdf_child.load(str(folder / "libpdfium.so"))
    _, content = next(pdf_files(1))
    pdfium.FPDF_LoadMemDocument.restype = pdfium.FPDF_LoadDocument.restype
    document = pdfium.FPDF_LoadMemDocument(content, len(content), None)
    yield lambda: pdf_child.write_page(pdfium, document, 0, io.BytesIO())


@contextmanager
def _chunking() -> Iterator[Callable[[], object]]:
    """A megabyte of text in pieces, cut at its sentences."""
    rng = random.Random(1)  # noqa: S311 - reproducible, not secret
    words = ["the", "robust", "model", "of", "sediment", "predicts", "erosion.", "whenever", "Survey"]
    text = " ".join(rng.choice(words) for _ in range(TEXT_CHARS // 6))
    pieces = [text[start : start + 32_768] for start in range(0, len(text), 32_768)]
    yield lambda: sum(1 for _ in chunk_text(pieces, CHUNK_CHARS))


@contextmanager
def _decoding() -> Iterator[Callable[[], object]]:
    """The answer to one request, from base64 to vectors that were looked through."""
    encoded = [base64.b64encode(vector).decode() for vector in _vectors(BATCH)]
    yield lambda: decode_vectors(encoded, BATCH, DIMENSIONS)


@contextmanager
def _encoding() -> Iterator[Callable[[], object]]:
    """The rows of one batch as a binary COPY, piece by piece."""
    rows = _rows(BATCH)
    yield lambda: sum(len(piece) for piece in binary_pieces(rows, _FORM))


@contextmanager
def _copying() -> Iterator[Callable[[], object]]:
    """One transaction of rows into a table of a real Postgres, and back out."""
    with open_server(None) as server, fresh_database(server) as url, psycopg.connect(url) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
        connection.execute(_TABLE)
        connection.commit()
        pieces = list(binary_pieces(_rows(COPIED_ROWS), _FORM))
        yield lambda: _copy(connection, pieces)


@contextmanager
def _caching() -> Iterator[Callable[[], object]]:
    """Twice as many answers as a cache holds, each asked for once."""
    yield _cache


STAGES = (
    Stage("pdf_page", _pdf_page),
    Stage("chunking", _chunking),
    Stage("decoding_96", _decoding),
    Stage("encoding_96", _encoding),
    Stage("copying_384", _copying),
    Stage("cache_at_its_limit", _caching),
)


def _copy(connection: psycopg.Connection, pieces: list[bytes]) -> None:
    with connection.cursor() as cursor:
        with cursor.copy(_COPY) as copy:
            for piece in pieces:
                copy.write(piece)
        connection.rollback()


def _cache() -> int:
    cache = LLMCache(CACHE_ENTRIES, 3600.0, Counters())
    for number in range(2 * CACHE_ENTRIES):
        key = number.to_bytes(8, "big")
        if cache.get(key) is None:
            cache.put(key, f"{number:08}" + "x" * ANSWER_CHARS)
    return CACHE_ENTRIES


def _rows(count: int) -> list[VectorRow]:
    text = "The robust model of sediment predicts erosion. " * 18
    return [VectorRow(n.to_bytes(16, "big"), text, vector) for n, vector in enumerate(_vectors(count))]


def _vectors(count: int) -> list[bytes]:
    rng = random.Random(2)  # noqa: S311 - reproducible, not secret
    return [array("f", (rng.uniform(-1, 1) for _ in range(DIMENSIONS))).tobytes() for _ in range(count)]
