"""Where the memory was and what grew, in the terminal, Markdown and HTML: the same figures, and nothing that acts."""

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from reports.errors import ResultError
from reports.html import write_report
from reports.markdown import render_markdown
from reports.result import Result
from reports.terminal import print_result
from reports.trace import TRACE, TRACE_VERSION, Site, Trace, TraceCost, read_trace, trace_body, write_trace
from reports.trace_diff_html import render_diff_html
from reports.trace_diff_markdown import render_diff_markdown
from reports.trace_diff_terminal import print_diff
from reports.trace_wording import cost_sentence, kind_sums, share_sentence

from . import sample_runs
from .sample_traces import ACCOUNT, DIFF, TRACED


def _traced() -> Result:
    passed = sample_runs.passing()
    return replace(passed, body=replace(passed.body, trace=TRACED))


def _printed(result: Result) -> str:
    stream = io.StringIO()
    print_result(result, Console(file=stream, width=120, markup=False, emoji=False, highlight=False))
    return stream.getvalue()


def test_the_page_shows_sites_stages_account_and_links(tmp_path: Path) -> None:
    """Everything that the result tells of the trace, and the files beside it."""
    sample_runs.write_run(tmp_path, _traced(), sample_runs.SURVIVES)
    page = write_report(tmp_path).read_text(encoding="utf-8")
    for words in (
        "to_floats",
        "72 MB",
        "embed",
        "The account of the peak",
        "98.8 % is explained",
        'href="flamegraph.html"',
    ):
        assert words in page
    assert "1.21 times the CPU time and 6 MB more at the peak" in page
    assert "<script>alert" not in page
    assert "child processes" not in page, "rows of nothing are left out"


def test_a_run_without_a_trace_says_nothing_of_it(tmp_path: Path) -> None:
    """No empty section, no style."""
    sample_runs.write_run(tmp_path, sample_runs.passing(), sample_runs.SURVIVES)
    page = write_report(tmp_path).read_text(encoding="utf-8")
    assert "The account of the peak" not in page
    assert "td.track" not in page


def test_terminal_and_markdown_tell_the_same() -> None:
    """The largest functions and the account by kind."""
    printed, markdown = _printed(_traced()), render_markdown(_traced())
    for words in ("to_floats", "72 MB", "not explained", "98.8 %"):
        assert words in printed
        assert words in markdown.replace("\\", "")
    assert "\x1b" not in printed
    assert "<script>" not in markdown


def test_the_account_by_kind_adds_up() -> None:
    """Kinds without bytes are left out, those below zero are not."""
    sums = kind_sums(ACCOUNT)
    assert sum(one.bytes for one in sums) == ACCOUNT.peak_bytes
    assert [one.kind for one in sums] == ["interpreter", "imports", "heap", "allocator", "unexplained"]


def test_what_is_not_known_is_not_told() -> None:
    """A killed run has no CPU ratio; without samples there is no share."""
    killed = cost_sentence(TraceCost(None, None, 2 * 2**20), None)
    assert "2 MB more when the service was ready" in killed
    assert "does not compare" in killed
    assert "2 MB less at the peak" in cost_sentence(TraceCost(1.1, -2 * 2**20, 0), None)
    assert (
        cost_sentence(TraceCost(), 0.004)
        == "What tracing cost is not known. Sampling the untraced run cost 0.4 % of one CPU."
    )
    assert share_sentence(replace(TRACED, attributed_share=None)) == ""


def test_a_cost_that_need_not_be_has_its_reason() -> None:
    """Where memray's hook followed the stack, the sentence says what kept lazy_stack from it."""
    assert "lazy_stack" not in cost_sentence(TraceCost(1.1, 0, 0), None)
    told = cost_sentence(TraceCost(1.7, 0, 0, "it was not compiled"), None)
    assert "memray's own hook followed the stack" in told
    assert "it was not compiled" in told


def test_a_trace_survives_its_file(tmp_path: Path) -> None:
    """What is read equals what was written; the result takes the largest sites from it."""
    sites = tuple(
        Site(f"f{number}", "app/a.py", 1, 100 - number, 1, 50, "app", ("f (a.py:1)",)) for number in range(30)
    )
    trace = Trace(
        TRACE_VERSION, "exact", "1.20.0", "3.11.7", 3000, TRACED.attributed, 5, sites, TRACED.by_package,
        TRACED.by_stage, ACCOUNT, 1.5, 0, "abc",
    )  # fmt: skip
    write_trace(tmp_path / TRACE, trace)
    assert read_trace(tmp_path / TRACE) == trace
    body = trace_body(trace, TraceCost())
    assert [one.function for one in body.top[:2]] == ["f0", "f1"]
    assert body.attributed_share == 0.96


@pytest.mark.parametrize("content", ["", "[]", '{"version": 99}', '{"version": 1}', "{"])
def test_what_is_no_trace_is_refused_by_name(tmp_path: Path, content: str) -> None:
    """A cut-off file, another version, something else."""
    path = tmp_path / TRACE
    path.write_text(content)
    with pytest.raises(ResultError, match=TRACE):
        read_trace(path)
    with pytest.raises(ResultError, match="cannot be read"):
        read_trace(tmp_path / "nothing.json")


def test_a_comparison_is_told_three_ways() -> None:
    """The verdict, the largest growth first, the floor and the notes; nothing acts."""
    stream = io.StringIO()
    print_diff(DIFF, Console(file=stream, width=160, markup=False, emoji=False, highlight=False))
    markdown, page = render_diff_markdown(DIFF), render_diff_html(DIFF)
    for told in (stream.getvalue(), markdown.replace("\\", ""), page):
        assert "1 function grew, most of all to_floats in importer/embedding/answers.py; 1 function shrank" in told
        assert told.index("+20 MB") < told.index("-2 MB")
        assert "Noise floor 512 kB: 41 other functions changed by less than that, -812 B together." in told
        assert "The two runs differ in knobs too." in told
        assert "\x1b" not in told
    assert "<script>alert" not in markdown
    assert "<script>alert" not in page


def test_no_change_is_said_so() -> None:
    """Two runs of one commit: one sentence, no table."""
    same = replace(DIFF, sites=(), packages=())
    assert "Nothing changed by more than the noise floor of 512 kB." in render_diff_markdown(same)
    assert "<table" not in render_diff_html(same)
