"""Keeps a load away from production: only a listed host, at its first address, that proves to be a staging one.

Each check raises Refused with one sentence, and no option overrides any of them.
"""

import secrets
import socket
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx

from harness.load.origin import Origin, origin_of, parse_origin
from harness.load.pinned import Pinned
from harness.load.refusal import Refused
from harness.load.staging_plan import STAGING, Proof

Resolver = Callable[[str, int], Sequence[str]]
"""The addresses of a name; OSError where it has none."""


def resolve(name: str, port: int) -> Sequence[str]:
    """Ask the system."""
    found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(one[4][0]) for one in found))


def check_listed(text: str, allow: Sequence[str]) -> Origin:
    """The origin that `text` is, when exactly that is on the list, written exactly as it is there."""
    listed = [_listed(one) for one in allow]
    given = parse_origin(text)
    if not listed:
        raise Refused(f"{given} is not on the list of hosts that may be loaded: [guard] allow is empty")
    if given not in listed:
        raise Refused(f"{given} is not on the list of hosts that may be loaded{_nearly(given, listed)}")
    if text.strip().removesuffix("/") != str(given):
        raise Refused(f"{text!r} is written in another way than the listed {given}; write it exactly so")
    return given


def pin(origin: Origin, resolver: Resolver) -> Pinned:
    """Look the name up, once: these addresses are the only ones from now on."""
    return Pinned(origin, _addresses(origin, resolver))


def check_still(pinned: Pinned, resolver: Resolver) -> None:
    """Refuse a name that has come to lead elsewhere since it was pinned."""
    now = _addresses(pinned.origin, resolver)
    strange = sorted(set(now) - set(pinned.addresses))
    if strange:
        was = ", ".join(pinned.addresses)
        raise Refused(f"{pinned.origin.name} has come to lead to {strange[0]}; when it was checked it was {was}")


def check_proof(client: httpx.Client, proof: Proof, allow: Sequence[str]) -> None:
    """Have the target say that it is a staging one, and echo what nobody else could have known."""
    nonce = secrets.token_urlsafe(18)
    origin = str(client.base_url).rstrip("/")
    try:
        answer = client.get(proof.path, params={proof.nonce_parameter: nonce})
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Refused(f"{origin} does not answer: {error}") from None
    check_redirect(answer, origin, allow)
    if answer.status_code != 200:
        raise Refused(f"{origin}{proof.path} answers {answer.status_code}, so nothing proves what it is")
    told = _told(answer, proof.field, proof.header)
    if told != STAGING:
        raise Refused(f"{origin} says that it is {told!r}, not {STAGING!r}: no load is sent there")
    echoed = _told(answer, proof.nonce_field, proof.nonce_header)
    if echoed != nonce:
        raise Refused(f"{origin} did not echo the nonce that it was sent: something else answers in its place")


def check_redirect(answer: httpx.Response, origin: str, allow: Sequence[str]) -> None:
    """Refuse to be sent elsewhere."""
    if not answer.is_redirect:
        return
    target = urljoin(f"{origin}/", answer.headers.get("location", ""))
    elsewhere = origin_of(target)
    if elsewhere not in [_listed(one) for one in allow]:
        raise Refused(f"{origin} redirects to {elsewhere}, which is not on the list of hosts that may be loaded")
    if str(elsewhere) != origin:
        raise Refused(f"{origin} redirects to {elsewhere}; give that as --host if it is meant")
    raise Refused(f"{origin} redirects to {urlsplit(target).path}; name that path in the scenario")


def _listed(text: str) -> Origin:
    origin = parse_origin(text)
    if text.strip().removesuffix("/") != str(origin):
        raise Refused(f"[guard] allow: {text!r} is not in its normal form; write {origin}")
    return origin


def _nearly(given: Origin, listed: Sequence[Origin]) -> str:
    same = [one for one in listed if one.name == given.name]
    return f"; what is listed there is {', '.join(map(str, same))}" if same else ""


def _addresses(origin: Origin, resolver: Resolver) -> tuple[str, ...]:
    try:
        found = tuple(resolver(origin.name, origin.port))
    except OSError as error:
        raise Refused(f"there is no host {origin.name}: {error.strerror or error}") from None
    if not found:
        raise Refused(f"there is no host {origin.name}: it has no address")
    return found


def _told(answer: httpx.Response, field: str, header: str) -> str | None:
    if header:
        by_header: str | None = answer.headers.get(header)
        return by_header
    try:
        found: Any = answer.json()
    except ValueError:
        return None
    for key in field.split("."):
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, str) else None
