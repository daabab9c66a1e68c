"""The result file: what is written is what is read, it keeps to its schema, and what does not is refused by name."""

import json
from dataclasses import fields, replace
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from reports.errors import ResultError
from reports.result import Header, Result, RunBody, from_json, read_result, render_json, to_json, write_result

from . import sample_runs

RESULTS = {
    "pass": sample_runs.passing(),
    "fail": sample_runs.killed(),
    "invalid": sample_runs.invalid(),
    "restarted": sample_runs.restarted(),
    "simulated": sample_runs.simulated(),
}


def _schema() -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(resources.files("reports").joinpath("result.schema.json").read_text("utf-8"))
    return schema


@pytest.mark.parametrize("result", RESULTS.values(), ids=RESULTS)
def test_a_result_survives_the_file(result: Result, tmp_path: Path) -> None:
    """What is read equals what was written, for every verdict."""
    write_result(tmp_path / "result.json", result)
    assert read_result(tmp_path / "result.json") == result
    assert [path.name for path in tmp_path.iterdir()] == ["result.json"]


@pytest.mark.parametrize("result", RESULTS.values(), ids=RESULTS)
def test_every_verdict_keeps_to_the_schema(result: Result) -> None:
    """FAIL and INVALID have all fields too, at the top level."""
    jsonschema.Draft202012Validator(_schema()).validate(json.loads(render_json(result)))


def test_the_schema_is_one_and_strict() -> None:
    """A misspelt field and a missing one are both refused by the schema."""
    schema = _schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    good = to_json(sample_runs.passing())
    for bad in ({**good, "oom_kill": 1}, {key: value for key, value in good.items() if key != "oom_kills"}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(json.loads(json.dumps(bad)), schema)


def test_schema_and_classes_have_the_same_fields() -> None:
    """Neither can grow without the other, and every property has a description."""
    schema = _schema()
    body = schema["$defs"]["run"]["properties"]
    assert list(schema["properties"]) == ["schema", "kind", *(one.name for one in fields(Header))]
    assert list(body) == [one.name for one in fields(RunBody)]
    assert all("description" in one for one in (*schema["properties"].values(), *body.values()))


def test_a_newer_result_with_more_fields_is_read() -> None:
    """A field that was added later is left out, not refused."""
    value = to_json(sample_runs.passing())
    assert from_json({**json.loads(json.dumps(value)), "of_tomorrow": {"heap_peak_bytes": 1}}) == sample_runs.passing()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema": 2}, "schema 2"),
        ({"kind": "dance"}, "kind 'dance'"),
        ({"verdict": "MAYBE"}, r"verdict: 'MAYBE' is none of PASS, FAIL, INVALID"),
        ({"limit_bytes": "512MB"}, "limit_bytes: expected int, found '512MB'"),
        ({"oom_kills": True}, "oom_kills: expected int, found True"),
        ({"reasons": [{"code": "x"}]}, r"reasons\[0\]: text is missing"),
        ({"peak": [1]}, r"peak: expected dict, found \[1\]"),
        ({"peak_sources": {"rss_bytes": "guess"}}, "peak_sources.rss_bytes: 'guess' is none of kernel, samples"),
        ({"knobs": {"window": [1]}}, r"knobs.window: expected str or int or float or bool"),
        ({"imports": [{"provider": {}}, 7]}, r"imports\[1\]: expected dict"),
    ],
)
def test_what_does_not_fit_is_named(change: dict[str, Any], message: str) -> None:
    """The error says which field, what was expected and what was found."""
    value = json.loads(render_json(sample_runs.passing()))
    with pytest.raises(ResultError, match=message):
        from_json({**value, **change})


@pytest.mark.parametrize("content", ["", "{", "[]", "null", "NaN", '{"schema": 1}', "[" * 100_000, '{"schema": NaN}'])
def test_a_file_that_is_no_result_is_refused(content: str, tmp_path: Path) -> None:
    """A cut-off or foreign file ends in an error that names it, never in a traceback."""
    path = tmp_path / "result.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ResultError, match=r"result\.json"):
        read_result(path)


def test_a_missing_file_and_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    """Both are named."""
    path = tmp_path / "result.json"
    with pytest.raises(ResultError, match="cannot be read"):
        read_result(path)
    path.write_bytes(b"\xff\xfe{}")
    with pytest.raises(ResultError, match="not JSON"):
        read_result(path)


def test_a_figure_that_is_no_number_is_not_written(tmp_path: Path) -> None:
    """NaN would make the file unreadable for others; it is refused and the old file stays."""
    path = tmp_path / "result.json"
    write_result(path, sample_runs.passing())
    broken = sample_runs.passing()
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_result(path, Result(broken.header, replace(broken.body, cpu_s=float("nan"))))
    assert read_result(path) == sample_runs.passing()
