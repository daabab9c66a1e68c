"""The gate finds each planted regression, names the function that allocates what stays, and passes without it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from harness.gate.sequential import MOST_PAIRS
from tests.planted.bugs import Bug
from tests.planted.copied_importer import ROOT, apply, plant
from tests.planted.regressions import REGRESSIONS, Regression

TIMEOUT_S = 900


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository of its own with the importer, its target file and the reference scenario, committed."""
    folder = tmp_path / "project"
    plant(Bug("none", "none", (), ""), folder)
    scenario = (ROOT / "scenarios" / "gate.toml").read_text(encoding="utf-8")
    (folder / "gate.toml").write_text(scenario.replace('target = "importer"', 'target = "importer.toml"'))
    (folder / ".gitignore").write_text("__pycache__/\nruns/\n")
    for command in (
        ("init", "--quiet"),
        ("add", "."),
        ("-c", "user.name=Ada", "-c", "user.email=ada@example.org", "commit", "--quiet", "-m", "as it was"),
    ):
        subprocess.run(("git", *command), cwd=folder, check=True, timeout=60)
    recorded = ROOT / "reports" / "baselines"
    if recorded.is_dir():
        shutil.copytree(recorded, folder / "baselines", dirs_exist_ok=True)
    return folder


def _gate(project: Path, *options: str) -> tuple[int, dict[str, Any]]:
    """Run it as a CI job does, from the project's folder; the status and the result."""
    command = (sys.executable, "-m", "harness", "gate", "gate.toml", "--against", "HEAD", "--json", *options)
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    told = subprocess.run(command, cwd=project, env=env, timeout=TIMEOUT_S, stdout=subprocess.PIPE, check=False)
    return told.returncode, json.loads(told.stdout)


@pytest.mark.planted
@pytest.mark.parametrize("regression", REGRESSIONS, ids=lambda one: one.name)
def test_a_planted_regression_fails_and_its_function_is_named(project: Path, regression: Regression) -> None:
    """Within seven runs of each side, and the diff's first row is the function that allocates what stays."""
    for patch in regression.patches:
        apply(patch, project / "importer")
    status, result = _gate(project, "--baselines", "baselines")
    assert (status, result["verdict"]) == (1, "FAIL"), result["comparisons"]
    assert result["scenarios"][0]["pairs"] <= MOST_PAIRS
    first = result["diff"][0]
    assert (first["function"], first["file"]) == (regression.function, regression.file), result["diff"][:5]


@pytest.mark.planted
def test_the_same_code_passes(project: Path) -> None:
    """Without a plant nothing has grown."""
    status, result = _gate(project)
    assert (status, result["verdict"], result["diff"]) == (0, "PASS", []), result["comparisons"]


@pytest.mark.parametrize("regression", REGRESSIONS, ids=lambda one: one.name)
def test_every_regression_still_fits_the_code(tmp_path: Path, regression: Regression) -> None:
    """Each patch finds its place exactly once, and what comes of it is still Python."""
    package = plant(Bug("none", "none", (), ""), tmp_path / "copy").parent / "importer"
    for patch in regression.patches:
        apply(patch, package)
        compile((package / patch.file).read_bytes(), patch.file, "exec")
