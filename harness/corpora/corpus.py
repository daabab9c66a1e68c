"""One corpus: its files with their documents, counted here and nowhere else, and a digest of its content."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from harness.corpora.counting import count_documents, is_lines
from harness.errors import CorpusError

_READ_BYTES = 2**20


@dataclass(frozen=True, slots=True)
class CorpusFile:
    """One file to upload: under which name, where it is, how many documents it holds."""

    name: str
    path: Path
    documents: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Corpus:
    """The files of one upload or more; `name` is how the scenario calls it."""

    name: str
    files: tuple[CorpusFile, ...]

    @property
    def documents(self) -> int:
        """Documents of all files, as the harness counts them."""
        return sum(one.documents for one in self.files)

    @property
    def size_bytes(self) -> int:
        """Bytes of all files."""
        return sum(one.size_bytes for one in self.files)


def corpus_of(name: str, root: Path) -> Corpus:
    """The files of a folder (all below it, hidden ones left out, in order of name) or one file."""
    if not root.exists():
        raise CorpusError(f"the corpus {name!r} is not there: {root} does not exist")
    paths = [root] if root.is_file() else sorted(_visible_files(root))
    files = tuple(_counted(path, path.name if path == root else str(path.relative_to(root))) for path in paths)
    if not files:
        raise CorpusError(f"the corpus {name!r} holds no file: {root}")
    return Corpus(name, files)


def first_documents(corpus: Corpus, documents: int, cut_dir: Path) -> Corpus:
    """The first `documents` documents; a JSONL file is cut to what is left, any other file is whole or not there."""
    kept: list[CorpusFile] = []
    left = documents
    for one in corpus.files:
        if one.documents <= left:
            kept.append(one)
        elif left and is_lines(one.path):
            kept.append(_cut(one, 0, left, cut_dir / one.name))
        left -= kept[-1].documents if kept and kept[-1].name == one.name else 0
        if not left:
            break
    if not kept:
        raise CorpusError(f"documents = {documents}: {corpus.files[0].name} holds more and cannot be cut; JSONL can")
    return Corpus(corpus.name, tuple(kept))


def deal(corpus: Corpus, shares: int, cut_dir: Path) -> tuple[Corpus, ...]:
    """The corpus in `shares` parts that differ in every document: files in turn, a lone JSONL file by lines."""
    if shares == 1:
        return (corpus,)
    if corpus.documents < shares:
        raise CorpusError(f"{corpus.documents} documents cannot be dealt out to {shares} imports")
    if len(corpus.files) >= shares:
        return tuple(Corpus(corpus.name, corpus.files[k::shares]) for k in range(shares))
    if len(corpus.files) > 1 or not is_lines(corpus.files[0].path):
        raise CorpusError(f"{corpus.name} cannot be dealt out to {shares} imports: too few files, and not JSONL")
    only = corpus.files[0]
    bounds = [only.documents * k // shares for k in range(shares + 1)]
    return tuple(
        Corpus(corpus.name, (_cut(only, bounds[k], bounds[k + 1], cut_dir / str(k) / only.name),))
        for k in range(shares)
    )


def in_sizes(corpus: Corpus, sizes: tuple[int, ...], cut_dir: Path) -> tuple[Corpus, ...]:
    """Parts of a lone JSONL file that follow one another in it, of as many documents as `sizes` say."""
    if len(corpus.files) > 1 or not is_lines(corpus.files[0].path):
        raise CorpusError(f"{corpus.name} cannot be cut into imports of {sizes} documents: it is not one JSONL file")
    if sum(sizes) > corpus.documents:
        raise CorpusError(f"{corpus.name} has {corpus.documents} documents; the imports ask for {sum(sizes)}")
    only = corpus.files[0]
    bounds = [sum(sizes[:k]) for k in range(len(sizes) + 1)]
    return tuple(
        Corpus(corpus.name, (_cut(only, first, last, cut_dir / f"part{k}" / only.name),))
        for k, (first, last) in enumerate(pairwise(bounds))
    )


def digest_of(corpus: Corpus) -> str:
    """SHA-256 over names and contents: the corpus' part of the binding fingerprint."""
    digest = hashlib.sha256()
    for one in corpus.files:
        digest.update(f"{one.name}\0{one.size_bytes}\0".encode())
        with one.path.open("rb") as stream:
            while block := stream.read(_READ_BYTES):
                digest.update(block)
    return digest.hexdigest()


def _visible_files(root: Path) -> Iterator[Path]:
    for path in root.rglob("*"):
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(root).parts):
            yield path


def _counted(path: Path, name: str) -> CorpusFile:
    return CorpusFile(name, path, count_documents(path), path.stat().st_size)


def _cut(one: CorpusFile, first: int, last: int, target: Path) -> CorpusFile:
    target.parent.mkdir(parents=True, exist_ok=True)
    with one.path.open("rb") as source, target.open("wb") as sink:
        sink.writelines(_slice((line for line in source if line.strip()), first, last))
    return CorpusFile(one.name, target, last - first, target.stat().st_size)


def _slice(lines: Iterable[bytes], first: int, last: int) -> Iterator[bytes]:
    for number, line in enumerate(lines):
        if number >= last:
            return
        if number >= first:
            yield line
