"""`python-docs`: real texts that every machine has: docstrings, pydoc topics, descriptions of packages.

It differs between Python versions and installed packages, so it serves demonstrations and no comparison.
"""

import ast
import inspect
import json
import sysconfig
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

SHORTEST_CHARS = 170
_LEFT_OUT = {"test", "tests", "site-packages", "dist-packages", "idlelib", "lib2to3", "__pycache__", "turtledemo"}
_Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def python_docs_lines() -> Iterator[bytes]:
    """JSONL lines of title and text, each text of at least 170 characters and there once."""
    seen = set()
    for title, text in (*_topics(), *_descriptions(), *_docstrings()):
        cleaned = inspect.cleandoc(text)
        if len(cleaned) >= SHORTEST_CHARS and cleaned not in seen:
            seen.add(cleaned)
            yield json.dumps({"title": title, "text": cleaned}, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def _topics() -> Iterator[tuple[str, str]]:
    from pydoc_data.topics import topics  # half a megabyte that nothing else needs

    yield from sorted((f"Python topic: {name}", text) for name, text in topics.items())


def _descriptions() -> Iterator[tuple[str, str]]:
    for distribution in sorted(metadata.distributions(), key=lambda one: one.name or ""):
        yield f"Package: {distribution.name}", str(distribution.metadata.json.get("description", ""))


def _docstrings() -> Iterator[tuple[str, str]]:
    root = Path(sysconfig.get_path("stdlib"))
    for path in sorted(root.rglob("*.py")):
        inside = path.relative_to(root)
        if not _LEFT_OUT.intersection(inside.parts):
            yield from _docstrings_of(path, ".".join(inside.with_suffix("").parts))


def _docstrings_of(path: Path, module: str) -> Iterator[tuple[str, str]]:
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError, OSError):
        return  # a file for another Python version
    for node in ast.walk(tree):
        if isinstance(node, _Documented):
            text = ast.get_docstring(node, clean=False)
            if text:
                yield f"{module}.{getattr(node, 'name', '')}".rstrip("."), text
