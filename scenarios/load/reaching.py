"""Which addresses this process may reach."""

import socket
import ssl
from collections.abc import Callable, Mapping
from typing import Any

import gevent.socket
import gevent.ssl


def pin(pins: Mapping[str, tuple[str, ...]]) -> None:
    """From now on a pinned name and port have only their pinned addresses, and no other has any."""
    if not pins:
        return
    looked_up = gevent.socket.getaddrinfo
    by_address = {
        f"{address}:{name.rpartition(':')[2]}": (address,) for name, addresses in pins.items() for address in addresses
    }

    def pinned(host: Any, port: Any, *rest: Any, **options: Any) -> Any:
        name = (host.decode() if isinstance(host, bytes) else str(host)).lower().rstrip(".")
        addresses = pins.get(f"{name}:{port}") or by_address.get(f"{name}:{port}")
        if addresses is None:
            raise socket.gaierror(socket.EAI_NONAME, f"{name}:{port} is not an address that this load may reach")
        return [found for address in addresses for found in looked_up(address, port, *rest, **options)]

    _replace(pinned)
    # No user of a load, whoever wrote it, can turn the check of certificates off.
    ssl._create_unverified_context = gevent.ssl._create_unverified_context = ssl.create_default_context  # type: ignore[attr-defined,assignment]


def _replace(function: Callable[..., Any]) -> None:
    gevent.socket.getaddrinfo = function
    socket.getaddrinfo = function
