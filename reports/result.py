"""The result of a run of halfgig as frozen objects, and `result.json`; documented in docs/result.md.

A result is a header that every kind has and the body of its kind; in the file all their fields stand at the top level.
Bytes and seconds throughout; what is not known is None (null).
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar, Literal

from reports.crash_body import CrashBody
from reports.decoding import decode
from reports.errors import ResultError
from reports.gate_body import GateBody
from reports.load_body import LoadBody
from reports.sweep_body import SweepBody
from reports.trace import TraceBody

SCHEMA_VERSION = 1
RESULT_MAX_BYTES = 64 * 2**20

Scalar = str | int | float | bool | None


class Verdict(StrEnum):
    """What a result says; INVALID (nothing exercised, or not to be trusted) is never a pass."""

    PASS = "PASS"  # noqa: S105
    FAIL = "FAIL"
    INVALID = "INVALID"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a verdict is what it is."""

    code: str
    """Machine-readable: `oom_killed`, `over_budget`, `unaccounted_documents`, …"""
    text: str
    """One sentence for a person."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """The environment that a result holds for."""

    binding: Mapping[str, Scalar] = field(default_factory=dict)
    """Results compare only where all of this is equal."""
    informing: Mapping[str, Scalar] = field(default_factory=dict)
    """Explains a difference, forbids no comparison."""


@dataclass(frozen=True, slots=True)
class Header:
    """What every kind of result has."""

    verdict: Verdict
    reasons: tuple[Reason, ...]
    scenario: str
    target: str
    backend: str
    simulated: bool
    """True where no kernel enforced the limit (backend `watchdog`)."""
    limit_bytes: int | None
    budget_bytes: int | None
    knobs: Mapping[str, Scalar]
    fingerprint: Fingerprint
    started_at: str
    """UTC, ISO 8601."""
    duration_s: float | None
    command: str | None = None
    """The command that repeats it, secrets masked."""


@dataclass(frozen=True, slots=True)
class Peak:
    """High-water marks of the service's memory; `unreclaimable_bytes` decides."""

    unreclaimable_bytes: int | None = None
    anon_bytes: int | None = None
    working_set_bytes: int | None = None
    cgroup_bytes: int | None = None
    rss_bytes: int | None = None


PeakSource = Literal["kernel", "samples"]


@dataclass(frozen=True, slots=True)
class PeakSources:
    """For each figure of `Peak`: the kernel's own mark, or the maximum of samples (a shorter peak can be missed)."""

    unreclaimable_bytes: PeakSource | None = None
    anon_bytes: PeakSource | None = None
    working_set_bytes: PeakSource | None = None
    cgroup_bytes: PeakSource | None = None
    rss_bytes: PeakSource | None = None


@dataclass(frozen=True, slots=True)
class Exit:
    """How the service's main process ended; one of the two is known."""

    status: int | None = None
    signal: str | None = None
    """`SIGKILL`, `SIGTERM`, …"""


@dataclass(frozen=True, slots=True)
class Documents:
    """Documents of the corpus, as counted by the harness (`total`) and as the service accounts for them."""

    total: int | None = None
    stored: int | None = None
    failed: int | None = None
    duplicates: int | None = None


@dataclass(frozen=True, slots=True)
class Provider:
    """What the provider stub's ledger holds of the whole run."""

    requests: int | None = None
    inputs: int | None = None
    inputs_billed_twice: int | None = None


@dataclass(frozen=True, slots=True)
class ImportProvider:
    """What the provider stub's ledger holds of one import."""

    requests: int | None = None
    inputs: int | None = None


@dataclass(frozen=True, slots=True)
class Import:
    """One import of the run, in the order of their ends."""

    provider: ImportProvider
    documents: int | None = None
    unreclaimable_after_bytes: int | None = None
    chunks_stored: int | None = None
    unreclaimable_peak_bytes: int | None = None
    """The most from the start of the run to the end of this import."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How well the memory was watched."""

    interval_ms: float
    samples: int
    late: int
    """Samples that came more than one interval too late."""
    cpu_share: float | None = None
    """CPU time of sampling, of one CPU's."""


@dataclass(frozen=True, slots=True)
class RunBody:
    """The fields of kind `run`."""

    peak: Peak = Peak()
    peak_sources: PeakSources = PeakSources()
    oom_kills: int | None = None
    killed: str | None = None
    """Which process was OOM-killed."""
    exit: Exit | None = None
    """None while the service lives until the harness ends it."""
    documents: Documents = Documents()
    chunks_stored: int | None = None
    chunks_per_s: float | None = None
    provider: Provider = Provider()
    imports: tuple[Import, ...] = ()
    digest: str | None = None
    cpu_s: float | None = None
    restarts: int | None = None
    sampling: Sampling | None = None
    notes: tuple[str, ...] = ()
    not_exercised: tuple[str, ...] = ()
    revision: str | None = None
    """The git revision of the target's code, with a `+` where the working tree differed from it."""
    trace: TraceBody | None = None
    """Of `--trace`: where the memory of a second, traced run was."""


@dataclass(frozen=True, slots=True)
class Result:
    """The header and body of a result of kind `run`."""

    kind: ClassVar[str] = "run"
    header: Header
    body: RunBody


@dataclass(frozen=True, slots=True)
class CrashResult:
    """The header and body of a result of kind `crash`."""

    kind: ClassVar[str] = "crash"
    header: Header
    body: CrashBody


@dataclass(frozen=True, slots=True)
class LoadResult:
    """The header and body of a result of kind `load`."""

    kind: ClassVar[str] = "load"
    header: Header
    body: LoadBody


@dataclass(frozen=True, slots=True)
class GateResult:
    """The header and body of a result of kind `gate`."""

    kind: ClassVar[str] = "gate"
    header: Header
    body: GateBody


@dataclass(frozen=True, slots=True)
class SweepResult:
    """The header and body of a result of kind `sweep`."""

    kind: ClassVar[str] = "sweep"
    header: Header
    body: SweepBody


AnyResult = Result | CrashResult | LoadResult | GateResult | SweepResult


def to_json(result: AnyResult) -> dict[str, Any]:
    """Lay a result out as the object of `result.json`: header and body flat, in the order of the classes."""
    body = asdict(result.body, dict_factory=_fields)
    return {"schema": SCHEMA_VERSION, "kind": result.kind, **asdict(result.header), **body}


def _fields(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The fields of an object; one whose name is a word of Python's own, such as `from_`, has no underscore there."""
    return {name.rstrip("_"): value for name, value in pairs}


def from_json(value: Any, where: str = "result") -> AnyResult:
    """Check and take in the object of a `result.json`; fields it does not know are left out. ResultError says where."""
    if not isinstance(value, dict):
        raise ResultError(f"{where}: expected an object, found {type(value).__name__}")
    if value.get("schema") != SCHEMA_VERSION:
        raise ResultError(f"{where}: schema {value.get('schema')!r} is not {SCHEMA_VERSION}, which this halfgig reads")
    kind = value.get("kind")
    if not isinstance(kind, str) or kind not in _KINDS:
        raise ResultError(f"{where}: kind {kind!r} is none of {', '.join(_KINDS)}")
    result, body = _KINDS[kind]
    return result(decode(Header, _part(value, Header), where), decode(body, _part(value, body), where))


_KINDS: Mapping[str, tuple[Callable[[Header, Any], AnyResult], type[Any]]] = {
    "run": (Result, RunBody),
    "crash": (CrashResult, CrashBody),
    "load": (LoadResult, LoadBody),
    "gate": (GateResult, GateBody),
    "sweep": (SweepResult, SweepBody),
}


def _part(value: Mapping[str, Any], kind: type[Any]) -> dict[str, Any]:
    return {one.name: value[one.name] for one in fields(kind) if one.name in value}


def render_json(result: AnyResult) -> str:
    """Give the text of `result.json`."""
    return json.dumps(to_json(result), indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def write_result(path: Path, result: AnyResult) -> None:
    """Write `result.json` in one step: a reader finds the old file or the new one, never a half."""
    beside = path.with_name(path.name + ".partial")
    beside.write_text(render_json(result), encoding="utf-8")
    beside.replace(path)


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is not a number in JSON")


def read_result(path: Path) -> AnyResult:
    """Read a `result.json`; ResultError where it is missing, too large, cut off or not what the schema says."""
    try:
        if path.stat().st_size > RESULT_MAX_BYTES:
            raise ResultError(f"{path}: larger than {RESULT_MAX_BYTES} bytes, so not a result file")
        value = json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse)
    except OSError as error:
        raise ResultError(f"{path}: cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        raise ResultError(f"{path}: not JSON ({error})") from error
    return from_json(value, str(path))
