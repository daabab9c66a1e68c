"""What is used of OpenAI's SDK, without aiohttp.

The SDK loads aiohttp wherever it is installed, for a transport that has to be asked for: 6.4 MB of the 27 MB that the
first import loads, measured as the growth of RssAnon.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def _without(name: str) -> Iterator[None]:
    """Let `import name` fail in the block, where nobody has loaded it yet."""
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment]  # how Python writes down that there is no such module
    try:
        yield
    finally:
        del sys.modules[name]


with _without("aiohttp"):
    from openai import APIConnectionError, APIStatusError, AsyncOpenAI

__all__ = ["APIConnectionError", "APIStatusError", "AsyncOpenAI"]
