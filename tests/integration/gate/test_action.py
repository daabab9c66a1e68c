"""The composite action: what it installs, fetches and says, with the gate itself played by a script."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from .conftest import commit_all

ROOT = Path(__file__).resolve().parents[3]
PLAYED = """#!/bin/sh
while [ "$1" != --runs ]; do echo "$1" >> "$HALFGIG_TEST_CALLS"; shift; done
mkdir -p "$2/gate/20261122T000000Z-abcdef/runs/large"
for file in report.html result.json summary.md junit.xml runs/large/raw; do
    echo played > "$2/gate/20261122T000000Z-abcdef/$file"
done
git rev-parse --verify origin/main >> "$HALFGIG_TEST_CALLS" || true
exit "$HALFGIG_TEST_STATUS"
"""


@pytest.fixture
def job(project: Path, tmp_path: Path) -> Path:
    """A shallow check-out of a branch, as CI systems make it, and an interpreter that plays the gate."""
    subprocess.run(("git", "checkout", "--quiet", "-b", "topic"), cwd=project, check=True, timeout=60)
    for number in range(3):
        (project / "topic.txt").write_text(str(number))
        commit_all(project, f"topic {number}")
    origin = f"file://{project}"
    clone = ("git", "clone", "--quiet", "--depth=1", "--single-branch", "--branch=topic", origin, "job")
    subprocess.run(clone, cwd=tmp_path, check=True, timeout=60)
    (tmp_path / "python").write_text(PLAYED)
    (tmp_path / "python").chmod(0o755)
    return tmp_path / "job"


def _act(job: Path, status: int, **variables: str) -> tuple[int, dict[str, str], str, list[str]]:
    told, calls = job.parent / "outputs", job.parent / "calls"
    env = {
        **os.environ,
        "CI": "true",
        "GITHUB_BASE_REF": "main",
        "GITHUB_OUTPUT": str(told),
        "RUNNER_TEMP": str(job.parent),
        "HALFGIG_PYTHON": str(job.parent / "python"),
        "HALFGIG_TEST_CALLS": str(calls),
        "HALFGIG_TEST_STATUS": str(status),
        **variables,
    }
    ran = subprocess.run(
        (ROOT / ".ci" / "gate-action",), cwd=job, env=env, capture_output=True, text=True, timeout=60, check=False
    )
    outputs = dict(line.split("=", 1) for line in told.read_text().splitlines()) if told.exists() else {}
    return ran.returncode, outputs, ran.stdout, calls.read_text().splitlines() if calls.exists() else []


@pytest.mark.parametrize(("status", "verdict"), [(0, "PASS"), (1, "FAIL"), (3, "INVALID")])
def test_it_says_verdict_and_report_and_ends_as_the_gate_does(job: Path, status: int, verdict: str) -> None:
    """The report has the four files that people read, without the raw files of each run."""
    ended, outputs, _, _ = _act(job, status)
    assert (ended, outputs["verdict"]) == (status, verdict)
    found = sorted(path.name for path in Path(outputs["report"]).iterdir())
    assert found == ["junit.xml", "report.html", "result.json", "summary.md"]


def test_invalid_may_be_a_warning(job: Path) -> None:
    """Only where it was asked for, and it is told."""
    ended, outputs, said, _ = _act(job, 3, HALFGIG_ON_INVALID="warn")
    assert (ended, outputs["verdict"]) == (0, "INVALID")
    assert "::warning::" in said
    assert _act(job, 1, HALFGIG_ON_INVALID="warn")[0] == 1
    assert _act(job, 0, HALFGIG_ON_INVALID="ignore")[0] == 2


def test_it_fetches_the_base_itself(job: Path, project: Path) -> None:
    """A check-out of one commit has neither the base branch nor the merge base; afterwards it has both."""
    _, _, _, calls = _act(job, 0)
    main = subprocess.run(
        ("git", "rev-parse", "main"), cwd=project, check=True, capture_output=True, text=True, timeout=60
    )
    assert calls[-1] == main.stdout.strip()
    merge_base = subprocess.run(
        ("git", "merge-base", "HEAD", "origin/main"), cwd=job, capture_output=True, timeout=60, check=False
    )
    assert merge_base.returncode == 0


def test_inputs_are_words_and_never_a_command(job: Path) -> None:
    """A scenario that is called like a command is a scenario that is not there."""
    _, _, _, calls = _act(job, 0, HALFGIG_SCENARIO="a.toml b.toml;touch${IFS}hacked", HALFGIG_AGAINST="$(touch hacked)")
    assert calls[:6] == ["-P", "-m", "harness", "gate", "a.toml", "b.toml;touch${IFS}hacked"]
    assert calls[calls.index("--against") + 1] == "$(touch hacked)"
    assert not (job / "hacked").exists()


def test_the_action_hands_every_input_on() -> None:
    """Each input reaches the script or the installation, and each output comes from it."""
    action: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
    steps = str(action["runs"])
    used = [name for name in action["inputs"] if f"inputs.{name} " in steps]
    assert used == list(action["inputs"])
    assert {one["value"] for one in action["outputs"].values()} == {
        "${{ steps.gate.outputs.verdict }}",
        "${{ steps.gate.outputs.report }}",
    }


@pytest.mark.parametrize("name", ["github-workflow.yml", "gitlab-ci.yml"])
def test_the_examples_are_yaml(name: str) -> None:
    """They can be copied as they stand."""
    assert yaml.safe_load((ROOT / "docs" / "ci" / name).read_text())
