"""From what a scenario calls its corpus to files on disk: `python-docs`, a synthetic one, or a path."""

import hashlib
import os
import sys
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path

from harness.corpora.corpus import Corpus, corpus_of
from harness.corpora.python_docs import python_docs_lines
from harness.corpora.synthetic import parse_shape, synthetic_lines
from harness.corpora.synthetic_pdf import parse_count, pdf_files

_SYNTHETIC_VERSION = 2


def cache_dir() -> Path:
    """Where halfgig keeps what it can make again: `$XDG_CACHE_HOME/halfgig`, else `~/.cache/halfgig`."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "halfgig"


def load_corpus(name: str) -> Corpus:
    """The corpus that `name` means; made ones are kept in the cache. CorpusError says what can be named."""
    count = parse_count(name)
    if count is not None:
        return corpus_of(name, _pdf_folder(name, count))
    made = corpus_lines(name)
    if made is None:
        return corpus_of(name, Path(name).expanduser())
    path = cache_dir() / "corpora" / _cache_key(name) / f"{name.replace(':', '-')}.jsonl"
    if not path.exists():
        write_lines(made, path)
    return corpus_of(name, path)


def _pdf_folder(name: str, count: int) -> Path:
    folder = cache_dir() / "corpora" / _cache_key(name) / name.replace(":", "-")
    for file, content in pdf_files(count):
        if not (folder / file).exists():
            write_lines((content,), folder / file)
    return folder


def corpus_lines(name: str) -> Iterator[bytes] | None:
    """JSONL lines of a corpus that is made, or None where `name` is a path."""
    if name == "python-docs":
        return python_docs_lines()
    shape = parse_shape(name)
    return None if shape is None else synthetic_lines(shape)


def write_lines(lines: Iterable[bytes], path: Path) -> None:
    """Write a file that is there whole or not at all, even when two processes write it at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    with unfinished.open("wb") as sink:
        sink.writelines(lines)
    unfinished.replace(path)


def _cache_key(name: str) -> str:
    parts = [name, str(_SYNTHETIC_VERSION)]
    if name == "python-docs":
        parts += [sys.version, *sorted(f"{one.name} {one.version}" for one in metadata.distributions())]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
