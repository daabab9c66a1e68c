"""A crash result: its file, its schema, and what is drawn from it."""

import io
import json
from dataclasses import fields, replace
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from reports.crash_body import CrashBody, CrashCell, CrashFailure, FirstCommit, InvariantCount, PointCounts
from reports.kinds import markdown_of, print_any, write_any_report
from reports.result import CrashResult, Header, Reason, Verdict, read_result, render_json, write_result
from reports.terminal import make_console

from . import sample_runs

POINT = "postgres.commit#12@unacknowledged/sigkill"
HOSTILE = '<script>alert("x")</script>\x1b[2J'


def _crashed(verdict: Verdict = Verdict.FAIL) -> CrashResult:
    failure = CrashFailure(
        "nothing_twice", POINT, "sigkill", "a chunk is there twice", f"halfgig crash --only '{POINT}'", ("> here",)
    )
    cells = (
        CrashCell("postgres.commit#12", "unacknowledged", "sigkill", "embedding_provider=openai", "FAIL", "twice"),
        CrashCell("postgres.commit#12", "after", "sigkill", "embedding_provider=openai", "PASS"),
        CrashCell("openai.chat#1", "unacknowledged", "oom", "embedding_provider=openai", "INVALID", "never"),
    )
    body = CrashBody(
        schedule="exhaustive",
        seed=1,
        points=PointCounts(3, 2, 1),
        cycles=3,
        cycles_per_minute=24.5,
        parallel=2,
        failures=(failure,) if verdict is Verdict.FAIL else (),
        inputs_billed_twice_max=5,
        invariants=(InvariantCount("nothing_twice", "Nothing is stored twice.", 2, 1, 0),),
        cells=cells,
        first_commit=FirstCommit(1.2, 1.25, 1.04),
        seconds={"start": 0.6, "work": 1.5},
        not_exercised=("openai.chat#1@unacknowledged/oom: never",),
        notes=("a note",),
    )
    header: Header = replace(
        sample_runs.passing().header, verdict=verdict, reasons=(Reason("invariant_broken", "No."),)
    )
    return CrashResult(header, body)


@pytest.mark.parametrize("verdict", list(Verdict))
def test_a_crash_result_survives_the_file_and_keeps_to_the_schema(verdict: Verdict, tmp_path: Path) -> None:
    """What is read equals what was written, and others can check it."""
    result = _crashed(verdict)
    write_result(tmp_path / "result.json", result)
    assert read_result(tmp_path / "result.json") == result
    jsonschema.Draft202012Validator(_schema()).validate(json.loads(render_json(result)))


def test_schema_and_class_have_the_same_fields() -> None:
    """Neither can grow without the other."""
    body = _schema()["$defs"]["crash"]["properties"]
    assert list(body) == [one.name for one in fields(CrashBody)]
    assert all("description" in one for one in body.values())
    assert [one.name for one in fields(CrashFailure)] == list(body["failures"]["items"]["properties"])
    assert [one.name for one in fields(CrashCell)] == list(body["cells"]["items"]["properties"])


def test_the_report_has_the_matrix_and_the_messages_around_a_failure(tmp_path: Path) -> None:
    """Each cell is coloured by its verdict, and says it in a sign too."""
    page = _page(_crashed(), tmp_path)
    assert 'class="fail"' in page
    assert 'class="pass"' in page
    assert 'class="invalid"' in page
    assert "a chunk is there twice" in page
    assert "&gt; here" in page
    assert "--only &#x27;postgres.commit#12@unacknowledged/sigkill&#x27;" in page


def test_what_a_target_says_cannot_act(tmp_path: Path) -> None:
    """Neither in the page, nor in the terminal, nor in Markdown."""
    crashed = _crashed()
    failure = replace(crashed.body.failures[0], detail=HOSTILE, around=(HOSTILE,))
    result = CrashResult(crashed.header, replace(crashed.body, failures=(failure,), not_exercised=(HOSTILE,)))
    assert "<script" not in _page(result, tmp_path)
    text = _printed(result)
    assert "\x1b[2J" not in text
    assert "<script" not in markdown_of(result).replace("\\<", "")


def test_the_terminal_says_what_failed_and_how_to_replay_it() -> None:
    """One line a failure, and its command."""
    text = _printed(_crashed())
    assert f"nothing_twice at {POINT}: a chunk is there twice" in text
    assert f"halfgig crash --only '{POINT}'" in text
    assert "not exercised: openai.chat#1@unacknowledged/oom: never" in text


def _page(result: CrashResult, tmp_path: Path) -> str:
    write_result(tmp_path / "result.json", result)
    return write_any_report(tmp_path).read_text(encoding="utf-8")


def _printed(result: CrashResult) -> str:
    stream = io.StringIO()
    print_any(result, make_console(stream))
    return stream.getvalue()


def _schema() -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(resources.files("reports").joinpath("result.schema.json").read_text("utf-8"))
    return schema
