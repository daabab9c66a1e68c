"""Which addresses this process may reach."""

import socket
import ssl
from collections.abc import Callable, Mapping
from typing import Any

import gevent.socket


def pin(pins: Mapping[str, tuple[str, ...]]) -> None:
    """From now on a pinned name has only its pinned addresses, and no other name has any."""
    if not pins:
        return
    looked_up = gevent.socket.getaddrinfo
    known = {address for addresses in pins.values() for address in addresses}

    def pinned(host: Any, port: Any, *rest: Any, **options: Any) -> Any:
        name = (host.decode() if isinstance(host, bytes) else str(host)).lower().rstrip(".")
        if name in pins:
            return [found for address in pins[name] for found in looked_up(address, port, *rest, **options)]
        if name in known:
            return looked_up(host, port, *rest, **options)
        raise socket.gaierror(socket.EAI_NONAME, f"{name} is not an address that this load may reach")

    _replace(pinned)
    # No user of a load, whoever wrote it, can turn the check of certificates off.
    ssl._create_unverified_context = gevent.ssl._create_unverified_context = ssl.create_default_context  # type: ignore[attr-defined,assignment]


def _replace(function: Callable[..., Any]) -> None:
    gevent.socket.getaddrinfo = function
    socket.getaddrinfo = function
