"""Raw files are read as far as they are whole."""

import json
from pathlib import Path

import pytest

from reports.observations import LINE_MAX_BYTES, Event, Failure, Sample, read_events, read_failures, read_samples

LINE = '{"t": 0.02, "anon_bytes": 10, "shmem_bytes": 2, "file_bytes": 30, "kernel_bytes": 3, "total_bytes": 50}'
SAMPLE = Sample(0.02, 10, 2, 3, 15, 50)


@pytest.mark.parametrize(
    "ending", ["\n", "", '\n{"t": 0.04, "anon_by', "\n\x00\x00\x00", "\n\n\n", "\n[1, 2]\n7\nnull\n"]
)
def test_a_cut_off_file_is_read_up_to_the_cut(ending: str, tmp_path: Path) -> None:
    """A kill leaves half a line, a full disk rubbish; the whole lines before it count, and those after it."""
    path = tmp_path / "samples.jsonl"
    path.write_text(f"{LINE}\n{LINE}{ending}", encoding="utf-8")
    assert list(read_samples(path)) == [SAMPLE, SAMPLE]
    path.write_text(f"{LINE}{ending}\n{LINE}\n", encoding="utf-8")
    assert list(read_samples(path)) == [SAMPLE, SAMPLE]


def test_a_file_that_is_not_there_has_nothing(tmp_path: Path) -> None:
    """A run that never came to sampling still has a report."""
    nowhere = tmp_path / "nothing.jsonl"
    assert [*read_samples(nowhere), *read_events(nowhere), *read_failures(nowhere)] == []


def test_many_lines_come_out_whole_across_blocks(tmp_path: Path) -> None:
    """Where a block of the file ends says nothing about where a line does."""
    path = tmp_path / "samples.jsonl"
    path.write_text("".join(LINE.replace("0.02", str(number)) + "\n" for number in range(5000)), encoding="utf-8")
    assert [sample.t for sample in read_samples(path)] == list(range(5000))


def test_an_endless_line_is_left_out_without_being_held(tmp_path: Path) -> None:
    """The lines around it count, even where its own end looks like a line."""
    path = tmp_path / "samples.jsonl"
    endless = "x" * (LINE_MAX_BYTES + 3) + LINE
    path.write_text(f"{LINE}\n{endless}\n{LINE}\n", encoding="utf-8")
    assert list(read_samples(path)) == [SAMPLE, SAMPLE]


@pytest.mark.parametrize(
    ("change", "sample"),
    [
        ({"shmem_bytes": None, "kernel_bytes": None}, Sample(0.02, 10, 0, 0, 10, 50)),
        ({"total_bytes": None}, Sample(0.02, 10, 2, 3, 15, 45)),
        ({"total_bytes": 5}, Sample(0.02, 10, 2, 3, 15, 15)),
        ({"t": "now"}, None),
        ({"t": -1}, None),
        ({"t": float("nan")}, None),
        ({"anon_bytes": "10"}, None),
    ],
)
def test_what_a_backend_cannot_tell_counts_as_none(
    change: dict[str, object], sample: Sample | None, tmp_path: Path
) -> None:
    """Null parts are nothing, the total is never less than its parts, and what is no number is left out."""
    path = tmp_path / "samples.jsonl"
    path.write_text(json.dumps({**json.loads(LINE), **change}) + "\n", encoding="utf-8")
    assert list(read_samples(path)) == ([] if sample is None else [sample])


def test_events_and_failures_are_taken_in(tmp_path: Path) -> None:
    """An event has a time and a kind, or is left out; a failure may lack anything."""
    path = tmp_path / "some.jsonl"
    path.write_text('{"t": 1, "kind": "ready"}\n{"kind": "x"}\n{"t": 2}\n', encoding="utf-8")
    assert list(read_events(path)) == [Event(1.0, "ready", {"t": 1, "kind": "ready"})]
    path.write_text('{"name": "a.pdf", "reason": "empty"}\n', encoding="utf-8")
    assert list(read_failures(path)) == [Failure("a.pdf", "empty", "")]
