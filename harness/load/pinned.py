"""An HTTP client that reaches only pinned addresses, whatever its names resolve to later."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

import httpx

from harness.load.errand import Tls
from harness.load.origin import PORTS, Origin
from harness.load.tls import tls_context

TIMEOUT_S = 15.0


@dataclass(frozen=True, slots=True)
class Pinned:
    """An origin and the addresses that its name had when it was first looked up."""

    origin: Origin
    addresses: tuple[str, ...]


class PinnedTransport(httpx.BaseTransport):
    """Connects to a name's pinned addresses; the certificate is checked by the name."""

    def __init__(self, pins: Mapping[str, tuple[str, ...]], tls: Tls) -> None:
        self._pins = pins
        self._inner = httpx.HTTPTransport(verify=tls_context(tls), trust_env=False)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send it to the first pinned address where somebody listens; the Host header stays as it is."""
        url = request.url
        addresses = self._pins.get(f"{url.host}:{url.port or PORTS[url.scheme]}")
        if not addresses:
            raise httpx.ConnectError(f"{url} is not an address that this load may reach", request=request)
        request.extensions = {**request.extensions, "sni_hostname": url.host}
        for address in addresses[:-1]:
            request.url = url.copy_with(host=address)
            with suppress(httpx.ConnectError):  # nothing was sent there
                return self._inner.handle_request(request)
        request.url = url.copy_with(host=addresses[-1])
        return self._inner.handle_request(request)

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()


def open_pinned(
    pinned: Pinned, pins: Mapping[str, tuple[str, ...]], tls: Tls, auth: httpx.Auth | None = None
) -> httpx.Client:
    """A client for one origin; it follows no redirect. Close it when done."""
    return httpx.Client(
        base_url=str(pinned.origin), transport=PinnedTransport(pins, tls), timeout=TIMEOUT_S, follow_redirects=False,
        auth=auth, trust_env=False,
    )  # fmt: skip


def pins_of(pinned: tuple[Pinned, ...]) -> dict[str, tuple[str, ...]]:
    """Name and port to addresses, as Locust's processes are told."""
    return {f"{one.origin.name}:{one.origin.port}": one.addresses for one in pinned}
