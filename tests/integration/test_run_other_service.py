"""A service that has never heard of halfgig is run through a target file of its own."""

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.errors import HalfgigError, TargetError
from harness.run import Order, run
from harness.scenario import Overrides, load_scenario
from reports.result import Result, RunBody, Verdict, read_result

TARGET = Path(__file__).parent / "notes" / "notes.toml"
Runner = Callable[..., Result]


@pytest.fixture
def run_notes(tmp_path: Path) -> Runner:
    """Run the notes service with these knobs; the run directory is tmp_path / "run"."""
    (tmp_path / "corpus.jsonl").write_text("".join(f'{{"text": "note {number}"}}\n' for number in range(200)))
    scenario_path = tmp_path / "notes-scenario.toml"
    scenario_path.write_text(f'target = "{TARGET}"\nlimit = "96MB"\nbudget = "100%"\ncorpus = "./corpus.jsonl"\n')
    (tmp_path / "run").mkdir()

    def go(*knobs: str, **overrides: str) -> Result:
        scenario = load_scenario(str(scenario_path), Overrides(knobs=knobs, **overrides))  # type: ignore[arg-type]
        return run(Order(scenario, tmp_path / "run", None, "halfgig run", lambda _: None))

    return go


def _body(result: Result) -> RunBody:
    assert isinstance(result.body, RunBody)
    return result.body


def test_another_service_is_measured_without_a_line_changed(run_notes: Runner, tmp_path: Path) -> None:
    """Other paths, names and tables: the target file is enough for a PASS with peaks and a digest."""
    result = run_notes()
    body = _body(result)
    assert result.header.verdict is Verdict.PASS, result.header.reasons
    assert (body.documents.total, body.documents.stored) == (200, 200)
    assert 5 * 2**20 < (body.peak.unreclaimable_bytes or 0) < 96 * 2**20
    assert body.digest
    assert read_result(tmp_path / "run" / "result.json") == result


def test_a_service_that_hoards_is_killed_and_told_so(run_notes: Runner) -> None:
    """One megabyte a line does not fit: FAIL, told as an OOM kill by its count and not by status 137."""
    result = run_notes(f"hoard={2**20}")
    assert result.header.verdict is Verdict.FAIL
    assert "oom_killed" in [reason.code for reason in result.header.reasons]
    assert (_body(result).oom_kills or 0) >= 1
    assert (_body(result).documents.stored or 0) < 200


def test_an_attempt_to_leave_the_box_makes_the_run_invalid(run_notes: Runner) -> None:
    """A call to what the target does not declare is named, and is never a pass."""
    result = run_notes("call=http://paid.example/v1")
    assert result.header.verdict is Verdict.INVALID
    assert [reason.code for reason in result.header.reasons] == ["outbound_attempt"]
    assert "paid.example" in result.header.reasons[0].text


def test_a_limit_below_what_the_interpreter_needs_is_one_sentence(run_notes: Runner) -> None:
    """The target cannot even start: refused with the limit and what to do."""
    with pytest.raises(TargetError, match="below what it needs to start"):
        run_notes(limit="6MB")


def test_a_wrong_backend_is_refused(run_notes: Runner) -> None:
    """An unknown backend is named with the known ones."""
    with pytest.raises(HalfgigError, match="cgroup"):
        run_notes(backend="cgruop")
