"""Named blocks of the `.sql` files of this package.

A block begins with a line `-- name: block_name` and ends where the next one begins; its comments stay in it.
"""

import re
from collections.abc import Mapping
from importlib import resources
from types import MappingProxyType
from typing import LiteralString, cast

_HEADER = re.compile(r"^-- name: *(\w+)[^\n]*\n", re.MULTILINE)


def load_queries(file_name: str) -> Mapping[str, LiteralString]:
    """Return the blocks of `importer/database/<file_name>`, such as `jobs.sql`, by their names."""
    text = (resources.files("importer.database") / file_name).read_text("utf-8")
    return MappingProxyType(parse_queries(text))


def parse_queries(text: str) -> dict[str, LiteralString]:
    """Cut `text` into its blocks; ValueError when a name comes twice or something stands before the first."""
    before, *rest = _HEADER.split(text)
    if any(line.strip() and not line.startswith("--") for line in before.splitlines()):
        raise ValueError("SQL stands before the first `-- name:` line")
    names, bodies = rest[::2], rest[1::2]
    if len(set(names)) != len(names):
        raise ValueError(f"a name comes twice among {', '.join(names)}")
    # They come from files of this package, never from a request: as good as literals.
    return {name: cast(LiteralString, body.strip()) for name, body in zip(names, bodies, strict=True)}
