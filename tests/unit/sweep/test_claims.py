"""Claims: judged by the rule of the design, on rounds in which both sides have a peak."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from harness.sweep.claims import ClaimsStrategy
from harness.sweep.judging import judge, sides_of
from harness.sweep.spec import ClaimSpec, SweepPlan, claim_of
from harness.sweep.trial import Part, Trial

from .made_trials import LIFTED_BYTES, MB, scenario, trial

BEFORE, AFTER = {"window": "800"}, {"window": "200"}
LIMIT_BYTES = 512 * MB


def _claim(saves: str | None) -> ClaimSpec:
    return claim_of(["window"], ["800"], ["200"], saves)


def _trial(setting: Mapping[str, str], peak: float | None, round_: int, part: Part = "claim") -> Trial:
    limit_bytes = LIFTED_BYTES if part == "claim" else LIMIT_BYTES
    end = "killed" if peak is None else "whole"
    return trial(setting, peak, part=part, repeat=round_, end=end, limit_bytes=limit_bytes)  # type: ignore[arg-type]


def _rounds(before: list[float | None], after: list[float | None]) -> list[Trial]:
    return [
        *(_trial(BEFORE, peak, place) for place, peak in enumerate(before)),
        *(_trial(AFTER, peak, place) for place, peak in enumerate(after)),
    ]


@pytest.mark.parametrize(
    ("saves", "after", "verdict"),
    [
        ("20MB", [80.0, 80.4, 79.6], "CONFIRMED"),
        ("26MB", [80.0, 80.4, 79.6], "CONFIRMED"),
        ("100MB", [80.0, 80.4, 79.6], "REFUTED"),
        ("27MB", [80.0, 81.0, 78.0], "UNDECIDED"),
        ("20MB..200MB", [80.0, 80.4, 79.6], "CONFIRMED"),
        ("150MB..200MB", [80.0, 80.4, 79.6], "REFUTED"),
        (None, [80.0, 80.4, 79.6], "CONFIRMED"),
        (None, [100.0, 100.1, 99.9], "REFUTED"),
        (None, [98.0, 101.0, 99.5], "UNDECIDED"),
        ("20MB", [120.0, 120.4, 119.6], "REFUTED"),
    ],
)
def test_the_rule(saves: str | None, after: list[float | None], verdict: str) -> None:
    """0.75 of the claim, or of its lowest estimate, against the bounds; without a size, 1 % of the peak."""
    sides = sides_of(_claim(saves), "", {}, scenario())
    found = judge(sides, _rounds([100.0, 100.2, 99.8], after), LIFTED_BYTES, LIMIT_BYTES)
    assert found.verdict == verdict
    assert (found.why == "") == (verdict != "UNDECIDED")


def test_a_killed_side_has_no_peak() -> None:
    """A round with a killed side counts for nothing, and the claim says why it is undecided."""
    sides = sides_of(_claim("10MB"), "", {}, scenario())
    found = judge(sides, _rounds([None, None, None], [80.0, 80.0, 80.0]), LIFTED_BYTES, LIMIT_BYTES)
    assert (found.verdict, found.saved, found.rounds, found.before.killed) == ("UNDECIDED", None, 0, 3)
    assert "killed" in found.why


def test_drift_that_both_sides_have_in_common_does_not_widen_the_interval() -> None:
    """Only the differences within a round count."""
    sides = sides_of(_claim("18MB"), "", {}, scenario())
    found = judge(sides, _rounds([100.0, 110.0, 120.0], [80.0, 90.1, 99.9]), LIFTED_BYTES, LIMIT_BYTES)
    assert found.verdict == "CONFIRMED"


def test_survival_is_a_column_of_its_own() -> None:
    """What happened under the limit changes no verdict."""
    trials = [
        *_rounds([600.0, 601.0, 599.0], [590.0, 591.0, 589.0]),
        _trial(BEFORE, None, 0, "survival"),
        _trial(AFTER, 400.0, 0, "survival"),
    ]
    found = judge(sides_of(_claim("100MB"), "", {}, scenario()), trials, LIFTED_BYTES, LIMIT_BYTES)
    assert (found.verdict, found.before.survives, found.after.survives) == ("REFUTED", False, True)


def _run_all(strategy: ClaimsStrategy, peaks: Mapping[str, float]) -> list[Trial]:
    """Run what is wanted until nothing is; peaks by window, with a little drift."""
    done: list[Trial] = []
    while wanted := strategy.wanted(done, None).tasks:
        task = wanted[0]
        peak = peaks[task.setting.get("window", "")] + 0.1 * (task.repeat % 3)
        done.append(replace(trial(task.setting, peak, number=len(done)), task=task))
        assert len(done) < 200
    return done


def test_decided_claims_get_no_more_rounds() -> None:
    """Three rounds of both sides, then each side once under the limit, and nothing after that."""
    plan = {"claims": (_claim("100MB"),), "rounds": (3, 6)}
    done = _run_all(ClaimsStrategy(scenario(**plan), LIFTED_BYTES), {"800": 100, "200": 80})
    assert [one.task.part for one in done] == ["claim"] * 6 + ["survival"] * 2
    assert {one.task.limit_bytes for one in done[6:]} == {LIMIT_BYTES}
    # Both sides of a round come before the next round begins.
    assert [one.task.repeat for one in done[:6]] == [0, 0, 1, 1, 2, 2]


def test_undecided_claims_get_the_rounds_of_the_plan_and_no_more() -> None:
    """A saving just at the threshold uses them up."""
    plan = {"claims": (_claim("26.67MB"),), "rounds": (3, 6)}
    strategy = ClaimsStrategy(scenario(**plan), LIFTED_BYTES)
    done: list[Trial] = []
    while wanted := strategy.wanted(done, None).tasks:
        task = wanted[0]
        peak = (100 if task.setting["window"] == "800" else 80) + (3 if task.repeat % 2 else 0) * (
            1 if task.setting["window"] == "800" else -1
        )
        done.append(replace(trial(task.setting, peak, number=len(done)), task=task))
        assert len(done) < 100
    assert sum(one.task.part == "claim" for one in done) == 12
    assert strategy.judged(done)[0].verdict == "UNDECIDED"


def test_time_is_kept_back_for_the_runs_under_the_limit() -> None:
    """Once every claim has an interval; what is left of the rounds comes after them, where there is time."""
    strategy = ClaimsStrategy(scenario(claims=(_claim("20MB"),), rounds=(6,)), LIFTED_BYTES)
    one_round = _rounds([100], [90])
    two_rounds = _rounds([100, 101], [90, 91])
    assert strategy.wanted(one_round, 20.0).phase == "claims, round 2"
    assert strategy.wanted(two_rounds, 200.0).phase == "claims, round 3"
    late = strategy.wanted(two_rounds, 20.0)
    assert (late.phase, len(late.tasks), late.later) == ("claims, under the limit", 2, 8)
    survived = [Trial(9, "one", task, two_rounds[0].measured) for task in late.tasks]
    assert strategy.wanted([*two_rounds, *survived], 20.0).phase == "claims, round 3"


def test_claims_share_the_sides_that_they_have_in_common() -> None:
    """Two claims that start from the scenario's own setting are measured against the same runs of it."""
    claims = (claim_of(["window"], ["800"], ["200"], "10MB"), claim_of(["chunk_chars"], ["880"], ["400"], "10MB"))
    base = scenario(claims=claims, rounds=(3,))
    base = replace(base, knobs={"window": "800", "chunk_chars": "880"})
    settings = ClaimsStrategy(base, LIFTED_BYTES).settings()
    assert settings == [{}, {"window": "200"}, {"chunk_chars": "400"}]


def test_a_knob_gets_what_it_needs() -> None:
    """Both sides of a claim about Cohere's batches run with Cohere, though nobody said so."""
    sides = sides_of(claim_of(["cohere_batch_size"], ["96"], ["20"], None), "", {}, scenario())
    assert sides.before == {"cohere_batch_size": "96", "embedding_provider": "cohere"}
    assert sides.after == {"cohere_batch_size": "20", "embedding_provider": "cohere"}


def test_more_looks_make_wider_intervals() -> None:
    """Looking at a claim several times must not make a verdict by chance more likely."""
    trials = _rounds([100.0, 101.0, 99.0], [80.0, 80.5, 79.5])
    one = ClaimsStrategy(scenario(claims=(_claim("20MB"),), rounds=(3,)), LIFTED_BYTES).judged(trials)[0]
    three = ClaimsStrategy(scenario(claims=(_claim("20MB"),), rounds=(3, 6, 10)), LIFTED_BYTES).judged(trials)[0]
    assert one.saved is not None
    assert three.saved is not None
    assert one.saved.high is not None
    assert three.saved.high is not None
    assert three.saved.high > one.saved.high


def test_the_default_plan_has_three_looks() -> None:
    """What the documentation says."""
    assert SweepPlan().rounds == (3, 6, 10)
