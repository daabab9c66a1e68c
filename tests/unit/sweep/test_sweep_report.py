"""A sweep's result: its file, its schema, and what is drawn from it."""

import io
import json
import re
from dataclasses import fields, replace
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from reports import sweep_body as body
from reports.kinds import markdown_of, print_any, write_any_report
from reports.result import Reason, SweepResult, Verdict, read_result, render_json, write_result
from reports.sweep_tables import tables_of
from reports.terminal import make_console
from tests.unit.reports import sample_runs

MB = 2**20
HOSTILE = '<script>alert("x")</script>\x1b[2J'


def _claim(name: str, verdict: body.ClaimVerdict, claimed: int | tuple[int, ...] | None) -> body.Claim:
    return body.Claim(
        name=name, on="unbounded", knob=("window",), from_=("800",), to=("200",), claimed_bytes=claimed,
        measured_bytes=8.0 * MB, interval_bytes=(7.0 * MB, 9.0 * MB), threshold_bytes=75.0 * MB, verdict=verdict,
        why="because", rounds=3, peak_from_bytes=76.0 * MB, peak_to_bytes=68.0 * MB, requests_from=238.0,
        requests_to=379.0, embedding_requests_from=38.0, embedding_requests_to=179.0, import_from_s=10.0,
        import_to_s=47.0, survives_from=False, survives_to=None,
        elsewhere=body.MeasuredElsewhere("the incident's own code", 8 * MB, None, None, 38, 179),
    )  # fmt: skip


def _trial(number: int, window: str, peak: int | None, end: body.TrialEnd = "whole") -> body.SweepTrial:
    return body.SweepTrial(
        number, "grid", {"window": window, "batch": "20"}, 0, 2048 * MB, end, "", peak, 200.0, 30, 12.5, 9.0, "one",
        f"trials/{number:04d}",
    )  # fmt: skip


def _cell(window: str, peak: float | None, *, pareto: bool = False) -> body.SweepCell:
    setting = {"window": window, "batch": "20"}
    interval = (peak - MB, peak + MB) if peak else ()
    return body.SweepCell(setting, 1, 0, peak, interval, 200.0, (190.0, 210.0), 12.5, within_budget=True, pareto=pareto)


def _swept() -> SweepResult:
    cost = body.Coefficient("window", "", 0, 20480.0, (18000.0, 23000.0))
    points = (
        body.CurvePoint("64", 76.0 * MB, 75.0 * MB, 77.0 * MB),
        body.CurvePoint("256", 80.0 * MB, 79.0 * MB, 81.0 * MB),
    )
    found = body.SweepBody(
        mode="grid",
        study="sweep-1",
        storage="sqlite:///studies",
        complete=True,
        axes=(body.SweepAxis("window", ("64", "256")), body.SweepAxis("batch", ("20", "96"))),
        lifted_bytes=2048 * MB,
        trials=(_trial(0, "64", 76 * MB), _trial(1, "256", 80 * MB, "stopped_early"), _trial(2, "256", None, "killed")),
        cells=(_cell("64", 76.0 * MB, pareto=True), _cell("256", 80.0 * MB)),
        model=body.CostModel(
            fitted=True, form="sum", floors=(replace(cost, knob="floor"),), coefficients=(cost,),
            left_out_error_bytes=300000.0, left_out_r2=0.97, trials=2, censored=1,
            curves=(body.Curve("window", {"batch": "20"}, points),),
        ),
        recommendation=body.Recommendation(
            {"window": "64"}, 76.0 * MB, (75.0 * MB, 77.0 * MB), 200.0, (190.0, 210.0), 12.5, 3, 3, "DECIDED",
            "window=64 is the fastest.", ("export IMPORTER_WINDOW=64",),
            (body.Neighbour({"window": "256"}, 80.0 * MB, 210.0, 12.5),),
        ),
        smallest_limit_bytes=90 * MB,
        smallest_limit=body.SmallestLimit({"window": "64"}, 90 * MB, (89 * MB, 90 * MB, 90 * MB), 12, MB),
        plans=body.PlanAnswer(
            76 * MB, "upper bound of the peak", 117 * MB, "render:starter", "It holds.",
            (body.PlanRow("render:starter", 512 * MB, 0.5, 7.0, "2025-09", holds=True),),
        ),
        claims=(
            _claim("one", "REFUTED", 100 * MB), _claim("two", "CONFIRMED", (5 * MB, 9 * MB)),
            _claim("three", "UNDECIDED", None),
        ),
        early_stopping=body.EarlyStopping(1, 1, 20.0, 1, 0.012, 0.03),
        provider={"latency_request_ms": 300.0},
        notes=("a note",),
    )  # fmt: skip
    return SweepResult(
        replace(sample_runs.passing().header, reasons=(Reason("time_over", "The time was over."),)), found
    )


def _schema() -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(resources.files("reports").joinpath("result.schema.json").read_text("utf-8"))
    return schema


def _page(result: SweepResult, tmp_path: Path) -> str:
    write_result(tmp_path / "result.json", result)
    return write_any_report(tmp_path).read_text(encoding="utf-8")


@pytest.mark.parametrize("result", [_swept(), SweepResult(sample_runs.passing().header, body.SweepBody())])
def test_a_sweep_survives_the_file_and_keeps_to_the_schema(result: SweepResult, tmp_path: Path) -> None:
    """What is read equals what was written, full or empty, and others can check it."""
    write_result(tmp_path / "result.json", result)
    assert read_result(tmp_path / "result.json") == result
    jsonschema.Draft202012Validator(_schema()).validate(json.loads(render_json(result)))


def test_claims_have_the_fields_that_were_promised() -> None:
    """`from` and `to` by their plain names, a size or two, or null."""
    claims = json.loads(render_json(_swept()))["claims"]
    assert [one["from"] for one in claims] == [["800"]] * 3
    assert [one["claimed_bytes"] for one in claims] == [100 * MB, [5 * MB, 9 * MB], None]


def test_schema_and_classes_have_the_same_fields() -> None:
    """Neither can grow without the other, and every property has a description."""

    def described(schema: dict[str, Any]) -> None:
        for name, one in schema.get("properties", {}).items():
            assert one.get("description"), name
            described(one)
            described(one.get("items", {}))

    found = _schema()["$defs"]["sweep"]
    described(found)
    assert list(found["properties"]) == [one.name for one in fields(body.SweepBody)]
    claim = found["properties"]["claims"]["items"]["properties"]
    assert list(claim) == [one.name.rstrip("_") for one in fields(body.Claim)]
    assert list(found["properties"]["trials"]["items"]["properties"]) == [one.name for one in fields(body.SweepTrial)]


def test_the_page_shows_everything_and_fetches_nothing(tmp_path: Path) -> None:
    """Answer, claims with the other code's figures, model, killed trials, plans; links lead to timelines only."""
    page = _page(_swept(), tmp_path)
    for told in (
        "window=64 is the fastest", "export IMPORTER_WINDOW=64", "REFUTED", "CONFIRMED", "UNDECIDED", "4.7 x",
        "incident&#x27;s own code", 'class="killed"', 'class="fit"', 'class="band"', "Smallest limit", "render:starter",
        "a note", "trials/0000/report.html",
    ):  # fmt: skip
        assert told in page, told
    assert "<script" not in page
    assert not re.search(r'(src|href)="(https?:)?//', page)
    assert {path.name for path in tmp_path.glob("*.csv")} == {"claims.csv", "cells.csv", "trials.csv", "model.csv"}


def test_nothing_acts_in_page_terminal_markdown_and_tables(tmp_path: Path) -> None:
    """Names that others chose are shown, and nothing else."""
    hostile = replace(
        _swept(),
        body=replace(_swept().body, claims=(replace(_claim(HOSTILE, "REFUTED", None), on=HOSTILE),), notes=(HOSTILE,)),
    )
    page, shown = _page(hostile, tmp_path), io.StringIO()
    print_any(hostile, make_console(shown))
    assert "<script" not in page
    assert "\x1b[2J" not in page + shown.getvalue() + markdown_of(hostile)
    formula = replace(_swept(), body=replace(_swept().body, claims=(_claim("=1+1", "REFUTED", None),)))
    assert "'=1+1" in tables_of(formula)["claims.csv"]


def test_an_empty_sweep_is_drawn(tmp_path: Path) -> None:
    """Before the first trial ended."""
    empty = SweepResult(replace(sample_runs.passing().header, verdict=Verdict.INVALID), body.SweepBody())
    shown = io.StringIO()
    print_any(empty, make_console(shown))
    assert "INVALID" in _page(empty, tmp_path)
    assert "INVALID" in shown.getvalue()
    assert "INVALID" in markdown_of(empty)


def test_the_terminal_tells_the_answer_first(tmp_path: Path) -> None:
    """Verdict, claims, the answer in one sentence, the lines to paste, costs with their intervals."""
    shown = io.StringIO()
    print_any(_swept(), make_console(shown), tmp_path / "report.html")
    text = shown.getvalue()
    for told in ("Of 3 claims 1 refuted, 1 confirmed, 1 undecided.", "export IMPORTER_WINDOW=64", "20 kB", "4.7 x"):
        assert told in text, told


def test_one_claim_is_one_sentence() -> None:
    """The one-line claim is answered in one line."""
    one = replace(_swept(), body=replace(_swept().body, claims=(_claim("one", "REFUTED", 100 * MB),)))
    shown = io.StringIO()
    print_any(one, make_console(shown))
    assert "REFUTED: window 800 → 200 saves 8 MB (7 MB to 9 MB); claimed was 100 MB." in shown.getvalue()


def test_lines_to_be_pasted_are_lines(tmp_path: Path) -> None:
    """Several variables stand below each other on the page, and not with the sign for a line's end between them."""
    lines = ("export IMPORTER_WINDOW=64", "export IMPORTER_INDEX=true")
    swept = _swept()
    assert swept.body.recommendation is not None
    found = replace(swept.body, recommendation=replace(swept.body.recommendation, environment=lines))
    page = _page(replace(swept, body=found), tmp_path)
    assert "<code>export IMPORTER_WINDOW=64</code>\n<code>export IMPORTER_INDEX=true</code>" in page
