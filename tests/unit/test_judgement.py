"""The verdict of a run follows from what was seen, and says why."""

from dataclasses import replace

import pytest

from harness.client import FailedDocument, JobStatus
from harness.containers.container import Exit
from harness.dependencies.provider.ledger import Ledger
from harness.judgement import judge
from harness.observation import ImportSeen, Observation, PeaksSeen, Round
from harness.scenario import Overrides, Scenario, load_scenario
from reports.result import Verdict

MIB = 2**20
DONE = JobStatus("completed", 1.0, "store", 10, 0, 80, 0, None, None, 1)
IMPORT = ImportSeen("job", 10, DONE, 0.1, 1.0, ())
PEAKS = PeaksSeen(100 * MIB, 90 * MIB, 110 * MIB, 120 * MIB, 125 * MIB, 95 * MIB)
GOOD = Observation(
    documents_total=10,
    rounds=(Round((IMPORT,), 1000, 80 * MIB),),
    peaks=PEAKS,
    oom_kills=0,
    killed=(),
    exit=None,
    ready_at_the_end=True,
    restarts=0,
    timed_out=False,
    ledger=Ledger((), (), ()),
    outbound_attempts=(),
    cpu_s=1.0,
    notes=(),
)
KILLED = Exit(None, "SIGKILL", oom_killed=True, killed=("main (service)",))
CRASHED = Exit(3, None, oom_killed=False, killed=())


@pytest.fixture
def scenario() -> Scenario:
    """512 MB with a budget of 65 %."""
    return load_scenario(None, Overrides())


def _codes(scenario: Scenario, seen: Observation) -> tuple[Verdict, list[str]]:
    verdict, reasons = judge(scenario, seen)
    return verdict, [reason.code for reason in reasons]


def _with_import(one: ImportSeen) -> Observation:
    return replace(GOOD, rounds=(Round((one,), 1000, None),))


def test_a_good_run_passes_without_a_reason(scenario: Scenario) -> None:
    """All documents stored, within the budget, nothing killed."""
    assert _codes(scenario, GOOD) == (Verdict.PASS, [])


def test_an_oom_kill_fails_and_says_how_far_the_import_was(scenario: Scenario) -> None:
    """It is told as an OOM kill, with who was killed and where."""
    last = replace(DONE, state="running", progress=0.69)
    seen = replace(_with_import(replace(IMPORT, last=last)), oom_kills=1, killed=KILLED.killed, exit=KILLED)
    verdict, reasons = judge(scenario, seen)
    assert verdict is Verdict.FAIL
    assert [reason.code for reason in reasons] == ["oom_killed"]
    assert "main (service)" in reasons[0].text
    assert "69%" in reasons[0].text


def test_over_budget_fails(scenario: Scenario) -> None:
    """The peak of unreclaimable memory decides."""
    assert _codes(scenario, replace(GOOD, peaks=replace(PEAKS, unreclaimable_bytes=400 * MIB))) == (
        Verdict.FAIL,
        ["over_budget"],
    )


def test_a_document_that_nobody_accounts_for_fails(scenario: Scenario) -> None:
    """Stored plus failed must be what the harness counted itself."""
    lost = replace(IMPORT, last=replace(DONE, documents_done=9))
    assert _codes(scenario, _with_import(lost)) == (Verdict.FAIL, ["unaccounted_documents"])


def test_a_failed_document_needs_a_reason_and_fails_only_a_strict_run(scenario: Scenario) -> None:
    """Listed with its reason it is accounted for; --strict asks for more."""
    last = replace(DONE, state="completed_with_errors", documents_done=9, documents_failed=1)
    listed = replace(IMPORT, last=last, failed=(FailedDocument("a.pdf", "empty", "no text"),))
    assert _codes(scenario, _with_import(listed)) == (Verdict.PASS, [])
    assert _codes(scenario, _with_import(replace(listed, failed=()))) == (Verdict.FAIL, ["unexplained_failures"])
    assert _codes(replace(scenario, strict=True), _with_import(listed)) == (Verdict.FAIL, ["documents_failed"])


@pytest.mark.parametrize(
    ("seen", "code"),
    [
        (replace(GOOD, rounds=(), documents_total=0), "nothing_imported"),
        (replace(GOOD, peaks=replace(PEAKS, unreclaimable_bytes=None)), "no_samples"),
        (replace(GOOD, ledger=Ledger((), ("GET /v1/models",), ())), "unknown_endpoint"),
        (replace(GOOD, outbound_attempts=("example.org:443",)), "outbound_attempt"),
    ],
)
def test_what_cannot_be_trusted_is_invalid(scenario: Scenario, seen: Observation, code: str) -> None:
    """INVALID is never a pass."""
    verdict, codes = _codes(scenario, seen)
    assert verdict is Verdict.INVALID
    assert code in codes


@pytest.mark.parametrize(
    ("seen", "code"),
    [
        (replace(_with_import(replace(IMPORT, last=None)), exit=CRASHED), "target_exited"),
        (replace(_with_import(replace(IMPORT, last=None)), timed_out=True), "timed_out"),
        (_with_import(replace(IMPORT, last=replace(DONE, state="interrupted"))), "import_failed"),
        (_with_import(replace(IMPORT, last=replace(DONE, state="failed", error="no key"))), "import_failed"),
        (replace(GOOD, ready_at_the_end=False), "not_ready_at_the_end"),
    ],
)
def test_an_import_that_does_not_end_well_fails(scenario: Scenario, seen: Observation, code: str) -> None:
    """Each way to end badly has a code of its own."""
    assert _codes(scenario, seen) == (Verdict.FAIL, [code])
