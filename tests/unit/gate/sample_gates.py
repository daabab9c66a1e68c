"""A gate's results as runs would leave them, for tests."""

from dataclasses import replace

from reports.gate_body import AcceptedGrowth, Comparison, GateBody, GatedScenario, SiteGrowth
from reports.quantities import MIB
from reports.result import Fingerprint, GateResult, Header, Reason, Verdict

HOSTILE = '<script>alert("x")</script>\x1b[2J|`\n'

_ROW = Comparison(
    scenario="gate",
    metric="unreclaimable_peak_bytes",
    unit="bytes",
    baseline=80 * MIB,
    measured=86 * MIB,
    threshold=81 * MIB,
    verdict="FAIL",
    noise=MIB / 4,
    sees=1.5 * MIB,
    wished=MIB,
    wished_runs=6,
    baseline_runs=(80.0 * MIB, 80.0 * MIB, 80.5 * MIB, 79.9 * MIB),
    measured_runs=(86.0 * MIB, 86.0 * MIB, 86.5 * MIB, 85.9 * MIB),
)
_KILLS = Comparison("gate", "oom_kills", "kills", 0, 0, 0, "PASS", baseline_runs=(0, 0), measured_runs=(0, 0))
_HEADER = Header(
    verdict=Verdict.FAIL,
    reasons=(Reason("grown", "gate: it grew."),),
    scenario="gate",
    target="importer",
    backend="cgroup",
    simulated=False,
    limit_bytes=256 * MIB,
    budget_bytes=256 * MIB,
    knobs={"window": "64"},
    fingerprint=Fingerprint({"python": "3.11"}, {"cpu_model": "a CPU"}),
    started_at="2026-11-22T18:00:00+00:00",
    duration_s=61.5,
    command="halfgig gate --against main",
)


def failed() -> GateResult:
    """A peak that grew by 6 MB, and where."""
    body = GateBody(
        against="main (0123456789)",
        base_commit="0123456789abcdef",
        false_alarm_rate=0.01,
        comparisons=(_ROW, _KILLS),
        diff=(
            SiteGrowth("gate", "decode_vectors", "importer/embedding/answers.py", 6 * MIB),
            SiteGrowth("gate", "shrunk", "importer/flow.py", -(MIB // 2)),
        ),
        scenarios=(GatedScenario("gate", "FAIL", 4, 55.0, "60 recorded runs and those of this gate"),),
        not_exercised=("growth_bytes_per_10000_chunks of gate: its runs did not tell it",),
        notes=("a note",),
    )
    return GateResult(_HEADER, body)


def passed() -> GateResult:
    """Nothing grew that was not accepted."""
    result = failed()
    row = replace(_ROW, verdict="PASS", note="Accepted by Ada until 2027-03-31: larger batches")
    line = AcceptedGrowth("gate", _ROW.metric, 87.0 * MIB, "larger batches", "Ada", "2027-03-31")
    body = replace(
        result.body,
        comparisons=(row, _KILLS),
        diff=(),
        accepted=(line,),
        scenarios=(replace(result.body.scenarios[0], verdict="PASS"),),
    )
    return GateResult(replace(result.header, verdict=Verdict.PASS, reasons=()), body)


def invalid() -> GateResult:
    """The baseline holds for another Python."""
    result, why = failed(), "The baseline holds for another environment: python: 3.12 before, 3.11 now."
    rows = tuple(
        replace(row, baseline=None, threshold=None, verdict="INVALID", baseline_runs=()) for row in (_ROW, _KILLS)
    )
    scenario = replace(result.body.scenarios[0], verdict="INVALID", reasons=(why,))
    body = replace(result.body, comparisons=rows, diff=(), scenarios=(scenario,))
    return GateResult(
        replace(result.header, verdict=Verdict.INVALID, reasons=(Reason("other_environment", why),)), body
    )


def huge() -> GateResult:
    """Very many scenarios with very long and hostile names."""
    result, names = failed(), [f"{place}{HOSTILE}{'x' * 3000}" for place in range(400)]
    rows = tuple(replace(_ROW, scenario=name, note=HOSTILE * 100) for name in names)
    diff = tuple(SiteGrowth(name, HOSTILE * 50, HOSTILE * 50, 1) for name in names * 10)
    scenarios = tuple(replace(result.body.scenarios[0], scenario=name) for name in names)
    body = replace(result.body, comparisons=rows, diff=diff, scenarios=scenarios, notes=(HOSTILE * 5000,))
    return GateResult(replace(result.header, scenario=HOSTILE, command=HOSTILE * 10), body)
