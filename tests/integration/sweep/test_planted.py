"""Sweeps and claims from the command line, on a service of which the truth is known."""

import csv
import json
import re
from importlib import resources
from pathlib import Path
from subprocess import Popen
from typing import Any

import jsonschema
import pytest

from .conftest import Halfgig, Planted

MB = 2**20
GRID = "[sweep.vary]\nx = [1, 6, 12]\ny = [1, 3, 6]\n"


def _answer(process: Popen[str], status: int = 0) -> dict[str, Any]:
    out, told = process.communicate(timeout=240)
    assert process.returncode == status, told
    assert "Traceback" not in told
    found: dict[str, Any] = json.loads(out)
    return found


def _schema() -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(resources.files("reports").joinpath("result.schema.json").read_text("utf-8"))
    return schema


def test_a_grid_gives_costs_tables_and_a_report(halfgig: Halfgig, planted: Planted, tmp_path: Path) -> None:
    """The planted 2 MB and 3 MB, a result that keeps to the schema, CSV, and a page with a link to each timeline."""
    path = planted(GRID)
    result = _answer(halfgig("sweep", str(path), "--parallel", "3", "--repeats", "1", "--json"))
    jsonschema.Draft202012Validator(_schema()).validate(result)
    assert (result["verdict"], result["complete"], result["model"]["form"]) == ("PASS", True, "sum")
    for one in result["model"]["coefficients"]:
        low, high = one["interval_bytes"]
        assert low <= {"x": 2 * MB, "y": 3 * MB}[one["knob"]] <= high
        assert high - low < 0.2 * one["bytes_per_unit"]
    run_dir = next(tmp_path.glob("runs/sweep/*/result.json")).parent
    with (run_dir / "trials.csv").open(newline="") as rows:
        assert len(list(csv.DictReader(rows))) == len(result["trials"]) == 11
    page = (run_dir / "report.html").read_text(encoding="utf-8")
    links = re.findall(r'href="(trials/\d+/report.html)"', page)
    assert len(links) == 11
    assert all((run_dir / link).is_file() for link in links)
    assert "<script" not in page
    assert not re.search(r'(src|href)="(https?:)?//', page)


def test_a_claim_in_one_line(halfgig: Halfgig, planted: Planted) -> None:
    """22 MB are saved where 20 MB were claimed; under the limit one side is killed."""
    path = planted("[sweep]\nrounds = [3]\n", limit="48MB", knobs={"y": 1})
    true = _answer(halfgig("claim", "x", "12", "1", "--saves", "20MB", "--scenario", str(path), "--json"))
    claim = true["claims"][0]
    assert (claim["verdict"], claim["knob"], claim["from"], claim["to"]) == ("CONFIRMED", ["x"], ["12"], ["1"])
    assert claim["measured_bytes"] == pytest.approx(22 * MB, rel=0.02)
    assert (claim["survives_from"], claim["survives_to"]) == (False, True)


@pytest.mark.sweep
def test_a_false_claim_is_refuted(halfgig: Halfgig, planted: Planted) -> None:
    """A refuted claim is a result, not a failure."""
    path = planted("[sweep]\nrounds = [3]\n", knobs={"y": 1})
    found = _answer(halfgig("claim", "x", "12", "1", "--saves", "100MB", "--scenario", str(path), "--json"))
    assert (found["claims"][0]["verdict"], found["verdict"]) == ("REFUTED", "PASS")


@pytest.mark.sweep
def test_savings_of_peaks_that_do_not_coincide_are_not_added(halfgig: Halfgig, planted: Planted) -> None:
    """Each change alone saves nothing that the other peak does not allow; the model says which peak is which."""
    path = planted("[sweep.vary]\nx = [1, 4, 8, 12]\ny = [1, 3, 6]\n", knobs={"shape": "peaks", "a": 4, "b": 8})
    model = _answer(halfgig("sweep", str(path), "--parallel", "3", "--repeats", "1", "--json"))["model"]
    assert model["form"] == "largest of 2 peaks"
    found = {one["knob"]: one for one in model["coefficients"]}
    assert found["x"]["stage"] != found["y"]["stage"]
    for knob, truth in (("x", 4 * MB), ("y", 8 * MB)):
        low, high = found[knob]["interval_bytes"]
        assert low <= truth <= high


@pytest.mark.sweep
def test_the_smallest_limit(halfgig: Halfgig, planted: Planted) -> None:
    """Three searches within 5 %, just above what the service holds; killed probes are no failures."""
    path = planted("[sweep]\nsmallest_limit = true\n[sweep.vary]\nx = [4]\n", knobs={"y": 1, "c": 60})
    result = _answer(halfgig("sweep", str(path), "--json"))
    answers = result["smallest_limit"]["answers_bytes"]
    assert len(answers) == 3
    assert max(answers) / min(answers) < 1.05
    assert 71 * MB < result["smallest_limit_bytes"] < 1.15 * 81 * MB
    assert any(one["end"] == "killed" for one in result["trials"] if one["part"] == "limit")
    assert result["verdict"] == "PASS"


@pytest.mark.sweep
def test_a_value_that_the_service_refuses_is_explained(halfgig: Halfgig) -> None:
    """A trial that did not start is no failure of the sweep, as long as others ran; nothing but those is INVALID."""
    result = _answer(halfgig("sweep", "--knob", "window=-5", "--corpus", "synthetic:2", "--json"), 3)
    assert result["verdict"] == "INVALID"
    assert "IMPORTER_WINDOW" in result["reasons"][0]["text"]
