"""What a scenario or an option says wrong is refused with one sentence before anything is started."""

from dataclasses import replace
from pathlib import Path

import pytest

from harness.errors import ScenarioError
from harness.load.errand import Habit, Tls
from harness.load.names import check_doable
from harness.load.order import comparable
from harness.load.plan import Kill, parse_load, with_locustfile
from harness.load.refusal import Refused
from harness.load.staging_plan import parse_staging
from harness.load.thresholds import parse_thresholds
from harness.load.tls import tls_context
from harness.target import SCENARIOS, load_target
from tests.unit.load.sample_loads import load_order, plan

HTTP = load_target("importer", SCENARIOS).http


@pytest.mark.parametrize("missing", ["results", "jobs", "search"])
def test_users_who_do_what_the_target_has_no_call_for_are_refused(missing: str) -> None:
    """Otherwise they would ask for the path `None`, and the service would be blamed for its 404."""
    does = "results" if missing == "jobs" else missing
    habits = (Habit(does, 1.0, (1.0, 1.0)),)
    check_doable(replace(plan(), habits=habits), HTTP)
    with pytest.raises(ScenarioError, match=does):
        check_doable(replace(plan(), habits=habits), replace(HTTP, **{missing: None}))  # type: ignore[arg-type]


def test_users_of_a_locustfile_cannot_come_at_a_rate() -> None:
    """None of them takes an arrival, and the service would be blamed for all of those."""
    check_doable(with_locustfile(plan(), "mine.py"), HTTP)
    with pytest.raises(ScenarioError, match="leave it out"):
        check_doable(with_locustfile(plan(rate_per_s=5.0), "mine.py"), HTTP)


def test_users_of_a_locustfile_come_instead_of_ours() -> None:
    """So that nobody waits for imports that nobody makes."""
    own = with_locustfile(plan(), "mine.py")
    assert (own.habits, own.imports) == ((), False)


def test_a_locustfile_and_certificates_are_looked_for_beside_the_scenario() -> None:
    """Wherever the command is given, and wherever Locust's processes run."""
    table = {
        "load": {"shape": {"kind": "smoke", "users": 5, "hold": "20s"}, "locustfile": "mine.py"},
        "tls": {"ca": "ca.pem"},
    }
    read = parse_load(table, "here", Path("/somewhere"))
    assert read is not None
    assert read.locustfile == "/somewhere/mine.py"
    assert parse_staging(table, "here", Path("/somewhere")).tls == Tls(ca="/somewhere/ca.pem")


def test_certificates_that_are_not_there_are_refused(tmp_path: Path) -> None:
    """And a file that is something else."""
    with pytest.raises(Refused, match=r"nowhere\.pem cannot be used"):
        tls_context(Tls(ca="nowhere.pem"))
    (tmp_path / "not.pem").write_text("something else")
    with pytest.raises(Refused, match="cannot be used"):
        tls_context(Tls(certificate=str(tmp_path / "not.pem")))


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({"guard": {"caps": {"spend": float("nan")}}}, "not a finite number"),
        ({"guard": {"caps": {"rate": float("inf")}}}, "not a finite number"),
        ({"guard": {"caps": {"chars_per_token": 0}}}, "not above zero"),
        ({"guard": {"caps": {"chars_per_token": -4}}}, "below zero"),
        ({"guard": {"caps": {"price_per_million_tokens": -1}}}, "below zero"),
        ({"auth": {"kind": "header", "from_env": "X", "value": "Bearer {token}"}}, "only {secret}"),
        ({"tls": {"key": "key.pem"}}, "the certificate that it belongs to is not"),
    ],
)
def test_numbers_that_would_lift_a_cap_and_half_secrets_are_refused(table: dict[str, object], says: str) -> None:
    """No comparison with nan is true, so that a cap of nan would be none."""
    with pytest.raises(ScenarioError, match=says):
        parse_staging(table, "here", Path())


@pytest.mark.parametrize("text", ["memory.slope > 20MB/h", "memory.minutes < 120", "memory.minutes <= 120"])
def test_a_limit_for_growth_that_is_the_wrong_way_round_is_refused(text: str) -> None:
    """It would be judged by the wrong end of the interval."""
    with pytest.raises(ScenarioError, match="turn the sign"):
        parse_thresholds([text], "here")


def test_a_typo_in_memory_is_told_what_memory_has() -> None:
    """`mem.peak` means `memory.peak`."""
    with pytest.raises(ScenarioError, match=r"memory\.peak is one"):
        parse_thresholds(["mem.peak < 65%"], "here")


def test_what_two_loads_are_compared_by_tells_all_that_users_do() -> None:
    """Sizes of uploads, reimports and kills make another load of it."""
    base = plan()
    others = (
        replace(base, habits=(Habit("import", 1.0, (1.0, 1.0), (1, 9)), base.habits[1])),
        replace(base, reimport=True),
        replace(base, kills=(Kill("oom", "hold", 5.0, 0.0),)),
    )
    assert len({base.summary, *(one.summary for one in others)}) == 4


def test_two_locustfiles_are_two_loads(tmp_path: Path) -> None:
    """By what is in them, not by how they are called."""
    order = load_order(tmp_path, with_locustfile(plan(), str(tmp_path / "mine.py")))
    (tmp_path / "mine.py").write_text("one")
    first = comparable(order)
    (tmp_path / "mine.py").write_text("another")
    assert first["locustfile"] != comparable(order)["locustfile"]
