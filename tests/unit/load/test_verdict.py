"""The verdict of a load run: PASS, FAIL and INVALID from what was seen."""

from dataclasses import replace

import pytest

from harness.containers.container import Exit
from harness.load.judgement import judge_load
from harness.load.kills import Crash
from harness.load.plan import Kill
from harness.load.seen import JobEnd, LoadSeen, Provided
from reports.result import Verdict
from tests.unit.load.sample_loads import arrivals, generators, plan, requests, seen, with_rows

GOOD = [*requests("search", [0.05] * 100), *requests("upload", [0.1] * 40)]


def _good(*thresholds: str, **options: float) -> LoadSeen:
    return seen(plan(*(thresholds or ("search.p95 < 500ms",)), **options), GOOD)  # type: ignore[arg-type]


def _codes(run: LoadSeen) -> tuple[Verdict, set[str]]:
    verdict, reasons, _ = judge_load(run)
    return verdict, {one.code for one in reasons}


def test_a_good_run_passes() -> None:
    """Nothing to complain of."""
    assert _codes(_good()) == (Verdict.PASS, set())


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"lost": ("worker 1",)}, "lost_worker"),
        ({"hung": True}, "generator_hung"),
        ({"stopped": "the spend is over its cap"}, "stopped"),
        ({"unreached": True}, "users_missing"),
        ({"workers": 2}, "lost_worker"),
        ({"outbound": ("10.0.0.1:443",)}, "outbound_attempt"),
        ({"provided": Provided(24, ("POST /v2/other",))}, "unknown_endpoint"),
        ({"crashes": (Crash("oom", 10.0, 10.0, planned=True, start_t=0.0, struck=False),)}, "not_killed"),
    ],
)
def test_a_generator_or_setting_that_failed_makes_it_invalid(change: dict[str, object], code: str) -> None:
    """Whatever the thresholds say."""
    verdict, codes = _codes(replace(_good(), **change))  # type: ignore[arg-type]
    assert verdict is Verdict.INVALID
    assert code in codes


def test_nothing_sent_is_invalid() -> None:
    """Zero requests are never a pass, and neither is a warm-up alone."""
    assert _codes(seen(plan(), [])) == (Verdict.INVALID, {"nothing_sent"})
    assert "nothing_sent" in _codes(seen(plan(), requests("search", [0.1] * 50, stage=0)))[1]


@pytest.mark.parametrize("busy", [generators(cpu_share=0.97), generators(lag_s=0.8)])
def test_an_overloaded_generator_is_invalid(busy: list[object]) -> None:
    """Over 90 % of a CPU, or waking up late: then it has measured itself."""
    verdict, codes = _codes(with_rows(_good(), generators=busy))
    assert (verdict, codes) == (Verdict.INVALID, {"generator_overloaded"})


def test_a_generator_that_is_too_busy_in_the_step_that_broke_is_invalid() -> None:
    """Then it may have been the generator that broke, and in a short stage all of its seconds count."""
    busy = [one._replace(cpu_share=0.97) for one in generators()[:3]]
    run = replace(_good(), judged_stages=0, broke_at="hold")
    assert "generator_overloaded" in _codes(with_rows(run, generators=busy))[1]


def test_a_worker_of_another_machine_that_goes_is_lost() -> None:
    """The leading process tells, every second, how many there are."""
    there = [(6.0, 2), (7.0, 1), (30.0, 0)]
    rows = [*generators(), *generators(worker=1)]
    run = replace(with_rows(_good(), generators=rows, workers_seen=there), workers=2)
    assert _codes(run) == (Verdict.INVALID, {"lost_worker"})
    steady = [(6.0, 2), (7.0, 2), (30.0, 0)]
    assert _codes(replace(with_rows(run, workers_seen=steady), workers=2))[0] is Verdict.PASS


def test_a_short_burst_of_the_generator_is_no_overload() -> None:
    """One second at the top of a CPU says nothing."""
    burst = [one._replace(cpu_share=1.0 if place == 3 else 0.2) for place, one in enumerate(generators())]
    assert _codes(with_rows(_good(), generators=burst))[0] is Verdict.PASS


def test_users_code_that_raises_is_invalid() -> None:
    """A locustfile with a bug in it has not measured the service."""
    assert _codes(with_rows(_good(), user_errors=["KeyError: 'x'"]))[1] == {"user_error"}


def test_no_new_billed_input_is_invalid_unless_reimports_are_measured() -> None:
    """What is stored already costs the service nothing."""
    run = replace(_good(), provided=Provided(0))
    assert _codes(run) == (Verdict.INVALID, {"nothing_billed"})
    assert _codes(replace(run, plan=replace(run.plan, reimport=True)))[0] is Verdict.PASS


def test_where_there_is_no_ledger_new_chunks_tell_that_imports_were_real() -> None:
    """On a host of somebody."""
    run = replace(_good(), provided=None)
    assert _codes(run)[0] is Verdict.PASS
    assert _codes(replace(run, ends=(JobEnd("a", 1, "completed", 1, 0),)))[1] == {"nothing_billed"}


def test_a_handful_of_requests_is_no_pass_whatever_the_thresholds_ask_for() -> None:
    """Two answers are no load."""
    few = seen(plan(), [*requests("search", [0.05] * 2), *requests("upload", [0.1])])
    assert _codes(few) == (Verdict.INVALID, {"not_enough_measured"})


def test_a_missed_threshold_fails_and_one_that_cannot_be_judged_is_invalid() -> None:
    """A proven miss comes before what is not known."""
    assert _codes(_good("search.p95 < 10ms")) == (Verdict.FAIL, {"threshold_missed"})
    assert _codes(_good("import.p95 < 10s")) == (Verdict.INVALID, {"not_enough_measured"})
    assert _codes(_good("import.p95 < 10s", "search.p95 < 10ms"))[0] is Verdict.FAIL


def test_a_service_that_died_fails_even_when_the_generator_has_a_problem() -> None:
    """The kernel's kill speaks for itself."""
    gone = Exit(None, "SIGKILL", oom_killed=True, killed=("python",))
    verdict, codes = _codes(replace(_good(), gone=gone, lost=("locust",), killed=("python",)))
    assert verdict is Verdict.FAIL
    assert "oom_killed" in codes
    assert _codes(replace(_good(), gone=Exit(1, None, oom_killed=False, killed=())))[1] == {"target_exited"}


def test_a_service_that_does_not_come_back_after_a_kill_fails() -> None:
    """The kill was the scenario's, and that it stays away is the service's; nothing else was measured."""
    kills = (Kill("oom", "hold", 0.5, 0.0),)
    crash = Crash("oom", 5.5, None, planned=True, start_t=0.0)
    run = replace(
        seen(replace(plan(), kills=kills), GOOD), crashes=(crash,), gone=Exit(1, None, oom_killed=False, killed=())
    )
    verdict, codes = _codes(run)
    assert verdict is Verdict.FAIL
    assert {"not_ready_again", "target_exited"} <= codes


def test_an_import_that_could_not_be_asked_about_is_not_called_lost() -> None:
    """A service that is dead, or answers 503, has said nothing of it."""
    ends = (JobEnd("a", 2, None, None, told=False),)
    assert _codes(replace(_good(), ends=ends, drained=False))[1] == {"not_drained"}
    dead = replace(_good(), ends=ends, drained=False, gone=Exit(1, None, oom_killed=False, killed=()))
    assert _codes(dead)[1] == {"target_exited"}


def test_acknowledged_imports_that_are_gone_or_not_whole_fail() -> None:
    """A 202 is a promise."""
    for end in (JobEnd("a", 2, None, None), JobEnd("a", 2, "completed", 1, 8)):
        assert _codes(replace(_good(), ends=(end,)))[1] == {"acknowledged_lost"}
    waiting = replace(_good(), drained=False, ends=(JobEnd("a", 2, "running", 1, 8),))
    assert _codes(waiting)[1] == {"not_drained"}
    assert _codes(replace(_good(), ends=(JobEnd("a", 2, "failed", 1, 8),)))[1] == {"imports_failed"}


def test_requests_in_a_planned_gap_are_not_judged() -> None:
    """The scenario took the service away itself; what fails outside of the gap still counts."""
    refused = [one for one in requests("search", [0.001] * 200, "ConnectionRefused") if 10.0 < one.start_s < 12.0]
    crash = Crash("oom", 10.0, 12.0, planned=True, start_t=0.0)
    kills = (Kill("oom", "hold", 5.0, 0.0),)
    run = seen(replace(plan("search.errors < 0.1%"), kills=kills), [*GOOD, *refused])
    assert _codes(replace(run, crashes=(crash,)))[0] is Verdict.PASS
    assert _codes(replace(run, crashes=(replace(crash, start_s=14.0, ready_s=15.0),)))[0] is Verdict.FAIL


def test_a_kill_that_never_came_is_invalid() -> None:
    """What was to be shown was not."""
    run = seen(replace(plan(), kills=(Kill("oom", "hold", 5.0, 0.0),)), GOOD)
    assert _codes(run) == (Verdict.INVALID, {"not_killed"})


def test_arrivals_of_a_planned_gap_are_not_the_services_fault() -> None:
    """Neither those that came while it was gone, nor those that it was at when it was killed."""
    crash = Crash("oom", 10.0, 15.0, planned=True, start_t=0.0)
    made = [
        one._replace(ok=not 8.0 < one.due_s < 15.0, seconds=10.5 - one.due_s if 8.0 < one.due_s < 10.0 else 0.1)
        for one in arrivals(10.0)
    ]
    kills = (Kill("oom", "hold", 5.0, 0.0),)
    base = _good(rate_per_s=10.0, users=60)
    run = with_rows(replace(base, plan=replace(base.plan, kills=kills), crashes=(crash,)), arrivals=made)
    assert _codes(run)[0] is Verdict.PASS
    assert _codes(replace(run, crashes=(replace(crash, ready_s=12.0),)))[1] == {"rate_not_taken"}


def test_uploads_that_ran_out_are_no_rate_that_was_offered() -> None:
    """A cap is no fault of the service, and what came after it was no load."""
    base = _good(rate_per_s=10.0, users=60)
    run = with_rows(replace(base, plan=replace(base.plan, uploads_most=2)), arrivals=arrivals(10.0))
    assert _codes(run)[0] is Verdict.PASS
    assert _codes(with_rows(run, uploads_begun=["a", "b"])) == (Verdict.INVALID, {"rate_not_offered"})


def test_a_rate_that_is_offered_and_taken_passes() -> None:
    """All came in time, all were done."""
    run = with_rows(_good(rate_per_s=10.0, users=60), arrivals=arrivals(10.0))
    assert _codes(run)[0] is Verdict.PASS


def test_a_service_that_does_not_take_the_rate_fails() -> None:
    """The rate was offered, and a tenth of it was not done."""
    run = with_rows(_good(rate_per_s=10.0, users=60), arrivals=arrivals(10.0, ok=0.9))
    assert _codes(run) == (Verdict.FAIL, {"rate_not_taken"})


def test_too_few_users_for_a_rate_are_the_scenarios_fault() -> None:
    """With 10 users at 10 a second a second of latency is enough to have nobody free."""
    run = with_rows(_good(rate_per_s=10.0, users=10), arrivals=arrivals(10.0, turned_away=0.2))
    verdict, codes = _codes(run)
    assert verdict is Verdict.INVALID
    assert "no_free_user" in codes


def test_a_large_pool_without_a_free_user_is_the_services_fault() -> None:
    """Users for five seconds of arrivals, all waiting: then the service is too slow."""
    run = with_rows(_good(rate_per_s=10.0, users=60), arrivals=arrivals(10.0, turned_away=0.2))
    assert _codes(run) == (Verdict.FAIL, {"rate_not_taken"})


@pytest.mark.parametrize("made", [arrivals(6.0), arrivals(10.0, late_s=2.0)])
def test_a_rate_that_was_not_offered_is_invalid(made: list[object]) -> None:
    """Fewer arrivals than wished, or all of them late."""
    run = with_rows(_good(rate_per_s=10.0, users=60), arrivals=made)
    assert _codes(run) == (Verdict.INVALID, {"rate_not_offered"})


def test_what_was_still_under_way_at_the_end_says_nothing_about_the_rate() -> None:
    """The last arrivals of a load that is over had no time to be done."""
    made = [one._replace(ok=False, seconds=None) if one.due_s > 22.0 else one for one in arrivals(10.0)]
    assert _codes(with_rows(_good(rate_per_s=10.0, users=60), arrivals=made))[0] is Verdict.PASS
