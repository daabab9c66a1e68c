"""An exact origin: scheme, name and port in their normal form, and whether somebody wrote it in that form."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from harness.load.refusal import Refused

PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, order=True)
class Origin:
    """Where requests go; two that are equal are the same."""

    scheme: str
    name: str
    """In lower case, without a trailing dot, in ASCII."""
    port: int

    def __str__(self) -> str:
        name = f"[{self.name}]" if ":" in self.name else self.name
        return f"{self.scheme}://{name}{'' if self.port == PORTS[self.scheme] else f':{self.port}'}"


def parse_origin(text: str) -> Origin:
    """The origin in its normal form; Refused for anything that is more, or less, than an origin."""
    try:
        parts = urlsplit(text.strip())
        port, name = parts.port, parts.hostname
    except ValueError as error:
        raise Refused(f"{text!r} is not an address: {error}") from None
    if parts.scheme not in PORTS or not name:
        raise Refused(f"{text!r} is not an origin; write it like https://staging.example.org or http://127.0.0.1:8000")
    if parts.username or parts.password:
        raise Refused(f"{parts.scheme}://{name}: a name and password do not belong into an address; use [auth]")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise Refused(f"{text!r} is more than an origin: leave out everything after the name and port")
    return Origin(parts.scheme, _ascii(name, text), PORTS[parts.scheme] if port is None else port)


def origin_of(url: str) -> Origin:
    """The origin of a whole address."""
    parts = urlsplit(url)
    return parse_origin(f"{parts.scheme}://{parts.netloc}")


def _ascii(name: str, text: str) -> str:
    plain = name.lower().rstrip(".")
    if not plain:
        raise Refused(f"{text!r} names no host")
    try:
        return plain.encode("idna").decode() if ":" not in plain else plain
    except UnicodeError:
        raise Refused(f"{text!r}: {name!r} is not the name of a host") from None
