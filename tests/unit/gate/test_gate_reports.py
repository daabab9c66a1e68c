"""A gate's result: its file, its schema, and what is drawn from it."""

import io
import json
import re
import xml.etree.ElementTree as ET
from dataclasses import fields
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from reports.gate_body import AcceptedGrowth, Comparison, GateBody, GatedScenario, SiteGrowth
from reports.gate_markdown import MOST_BYTES
from reports.junit import render_junit
from reports.kinds import markdown_of, print_any, write_any_report
from reports.result import GateResult, read_result, render_json, write_result
from reports.terminal import make_console
from tests.unit.reports import sample_runs

from . import sample_gates

RESULTS = {one.__name__: one() for one in (sample_gates.failed, sample_gates.passed, sample_gates.invalid)}
EVERY = pytest.mark.parametrize("result", RESULTS.values(), ids=RESULTS)


def _schema() -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(resources.files("reports").joinpath("result.schema.json").read_text("utf-8"))
    return schema


@EVERY
def test_a_gate_survives_the_file_and_keeps_to_the_schema(result: GateResult, tmp_path: Path) -> None:
    """What is read equals what was written, and others can check it."""
    write_result(tmp_path / "result.json", result)
    assert read_result(tmp_path / "result.json") == result
    jsonschema.Draft202012Validator(_schema()).validate(json.loads(render_json(result)))


def test_schema_and_classes_have_the_same_fields() -> None:
    """Neither can grow without the other, and every field is described."""
    body = _schema()["$defs"]["gate"]["properties"]
    assert list(body) == [one.name for one in fields(GateBody)]
    for name, kind in (
        ("comparisons", Comparison),
        ("diff", SiteGrowth),
        ("scenarios", GatedScenario),
        ("accepted", AcceptedGrowth),
    ):
        inner = body[name]["items"]["properties"]
        assert list(inner) == [one.name for one in fields(kind)]
        assert all("description" in one for one in inner.values())


def test_a_fail_names_the_metric_the_figures_and_the_guilty_function_everywhere() -> None:
    """Terminal, Markdown and JUnit say the same: what grew, from where to where, and in which function."""
    result = sample_gates.failed()
    for text in (_printed(result), markdown_of(result), render_junit(result)):
        assert "80 MB" in text
        assert "86 MB" in text
        assert "decode" in text
        assert "answers" in text


def test_the_page_shows_every_run_and_runs_nothing(tmp_path: Path) -> None:
    """Each figure behind a median is there, and no text from outside acts."""
    write_result(tmp_path / "result.json", sample_gates.huge())
    page = write_any_report(tmp_path).read_text(encoding="utf-8")
    assert "86.5 MB" in page
    assert "<script" not in page
    assert "alert" in page


def test_an_invalid_gate_lists_what_was_measured_next_to_nothing() -> None:
    """Every metric is there with its figure; its baseline is null, and the difference is named."""
    value = json.loads(render_json(sample_gates.invalid()))
    assert [row["baseline"] for row in value["comparisons"]] == [None, None]
    assert all(row["measured"] is not None for row in value["comparisons"])
    assert "python: 3.12 before, 3.11 now" in markdown_of(sample_gates.invalid())


def test_markdown_has_a_row_a_scenario_the_diff_folded_and_never_too_much() -> None:
    """A step's summary above a mebibyte is dropped by the CI system, so it never comes to that."""
    text = markdown_of(sample_gates.failed())
    assert text.count("\n| gate | FAIL |") == 1
    assert "<details><summary>What grew, by function</summary>" in text
    huge = markdown_of(sample_gates.huge())
    assert len(huge.encode()) < MOST_BYTES
    outside_the_fence = huge.split("```")[0]
    assert "script" in outside_the_fence
    assert not re.search(r"(?<!\\)<script", outside_the_fence)


def test_junit_has_a_case_a_metric_and_invalid_is_an_error() -> None:
    """Failures, errors and no skips, as the counts of the suite say."""
    suites = {name: ET.fromstring(render_junit(one))[0] for name, one in RESULTS.items()}  # noqa: S314
    keys = ("tests", "failures", "errors", "skipped")
    counted = {name: [suite.get(key) for key in keys] for name, suite in suites.items()}
    assert counted == {"failed": ["2", "1", "0", "0"], "passed": ["2", "0", "0", "0"], "invalid": ["2", "0", "2", "0"]}


def test_junit_of_hostile_names_is_still_xml() -> None:
    """Escapes and controls of names do not break the document."""
    root = ET.fromstring(render_junit(sample_gates.huge()))  # noqa: S314
    assert len(root.findall("testsuite")) == 400


@pytest.mark.parametrize("result", [sample_runs.passing(), sample_runs.killed(), sample_runs.invalid()])
def test_any_result_is_a_case(result: Any) -> None:
    """A run is one case that passes, fails or is in error."""
    case = ET.fromstring(render_junit(result)).find("testsuite/testcase")  # noqa: S314
    assert case is not None
    expected = {"PASS": [], "FAIL": ["failure"], "INVALID": ["error"]}[result.header.verdict]
    assert [child.tag for child in case] == expected


def test_an_accepted_growth_is_told() -> None:
    """Who accepted it, until when and why stands in the summary."""
    assert "larger batches" in markdown_of(sample_gates.passed())
    assert "accepted" in _printed(sample_gates.passed())


def _printed(result: GateResult) -> str:
    stream = io.StringIO()
    console = make_console(stream)
    print_any(result, console, Path("runs/report.html"))
    return stream.getvalue()
