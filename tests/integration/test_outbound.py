"""Connections that a process makes past its proxy are seen from outside."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from harness.dependencies.outbound import foreign_connections

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="not on this machine: reads the socket tables of Linux")

NOTHING: frozenset[tuple[str, int]] = frozenset()
CONNECT = """
import socket, sys
held = [socket.create_connection((address, int(sys.argv[1]))) for address in sys.argv[2:]]
"""
CONNECT_TO_ITSELF = """
import socket
listener = socket.create_server(("127.0.0.1", 0))
held = [socket.create_connection(listener.getsockname()), listener.accept()]
"""
TRY_TO_CONNECT = """
import socket, sys
held = socket.socket()
held.setblocking(False)
held.connect_ex(("198.51.100.1", 443))
"""


@contextmanager
def process(code: str, *arguments: str) -> Iterator[int]:
    """A process that has run `code` and now waits; its pid."""
    wait = '\nprint("done", flush=True)\nsys.stdin.read()'
    with subprocess.Popen(
        [sys.executable, "-c", "import sys\n" + code + wait, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"done\n"
        yield running.pid


def test_a_connection_is_named_unless_allowed() -> None:
    """Where it leads is named by address and port; what is allowed is not named."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with process(CONNECT, str(port), "127.0.0.1") as pid:
            assert foreign_connections([pid], NOTHING) == [f"127.0.0.1:{port}"]
            assert foreign_connections([pid], frozenset({("127.0.0.1", port)})) == []


def test_ipv4_through_an_ipv6_socket_is_the_same_address() -> None:
    """An address mapped into IPv6 is known as what it is."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with process(CONNECT, str(port), "::ffff:127.0.0.1") as pid:
            assert foreign_connections([pid], NOTHING) == [f"127.0.0.1:{port}"]


def test_own_port_is_no_business_of_ours() -> None:
    """Connections to a port of its own, seen at both ends, are not named."""
    with process(CONNECT_TO_ITSELF) as pid:
        assert foreign_connections([pid], NOTHING) == []


def test_an_attempt_counts() -> None:
    """A connection that was never answered is named while it is tried."""
    with process(TRY_TO_CONNECT) as pid:
        if not (found := foreign_connections([pid], NOTHING)):
            pytest.skip("not on this machine: its network refuses 198.51.100.0/24 at once")
        assert found == ["198.51.100.1:443"]


def test_a_judged_socket_is_named_once() -> None:
    """With a memory, a connection is named when it is first seen, and a later one still is."""
    judged: set[bytes] = set()
    with socket.create_server(("127.0.0.1", 0)) as server, ExitStack() as stack:
        port = server.getsockname()[1]
        pids = [stack.enter_context(process(CONNECT, str(port), "127.0.0.1"))]
        assert foreign_connections(pids, NOTHING, judged) == [f"127.0.0.1:{port}"]
        assert foreign_connections(pids, NOTHING, judged) == []
        pids.append(stack.enter_context(process(CONNECT, str(port), "127.0.0.1")))
        assert foreign_connections(pids, NOTHING, judged) == [f"127.0.0.1:{port}"]


def test_other_processes_do_not_count() -> None:
    """Only the sockets of the processes that were asked for are looked at."""
    with ExitStack() as stack:
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        stack.enter_context(process(CONNECT, str(server.getsockname()[1]), "127.0.0.1"))
        quiet = stack.enter_context(process(""))
        assert foreign_connections([quiet], NOTHING) == []


def test_a_process_that_is_gone_has_none() -> None:
    """A target that was killed meanwhile is no error."""
    assert foreign_connections([2**22 + 1], NOTHING) == []
