"""Write a corpus to disk, or count the documents of one."""

import argparse
from pathlib import Path

from harness.corpora.corpus import Corpus, corpus_of
from harness.corpora.sources import corpus_lines, load_corpus, write_lines
from harness.errors import CorpusError

EXAMPLE = """example:
  halfgig corpus synthetic:2000 synthetic.jsonl
  halfgig corpus ./papers
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `halfgig corpus` takes."""
    parser.add_argument("corpus", help="python-docs, synthetic:N, or a file or folder to count")
    parser.add_argument("file", nargs="?", type=Path, help="where to write it, as JSONL")


def execute(arguments: argparse.Namespace) -> int:
    """Write or count, and say how much it is."""
    corpus = load_corpus(arguments.corpus) if arguments.file is None else _written(arguments.corpus, arguments.file)
    for one in corpus.files[:20]:
        print(f"{one.documents:>9,} documents  {one.size_bytes:>13,} bytes  {one.path}")
    if len(corpus.files) > 1:
        print(f"{corpus.documents:>9,} documents  {corpus.size_bytes:>13,} bytes  in {len(corpus.files)} files")
    return 0


def _written(name: str, path: Path) -> Corpus:
    lines = corpus_lines(name)
    if lines is None:
        raise CorpusError(f"{name} is a path, so there is nothing to write; python-docs and synthetic:N are made")
    try:
        write_lines(lines, path)
    except OSError as error:
        raise CorpusError(f"{path} cannot be written: {error.strerror}") from None
    return corpus_of(name, path)
