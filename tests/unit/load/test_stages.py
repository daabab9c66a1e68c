"""Shapes and their stages, and who walks through them."""

from pathlib import Path

import pytest

from harness.errors import ScenarioError
from harness.load.errand import Errand, Habit, Paths, SignIn, Stage, names_of, read_errand, write_errand
from harness.load.names import known_names
from harness.load.plan import parse_load
from harness.load.shapes import parse_shape
from scenarios.load.conductor import Conductor, Mark
from tests.unit.load.sample_loads import plan


def _stages(**table: object) -> tuple[Stage, ...]:
    return parse_shape(table, "here")[1]


def test_every_shape_has_a_warm_up_that_is_not_counted() -> None:
    """And the stages that its numbers say."""
    smoke = _stages(kind="smoke", users=24, hold="20s")
    assert smoke == (Stage("warm-up", 24, 5.0, counted=False), Stage("hold", 24, 20.0))
    spike = _stages(kind="spike", users=5, peak=40, hold="10s", spike="5s", recovery="15s", warmup="0s")
    assert [(one.name, one.users, one.hold_s) for one in spike] == [
        ("before", 5, 10.0), ("spike", 40, 5.0), ("recovery", 5, 15.0),
    ]  # fmt: skip
    ramp = _stages(kind="ramp", **{"from": 10}, to=40, steps=4, hold="5s", warmup="0s")
    assert [one.users for one in ramp] == [10, 20, 30, 40]
    steps = _stages(kind="break", **{"from": 10}, step=15, to=45, hold="5s")
    assert [one.users for one in steps if one.counted] == [10, 25, 40]


def test_rates_are_of_all_stages_or_of_none() -> None:
    """A spike of arrivals needs both rates."""
    rated = _stages(kind="spike", users=50, peak=50, rate=5, peak_rate=20, hold="5s", spike="5s", recovery="5s")
    assert [one.rate_per_s for one in rated] == [5, 5, 20, 5]
    with pytest.raises(ScenarioError, match="either every stage"):
        _stages(kind="spike", users=50, peak=50, rate=5, hold="5s", spike="5s", recovery="5s")


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({"kind": "smok", "users": 1, "hold": "1s"}, "did you mean smoke"),
        ({"kind": "smoke", "users": 0, "hold": "1s"}, "not a number of users"),
        ({"kind": "smoke", "users": 5}, "'hold' is missing"),
        ({"kind": "smoke", "users": 5, "hold": "1s", "peak": 9}, "unknown key 'peak'"),
        ({"kind": "smoke", "users": 5, "hold": "1s", "rate": -1}, "below zero"),
        ({"kind": "smoke", "users": 5, "hold": "1s", "rate": float("nan")}, "not a finite number"),
        ({"kind": "smoke", "users": 5, "hold": "0s"}, "no time at all"),
        ({"kind": "break", "from": 50, "to": 10, "hold": "1s"}, "there is no step"),
    ],
)
def test_a_shape_that_is_not_one_is_refused(table: dict[str, object], says: str) -> None:
    """With what is wrong, and where."""
    with pytest.raises(ScenarioError, match=says):
        parse_shape(table, "here")


@pytest.mark.parametrize(
    ("section", "says"),
    [
        ({"people": {"fly": {}}}, "unknown behaviour"),
        ({"people": {"search": {"weight": 0}}}, "not above zero"),
        ({"people": {"search": {"think": "2s-1s"}}}, "ends before it begins"),
        ({"people": {"import": {"documents": [3, 1]}}}, "write it like 2"),
        ({"people": {"import": {"watch": "never"}}}, "events, polling, mixed"),
        ({"kill": {"how": "unplug"}}, "oom, sigkill"),
        ({"kill": {"stage": "hol"}}, "did you mean hold"),
        ({"kill": {"after": "50s"}}, "not within the stage"),
        ({"minimum_samples": 0}, "at least 1"),
        ({"thresholds": ["x"]}, "not a threshold"),
        ({"speed": 9}, "unknown key 'speed'"),
        ({"spawn_per_s": 0.0}, "not above zero"),
        ({"request_timeout": "0s"}, "not above zero"),
        ({"uploads_most": -5}, "at least 1"),
        ({"locustfile": "mine.py", "people": {"search": {}}}, "leave one of them out"),
    ],
)
def test_a_section_that_is_not_right_is_refused(section: dict[str, object], says: str) -> None:
    """Before anything is started."""
    table = {"load": {"shape": {"kind": "smoke", "users": 5, "hold": "20s"}, **section}}
    with pytest.raises(ScenarioError, match=says):
        parse_load(table, "here", Path())


def test_a_scenario_without_load_has_no_plan() -> None:
    """It is for `halfgig run`."""
    assert parse_load({"target": "importer"}, "here", Path()) is None


def test_a_stage_begins_when_its_users_are_there_and_lasts_from_then_on() -> None:
    """Ten users come over three seconds; the stage of five seconds ends at eight."""
    marks: list[tuple[float, Mark]] = []
    now = 0.0
    conductor = Conductor([Stage("a", 10, 5.0), Stage("b", 4, 2.0)], 20.0, 30.0, lambda one: marks.append((now, one)))
    users = [0, 4, 8, 10, 10, 10, 10, 10, 10, 6, 4, 4, 4, 4]
    wishes = []
    for second, there in enumerate(users):
        now = float(second)
        wishes.append(conductor.tick(there, now, stopping=False))
    assert [(at, one.stage, one.state) for at, one in marks] == [
        (3.0, 0, "begin"), (8.0, 0, "end"), (10.0, 1, "begin"), (12.0, 1, "end"),
    ]  # fmt: skip
    assert wishes[0] == (10, 20.0)
    assert wishes[8] == (4, 20.0)
    assert wishes[12:] == [None, None]


def test_users_that_never_come_end_the_load() -> None:
    """It is not measured with fewer than wished."""
    marks: list[Mark] = []
    conductor = Conductor([Stage("a", 10, 5.0)], 20.0, 3.0, marks.append)
    assert [conductor.tick(5, float(second), stopping=False) is None for second in range(6)][-1]
    assert [one.state for one in marks] == ["unreached"]


def test_a_wish_to_stop_ends_the_stage_that_is_on() -> None:
    """Its rows are whole, and nothing is wished any more."""
    marks: list[Mark] = []
    conductor = Conductor([Stage("a", 1, 50.0)], 1.0, 3.0, marks.append)
    conductor.tick(1, 0.0, stopping=False)
    assert conductor.tick(1, 1.0, stopping=True) is None
    assert conductor.tick(1, 2.0, stopping=True) is None
    assert [one.state for one in marks] == ["begin", "end"]


def test_an_errand_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Every field of it, through the file."""
    paths = Paths("/u", "f", "/s/{job_id}", "/h", None, "/e", None, "/q", None, {"job_id": "id"}, {"done": "completed"})
    errand = Errand(
        rows_path="r",
        stop_path="s",
        stages=(Stage("a", 1, 2.0, rate_per_s=3.5),),
        spawn_per_s=1.0,
        ready_within_s=2.0,
        workers=2,
        habits=(Habit("import", 1.0, (0.1, 0.2), (1, 4), "events"),),
        paths=paths,
        documents=(),
        queries=("q",),
        salt="salt",
        prefix="prefix",
        health_every_s=5.0,
        request_timeout_s=30.0,
        import_timeout_s=60.0,
        sign_in=SignIn("header", from_env="X"),
        pins={"a:80": ("127.0.0.1",)},
    )
    write_errand(tmp_path / "errand.json", errand)
    assert read_errand((tmp_path / "errand.json").read_text(), "x") == errand


def test_names_of_requests_come_from_what_users_do() -> None:
    """An import makes several."""
    assert names_of((Habit("search", 1.0, (1.0, 1.0)),), 5.0) == ("search", "health")
    assert set(known_names(plan())) == {"upload", "status", "events", "resume", "import", "search", "health"}


def test_names_in_somebodys_locustfile_are_found(tmp_path: Path) -> None:
    """Paths and names that stand in it as texts, and what the scenario names beside them."""
    from dataclasses import replace

    path = tmp_path / "mine.py"
    path.write_text(
        'class U:\n    def t(self):\n        self.client.get("/a")\n        self.client.post(url, name="pay")\n'
    )
    own = replace(plan(), locustfile=str(path), requests=("cart",))
    assert known_names(own) == ("/a", "cart", "health", "pay")
    path.write_text("def (")
    with pytest.raises(ScenarioError, match="cannot be read"):
        known_names(own)
