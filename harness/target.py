"""Target files: how a service starts, which knobs it has, and where its HTTP contract lives."""

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness import tables
from harness.errors import ScenarioError
from harness.target_image import ImageOfTarget, parse_image

SCENARIOS = Path(__file__).resolve().parent.parent / "scenarios"
_KEYS = (
    "name", "command", "warm", "migrate", "ready_timeout_s", "fingerprint", "invariants", "env", "knobs", "http",
    "boundary", "needs", "image",
)  # fmt: skip
_PATHS = (
    "upload", "upload_field", "status", "resume", "cancel", "errors", "ready", "events", "results", "search", "jobs",
    "delete", "fields", "states",
)  # fmt: skip
_FIELDS = (
    "job_id", "status", "progress", "stage", "documents_done", "documents_failed", "chunks_stored", "duplicates",
    "resumable", "error", "attempt",
)  # fmt: skip
STATES = ("queued", "running", "interrupted", "completed", "completed_with_errors", "failed", "cancelled")


@dataclass(frozen=True, slots=True)
class HttpContract:
    """Paths (with `{job_id}`), names of fields, and words of states of a target's HTTP contract."""

    upload: str
    upload_field: str
    status: str
    ready: str
    resume: str | None
    cancel: str | None
    errors: str | None
    fields: Mapping[str, str]
    """The contract's name of a field to the service's own; a field it does not have is missing here."""
    states: Mapping[str, str]
    """The service's own word for a state to the contract's."""
    events: str | None = None
    results: str | None = None
    search: str | None = None
    """With `{query}`."""
    jobs: str | None = None
    delete: str | None = None


@dataclass(frozen=True, slots=True)
class Setting:
    """A number that a knob sets, and what it is where nobody sets the knob."""

    knob: str
    default: int


@dataclass(frozen=True, slots=True)
class Concurrency:
    """How much a target may have under way at an endpoint: requests, and inputs of each."""

    endpoint: str
    requests: Setting
    inputs: Setting


@dataclass(frozen=True, slots=True)
class BoundaryOfTarget:
    """What crash testing has to know of a target's messages."""

    housekeeping: tuple[str, ...] = ()
    """Regular expressions for statements and paths that come by the clock, and are not numbered."""
    in_flight: tuple[Concurrency, ...] = ()


@dataclass(frozen=True, slots=True)
class Target:
    """One service under test, as its target file describes it."""

    name: str
    path: Path
    command: tuple[str, ...]
    warm: tuple[str, ...]
    """A command that is run outside the container first, so that the page cache holds what the service reads."""
    ready_timeout_s: float
    env: Mapping[str, str]
    knobs: Mapping[str, str]
    """Knob to environment variable."""
    http: HttpContract
    fingerprint_sql: str | None
    """SQL that yields (name, rows, digest) of what is stored; None where the target names none."""
    migrate: tuple[str, ...] = ()
    """A command that readies an empty database, so that a crash cycle starts from a copy of it."""
    invariants: Mapping[str, str] = field(default_factory=dict)
    """Named queries that the crash oracle judges by."""
    boundary: BoundaryOfTarget = BoundaryOfTarget()
    needs: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """For a knob or an axis of a sweep, the knobs without which it does nothing; `{value}` is its own value."""
    image: ImageOfTarget | None = None
    """Where the backend starts an image; None where no file and no option names one."""


def load_target(name: str, beside: Path) -> Target:
    """Read the target `name`: a path to a .toml (as seen from `beside`), or one of scenarios/targets."""
    path = _find(name, beside)
    table = tables.read_toml(path)
    where = str(path)
    tables.refuse_unknown(table, _KEYS, where)
    http = tables.value(table, "http", dict, None, where)
    return Target(
        name=tables.value(table, "name", str, None, where),
        path=path,
        command=_words(table, "command", where),
        warm=_words({"warm": [], **table}, "warm", where),
        ready_timeout_s=tables.value(table, "ready_timeout_s", float, 60.0, where),
        env=tables.texts(tables.value(table, "env", dict, {}, where), f"{where} [env]"),
        knobs=tables.texts(tables.value(table, "knobs", dict, {}, where), f"{where} [knobs]"),
        http=_contract(http, f"{where} [http]"),
        fingerprint_sql=_text_beside(table, "fingerprint", path),
        migrate=_words({"migrate": [], **table}, "migrate", where),
        invariants=named_queries(_text_beside(table, "invariants", path) or "", where),
        boundary=_boundary(tables.value(table, "boundary", dict, {}, where), f"{where} [boundary]"),
        needs=_needs(table, where),
        image=parse_image(table, path),
    )


def knob_environment(target: Target, knobs: Mapping[str, str], where: str) -> dict[str, str]:
    """Environment variables that set the knobs; ScenarioError for a knob the target does not have."""
    tables.refuse_unknown(knobs, target.knobs, where, f"knob of {target.name}")
    return {target.knobs[knob]: setting for knob, setting in knobs.items()}


def fill(texts: Mapping[str, str], values: Mapping[str, str], where: str) -> dict[str, str]:
    """Replace `{port}` and the like in every text; ScenarioError for a name that is not one of `values`."""
    return {key: _filled(text, values, f"{where} {key}") for key, text in texts.items()}


def fill_command(words: tuple[str, ...], values: Mapping[str, str], where: str) -> tuple[str, ...]:
    """The same for the words of a command; `{python}` is the interpreter that runs halfgig."""
    return tuple(_filled(word, {"python": sys.executable, **values}, f"{where} command") for word in words)


def _filled(text: str, values: Mapping[str, str], where: str) -> str:
    try:
        return text.format_map(values)
    except (KeyError, ValueError, IndexError) as error:
        known = ", ".join(f"{{{name}}}" for name in sorted(values))
        raise ScenarioError(f"{where}: {text!r} uses {error}; what can be filled in is {known}") from None


def _find(name: str, beside: Path) -> Path:
    if name.endswith(".toml"):
        return (beside / name).resolve()
    path = SCENARIOS / "targets" / f"{name}.toml"
    if not path.is_file():
        known = sorted(one.stem for one in path.parent.glob("*.toml"))
        raise ScenarioError(f"there is no target {name!r} in {path.parent}{tables.suggestion(name, known)}")
    return path


def _words(table: Mapping[str, object], key: str, where: str) -> tuple[str, ...]:
    words = tables.value(table, key, list, None, where)
    if not all(isinstance(word, str) for word in words):
        raise ScenarioError(f"{where}: {key} must be a list of texts")
    return tuple(words)


def _contract(http: Mapping[str, object], where: str) -> HttpContract:
    tables.refuse_unknown(http, _PATHS, where)
    fields = tables.texts(tables.value(http, "fields", dict, None, where), f"{where}.fields")
    tables.refuse_unknown(fields, _FIELDS, f"{where}.fields")
    states = tables.texts(tables.value(http, "states", dict, None, where), f"{where}.states")
    tables.refuse_unknown(states, STATES, f"{where}.states")
    for needed in ("job_id", "status"):
        tables.value(fields, needed, str, None, f"{where}.fields")
    return HttpContract(
        upload=tables.value(http, "upload", str, None, where),
        upload_field=tables.value(http, "upload_field", str, "files", where),
        status=tables.value(http, "status", str, None, where),
        ready=tables.value(http, "ready", str, None, where),
        resume=tables.value(http, "resume", str, "", where) or None,
        cancel=tables.value(http, "cancel", str, "", where) or None,
        errors=tables.value(http, "errors", str, "", where) or None,
        fields=fields,
        states={word: state for state, word in states.items()},
        events=tables.value(http, "events", str, "", where) or None,
        results=tables.value(http, "results", str, "", where) or None,
        search=tables.value(http, "search", str, "", where) or None,
        jobs=tables.value(http, "jobs", str, "", where) or None,
        delete=tables.value(http, "delete", str, "", where) or None,
    )


def named_queries(text: str, where: str) -> dict[str, str]:
    """Queries by name: each begins with a line `-- name: NAME`."""
    parts = re.split(r"^-- name:[ \t]*(.*)$", text, flags=re.MULTILINE)
    names = [name.strip() for name in parts[1::2]]
    if any(not re.fullmatch("[a-z0-9_]+", name) for name in names) or len(set(names)) < len(names):
        raise ScenarioError(f"{where}: invariants: each `-- name:` needs a name of its own, of letters, digits and _")
    return {name: query.strip() for name, query in zip(names, parts[2::2], strict=True)}


def _boundary(table: Mapping[str, Any], where: str) -> BoundaryOfTarget:
    tables.refuse_unknown(table, ("housekeeping", "in_flight"), where)
    limits = tables.value(table, "in_flight", dict, {}, where)
    return BoundaryOfTarget(
        _words({"housekeeping": [], **table}, "housekeeping", where),
        tuple(_concurrency(endpoint, table, f"{where}.in_flight") for endpoint, table in limits.items()),
    )


def _concurrency(endpoint: str, table: Mapping[str, Any], where: str) -> Concurrency:
    tables.refuse_unknown(table, ("requests", "inputs"), f"{where} {endpoint}")
    requests, inputs = (_setting(table, key, f"{where} {endpoint}") for key in ("requests", "inputs"))
    return Concurrency(endpoint, requests, inputs)


def _needs(table: Mapping[str, Any], where: str) -> dict[str, dict[str, str]]:
    needs = tables.value(table, "needs", dict, {}, where)
    known = tables.value(table, "knobs", dict, {}, where)
    for name in needs:
        needed = tables.value(needs, name, dict, None, f"{where} [needs]")
        tables.refuse_unknown(needed, known, f"{where} [needs] {name}", "knob")
    return {name: tables.texts(needed, f"{where} [needs] {name}") for name, needed in needs.items()}


def _setting(table: Mapping[str, Any], key: str, where: str) -> Setting:
    """`knob=default`, or a number that no knob changes."""
    knob, _, default = tables.value(table, key, str, None, where).rpartition("=")
    if not default.isdigit():
        raise ScenarioError(f'{where}: {key} is written like "embed_concurrency=2", a knob and its default')
    return Setting(knob, int(default))


def _text_beside(table: Mapping[str, object], key: str, path: Path) -> str | None:
    name = tables.value(table, key, str, "", str(path))
    if not name:
        return None
    try:
        return (path.parent / name).read_text(encoding="utf-8")
    except OSError as error:
        raise ScenarioError(f"{path}: {key} = {name!r} cannot be read: {error.strerror}") from None
