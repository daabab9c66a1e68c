"""Keeps libraries from loading what is not used of them, where that happens to be installed.

What an import takes would differ else between an image with the importer alone and a machine with more on it.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without(name: str) -> Iterator[None]:
    """Let `import name` fail in the block, where nobody has loaded it yet."""
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment]  # how Python writes down that there is no such module
    try:
        yield
    finally:
        del sys.modules[name]
