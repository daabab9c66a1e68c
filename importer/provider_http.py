"""The HTTP client that the providers' SDKs share."""

from importer.config import Settings
from importer.lean_httpx import httpx


def open_http(settings: Settings) -> httpx.AsyncClient:
    """Return a client that lets go of each answer as soon as it was used."""
    return httpx.AsyncClient(timeout=settings.provider_timeout_s, event_hooks={"response": [_untie]})


async def _untie(response: httpx.Response) -> None:
    # A response and its stream refer to each other, so that each body (0.4 MB a batch) would wait for the garbage
    # collector: ten of them at once are nothing unusual. Once it is read, the stream is of no more use.
    await response.aread()
    response.stream = httpx.ByteStream(b"")
