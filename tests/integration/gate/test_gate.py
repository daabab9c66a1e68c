"""The verb, as a user of another service calls it: real runs, real git, every output."""

import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import jsonschema
import pytest

ROOT = Path(__file__).resolve().parents[3]
SCHEMA = json.loads((ROOT / "reports" / "result.schema.json").read_text(encoding="utf-8"))
GROWN = '            HOARD.append(bytearray(b"x") * 100_000)\n            connection.execute(STORE'


def _gate(project: Path, *options: str, **env: str) -> tuple[int, dict[str, Any] | None, str]:
    command = (sys.executable, "-P", "-m", "harness", "gate", *options, "--json")
    told = subprocess.run(
        command,
        cwd=project,
        env={**{name: value for name, value in os.environ.items() if name != "CI"}, "PYTHONPATH": str(ROOT), **env},
        timeout=500,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in told.stderr, told.stderr
    result = json.loads(told.stdout) if told.stdout else None
    if result is not None:
        jsonschema.Draft202012Validator(SCHEMA).validate(result)
    return told.returncode, result, told.stderr


def _grow(project: Path) -> None:
    path = project / "service" / "service.py"
    text = path.read_text()
    assert text.count("            connection.execute(STORE") == 1
    path.write_text(text.replace("            connection.execute(STORE", GROWN))


@pytest.mark.gate
def test_a_service_that_grew_fails_is_explained_and_can_be_accepted(project: Path) -> None:
    """FAIL with the guilty function, in every output; accepted with a reason, the same growth passes."""
    _grow(project)
    summary = project / "step.md"
    accept = ("--accept", "--reason", "it hoards on purpose", "--until", "2999-12-31", "--baselines", "memory")
    status, result, _ = _gate(project, "memory.toml", "--against", "main", *accept, GITHUB_STEP_SUMMARY=str(summary))
    assert result is not None
    rows = {row["metric"]: row for row in result["comparisons"]}
    assert (status, result["verdict"]) == (1, "FAIL"), rows
    peak = rows["unreclaimable_peak_bytes"]
    assert peak["verdict"] == "FAIL"
    assert peak["measured"] > peak["threshold"] > peak["baseline"]
    assert peak["measured"] - peak["baseline"] > 5_000_000
    assert peak["sees"] < 5_000_000
    assert (result["diff"][0]["function"], result["diff"][0]["file"]) == ("_keep", "service.py")
    (run_dir,) = (project / "runs" / "gate").iterdir()
    assert "_keep" in summary.read_text()
    assert ET.parse(run_dir / "junit.xml").find(".//failure") is not None  # noqa: S314
    assert "_keep" in (run_dir / "report.html").read_text()
    line = (project / "memory" / "accepted.toml").read_text()
    assert "it hoards on purpose" in line
    status, result, _ = _gate(project, "memory.toml", "--against", "main", "--baselines", "memory")
    assert result is not None
    assert (status, result["verdict"]) == (0, "PASS"), result["comparisons"]
    assert result["accepted"][0]["reason"] == "it hoards on purpose"


def test_recorded_runs_of_another_environment_are_never_compared(project: Path) -> None:
    """INVALID, the difference named, every metric with what was measured next to a null; the same one is compared."""
    status, _, said = _gate(project, "memory.toml", "--noise", "3", "--baselines", "memory")
    assert status == 0, said
    path = project / "memory" / "memory.json"
    recorded = json.loads(path.read_text())
    recorded["fingerprint"]["binding"]["python"] = "3.1"
    path.write_text(json.dumps(recorded))
    status, result, _ = _gate(project, "memory.toml", "--baselines", "memory")
    assert result is not None
    assert (status, result["verdict"]) == (3, "INVALID")
    assert "python: 3.1 before" in result["reasons"][0]["text"]
    assert [row["baseline"] for row in result["comparisons"]] == [None] * 4
    told = {row["metric"]: row["measured"] for row in result["comparisons"]}
    assert told["unreclaimable_peak_bytes"] > 1_000_000
    assert told["oom_kills"] == 0


def test_without_anything_to_compare_with_it_is_invalid(project: Path) -> None:
    """And it says how to record a baseline."""
    status, result, _ = _gate(project, "memory.toml")
    assert result is not None
    assert (status, result["reasons"][0]["code"]) == (3, "no_baseline")
    assert "--noise" in result["reasons"][0]["text"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--against", "nowhere"), "no revision 'nowhere'"),
        (("--accept",), "--reason"),
        (("--against", "main", "--baseline", "x.json"), "two things"),
        (("--baseline", "x.json"), "x.json"),
        (("--pairs", "3"), "--pairs 3"),
        (("--until", "soon", "--accept", "--reason", "x"), "--until soon"),
        (("--for", "10"), "10m"),
    ],
)
def test_what_cannot_be_meant_is_refused(project: Path, options: tuple[str, ...], said: str) -> None:
    """Exit status 2, one sentence, no JSON, before anything is measured."""
    status, result, told = _gate(project, "memory.toml", *options)
    assert (status, result) == (2, None)
    assert said in told.strip().splitlines()[-1]
