"""What is used of OpenAI's SDK, without aiohttp.

The SDK loads aiohttp wherever it is installed, for a transport that has to be asked for: 6.4 MB of the 27 MB that the
first import loads, measured as the growth of RssAnon.
"""

import importer.lean_httpx  # noqa: F401 (the SDK would load all of httpx)
from importer.lean_imports import without

with without("aiohttp"):
    from openai import APIConnectionError, APIStatusError, AsyncOpenAI

__all__ = ["APIConnectionError", "APIStatusError", "AsyncOpenAI"]
