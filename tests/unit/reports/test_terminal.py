"""The terminal shows the same everywhere; where there is none, it is plain text."""

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from reports.markdown import render_markdown
from reports.progress import LINE_S, Progress, ProgressDisplay, render_line, render_panel
from reports.quantities import MIB
from reports.result import Import, ImportProvider, Reason, Result
from reports.terminal import make_console, print_result
from reports.wording import SIMULATED

from . import sample_runs

EXPECTED = """
 FAIL  default · importer · cgroup v1 · limit 160 MB · budget 160 MB
The kernel OOM-killed the service (python, pid 4711) at 69 % of the import, in stage embed.
6,214 of 20,000 documents are neither stored nor listed with a reason.

[███████████████████████████████████████████████|]
peak 159 MB, budget 160 MB (|), limit 160 MB (right end)

peak unreclaimable             159 MB  99.4 % of budget, 99.4 % of limit
OOM kills                           1  killed: python (pid 4711)
documents stored     13,786 of 20,000  0 failed, 3 duplicates
chunks a second               unknown
inputs billed                  60,208  6,284 requests
inputs billed twice                 0
duration                       19.0 s  17.3 s of CPU
restarts                            0  ended by SIGKILL

peak            bytes  of the limit  measured as
unreclaimable  159 MB        99.4 %  maximum of samples
anon           151 MB        94.4 %  maximum of samples
working set    160 MB       100.0 %  maximum of samples
cgroup         160 MB       100.0 %  the kernel's own mark
rss            171 MB       106.9 %  the kernel's own mark

1,050 samples, one every 20 ms, 2 of them late by more than that.
note: The page cache was warmed first.
not exercised: cohere embeddings, the HNSW index, a restart of the database
report: runs/run/20261122T154501Z-3f9a1c/report.html
"""

NOW = Progress(
    "import 1 of 2", 12.0, "embed", 9_000, 20_000, 18_000, 2412.3, 98 * MIB, 120 * MIB, 333 * MIB, 512 * MIB, 14.2
)


def _printed(result: Result) -> str:
    stream = io.StringIO()
    print_result(result, make_console(stream), Path("runs/run/20261122T154501Z-3f9a1c/report.html"))
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines()) + "\n"


def _terminal(stream: io.StringIO, width: int = 100) -> Console:
    return Console(
        file=stream, force_terminal=True, width=width, markup=False, emoji=False, highlight=False, _environ={}
    )


def test_the_end_in_a_pipe_is_plain() -> None:
    """Piped, the verdict and the tables are plain lines."""
    assert _printed(sample_runs.killed()) == EXPECTED


def test_what_others_wrote_does_not_act_on_the_terminal() -> None:
    """Control sequences and rich's own markup are shown, not obeyed."""
    result = sample_runs.killed()
    head = replace(result.header, reasons=(Reason("oom_killed", sample_runs.HOSTILE_NAME + "[bold]x[/bold]"),))
    text = _printed(Result(head, replace(result.body, killed="\x1b]0;x", notes=("\x1b[2J",), not_exercised=("\x07",))))
    assert "\x1b" not in text
    assert "\x07" not in text
    assert "\\x1b[31m\\u202efdp" in text
    assert "[bold]x[/bold]" in text


def test_a_simulated_limit_and_every_import_are_told() -> None:
    """The watchdog is named; the second of two imports has its own row."""
    result = sample_runs.simulated()
    second = Import(ImportProvider(0, 0), 20_000, 101 * MIB)
    text = _printed(Result(result.header, replace(result.body, imports=(*result.body.imports, second))))
    assert SIMULATED in text
    assert ["2", "20,000", "0", "0", "101", "MB"] in [line.split() for line in text.splitlines()]


def test_an_invalid_result_claims_nothing() -> None:
    """What is not known is called unknown, and there is no bar and no table of peaks."""
    text = _printed(sample_runs.invalid())
    assert " INVALID " in text
    assert "peak unreclaimable   unknown" in text
    assert "measured as" not in text


def test_an_encoding_without_our_signs_is_no_error() -> None:
    """On an ASCII stream the bars are ASCII and the rest is replaced."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    print_result(sample_runs.passing(), make_console(stream))
    with ProgressDisplay(make_console(stream)) as display:
        display.update(NOW)
    stream.flush()
    assert b"[###########" in raw.getvalue()


def test_colour_on_a_terminal_comes_with_the_word() -> None:
    """The verdict is a word in colour, not a colour."""
    stream = io.StringIO()
    print_result(sample_runs.passing(), _terminal(stream))
    assert "\x1b[" in stream.getvalue()
    assert " PASS " in stream.getvalue()


def test_off_a_terminal_progress_is_a_line_now_and_then() -> None:
    """One line at once, one every few seconds, and one for each new phase."""
    stream, clock = io.StringIO(), iter([0.0, 0.1, LINE_S - 0.1, LINE_S, LINE_S + 0.1, LINE_S + 0.2])
    with ProgressDisplay(make_console(stream), lambda: next(clock)) as display:
        for _ in range(5):
            display.update(NOW)
        display.update(replace(NOW, phase="import 2 of 2"))
    lines = stream.getvalue().splitlines()
    assert lines == [render_line(NOW), render_line(NOW), render_line(replace(NOW, phase="import 2 of 2"))]
    assert lines[0] == (
        "[12.0 s] import 1 of 2, stage embed, 9,000 of 20,000 documents (45.0 %), 2,412 chunks/s, "
        "memory 98 MB, peak 120 MB of 512 MB, 14.2 s to go"
    )


def test_on_a_terminal_progress_is_redrawn_and_gone_at_the_end() -> None:
    """The panel is drawn at most every 200 ms and once more at the end, and the last thing done is to clear it."""
    stream, clock = io.StringIO(), iter([0.0, 0.1, 0.19, 0.3])
    with ProgressDisplay(_terminal(stream), lambda: next(clock)) as display:
        for _ in range(4):
            display.update(NOW)
    assert stream.getvalue().count("import 1 of 2") == 3
    assert stream.getvalue().rstrip().endswith("\x1b[2K")


@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_the_panel_fits_any_window(width: int) -> None:
    """Three lines, whatever the width: a wrapped line would not be cleared."""
    stream = io.StringIO()
    console = _terminal(stream, width)
    console.print(render_panel(NOW, console))
    assert stream.getvalue().count("\n") == 3


@pytest.mark.parametrize(
    "progress",
    [
        Progress("starting Postgres", 0.2),
        replace(NOW, memory_bytes=999 * MIB, documents_done=99_999),
        replace(NOW, limit_bytes=None, budget_bytes=None, peak_bytes=None, documents_total=0, eta_s=None),
    ],
)
def test_progress_that_knows_little_or_too_much_is_shown(progress: Progress) -> None:
    """Nothing known, more than the limit, more than all: no figure breaks the display."""
    console = _terminal(io.StringIO())
    console.print(render_panel(progress, console))
    assert render_line(progress).startswith(f"[{progress.elapsed_s:.2f} s]" if progress.elapsed_s < 1 else "[12.0 s]")


def test_markdown_is_short_and_escaped() -> None:
    """The same words as elsewhere; nothing from outside makes a table cell, a link or HTML."""
    result = sample_runs.killed()
    head = replace(result.header, reasons=(Reason("x", "[a](b) | <img> `c`"),), command="halfgig run '```'")
    text = render_markdown(Result(head, result.body))
    assert text.startswith("## ❌ FAIL: halfgig run\n\n- \\[a\\](b) \\| \\<img\\> \\`c\\`.\n")
    assert "| peak unreclaimable | **159 MB** | 99.4 % of budget, 99.4 % of limit |" in text
    assert "````sh\nhalfgig run '```'\n````" in text
    assert len(text.splitlines()) < 40
    assert SIMULATED in render_markdown(sample_runs.simulated())
