"""From what was gated to the result file."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from statistics import median
from typing import Any

from harness.gate.acceptance import Acceptance, applying
from harness.gate.gating import Gated
from harness.gate.sequential import FALSE_ALARMS, Look, Plan, State
from harness.memory.noise import detectable, runs_needed
from reports.gate_body import AcceptedGrowth, Comparison, GateBody, GatedScenario, RowVerdict, SiteGrowth
from reports.gate_wording import grown_sentence
from reports.result import Fingerprint, GateResult, Header, Reason, Verdict


@dataclass(frozen=True, slots=True)
class Asked:
    """What the whole command was asked for, as far as the result tells it."""

    against: str | None
    base_commit: str | None
    command: str
    started_at: datetime
    wished_bytes: float
    plan: Plan
    accepted: tuple[Acceptance, ...]
    today: date


def gate_result(asked: Asked, gated: Sequence[Gated], duration_s: float) -> GateResult:
    """Judge every metric and lay the whole out; what grew and where is added to it by `with_diff`."""
    rows = tuple(row for one in gated for row in _rows(asked, one))
    body = GateBody(
        against=asked.against,
        base_commit=asked.base_commit,
        false_alarm_rate=FALSE_ALARMS,
        comparisons=rows,
        scenarios=tuple(_scenario(one, rows) for one in gated),
        accepted=tuple(_accepted(asked, rows)),
        not_exercised=tuple(_not_exercised(gated)),
        notes=tuple(dict.fromkeys(note for one in gated for note in one.notes)),
    )
    verdict, reasons = _verdict(rows, gated)
    return GateResult(_header(asked, gated, verdict, reasons, duration_s), body)


def with_diff(result: GateResult, diff: tuple[SiteGrowth, ...], notes: tuple[str, ...]) -> GateResult:
    """The result with the sites that grew, or with why they are not known."""
    return replace(result, body=replace(result.body, diff=diff, notes=(*result.body.notes, *notes)))


def _rows(asked: Asked, gated: Gated) -> Iterator[Comparison]:
    for look in gated.course.looks:
        if gated.reasons or look.state is not State.UNKNOWN:
            yield _row(asked, gated, look)


def _row(asked: Asked, gated: Gated, look: Look) -> Comparison:
    name, scenario = look.metric.name, gated.scenario.name
    base, head = _middle(look.base), _middle(look.head)
    grown = name in gated.course.confirmed
    held = applying(asked.accepted, scenario, name, asked.today) if grown and head is not None else None
    passes = not grown or (held is not None and head is not None and head <= held.up_to)
    verdict: RowVerdict = "INVALID" if gated.reasons else "PASS" if passes else "FAIL"
    row = Comparison(
        scenario=scenario,
        metric=name,
        unit=look.metric.unit,
        baseline=None if gated.reasons else base,
        measured=head,
        threshold=None if look.tolerance is None or base is None else base + look.tolerance,
        verdict=verdict,
        baseline_runs=look.base,
        measured_runs=look.head,
        note=_note(gated, look, held),
    )
    return row if look.noise is None else _with_power(row, look, asked)


def _with_power(row: Comparison, look: Look, asked: Asked) -> Comparison:
    """How small a growth is seen with the runs there are, and how many runs a wished one takes."""
    if look.noise is None:
        return row
    sees = detectable(look.noise, len(look.base), len(look.head), asked.plan.alpha)
    needed = runs_needed(look.noise, asked.wished_bytes, asked.plan.alpha)
    return replace(row, noise=look.noise.sd, sees=sees, wished=asked.wished_bytes, wished_runs=needed)


def _note(gated: Gated, look: Look, held: Acceptance | None) -> str | None:
    if held is not None:
        return f"Accepted by {held.who} until {held.until.isoformat()}: {held.reason}"
    if look.metric.name in gated.course.refuted and look.metric.name not in gated.course.confirmed:
        return "It looked grown once; a fresh pair did not show it."
    if look.state is State.UNDECIDED:
        return "Not decided with these runs: a growth near the threshold is not ruled out."
    return None


def _middle(figures: tuple[float, ...]) -> float | None:
    return median(figures) if figures else None


def _verdict(rows: Sequence[Comparison], gated: Sequence[Gated]) -> tuple[Verdict, tuple[Reason, ...]]:
    grown = tuple(Reason("grown", grown_sentence(row)) for row in rows if row.verdict == "FAIL")
    doubts = tuple(reason for one in gated for reason in one.reasons)
    if grown:
        return Verdict.FAIL, grown + doubts
    if doubts or not rows:
        return Verdict.INVALID, doubts or (Reason("nothing_measured", "Nothing was measured."),)
    return Verdict.PASS, ()


def _scenario(gated: Gated, rows: Sequence[Comparison]) -> GatedScenario:
    own = {row.verdict for row in rows if row.scenario == gated.scenario.name}
    verdict: RowVerdict = "FAIL" if "FAIL" in own else "INVALID" if gated.reasons or not own else "PASS"
    return GatedScenario(
        scenario=gated.scenario.name,
        verdict=verdict,
        pairs=len(gated.course.pairs),
        duration_s=round(gated.duration_s, 1),
        noise_from=gated.noise_from,
        reasons=tuple(one.text for one in gated.reasons),
    )


def _accepted(asked: Asked, rows: Sequence[Comparison]) -> Iterator[AcceptedGrowth]:
    for row in rows:
        held = applying(asked.accepted, row.scenario, row.metric, asked.today)
        if held is not None and row.note is not None and row.note.startswith("Accepted by"):
            yield AcceptedGrowth(held.scenario, held.metric, held.up_to, held.reason, held.who, held.until.isoformat())


def _not_exercised(gated: Sequence[Gated]) -> Iterator[str]:
    for one in gated:
        for look in one.course.looks:
            if look.state is State.UNKNOWN and not one.reasons:
                yield f"{look.metric.name} of {one.scenario.name}: its runs did not tell it"


def _header(
    asked: Asked, gated: Sequence[Gated], verdict: Verdict, reasons: tuple[Reason, ...], duration_s: float
) -> Header:
    scenarios = [one.scenario for one in gated]
    heads = [one.head for one in gated if one.head]
    return Header(
        verdict=verdict,
        reasons=reasons,
        scenario=", ".join(one.name for one in scenarios),
        target=", ".join(dict.fromkeys(one.target.name for one in scenarios)),
        backend=", ".join(dict.fromkeys(one.backend for one in heads)) or scenarios[0].backend,
        simulated=any(one.simulated for one in heads),
        limit_bytes=_same([one.limit_bytes for one in scenarios]),
        budget_bytes=_same([one.budget_bytes for one in scenarios]),
        knobs=dict(scenarios[0].knobs) if len(scenarios) == 1 else {},
        fingerprint=_common([one.fingerprint for one in heads]),
        started_at=asked.started_at.isoformat(timespec="seconds"),
        duration_s=round(duration_s, 3),
        command=asked.command,
    )


def _same(values: Sequence[Any]) -> Any:
    return values[0] if len(set(values)) == 1 else None


def _common(fingerprints: Sequence[Fingerprint]) -> Fingerprint:
    """What is the same in every scenario."""
    if not fingerprints:
        return Fingerprint()
    first, rest = fingerprints[0], fingerprints[1:]
    return Fingerprint(
        {name: value for name, value in first.binding.items() if all(one.binding.get(name) == value for one in rest)},
        {
            name: value
            for name, value in first.informing.items()
            if all(one.informing.get(name) == value for one in rest)
        },
    )
