"""Connections that a target makes past its proxy, read from the kernel's tables of sockets."""

import contextlib
import ipaddress
import os
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

LOOPBACK = ("127.0.0.1", "::1")
TABLES = ("tcp", "tcp6")
PROTOCOLS = {b"TCP\0": ("tcp",), b"TCPv6\0": ("tcp6",)}
LISTEN = b"0A"
UNBOUND = b"07"
# In these states a socket belongs to no process any more, so that there is nobody to name.
NOBODYS = (b"03", b"06")


class Socket(NamedTuple):
    """One TCP socket as /proc/PID/net/tcp has it; addresses still in hexadecimal."""

    inode: bytes
    local: bytes
    remote: bytes
    state: bytes


def foreign_connections(
    pids: Collection[int], allowed: frozenset[tuple[str, int]], judged: set[bytes] | None = None
) -> list[str]:
    """Where the TCP sockets of `pids` lead, or try to lead, beyond `allowed` (address, port): `1.2.3.4:443`.

    A connection to a port that the same processes listen on is their own affair, at either end. A socket is seen
    while it is open or being opened: who looks now and then may miss a short one. Linux only: where there is no
    /proc, nothing is seen.

    The kernel walks its whole table for each look (3.5 ms a family of addresses on a machine of 24 GB). Who looks
    often hands the same set as `judged` each time: what was seen connected in it costs no second walk.
    """
    judged = set() if judged is None else judged
    held = {inode: descriptor for pid in pids for inode, descriptor in _sockets_held(pid)}
    if held.keys() <= judged:
        return []
    inodes = {inode: tables for inode, descriptor in held.items() if (tables := _tables_of(descriptor))}
    judged.update(held.keys() - inodes.keys())
    if inodes.keys() <= judged:
        return []
    tables = {table for ones in inodes.values() for table in ones}
    sockets = [one for pid in _one_of_each_network(pids) for one in _sockets(pid, tables) if one.inode in inodes]
    judged.update(one.inode for one in sockets if one.state != UNBOUND)
    listening = {_port(one.local) for one in sockets if one.state == LISTEN}
    found = {
        _endpoint(one.remote)
        for one in sockets
        if one.state not in (LISTEN, UNBOUND) and _port(one.local) not in listening
    }
    own = {(address, port) for address in LOOPBACK for port in listening}
    return sorted(_show(address, port) for address, port in found - allowed - own)


def _sockets_held(pid: int) -> Iterator[tuple[bytes, str]]:
    """Each socket that the process holds, with a path of its descriptor; pathlib would take five times as long."""
    folder = f"/proc/{pid}/fd"
    with contextlib.suppress(OSError):
        for name in os.listdir(folder):  # noqa: PTH208
            descriptor = f"{folder}/{name}"
            with contextlib.suppress(OSError):
                leads_to = os.readlink(descriptor)  # noqa: PTH115
                if leads_to.startswith("socket:["):
                    yield leads_to[8:-1].encode(), descriptor


def _tables_of(descriptor: str) -> Collection[str]:
    """The tables for a socket's protocol; none when it is not TCP, all where the kernel does not tell."""
    try:
        return PROTOCOLS.get(os.getxattr(descriptor, "system.sockprotoname"), ())
    except OSError:
        return TABLES


def _one_of_each_network(pids: Collection[int]) -> Collection[int]:
    """One process of each network namespace: its tables are those of all in it."""
    networks: dict[Path, int] = {}
    for pid in pids:
        with contextlib.suppress(OSError):
            networks[Path(f"/proc/{pid}/ns/net").readlink()] = pid
    return networks.values()


def _sockets(pid: int, tables: Collection[str]) -> Iterator[Socket]:
    for table in tables:
        try:
            lines = Path(f"/proc/{pid}/net/{table}").read_bytes().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split(None, 10)
            if fields[3] not in NOBODYS:
                yield Socket(fields[9], fields[1], fields[2], fields[3])


def _port(endpoint: bytes) -> int:
    return int(endpoint[-4:], 16)


def _endpoint(endpoint: bytes) -> tuple[str, int]:
    """Address and port; the kernel writes an address as 32-bit words in its own byte order."""
    digits = bytes.fromhex(endpoint[:-5].decode())
    packed = b"".join(digits[at : at + 4][::-1] for at in range(0, len(digits), 4))
    address = ipaddress.ip_address(packed)
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address), _port(endpoint)


def _show(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
