"""`halfgig diff` of two load runs, as it is called."""

from dataclasses import replace
from pathlib import Path

import pytest

from harness.cli import main
from reports.load_body import LoadBody, RequestFigures
from reports.result import AnyResult, LoadResult, write_result
from tests.unit.reports.sample_runs import passing


def _write(folder: Path, result: AnyResult) -> str:
    folder.mkdir()
    write_result(folder / "result.json", result)
    return str(folder)


def _loaded(p95_s: float, load: str = "smoke") -> LoadResult:
    head = passing().header
    fingerprint = replace(head.fingerprint, binding={**head.fingerprint.binding, "load": load})
    search = RequestFigures("search", None, 100, 0, 0.1, p95_s, None, 0.9, 5.0)
    return LoadResult(replace(head, fingerprint=fingerprint), LoadBody(by_request=(search,)))


def test_two_loads_are_compared_by_their_folders_or_results(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In the terminal and in Markdown."""
    one, other = _write(tmp_path / "a", _loaded(0.2)), _write(tmp_path / "b", _loaded(0.3))
    assert main(["diff", one, other, "--runs", str(tmp_path)]) == 0
    assert "+50.0 %" in capsys.readouterr().out
    assert main(["diff", f"{one}/result.json", other, "--runs", str(tmp_path), "--markdown"]) == 0
    assert "| search" in capsys.readouterr().out


def test_what_cannot_be_compared_with_a_load_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Another load, a run of another kind, and a page that is not drawn."""
    one, other = _write(tmp_path / "a", _loaded(0.2)), _write(tmp_path / "b", _loaded(0.3, "soak"))
    run = _write(tmp_path / "c", passing())
    for words, says in (
        ([one, other], "load is 'soak', and was 'smoke'"),
        ([one, run], "only one of the two is a load"),
        ([one, one, "--html", "page.html"], "have no page"),
    ):
        assert main(["diff", *words, "--runs", str(tmp_path)]) == 2
        assert says in capsys.readouterr().err
