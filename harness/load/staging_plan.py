"""What a scenario says about a host of somebody: `[guard]`, `[auth]`, `[tls]` and `[metrics]`."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

from harness import tables
from harness.errors import ScenarioError
from harness.load.errand import SignIn, Tls
from harness.quantities import parse_bytes, parse_seconds

KEYS = ("guard", "auth", "tls", "metrics")
STAGING = "staging"
"""What a target has to call itself."""


@dataclass(frozen=True, slots=True)
class Proof:
    """How a target proves that it is not production, and that it is the one that was asked."""

    path: str = "/health"
    field: str = "environment"
    """Of its JSON answer; empty where a header says it."""
    header: str = ""
    nonce_parameter: str = "nonce"
    nonce_field: str = "nonce"
    nonce_header: str = ""


@dataclass(frozen=True, slots=True)
class Caps:
    """The most that a load may do to somebody's host."""

    users: int = 50
    rate_per_s: float = 50.0
    seconds: float = 600.0
    uploads: int = 200
    spend: float = 0.0
    """In the currency of the price; 0: nothing may be spent."""
    price_per_million_tokens: float | None = None
    """What the provider of the target takes; None: not known, so no import may be made."""
    chars_per_token: float = 4.0


@dataclass(frozen=True, slots=True)
class Guard:
    """Which hosts may be loaded at all, and how much."""

    allow: tuple[str, ...] = ()
    """Exact origins; none by default."""
    proof: Proof = Proof()
    caps: Caps = Caps()
    accept_leftovers: bool = False
    """Whether what was created may stay where the target cannot delete."""


@dataclass(frozen=True, slots=True)
class Metrics:
    """Where the memory of a service can be read that is not in a container of ours."""

    url: str = ""
    """Empty: `/metrics` of the host itself."""
    memory: str = "process_resident_memory_bytes"
    labels: Mapping[str, str] = field(default_factory=dict)
    """Only samples with all of these."""
    instance: str = ""
    """The label that tells replicas apart, which are then summed; empty: there may be one sample only."""
    limit: str = ""
    """A metric with the limit."""
    limit_bytes: int | None = None
    billed: str = ""
    """A counter of billed inputs, by which the spend is followed."""
    interval_s: float = 1.0


@dataclass(frozen=True, slots=True)
class StagingPlan:
    """All of it."""

    guard: Guard = Guard()
    sign_in: SignIn | None = None
    tls: Tls = field(default_factory=Tls)
    metrics: Metrics | None = None


def parse_staging(table: Mapping[str, Any], where: str, beside: Path) -> StagingPlan:
    """Read the four sections of a scenario, each of which may be missing; files are looked for `beside` it."""
    metrics = tables.value(table, "metrics", dict, {}, where) if "metrics" in table else None
    return StagingPlan(
        guard=_guard(tables.value(table, "guard", dict, {}, where), f"{where} [guard]"),
        sign_in=_sign_in(tables.value(table, "auth", dict, {}, where), f"{where} [auth]"),
        tls=_tls(tables.value(table, "tls", dict, {}, where), f"{where} [tls]", beside),
        metrics=None if metrics is None else _metrics(metrics, f"{where} [metrics]"),
    )


def secrets_of(sign_in: SignIn | None) -> tuple[str, ...]:
    """The environment variables that signing in needs; ScenarioError names one that is not set."""
    if sign_in is None:
        return ()
    named = [sign_in.from_env] if sign_in.from_env else []
    named += [value[1:] for value in sign_in.form.values() if value.startswith("$")]
    for name in named:
        if not os.environ.get(name):
            raise ScenarioError(f"[auth] needs the environment variable {name}, which is not set")
    return tuple(named)


def _guard(table: Mapping[str, Any], where: str) -> Guard:
    tables.refuse_unknown(table, ("allow", "proof", "caps", "accept_leftovers"), where)
    allow = tables.value(table, "allow", list, [], where)
    if not all(isinstance(one, str) for one in allow):
        raise ScenarioError(f"{where}: allow must be a list of origins")
    return Guard(
        tuple(allow),
        _proof(tables.value(table, "proof", dict, {}, where), f"{where} proof"),
        _caps(tables.value(table, "caps", dict, {}, where), f"{where} caps"),
        tables.value(table, "accept_leftovers", bool, False, where),
    )


def _proof(table: Mapping[str, Any], where: str) -> Proof:
    names = ("path", "field", "header", "nonce_parameter", "nonce_field", "nonce_header")
    tables.refuse_unknown(table, names, where)
    default = Proof()
    told = {name: tables.value(table, name, str, "", where) for name in names if name in table}
    if "header" in told:
        told = {"field": "", **told}
    if "nonce_header" in told:
        told = {"nonce_field": "", **told}
    proof = Proof(**{**{name: getattr(default, name) for name in names}, **told})
    if not (proof.field or proof.header) or not (proof.nonce_field or proof.nonce_header):
        raise ScenarioError(f"{where}: name the field or header that says {STAGING!r}, and the one with the nonce")
    return proof


def _caps(table: Mapping[str, Any], where: str) -> Caps:
    names = ("users", "rate", "duration", "uploads", "spend", "price_per_million_tokens", "chars_per_token")
    tables.refuse_unknown(table, names, where)
    default = Caps()
    duration = tables.value(table, "duration", str, f"{default.seconds:g}s", where)
    price = tables.number(table, "price_per_million_tokens", 0.0, where)
    chars_per_token = tables.number(table, "chars_per_token", default.chars_per_token, where)
    if not chars_per_token:
        raise ScenarioError(f"{where}: chars_per_token is not above zero")
    return Caps(
        users=tables.value(table, "users", int, default.users, where),
        rate_per_s=tables.number(table, "rate", default.rate_per_s, where),
        seconds=parse_seconds(duration, f"{where}: duration"),
        uploads=tables.value(table, "uploads", int, default.uploads, where),
        spend=tables.number(table, "spend", default.spend, where),
        price_per_million_tokens=price if "price_per_million_tokens" in table else None,
        chars_per_token=chars_per_token,
    )


def _sign_in(table: Mapping[str, Any], where: str) -> SignIn | None:
    if not table:
        return None
    names = ("kind", "header", "value", "from_env", "url", "form", "token_field", "expires_field")
    tables.refuse_unknown(table, names, where)
    kind = tables.value(table, "kind", str, None, where)
    if kind not in ("header", "form", "token"):
        raise ScenarioError(f"{where}: kind = {kind!r}; it is one of header, form, token")
    default = SignIn("header")
    form = tables.texts(tables.value(table, "form", dict, {}, where), f"{where} form")
    found = SignIn(
        cast("Literal['header', 'form', 'token']", kind),
        tables.value(table, "header", str, default.header, where),
        tables.value(table, "value", str, "Bearer {secret}" if kind == "token" else default.value, where),
        tables.value(table, "from_env", str, "", where),
        tables.value(table, "url", str, "", where),
        form,
        tables.value(table, "token_field", str, default.token_field, where),
        tables.value(table, "expires_field", str, default.expires_field, where),
    )
    try:
        found.value.format(secret="")
    except (KeyError, ValueError, IndexError):
        raise ScenarioError(f"{where}: value = {found.value!r}; only {{secret}} can be filled in") from None
    if kind == "header" and not found.from_env:
        raise ScenarioError(f"{where}: from_env names the environment variable with the secret; it is missing")
    if kind != "header" and not (found.url and found.form):
        raise ScenarioError(f"{where}: a {kind} needs url and form")
    return found


def _tls(table: Mapping[str, Any], where: str, beside: Path) -> Tls:
    names = ("ca", "certificate", "key")
    tables.refuse_unknown(table, names, where)
    # Locust's processes run elsewhere, where a relative path would lead to nothing.
    tls = Tls(*(str(beside / told) if (told := tables.value(table, name, str, "", where)) else "" for name in names))
    if tls.key and not tls.certificate:
        raise ScenarioError(f"{where}: key is there, and the certificate that it belongs to is not")
    return tls


def _metrics(table: Mapping[str, Any], where: str) -> Metrics:
    names = ("url", "memory", "labels", "instance", "limit", "limit_size", "billed", "interval")
    tables.refuse_unknown(table, names, where)
    default = Metrics()
    size = tables.value(table, "limit_size", str, "", where)
    return Metrics(
        url=tables.value(table, "url", str, "", where),
        memory=tables.value(table, "memory", str, default.memory, where),
        labels=tables.texts(tables.value(table, "labels", dict, {}, where), f"{where} labels"),
        instance=tables.value(table, "instance", str, "", where),
        limit=tables.value(table, "limit", str, "", where),
        limit_bytes=parse_bytes(size, f"{where}: limit_size") if size else None,
        billed=tables.value(table, "billed", str, "", where),
        interval_s=parse_seconds(tables.value(table, "interval", str, "1s", where), f"{where}: interval"),
    )
