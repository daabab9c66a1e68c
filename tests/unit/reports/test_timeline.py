"""The timeline is well-formed whatever happened, and shows what it must."""

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from reports.history import History, Mark, Stage, load_history
from reports.observations import Sample
from reports.quantities import MIB
from reports.scales import NARROW, WIDE, Geometry, byte_ticks, make_scales, time_ticks
from reports.timeline import draw_timeline

from . import sample_runs

SVG = "{http://www.w3.org/2000/svg}"
SHAPES = {
    "pass": (sample_runs.SURVIVES, 512 * MIB, 332 * MIB),
    "fail": (sample_runs.KILLED, 160 * MIB, 160 * MIB),
    "restart": (sample_runs.RESTARTS, 160 * MIB, 155 * MIB),
    "no limit": (sample_runs.SURVIVES, None, None),
}


def _drawn(history: History, limit: int | None, budget: int | None, geometry: Geometry = WIDE) -> ElementTree.Element:
    return ElementTree.fromstring(draw_timeline(history, limit, budget, geometry).text)  # noqa: S314


def _texts(svg: ElementTree.Element) -> list[str]:
    return [text.text or "" for text in svg.iter(f"{SVG}text")]


@pytest.mark.parametrize("geometry", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize(("shape", "limit", "budget"), SHAPES.values(), ids=SHAPES)
def test_every_run_is_well_formed(
    shape: sample_runs.Shape, limit: int | None, budget: int | None, geometry: Geometry, tmp_path: Path
) -> None:
    """Each has a title, a description, and every layer."""
    sample_runs.write_run(tmp_path, sample_runs.passing(), shape)
    svg = _drawn(load_history(tmp_path, shape.duration_s), limit, budget, geometry)
    described = svg.get("aria-labelledby", "").split()
    assert [one.get("id") for one in svg if one.tag in (f"{SVG}title", f"{SVG}desc")] == described
    layers = [one.get("class") for one in svg.iter(f"{SVG}path") if (one.get("class") or "").startswith("layer")]
    assert layers == ["layer file", "layer kernel", "layer shmem", "layer anon"]


def test_a_killed_run_shows_limit_peak_and_kill(tmp_path: Path) -> None:
    """What an engineer looks for is there in words."""
    sample_runs.write_run(tmp_path, sample_runs.killed(), sample_runs.KILLED)
    texts = _texts(_drawn(load_history(tmp_path, 19.0), 160 * MIB, 104 * MIB))
    assert {"limit 160 MB", "budget 104 MB", "OOM kill at 69 %", "ready", "upload", "embed", "50 %"} <= set(texts)
    assert any(text.startswith("peak 15") for text in texts)


def test_nothing_sampled_is_said() -> None:
    """An empty run is an empty chart that says so, not an error."""
    for history in (History(0.0), History(30.0)):
        assert "no memory samples were taken" in _texts(_drawn(history, 512 * MIB, None))


def test_names_from_outside_stay_text() -> None:
    """A stage called like markup is drawn as what it is called."""
    name = "</svg><script>\x00\ud800"
    samples, stages, marks = (Sample(1.0, 1, 0, 0, 1, 1),), (Stage(0.0, 10.0, name),), (Mark(1.0, "ready", name),)
    history = History(10.0, samples=samples, stages=stages, marks=marks)
    svg = _drawn(history, 512, None)
    assert "</svg><script>\\x00\\ud800" in _texts(svg)
    assert not list(svg.iter(f"{SVG}script"))


def test_a_hole_in_the_samples_is_not_bridged() -> None:
    """Where nothing was measured, nothing is drawn."""
    times = [place * 0.02 for place in range(50)] + [20 + place * 0.02 for place in range(50)]
    history = History(21.0, samples=tuple(Sample(t, 5, 0, 0, 5, 9) for t in times))
    anon = next(one for one in _drawn(history, 10, None).iter(f"{SVG}path") if one.get("class") == "layer anon")
    assert (anon.get("d") or "").count("M") == 2


def test_a_limit_far_above_is_named_but_not_drawn() -> None:
    """The areas keep a readable height."""
    history = History(1.0, samples=(Sample(0.0, MIB, 0, 0, MIB, MIB), Sample(1.0, MIB, 0, 0, MIB, MIB)))
    svg = _drawn(history, 4096 * MIB, 2048 * MIB)
    assert {"↑ limit 4,096 MB", "↑ budget 2,048 MB"} <= set(_texts(svg))
    assert not [one for one in svg.iter(f"{SVG}line") if (one.get("class") or "").startswith("rule")]


@pytest.mark.parametrize("seconds", [0.05, 1, 21, 119, 121, 3600, 86_400, 4_000_000])
def test_axes_have_few_marks_and_are_round(seconds: float) -> None:
    """Whatever the length, the time axis has at most as many marks as fit."""
    assert 1 <= len(time_ticks(seconds / 3, seconds, 10)) <= 12
    scales = make_scales(WIDE, History(seconds, seconds / 3), 512 * MIB, None)
    assert (scales.x(seconds / 3), scales.x(seconds)) == pytest.approx((WIDE.left, scales.right))
    assert scales.floor == scales.y(0)


@pytest.mark.parametrize("top", [1, 1000, 100 * MIB, 543 * MIB, 2**40])
def test_byte_ticks_are_powers_of_two_apart(top: float) -> None:
    """Memory is sold that way; never more than seven."""
    ticks = byte_ticks(top)
    assert len(ticks) <= 7
    assert ticks[0] == 0


def test_drawing_a_long_run_stays_small(tmp_path: Path) -> None:
    """The picture's size depends on its width, not on how long the run was."""
    shape = replace(sample_runs.SURVIVES, duration_s=400.0)
    sample_runs.write_run(tmp_path, sample_runs.passing(), shape)
    history = load_history(tmp_path, 400.0)
    assert len(history.samples) <= 2400
    assert len(draw_timeline(history, 512 * MIB, None, WIDE).text) < 250_000
