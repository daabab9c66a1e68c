"""What a scenario asks of a sweep: axes, mode, time, claims; read from its `[sweep]`, `[[claims]]`, `[claims_on]`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from harness import tables
from harness.errors import ScenarioError
from harness.quantities import parse_bytes, parse_seconds
from harness.target import Target, knob_environment
from reports.sweep_body import MeasuredElsewhere

Mode = Literal["grid", "search"]
MODES = ("grid", "search")
_SWEEP = (
    "mode", "for", "repeats", "rounds", "verify", "smallest_limit", "early_stopping", "seed", "stale_after", "parallel",
    "vary",
)  # fmt: skip
_CLAIM = ("name", "knob", "from", "to", "saves", "with", "elsewhere")
_ELSEWHERE = ("source", "saved", "peak_from", "peak_to", "calls_from", "calls_to")


@dataclass(frozen=True, slots=True)
class ClaimSpec:
    """A change that is said to save memory; `before` and `after` have a value for each of `knobs`."""

    name: str
    knobs: tuple[str, ...]
    before: tuple[str, ...]
    after: tuple[str, ...]
    saves_bytes: tuple[int, int] | None = None
    """From and to; None where no size was claimed."""
    given: Mapping[str, str] = field(default_factory=dict)
    """Knobs of both sides."""
    elsewhere: MeasuredElsewhere | None = None


@dataclass(frozen=True, slots=True)
class SweepPlan:
    """All of it."""

    mode: Mode = "grid"
    axes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    for_s: float | None = None
    repeats: int | None = None
    """Of each cell of a grid; None: as many as the noise needs."""
    rounds: tuple[int, ...] = (3, 6, 10)
    """After how many rounds claims are judged; those that are decided get no further ones."""
    verify: int = 3
    """Runs under the real limit that a recommendation has to survive."""
    smallest_limit: bool = False
    early_stopping: bool = True
    seed: int = 1
    parallel: int = 1
    """Trials beside each other: peaks stay true, rates do not."""
    stale_s: float = 20.0
    """Silence of a participant after which its trial is taken over."""
    claims: tuple[ClaimSpec, ...] = ()
    claims_on: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: {"": {}})
    """Names of what claims are measured on, with its knobs."""


def read_sweep(table: Mapping[str, Any], target: Target, where: str) -> SweepPlan:
    """The plan in a scenario's table; ScenarioError says where something is not usable."""
    sweep = tables.value(table, "sweep", dict, {}, where)
    inside = f"{where} [sweep]"
    tables.refuse_unknown(sweep, _SWEEP, inside)
    default = SweepPlan()
    for_text = tables.value(sweep, "for", str, "", inside)
    return SweepPlan(
        mode=_mode(sweep, inside),
        axes={axis: _texts(values, f"{inside} vary {axis}") for axis, values in sweep.get("vary", {}).items()},
        for_s=parse_seconds(for_text, f"{inside}: for") if for_text else None,
        repeats=_count(sweep, "repeats", inside) if "repeats" in sweep else None,
        rounds=_rounds(sweep, default.rounds, inside),
        verify=_count(sweep, "verify", inside, default.verify),
        smallest_limit=tables.value(sweep, "smallest_limit", bool, default.smallest_limit, inside),
        early_stopping=tables.value(sweep, "early_stopping", bool, default.early_stopping, inside),
        seed=tables.value(sweep, "seed", int, default.seed, inside),
        parallel=_count(sweep, "parallel", inside, default.parallel),
        stale_s=parse_seconds(tables.value(sweep, "stale_after", str, "20s", inside), f"{inside}: stale_after"),
        claims=tuple(_claims(table, target, where)),
        claims_on=_claims_on(table, target, where),
    )


def claim_of(knobs: Sequence[str], before: Sequence[str], after: Sequence[str], saves: str | None) -> ClaimSpec:
    """A claim as the command line states it."""
    changes = ", ".join(f"{knob} {a} → {b}" for knob, a, b in zip(knobs, before, after, strict=True))
    low, _, high = (saves or "").partition("..")
    size = (parse_bytes(low, "--saves"), parse_bytes(high or low, "--saves")) if saves else None
    return _checked(ClaimSpec(changes, tuple(knobs), tuple(before), tuple(after), size), "the claim")


def _mode(sweep: Mapping[str, Any], where: str) -> Mode:
    mode = tables.value(sweep, "mode", str, "grid", where)
    if mode not in MODES:
        raise ScenarioError(f"{where}: mode = {mode!r}; it is one of {', '.join(MODES)}")
    return "search" if mode == "search" else "grid"


def _rounds(sweep: Mapping[str, Any], default: tuple[int, ...], where: str) -> tuple[int, ...]:
    rounds = tuple(tables.value(sweep, "rounds", list, list(default), where))
    if not rounds or list(rounds) != sorted(set(rounds)) or not all(isinstance(one, int) and one > 1 for one in rounds):
        raise ScenarioError(f"{where}: rounds is a rising list of whole numbers above 1, like [3, 6, 10]")
    return rounds


def _count(table: Mapping[str, Any], key: str, where: str, default: int | None = None) -> int:
    count = tables.value(table, key, int, default, where)
    if count < 1:
        raise ScenarioError(f"{where}: {key} = {count} is not at least 1")
    return count


def _claims(table: Mapping[str, Any], target: Target, where: str) -> list[ClaimSpec]:
    found = tables.value(table, "claims", list, [], where)
    return [_claim(one, target, f"{where} [[claims]] {place}") for place, one in enumerate(found, 1)]


def _claim(table: Any, target: Target, where: str) -> ClaimSpec:
    if not isinstance(table, dict):
        raise ScenarioError(f"{where}: not a table")
    tables.refuse_unknown(table, _CLAIM, where)
    knobs, before, after = (_texts(table.get(key), f"{where}: {key}") for key in ("knob", "from", "to"))
    given = tables.texts(tables.value(table, "with", dict, {}, where), f"{where} with")
    tables.refuse_unknown((*knobs, *given), target.knobs, where, f"knob of {target.name}")
    name = tables.value(table, "name", str, ", ".join(knobs), where)
    claim = ClaimSpec(
        name, knobs, before, after, _saves(table, where), given,
        _elsewhere(tables.value(table, "elsewhere", dict, {}, where), f"{where} elsewhere"),
    )  # fmt: skip
    return _checked(claim, where)


def _checked(claim: ClaimSpec, where: str) -> ClaimSpec:
    if not len(claim.knobs) == len(claim.before) == len(claim.after):
        raise ScenarioError(f"{where}: each knob needs one value in `from` and one in `to`")
    if len(set(claim.knobs)) < len(claim.knobs):
        raise ScenarioError(f"{where}: each knob once, with one value in `from` and one in `to`")
    if claim.saves_bytes is not None and claim.saves_bytes[0] > claim.saves_bytes[1]:
        raise ScenarioError(f"{where}: write the smaller saving first, like 150MB..200MB")
    if claim.before == claim.after:
        raise ScenarioError(f"{where}: from and to are the same, so there is nothing to measure")
    return claim


def _saves(table: Mapping[str, Any], where: str) -> tuple[int, int] | None:
    if "saves" not in table:
        return None
    sizes = [parse_bytes(one, f"{where}: saves") for one in _texts(table["saves"], f"{where}: saves")]
    if len(sizes) > 2 or sizes != sorted(sizes):
        raise ScenarioError(f"{where}: saves is a size, or the lowest and the highest of an estimate")
    return sizes[0], sizes[-1]


def _elsewhere(table: Mapping[str, Any], where: str) -> MeasuredElsewhere | None:
    if not table:
        return None
    tables.refuse_unknown(table, _ELSEWHERE, where)
    sizes = {
        f"{key}_bytes": parse_bytes(tables.value(table, key, str, None, where), f"{where} {key}")
        for key in ("saved", "peak_from", "peak_to")
        if key in table
    }
    calls = {key: _count(table, key, where) for key in ("calls_from", "calls_to") if key in table}
    return MeasuredElsewhere(tables.value(table, "source", str, "", where), **sizes, **calls)


def _claims_on(table: Mapping[str, Any], target: Target, where: str) -> dict[str, dict[str, str]]:
    found = tables.value(table, "claims_on", dict, {}, where)
    named = {
        name: tables.texts(tables.value(found, name, dict, None, f"{where} [claims_on]"), f"{where} [claims_on.{name}]")
        for name in found
    }
    for name, knobs in named.items():
        knob_environment(target, knobs, f"{where} [claims_on.{name}]")
    return named or {"": {}}


def _texts(values: Any, where: str) -> tuple[str, ...]:
    listed = values if isinstance(values, list) else [values]
    if values is None or not listed:
        raise ScenarioError(f"{where}: a value, or a list of values, is missing")
    return tuple(tables.texts({str(place): value for place, value in enumerate(listed)}, where).values())
