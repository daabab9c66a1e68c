"""Addresses as the kernel's tables of sockets have them: numbers, not names."""

import socket
from urllib.parse import urlsplit

_POSTGRES_PORT = 5432


def address_of(url: str) -> tuple[str, int]:
    """The numeric host and the port that a database URL leads to (the first that its name resolves to)."""
    parts = urlsplit(url)
    port = parts.port or _POSTGRES_PORT
    found = socket.getaddrinfo(parts.hostname or "localhost", port, type=socket.SOCK_STREAM)
    return str(found[0][4][0]), port
