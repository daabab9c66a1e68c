"""Which addresses a process of Locust may reach, seen in one of its own: pinning changes how it looks names up."""

import subprocess
import sys

import pytest

ASK = """
import socket, sys
from scenarios.load.reaching import pin

pin({"staging.example:8080": ("127.0.0.1", "127.0.0.2")})
try:
    print(*sorted({found[4][0] for found in socket.getaddrinfo(sys.argv[1], int(sys.argv[2]))}))
except socket.gaierror as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("host", "port", "says"),
    [
        ("staging.example", "8080", "127.0.0.1 127.0.0.2"),
        ("Staging.Example.", "8080", "127.0.0.1 127.0.0.2"),
        ("127.0.0.2", "8080", "127.0.0.2"),
        ("staging.example", "8081", "staging.example:8081 is not an address that this load may reach"),
        ("127.0.0.1", "8081", "127.0.0.1:8081 is not an address"),
        ("other.example", "8080", "other.example:8080 is not an address"),
    ],
)
def test_only_what_was_pinned_is_reached_under_its_own_port(host: str, port: str, says: str) -> None:
    """So that no user follows a redirect to another name, address or port."""
    done = subprocess.run((sys.executable, "-c", ASK, host, port), capture_output=True, text=True, check=True)
    assert says in done.stdout
