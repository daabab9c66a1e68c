"""From a corpus to what users upload, and to what they search for."""

import hashlib
import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass

from harness.corpora.corpus import Corpus, CorpusFile, digest_of
from harness.corpora.counting import is_lines
from harness.corpora.sources import load_corpus
from harness.errors import CorpusError
from harness.load.errand import Document

TEXTS = ("txt", "text", "md", "markdown", "rst")
DOCUMENTS_MOST = 1000
BYTES_MOST = 8 * 2**20
QUERIES_MOST = 200
_QUERY_CHARS = 120
_EMBEDDED = ("title", "abstract", "text")


@dataclass(frozen=True, slots=True)
class Material:
    """What users upload and search for, and a digest of where it comes from."""

    documents: tuple[Document, ...]
    queries: tuple[str, ...]
    digest: str


def load_material(name: str, most: int | None) -> Material:
    """From the corpus of that name; only its first documents where `most` says so."""
    corpus = load_corpus(name)
    documents = documents_of(corpus)[:most]
    return Material(documents, queries_of(documents), f"{digest_of(corpus)}{f' first {most}' if most else ''}")


def documents_of(corpus: Corpus) -> tuple[Document, ...]:
    """What can be salted: lines of JSON Lines and plain texts, at most as many as are held comfortably."""
    found: list[Document] = []
    size_bytes = 0
    for document in _all(corpus):
        size_bytes += len(document.text)
        if len(found) == DOCUMENTS_MOST or size_bytes > BYTES_MOST:
            break
        found.append(document)
    if not found:
        raise CorpusError(
            f"{corpus.name} holds nothing that a load can upload: only JSON Lines and texts ({', '.join(TEXTS)}) "
            "can be salted, so that each upload is new"
        )
    return tuple(found)


def queries_of(documents: tuple[Document, ...]) -> tuple[str, ...]:
    """The beginnings of documents, as people look for what they know of."""
    return tuple(dict.fromkeys(_beginning(one) for one in documents[:QUERIES_MOST]))


def digests_of(queries: tuple[str, ...]) -> frozenset[str]:
    """How the provider's ledger knows them."""
    return frozenset(hashlib.sha256(one.encode()).hexdigest() for one in queries)


def chars_of(document: Document) -> int:
    """Characters that will be embedded."""
    if document.suffix != "jsonl":
        return len(document.text)
    told = json.loads(document.text)
    return sum(len(told[name]) for name in _EMBEDDED if isinstance(told.get(name), str))


def new_salt() -> str:
    """What no run before this one has put into its texts."""
    return f"s{secrets.token_hex(4)}"


def _all(corpus: Corpus) -> Iterator[Document]:
    for file in corpus.files:
        if is_lines(file.path):
            yield from _lines(file)
        elif (suffix := file.name.rpartition(".")[2].lower()) in TEXTS:
            yield Document(suffix, file.path.read_text(encoding="utf-8", errors="replace"))


def _lines(file: CorpusFile) -> Iterator[Document]:
    with file.path.open(encoding="utf-8", errors="replace") as stream:
        for line in stream:
            try:
                told = json.loads(line)
            except ValueError:
                continue
            if isinstance(told, dict):
                yield Document("jsonl", line.strip())


def _beginning(document: Document) -> str:
    text = document.text
    if document.suffix == "jsonl":
        told = json.loads(text)
        text = next((told[name] for name in _EMBEDDED if isinstance(told.get(name), str) and told[name]), "anything")
    words = " ".join(text.split())[:_QUERY_CHARS].strip()
    return words or "anything"
