"""One short load on the importer, as it comes, and what is refused before anything is started."""

import subprocess
from pathlib import Path

import pytest

from reports.kinds import markdown_of
from reports.result import LoadResult, read_result
from tests.integration.load.loading import HALFGIG, load, write_scenario

SHORT = 'shape = { kind = "smoke", users = 20, warmup = "2s", hold = "12s" }\n'


def test_a_short_load_passes_and_its_report_can_be_drawn(tmp_path: Path) -> None:
    """Twenty users with real documents inside half a gigabyte: judged from rows, with memory beside them."""
    thresholds = 'thresholds = ["search.p95 < 5s", "all.errors < 1%", "memory.peak < 65%"]\n'
    loaded = load(write_scenario(tmp_path, SHORT + thresholds))
    assert loaded.status == 0, (loaded.said, loaded.result.get("reasons"))
    assert loaded.result["users_peak"] == 20
    assert loaded.result["imports"]["accepted"] == loaded.result["imports"]["complete"] > 0
    assert loaded.result["inputs_billed_new"] >= loaded.result["imports"]["chunks_stored"] > 0
    assert 0 < loaded.result["memory"]["before_bytes"] < loaded.result["memory"]["peak_bytes"] < 333 * 2**20
    run_dir = next((tmp_path / "runs" / "load").iterdir())
    rows = (run_dir / "rows.jsonl").read_text().count('"kind":"request"')
    assert rows > loaded.result["requests"], "the warm-up's rows are kept, and not counted"
    assert "<svg" in (run_dir / "report.html").read_text()
    assert "testcase" in (run_dir / "junit.xml").read_text()
    result = read_result(run_dir / "result.json")
    assert isinstance(result, LoadResult)
    assert "search.p95" in markdown_of(result)
    compared = subprocess.run(
        (*HALFGIG, "diff", "last", str(run_dir), "--runs", str(tmp_path / "runs")), capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert compared.returncode == 0, compared.stderr
    assert "+0.0 %" in compared.stdout


@pytest.mark.parametrize(
    ("section", "options", "says"),
    [
        ('thresholds = ["serch.p95 < 1s"]', (), "did you mean search"),
        ('thresholds = ["search@holt.p95 < 1s"]', (), "did you mean hold"),
        ("", ("--host", "http://127.0.0.1:9", "--yes"), "allow is empty"),
        ("", ("--workers", "99"), "more than the 20 users"),
        ("", ("--locustfile", "nowhere.py"), "cannot be read"),
        ("", ("--host", ""), "is not an origin"),
        ("", ("--workers", "0"), "at least 1"),
        ("", ("--listen", "everywhere"), "write it like 0.0.0.0:5557"),
        ("", ("--workers", "2", "--workers-elsewhere"), "write it in --listen"),
    ],
)
def test_what_cannot_be_judged_or_must_not_be_loaded_is_refused(
    tmp_path: Path, section: str, options: tuple[str, ...], says: str
) -> None:
    """Exit status 2 with one sentence, before anything is started."""
    loaded = load(write_scenario(tmp_path, SHORT + section), *options)
    assert loaded.status == 2
    assert says in loaded.said
    assert not (tmp_path / "runs").exists()
    assert "Traceback" not in loaded.said


def test_a_host_that_is_listed_and_not_there_is_refused(tmp_path: Path) -> None:
    """With its name."""
    caps = "[guard.caps]\nrate = 200.0\nprice_per_million_tokens = 0.0\n"
    guard = f'\n[guard]\nallow = ["http://no-such-host.invalid"]\n{caps}'
    scenario = write_scenario(tmp_path, SHORT)
    scenario.write_text(scenario.read_text() + guard)
    loaded = load(scenario, "--host", "http://no-such-host.invalid", "--yes")
    assert loaded.status == 2
    assert "there is no host no-such-host.invalid" in loaded.said
