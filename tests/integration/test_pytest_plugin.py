"""The pytest plugin, in another project's test session; halfgig itself is played by a script, a real run comes last."""

import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLAYED = """
import json, pathlib, sys, time
words = sys.argv[1:]
with open("calls.txt", "a") as calls:
    calls.write(" ".join(words) + "\\n")
knobs = dict(word.split("=") for word in words if "=" in word)
running = pathlib.Path("running")
if running.exists():
    sys.exit("two at once")
running.touch()
time.sleep(float(knobs.get("takes_s", 0)))
running.unlink()
verdict = knobs.get("verdict", "PASS")
if verdict == "refused":
    sys.exit("halfgig: there is no such scenario")
print("report: runs/run/1/report.html", file=sys.stderr)
print(json.dumps({
    "verdict": verdict, "reasons": [{"code": "c", "text": "It is because."}], "scenario": "default", "target": "played",
    "backend": "cgroup", "limit_bytes": 2**29, "budget_bytes": 2**28, "oom_kills": 0, "digest": None,
    "peak": {"unreclaimable_bytes": 3 * 2**20},
}))
sys.exit({"PASS": 0, "FAIL": 1, "INVALID": 3}[verdict])
"""
TESTS = """
import pytest, sys
import importer, reports

@pytest.mark.halfgig(limit="512MB", budget="65%")
def test_inside_its_limit():
    assert importer.OURS and reports.OURS
    assert "harness" not in sys.modules

@pytest.mark.halfgig(knobs={"verdict": "FAIL"})
def test_too_large():
    open("body-was-run", "w")

@pytest.mark.halfgig(knobs={"verdict": "INVALID"})
def test_shows_nothing():
    pass

@pytest.mark.halfgig("other.toml", knobs={"verdict": "refused"})
def test_refused():
    pass

@pytest.mark.halfgig(limmit="1GB")
def test_misspelt():
    pass

def test_the_fixture(halfgig):
    assert halfgig.result is None
    assert halfgig(corpus="synthetic:5", knobs={"window": 0, "extraction": False})["verdict"] == "PASS"
    with pytest.raises(Exception, match="INVALID"):
        halfgig(knobs={"verdict": "INVALID"})

@pytest.mark.halfgig
def test_the_fixture_knows_the_markers_run(halfgig):
    assert halfgig.result["target"] == "played"
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Another project, with packages of its own that are called as two of halfgig's."""
    for name in ("importer", "reports"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("OURS = True\n")
    (tmp_path / "played.py").write_text(PLAYED)
    (tmp_path / "test_memory.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text(
        f"[pytest]\nhalfgig_command = {sys.executable} played.py\nhalfgig_budget = 50%\naddopts = --strict-markers\n"
    )
    return tmp_path


def _pytest(project: Path, *options: str, env: dict[str, str] | None = None) -> tuple[int, str]:
    plugins = project.parent / f"{project.name}-plugin"  # only the plugin: what lies beside it is not on the path
    plugins.mkdir(exist_ok=True)
    (plugins / "pytest_halfgig.py").write_bytes((ROOT / "pytest_halfgig.py").read_bytes())
    told = subprocess.run(
        (sys.executable, "-m", "pytest", "-p", "pytest_halfgig", "-p", "no:cacheprovider", "-rA", *options),
        cwd=project,
        env={**os.environ, **(env or {}), "PYTHONPATH": str(plugins), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        timeout=300,
        capture_output=True,
        text=True,
        check=False,
    )
    return told.returncode, told.stdout


def test_the_marker_acts_by_itself_and_invalid_is_an_error(project: Path) -> None:
    """PASS passes, FAIL fails before the test's own body, INVALID and refusals are errors, nothing is skipped."""
    status, told = _pytest(project)
    assert status == 1
    for line in (
        "PASSED test_memory.py::test_inside_its_limit",
        "FAILED test_memory.py::test_too_large",
        "ERROR test_memory.py::test_shows_nothing",
        "ERROR test_memory.py::test_refused",
        "ERROR test_memory.py::test_misspelt",
        "PASSED test_memory.py::test_the_fixture",
        "PASSED test_memory.py::test_the_fixture_knows_the_markers_run",
    ):
        assert line in told
    assert "skipped" not in told.splitlines()[-1]
    assert "It is because." in told
    assert "there is no such scenario" in told
    assert "'limmit' is not an option" in told
    assert not (project / "body-was-run").exists()


def test_options_go_to_the_command_line_and_ini_keys_are_defaults(project: Path) -> None:
    """What the marker says is over the ini keys, and those are over halfgig's own."""
    _pytest(project)
    calls = (project / "calls.txt").read_text().splitlines()
    assert calls[0] == "run --limit 512MB --budget 65% --json --runs runs".replace(
        "--json --runs runs", "--runs runs --json"
    )
    assert "run other.toml --budget 50% --set verdict=refused --runs runs --json" in calls
    assert "run --budget 50% --corpus synthetic:5 --set window=0 --set extraction=false --runs runs --json" in calls


def test_junit_has_the_figures(project: Path) -> None:
    """Each marked test carries the run's verdict and peaks as properties."""
    _pytest(project, "--junitxml=junit.xml", "-k", "inside")
    found = {one.get("name"): one.get("value") for one in ET.parse(project / "junit.xml").iter("property")}  # noqa: S314
    assert found["halfgig_verdict"] == "PASS"
    assert found["halfgig_peak_unreclaimable_bytes"] == str(3 * 2**20)
    assert found["halfgig_report"] == "runs/run/1/report.html"


def test_one_run_at_a_time_under_xdist(project: Path) -> None:
    """Workers wait for each other: runs beside each other would measure each other."""
    (project / "test_memory.py").write_text(
        "import pytest\n@pytest.mark.parametrize('n', range(4))\n"
        "@pytest.mark.halfgig(knobs={'takes_s': 0.2})\ndef test_it(n): pass\n"
    )
    status, told = _pytest(project, "-p", "xdist.plugin", "-n", "2")
    assert status == 0, told
    assert "4 passed" in told


def test_a_run_that_takes_too_long_is_ended(project: Path) -> None:
    """The time-out is an error that says so, and nothing is left running."""
    (project / "test_memory.py").write_text(
        "import pytest\n@pytest.mark.halfgig(knobs={'takes_s': 60})\ndef test_it(): pass\n"
    )
    status, told = _pytest(project, "-o", "halfgig_timeout=0.5")
    assert status == 1
    assert "no end within 0.5 s" in told


def test_a_real_run_passes_and_fails_when_the_service_grows(project: Path) -> None:
    """The command line starts its own importer, not the project's, which stands in the folder it is called in."""
    (project / "test_memory.py").write_text(
        "import importer, pytest\n"
        "@pytest.mark.halfgig(limit='512MB', budget='65%', corpus='synthetic:20')\n"
        "def test_small(): assert importer.OURS\n"
        "@pytest.mark.halfgig(limit='512MB', budget='10%', corpus='synthetic:20')\ndef test_grown(): pass\n"
    )
    command = f"{sys.executable} -P -m harness"
    status, told = _pytest(project, "-o", f"halfgig_command=env PYTHONPATH={ROOT} {command}")
    assert status == 1
    assert "PASSED test_memory.py::test_small" in told
    assert "FAILED test_memory.py::test_grown" in told
    assert "over the budget" in told
