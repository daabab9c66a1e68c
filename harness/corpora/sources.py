"""From what a scenario calls its corpus to files on disk: `python-docs`, `synthetic:N`, or a path."""

import hashlib
import os
import re
import sys
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path

from harness.corpora.corpus import Corpus, corpus_of
from harness.corpora.python_docs import python_docs_lines
from harness.corpora.synthetic import synthetic_lines
from harness.errors import CorpusError

_SYNTHETIC_VERSION = 2


def cache_dir() -> Path:
    """Where halfgig keeps what it can make again: `$XDG_CACHE_HOME/halfgig`, else `~/.cache/halfgig`."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "halfgig"


def load_corpus(name: str) -> Corpus:
    """The corpus that `name` means; made ones are kept in the cache. CorpusError says what can be named."""
    made = corpus_lines(name)
    if made is None:
        return corpus_of(name, Path(name).expanduser())
    path = cache_dir() / "corpora" / _cache_key(name) / f"{name.replace(':', '-')}.jsonl"
    if not path.exists():
        write_lines(made, path)
    return corpus_of(name, path)


def corpus_lines(name: str) -> Iterator[bytes] | None:
    """JSONL lines of a corpus that is made, or None where `name` is a path."""
    if name == "python-docs":
        return python_docs_lines()
    if not name.startswith("synthetic"):
        return None
    match = re.fullmatch(r"synthetic:(\d{1,8})", name)
    if match is None or int(match[1]) == 0:
        raise CorpusError(f"the corpus {name!r} is not one: write it like synthetic:2000")
    return synthetic_lines(int(match[1]))


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
